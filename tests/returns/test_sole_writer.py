"""One shop of ours writes for a Loop shop: two would both ask it to settle, and both post the same documents."""

from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from integrations.connections import loop_client
from integrations.credentials import find_shop_with_key, seal, store_secret
from integrations.errors import ConfigurationError
from integrations.models import Credential, Shop
from returnsops.returns.models import LoopReturn
from returnsops.returns.policy import RECORD_KINDS
from tests.builders import NOW, make_account, make_policy, make_return, make_shop

pytestmark = pytest.mark.django_db
KEY = Credential.Kind.LOOP_API_KEY
OBSERVES = dict.fromkeys(RECORD_KINDS, "observe")


@pytest.fixture
def old() -> Shop:
    """Writes into the NetSuite sandbox."""
    return make_shop("fern-test")


@pytest.fixture
def new(old: Shop) -> Shop:
    """Added anew to go live, with another key to the same Loop shop; it observes so far."""
    shop = make_shop("fern", account=make_account("7654321"), policy=False)
    make_return(old)
    make_return(shop)
    return shop


def test_rules_that_write_are_refused_while_another_shop_writes_for_the_same_returns(old: Shop, new: Shop) -> None:
    make_policy(new, ownership=OBSERVES)

    with pytest.raises(ValidationError, match="Fern-Test shows the same returns.*«observe» first"):
        make_policy(new)

    make_policy(old, ownership=OBSERVES)
    make_policy(new)
    with pytest.raises(ValidationError, match="Fern shows the same returns"):
        make_policy(old)


def test_shop_whose_returns_only_have_the_same_numbers_may_write(old: Shop, new: Shop) -> None:
    LoopReturn.objects.filter(shop=old).update(created_at=NOW)

    make_policy(new)


def test_key_is_of_one_shop_whoever_stores_it(old: Shop, new: Shop) -> None:
    store_secret(old, KEY, "key of Fern")
    store_secret(old, KEY, "key of Fern")
    with pytest.raises(IntegrityError), transaction.atomic():
        store_secret(new, KEY, "key of Fern")

    store_secret(old, KEY, "second key of Fern")
    store_secret(new, KEY, "key of Fern")

    assert find_shop_with_key("key of Fern", besides=old) == new


def test_keys_from_before_are_noted_by_the_migration(old: Shop, new: Shop) -> None:
    """Also where two shops share one already: the older has it."""
    store_secret(old, KEY, "key of Fern")
    store_secret(new, KEY, "key of Moss")
    of_both = Credential.objects.get(shop=old).sealed
    Credential.objects.update(digest="", sealed=of_both)

    import_module("integrations.migrations.0005_one_shop_per_loop_key").note_digests(apps, None)

    assert find_shop_with_key("key of Fern", besides=new) == old
    assert Credential.objects.get(shop=new).digest == ""


def test_younger_of_two_that_shared_a_key_before_reads_nothing_by_it(old: Shop, new: Shop) -> None:
    store_secret(old, KEY, "key of Fern")
    Credential.objects.create(shop=new, kind=KEY, sealed=seal("key of Fern"))

    with pytest.raises(ConfigurationError, match="has the Loop key of Fern-Test"):
        loop_client(new)

    assert loop_client(old)
    store_secret(new, KEY, "second key of Fern")
    assert loop_client(new)

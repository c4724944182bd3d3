"""Queries whose SQL is made once give what the queryset would have given."""

import pytest
from django.db import DataError, transaction
from django.db.models.expressions import RawSQL
from django.db.models.functions import Upper
from django.db.transaction import TransactionManagementError
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from integrations.models import Shop
from returnsops.lib.fixed_query import FixedQuery, FixedUpdate, Slot, ask_together, slot, slots
from returnsops.returns.models import LoopReturn
from returnsops.returns.replan import HOLD_ONE
from tests.builders import make_return

pytestmark = pytest.mark.django_db
WITH_SHOP = FixedQuery(lambda: LoopReturn.objects.select_related("shop__account").filter(pk=slot("pk")))
VALUES = FixedQuery(
    lambda: (
        LoopReturn.objects.filter(loop_id__in=slots("loop_ids", kind="text"))
        .order_by("loop_id")
        .annotate(named=Upper("order_name"))
        .values("loop_id", "named", "return_total", "created_at", "raw")
    )
)

DIVIDED = FixedQuery(lambda: LoopReturn.objects.annotate(part=RawSQL("1 / %s::int", [Slot("number")])).values("part"))


def test_instances_come_with_what_they_refer_to(shop: Shop, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    known = make_return(shop)

    with django_assert_num_queries(1):
        (row,) = WITH_SHOP.ask(pk=known.pk)
        assert (row, row.shop, row.shop.account) == (known, shop, shop.account)
        assert (row.raw, row.return_total) == (known.raw, known.return_total)


def test_values_have_names_and_the_types_of_their_fields(shop: Shop) -> None:
    known = [make_return(shop, loop_id="1"), make_return(shop, loop_id="2")]

    rows = VALUES.ask(loop_ids=["1", "2", "3"])

    assert [tuple(row) for row in rows] == [
        (one.loop_id, one.order_name, one.return_total, one.created_at, one.raw) for one in known
    ]


def test_each_asking_has_values_of_its_own(shop: Shop) -> None:
    make_return(shop, loop_id="1")

    assert [row.loop_id for row in VALUES.ask(loop_ids=["1"])] == ["1"]
    assert VALUES.ask(loop_ids=["2"]) == []


def test_several_asked_together_find_what_each_finds_alone(shop: Shop) -> None:
    known = make_return(shop, loop_id="1")
    make_return(shop, loop_id="2")

    rows, named = ask_together([WITH_SHOP, VALUES], pk=known.pk, loop_ids=["2", "1"])

    assert (rows[0].shop, rows) == (shop, WITH_SHOP.ask(pk=known.pk))
    assert [row.loop_id for row in named] == ["1", "2"]


def test_those_asked_together_see_what_this_transaction_wrote(shop: Shop) -> None:
    known = make_return(shop)
    LoopReturn.objects.update(order_name="#17")

    assert ask_together([WITH_SHOP], pk=known.pk)[0][0].order_name == "#17"


def test_fault_in_one_asked_together_is_told_as_djangos_own(shop: Shop) -> None:
    """So that whoever outlives a lost database outlives it here as well; and the connection is of use afterwards."""
    make_return(shop)

    with pytest.raises(DataError), transaction.atomic():
        ask_together([DIVIDED, VALUES], loop_ids=["1"], number=0)
    assert len(DIVIDED.ask(number=1)) == 1


def test_what_locks_is_never_asked_together() -> None:
    with pytest.raises(AssertionError, match="locked"), transaction.atomic():
        ask_together([HOLD_ONE], pk=1)


@pytest.mark.django_db(transaction=True)
def test_lock_outside_of_a_transaction_is_refused() -> None:
    with pytest.raises(TransactionManagementError):
        HOLD_ONE.ask(pk=1)


NAMED = FixedUpdate(
    lambda: LoopReturn.objects.filter(pk__in=slots("pks"), shop__code=slot("shop_code", kind="text")),
    order_name=slot("name", kind="text"),
    delivered_at=None,
    plan=slot("plan", kind="jsonb"),
)


def test_update_changes_what_the_queryset_would_have_changed(shop: Shop) -> None:
    delivered_at = timezone.now()
    rows = [make_return(shop, loop_id=one) for one in "123"]
    LoopReturn.objects.update(delivered_at=delivered_at)
    pks = [one.pk for one in rows[:2]]

    assert NAMED.run(pks=pks, shop_code=shop.code, name="#1", plan='{"steps": []}') == 2
    assert NAMED.run(pks=pks, shop_code="another", name="#2", plan="{}") == 0

    found = LoopReturn.objects.order_by("loop_id").values_list("order_name", "plan", "delivered_at")
    assert list(found) == [("#1", {"steps": []}, None)] * 2 + [(rows[2].order_name, {}, delivered_at)]

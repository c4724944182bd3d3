"""Answers that people taught us: what they mean from then on, and for what stands."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from integrations.models import RefusalRule, Shop
from returnsops.people.models import Role, User
from returnsops.posting.models import Pause
from returnsops.posting.teaching import reclassify
from tests.builders import make_account, make_shop
from tests.posting.test_causes import refuse, waiting

pytestmark = pytest.mark.django_db
WORDS = "Flux 4711 is out of range for this location."


def teach(meaning: str, words: str = "flux * out of range", **columns: object) -> RefusalRule:
    return RefusalRule.objects.create(words=words, meaning=meaning, **columns)


@pytest.mark.parametrize(
    ("meaning", "status", "family"),
    [
        ("script", "rejected", "script"),
        ("passing", "pending", None),
        ("already_exists", "uncertain", "unknown"),
        ("period_closed", "pending", "period_closed"),
    ],
)
def test_taught_words_mean_what_was_taught(shop: Shop, meaning: str, status: str, family: str | None) -> None:
    teach(meaning)

    posting = refuse(waiting(shop), "unknown", WORDS)

    assert posting.status == status
    assert (posting.refusal or {}).get("family") == family
    assert Pause.objects.exists() == (meaning == "period_closed")


def test_words_that_are_known_keep_their_meaning(shop: Shop) -> None:
    teach("passing")

    assert refuse(waiting(shop), "script", WORDS).status == "rejected"


@pytest.mark.parametrize("columns", [{"active": False}, {"record_type": "creditMemo"}, {"words": "range * flux"}])
def test_rule_that_does_not_fit_changes_nothing(shop: Shop, columns: dict[str, object]) -> None:
    RefusalRule.objects.create(**{"words": "flux * out of range", "meaning": "passing"} | columns)

    assert refuse(waiting(shop), "unknown", WORDS).status == "rejected"


def test_standing_refusals_get_the_meaning_and_keep_the_words(shop: Shop) -> None:
    refused, other = refuse(waiting(shop, 1), "unknown", WORDS), refuse(waiting(shop, 2), "unknown", "Something else.")

    assert reclassify(teach("script")) == 1

    refused.refresh_from_db()
    other.refresh_from_db()
    assert refused.refusal
    assert refused.refusal["family"] == "script"
    assert refused.refusal["detail"] == WORDS
    assert other.refusal
    assert other.refusal["family"] == "unknown"


def test_standing_refusals_that_may_pass_go_again(shop: Shop) -> None:
    refused = refuse(waiting(shop), "unknown", WORDS)

    reclassify(teach("passing"))

    refused.refresh_from_db()
    assert refused.status == "pending"


def test_words_that_fit_everything_are_refused() -> None:
    with pytest.raises(ValidationError, match="fits too much"):
        RefusalRule(words="* the *", meaning="passing").clean()


def test_rule_is_taught_in_the_admin_with_a_look_at_what_it_fits(client: Client, shop: Shop, dana: User) -> None:
    refused = refuse(waiting(shop), "unknown", WORDS)
    User.objects.filter(pk=dana.pk).update(is_staff=True)
    client.force_login(User.objects.get(pk=dana.pk))
    address = "/admin/integrations/refusalrule/add/"

    page = client.get(f"{address}?words=flux+*+out+of+range&account={shop.account_id}").text
    assert refused.external_id in page

    form = {"words": "flux * out of range", "account": shop.account_id, "meaning": "script", "active": "on"}
    answer = client.post(address, form, follow=True)

    assert "1 standing refusals have this meaning now" in answer.text
    assert RefusalRule.objects.get().made_by == dana
    assert client.post(address, form | {"account": ""}).status_code == 200, "every account is the administrator's word"
    assert RefusalRule.objects.count() == 1


def test_right_in_one_account_teaches_nothing_in_another(client: Client, shop: Shop, dana: User) -> None:
    moss = make_shop("moss", account=make_account("7654321"))
    dana.memberships.create(shop=moss, role=Role.CARE)
    User.objects.filter(pk=dana.pk).update(is_staff=True)
    client.force_login(User.objects.get(pk=dana.pk))

    form = {"words": "flux * out of range", "account": moss.account_id, "meaning": "passing", "active": "on"}
    client.post("/admin/integrations/refusalrule/add/", form)

    assert not RefusalRule.objects.exists()

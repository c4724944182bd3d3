"""The rules of a shop: typed, contradictions refused, versions kept."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from integrations.models import Shop
from returnsops.returns.models import LoopReturn, PolicyVersion
from returnsops.returns.policies import activate_policy, active_policy
from returnsops.returns.policy import Policy, Tender
from returnsops.returns.policy_reading import parse_policy
from tests.builders import WRITES_ALL, make_policy, make_return, make_shop

EXEMPTION = {"reason": "sealed gift cards", "until": "2026-12-31", "skus": ["GIFT-*"]}
RESTOCK = {"receipt_trigger": "loop_restock_to_sellable", "refund_authority": "loop_first"}


def test_policy_without_rules_writes_nothing() -> None:
    assert not any(parse_policy({}).writes(kind) for kind in ("rma", "receipt", "credit", "refund", "exchange_order"))


def test_values_get_their_types() -> None:
    policy = parse_policy(WRITES_ALL | {"tolerance_per_line": "0.02", "deadlines": {"rma": 60}, "approval_above": 500})

    assert policy.tolerance_per_line == Decimal("0.02")
    assert policy.deadlines.rma == timedelta(minutes=1)
    assert policy.approval_above == Decimal(500)
    assert policy.tenders["gift_card"] == Tender("218")


@pytest.mark.parametrize(
    "rules",
    [
        {"no_such_setting": 1},
        {"refund_authority": "coin_toss"},
        {"ownership": {"invoice": "write"}},
        {"ownership": {"rma": "shadow-write"}},
        {"ownership": "write"},
        {"tolerance_per_line": "-1"},
        {"tolerance_per_line": "NaN"},
        {"tolerance_share": "a lot"},
        {"read_back": "never"},
        {"read_back_share": "1.5"},
        {"deadlines": {"rma": "soon"}},
        {"deadlines": {"lunch": 5}},
        {"deadlines": {"rma": -60}},
        {"locations": {"moon": "1"}},
        {"locations": {"holding": "31/"}},
        {"exchange_location": "14/1"},
        {"locations": {"holding": "31/Inspection"}},
        {"place_rules": [{"outcome": "damaged", "place": "/3", "sku": "SOCKS"}]},
        {"items": {"shoe": "1"}},
        {"place_rules": [{"outcome": "damaged", "place": "35"}]},
        {"place_rules": [{"outcome": "damaged", "place": "35", "sku": "*"}]},
        {"place_rules": [{"outcome": "damaged", "place": "", "sku": "SOCKS"}]},
        {"place_rules": [{"outcome": "refused", "place": "35", "sku": "SOCKS"}]},
        {"restock_exemption": EXEMPTION | {"skus": ["*"]}},
        {"restock_exemption": EXEMPTION | {"until": "soon"}},
        {"restock_exemption": EXEMPTION | {"author": "me"}},
        {"tenders": {"gift_card": "218"}},
    ],
)
def test_nonsense_is_refused_by_name(rules: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refusal:
        parse_policy(rules)

    assert f"«{next(iter(rules))}»" in str(refusal.value)


def test_every_wrong_setting_is_told_at_once() -> None:
    with pytest.raises(ValidationError) as refusal:
        parse_policy({"a": 1, "rma_trigger": "never"})

    assert len(refusal.value.messages) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"locations": {"sellable": "14"}}, "no holding location"),
        ({"ownership": {"rma": "write"}, "locations": {}}, "no holding location"),
        ({"locations": {"holding": "31", "sellable": "14", "damaged": "14"}}, "go to the same location"),
        ({"locations": {"holding": "14", "sellable": "14", "damaged": "33"}}, "holding"),
        ({"exchange_location": "31"}, "Exchanges would ship from location 31"),
        ({"exchange_location": "33"}, "Exchanges would ship from location 33"),
        (
            {"exchange_location": "35", "place_rules": [{"outcome": "damaged", "place": "35", "sku": "S*"}]},
            "Exchanges would ship from location 35",
        ),
        ({"locations": {"holding": "31", "sellable": "14/1", "damaged": "14/3"}}, "Name a status for each"),
        ({"locations": {"holding": "14/2", "sellable": "14/1", "damaged": "14/1"}}, "or status in it"),
        (
            {
                "locations": {"holding": "14/2", "sellable": "14/1", "damaged": "33/3"},
                "receipt_shape": "hold_then_transfer",
            },
            "which a person must enter in NetSuite for each",
        ),
        ({"receipt_trigger": "arrival_to_hold"}, "Set «receipt_shape» to «hold_then_transfer»"),
        ({"receipt_trigger": "loop_restock_to_hold", "receipt_shape": "hold_then_transfer"}, "to «loop_first»"),
        (RESTOCK | {"restock_exemption": EXEMPTION | {"reason": " "}}, "only by an exemption"),
        (RESTOCK | {"restock_exemption": EXEMPTION | {"until": ""}}, "only by an exemption"),
        (RESTOCK | {"restock_exemption": EXEMPTION | {"skus": []}}, "only by an exemption"),
        ({"exchange_link_field": "otherRefNum"}, "begins with custbody"),
        ({"exchange_link_field": "custcol_original"}, "begins with custbody"),
        ({"exchange_link_field": "custbody"}, "begins with custbody"),
        ({"read_back": "by_risk", "read_back_share": "0"}, "none would be read back"),
    ],
)
def test_contradiction_is_refused_with_the_way_out(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        parse_policy(WRITES_ALL | changes)

    assert words.lower() in str(refusal.value).lower()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"grades": {"damaged": "missing"}}, "missing that lay in the parcel"),
        ({"assessments": {"refused": "missing"}}, "missing that lay in the parcel"),
        ({"grades": {"missing": "junk"}}, "only be told that it is missing"),
        ({"assessments": {"hold": "back_to_stock"}}, "back in stock that are not sellable"),
    ],
)
def test_loop_is_never_told_the_opposite_of_what_was_seen(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        parse_policy(WRITES_ALL | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"grades": {"sellable": "grade_e"}},
        {"grades": {"lost": "grade_a"}},
        {"assessments": {"wrong_item": "recycle"}},
        {"grades_when_ended": "yes"},
    ],
)
def test_words_that_loop_does_not_know_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=f"«{next(iter(changes))}» cannot be"):
        parse_policy(WRITES_ALL | changes)


def test_a_unit_in_whose_place_another_lay_may_be_told_as_either() -> None:
    for word in ("incorrect_item", "missing"):
        assert parse_policy(WRITES_ALL | {"grades": {"wrong_item": word}}).grades == {"wrong_item": word}


@pytest.mark.django_db
def test_new_version_is_followed_and_the_old_one_kept(shop: Shop) -> None:
    make_policy(shop, approval_above="100")

    assert active_policy(shop).approval_above == Decimal(100)
    assert list(PolicyVersion.objects.order_by("number").values_list("number", "active")) == [(1, False), (2, True)]


@pytest.mark.django_db
def test_same_rules_again_are_no_new_version(shop: Shop) -> None:
    make_policy(shop)

    assert PolicyVersion.objects.count() == 1


@pytest.mark.django_db
def test_new_rules_ask_for_new_plans_of_this_shop_only(shop: Shop) -> None:
    mine, other = make_return(shop), make_return(make_shop("moss"), loop_id="110700124")
    LoopReturn.objects.update(look_again_at=None)

    make_policy(shop, approval_above="100")

    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.look_again_at is None, other.look_again_at is None) == (False, True)


@pytest.mark.django_db
def test_refused_rules_leave_the_old_ones(shop: Shop) -> None:
    with pytest.raises(ValidationError):
        activate_policy(shop, {"a": 1}, by=None, reason="")

    assert PolicyVersion.objects.get().active


@pytest.mark.django_db
def test_shop_without_a_policy_observes() -> None:
    assert active_policy(make_shop("moss", policy=False)) == Policy()


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([{"outcome": "damaged", "place": "14", "sku": "SOCKS"}], "where sellable units go"),
        (
            [{"outcome": "sellable", "place": "15", "sku": "A"}, {"outcome": "damaged", "place": "15", "sku": "B"}],
            "where sellable units go",
        ),
        ([{"outcome": "damaged", "place": one, "sku": "SOCKS"} for one in ("35", "36")], "for the same units"),
    ],
)
def test_rules_of_places_that_contradict_are_refused(rules: list[dict[str, str]], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        parse_policy(WRITES_ALL | {"place_rules": rules})


def test_first_rule_that_fits_names_the_place() -> None:
    rules = [
        {"outcome": "sellable", "place": "15", "destination": "41001", "sku": "boot-*"},
        {"outcome": "sellable", "place": "16", "destination": "41001"},
        {"outcome": "sellable", "place": "31", "sku": "SOCKS"},
    ]
    policy = parse_policy(WRITES_ALL | {"place_rules": rules})

    def place(sku: str, destination: str = "", outcome: str = "sellable") -> str:
        return policy.place_of(outcome=outcome, sku=sku, destination=destination)

    assert [place("BOOT-42", "41001"), place("SHIRT", "41001"), place("socks"), place("BOOT-42")] == [
        "15", "16", "31", "14",
    ]  # fmt: skip
    assert place("SOCKS", outcome="damaged") == "33"
    assert policy.sellable_places == {"14", "15", "16"}


def test_places_of_one_location_are_told_apart_by_status() -> None:
    policy = parse_policy(WRITES_ALL | {"locations": {"holding": "14/2", "sellable": "14/1", "damaged": "14/3"}})

    assert policy.sellable_places == {"14/1"}
    assert [policy.is_sold_from(one) for one in ("14/1", "14", "14/2", "14/3")] == [True, True, False, False]


def test_a_category_names_the_place_and_what_nobody_told_yet_waits_on_hold() -> None:
    """Or goods that are never sold again would be, until their items are read."""
    rules = [
        {"outcome": "sellable", "place": "15", "sku": "GIFT-*"},
        {"outcome": "sellable", "place": "35", "category": "under*"},
        {"outcome": "sellable", "place": "16", "category": "Coats", "destination": "41001"},
    ]
    policy = parse_policy(WRITES_ALL | {"place_rules": rules})

    def place(category: str | None, *, sku: str = "SHIRT", destination: str = "", outcome: str = "sellable") -> str:
        return policy.place_of(outcome=outcome, sku=sku, destination=destination, category=category)

    assert [place("Underwear"), place("Coats"), place("Coats", destination="41001"), place("")] == [
        "35", "14", "16", "14",
    ]  # fmt: skip
    assert [place(None), place(None, sku="GIFT-1"), place(None, outcome="damaged")] == ["31", "15", "33"]


def test_a_place_hangs_on_the_category_where_the_first_rule_that_may_fit_names_one() -> None:
    rules = [
        {"outcome": "sellable", "place": "15", "sku": "GIFT-*"},
        {"outcome": "sellable", "place": "35", "category": "under*"},
    ]
    policy = parse_policy(WRITES_ALL | {"place_rules": rules})

    def hangs(*, sku: str = "SHIRT", outcome: str = "sellable") -> bool:
        return policy.hangs_on_category(outcome=outcome, sku=sku, destination="")

    assert [hangs(), hangs(sku="GIFT-1"), hangs(outcome="damaged")] == [True, False, False]


def test_a_rule_for_every_category_is_none() -> None:
    with pytest.raises(ValidationError, match="place_rules"):
        parse_policy(WRITES_ALL | {"place_rules": [{"outcome": "sellable", "place": "35", "category": "*"}]})

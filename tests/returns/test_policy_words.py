"""Rules in words: every setting has its sentence, and two sets of rules differ where a sentence does."""

from dataclasses import fields
from datetime import timedelta
from enum import StrEnum
from typing import get_type_hints

import pytest

from integrations.loop.records import AssessedAs, GradedAs
from integrations.profile import AccountFacts, Place, StockStatus
from returnsops.returns.policy import (
    ITEM_KEYS,
    JUDGED,
    RECORD_KINDS,
    WRONG_ITEM,
    Assessment,
    Deadlines,
    Grade,
    Locations,
    Ownership,
    Policy,
)
from returnsops.returns.policy_reading import parse_policy
from returnsops.returns.policy_terms import ASSESSMENTS, CHOICES, DEADLINES, GRADES, ITEMS, JUDGEMENTS, PLACES, RECORDS
from returnsops.returns.policy_words import compare_policies, describe_policy, duration_words
from tests.builders import policy

CHANGED = {
    "rma_source": "order",
    "exchange_link_field": "custbody_original",
    "duties_field": "refund_duties_total",
    "ownership": {"rma": "observe", "receipt": "observe"},
    "rma_trigger": "in_transit",
    "receipt_trigger": "arrival_to_hold",
    "receipt_shape": "hold_then_transfer",
    "restock_exemption": {"reason": "sealed goods", "until": "2026-12-31", "skus": ["GIFT-*"]},
    "refund_authority": "loop_first",
    "credit_lines": "gross_with_fee_line",
    "exchange_order": "create",
    "exchange_form": "native",
    "exchange_timing": "on_receipt",
    "exchange_settlement": "value_in_value_out",
    "exchange_stock": "checked",
    "exchange_location": "15",
    "exchange_address": "original_order",
    "tolerance_per_line": "0.02",
    "tolerance_share": "0.01",
    "approval_above": "500",
    "locations": {"holding": "31", "sellable": "15", "damaged": "33"},
    "place_rules": [{"outcome": "damaged", "place": "35", "sku": "SOCKS-*"}],
    "scrap_account": "641",
    "found_account": "651",
    "items": {"fee": "901"},
    "tenders": {"cash": {"account_id": "300"}},
    "currencies": {"Dollar (house)": "USD"},
    "prices_include_tax": True,
    "kept_items": "no_label",
    "read_back": "by_risk",
    "read_back_share": "0.25",
    "grades": {"sellable": "grade_a", "wrong_item": "incorrect_item"},
    "assessments": {"sellable": "back_to_stock"},
    "grades_when_ended": False,
    "deadlines": {"rma": 600},
}


# Without which a setting is refused, or means nothing.
NEEDED = {
    "receipt_trigger": {"receipt_shape": "hold_then_transfer"},
    "read_back_share": {"read_back": "by_risk"},
}
# Whose sentence changes as well.
TOLD_WITH = {
    "tolerance_per_line": {"tolerance"},
    "tolerance_share": {"tolerance"},
    "read_back": {"read_back_share"},
    "exchange_order": {"ownership"},
    "exchange_link_field": {"ownership"},
}


def test_every_choice_has_words() -> None:
    kinds = {hint for hint in get_type_hints(Policy).values() if isinstance(hint, type) and issubclass(hint, StrEnum)}

    assert kinds | {Ownership} == CHOICES.keys()
    assert {kind: set(kind) for kind in CHOICES} == {kind: set(words) for kind, words in CHOICES.items()}


def test_words_of_the_rules_for_units_are_those_of_our_client_of_loop() -> None:
    assert {str(one) for one in Grade} == {str(one) for one in GradedAs} == {str(one) for one in GRADES}
    assert {str(one) for one in Assessment} == {str(one) for one in AssessedAs} == {str(one) for one in ASSESSMENTS}
    assert JUDGEMENTS.keys() == {*JUDGED, WRONG_ITEM}


def test_every_named_part_has_words() -> None:
    assert RECORDS.keys() == set(RECORD_KINDS)
    assert ITEMS.keys() == set(ITEM_KEYS)
    assert PLACES.keys() == {field.name for field in fields(Locations)}
    assert DEADLINES.keys() == {field.name for field in fields(Deadlines)}


def test_every_setting_is_told_when_it_changes() -> None:
    assert CHANGED.keys() == {field.name for field in fields(Policy)}
    for name, value in CHANGED.items():
        base = NEEDED.get(name, {})
        changes = compare_policies(policy(**base), policy(**base | {name: value}))
        assert changes, f"a change of «{name}» goes unsaid"
        assert {one.setting.split(".")[0] for one in changes} <= {name, *TOLD_WITH.get(name, ())}


def test_same_rules_have_no_changes() -> None:
    assert compare_policies(policy(), policy()) == []


def test_ids_get_the_names_that_netsuite_gives_them() -> None:
    known = AccountFacts(locations={"33": Place(id="33", name="Damaged goods")})

    told = {one.setting: one.text for one in describe_policy(policy(), known)}

    assert told["locations.damaged"] == "Damaged units go to Damaged goods (location 33)."
    assert told["locations.sellable"] == "Sellable units go to location 14."


def test_an_inventory_status_is_told_beside_its_location() -> None:
    known = AccountFacts(statuses={"3": StockStatus(id="3", name="Damaged")})
    places = {"locations": {"holding": "31/2", "sellable": "14/1", "damaged": "14/3"}}

    told = {one.setting: one.text for one in describe_policy(policy(**places), known)}

    assert told["locations.damaged"] == "Damaged units go to location 14 in status Damaged (3)."
    assert told["locations.holding"] == "Units on hold go to location 31 in status 2."


def test_whoever_lets_loop_be_told_reads_that_notes_go_along() -> None:
    told = {one.setting: one.text for one in describe_policy(policy(grades={"sellable": "grade_a"}))}

    assert told["grades"].endswith("; and what the inspector wrote of them.")
    assert told["assessments"] == "Loop is not told what becomes of units."


def test_holding_location_that_is_not_set_is_no_place_to_stay_at() -> None:
    told = {one.setting: one.text for one in describe_policy(parse_policy({}))}

    assert told["locations.holding"] == "Units on hold have no location."


def test_what_has_no_place_stays_on_hold() -> None:
    told = {one.setting: one.text for one in describe_policy(policy(locations={"holding": "31"}))}

    assert told["locations.sellable"] == "Sellable units have no location of their own: they stay on hold."


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (timedelta(days=3), "3 days"),
        (timedelta(hours=24), "1 day"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(seconds=45), "45 seconds"),
        (timedelta(0), "0 seconds"),
    ],
)
def test_durations_are_whole_numbers_of_the_largest_unit(limit: timedelta, words: str) -> None:
    assert duration_words(limit) == words


def test_orders_that_the_connector_brings_are_not_said_to_be_ours() -> None:
    """To write them means more than to make them: where the policy names a field, their links are entered, too."""
    brought, created = told(exchange_order="expect"), told(exchange_order="create")
    linked = told(exchange_order="expect", exchange_link_field="custbody_original")

    assert brought["ownership.exchange_order"] == "Exchange orders: the shop's connector writes them."
    assert "enters the number of the original order on them" in linked["ownership.exchange_order"]
    assert brought["ownership.credit"] == "Credit Memos: ReturnsOps writes them."
    assert created["ownership.exchange_order"] == "Exchange orders: ReturnsOps writes them."


@pytest.mark.parametrize("owner", ["observe", "shadow"])
def test_orders_that_somebody_else_writes_are_not_said_to_be_created_by_us(owner: str) -> None:
    watched = told(exchange_order="create", ownership={"exchange_order": owner})

    assert watched["exchange_order"].startswith("An exchange order: somebody else makes it")


def told(**settings: object) -> dict[str, str]:
    return {one.setting: one.text for one in describe_policy(policy(**settings))}


def test_a_rule_of_a_category_is_told() -> None:
    rules = [{"outcome": "sellable", "place": "31", "category": one} for one in ("Underwear", "Home*")]

    told = {one.setting: one.text for one in describe_policy(policy(place_rules=rules))}

    assert told["place_rules.1"] == "Sellable units of category Underwear go to location 31 instead."
    assert told["place_rules.2"] == "Sellable units of categories that begin with Home go to location 31 instead."

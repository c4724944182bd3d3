"""A part of a kit that comes back beside other units: only it is left to a person, if money can be told apart."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from returnsops.returns.facts import PostingFacts, RefundFacts, ReturnFacts
from returnsops.returns.plan import Plan, plan_return
from returnsops.returns.plan.setting_aside import set_aside_parts
from tests.other_side import carry_out_one
from tests.scenarios.given import begin

GIVEN: dict[str, Any] = {
    "units": [{"sku": "SOCKS", "paid": "30.00", "tax": "2.40"}, {"sku": "BOOT-43"}],
    "bill": {"lines": [{"sku": "BOOT-42"}, {"sku": "BOOT-43"}]},
    "kits": [{"sku": "BOOT-42", "members": {"SHIRT-M": 1, "SOCKS": 2}}],
}


def told(**changes: Any) -> ReturnFacts:
    return begin(GIVEN | changes)


def codes_of(plan: Plan) -> list[str]:
    return [one.code for one in plan.problems]


def test_other_units_are_authorised_without_the_part() -> None:
    plan = plan_return(told())

    (due,) = plan.postings
    assert due.covers == {told().units[1].cover}
    assert codes_of(plan) == ["kit_part_by_hand"]
    assert "32.40 USD" in plan.problems[0].cause


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"loop": {"exchange_credit": "110.16", "refund": "0"}}, "new goods or store credit"),
        ({"loop": {"gift_card": "10.00"}}, "new goods or store credit"),
        ({"loop": {"refund_shipping": "5.00", "refund": "115.16"}}, "shipping or duties"),
        ({"loop": {"refund": "100.00"}}, "Loop's lines do not tell"),
        ({"loop": {"fee": "3.00"}}, "Loop's lines do not tell"),
        ({"policy": {"ownership": {"rma": "write", "receipt": "write"}}}, "another system writes"),
    ],
)
def test_all_units_are_left_to_a_person_where_money_cannot_be_told_apart(changes: dict[str, Any], why: str) -> None:
    plan = plan_return(told(**changes))

    assert plan.postings == ()
    assert codes_of(plan) == ["kit_part_returned"]
    assert why in plan.problems[0].cause


def test_part_that_comes_alone_is_a_return_for_a_person() -> None:
    plan = plan_return(told(units=GIVEN["units"][:1]))

    assert (plan.postings, codes_of(plan)) == ((), ["kit_part_returned"])
    assert "other unit" not in plan.problems[0].cause


def test_two_bills_leave_all_units_to_a_person() -> None:
    facts = told()
    second = replace(facts.records[0], internal_id="7002", lines=facts.records[0].lines[1:])
    plan = plan_return(replace(facts, records=(*facts.records, second)))

    assert not any(unit.by_hand for unit in set_aside_parts(replace(facts, records=(*facts.records, second))).units)
    assert "kit_part_by_hand" not in codes_of(plan)


def test_part_that_is_authorised_already_is_not_set_aside() -> None:
    """What was learnt of the kit came too late."""
    facts = told()
    posting = replace(_sent(facts), covers=frozenset(unit.cover for unit in facts.units))

    assert not any(unit.by_hand for unit in set_aside_parts(replace(facts, postings=(posting,))).units)


def test_what_went_on_without_the_part_goes_on_whatever_loop_tells_since() -> None:
    facts = replace(told(loop={"refund": "100.00"}), postings=(_sent(told()),))

    assert [unit.by_hand != "" for unit in set_aside_parts(facts).units] == [True, False]


def _sent(facts: ReturnFacts) -> PostingFacts:
    (due,) = plan_return(facts).postings
    return carry_out_one(facts, due).postings[0]


def test_figures_of_loop_are_those_of_the_other_units() -> None:
    loop = set_aside_parts(told()).loop

    assert (loop.refund, loop.fee, loop.return_total) == (Decimal("77.76"), Decimal(0), Decimal("77.76"))


@pytest.mark.parametrize(
    ("paid", "left"),
    [
        ({"card": "110.16"}, {"card": "77.76"}),
        ({"card": "80.16", "gift": "30.00"}, {"card": "47.76", "gift": "30.00"}),
        ({"a": "31.00", "b": "31.00", "c": "48.16"}, {"a": "31.00", "b": "31.00", "c": "15.76"}),
        (
            {"a": "30.00", "b": "25.00", "c": "30.00", "d": "25.16"},
            {"a": "0", "b": "25.00", "c": "27.60", "d": "25.16"},
        ),
        ({}, {}),
    ],
)
def test_what_the_part_takes_comes_off_the_largest_payment_first(paid: dict[str, str], left: dict[str, str]) -> None:
    facts = told(loop={"refunds": paid})

    refunds = set_aside_parts(facts).loop.refunds
    assert {one.gateway: one.amount for one in refunds} == {name: Decimal(amount) for name, amount in left.items()}


def test_payment_in_another_currency_is_left_as_it_is() -> None:
    facts = told()
    paid = (RefundFacts("card", Decimal("99.00"), "EUR"), RefundFacts("gift", Decimal("40.00"), "USD"))

    refunds = set_aside_parts(replace(facts, loop=replace(facts.loop, refunds=paid))).loop.refunds
    assert [one.amount for one in refunds] == [Decimal("99.00"), Decimal("7.60")]


@pytest.mark.parametrize(("outcome", "is_told"), [("sellable", True), ("refused", False), ("", True)])
def test_part_that_was_not_accepted_needs_nobody_before_loop_paid(outcome: str, is_told: bool) -> None:
    facts = told()
    units = (replace(facts.units[0], outcome=outcome, inspected_at=facts.now), facts.units[1])

    assert ("kit_part_by_hand" in codes_of(plan_return(replace(facts, units=units)))) is is_told

"""Amounts that Loop did not tell: nothing is computed from a guess, a person is asked instead."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from returnsops.returns.facts import OverrideFacts, ReturnFacts, UnitFacts
from returnsops.returns.plan import StepState, plan_return
from tests.builders import (
    make_facts,
    make_netsuite,
    make_return,
    make_unit,
    policy,
    settled,
    unit_payload,
    with_receipts,
    with_rma,
)
from tests.other_side import codes_of, kinds_of, step_of


def unsplit() -> UnitFacts:
    return replace(make_unit(1, "sellable"), refund_item=None, refund_tax=None)


def received(unit: UnitFacts, **changes: object) -> ReturnFacts:
    return with_receipts(with_rma(make_facts(units=(unit,), **changes)))


def test_refund_without_its_split_waits_for_a_person() -> None:
    plan = plan_return(received(unsplit()))

    (problem,) = plan.problems
    assert problem.code == "amounts_untold"
    assert "leaves out refund_item of unit 387001, refund_tax of unit 387001, so" in problem.cause
    assert step_of(plan, "amount").state == StepState.BLOCKED
    assert "credit" not in kinds_of(plan)


@pytest.mark.parametrize("name", ["refund_item", "refund_tax"])
def test_part_of_the_refund_that_loop_left_out_is_named(name: str) -> None:
    nothing: dict[str, Any] = {name: None}
    (problem,) = plan_return(received(replace(make_unit(1, "sellable"), **nothing))).problems

    assert f"leaves out {name} of unit 387001, so" in problem.cause


def test_split_is_not_needed_for_gross_lines() -> None:
    plan = plan_return(received(unsplit(), policy=policy(credit_lines="gross_with_fee_line")))

    assert "amounts_untold" not in codes_of(plan)
    assert "credit" in kinds_of(plan)


def test_missing_total_waits_for_a_person_under_any_policy() -> None:
    facts = received(make_unit(1, "sellable"), policy=policy(credit_lines="gross_with_fee_line"))

    plan = plan_return(replace(facts, loop=replace(facts.loop, untold=("gift_card",))))

    assert codes_of(plan) == ["amounts_untold"]
    assert "gift_card" in plan.problems[0].cause


@pytest.mark.parametrize("told", [(), ("refund",)])
def test_nothing_is_credited_beside_what_a_person_credited_by_hand(told: tuple[str, ...]) -> None:
    """Their credit stands alone, so no look would find it once Loop tells the rest."""
    seen = OverrideFacts("acknowledge", "amounts_untold return:110700123", "seen", 1)
    by_hand = make_netsuite("creditMemo", "9103", total=Decimal("77.76"), amount_remaining=Decimal(0))
    facts = received(make_unit(1, "sellable"), overrides=(seen,))
    loop = settled(replace(facts.loop, untold=told))
    facts = replace(facts, loop=loop, records=(*facts.records, by_hand))

    plan = plan_return(facts)

    assert kinds_of(plan) == []
    assert step_of(plan, "amount").detail == "credited and refunded by hand, as a person noted"


@pytest.mark.parametrize("meaning", ["EUR", "USD"])
def test_nothing_is_credited_by_a_corrected_currency_where_a_person_noted_to_credit(meaning: str) -> None:
    seen = OverrideFacts("acknowledge", "currency_differs return:110700123", "seen", 1)
    facts = received(make_unit(1, "sellable"), overrides=(seen,), policy=policy(currencies={"House": meaning}))
    records = tuple(replace(one, currency="House") if one.record_type == "invoice" else one for one in facts.records)

    assert kinds_of(plan_return(replace(facts, records=records))) == []


@pytest.mark.django_db
def test_return_of_2020_is_mirrored_without_a_guess() -> None:
    unit = unit_payload()
    del unit["refund_item"], unit["refund_tax"]

    row = make_return(line_items=[unit], lines=1)

    line = row.lines.get()
    assert (line.refund, line.refund_item, line.refund_tax) == (Decimal("77.76"), None, None)

"""What the warehouse saw is told to Loop in the policy's words, once, and never in the way of money."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from returnsops.returns.facts import FoundFacts, OverrideFacts, ReturnFacts
from returnsops.returns.plan import Plan, PostingDue, StepState, plan_return
from returnsops.returns.problems import KINDS
from returnsops.returns.problems.kinds import ACKNOWLEDGE, SEND_AFTER_ALL
from tests.builders import NOW, make_facts, make_unit, policy
from tests.other_side import carry_out_one, kinds_of, posting_of, run_to_end, step_of

GRADES = {"sellable": "grade_a", "damaged": "grade_c", "refused": "grade_d"}
TOLD = ("loop_grade", "loop_assess")


def judged(*outcomes: str, **rules: Any) -> ReturnFacts:
    units = tuple(
        make_unit(number, outcome, inspection_id=7, inspected_at=NOW) for number, outcome in enumerate(outcomes, 1)
    )
    return make_facts(units=units, policy=policy(**({"grades": GRADES} | rules)), now=NOW)


def told_by(plan: Plan, kind: str = "loop_grade") -> list[PostingDue]:
    return [one for one in plan.postings if one.kind == kind]


def but_for_grades(facts: ReturnFacts) -> ReturnFacts:
    """Everything is carried out but what is told of the units."""
    for _ in range(9):
        due = next((one for one in plan_return(facts).postings if one.kind not in TOLD), None)
        if due is None:
            return facts
        facts = carry_out_one(facts, due)
    raise AssertionError("it goes on for ever")


def test_nothing_is_told_without_words_for_it() -> None:
    plan = plan_return(judged("sellable", grades={}))

    assert not set(kinds_of(plan)) & set(TOLD)
    assert "told" not in {one.code for one in plan.steps}


def test_outcome_without_a_word_is_left_out() -> None:
    (due,) = told_by(plan_return(judged("sellable", "missing")))

    assert [one["word"] for one in due.request["items"]] == ["grade_a"]


def test_inspectors_note_goes_with_what_is_told_of_its_unit() -> None:
    facts = judged("sellable", "damaged", assessments={"sellable": "back_to_stock", "damaged": "resale_hold"})
    noted = replace(facts.units[1], note="Heel torn off. Worn outdoors")
    plan = plan_return(replace(facts, units=(facts.units[0], noted)))

    for (due,) in (told_by(plan, kind) for kind in TOLD):
        assert [one.get("note") for one in due.request["items"]] == [None, noted.note]


def test_note_on_what_lay_in_its_place_goes_with_the_unit() -> None:
    facts = judged("missing", grades={"wrong_item": "incorrect_item"})
    socks = FoundFacts("3", "SOCKS", "504", 1, NOW, facts.units[0].unit, note="Tag of another shop")
    plan = plan_return(replace(facts, units=(replace(facts.units[0], note="SOCKS lay there"),), found=(socks,)))

    (due,) = told_by(plan)

    assert [one["note"] for one in due.request["items"]] == ["SOCKS lay there. Tag of another shop"]


def test_more_units_than_loop_takes_at_once_are_told_in_parts() -> None:
    parts = told_by(plan_return(judged(*["sellable"] * 45)))

    assert [len(one.covers) for one in parts] == [20, 20, 5]
    assert len(frozenset[str]().union(*(one.covers for one in parts))) == 45


def test_loop_is_asked_to_settle_once_it_has_been_told() -> None:
    before = but_for_grades(judged("sellable"))

    waiting = step_of(plan_return(before), "settle")
    done, _ = run_to_end(before)

    assert (waiting.state, waiting.detail) == (StepState.WAITING, "waits until Loop knows what the warehouse saw")
    kinds = [one.kind for one in done.postings]
    assert kinds.index("loop_grade") < kinds.index("loop_process")


def test_what_takes_too_long_holds_up_no_money() -> None:
    facts = but_for_grades(judged("sellable"))
    at_last = plan_return(facts).look_again_at

    assert at_last == NOW + timedelta(minutes=15)
    assert "loop_process" not in kinds_of(plan_return(facts))
    assert "loop_process" in kinds_of(plan_return(replace(facts, now=at_last)))


@pytest.mark.parametrize("how", ["rejected", "cancelled"])
def test_what_was_refused_or_cancelled_holds_up_no_money(how: str) -> None:
    facts = but_for_grades(judged("sellable"))
    (due,) = told_by(plan_return(facts))
    status = "rejected" if how == "rejected" else "pending"
    posting = replace(posting_of(facts, due), status=status, refusal={"family": "permission"})
    said = (OverrideFacts("cancel", posting.external_id, "not wanted", 1),) if how == "cancelled" else ()

    plan = plan_return(replace(facts, postings=(*facts.postings, posting), overrides=(*facts.overrides, *said)))

    assert "loop_process" in kinds_of(plan)


def test_unit_that_turns_up_late_is_told_as_it_was_seen() -> None:
    facts, _ = run_to_end(judged("sellable", "missing"))
    units = (facts.units[0], replace(facts.units[1], outcome="damaged", removed=False, inspection_id=8))

    (due,) = told_by(plan_return(replace(facts, units=units)))

    assert [one["word"] for one in due.request["items"]] == ["grade_c"]


def test_unit_that_nobody_judged_here_is_not_told() -> None:
    facts = judged("received")

    assert not told_by(plan_return(replace(facts, policy=policy(grades=GRADES | {"sellable": "grade_b"}))))


def test_nothing_that_loop_is_told_of_units_stands_in_the_queue_before_the_settlement() -> None:
    facts = but_for_grades(judged("sellable", assessments={"sellable": "back_to_stock"}))
    late = plan_return(replace(facts, now=facts.now + timedelta(minutes=15)))

    (settlement,) = (one for one in late.postings if one.kind == "loop_process")
    told = [one for one in late.postings if one.kind in TOLD]

    assert len(told) == 2
    assert {one.serial_key for one in told}.isdisjoint({settlement.serial_key})


@pytest.mark.parametrize("how", ["rejected", "cancelled"])
def test_unit_judged_later_is_told_beside_what_was_refused_or_cancelled(how: str) -> None:
    facts = judged("sellable", "")
    (first,) = told_by(plan_return(facts))
    stuck = replace(posting_of(facts, first), status="voided")
    if how == "rejected":
        stuck = replace(stuck, status="rejected", refusal={"family": "permission"})
    said = (OverrideFacts("cancel", stuck.external_id, "not wanted", 1),) if how == "cancelled" else ()
    units = (facts.units[0], replace(facts.units[1], outcome="damaged", inspection_id=8, inspected_at=NOW))
    facts = replace(facts, units=units, postings=(stuck,), overrides=(*facts.overrides, *said))

    covers = [one.covers for one in told_by(plan_return(facts))]

    assert frozenset({f"seen:{units[1].unit}:8"}) in covers
    assert (first.covers in covers) == (how == "rejected")


def test_cancelled_grade_is_no_matter_of_money_and_is_over_once_it_is_noted() -> None:
    facts, _ = run_to_end(judged("sellable", assessments={"sellable": "back_to_stock"}))
    grade = next(one for one in facts.postings if one.kind == "loop_grade")
    postings = tuple(replace(one, status="voided") if one is grade else one for one in facts.postings)
    cancelled = OverrideFacts("cancel", grade.external_id, "the key has no scope for it", 1)
    facts = replace(facts, postings=postings, overrides=(*facts.overrides, cancelled))

    before = plan_return(facts)
    (problem,) = before.problems
    noted = OverrideFacts("acknowledge", f"{problem.code} {problem.subject}", "seen", 1)
    after = plan_return(replace(facts, overrides=(*facts.overrides, noted)))

    assert (problem.code, problem.amount) == ("remark_cancelled", Decimal(0))
    assert {ACKNOWLEDGE, SEND_AFTER_ALL} <= set(KINDS[problem.code].actions)
    assert step_of(before, "told").state == StepState.BLOCKED
    assert (after.stage, after.problems, after.postings) == ("settled", (), ())
    assert step_of(after, "told").state == StepState.NOT_NEEDED

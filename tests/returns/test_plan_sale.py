"""Which bill sold the units, and what stops a return before anything is posted."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from returnsops.returns.facts import ClaimFacts, OverrideFacts, ReturnFacts
from returnsops.returns.plan import StepState, plan_return
from tests.builders import (
    CREATED,
    NOW,
    make_facts,
    make_line,
    make_loop,
    make_netsuite,
    make_rma,
    make_sale,
    make_unit,
    policy,
    settled,
    with_rma,
)
from tests.other_side import carry_out, codes_of, due_of, kinds_of, rows_of, run_to_end, step_of


def test_unknown_sku_is_a_case_at_once_with_what_was_sold() -> None:
    units = (make_unit(1, item_id=""), make_unit(2, item_id=""))

    plan = plan_return(make_facts(units=units))

    (problem,) = plan.problems
    assert (problem.code, problem.subject) == ("sku_unmapped", "sku:BOOT-42")
    assert problem.amount == Decimal("155.52")
    assert problem.detail == (("The order line it was sold on holds", "BOOT-42"),)
    assert kinds_of(plan) == []


def test_mapped_sku_goes_on_by_itself() -> None:
    blocked = make_facts(units=(make_unit(1, item_id=""),))

    assert kinds_of(plan_return(replace(blocked, units=(make_unit(1),)))) == ["rma"]


def test_mapping_to_an_item_that_was_not_sold_is_a_problem() -> None:
    facts = make_facts(units=(make_unit(1),))

    plan = plan_return(replace(facts, units=(make_unit(1, item_id="777"),)))

    assert codes_of(plan) == ["item_differs"]
    assert kinds_of(plan) == []


def test_nothing_is_said_before_netsuite_was_read() -> None:
    plan = plan_return(make_facts(units=(make_unit(1, item_id=""),), records=(), records_read=False))

    assert (codes_of(plan), step_of(plan, "sale").detail) == ([], "NetSuite is being read")


def test_order_that_is_not_billed_is_a_problem_after_an_hour() -> None:
    facts = make_facts(records=(make_netsuite("salesOrder", "6001", tran_id="SO1"),), now=CREATED)

    early, late = plan_return(facts), plan_return(replace(facts, now=CREATED + timedelta(hours=1)))

    assert (codes_of(early), early.look_again_at) == ([], CREATED + timedelta(hours=1))
    assert codes_of(late) == ["sale_missing"]
    assert "SO1 is not billed yet" in late.problems[0].cause


def test_voided_bill_sold_nothing() -> None:
    facts = make_facts()
    voided = replace(facts.records[0], status="V")

    assert codes_of(plan_return(replace(facts, records=(voided,)))) == ["sale_missing"]


def test_two_bills_that_fit_are_for_a_person() -> None:
    facts = make_facts()
    second = replace(facts.records[0], internal_id="7002")

    plan = plan_return(replace(facts, records=(*facts.records, second)))

    assert (codes_of(plan), kinds_of(plan)) == (["several_sales"], [])


def test_second_bill_does_not_disturb_a_return_that_has_its_authorization() -> None:
    facts = with_rma(make_facts(units=(make_unit(1, "sellable"),)))
    second = replace(facts.records[0], internal_id="7002")

    assert kinds_of(plan_return(replace(facts, records=(*facts.records, second)))) == ["receipt"]


def test_unit_that_was_never_sold_on_the_order_is_a_problem() -> None:
    facts = make_facts(units=(make_unit(1),))

    plan = plan_return(replace(facts, units=(make_unit(1, provider_line="999"),)))

    assert (codes_of(plan), plan.problems[0].subject) == (["unit_not_on_order"], "unit:387001")


def test_chosen_order_line_is_taken() -> None:
    facts = make_facts(units=(make_unit(1),))
    chosen = OverrideFacts("order_line", "387001", "3", 1)

    plan = plan_return(replace(facts, units=(make_unit(1, provider_line="999"),), overrides=(chosen,)))

    assert rows_of(due_of(plan, "rma"))[0]["orderLine"] == 3


def test_units_match_by_item_and_price_where_the_bill_has_no_references() -> None:
    lines = (make_line("2", rate="60.00"), make_line("5", rate="72.00"))
    facts = make_facts(units=(make_unit(1),), records=(make_netsuite("invoice", "7001", lines=lines),))

    assert rows_of(due_of(plan_return(facts), "rma"))[0]["orderLine"] == 5


def test_sibling_returns_cannot_claim_more_than_was_sold() -> None:
    sold = make_sale((make_unit(1), make_unit(2)))
    sibling = make_rma(sold, internal_id="8050", external_id="loop-fern-110700999-rma-1")
    took_one = replace(sibling, lines=(replace(sibling.lines[0], quantity=1),))

    one_left = plan_return(make_facts(units=(make_unit(2),), records=(sold, took_one)))
    none_left = plan_return(make_facts(units=(make_unit(2),), records=(sold, sibling)))

    assert kinds_of(one_left) == ["rma"]
    assert (codes_of(none_left), kinds_of(none_left)) == (["unit_not_on_order"], [])


def test_what_a_return_has_authorised_is_its_own_whatever_siblings_claim() -> None:
    """A return that is over is not read again: one of the two claims may be of a sibling that was cancelled since."""
    units = (make_unit(1, "sellable"),)
    sold = make_sale((make_unit(1), make_unit(2)))
    facts, plan = run_to_end(make_facts(units=units, records=(sold,)))
    assert plan.stage == "settled"

    plan = plan_return(replace(facts, claims=(ClaimFacts("7001", "3", 1), ClaimFacts("7001", "3", 1))))

    assert (codes_of(plan), plan.stage) == ([], "settled")


def test_closed_lines_of_a_sibling_claim_only_what_was_received() -> None:
    sold = make_sale((make_unit(1), make_unit(2)))
    sibling = make_rma(sold, internal_id="8050", external_id="loop-fern-110700999-rma-1")
    closed = replace(sibling, lines=(replace(sibling.lines[0], is_closed=True, received=1),))

    assert kinds_of(plan_return(make_facts(units=(make_unit(2),), records=(sold, closed)))) == ["rma"]


def test_history_before_the_start_date_is_never_posted() -> None:
    facts = with_rma(make_facts(units=(make_unit(1, "sellable"),)))

    plan = plan_return(replace(facts, start_from=CREATED + timedelta(seconds=1)))

    assert (plan.stage, kinds_of(plan), codes_of(plan)) == ("ended", [], [])


def test_unknown_state_posts_nothing_and_tells() -> None:
    units = (make_unit(1),)

    plan = plan_return(make_facts(units=units, loop=make_loop(units, state="unknown")))

    assert (plan.stage, kinds_of(plan), codes_of(plan)) == ("needs_person", [], ["unknown_word"])


@pytest.mark.parametrize("state", ["cancelled", "expired"])
def test_ended_before_its_authorization_leaves_nothing_behind(state: str) -> None:
    units = (make_unit(1),)

    plan = plan_return(make_facts(units=units, loop=make_loop(units, state=state)))

    assert (plan.stage, kinds_of(plan)) == ("ended", [])
    assert step_of(plan, "close_rma").state == StepState.NOT_NEEDED


@pytest.mark.parametrize("state", ["cancelled", "expired"])
def test_ended_after_its_authorization_closes_its_lines(state: str) -> None:
    units = (make_unit(1), make_unit(2))
    facts = with_rma(make_facts(units=units, loop=make_loop(units, state=state)))

    due = due_of(plan_return(facts), "rma_close")
    facts, plan = run_to_end(facts)

    assert rows_of(due) == [{"line": 1, "isClosed": True}]
    assert (plan.stage, facts.records_of("returnAuthorization")[0].status) == ("ended", "H")


def test_cancelled_after_goods_were_accepted_is_for_a_person() -> None:
    units = (make_unit(1, "sellable"),)
    facts = with_rma(make_facts(units=units, loop=make_loop(units, state="cancelled")))
    seen = OverrideFacts("acknowledge", "ended_after_receipt return:110700123", "seen", 1)

    plan = plan_return(facts)

    assert (codes_of(plan), kinds_of(plan)) == (["ended_after_receipt"], [])
    assert kinds_of(plan_return(replace(facts, overrides=(seen,)))) == ["rma_close"]


# --- Booked by hand ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["billed_in_parts", "kit_part_returned"])
def test_what_a_person_booked_by_hand_is_not_booked_again_once_one_bill_fits(code: str) -> None:
    noted = OverrideFacts("acknowledge", f"{code} return:{make_loop(()).loop_id}", "seen", 1)
    facts = make_facts(units=(make_unit(1, "sellable"),), overrides=(noted,))

    plan = plan_return(facts)

    assert (kinds_of(plan), step_of(plan, "sale").state) == ([], StepState.NOT_NEEDED)


def test_booked_by_hand_before_the_parcel_came_loop_may_settle_at_once() -> None:
    noted = OverrideFacts("acknowledge", f"billed_in_parts return:{make_loop(()).loop_id}", "seen", 1)
    paid = make_loop((make_unit(1),), settled_at=CREATED)

    plan = plan_return(make_facts(units=(make_unit(1),), loop=paid, overrides=(noted,)))

    assert (codes_of(plan), step_of(plan, "settle").state) == ([], StepState.DONE)


def received_and_then_booked_by_hand() -> ReturnFacts:
    """Its receipt was posted although a note was there, by rules or a release that did not heed it."""
    facts = make_facts(units=(make_unit(1, "sellable"),), policy=policy(refund_authority="loop_first"))
    while not facts.posted("receipt"):
        facts = carry_out(facts, plan_return(facts))
    noted = OverrideFacts("acknowledge", f"billed_in_parts return:{facts.loop.loop_id}", "seen", 1)
    return replace(facts, loop=settled(facts.loop), overrides=(noted,))


def test_what_was_received_before_it_was_booked_by_hand_is_not_left_without_credit() -> None:
    facts = received_and_then_booked_by_hand()

    plan = plan_return(replace(facts, now=facts.now + timedelta(days=2)))

    assert (codes_of(plan), kinds_of(plan), plan.stage) == (["rma_left_open"], [], "needs_person")


@pytest.mark.parametrize("status", ["G", "H"])
def test_booked_by_hand_ends_once_our_authorization_is_refunded_or_closed(status: str) -> None:
    facts = received_and_then_booked_by_hand()
    records = tuple(
        replace(one, status=status) if one.record_type == "returnAuthorization" else one for one in facts.records
    )

    plan = plan_return(replace(facts, records=records, now=facts.now + timedelta(days=2)))

    assert (codes_of(plan), plan.stage) == ([], "ended")


def test_booked_by_hand_does_not_end_before_our_authorization_is_read_back() -> None:
    facts = received_and_then_booked_by_hand()
    records = tuple(one for one in facts.records if one.record_type != "returnAuthorization")

    plan = plan_return(replace(facts, records=records))

    assert (step_of(plan, "close_rma").state, plan.stage) == (StepState.WAITING, "waiting")


def test_bill_of_an_order_is_due_after_the_last_unit_was_judged() -> None:
    """Whatever was judged: who waits for the rest of the parcel has no reason yet to bill it."""
    units = (make_unit(1, "sellable"), make_unit(2, "missing"))
    judged = (replace(units[0], inspected_at=NOW - timedelta(days=9)), units[1])
    order = make_sale(units, "salesOrder", status="F")
    facts = make_facts(units=judged, records=(order,), policy=policy(rma_source="order"))

    facts, plan = run_to_end(facts)
    late = plan_return(replace(facts, now=NOW - timedelta(hours=1) + facts.policy.deadlines.bill))

    assert (codes_of(plan), step_of(plan, "credit").state) == ([], StepState.WAITING)
    assert codes_of(late) == ["order_unbilled"]

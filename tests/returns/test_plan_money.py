"""From the judged parcel to both books: credit, settlement, refund, and every cent between them named."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from returnsops.returns.facts import ApprovalFacts, OverrideFacts, RefundFacts, ReturnFacts, SiblingFacts
from returnsops.returns.plan import StepState, plan_return
from returnsops.returns.plan.kinds import POSTING_KINDS
from returnsops.returns.plan.standing_in import let_others_stand_in
from returnsops.returns.policy import RECORD_KINDS
from tests.builders import (
    NOW,
    make_facts,
    make_line,
    make_loop,
    make_netsuite,
    make_posted,
    make_sale,
    make_unit,
    policy,
    settled,
    with_credit,
    with_receipts,
    with_rma,
    with_settlement,
)
from tests.other_side import (
    carry_out,
    carry_out_one,
    codes_of,
    due_of,
    kinds_of,
    rows_of,
    run_to_end,
    step_of,
    total_of,
)


def received(*units: object, **changes: object) -> ReturnFacts:
    """Inspected and received, ready for its credit."""
    return with_receipts(with_rma(make_facts(units=units or (make_unit(1, "sellable"),), **changes)))


def differing(by: str = "0.03") -> ReturnFacts:
    """NetSuite's tax is less than Loop's by this much."""
    unit = make_unit(1, "sellable")
    less = make_unit(1, tax=unit.tax - Decimal(by))
    return received(unit, records=(make_sale((less,)),))


def approved(facts: ReturnFacts) -> ReturnFacts:
    (problem,) = plan_return(facts).problems
    return replace(facts, approvals=(*facts.approvals, ApprovalFacts("credit", problem.seen_hash)))


# --- Order of records -------------------------------------------------------------------------------


def test_refund_on_an_invoice_goes_from_credit_to_loop_to_refund() -> None:
    facts = make_facts(units=(make_unit(1, "sellable"), make_unit(2, "damaged")))
    rounds = []

    while plan_return(facts).postings:
        plan = plan_return(facts)
        rounds.append(kinds_of(plan))
        facts = carry_out(facts, plan)

    assert rounds == [["rma"], ["receipt", "receipt"], ["credit"], ["loop_process"], ["customer_refund"]]
    assert plan_return(facts).stage == "settled"


def test_cash_sale_is_refunded_after_loop_settled() -> None:
    units = (make_unit(1, "sellable"),)
    facts = make_facts(units=units, records=(make_sale(units, "cashSale"),))
    rounds = []

    while plan_return(facts).postings:
        plan = plan_return(facts)
        rounds.append(kinds_of(plan))
        facts = carry_out(facts, plan)

    assert rounds == [["rma"], ["receipt"], ["loop_process"], ["cash_refund"]]
    assert plan_return(facts).stage == "settled"


def test_credit_waits_for_every_receipt() -> None:
    facts = with_rma(make_facts(units=(make_unit(1, "sellable"), make_unit(2, "damaged"))))
    first = carry_out_one(facts, plan_return(facts).postings[0])

    assert kinds_of(plan_return(first)) == ["receipt"]


def test_credit_takes_netsuites_own_price_and_applies_nothing_by_itself() -> None:
    due = due_of(plan_return(received()), "credit")

    assert rows_of(due) == [{"orderLine": 1, "item": {"id": "501"}, "quantity": 1}]
    assert due.request["body"]["autoApply"] is False
    assert due.request["body"]["toBeEmailed"] is False


@pytest.mark.parametrize(("of_boot", "of_cap"), [("2", "1"), ("6", "3")])
def test_credit_names_the_lines_of_an_authorization_that_shows_no_line_of_the_sale(of_boot: str, of_cap: str) -> None:
    """Another system made it by itself, so it is read by its items; the sale has the boot on line 3, the cap on 6."""
    units = (make_unit(1, "sellable"), make_unit(2, "sellable", sku="CAP-7", item_id="502", provider_line="2"))
    lines = (make_line(of_cap, item_id="502"), make_line(of_boot, item_id="501"))
    theirs = make_netsuite("returnAuthorization", "8001", status="B", other_ref_num="110700123", lines=lines)
    ownership = dict.fromkeys(RECORD_KINDS, "write") | {"rma": "observe"}

    facts = make_facts(units=units, records=(make_sale(units), theirs), policy=policy(ownership=ownership))
    plan = plan_return(carry_out(facts, plan_return(facts)))

    assert [(row["orderLine"], row["item"]["id"]) for row in rows_of(due_of(plan, "credit"))] == [
        (int(of_boot), "501"),
        (int(of_cap), "502"),
    ]


def test_customer_refund_only_records_what_the_shop_paid() -> None:
    facts = with_settlement(with_credit(received(), total="77.76"))

    due = due_of(plan_return(facts), "customer_refund")

    assert due.request["body"]["handlingMode"] == {"id": "SAVE_ONLY"}
    assert (due.request["body"]["account"], due.request["body"]["paymentOption"]) == ({"id": "217"}, {"id": "9"})
    assert due.request["body"]["apply"]["items"] == [
        {"doc": {"id": "8201"}, "line": 1, "apply": True, "amount": "77.76"}
    ]


@pytest.mark.parametrize("kind", ["credit", "cash_refund", "customer_refund"])
def test_money_is_dated_as_a_person_corrected_it_and_else_by_netsuite(kind: str) -> None:
    """Its period was closed when it was refused."""
    corrected = OverrideFacts("tran_date", POSTING_KINDS[kind].dated_as, "2026-12-01", 1)
    units = (make_unit(1, "sellable"),)
    facts = {
        "credit": received(),
        "cash_refund": with_settlement(received(records=(make_sale(units, "cashSale"),))),
        "customer_refund": with_settlement(with_credit(received(), total="77.76")),
    }[kind]

    before, after = plan_return(facts), plan_return(replace(facts, overrides=(corrected,)))

    assert "tranDate" not in due_of(before, kind).request["body"]
    assert due_of(after, kind).request["body"]["tranDate"] == "2026-12-01"


def test_refund_to_two_tenders_is_two_records() -> None:
    parts = (RefundFacts("gift_card", Decimal(20)), RefundFacts("shopify_payments", Decimal("57.76")))
    facts = with_settlement(with_credit(received(), total="77.76"), refunds=parts)

    plan = plan_return(facts)

    accounts = {due.request["body"]["account"]["id"] for due in plan.postings}
    assert accounts == {"217", "218"}
    assert run_to_end(facts)[1].stage == "settled"


def test_unknown_tender_is_a_problem_and_nothing_is_refunded() -> None:
    parts = (RefundFacts("klarna", Decimal(20)), RefundFacts("shopify_payments", Decimal("57.76")))
    facts = with_settlement(with_credit(received(), total="77.76"), refunds=parts)

    plan = plan_return(facts)

    assert codes_of(plan) == ["mapping_missing"]
    assert kinds_of(plan) == []


def test_payments_that_never_add_up_are_a_problem_in_the_end() -> None:
    parts = (RefundFacts("shopify_payments", Decimal(70)),)
    facts = with_settlement(with_credit(received(), total="77.76"), refunds=parts)
    touched = replace(facts.loop, updated_at=NOW + timedelta(hours=2))  # which says nothing of its payments

    early, late = plan_return(facts), plan_return(replace(facts, now=NOW + timedelta(hours=2), loop=touched))

    assert (codes_of(early), step_of(early, "refund").detail) == ([], "waits for Loop's list of payments")
    assert codes_of(late) == ["settled_differently"]


def test_store_credit_leaves_the_credit_open_by_plan() -> None:
    units = (make_unit(1, "sellable", refund="0", refund_item="0", refund_tax="0"),)
    loop = make_loop(units, outcome="credit", gift_card="77.76", refund="0", fee="0")

    facts, plan = run_to_end(make_facts(units=units, loop=loop))

    assert plan.stage == "settled"
    assert step_of(plan, "refund").state == StepState.NOT_NEEDED
    assert facts.records_of("creditMemo")[0].amount_remaining == Decimal("77.76")


def test_kept_fee_comes_off_the_lines_under_net() -> None:
    unit = make_unit(1, "sellable", refund="70.81", refund_item="65.56", refund_tax="5.25")

    facts = received(unit)
    due = due_of(plan_return(approved(facts) if plan_return(facts).problems else facts), "credit")

    assert rows_of(due)[0]["amount"] == "65.56"
    assert total_of(facts, due) == Decimal("70.81")


def test_kept_fee_is_a_line_of_its_own_under_gross() -> None:
    unit = make_unit(1, "sellable", refund="70.81", refund_item="65.56", refund_tax="5.25")
    facts = received(unit, policy=policy(credit_lines="gross_with_fee_line"))

    due = due_of(plan_return(facts), "credit")

    assert rows_of(due)[1:] == [{"item": {"id": "903"}, "quantity": 1, "rate": "-6.95", "amount": "-6.95"}]
    assert total_of(facts, due) == Decimal("70.81")


# --- Refused units ----------------------------------------------------------------------------------


def test_refused_unit_leaves_by_one_remove_call_and_its_line_is_lowered_after_the_credit() -> None:
    facts = make_facts(units=(make_unit(1, "sellable"), make_unit(2, "refused")))
    rounds = []

    while plan_return(facts).postings:
        plan = plan_return(facts)
        rounds.append([(due.kind, due.request.get("units")) for due in plan.postings])
        facts = carry_out(facts, plan)

    assert rounds == [
        [("rma", None)],
        [("receipt", None)],
        [("credit", None)],
        [("loop_remove", ["387002"]), ("rma_close", None)],
        [("customer_refund", None)],
    ]
    (credit,) = facts.records_of("creditMemo")
    assert (credit.total, credit.amount_remaining) == (Decimal("77.76"), Decimal(0))
    assert [line.quantity for line in facts.records_of("returnAuthorization")[0].lines] == [1]
    assert plan_return(facts).stage == "settled"


def test_missing_unit_is_treated_like_a_refused_one() -> None:
    facts = received(make_unit(1, "sellable"), make_unit(2, "missing"))
    facts = carry_out(facts, plan_return(facts))

    assert due_of(plan_return(facts), "loop_remove").request["units"] == ["387002"]


def test_nothing_is_credited_when_every_unit_is_refused() -> None:
    facts = with_rma(make_facts(units=(make_unit(1, "refused"), make_unit(2, "missing"))))

    plan = plan_return(facts)

    assert kinds_of(plan) == ["loop_remove"]
    assert due_of(plan, "loop_remove").request["units"] == ["387001", "387002"]


def test_authorization_is_closed_once_loop_cancelled_a_wholly_refused_return() -> None:
    facts = with_rma(make_facts(units=(make_unit(1, "refused"),)))
    facts = replace(facts, loop=replace(facts.loop, state="cancelled"))

    facts, plan = run_to_end(facts)

    assert plan.stage == "ended"
    assert facts.records_of("returnAuthorization")[0].status == "H"


def test_unit_that_was_edited_out_of_the_return_is_taken_off_the_authorization() -> None:
    facts = with_rma(make_facts(units=(make_unit(1, "sellable"), make_unit(2))))
    units = (facts.units[0], make_unit(2, removed=True, price="0", discount="0", tax="0", refund="0"))

    facts, plan = run_to_end(replace(facts, units=units, loop=make_loop(units)))

    assert plan.stage == "settled"
    assert facts.records_of("returnAuthorization")[0].lines[0].quantity == 1


def test_store_credit_of_a_refused_unit_is_left_out() -> None:
    plain = {"refund": "0", "refund_item": "0", "refund_tax": "0"}
    units = (make_unit(1, "sellable", **plain), make_unit(2, "refused", **plain))
    facts = received(*units, loop=make_loop(units, outcome="credit", gift_card="155.52", refund="0", fee="0"))

    due = due_of(plan_return(facts), "credit")

    assert total_of(facts, due) == Decimal("77.76")


# --- Differences ------------------------------------------------------------------------------------


def test_difference_inside_tolerance_is_a_line_of_its_own() -> None:
    facts = differing("0.01")

    due = due_of(plan_return(facts), "credit")

    assert rows_of(due)[1:] == [{"item": {"id": "900"}, "quantity": 1, "rate": "0.01", "amount": "0.01"}]
    assert total_of(facts, due) == facts.loop.refund


def test_difference_beyond_tolerance_waits_for_approval() -> None:
    plan = plan_return(differing())

    assert (codes_of(plan), kinds_of(plan), plan.stage) == (["amount_differs"], [], "needs_person")
    assert step_of(plan, "amount").detail == "waits for approval: differs by 0.03 USD tax"
    assert plan.problems[0].amount == Decimal("0.03")


def test_approved_difference_goes_on_to_the_end() -> None:
    facts, plan = run_to_end(approved(differing()))

    (credit,) = facts.records_of("creditMemo")
    assert credit.total == facts.loop.refund
    assert codes_of(plan) == []


def test_approval_lapses_when_the_figures_move() -> None:
    facts = approved(differing())
    moved = replace(facts, loop=replace(facts.loop, refund=facts.loop.refund + Decimal("0.01")))

    assert codes_of(plan_return(moved)) == ["amount_differs"]


def test_approval_of_something_else_is_no_approval() -> None:
    facts = replace(differing(), approvals=(ApprovalFacts("credit", "0" * 64),))

    assert codes_of(plan_return(facts)) == ["amount_differs"]


def test_credit_above_the_limit_needs_approval() -> None:
    facts = received(policy=policy(approval_above="50"))

    assert codes_of(plan_return(facts)) == ["approval_needed"]
    assert kinds_of(plan_return(approved(facts))) == ["credit"]


def test_difference_in_a_credit_above_the_limit_is_approved_with_all_of_it_at_stake() -> None:
    (problem,) = plan_return(replace(differing("0.03"), policy=policy(approval_above="50"))).problems

    assert problem.code == "amount_differs"
    assert problem.amount == Decimal("77.76")
    assert "is above 50.00 USD" in problem.cause


def test_note_that_a_credit_comes_to_something_else_lapses_when_it_comes_to_more() -> None:
    facts = booked_at("72.76")
    (problem,) = plan_return(facts).problems
    noted = OverrideFacts("acknowledge", f"{problem.code} {problem.subject}", "seen", 1)

    assert codes_of(plan_return(replace(facts, overrides=(noted,)))) == []
    assert codes_of(plan_return(replace(booked_at("60.00"), overrides=(noted,)))) == ["record_differs"]


def test_missing_item_for_the_difference_is_a_case_never_a_guess() -> None:
    facts = replace(differing("0.01"), policy=policy(items={"difference_rounding": "902"}))

    plan = plan_return(facts)

    assert codes_of(plan) == ["mapping_missing"]
    assert plan.problems[0].subject == "policy:items.difference_tax"


def test_tolerance_is_the_lesser_of_cents_and_share() -> None:
    cheap = make_unit(1, "sellable", price="1.00", discount="0", tax="0.09", refund="1.10", refund_item="1.00",
                      refund_tax="0.10")  # fmt: skip
    facts = received(cheap, records=(make_sale((replace(cheap, tax=Decimal("0.09")),)),))

    assert codes_of(plan_return(facts)) == ["amount_differs"]


def test_loop_paying_another_amount_than_was_credited_is_its_own_problem() -> None:
    facts = with_settlement(with_credit(received(), total="77.76"), refund=Decimal("70.00"))

    plan = plan_return(facts)

    assert codes_of(plan) == ["settled_differently"]
    assert plan.problems[0].amount == Decimal("7.76")


def booked_at(total: str) -> ReturnFacts:
    """The credit is posted and read back, and NetSuite made it come to this."""
    return with_credit(received(), total=total)


def test_cents_that_netsuite_computes_otherwise_get_a_line_before_loop_is_asked() -> None:
    plan = plan_return(booked_at("77.75"))

    assert (kinds_of(plan), step_of(plan, "credit").state) == (["credit_fix"], StepState.DUE)
    assert rows_of(due_of(plan, "credit_fix")) == [
        {"item": {"id": "902"}, "quantity": 1, "rate": "0.01", "amount": "0.01"}
    ]
    assert kinds_of(plan_return(carry_out(booked_at("77.75"), plan))) == ["loop_process"]


def test_rounding_tells_how_many_lines_like_it_stand_there_already() -> None:
    facts = booked_at("77.75")
    rows = [("902", "0.01"), ("902", "0.01"), ("902", "0.02"), ("501", "0.01")]
    lines = tuple(make_line(str(nth), item_id=item, amount=amount) for nth, (item, amount) in enumerate(rows, 1))
    records = [replace(one, lines=lines) if one.internal_id == "8201" else one for one in facts.records]

    plan = plan_return(replace(facts, records=tuple(records)))

    assert due_of(plan, "credit_fix").request["lines_like_it"] == 2


def test_rounding_on_its_way_is_no_case_before_it_was_read_back() -> None:
    fix = make_posted("credit_fix", "8201", read_back=False)
    facts = booked_at("77.75")

    plan = plan_return(replace(facts, postings=(*facts.postings, fix)))

    assert (codes_of(plan), kinds_of(plan), step_of(plan, "credit").state) == ([], [], StepState.DUE)


def test_rounding_that_did_not_help_is_not_tried_twice() -> None:
    facts = booked_at("77.75")

    plan = plan_return(replace(facts, postings=(*facts.postings, make_posted("credit_fix", "8201"))))

    assert (codes_of(plan), kinds_of(plan)) == (["record_differs"], [])


def test_credit_that_is_off_by_more_is_a_case_and_loop_is_not_asked() -> None:
    plan = plan_return(booked_at("70.00"))

    assert (codes_of(plan), kinds_of(plan)) == (["record_differs"], [])


def test_rounding_item_taken_out_of_the_policy_is_a_case_not_a_crash() -> None:
    plan = plan_return(replace(booked_at("77.75"), policy=policy(items={})))

    assert (codes_of(plan), kinds_of(plan)) == (["record_differs"], [])


def test_cash_refund_of_another_amount_than_loop_paid_is_noticed() -> None:
    units = (make_unit(1, "sellable"),)
    facts, _ = run_to_end(make_facts(units=units, records=(make_sale(units, "cashSale"),)))
    wrong = replace(facts.records_of("cashRefund")[0], total=Decimal("70.00"))
    others = tuple(one for one in facts.records if one.record_type != "cashRefund")

    plan = plan_return(replace(facts, records=(*others, wrong)))

    assert (codes_of(plan), kinds_of(plan)) == (["record_differs"], [])


def test_noted_difference_in_the_end_lets_the_return_be_settled() -> None:
    facts, _ = run_to_end(make_facts(units=(make_unit(1, "sellable"),)))
    (memo,) = facts.records_of("creditMemo")
    others = tuple(one for one in facts.records if one != memo)
    facts = replace(facts, records=(*others, replace(memo, amount_remaining=Decimal("1.00"))))
    facts = replace(facts, now=facts.now + timedelta(hours=1))
    (problem,) = plan_return(facts).problems
    assert problem.code == "record_differs"

    seen = OverrideFacts("acknowledge", f"{problem.code} {problem.subject}", "seen", 1)

    assert plan_return(replace(facts, overrides=(seen,))).stage == "settled"


# --- Settlement -------------------------------------------------------------------------------------


def test_loop_is_asked_only_once_the_credit_is_there() -> None:
    facts = received()

    assert kinds_of(plan_return(facts)) == ["credit"]
    assert kinds_of(plan_return(with_credit(facts, total="77.76"))) == ["loop_process"]


@pytest.mark.parametrize("status", ["sending", "uncertain", "posted"])
def test_loop_is_asked_once(status: str) -> None:
    asked = make_posted("loop_process", "110700123", status=status)
    facts = with_credit(received(), total="77.76")

    assert kinds_of(plan_return(replace(facts, postings=(*facts.postings, asked)))) == []


def test_return_that_loop_settled_before_it_was_asked_goes_on_with_a_case() -> None:
    facts = received()
    facts = replace(facts, loop=settled(facts.loop))

    plan = plan_return(facts)

    assert codes_of(plan) == ["loop_settled_early"]
    assert plan.problems[0].subject == "outcome:refund"
    assert kinds_of(plan) == ["credit"]
    assert "loop_process" not in {one.kind for one in run_to_end(facts)[0].postings}


def test_early_settlement_is_seen_before_the_parcel_is_inspected() -> None:
    facts = with_rma(make_facts())

    plan = plan_return(replace(facts, loop=settled(facts.loop)))

    assert codes_of(plan) == ["loop_settled_early"]
    assert step_of(plan, "settle").state == StepState.DONE


def test_settling_early_is_no_problem_where_loop_goes_first() -> None:
    facts = received(policy=policy(refund_authority="loop_first"))

    assert codes_of(plan_return(replace(facts, loop=settled(facts.loop)))) == []


def test_credit_waits_for_loop_where_loop_goes_first() -> None:
    plan = plan_return(received(policy=policy(refund_authority="loop_first")))

    assert kinds_of(plan) == []
    assert step_of(plan, "settle").detail == "Loop settles by its own rules"


def test_review_holds_credit_and_settlement() -> None:
    facts = received()

    plan = plan_return(replace(facts, loop=replace(facts.loop, state="review")))

    assert kinds_of(plan) == []
    assert step_of(plan, "settle").detail == "Loop holds this return for review"


def test_review_after_the_request_says_that_processing_failed() -> None:
    facts = with_credit(received(), total="77.76")
    asked = make_posted("loop_process", "110700123")
    facts = replace(facts, loop=replace(facts.loop, state="review"), postings=(*facts.postings, asked))

    assert codes_of(plan_return(facts)) == ["loop_processing_failed"]


def test_request_without_effect_is_late_after_an_hour() -> None:
    asked = make_posted("loop_process", "110700123", posted_at=NOW)
    facts = with_credit(received(), total="77.76")
    facts = replace(facts, postings=(*facts.postings, asked))

    early, late = plan_return(facts), plan_return(replace(facts, now=NOW + timedelta(hours=1)))

    assert (codes_of(early), early.look_again_at) == ([], NOW + timedelta(hours=1))
    assert codes_of(late) == ["loop_did_not_settle"]


@pytest.mark.parametrize("outcomes", [("", ""), ("sellable", "sellable")])
def test_closed_without_settlement_is_a_problem_after_its_grace(outcomes: tuple[str, str]) -> None:
    units = tuple(make_unit(number, outcome) for number, outcome in enumerate(outcomes, start=1))
    facts = with_receipts(with_rma(make_facts(units=units, loop=make_loop(units, state="closed", updated_at=NOW))))
    facts = with_credit(facts, total="155.52")

    early, late = plan_return(facts), plan_return(replace(facts, now=NOW + timedelta(hours=24)))

    assert (codes_of(early), early.look_again_at) == ([], NOW + timedelta(hours=24))
    assert codes_of(late) == ["closed_unprocessed"]


# --- Refusals and read-back -------------------------------------------------------------------------


def test_refusal_is_a_problem_with_their_words_and_ours() -> None:
    refusal = {"family": "period_closed", "detail": "The period is closed.", "code": "USER_ERROR"}
    refused = make_posted("receipt", "", ["unit:387001"], status="rejected", posted_at=None, refusal=refusal)
    facts = with_rma(make_facts(units=(make_unit(1, "sellable"),)))

    plan = plan_return(replace(facts, postings=(*facts.postings, refused)))

    (problem,) = plan.problems
    assert (problem.code, problem.words) == ("posting_refused", "The period is closed.")
    assert "Correct the date" in problem.cause
    assert kinds_of(plan) == ["receipt"]


def test_refusal_of_what_is_no_longer_wanted_is_no_problem() -> None:
    refused = make_posted("customer_refund", "", status="rejected", posted_at=None, refusal={"family": "unknown"})
    facts = received()

    assert codes_of(plan_return(replace(facts, postings=(*facts.postings, refused)))) == []


@pytest.mark.parametrize("family", ["gave_up", "set_aside"])
def test_posting_that_was_given_up_is_told_apart(family: str) -> None:
    refused = make_posted("receipt", "", ["unit:387001"], status="rejected", posted_at=None, refusal={"family": family})
    facts = with_rma(make_facts(units=(make_unit(1, "sellable"),)))

    assert codes_of(plan_return(replace(facts, postings=(*facts.postings, refused)))) == ["posting_set_aside"]


def test_record_that_holds_something_else_is_a_problem() -> None:
    facts = with_rma(make_facts())
    differs = replace(facts.postings[0], differences=("it holds 3 units, 2 were sent",))

    plan = plan_return(replace(facts, postings=(differs,)))

    assert codes_of(plan) == ["record_differs"]
    assert "3 units" in plan.problems[0].cause


def test_proof_that_does_not_come_is_late_after_the_read_back_time() -> None:
    facts, _ = run_to_end(make_facts(units=(make_unit(1, "sellable"),)))
    rma = replace(facts.records_of("returnAuthorization")[0], status="F", status_label="Pending Refund")
    facts = replace(facts, records=(*(one for one in facts.records if one.internal_id != "8001"), rma))

    early, late = plan_return(facts), plan_return(replace(facts, now=facts.now + timedelta(hours=1)))

    assert (early.stage, codes_of(early)) == ("waiting", [])
    assert codes_of(late) == ["record_differs"]


def test_credit_of_another_system_is_told_by_what_was_returned_without_the_bonus() -> None:
    """Of several returns of the order, none named in it: Loop gave 87.76 of store credit for 77.76 of goods."""
    units = (make_unit(1, "sellable"),)
    loop = make_loop(units, outcome="credit", gift_card="87.76", refund="0", fee="0")
    facts = make_facts(units=units, loop=loop, policy=policy(ownership=dict.fromkeys(RECORD_KINDS, "observe")))
    sibling = SiblingFacts("110700124", is_earlier=True, units=("line-2",))
    source = next(one.internal_id for one in facts.records if one.record_type == "invoice")
    credit = make_netsuite("creditMemo", "9103", created_from_id=source, total=Decimal("77.76"))
    found = let_others_stand_in(replace(facts, records=(*facts.records, credit), siblings=(sibling,)))

    assert found.credit_memo == credit

"""Problems of one plan that would share a case, and notes that hold for what was seen and for nothing else."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from returnsops.returns.facts import OverrideFacts, PostingFacts, RefundFacts, ReturnFacts
from returnsops.returns.plan import plan_return
from returnsops.returns.plan.draft import Draft
from returnsops.returns.plan.refunding import plan_refunds
from returnsops.returns.policy import RECORD_KINDS
from returnsops.returns.problems import Problem
from tests.builders import make_facts, make_loop, make_netsuite, make_rma, make_sale, make_unit, policy
from tests.other_side import run_to_end


def note(facts: ReturnFacts, problem: Problem) -> ReturnFacts:
    noted = OverrideFacts("acknowledge", f"{problem.code} {problem.subject}", "seen", 1)
    return replace(facts, overrides=(*facts.overrides, noted))


def problem_of(facts: ReturnFacts, code: str) -> Problem:
    (found,) = [one for one in plan_return(facts).problems if one.code == code]
    return found


def booked_with(*differences: str) -> ReturnFacts:
    facts, _ = run_to_end(make_facts(units=(make_unit(1, "sellable"),)))
    credit = next(one for one in facts.postings if one.kind == "credit")
    others = tuple(one for one in facts.postings if one is not credit)
    return replace(facts, postings=(*others, replace(credit, differences=differences)))


def test_two_problems_of_one_case_are_one_with_the_words_of_both() -> None:
    draft = Draft(make_facts())

    draft.problem(Problem("sku_unmapped", "sku:X", "Two units wait.", amount=Decimal(70), detail=(("A", "1"),)))
    draft.problem(Problem("sku_unmapped", "sku:X", "Found goods wait.", found="X", amount=Decimal(5), posting="p-1"))
    draft.problem(Problem("sku_unmapped", "sku:Y", "Another one."))

    first, second = draft.problems
    assert first.cause == "Two units wait. Found goods wait."
    assert (first.amount, first.found, first.posting, first.detail) == (Decimal(70), "X", "p-1", (("A", "1"),))
    assert second.subject == "sku:Y"


def test_same_problem_told_twice_is_one() -> None:
    draft, same = Draft(make_facts()), Problem("sku_unmapped", "sku:X", "Two units wait.", amount=Decimal(70))

    draft.problem(same)
    draft.problem(same)

    assert draft.problems == [same]


def test_value_that_is_a_piece_of_another_is_told_beside_it() -> None:
    draft = Draft(make_facts())

    for amount in ("110.00 USD", "10.00 USD", "110.00 USD", "10.00 USD"):
        draft.problem(Problem("record_differs", "record:8201", "It differs.", expected=amount, found=f"not {amount}"))

    (problem,) = draft.problems
    assert problem.cause == "It differs."
    assert problem.expected == "110.00 USD; 10.00 USD"
    assert problem.found == "not 110.00 USD; not 10.00 USD"


def test_units_of_one_sku_sold_as_two_items_are_told_together() -> None:
    units = tuple(make_unit(number, sku="BOOT", provider_line=str(number), item_id="777") for number in (1, 2))
    sold = tuple(replace(one, item_id=item) for one, item in zip(units, ("501", "502"), strict=True))
    sale = make_sale(sold)
    named = tuple(replace(one, item_name=f"ITEM-{one.item_id}") for one in sale.lines)

    problem = problem_of(make_facts(units=units, records=(replace(sale, lines=named),)), "item_differs")

    assert "sold ITEM-501 and ITEM-502" in problem.cause
    assert problem.amount == sum(one.worth + one.tax for one in units)


def test_every_payment_in_another_currency_is_told() -> None:
    facts, _ = run_to_end(make_facts(units=(make_unit(1, "sellable"),)))
    facts = replace(facts, postings=tuple(one for one in facts.postings if one.kind != "customer_refund"))
    refunds = (RefundFacts("paypal", Decimal("40"), "EUR"), RefundFacts("gift_card", Decimal("30"), "GBP"))
    draft = Draft(replace(facts, loop=replace(facts.loop, refunds=refunds)))
    memo = draft.facts.credit_memo

    assert memo is not None
    assert not plan_refunds(draft, memo)
    (problem,) = draft.problems
    assert "40.00 EUR through «paypal» and 30.00 GBP through «gift_card»" in problem.cause


def test_note_about_a_difference_lapses_when_the_record_is_changed_again() -> None:
    seen = booked_with("line 3 has amount 70.00, 72.00 was sent")
    noted = note(seen, problem_of(seen, "record_differs"))
    assert "record_differs" not in {one.code for one in plan_return(noted).problems}

    postings = tuple(
        replace(one, differences=("line 3 has amount 7.00, 72.00 was sent",)) if one.differences else one
        for one in noted.postings
    )

    assert "7.00, 72.00 was sent" in problem_of(replace(noted, postings=postings), "record_differs").cause


def test_changed_row_and_the_total_it_makes_are_one_question() -> None:
    """One word answers it, until something else is changed."""
    seen = edited("line 3 has amount 77.00, 72.00 was sent")
    (problem,) = plan_return(seen).problems
    assert "comes to 82.76 USD" in problem.cause
    assert "line 3 has amount 77.00, 72.00 was sent" in problem.cause

    noted, changed = note(seen, problem), edited("line 3 is item 777, item 501 was sent")

    assert plan_return(noted).problems == ()
    assert "item 777" in problem_of(replace(changed, overrides=noted.overrides), "record_differs").cause


def edited(*differences: str) -> ReturnFacts:
    """Somebody made the credit come to 5.00 more before Loop settled."""
    facts = booked_with(*differences)
    return come_to(replace(facts, loop=replace(facts.loop, state="open", settled_at=None)), "82.76", is_open="82.76")


def credited_by_others(total: str) -> ReturnFacts:
    units = (make_unit(1, "sellable"),)
    facts = make_facts(units=units, policy=policy(ownership=dict.fromkeys(RECORD_KINDS, "observe")))
    (sale,) = facts.records_of("invoice")
    rma = make_rma(sale, external_id="", ours=False, status="F")
    rma = replace(rma, lines=tuple(replace(one, received=one.quantity) for one in rma.lines))
    amount = Decimal(total)
    memo = make_netsuite("creditMemo", "9103", created_from_id="8001", total=amount, amount_remaining=amount)
    return replace(facts, records=(*facts.records, rma, memo))


def test_note_about_another_systems_credit_lapses_when_it_is_changed() -> None:
    seen = credited_by_others("80.00")
    problem = problem_of(seen, "credit_differs")
    assert "credit_differs" not in {one.code for one in plan_return(note(seen, problem)).problems}

    assert "comes to 800.00 USD" in problem_of(note(credited_by_others("800.00"), problem), "credit_differs").cause


def test_note_about_what_loop_paid_lapses_when_it_pays_something_else() -> None:
    facts, _ = run_to_end(make_facts(units=(make_unit(1, "sellable"),)))
    facts = replace(facts, postings=tuple(one for one in facts.postings if one.kind != "customer_refund"))
    paid_less = pay(facts, "70.00")
    noted = note(paid_less, problem_of(paid_less, "settled_differently"))
    assert "settled_differently" not in {one.code for one in plan_return(noted).problems}

    assert "Loop settled 60.00 USD" in problem_of(pay(noted, "60.00"), "settled_differently").cause


def pay(facts: ReturnFacts, amount: str) -> ReturnFacts:
    """As if the refund had not been posted yet; the fee is what is kept."""
    paid = Decimal(amount)
    unit = facts.units[0]
    fee = unit.worth + unit.tax - paid
    refunds = (RefundFacts("shopify_payments", paid),)
    return replace(facts, loop=replace(facts.loop, refund=paid, fee=fee, refunds=refunds))


@pytest.mark.parametrize(
    ("pays", "comes_to", "is_open", "code"),
    [
        ("77.76", "82.76", "5.00", None),
        ("77.76", "82.76", "0.00", None),
        ("77.76", "82.76", "5.01", "record_differs"),
        ("77.76", "83.00", "5.24", "settled_differently"),
        ("70.00", "82.76", "12.76", "settled_differently"),
    ],
)
def test_total_that_a_person_let_stand_is_asked_about_again_only_when_a_figure_moves(
    pays: str, comes_to: str, is_open: str, code: str | None
) -> None:
    """Neither where Loop pays less than it, nor where the rest of it stays open."""
    facts, _ = run_to_end(make_facts(units=(make_unit(1, "sellable"),)))
    seen = come_to(replace(facts, loop=replace(facts.loop, state="open", settled_at=None)), "82.76", is_open="82.76")
    problem = problem_of(seen, "record_differs")
    noted = note(come_to(pay(facts, pays), comes_to, is_open=is_open), problem)

    plan = plan_return(replace(noted, now=noted.now + timedelta(days=1)))

    assert [one.code for one in plan.problems] == ([code] if code else [])


def come_to(facts: ReturnFacts, total: str, *, is_open: str) -> ReturnFacts:
    """The Credit Memo, once it was refunded."""
    records = (
        replace(one, total=Decimal(total), amount_remaining=Decimal(is_open))
        if one.record_type == "creditMemo"
        else one
        for one in facts.records
    )
    return replace(facts, records=tuple(records))


def test_credit_that_was_applied_by_hand_is_left_at_that_once_noted() -> None:
    """To another invoice, as far as NetSuite shows: no refund of somebody else is in the place of ours."""
    facts = applied_by_hand(Decimal(20))
    problem = problem_of(facts, "record_differs")

    plan = plan_return(note(facts, problem))

    assert "Undo what was applied by hand" in problem.cause
    assert (plan.postings, plan.stage) == ((), "settled")


@pytest.mark.parametrize(
    ("applied", "is_asked"),
    [("20", False), ("57.76", False), ("77.76", False), ("10", True), ("19.99", True)],
)
def test_note_about_what_is_open_holds_on_the_way_to_what_should_be(applied: str, is_asked: bool) -> None:
    """The rest is booked by hand, so less and less of it stays open; more than was noted is another matter."""
    before = applied_by_hand(Decimal(20))
    noted = note(before, problem_of(before, "record_differs"))

    plan = plan_return(replace(noted, records=applied_by_hand(Decimal(applied)).records))

    assert plan.postings == ()
    assert ("record_differs" in {one.code for one in plan.problems}) is is_asked
    assert plan.stage == ("needs_person" if is_asked else "settled")


def applied_by_hand(amount: Decimal) -> ReturnFacts:
    """A credit of which so much went into something else before our refund was posted."""
    facts, _ = run_to_end(make_facts(units=(make_unit(1, "sellable"),)))
    records = tuple(
        replace(one, amount_remaining=one.total - amount) if one.record_type == "creditMemo" else one
        for one in facts.records
        if one.record_type != "customerRefund"
    )
    postings = tuple(one for one in facts.postings if one.kind != "customer_refund")
    return replace(facts, postings=postings, records=records)


def half_as_store_credit() -> ReturnFacts:
    """Settled: one unit's worth was paid by card, the other's stays open on the credit."""
    units = (make_unit(1, "sellable"), make_unit(2, "sellable", refund="0"))
    facts, plan = run_to_end(make_facts(units=units, loop=make_loop(units, gift_card="77.76", fee="0")))
    assert (plan.stage, facts.credit_memo and facts.credit_memo.amount_remaining) == ("settled", Decimal("77.76"))
    return facts


def leaving_open(facts: ReturnFacts, amount: str, *, without: str = "") -> ReturnFacts:
    """Long after, so much is open of the credit. without: a kind of posting that was not made."""
    records = tuple(
        replace(one, amount_remaining=Decimal(amount)) if one.record_type == "creditMemo" else one
        for one in facts.records
        if not (without and one.record_type == "customerRefund")
    )
    postings = tuple(one for one in facts.postings if one.kind != without)
    return replace(facts, records=records, postings=postings, now=facts.now + timedelta(days=90))


@pytest.mark.parametrize(
    ("amount", "is_asked"), [("77.76", False), ("20", False), ("0", False), ("77.77", True), ("-0.01", True)]
)
def test_store_credit_that_the_customer_spends_is_no_case(amount: str, is_asked: bool) -> None:
    plan = plan_return(leaving_open(half_as_store_credit(), amount))

    assert ("record_differs" in {one.code for one in plan.problems}) is is_asked
    assert plan.stage == ("needs_person" if is_asked else "settled")


@pytest.mark.parametrize("amount", ["20", "0"])
def test_refund_that_a_person_books_by_hand_is_not_posted_once_the_store_credit_is_spent(amount: str) -> None:
    before = leaving_open(half_as_store_credit(), "50", without="customer_refund")
    noted = note(before, problem_of(before, "record_differs"))

    spent = leaving_open(noted, amount)
    again = note(spent, problem_of(spent, "record_differs"))

    assert plan_return(spent).postings == ()
    assert (plan_return(again).postings, plan_return(again).stage) == ((), "settled")


def test_posting_that_was_told_to_be_deleted_keeps_its_own_case() -> None:
    """The mark of what differs is on that case alone."""
    facts = booked_with()
    gone = tuple(replace(one, gone=one.record_type == "itemReceipt" or one.gone) for one in facts.records)

    problem = problem_of(replace(facts, records=gone), "record_gone")

    assert problem.subject == f"posting:{_receipt(facts).external_id}"


def _receipt(facts: ReturnFacts) -> PostingFacts:
    return next(one for one in facts.postings if one.kind == "receipt")

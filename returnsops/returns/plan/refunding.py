"""Chapter 7: the refund in the books: a Customer Refund per tender, or the Cash Refund of a cash sale.

They record money that the shop paid; they never move any (promise 5). So each is saved only, on a clearing account.
"""

from dataclasses import replace
from decimal import Decimal

from returnsops.lib.money import ZERO, add_up, money_text
from returnsops.returns.facts import RecordFacts, ReturnFacts
from returnsops.returns.plan.authorization import memo_text
from returnsops.returns.plan.crediting import Source, credit_body, credit_due, is_credit_right, settled_differently
from returnsops.returns.plan.draft import Draft, PostingDue, StepState
from returnsops.returns.plan.figures import left_open, noted_beyond, read_figures, value_kept
from returnsops.returns.plan.money import Credit
from returnsops.returns.plan.tender_matching import Part, as_rows, candidates_for, refunds_by_others, refunds_noted
from returnsops.returns.plan.tenders import (
    Payment,
    book_cash_refund,
    book_payments,
    has_one_account,
    is_refunded_by_hand,
    read_payments,
)
from returnsops.returns.plan.undone import AS_NOTED, given_up, is_given_up, is_gone
from returnsops.returns.problems import Problem

BY_HAND = "refunded by hand, as a person noted"


def plan_refunds(draft: Draft, memo: RecordFacts) -> bool:
    """A Customer Refund for every tender Loop paid out. Gives whether all of them are in NetSuite."""
    facts = draft.facts
    if is_refunded_by_hand(facts):
        draft.step("refund", StepState.NOT_NEEDED, BY_HAND)
        return True
    payments = read_payments(draft)
    if payments is None or not _paid_what_was_credited(draft, memo):
        return False
    if is_open_as_noted(facts, memo):
        draft.step("refund", StepState.NOT_NEEDED, BY_HAND, records=(memo.internal_id,))
        return True
    payments = _less_noted(facts, memo, _within(payments, memo.total - left_open(facts)))
    problem = _find_too_little_open(facts, memo, payments)
    if problem is None:
        return _plan_each(draft, memo, payments)
    draft.problem(problem)
    draft.step("refund", StepState.BLOCKED, f"{memo.tran_id} was applied by hand", records=(memo.internal_id,))
    return False


def plan_cash_refund(draft: Draft, source: Source, credit: Credit) -> bool:
    """The Cash Refund of a cash sale: credit and refund in one document. Gives whether it is in NetSuite."""
    facts = draft.facts
    posted = facts.posted("cash_refund")
    if posted:
        return is_credit_right(draft, "refund", posted, credit)
    if is_refunded_by_hand(facts):
        draft.step("refund", StepState.NOT_NEEDED, BY_HAND)
        return True
    payments = read_payments(draft)
    if payments is None or not has_one_account(draft, payments):
        return False
    if not facts.taken("cash_refund"):
        body = credit_body(facts, source, credit) | book_cash_refund(facts, payments)
        draft.post(credit_due(facts, source, kind="cash_refund", target="cashRefund", body=body))
    draft.step("refund", StepState.DUE, "Cash Refund on its way to NetSuite")
    return False


def _within(payments: list[Payment], limit: Decimal) -> list[Payment]:
    """No more than was credited: what Loop paid beyond that is set right by hand."""
    kept: list[Payment] = []
    for payment in payments:
        amount = min(payment.amount, limit - add_up(one.amount for one in kept))
        if amount > 0:
            kept.append(replace(payment, amount=amount))
    return kept


def _less_noted(facts: ReturnFacts, memo: RecordFacts, payments: list[Payment]) -> list[Payment]:
    """A refund of others that a person noted, and for which the credit has no room beside ours, is part of a payment.

    Whether there is room is told by what the credit came to, not by what is open of it at the moment; and what stays
    open for the customer, or goes into the exchange, is no room.
    """
    noted = refunds_noted(facts, memo.internal_id)
    room = memo.total - value_kept(facts)
    over = add_up([*(one.amount for one in payments), *(one.amount for one in noted), -room])
    for refund in noted:
        found = candidates_for(refund, [_part(one) for one in payments])
        less = min(over, refund.amount)
        if less > 0 and len(found) == 1 and found[0].amount > less:
            over -= less
            payments = [replace(one, amount=one.amount - less) if _part(one) == found[0] else one for one in payments]
    return payments


def _paid_what_was_credited(draft: Draft, memo: RecordFacts) -> bool:
    facts = draft.facts
    owed = read_figures(facts).total
    if memo.total == owed or noted_beyond(facts, memo, expected=owed):
        return True
    if draft.problem(settled_differently(facts, memo, paid=owed)):
        draft.step("refund", StepState.BLOCKED, "Loop paid another amount than was credited")
        return False
    return True


def _find_too_little_open(facts: ReturnFacts, memo: RecordFacts, payments: list[Payment]) -> Problem | None:
    """Somebody may have applied part of it by hand, so that a refund no longer fits (E10).

    A payment of which somebody else refunded all or a part is looked for first: that refund is adopted, or a person
    says what it stands for. Where nothing is open the look finds what took it, unless a person said they book by hand.
    """
    taken, left_to_look = facts.taken_covers("customer_refund"), _seen_refunded(facts, memo, payments)
    open_ones = [one for one in payments if _cover(facts, one) not in taken and _part(one) not in left_to_look]
    due = max((one.amount for one in open_ones), default=ZERO)
    is_spent = not memo.amount_remaining and not _notes_of_open(facts, memo)
    if is_spent or due <= memo.amount_remaining:
        return None
    left_text, due_text = (money_text(amount, facts.currency) for amount in (memo.amount_remaining, due))
    return Problem(
        "record_differs",
        open_subject(memo),
        f"{memo.tran_id} has {left_text} open, and a refund of {due_text} is still to be booked on it. Undo what "
        "was applied by hand.",
        expected=due_text,
        found=left_text,
        amount=due - memo.amount_remaining,
    )


def is_open_as_noted(facts: ReturnFacts, memo: RecordFacts) -> bool:
    """Whether a person said of what is open of the credit that it is right, and that the refund is booked by hand.

    The note is about the amount that was open then. It holds as well for what lies between that and what should be
    open, since booking the refund by hand leads there; whatever is further off is asked about again.
    """
    should_be = left_open(facts)
    noted = _notes_of_open(facts, memo)
    return any(min(should_be, one) <= memo.amount_remaining <= max(should_be, one) for one in noted)


def _notes_of_open(facts: ReturnFacts, memo: RecordFacts) -> list[Decimal]:
    """How much was open of the credit each time a person noted that the refund is booked by hand."""
    prefix = f"record_differs {_open_prefix(memo)}"
    notes = (one.subject for one in facts.overrides if one.kind == "acknowledge")
    return [Decimal(subject.removeprefix(prefix)) for subject in notes if subject.startswith(prefix)]


def open_subject(memo: RecordFacts) -> str:
    """Of what is open of a credit, apart from what it comes to; the amount is in it."""
    return f"{_open_prefix(memo)}{memo.amount_remaining.normalize():f}"


def _open_prefix(memo: RecordFacts) -> str:
    return f"record:{memo.internal_id}:open:"


def _seen_refunded(facts: ReturnFacts, memo: RecordFacts, payments: list[Payment]) -> set[Part]:
    """Payments for which a refund of others is in the mirror: the look before the post says what it stands for."""
    parts = [_part(one) for one in payments]
    return {one for _, refund in refunds_by_others(facts, memo.internal_id) for one in candidates_for(refund, parts)}


def _part(payment: Payment) -> Part:
    return Part(payment.tender.account_id, payment.amount)


def _plan_each(draft: Draft, memo: RecordFacts, payments: list[Payment]) -> bool:
    facts = draft.facts
    posted, taken = facts.posted_covers("customer_refund"), facts.taken_covers("customer_refund")
    adopted = _adopted_covers(facts)
    for payment in payments:
        if _cover(facts, payment) not in taken:
            others = [_part(one) for one in payments if one is not payment and _cover(facts, one) not in adopted]
            draft.post(_refund_due(facts, memo, payment, others=others))
    refunds = [one for one in facts.postings if one.kind == "customer_refund" and one.status == "posted"]
    records = tuple(one.their_id for one in refunds)
    if any(is_gone(facts, one) and not is_given_up(facts, one) for one in refunds):
        draft.step("refund", StepState.BLOCKED, "a Customer Refund was deleted in NetSuite", records=records)
        return False
    if not all(_cover(facts, payment) in posted for payment in payments):
        draft.step("refund", StepState.DUE, "Customer Refund on its way to NetSuite", records=records)
        return False
    stands = any(not is_gone(facts, one) for one in refunds)
    draft.step(
        "refund", StepState.DONE if stands else StepState.NOT_NEEDED, _refund_words(facts, records), records=records
    )
    return True


def open_as_given_up(facts: ReturnFacts) -> Decimal:
    """What is open of the credit because its refund was deleted, and a person noted that it stays so."""
    return add_up(one.applied for one in given_up(facts, "customer_refund"))


def _adopted_covers(facts: ReturnFacts) -> frozenset[str]:
    """Payments whose refund is another's record: what was refused because of that record is new, and is tried again."""
    covers: set[str] = set()
    for one in facts.postings:
        record = facts.record(one.their_id) if one.kind == "customer_refund" and one.status == "posted" else None
        if record and not record.ours:
            covers |= one.covers
    return frozenset(covers)


def _refund_words(facts: ReturnFacts, records: tuple[str, ...]) -> str:
    """Names of those that stand, then how much of the others a person deleted."""
    names = [record.tran_id for one in records if (record := facts.record(one))]
    undone = open_as_given_up(facts)
    told = [", ".join(names)] if names else []
    told += [f"{money_text(undone, facts.currency)} {AS_NOTED}"] if undone else []
    return "; ".join(told) or "posted"


def _cover(facts: ReturnFacts, payment: Payment) -> str:
    return f"part:refund:{facts.loop.loop_id}:{payment.gateway}"


def _refund_due(facts: ReturnFacts, memo: RecordFacts, payment: Payment, *, others: list[Part]) -> PostingDue:
    """others: the other payments of the return, by which the look tells whose a refund of somebody else is."""
    row = {
        "doc": {"id": memo.internal_id},
        "line": facts.refund_apply_line,
        "apply": True,
        "amount": str(payment.amount),
    }
    body = {"customer": {"id": memo.entity_id}, "memo": memo_text(facts), "apply": {"items": [row]}}
    tran_date = facts.override("tran_date", "customer_refund", "all")
    return PostingDue(
        kind="customer_refund",
        system="netsuite",
        request={
            "operation": "create",
            "target_type": "customerRefund",
            "body": body | book_payments([payment]) | ({"tranDate": tran_date} if tran_date else {}),
        }
        | ({"beside": as_rows(others)} if others else {}),
        covers=frozenset({_cover(facts, payment)}),
        serial_key=f"{facts.account_id}:{memo.internal_id}",
    )

"""Chapter 9: close what will never come, then prove from what was read back that both sides are complete."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from returnsops.lib.money import ZERO, money_text
from returnsops.returns.facts import LineFacts, RecordFacts, ReturnFacts
from returnsops.returns.plan.authorization import ENDED, Authorization, left_by_others
from returnsops.returns.plan.comparing import is_left_to_hand
from returnsops.returns.plan.draft import Draft, PostingDue, StepState
from returnsops.returns.plan.figures import left_open, noted_beyond, read_figures, store_credit, value_kept
from returnsops.returns.plan.giving_up import is_money_given_up
from returnsops.returns.plan.refunding import is_open_as_noted, open_as_given_up, open_subject
from returnsops.returns.plan.tenders import is_refunded_by_hand
from returnsops.returns.plan.undone import AS_NOTED, is_gone
from returnsops.returns.plan.watching_refunds import compare_refunds, open_as_noted
from returnsops.returns.problems import Problem


def close_unaccepted_lines(draft: Draft, authorization: Authorization, *, credited: bool) -> bool:
    """Take units off the Return Authorization that were refused, missing or edited out, after the credit.

    Source: netsuite.md §4.5.
    """
    facts = draft.facts
    if facts.posted("rma_close"):
        draft.step("close_rma", StepState.DONE, "what did not come is taken off")
        return True
    rows = _rows_without(facts, authorization)
    if not rows:
        return True
    if not credited:
        draft.step("close_rma", StepState.WAITING, "waits for the credit")
        return False
    if not _are_receipts_read(facts):
        draft.step("close_rma", StepState.WAITING, "waits until the receipts are read back")
        return False
    if authorization.posting.is_theirs:
        return True  # whether it is done shows in the status of the authorization, at the end
    if not facts.taken("rma_close"):
        draft.post(_close_due(facts, authorization.record, rows))
    draft.step("close_rma", StepState.DUE, "on its way to NetSuite")
    return False


def _are_receipts_read(facts: ReturnFacts) -> bool:
    """Before, our copy of the authorization may not show yet what was received on it."""
    receipts = [one for one in facts.postings if one.kind == "receipt" and one.is_taken]
    return all(one.status == "posted" and (one.read_back or one.is_theirs) for one in receipts)


def close_whole_authorization(draft: Draft) -> bool:
    """Nothing more will come: close every line, but for what was received. Gives whether nothing is left open."""
    facts = draft.facts
    rma = facts.posted("rma")
    if not rma:
        return facts.taken("rma") is None and _expect_none_of_others(draft)
    if is_gone(facts, rma):
        draft.step("close_rma", StepState.NOT_NEEDED, "the Return Authorization was deleted")
        return True
    record = facts.record(rma.their_id)
    if record is None:
        draft.step("close_rma", StepState.WAITING, "the Return Authorization is being read back")
        return False
    rows = [] if record.status in ENDED else _rows_of_what_never_came(record)
    if not rows:
        draft.step("close_rma", StepState.DONE, record.tran_id, records=(record.internal_id,))
        return True
    if rma.is_theirs:
        return _expect_closing(draft, record)
    closed = facts.taken("rma_close")
    if closed and closed.status == "posted" and closed.read_back:
        return _opened_again(draft, record)
    if not closed:
        draft.post(_close_due(facts, record, rows))
    draft.step("close_rma", StepState.DUE, "on its way to NetSuite", records=(record.internal_id,))
    return False


def _expect_none_of_others(draft: Draft) -> bool:
    """ReturnsOps made none. Another system may have, before the return ended."""
    left = left_by_others(draft.facts)
    if not left:
        draft.step("close_rma", StepState.NOT_NEEDED, "no Return Authorization was made")
    closed = [_expect_closing(draft, record) for record in left]  # each of them told
    return all(closed)


def _expect_closing(draft: Draft, record: RecordFacts) -> bool:
    """By the system that made it."""
    loop = draft.facts.loop
    cause = f"{record.tran_id} is still open; Loop shows return {loop.loop_id} as {loop.state}."
    words = f"another system should close {record.tran_id}"
    return _expect_of_others(draft, "close_rma", _left_open(draft.facts, record, cause), record, words=words)


def expect_end_of_ours(draft: Draft, *, why: str) -> bool:
    """A person books the return by hand, perhaps after ReturnsOps made its authorization, or its credit: that must not
    be left half done. Gives whether nothing is left open."""
    is_closed = _expect_end_of_authorization(draft, why=why)
    return expect_end_of_credit(draft, may_be_open=store_credit(draft.facts), why=why) and is_closed


def _expect_end_of_authorization(draft: Draft, *, why: str) -> bool:
    facts = draft.facts
    rma = facts.taken("rma")
    if rma is None or rma.is_theirs or is_gone(facts, rma):
        return True
    record = facts.record(rma.their_id)
    if record is None:
        draft.step("close_rma", StepState.WAITING, "the Return Authorization is being read back")
        return False
    if record.status in ENDED:
        return True
    cause = f"{record.tran_id} of ReturnsOps is neither credited nor closed; {why}."
    problem = _left_open(facts, record, cause)
    return _expect_of_others(draft, "close_rma", problem, record, words=f"a person credits or closes {record.tran_id}")


def expect_end_of_credit(draft: Draft, *, may_be_open: Decimal, why: str) -> bool:
    """Nothing more is posted on a credit of ours, so a person uses what it has open, or says that it stays so.

    Gives whether no more is open than may be.
    """
    facts = draft.facts
    credit = facts.taken("credit")
    if credit is None or credit.is_theirs or is_gone(facts, credit):
        return True
    memo = facts.record(credit.their_id)
    if memo is None:
        draft.step("credit", StepState.WAITING, "the Credit Memo is being read back")
        return False
    may_be_open += open_as_given_up(facts)
    if memo.amount_remaining <= may_be_open or is_open_as_noted(facts, memo):
        return True
    left = money_text(memo.amount_remaining, facts.currency)
    cause = f"{memo.tran_id} of ReturnsOps has {left} open; {why}."
    problem = Problem("record_differs", open_subject(memo), cause, amount=memo.amount_remaining - may_be_open)
    return _expect_of_others(draft, "refund", problem, memo, words=f"a person uses {left} of {memo.tran_id}")


def _left_open(facts: ReturnFacts, rma: RecordFacts, cause: str) -> Problem:
    return Problem("rma_left_open", f"record:{rma.internal_id}", cause, amount=facts.loop.return_total)


def _expect_of_others(draft: Draft, step: str, problem: Problem, record: RecordFacts, *, words: str) -> bool:
    """Not ours to end: who made the record, or books in its place, does so once the return is over."""
    facts = draft.facts
    since, limit = facts.loop.missing_since or facts.loop.updated_at, facts.policy.deadlines.rma_closed
    late = draft.is_late(since, limit)
    if late and not draft.problem(problem):
        draft.step(step, StepState.NOT_NEEDED, "left open, as a person noted")
        return True
    due_at = draft.deadline(since, limit)
    state = StepState.BLOCKED if late else StepState.WAITING
    draft.step(step, state, words, due_at=due_at, records=(record.internal_id,))
    return False


def _opened_again(draft: Draft, record: RecordFacts) -> bool:
    """It was closed once; somebody opened its lines, and the return has ended all the same."""
    facts = draft.facts
    problem = Problem(
        "record_differs",
        f"record:{record.internal_id}",
        f"{record.tran_id} was closed and has open lines again; Loop shows the return as {facts.loop.state}.",
        amount=facts.loop.return_total,
    )
    stands = draft.problem(problem)
    state = StepState.BLOCKED if stands else StepState.DONE
    draft.step("close_rma", state, f"{record.tran_id} has open lines again", records=(record.internal_id,))
    return not stands


def _rows_of_what_never_came(rma: RecordFacts) -> list[dict[str, Any]]:
    """Closing a line that was received would disturb its credit (netsuite.md §4.5), so such a line is made shorter."""
    return [
        {"line": int(line.line), "quantity": line.received}
        if line.received
        else {"line": int(line.line), "isClosed": True}
        for line in rma.lines
        if not line.is_closed and line.received < line.quantity
    ]


def _rows_without(facts: ReturnFacts, authorization: Authorization) -> list[dict[str, Any]]:
    """What is on the authorization beyond the accepted units. No line gets shorter than what was received on it."""
    accepted = Counter(authorization.line_of[unit.unit].line for unit in facts.accepted_units)
    kept = {line.line: max(accepted[line.line], line.received) for line in authorization.record.lines}
    return [
        {"line": int(line.line), "quantity": kept[line.line]}
        if kept[line.line]
        else {"line": int(line.line), "isClosed": True}
        for line in authorization.record.lines
        if line.quantity > kept[line.line] and not line.is_closed
    ]


def _close_due(facts: ReturnFacts, rma: RecordFacts, rows: list[dict[str, Any]]) -> PostingDue:
    return PostingDue(
        kind="rma_close",
        system="netsuite",
        request={
            "operation": "update",
            "target_type": "returnAuthorization",
            "target_id": rma.internal_id,
            "body": {"item": {"items": rows}},
        },
        covers=frozenset({f"part:close:{facts.loop.loop_id}"}),
        serial_key=f"{facts.account_id}:{rma.internal_id}",
    )


def prove_complete(draft: Draft, authorization: Authorization | None) -> bool:
    """Done only when both systems say so: RMA refunded, credit applied (or open by plan), Loop closed.

    authorization: None where the goods are kept and none was needed.
    """
    facts = draft.facts
    gaps = [*_open_in_netsuite(facts, authorization), *_open_in_loop(facts)]
    if not gaps:
        applied = f"Customer Refund {AS_NOTED}" if open_as_given_up(facts) else "credit applied"
        in_books = [*(["RMA refunded"] if authorization else []), applied]
        words = ", ".join([*([AS_NOTED] if is_money_given_up(facts) else in_books), "Loop closed"])
        draft.step("proof", StepState.DONE, words)
        return True
    finished_at, limit = _last_word(facts)
    due_at = draft.deadline(finished_at, limit)
    late = draft.is_late(finished_at, limit)
    standing = [gap for gap in gaps if draft.problem(_gap_problem(facts, gap))] if late else gaps
    words = "; ".join(gap.words for gap in standing or gaps)
    if not standing:
        draft.step("proof", StepState.DONE, f"noted by a person: {words}")
        return True
    draft.step("proof", StepState.BLOCKED if late else StepState.WAITING, words, due_at=due_at)
    return False


@dataclass(frozen=True)
class Gap:
    """What one side does not show as done. key: tells it from the others of the return, whatever they are."""

    key: str
    words: str


def _gap_problem(facts: ReturnFacts, gap: Gap) -> Problem:
    """One for each, so that a note on one hides no other that comes later."""
    is_by_hand = is_left_to_hand(facts) or is_refunded_by_hand(facts)
    begin = "It is left to a person" if is_by_hand else "Everything was posted"
    return Problem(
        "record_differs",
        f"return:{facts.loop.loop_id}:{gap.key}",
        f"{begin}, but: {gap.words}.",
        amount=facts.loop.return_total,
    )


def _last_word(facts: ReturnFacts) -> tuple[datetime, timedelta]:
    """When the last of it was done, and how long both sides may take to show it; others take their time."""
    moments = [one.posted_at for one in facts.postings if one.posted_at]
    moments += [facts.loop.settled_at] if facts.loop.settled_at else []
    limits = [facts.policy.deadlines.read_back]
    if any(one.is_theirs for one in facts.postings):
        limits.append(facts.policy.deadlines.refund)
    return max(moments, default=facts.loop.updated_at), max(limits)


def _open_in_netsuite(facts: ReturnFacts, authorization: Authorization | None) -> list[Gap]:
    if is_money_given_up(facts):
        return []
    found = []
    rma = authorization.record if authorization else None
    if authorization and rma and rma.status not in ENDED and not _holds_goods_taken_out(facts):
        words = "; ".join([f"{rma.tran_id} is {rma.status_label or rma.status}", *_why_open(facts, authorization)])
        found.append(Gap("rma", words))
    credit = facts.posted("credit")
    memo = facts.record(credit.their_id) if credit else None
    if credit and memo is None:
        found.append(Gap("credit", "the Credit Memo is not read back"))
    if memo and not _is_open_as_planned(facts, memo) and not is_open_as_noted(facts, memo):
        left = memo.amount_remaining  # in the key, so that a note lapses when more of it, or less, is open
        found.append(Gap(f"open:{left.normalize():f}", f"{memo.tran_id} has {money_text(left, facts.currency)} open"))
    return found


def _why_open(facts: ReturnFacts, authorization: Authorization) -> list[str]:
    """What on it nobody receives or credits any more."""
    accepted = Counter(authorization.line_of[unit.unit].line for unit in facts.accepted_units)
    lines = authorization.record.lines
    unreceived = {line: line.quantity - line.received for line in lines if not line.is_closed}
    uncredited = {line: line.received - accepted[line.line] for line in lines}
    refused = ", ".join(f"{unit.sku} {unit.outcome}" for unit in facts.unaccepted_units)
    told = [
        (_items_in_words(unreceived), "on it not received"),
        (_items_in_words(uncredited), "received on it and not credited" + (f" ({refused})" if refused else "")),
    ]
    return [f"{items} {what}" for items, what in told if items]


def _items_in_words(counts: Mapping[LineFacts, int]) -> str:
    return ", ".join(f"{count} × {line.item_name}" for line, count in counts.items() if count > 0)


def _is_open_as_planned(facts: ReturnFacts, memo: RecordFacts) -> bool:
    """All of it, or what the customer left of their store credit, and a person of the exchange's value.

    What a deleted refund left open, or a total that a person let stand, they book by hand, or not. Where another system
    refunds, its refunds must be even with what Loop paid: else one too many may have taken it.
    """
    should_be, is_open = _should_be_open(facts, memo), memo.amount_remaining
    may_be = should_be + open_as_given_up(facts) + noted_beyond(facts, memo, expected=read_figures(facts).total)
    if should_be <= is_open <= may_be:
        return True
    is_even = facts.policy.writes("refund") or compare_refunds(facts, memo).left.is_even
    return is_even and max(should_be - value_kept(facts), ZERO) <= is_open < should_be


def _should_be_open(facts: ReturnFacts, memo: RecordFacts) -> Decimal:
    """By plan; where another system refunds, with exactly what a person noted of its refunds."""
    noted = ZERO if facts.policy.writes("refund") else open_as_noted(facts, memo)
    return left_open(facts) + noted


def _holds_goods_taken_out(facts: ReturnFacts) -> bool:
    """Received and not credited, on purpose: taken out of the return, or not accepted, and settled by a person.

    Only of goods that had come is there such a note."""
    if facts.is_acknowledged("received_unaccepted", f"return:{facts.loop.loop_id}"):
        return True
    out = [unit for unit in facts.units if unit.removed]
    return any(facts.is_acknowledged("removed_after_receipt", f"unit:{unit.unit}") for unit in out)


def _open_in_loop(facts: ReturnFacts) -> list[Gap]:
    return [] if facts.loop.state in ("closed", "cancelled") else [Gap("loop", f"Loop shows {facts.loop.state}")]

"""Chapter 5, continued: the Credit Memo of the agreed figure; its rows serve a Cash Refund as well."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from returnsops.lib.money import money_text
from returnsops.returns.facts import PostingFacts, RecordFacts, ReturnFacts
from returnsops.returns.plan.authorization import Authorization, memo_text
from returnsops.returns.plan.comparing import CREDIT_SUBJECT
from returnsops.returns.plan.draft import Draft, PostingDue, StepState
from returnsops.returns.plan.figures import beyond_subject, noted_beyond, total_subject
from returnsops.returns.plan.matching import Sale
from returnsops.returns.plan.money import Credit, allowed_difference
from returnsops.returns.plan.outbox_problems import read_back_step
from returnsops.returns.problems import Problem

FIXES = {"credit": "credit_fix", "cash_refund": "cash_refund_fix"}  # what corrects the cents of which


@dataclass(frozen=True)
class Source:
    """What a credit is made from: the Return Authorization, or for kept goods the bill, which nothing came back of.

    line_of: by the line of the sale, the source's own.
    """

    record_type: str
    internal_id: str
    line_of: Mapping[str, str]


def source_of(sale: Sale, authorization: Authorization) -> Source:
    lines = {sale.line_of[unit].line: line.line for unit, line in authorization.line_of.items()}
    return Source("returnAuthorization", authorization.record.internal_id, lines)


def plan_credit(draft: Draft, source: Source, credit: Credit) -> bool:
    """The Credit Memo of an invoiced order. Gives whether it is in NetSuite and comes to the figure agreed on."""
    facts = draft.facts
    posted = facts.posted("credit")
    if posted:
        return is_credit_right(draft, "credit", posted, credit)
    if not facts.taken("credit"):
        body = credit_body(facts, source, credit) | {"autoApply": False}
        draft.post(credit_due(facts, source, kind="credit", target="creditMemo", body=body))
    draft.step("credit", StepState.DUE, "on its way to NetSuite")
    return False


def is_credit_right(draft: Draft, step: str, posted: PostingFacts, credit: Credit) -> bool:
    """Does the posted document come to the figure agreed on? NetSuite computes tax by itself, and may differ by cents.

    Cents inside the tolerance get a line of their own on the document, before anybody is paid on the strength of it.
    """
    facts = draft.facts
    record = facts.record(posted.their_id)
    if record is None:
        read_back_step(draft, step, posted)
        return False
    kind = FIXES[posted.kind]
    rest, fix = credit.total - record.total, facts.posted(kind)
    if fix and not fix.read_back:
        draft.step(step, StepState.DUE, f"{record.tran_id}; its rounding is being read back")
        return False
    may_fix = fix is None and facts.policy.items.get("difference_rounding")
    if rest and may_fix and abs(rest) <= allowed_difference(facts, credit):
        if not facts.taken(kind):
            draft.post(_fix_due(facts, kind, posted, record, rest=rest))
        words = f"{record.tran_id}; {money_text(rest, facts.currency)} of rounding is being added"
        draft.step(step, StepState.DUE, words, records=(record.internal_id,))
        return False
    is_noted = bool(noted_beyond(facts, record, expected=credit.total))
    if rest and not is_noted and draft.problem(_wrong_total(facts, posted, record, credit)):
        draft.step(step, StepState.BLOCKED, f"{record.tran_id} has another total", records=(record.internal_id,))
        return False
    draft.step(step, StepState.DONE, record.tran_id, records=(record.internal_id,))
    return True


def _wrong_total(facts: ReturnFacts, posted: PostingFacts, record: RecordFacts, credit: Credit) -> Problem:
    """Booked before Loop settled it was right then, so Loop paid something else; booked after, NetSuite computed it."""
    settled_at, posted_at = facts.loop.settled_at, posted.posted_at
    if settled_at and posted_at and posted_at < settled_at:
        return settled_differently(facts, record, paid=credit.total)
    changed = f" It differs from what was sent: {'; '.join(posted.differences)}." if posted.differences else ""
    return Problem(
        "record_differs",
        total_subject(facts, record, expected=credit.total),
        f"{record.tran_id} comes to {money_text(record.total, facts.currency)} in NetSuite; "
        f"{money_text(credit.total, facts.currency)} was agreed on.{changed}",
        expected=money_text(credit.total, facts.currency),
        found=money_text(record.total, facts.currency),
        amount=abs(credit.total - record.total),
    )


def settled_differently(facts: ReturnFacts, record: RecordFacts, *, paid: Decimal) -> Problem:
    paid_text, credited_text = money_text(paid, facts.currency), money_text(record.total, facts.currency)
    return Problem(
        "settled_differently",
        beyond_subject(facts, paid),
        f"Loop settled {paid_text}; {record.tran_id} credits {credited_text}.",
        expected=credited_text,
        found=paid_text,
        amount=abs(paid - record.total),
    )


def _fix_due(facts: ReturnFacts, kind: str, posted: PostingFacts, record: RecordFacts, *, rest: Decimal) -> PostingDue:
    """It tells how many lines like it stand there already: if its answer is lost, they prove nothing."""
    item_id = facts.policy.items["difference_rounding"]
    row = {
        "item": {"id": item_id},
        "quantity": 1,
        "rate": str(rest),
        "amount": str(rest),
    }
    return PostingDue(
        kind=kind,
        system="netsuite",
        request={
            "operation": "update",
            "target_type": record.record_type,
            "target_id": record.internal_id,
            "source_id": posted.request["source_id"],
            "body": {"item": {"items": [row]}},
            "lines_like_it": sum(line.item_id == item_id and line.amount == rest for line in record.lines),
        },
        covers=frozenset({f"part:rounding:{facts.loop.loop_id}"}),
        serial_key=f"{facts.account_id}:{posted.request['source_id']}",
    )


def credit_body(facts: ReturnFacts, source: Source, credit: Credit) -> dict[str, Any]:
    """Rows of the accepted units, then a row of its own for the fee, the shipping and each difference."""
    rows: list[dict[str, Any]] = []
    for part in credit.lines:
        row: dict[str, Any] = {
            "orderLine": int(source.line_of[part.sale_line]),
            "item": {"id": part.item_id},
            "quantity": part.quantity,
        }
        rows.append(row if part.own_rate else row | {"amount": str(part.amount)})
    for key, amount in credit.extra_rows:
        rows.append(
            {
                "item": {"id": facts.policy.items[key]},
                "quantity": 1,
                "rate": str(amount),
                "amount": str(amount),
            }
        )
    body: dict[str, Any] = {"memo": memo_text(facts), "toBeEmailed": False, "item": {"items": rows}}
    tran_date = facts.override("tran_date", CREDIT_SUBJECT, "all")
    return body | ({"tranDate": tran_date} if tran_date else {})


def credit_due(facts: ReturnFacts, source: Source, *, kind: str, target: str, body: dict[str, Any]) -> PostingDue:
    return PostingDue(
        kind=kind,
        system="netsuite",
        request={
            "operation": "transform",
            "source_type": source.record_type,
            "source_id": source.internal_id,
            "target_type": target,
            "replace": ["item"],
            "body": body,
        },
        covers=frozenset(unit.cover for unit in facts.credited_units)
        or frozenset({f"part:credit:{facts.loop.loop_id}"}),
        serial_key=f"{facts.account_id}:{source.internal_id}",
    )

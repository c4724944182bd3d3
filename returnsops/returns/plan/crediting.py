"""Chapter 4: the amounts compared and approved, then the Credit Memo; the rows serve a Cash Refund as well."""

from decimal import Decimal
from typing import Any

from returnsops.lib.money import money_text
from returnsops.returns.facts import PostingFacts, RecordFacts, ReturnFacts
from returnsops.returns.plan.authorization import Authorization, memo_text
from returnsops.returns.plan.draft import Draft, PostingDue, StepState
from returnsops.returns.plan.money import Credit, allowed_difference, find_untold_amounts, propose_credit
from returnsops.returns.plan.outbox_problems import read_back_step
from returnsops.returns.plan.sale import Sale
from returnsops.returns.problems import Problem

CREDIT_SUBJECT = "credit"


def compare_amounts(draft: Draft, sale: Sale) -> Credit | None:
    """The credit to book, once its difference is inside tolerance or approved by a second person."""
    facts = draft.facts
    credit = propose_credit(facts, sale)
    words = (
        f"NetSuite {money_text(credit.netsuite_total, facts.currency)}, Loop {money_text(credit.total, facts.currency)}"
    )
    if facts.taken("credit") or facts.taken("cash_refund"):  # later figures are compared with what was booked
        draft.step("amount", StepState.DONE, "booked")
        return credit
    untold = find_untold_amounts(facts)
    if untold:
        draft.problem(_untold_problem(facts, untold))
        draft.step("amount", StepState.BLOCKED, "Loop did not tell every amount")
        return None
    if not _mappings_complete(draft, credit):
        draft.step("amount", StepState.BLOCKED, "a mapping is missing in the policy")
        return None
    if facts.is_approved(CREDIT_SUBJECT, credit.hash()):
        draft.step("amount", StepState.DONE, f"{words}; approved")
        return credit
    problem = _approval_problem(facts, credit)
    if problem:
        draft.problem(problem)
        waits = f"waits for approval: {_differs(facts, credit)}" if credit.difference else "waits for approval"
        draft.step("amount", StepState.BLOCKED, waits)
        return None
    draft.step("amount", StepState.DONE, words if credit.difference else f"equal: {words.split(',')[0][9:]}")
    return credit


def _untold_problem(facts: ReturnFacts, untold: tuple[str, ...]) -> Problem:
    return Problem(
        "amounts_untold",
        f"return:{facts.loop.loop_id}",
        f"Loop's answer about this return leaves out {', '.join(untold)}, so what is owed cannot be computed.",
        amount=facts.loop.return_total,
    )


def _approval_problem(facts: ReturnFacts, credit: Credit) -> Problem | None:
    limit = facts.policy.approval_above
    if credit.difference > allowed_difference(facts, credit):
        words = _differs(facts, credit)
        code, amount = "amount_differs", credit.difference
        cause = f"{words[0].upper()}{words[1:]}; more than the tolerance allows."
    elif limit is not None and credit.total > limit:
        code, amount = "approval_needed", credit.total
        cause = f"A credit of {money_text(amount, facts.currency)} is above {money_text(limit, facts.currency)}."
    else:
        return None
    return Problem(
        code,
        f"return:{facts.loop.loop_id}",
        cause,
        expected=f"Credit by NetSuite {money_text(credit.netsuite_total, facts.currency)}",
        found=f"Paid by Loop {money_text(credit.total, facts.currency)}",
        amount=amount,
        seen_hash=credit.hash(),
        detail=describe_credit(facts, credit),
    )


def describe_credit(facts: ReturnFacts, credit: Credit) -> tuple[tuple[str, str], ...]:
    """The proposed document, row by row, as an approver reads it."""
    rows = [(f"{line.quantity} × item {line.item_id}", line.amount) for line in credit.lines]
    rows += [("Tax, computed by NetSuite", credit.tax), ("Fee kept", -credit.fee)]
    rows += [("Exchange discount", -credit.exchange_discount)]
    rows += [(f"Difference line: {cause}", amount) for cause, amount in credit.differences]
    rows += [("Total", credit.total)]
    return tuple((label, money_text(amount, facts.currency)) for label, amount in rows if amount or label == "Total")


def _differs(facts: ReturnFacts, credit: Credit) -> str:
    causes = ", ".join(f"{money_text(amount, facts.currency)} {cause}" for cause, amount in credit.differences)
    return f"differs by {causes}"


def _mappings_complete(draft: Draft, credit: Credit) -> bool:
    items = draft.facts.policy.items
    needed = ["difference_rounding", *(f"difference_{cause}" for cause, _ in credit.differences)]
    needed += ["fee"] if credit.fee else []
    needed += ["exchange_discount"] if credit.exchange_discount else []
    missing = [key for key in needed if not items.get(key)]
    for key in missing:
        draft.problem(
            Problem(
                "mapping_missing",
                f"policy:items.{key}",
                f"The policy names no NetSuite item for «{key}».",
                amount=draft.facts.loop.return_total,
            )
        )
    return not missing


def plan_credit(draft: Draft, authorization: Authorization, credit: Credit) -> bool:
    """The Credit Memo of an invoiced order. Gives whether it is in NetSuite and comes to the figure agreed on."""
    facts = draft.facts
    posted = facts.posted("credit")
    if posted:
        return is_credit_right(draft, "credit", posted, credit)
    if not facts.policy.writes("credit"):
        draft.step("credit", StepState.WAITING, "written by another system; we watch")
        return False
    if not facts.taken("credit"):
        body = credit_body(facts, authorization, credit) | {"autoApply": False}
        draft.post(credit_due(facts, authorization, kind="credit", target="creditMemo", body=body))
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
    rest, fix = credit.total - record.total, facts.posted("credit_fix")
    if fix and not fix.read_back:
        draft.step(step, StepState.DUE, f"{record.tran_id}; its rounding is being read back")
        return False
    may_fix = fix is None and facts.policy.items.get("difference_rounding")
    if rest and may_fix and abs(rest) <= allowed_difference(facts, credit):
        if not facts.taken("credit_fix"):
            draft.post(_fix_due(facts, posted, record, rest))
        words = f"{record.tran_id}; {money_text(rest, facts.currency)} of rounding is being added"
        draft.step(step, StepState.DUE, words, records=(record.internal_id,))
        return False
    if rest and draft.problem(_wrong_total(facts, posted, record, credit)):
        draft.step(step, StepState.BLOCKED, f"{record.tran_id} has another total", records=(record.internal_id,))
        return False
    draft.step(step, StepState.DONE, record.tran_id, records=(record.internal_id,))
    return True


def _wrong_total(facts: ReturnFacts, posted: PostingFacts, record: RecordFacts, credit: Credit) -> Problem:
    """Booked before Loop settled it was right then, so Loop paid something else; booked after, NetSuite computed it."""
    settled_at, posted_at = facts.loop.settled_at, posted.posted_at
    if settled_at and posted_at and posted_at < settled_at:
        return settled_differently(facts, record, paid=credit.total)
    return Problem(
        "record_differs",
        f"record:{record.internal_id}",
        f"{record.tran_id} comes to {money_text(record.total, facts.currency)} in NetSuite; "
        f"{money_text(credit.total, facts.currency)} was agreed on.",
        expected=money_text(credit.total, facts.currency),
        found=money_text(record.total, facts.currency),
        amount=abs(credit.total - record.total),
    )


def settled_differently(facts: ReturnFacts, record: RecordFacts, *, paid: Decimal) -> Problem:
    paid_text, credited_text = money_text(paid, facts.currency), money_text(record.total, facts.currency)
    return Problem(
        "settled_differently",
        f"return:{facts.loop.loop_id}",
        f"Loop settled {paid_text}; {record.tran_id} credits {credited_text}.",
        expected=credited_text,
        found=paid_text,
        amount=abs(paid - record.total),
    )


def _fix_due(facts: ReturnFacts, posted: PostingFacts, record: RecordFacts, rest: Decimal) -> PostingDue:
    row = {
        "item": {"id": facts.policy.items["difference_rounding"]},
        "quantity": 1,
        "rate": str(rest),
        "amount": str(rest),
    }
    return PostingDue(
        kind="credit_fix",
        system="netsuite",
        request={
            "operation": "update",
            "target_type": record.record_type,
            "target_id": record.internal_id,
            "source_id": posted.request["source_id"],
            "body": {"item": {"items": [row]}},
        },
        covers=frozenset({f"part:rounding:{facts.loop.loop_id}"}),
        serial_key=f"{facts.account_id}:{posted.request['source_id']}",
    )


def credit_body(facts: ReturnFacts, authorization: Authorization, credit: Credit) -> dict[str, Any]:
    """Rows of the accepted units, then a row of its own for the fee, the exchange discount and each difference."""
    line_by_sale_line = {line.order_line or line.line: line for line in authorization.line_of.values()}
    rows: list[dict[str, Any]] = []
    for part in credit.lines:
        row: dict[str, Any] = {
            "orderLine": int(line_by_sale_line[part.sale_line].line),
            "item": {"id": part.item_id},
            "quantity": part.quantity,
        }
        rows.append(row if part.own_rate else row | {"amount": str(part.amount)})
    for key, amount in extra_rows(credit):
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


def extra_rows(credit: Credit) -> list[tuple[str, Decimal]]:
    rows = [("fee", -credit.fee), ("exchange_discount", -credit.exchange_discount)]
    rows += [(f"difference_{cause}", amount) for cause, amount in credit.differences]
    return [(key, amount) for key, amount in rows if amount]


def credit_due(
    facts: ReturnFacts, authorization: Authorization, *, kind: str, target: str, body: dict[str, Any]
) -> PostingDue:
    rma_id = authorization.record.internal_id
    return PostingDue(
        kind=kind,
        system="netsuite",
        request={
            "operation": "transform",
            "source_type": "returnAuthorization",
            "source_id": rma_id,
            "target_type": target,
            "replace": ["item"],
            "body": body,
        },
        covers=frozenset(unit.cover for unit in facts.accepted_units),
        serial_key=f"{facts.account_id}:{rma_id}",
    )

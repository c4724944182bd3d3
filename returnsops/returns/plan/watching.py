"""The credit where another system books it: awaited, then compared with what Loop pays. Nothing is posted here."""

from returnsops.lib.money import ZERO, money_text
from returnsops.returns.facts import RecordFacts, ReturnFacts
from returnsops.returns.plan.comparing import speaks_one_currency
from returnsops.returns.plan.draft import Draft, StepState
from returnsops.returns.plan.expecting import expect_record, goods_came_at
from returnsops.returns.plan.figures import find_untold_amounts, total_subject
from returnsops.returns.plan.matching import Sale
from returnsops.returns.plan.money import Credit, allowed_difference, propose_credit
from returnsops.returns.plan.settling import loop_goes_first
from returnsops.returns.problems import Problem

NAMES = {"credit": "Credit Memo", "refund": "Cash Refund"}


def is_money_ours(facts: ReturnFacts, sale: Sale) -> bool:
    """Whether ReturnsOps books the credit: of a cash sale, credit and refund are one document."""
    return facts.policy.writes("refund" if sale.is_cash_sale else "credit")


def foresee_credit(draft: Draft, sale: Sale) -> Credit | None:
    """What the other system's credit should come to; None where Loop's figures do not tell."""
    facts = draft.facts
    untold = find_untold_amounts(facts)
    if untold or not speaks_one_currency(facts, sale):
        words = f"Loop leaves out {', '.join(untold)}" if untold else "NetSuite and Loop speak of different currencies"
        draft.step("amount", StepState.NOT_NEEDED, f"cannot be compared: {words}")
        return None
    credit = propose_credit(facts, sale)
    draft.step("amount", StepState.DONE, f"Loop's figures come to {money_text(credit.total, facts.currency)}")
    return credit


def watch_credit(draft: Draft, sale: Sale, credit: Credit | None) -> bool:
    """Gives whether another system has credited what Loop pays. A cash sale has a Cash Refund in its place."""
    facts = draft.facts
    kind, step = ("cash_refund", "refund") if sale.is_cash_sale else ("credit", "credit")
    posted = facts.posted(kind)
    record = facts.record(posted.their_id) if posted else None
    if record is None:
        return _expect_credit(draft, sale, step, credit)
    if credit and _differs(draft, step, record, credit):
        draft.step(step, StepState.BLOCKED, f"{record.tran_id} has another total", records=(record.internal_id,))
        return False
    draft.step(step, StepState.DONE, f"{record.tran_id} of another system", records=(record.internal_id,))
    return True


def _expect_credit(draft: Draft, sale: Sale, step: str, credit: Credit | None) -> bool:
    """Under `loop_first`, and for a cash sale, it follows what Loop paid."""
    facts = draft.facts
    waits_for_loop = loop_goes_first(facts) or (sale.is_cash_sale and facts.loop.settled_at is None)
    moments = [one for one in (goods_came_at(facts), facts.loop.settled_at) if one]
    total = money_text(credit.total, facts.currency) if credit else "what was accepted"
    deadlines = facts.policy.deadlines
    return expect_record(
        draft,
        step,
        since=None if waits_for_loop else max(moments, default=facts.loop.updated_at),
        limit=deadlines.refund if sale.is_cash_sale else deadlines.credit,
        wanted=total,
        amount=credit.total if credit else ZERO,
    )


def _differs(draft: Draft, step: str, record: RecordFacts, credit: Credit) -> bool:
    """Beyond the tolerance within which nobody is asked either when ReturnsOps credits."""
    facts = draft.facts
    gap = abs(record.total - credit.total)
    if gap <= allowed_difference(facts, credit):
        return False
    theirs, expected = money_text(record.total, facts.currency), money_text(credit.total, facts.currency)
    return draft.problem(
        Problem(
            "credit_differs",
            total_subject(facts, record, expected=credit.total),
            f"{NAMES[step]} {record.tran_id} of another system comes to {theirs}; Loop's figures come to {expected}.",
            expected=expected,
            found=theirs,
            amount=gap,
        )
    )

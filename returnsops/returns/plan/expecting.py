"""Records that another system makes, by policy, are expected: each with its deadline, so that silence is noticed (Z24).

All returns that miss the same kind of record share one case: as a rule their connector stands still.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from returnsops.lib.money import ZERO
from returnsops.returns.facts import ReturnFacts
from returnsops.returns.plan.draft import Draft, StepState
from returnsops.returns.problems import Problem

CODES = {"rma": "rma_missing", "receipt": "receipt_missing", "credit": "credit_missing", "refund": "refund_missing"}
NAMES = {"rma": "Return Authorization", "receipt": "Item Receipt", "credit": "Credit Memo", "refund": "refund"}


def expect_record(
    draft: Draft,
    kind: str,
    *,
    since: datetime | None,
    limit: timedelta,
    wanted: str,
    amount: Decimal = ZERO,
    subject: str = "",
) -> bool:
    """Write the step of a record that another system should make. Gives whether a person noted that it need not.

    kind: as in the policy; its step has the same code. since: when its clock began; None: not yet. wanted: what it
    should hold, as in «a refund of 20.00 USD». subject: where only a part of it is missing, which is no standstill.
    """
    if since is None:
        draft.step(kind, StepState.WAITING, "another system makes it, in its time")
        return False
    due_at, late = draft.deadline(since, limit), draft.is_late(since, limit)
    if not late:
        draft.step(kind, StepState.WAITING, "another system should make it", due_at=due_at)
        return False
    problem = _missing(draft.facts, kind, due_at=due_at, wanted=wanted, amount=amount)
    if not draft.problem(replace(problem, subject=subject or problem.subject)):
        draft.step(kind, StepState.NOT_NEEDED, "done without it, as a person noted")
        return True
    draft.step(kind, StepState.BLOCKED, "another system has not made it", due_at=due_at)
    return False


def _missing(facts: ReturnFacts, kind: str, *, due_at: datetime, wanted: str, amount: Decimal) -> Problem:
    return Problem(
        CODES[kind],
        missing_subject(kind),
        f"No {NAMES[kind]} of {wanted} for return {facts.loop.loop_id} in NetSuite: another system should have made it "
        f"by {due_at:%d %b %Y %H:%M} UTC.",
        amount=amount or facts.loop.return_total,
    )


def goods_came_at(facts: ReturnFacts) -> datetime | None:
    """When the warehouse had them judged; where another system took them in, when they came as far as we know."""
    judged = [unit.inspected_at for unit in facts.live_units if unit.inspected_at]
    if judged:
        return max(judged)
    return facts.arrived_at or facts.loop.delivered_at or (facts.loop.updated_at if facts.all_judged else None)


def is_noted_as_missing(facts: ReturnFacts, kind: str) -> bool:
    """A person said that nothing more is needed of it here."""
    return facts.is_acknowledged(CODES[kind], missing_subject(kind))


def missing_subject(kind: str) -> str:
    return f"policy:ownership.{kind}"

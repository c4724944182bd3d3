"""Chapter 5, where the order was returned from: it has to be billed before it is credited.

A credit without a bill would stand alone in the books: the goods given back were never sold there. And only the bill
tells which document credits them, a Credit Memo or a Cash Refund (netsuite.md §4.4).
"""

from returnsops.returns.facts import ReturnFacts
from returnsops.returns.plan.draft import Draft, StepState
from returnsops.returns.plan.matching import Sale, is_billed
from returnsops.returns.plan.sources import name_of
from returnsops.returns.problems import Problem


def may_be_credited(draft: Draft, sale: Sale) -> bool:
    """Whether the units are billed; else a step that waits, and later a problem. Noted, it is credited all the same."""
    facts = draft.facts
    if is_billed(facts, sale):
        return True
    since = max((unit.inspected_at for unit in facts.units if unit.inspected_at), default=facts.loop.updated_at)
    limit = facts.policy.deadlines.bill
    due_at, late = draft.deadline(since, limit), draft.is_late(since, limit)
    if late and not draft.problem(_unbilled_problem(facts, sale)):
        return True
    words = f"waits for the bill of {name_of(sale.record)}"
    draft.step("credit", StepState.BLOCKED if late else StepState.WAITING, words, due_at=due_at)
    return False


def _unbilled_problem(facts: ReturnFacts, sale: Sale) -> Problem:
    names = " and ".join(name_of(bill) for bill in sale.bills)
    how = f"is billed in part only, on {names}" if names else "is not billed"
    return Problem(
        "order_unbilled",
        f"record:{sale.record.internal_id}",
        f"{name_of(sale.record)} was returned from and {how}, so the units cannot be credited.",
        amount=facts.loop.return_total,
    )

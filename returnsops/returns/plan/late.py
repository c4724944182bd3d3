"""Units that turn up after the money was settled without them, such as a second parcel (C16)."""

from dataclasses import replace

from returnsops.returns.facts import ReturnFacts, UnitFacts
from returnsops.returns.plan.draft import Draft
from returnsops.returns.problems import Problem


def find_late_units(facts: ReturnFacts) -> list[UnitFacts]:
    """Accepted, and neither received nor in the credit. Those taken out in Loop are the receiving chapter's."""
    credited = facts.taken_covers("credit") | facts.taken_covers("cash_refund")
    received = facts.taken_covers("receipt")
    return [
        unit for unit in facts.accepted_units if credited and unit.cover not in credited and unit.cover not in received
    ]


def leave_out_late(facts: ReturnFacts) -> ReturnFacts:
    """The same facts, in which late units are missing as they were when the books were made."""
    late = {unit.unit for unit in find_late_units(facts)}
    if not late:
        return facts
    return replace(
        facts, units=tuple(replace(one, outcome="missing") if one.unit in late else one for one in facts.units)
    )


def note_late_units(draft: Draft, late: list[UnitFacts]) -> None:
    for unit in late:
        words = f"{unit.title or unit.sku} was accepted by the warehouse after the return had been settled without it."
        draft.problem(Problem("late_unit", f"unit:{unit.unit}", words, amount=unit.worth + unit.tax))

"""Units that turn up after the money was settled without them, such as a second parcel (C16); or after they were paid
for as goods that the customer keeps."""

from dataclasses import replace

from returnsops.returns.facts import ReturnFacts, UnitFacts
from returnsops.returns.plan.draft import Draft
from returnsops.returns.plan.figures import is_paid_for_nothing
from returnsops.returns.problems import Problem


def find_late_units(facts: ReturnFacts) -> list[UnitFacts]:
    """Accepted, and neither received nor in the credit. Those taken out in Loop are the receiving chapter's."""
    credited, received = _credited_covers(facts), facts.taken_covers("receipt")
    late = [unit for unit in facts.accepted_units if unit.cover not in credited | received]
    return late if credited or _is_got_back(facts, late) else []


def find_kept_units_that_came(facts: ReturnFacts) -> list[UnitFacts]:
    """Judged, and in the credit as what the customer keeps, so on no receipt."""
    credited, received = _credited_covers(facts), facts.taken_covers("receipt")
    return [
        unit
        for unit in facts.live_units
        if unit.outcome and unit.cover in credited - received and _was_kept(facts, unit)
    ]


def leave_out_late(facts: ReturnFacts) -> ReturnFacts:
    """The same facts, in which late units are missing, and kept ones with the customer, as when the books were made."""
    left = {unit.unit: "missing" for unit in find_late_units(facts)}
    left |= {unit.unit: "" for unit in find_kept_units_that_came(facts)}
    if not left:
        return facts
    return replace(
        facts, units=tuple(replace(one, outcome=left[one.unit]) if one.unit in left else one for one in facts.units)
    )


def note_late_units(draft: Draft, facts: ReturnFacts) -> None:
    """facts: with the late units in them. A kept one that was not accepted goes back to the customer."""
    for unit in find_late_units(facts):
        words = f"{_name(unit)} was accepted by the warehouse after the return had been settled without it."
        draft.problem(Problem("late_unit", f"unit:{unit.unit}", words, amount=unit.worth + unit.tax))
    for unit in find_kept_units_that_came(facts):
        if unit.is_accepted:
            words = f"{_name(unit)} was paid for as kept by the customer, and came back after all: {unit.outcome}."
            draft.problem(Problem("kept_unit_came", f"unit:{unit.unit}", words, amount=unit.worth + unit.tax))


def _credited_covers(facts: ReturnFacts) -> frozenset[str]:
    return facts.taken_covers("credit") | facts.taken_covers("cash_refund")


def _was_kept(facts: ReturnFacts, unit: UnitFacts) -> bool:
    return unit.is_kept or facts.is_noted_as_kept


def _is_got_back(facts: ReturnFacts, late: list[UnitFacts]) -> bool:
    """A person noted that they recover all that Loop paid, since nothing had been accepted: no credit will be made."""
    noted = f"loop_paid_more return:{facts.loop.loop_id}:"
    is_noted = any(one.kind == "acknowledge" and one.subject.startswith(noted) for one in facts.overrides)
    missing = {unit.unit for unit in late}
    units = tuple(replace(one, outcome="missing") if one.unit in missing else one for one in facts.units)
    before = replace(facts, units=units)
    return is_noted and not before.credited_units and not is_paid_for_nothing(before)


def _name(unit: UnitFacts) -> str:
    return unit.title or unit.sku

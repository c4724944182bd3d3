"""A part of two chapters: kits, sold as one item and kept in stock as what they are made of (netsuite.md §4.2).

What comes back may be a part alone: an authorization takes a kit's line back as a whole, so a person books the part.
"""

from returnsops.lib.money import add_up
from returnsops.lib.words import count_words
from returnsops.returns.facts import KitFacts, LineFacts, RecordFacts, ReturnFacts, UnitFacts
from returnsops.returns.plan.draft import Draft, StepState
from returnsops.returns.plan.matching import chosen_line
from returnsops.returns.problems import Problem

CODE = "kit_part_returned"


def stock_in(facts: ReturnFacts, item_id: str, count: int) -> dict[str, int] | None:
    """By item what NetSuite keeps in stock of so many; None: it is a kit, and nobody told what lies in it."""
    kit = facts.kit(item_id)
    if kit is None:
        return {item_id: count}
    if not kit.members:
        return None
    return {one.item_id: one.quantity * count for one in kit.members if one.keeps_stock}


def is_received_by_hand(facts: ReturnFacts, item_id: str) -> bool:
    """A kit's row of a receipt takes no status for its members: NetSuite gives them its default, which is sellable."""
    return facts.policy.names_statuses and facts.kit(item_id) is not None


def find_parts(facts: ReturnFacts, bill: RecordFacts) -> dict[str, KitFacts]:
    """By unit the kit on the bill that holds it, where it was not sold there by itself and nobody chose a line."""
    found = {}
    for unit in facts.live_units:
        lines = [line for line in bill.lines if _may_be_of(unit, line)]
        kits = [kit for line in lines if (kit := facts.kit(line.item_id)) and kit.holds(unit.item_id)]
        if kits and chosen_line(facts, unit) is None and all(line.item_id != unit.item_id for line in lines):
            found[unit.unit] = kits[0]
    return found


def _may_be_of(unit: UnitFacts, line: LineFacts) -> bool:
    return not (line.reference and unit.provider_line) or line.reference == unit.provider_line


def leave_parts_to_hand(draft: Draft, parts: dict[str, KitFacts], *, sold_on: str) -> None:
    """Nothing is posted for such a return, so a person books all its units, and notes that it is done.

    Going on with the other units alone is no way: Loop settles all units of a return in one call, so it would pay for
    the part as well, beyond what was approved and perhaps before anybody saw it.

    sold_on: name of the bill.
    """
    facts = draft.facts
    units = [unit for unit in facts.live_units if unit.unit in parts]
    told = [f"{unit.title or unit.sku} is part of kit {_told(parts[unit.unit])}" for unit in units]
    words = f"{'; '.join(told)}. {sold_on} sold the kit as one item, and a part of it came back."
    others = len(facts.live_units) - len(units)
    if others:
        words += f" What else is on the return, {count_words(others, 'unit')}, is booked by hand with it."
    amount = add_up(unit.worth + unit.tax for unit in facts.live_units)
    draft.problem(Problem(CODE, f"return:{facts.loop.loop_id}", words, amount=amount))
    draft.step("sale", StepState.BLOCKED, "a part of a kit came back")


def _told(kit: KitFacts) -> str:
    return f"{kit.sku} ({kit.words})"

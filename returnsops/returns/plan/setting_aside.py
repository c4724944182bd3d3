"""A part of chapter 1: a part of a kit that comes back beside other units is left to a person, and nothing else is.

NetSuite takes a kit's line back as a whole (netsuite.md §4.2), so no document of ours can hold the part. Loop settles
it with the others, though. So it stays in the parcel and in what Loop is asked, and its own amounts are taken off
Loop's figures before the books look at them: credit and refund then stand for the other units alone, and a case names
the rest. That is done only where Loop's lines tell to the cent what is the part's; else the whole return is left to a
person (`kits.py`).
"""

from dataclasses import replace
from decimal import Decimal

from returnsops.lib.money import ZERO, add_up, money_text
from returnsops.returns.facts import KitFacts, LoopFacts, RecordFacts, RefundFacts, ReturnFacts, UnitFacts
from returnsops.returns.plan.draft import Draft
from returnsops.returns.plan.kits import find_parts, told_of
from returnsops.returns.plan.matching import match_units
from returnsops.returns.plan.sources import find_sources, name_of
from returnsops.returns.problems import Problem

WRITTEN = ("rma", "receipt", "credit", "refund")
Parts = dict[str, KitFacts]  # by unit


def set_aside_parts(facts: ReturnFacts) -> ReturnFacts:
    """The same facts, in which parts of kits are left to a person, and Loop's figures are those of the other units."""
    parts, sold_on = _find_lone_parts(facts)
    if not parts or why_all_by_hand(facts, parts):
        return facts
    why = {unit: f"is part of kit {told_of(kit)}. {sold_on} sold the kit as one item" for unit, kit in parts.items()}
    units = tuple(replace(unit, by_hand=why.get(unit.unit, "")) for unit in facts.units)
    return replace(facts, units=units, loop=_without(facts, [unit for unit in units if unit.by_hand]))


def note_parts_set_aside(draft: Draft) -> None:
    """Not where the warehouse did not accept it, unless Loop paid for it all the same."""
    facts = draft.facts
    for unit in facts.units_by_hand:
        if not unit.outcome or unit.is_accepted or facts.loop.settled_at:
            draft.problem(_problem_of(facts, unit))


def _problem_of(facts: ReturnFacts, unit: UnitFacts) -> Problem:
    refund = money_text(unit.refund, facts.currency)
    money = f"Loop paid {refund} for it" if facts.loop.settled_at else f"Loop is to pay {refund} for it"
    return Problem(
        "kit_part_by_hand",
        f"unit:{unit.unit}",
        f"{unit.title or unit.sku} {unit.by_hand}, and a part of it came back. {money}, which is in no document of "
        "ReturnsOps; the other units go on.",
        amount=unit.worth + unit.tax,
    )


def _find_lone_parts(facts: ReturnFacts) -> tuple[Parts, str]:
    """The units that are parts of a kit, and the name of what sold it; none if several documents may have."""
    if not facts.kits or not facts.records_read or facts.is_kept:
        return {}, ""
    found = [(parts, name_of(one)) for one in find_sources(Draft(facts)) if (parts := _parts_on(facts, one))]
    return found[0] if len(found) == 1 else ({}, "")


def why_all_by_hand(facts: ReturnFacts, parts: Parts) -> str:
    """Why the other units cannot go on without these, as the end of a sentence; empty: they can."""
    authorized = facts.taken_covers("rma")
    if all(unit.unit in parts for unit in facts.parcel_units):
        return "nothing else comes back"
    if any(unit.cover in authorized for unit in facts.parcel_units if unit.unit in parts):
        return "a Return Authorization holds it"
    if authorized:
        return ""  # it went on without them already, whatever Loop tells since
    return _why_inseparable(facts)


def _why_inseparable(facts: ReturnFacts) -> str:
    loop, units = facts.loop, facts.parcel_units
    if facts.exchanges or loop.exchange_credit or loop.gift_card or loop.upsell:
        return "new goods or store credit are paid with all units together"
    if loop.refund_shipping or loop.refund_shipping_tax or loop.refund_duties:
        return "shipping or duties are given back for all units together"
    if loop.untold or loop.refund != add_up(unit.refund for unit in units) or loop.fee != _fee_of(units):
        return "Loop's lines do not tell what falls on each unit"
    if not all(facts.policy.writes(kind) for kind in WRITTEN):
        return "another system writes a part of its documents"
    return "" if len(find_sources(Draft(facts))) == 1 else "several documents may have sold it"


def _parts_on(facts: ReturnFacts, record: RecordFacts) -> Parts:
    """Not what was sold there by itself as well, under whichever line."""
    line_of = match_units(facts, record).line_of
    item_of = {unit.unit: unit.item_id for unit in facts.live_units}
    parts = find_parts(facts, record)
    return {unit: kit for unit, kit in parts.items() if unit not in line_of or line_of[unit].item_id != item_of[unit]}


def _without(facts: ReturnFacts, units: list[UnitFacts]) -> LoopFacts:
    """Through which gateway Loop paid these is told nowhere: they are taken off the largest payment first."""
    loop = facts.loop
    refund = min(add_up(unit.refund for unit in units), loop.refund)
    return replace(
        loop,
        refund=loop.refund - refund,
        fee=max(loop.fee - _fee_of(units), ZERO),
        return_total=max(loop.return_total - add_up(unit.worth + unit.tax for unit in units), ZERO),
        refunds=_less(loop.refunds, refund, currency=facts.currency),
    )


def _less(refunds: tuple[RefundFacts, ...], amount: Decimal, *, currency: str) -> tuple[RefundFacts, ...]:
    left = [one.amount for one in refunds]
    for place, one in sorted(enumerate(refunds), key=lambda pair: (-pair[1].amount, pair[1].gateway)):
        less = min(one.amount, amount) if one.currency in ("", currency) else ZERO
        left[place], amount = one.amount - less, amount - less
    return tuple(replace(one, amount=rest) for one, rest in zip(refunds, left, strict=True))


def _fee_of(units: tuple[UnitFacts, ...] | list[UnitFacts]) -> Decimal:
    return add_up(unit.worth + unit.tax - unit.refund for unit in units)

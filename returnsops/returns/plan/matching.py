"""Chapter 1, its units: which line of the sale each of them was sold on, with what siblings took left alone."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from returnsops.returns.facts import LineFacts, RecordFacts, ReturnFacts, UnitFacts
from returnsops.returns.plan.sources import BILLED, bills_of, count_billed, is_own, line_on


@dataclass(frozen=True)
class Sale:
    """The document that the units are returned from, and per unit the line of it that it was sold on.

    bills: what these units were billed on; the record itself, unless that is the order. booked_as: the kind of posting
    that credited them; what is billed later does not change it.
    """

    record: RecordFacts
    line_of: dict[str, LineFacts]
    bills: tuple[RecordFacts, ...] = ()
    booked_as: str = ""

    @property
    def is_cash_sale(self) -> bool:
        if self.booked_as:
            return self.booked_as == "cash_refund"
        return any(bill.record_type == "cashSale" for bill in self.bills)


def match_units(facts: ReturnFacts, source: RecordFacts) -> Sale:
    """Give each unit a line: a person's choice, else the shop's line id, else the item with units left.

    No line is given more units than were sold on it, sibling returns included. What this return has authorised already
    is its own, whatever they claim: one that is over is not read again, so what it knows of them may be out of date.
    """
    sold = Counter({line.line: line.quantity for line in source.lines})
    left = (sold - claimed_by_siblings(facts, source)) | (_authorised(facts, source) & sold)
    line_of: dict[str, LineFacts] = {}
    for unit in facts.live_units:
        line = next((one for one in _lines_for(facts, unit, source) if left[one.line] > 0), None)
        if line:
            left[line.line] -= 1
            line_of[unit.unit] = line
    booked_as = next((kind for kind in ("credit", "cash_refund") if facts.taken(kind)), "")
    return Sale(source, line_of, bills_of(facts, source, line_of.values()), booked_as)


def is_billed(facts: ReturnFacts, sale: Sale) -> bool:
    """Whether every unit to be credited was billed. Of an order some lines may be, and others not yet."""
    if sale.record.record_type in BILLED or sale.booked_as:
        return True
    sold = Counter(sale.line_of[unit.unit].line for unit in facts.credited_units)
    claimed = claimed_by_siblings(facts, sale.record)
    billed = count_billed(sale.record, sale.bills)
    return all(sold[line] + claimed[line] <= billed[line] for line in sold)


# --- Which line ------------------------------------------------------------------------------------


def chosen_line(facts: ReturnFacts, unit: UnitFacts) -> tuple[str, str] | None:
    """The line that a person chose for the unit: id of its bill (empty: whichever) and number of the line."""
    chosen = facts.override("order_line", unit.unit)
    if not chosen:
        return None
    bill, _, line = chosen.rpartition(":")
    return bill, line


def _lines_for(facts: ReturnFacts, unit: UnitFacts, source: RecordFacts) -> list[LineFacts]:
    """The lines that the unit may have been sold on, the likeliest first."""
    chosen = chosen_line(facts, unit)
    if chosen:
        record_id, number = chosen
        own = line_on(facts, source, line=number, of_id=record_id) if record_id else number
        return [line for line in source.lines if line.line == own]
    lines = sorted((one for one in source.lines if belongs(unit, one)), key=lambda one: _fit(unit, one), reverse=True)
    return [] if is_a_guess(unit, lines) else lines


def belongs(unit: UnitFacts, line: LineFacts) -> bool:
    if line.reference and unit.provider_line:
        return line.reference == unit.provider_line
    return line.item_id == unit.item_id


def is_a_guess(unit: UnitFacts, lines: list[LineFacts]) -> bool:
    """The item stands on several lines at several prices, nothing names the line, and no price is the unit's."""
    by_item = [line for line in lines if not (line.reference and unit.provider_line)]
    prices = {line.rate for line in by_item}
    return len(by_item) == len(lines) and len(prices) > 1 and unit.worth not in prices


def _fit(unit: UnitFacts, line: LineFacts) -> tuple[bool, bool]:
    return (line.item_id == unit.item_id, line.rate == unit.worth)


# --- What siblings took ----------------------------------------------------------------------------


def claimed_by_siblings(facts: ReturnFacts, source: RecordFacts) -> Counter[str]:
    """Units of each line of the source that other returns have taken, or are about to take, from it or its kin.

    What was taken from the order is missing on its bill as well, and the other way round.
    """
    return _count_on(facts, source, _claims(facts))


Taken = tuple[str, str, int]  # document, line of it, units


def _count_on(facts: ReturnFacts, source: RecordFacts, taken: Iterable[Taken]) -> Counter[str]:
    """By line of the source."""
    counts: Counter[str] = Counter()
    for of_id, line, quantity in taken:
        own = line_on(facts, source, line=line, of_id=of_id)
        if own:
            counts[own] += quantity
    return counts


def _claims(facts: ReturnFacts) -> Iterator[Taken]:
    """An authorization that another system made may be for this very return. It takes units only once a person has said
    otherwise."""
    for claim in facts.claims:
        yield claim.source_id, claim.line, claim.quantity
    for rma in facts.records_of("returnAuthorization"):
        counts = rma.ours or facts.is_acknowledged("foreign_record", f"record:{rma.internal_id}")
        if counts and not is_own(facts, rma):
            yield from _taken_by(rma)


def _authorised(facts: ReturnFacts, source: RecordFacts) -> Counter[str]:
    """By the authorization of this very return, as NetSuite shows it."""
    posted = facts.posted("rma")
    rma = facts.record(posted.their_id) if posted else None
    return _count_on(facts, source, _taken_by(rma)) if rma else Counter()


def _taken_by(rma: RecordFacts) -> Iterator[Taken]:
    for line in rma.lines:
        yield rma.created_from_id, line.order_line, max(line.received, 0 if line.is_closed else line.quantity)

"""What a person deleted and noted leaves to them: goods that no receipt holds any more, and then the money."""

from collections import Counter

from returnsops.returns.facts import LineFacts, RecordFacts, ReturnFacts, UnitFacts
from returnsops.returns.plan.holding import held_by_receipts
from returnsops.returns.plan.matching import match_units
from returnsops.returns.plan.undone import given_up


def is_money_given_up(facts: ReturnFacts) -> bool:
    """What the money hangs on stays undone, so the rest of the books is that person's; goods only before a credit."""
    if given_up(facts, "credit", "cash_refund"):
        return True
    return are_goods_given_up(facts) and not (facts.taken("credit") or facts.taken("cash_refund"))


def are_goods_given_up(facts: ReturnFacts) -> bool:
    """An accepted unit's receipt stays deleted, and nobody received it in its place on its line of the authorization.

    Where its line is not to be told, nobody can show that it was received.
    """
    covers = {cover for one in given_up(facts, "receipt") for cover in one.covers}
    units = [unit for unit in facts.accepted_units if unit.cover in covers]
    posted = facts.posted("rma")
    rma = facts.record(posted.their_id) if posted else None
    if not units or rma is None:
        return bool(units)
    line_of = {unit.unit: _line_of(facts, unit, rma) for unit in units}
    wanted, held = Counter(line_of.values()), held_by_receipts(facts)
    received = {line.line: line.received for line in rma.lines}
    return any(not line or received[line] < held[line] + count for line, count in wanted.items())


def _line_of(facts: ReturnFacts, unit: UnitFacts, rma: RecordFacts) -> str:
    """By the line it was sold on, if the authorization was made from that document; else by its item. Empty: none."""
    source = facts.record(rma.created_from_id)
    sold_on: LineFacts | None = match_units(facts, source).line_of.get(unit.unit) if source else None
    by_sale = [line for line in rma.lines if sold_on and line.order_line == sold_on.line]
    by_item = [line for line in rma.lines if line.item_id == (sold_on.item_id if sold_on else unit.item_id)]
    return next((line.line for line in (*by_sale, *by_item)), "")

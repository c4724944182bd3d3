"""What another system makes, by policy, stands in for what ReturnsOps would have made (requirement C09).

The chapters then read one kind of facts, whoever writes: a Return Authorization is there or it is not. A record stands
for one return: the one it names, else the one whose units it holds, among several returns of an order in their order.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from returnsops.returns.facts import (
    CANCELLED,
    RECEIVED,
    LineFacts,
    PostingFacts,
    RecordFacts,
    ReturnFacts,
    SiblingFacts,
    UnitFacts,
)
from returnsops.returns.plan.draft import Draft
from returnsops.returns.plan.figures import is_zero_credit, read_figures, store_credit
from returnsops.returns.plan.kits import is_received_by_hand
from returnsops.returns.plan.matching import Sale
from returnsops.returns.plan.sale import find_sale
from returnsops.returns.plan.sources import line_on
from returnsops.returns.policy import RECORD_KINDS


def let_others_stand_in(facts: ReturnFacts) -> ReturnFacts:
    """The same facts, with a posting for each record that another system made where the policy leaves it to others."""
    writes_all = all(facts.policy.writes(kind) for kind in RECORD_KINDS)
    if (writes_all and not (facts.kits and facts.policy.names_statuses)) or not facts.records_read:
        return facts
    sale = find_sale(Draft(facts))
    if sale is None:
        return facts
    if not facts.policy.writes("rma"):
        facts = _with(facts, _authorization(facts, sale))
    if not facts.policy.writes("receipt"):
        facts = _with_receipts(facts, sale)
    else:
        facts = _with(facts, _receipt_of_kits(facts, sale))
    if not facts.policy.writes("refund" if sale.is_cash_sale else "credit"):
        facts = _with(facts, _credit(facts, sale))
        facts = _with(facts, _application(facts))
    return facts


def _with(facts: ReturnFacts, posting: PostingFacts | None) -> ReturnFacts:
    return replace(facts, postings=(*facts.postings, posting)) if posting else facts


def _stand_in(kind: str, record: RecordFacts, covers: Iterable[str]) -> PostingFacts:
    return PostingFacts(
        external_id="",
        kind=kind,
        number=1,
        status="posted",
        their_id=record.internal_id,
        covers=frozenset(covers),
        request={"source_id": record.created_from_id},
    )


# --- The Return Authorization -----------------------------------------------------------------------


def _authorization(facts: ReturnFacts, sale: Sale) -> PostingFacts | None:
    if facts.posted("rma"):  # made by ReturnsOps before the policy left it to others
        return None
    found = find_their_authorization(facts, sale)
    return _stand_in("rma", found, (unit.cover for unit in facts.live_units)) if found else None


def find_their_authorization(facts: ReturnFacts, sale: Sale) -> RecordFacts | None:
    """Of this return: the one that names it, else one of exactly its units, else one of the same lines."""
    named = [one for one in _theirs(facts) if one.names(facts.loop.loop_id)]
    if named:
        return named[0]
    same = alike_authorizations(facts, sale)
    place = sum(one.is_earlier for one in alike_siblings(facts))
    if place < len(same):
        return same[place]
    return next((one for one in _free(facts, sale) if one not in same and _shares_lines(one, facts, sale)), None)


def alike_authorizations(facts: ReturnFacts, sale: Sale) -> list[RecordFacts]:
    """Of exactly the units of this return, whether they are for it or for another that asks for the same."""
    return [one for one in _free(facts, sale) if units_on(facts, one, sale) == units_of(facts.live_units, sale)]


def alike_siblings(facts: ReturnFacts) -> list[SiblingFacts]:
    """Returns of the order with the very same units."""
    own = sorted(unit.provider_line or unit.sku for unit in facts.live_units)
    return [one for one in facts.siblings if sorted(one.units) == own]


def _theirs(facts: ReturnFacts) -> list[RecordFacts]:
    return [one for one in facts.records_of("returnAuthorization") if not one.ours and one.status != CANCELLED]


def _free(facts: ReturnFacts, sale: Sale) -> list[RecordFacts]:
    """Made from the sale, and of no other return as far as they tell."""
    bills = (bill.internal_id for bill in sale.bills)
    sources = {sale.record.internal_id, sale.record.created_from_id, *bills} - {""}
    return [one for one in _theirs(facts) if one.created_from_id in sources and not is_of_another(facts, one)]


def is_of_another(facts: ReturnFacts, record: RecordFacts) -> bool:
    """It names another return of the order, or a person said that it is about other units."""
    noted = facts.is_acknowledged("foreign_record", f"record:{record.internal_id}")
    return noted or any(record.names(one.loop_id) for one in facts.siblings)


def _shares_lines(record: RecordFacts, facts: ReturnFacts, sale: Sale) -> bool:
    """Of other units or another number of them. Among several returns nobody can tell whose it is."""
    return not facts.live_siblings and bool(units_on(facts, record, sale) & units_of(facts.live_units, sale))


def units_of(units: Iterable[UnitFacts], sale: Sale) -> Counter[str]:
    """How many of each line of the sale."""
    return Counter(sale.line_of[unit.unit].line for unit in units)


def units_on(facts: ReturnFacts, record: RecordFacts, sale: Sale) -> Counter[str]:
    """How many of each line of the sale an authorization holds, whether it was made from the bill or the order."""
    found: Counter[str] = Counter()
    for line in record.lines:
        if line.quantity and not line.is_closed:
            found[sold_line(facts, line, record, sale)] += line.quantity
    return found


def sold_line(facts: ReturnFacts, line: LineFacts, record: RecordFacts, sale: Sale) -> str:
    """By the line of its source; where NetSuite does not show that, by the item."""
    if line.order_line:
        told = line_on(facts, sale.record, line=line.order_line, of_id=record.created_from_id)
        if told:
            return told
    return next((sold.line for sold in sale.record.lines if sold.item_id == line.item_id), "")


# --- The Item Receipts ------------------------------------------------------------------------------


def _with_receipts(facts: ReturnFacts, sale: Sale) -> ReturnFacts:
    """Units that the authorization shows as received. One that nobody judged here was taken in by the other system."""
    rma = facts.posted("rma")
    record = facts.record(rma.their_id) if rma else None
    if record is None:
        return facts
    units = _received_units(facts, record, sale)
    covers = {unit.cover for unit in units} - facts.posted_covers("receipt")
    if not covers:
        return facts
    receipts = [one for one in facts.records_of("itemReceipt") if one.created_from_id == record.internal_id]
    shown = [one for one in receipts if not one.ours] or [record]
    taken_in = tuple(replace(one, outcome=RECEIVED) if one in units and not one.outcome else one for one in facts.units)
    first, *others = shown
    postings = [_stand_in("receipt", first, covers), *(_stand_in("receipt", one, ()) for one in others)]
    return replace(facts, units=taken_in, postings=(*facts.postings, *postings))


def _received_units(facts: ReturnFacts, rma: RecordFacts, sale: Sale) -> list[UnitFacts]:
    """Those judged here first, and kept ones last; one that was judged and not accepted is never taken for received."""
    left: Counter[str] = Counter()
    for line in rma.lines:
        left[sold_line(facts, line, rma, sale)] += line.received
    found = []
    for unit in sorted(facts.live_units, key=lambda one: (not one.outcome, one.is_kept)):
        number = sale.line_of[unit.unit].line
        if left[number] and (unit.is_accepted or not unit.outcome):
            left[number] -= 1
            found.append(unit)
    return found


def _receipt_of_kits(facts: ReturnFacts, sale: Sale) -> PostingFacts | None:
    """Judged ones that a person received, as `receiving.py` asks for."""
    rma = facts.posted("rma")
    record = facts.record(rma.their_id) if rma else None
    if record is None:
        return None
    items = {line.item_id for line in record.lines if is_received_by_hand(facts, line.item_id)}
    taken = facts.taken_covers("receipt")
    left = Counter({sold_line(facts, one, record, sale): one.received for one in record.lines if one.item_id in items})
    left.subtract(units_of((one for one in facts.live_units if one.cover in taken), sale))
    covers = set()
    for unit in facts.accepted_units:
        number = sale.line_of[unit.unit].line
        if unit.cover not in taken and left[number] > 0:
            left[number] -= 1
            covers.add(unit.cover)
    theirs = (
        one for one in facts.records_of("itemReceipt") if not one.ours and one.created_from_id == record.internal_id
    )
    shown = next((one for one in theirs if items & {line.item_id for line in one.lines}), record)
    return _stand_in("receipt", shown, covers) if covers else None


# --- The money --------------------------------------------------------------------------------------


def _credit(facts: ReturnFacts, sale: Sale) -> PostingFacts | None:
    kind, record_type = ("cash_refund", "cashRefund") if sale.is_cash_sale else ("credit", "creditMemo")
    if facts.posted(kind):
        return None
    found = _find_their_credit(facts, sale, record_type)
    return _stand_in(kind, found, (unit.cover for unit in facts.credited_units)) if found else None


def _find_their_credit(facts: ReturnFacts, sale: Sale, record_type: str) -> RecordFacts | None:
    """Made from its authorization, or from the sale; the latter may be of another return of the order."""
    rma = facts.posted("rma")
    theirs = [one for one in facts.records_of(record_type) if not one.ours and not one.is_voided]
    for one in theirs:
        if one.names(facts.loop.loop_id) or (rma and one.created_from_id == rma.their_id):
            return one
    of_sale = [one for one in theirs if one.created_from_id == sale.record.internal_id]
    if not facts.live_siblings:
        return next(iter(of_sale), None)
    due = read_figures(facts).total
    return next((one for one in of_sale if one.total == due and not is_of_another(facts, one)), None)


def _application(facts: ReturnFacts) -> PostingFacts | None:
    """Value in, value out: of the credit no more is open than the store credit."""
    memo = facts.credit_memo
    if memo is None or is_zero_credit(facts) or not facts.exchanges or memo.amount_remaining > store_credit(facts):
        return None
    return _stand_in("credit_apply", memo, {f"part:exchange:{facts.loop.loop_id}"})

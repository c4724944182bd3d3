"""Records of others beside ours: what stands for the same units a second time is one too many (requirement C09).

Before ours is posted the look finds such a record (`returnsops.posting.look`); these came afterwards.
"""

from collections import Counter

from returnsops.returns.facts import CANCELLED, PostingFacts, RecordFacts, ReturnFacts
from returnsops.returns.plan.draft import Draft
from returnsops.returns.plan.exchange_orders import orders_for
from returnsops.returns.plan.matching import Sale
from returnsops.returns.plan.standing_in import is_of_another, units_of, units_on
from returnsops.returns.plan.undone import is_gone
from returnsops.returns.problems import Problem

RMA, RECEIPT = "returnAuthorization", "itemReceipt"
# By the kinds of postings that one record is enough for: the types that may double it, and what these do with units.
DOUBLES = {
    ("rma",): ((RMA,), "authorises units"),
    ("receipt",): ((RECEIPT,), "receives units"),
    ("credit", "cash_refund"): (("creditMemo", "cashRefund"), "credits units"),
}


def note_doubles(draft: Draft, sale: Sale) -> None:
    facts = draft.facts
    known = {posting.their_id for posting in facts.postings}
    for kinds, (types, does) in DOUBLES.items():
        own = _find_own(facts, kinds)
        for record in facts.records_of(*types) if own else ():
            is_strange = not record.ours and record.internal_id not in known and not is_of_another(facts, record)
            stands = not record.is_voided and (record.record_type, record.status) != (RMA, CANCELLED)
            if own and is_strange and stands and _is_double(facts, sale, record):
                draft.problem(_double_problem(facts, record, own, does=does))


def note_double_orders(draft: Draft) -> None:
    """Two orders for one replacement: the customer is sent it twice."""
    facts = draft.facts
    doubles: dict[str, tuple[RecordFacts, RecordFacts]] = {}
    for one in facts.exchanges:
        orders = sorted(orders_for(facts, one), key=lambda order: not order.ours)
        doubles |= {order.internal_id: (order, orders[0]) for order in orders[1:]}
    for order, first in doubles.values():
        draft.problem(_double_problem(facts, order, first, does="orders replacements"))


def _find_own(facts: ReturnFacts, kinds: tuple[str, ...]) -> RecordFacts | None:
    posted = [one for one in facts.postings if one.kind in kinds and one.status == "posted" and not one.is_theirs]
    return next((record for one in posted if (record := _record_of(facts, one))), None)


def _record_of(facts: ReturnFacts, posting: PostingFacts) -> RecordFacts | None:
    return None if is_gone(facts, posting) else facts.record(posting.their_id)


def _is_double(facts: ReturnFacts, sale: Sale, record: RecordFacts) -> bool:
    """It names this return, or is made from its authorization; or more units would be taken back than were sold."""
    posted = facts.posted("rma")
    rma = facts.record(posted.their_id) if posted else None
    is_on_rma = rma is not None and record.created_from_id == rma.internal_id
    if rma and is_on_rma and record.record_type == RECEIPT:
        return _is_more_received_than_by_us(facts, rma)
    return record.names(facts.loop.loop_id) or is_on_rma or _is_beyond_what_was_sold(facts, sale, record)


def _is_more_received_than_by_us(facts: ReturnFacts, rma: RecordFacts) -> bool:
    """Else it stands for units that somebody took off ours."""
    ours = [cover for cover in facts.posted_covers("receipt") if cover.startswith("unit:")]
    return sum(line.received for line in rma.lines) > len(ours)


def _is_beyond_what_was_sold(facts: ReturnFacts, sale: Sale, record: RecordFacts) -> bool:
    documents = {sale.record.internal_id, sale.record.created_from_id, *(bill.internal_id for bill in sale.bills)}
    if record.created_from_id not in documents - {""}:
        return False
    ours = units_of(facts.live_units if record.record_type == RMA else facts.credited_units, sale)
    back = ours + units_on(facts, record, sale)
    sold = Counter({line.line: line.quantity for line in sale.record.lines})
    return any(back[line] > sold[line] for line in ours)


def _double_problem(facts: ReturnFacts, record: RecordFacts, own: RecordFacts, *, does: str) -> Problem:
    return Problem(
        "foreign_record",
        f"record:{record.internal_id}",
        f"{record.tran_id} in NetSuite {does} of this return beside {own.tran_id}; ReturnsOps did not make it.",
        found=record.tran_id,
        amount=facts.loop.return_total,
    )

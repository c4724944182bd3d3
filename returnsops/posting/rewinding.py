"""The facts of a return as they were before it was authorised, received, credited or refunded.

Nobody kept them as they were: they are today's, less what came since. So a trial of other rules can say what these
would have asked of a return that is long settled (`returnsops.posting.what_if`). What was changed since is not known:
the first judgement of a unit that was judged twice, amounts before an edit in Loop.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from returnsops.returns.facts import LoopFacts, PostingFacts, RecordFacts, ReturnFacts, UnitFacts
from returnsops.returns.plan.kinds import POSTING_KINDS

MILESTONES = {
    "authorised": ("rma",),
    "received": ("receipt",),
    "credited": ("credit", "cash_refund"),
    "refunded": ("customer_refund",),
}
CREDITS = ("credit", "cash_refund")
PENDING_RECEIPT, PARTLY_RECEIVED, PENDING_REFUND = "B", "D", "F"  # of an authorization, netsuite.md §4.5


def rewind(facts: ReturnFacts) -> Iterator[tuple[str, ReturnFacts]]:
    """What became of the return, and its facts just before; for each milestone that is behind it.

    None of a return that ended or that Loop holds: when it came to that is not known, so neither is how it was before.
    """
    if facts.loop.state != "open" and facts.loop.settled_at is None:
        return
    for became, kinds in MILESTONES.items():
        moments = [one.posted_at for one in facts.postings if one.kind in kinds and one.status == "posted"]
        known = [moment for moment in moments if moment]
        if known:
            yield became, rewind_to(facts, min(known))


def rewind_to(facts: ReturnFacts, moment: datetime) -> ReturnFacts:
    """Without what was posted from then on, nor judged, found and settled later. What others made in NetSuite stays."""
    undone = [one for one in facts.postings if one.posted_at is None or one.posted_at >= moment]
    is_settled = facts.loop.settled_at is not None and facts.loop.settled_at <= moment
    return replace(
        facts,
        now=moment,
        loop=_loop_before(facts.loop, moment, is_settled=is_settled),
        units=tuple(_unit_before(one, moment, is_settled=is_settled) for one in facts.units),
        found=tuple(one for one in facts.found if one.found_at <= moment),
        exchanges=facts.exchanges
        if is_settled or facts.loop.before_inspection
        else tuple(replace(one, order_id="", order_name="") for one in facts.exchanges),
        records=tuple(_records_before(facts, undone)),
        arrived_at=_until(facts.arrived_at, moment),
        postings=tuple(one for one in facts.postings if one not in undone),
        overrides=tuple(one for one in facts.overrides if one.said_at is None or one.said_at <= moment),
        pauses=(),
    )


def _until(told: datetime | None, moment: datetime) -> datetime | None:
    return told if told and told <= moment else None


def _loop_before(loop: LoopFacts, moment: datetime, *, is_settled: bool) -> LoopFacts:
    """Which label the parcel had before its last scan nobody knows: it counts as one that was never scanned."""
    scanned_at = _until(loop.scanned_at, moment)
    was_scanned = scanned_at == loop.scanned_at
    told = replace(
        loop,
        scanned_at=scanned_at,
        label_status=loop.label_status if was_scanned else "",
        delivered_at=_until(loop.delivered_at, moment),
    )
    return told if is_settled else replace(told, state="open", settled_at=None, refunds=())


def _unit_before(unit: UnitFacts, moment: datetime, *, is_settled: bool) -> UnitFacts:
    """A unit that was not accepted is taken out with the settlement."""
    removed = unit.removed and (is_settled or not unit.outcome or unit.is_accepted)
    told = replace(unit, removed=removed, restocked_at=_until(unit.restocked_at, moment))
    if unit.inspected_at and unit.inspected_at <= moment:
        return told
    return replace(told, outcome="", inspected_at=None, inspection_id=None, note="")


def _records_before(facts: ReturnFacts, undone: list[PostingFacts]) -> Iterator[RecordFacts]:
    """Without the documents that were posted since, and with what those used up of others."""
    made = {one.their_id for one in undone if not POSTING_KINDS[one.kind].is_update}
    freed = _amounts_freed(facts, undone, made=made)
    for record in facts.records:
        if record.internal_id in made:
            continue
        if record.record_type == "returnAuthorization" and record.ours:
            yield _authorization_before(record, facts.postings, undone)
        else:
            yield replace(record, amount_remaining=record.amount_remaining + freed[record.internal_id])


def _amounts_freed(facts: ReturnFacts, undone: list[PostingFacts], *, made: set[str]) -> Counter[str]:
    """By document, what refunds paid of it and what a credit was applied to."""
    freed: Counter[str] = Counter()
    for record in facts.records:
        if record.internal_id in made:
            freed.update(dict(record.pays))
    for one in undone:
        if one.kind == "credit_apply" and one.status == "posted":
            rows = {row["doc"]["id"]: Decimal(row["amount"]) for row in one.body["apply"]["items"]}
            freed.update(rows | {one.their_id: sum(rows.values(), Decimal(0))})
    return freed


def _authorization_before(
    record: RecordFacts, postings: tuple[PostingFacts, ...], undone: list[PostingFacts]
) -> RecordFacts:
    """Units that never came were taken off its lines at the end."""
    is_closed = not any(one.kind == "rma_close" for one in undone)
    asked = [row for one in postings if one.their_id == record.internal_id and one.kind == "rma" for row in _rows(one)]
    quantities = {} if is_closed else {str(row["orderLine"]): row["quantity"] for row in asked}
    received: Counter[str] = Counter()
    for one in undone:
        if one.kind == "receipt" and one.status == "posted":
            received.update({str(row["orderLine"]): row["quantity"] for row in _rows(one) if row["itemReceive"]})
    is_credited = not any(one.kind in CREDITS for one in undone)
    lines = tuple(
        replace(
            line,
            quantity=quantities.get(line.order_line, line.quantity),
            received=line.received - received[line.line],
            billed=line.billed if is_credited else 0,
            is_closed=line.is_closed and is_closed,
        )
        for line in record.lines
    )
    left = [line.quantity - line.received for line in lines if not line.is_closed]
    nothing_came = not any(line.received for line in lines)
    status = PENDING_RECEIPT if nothing_came else PARTLY_RECEIVED if any(left) else PENDING_REFUND
    return replace(record, lines=lines, status=record.status if is_credited else status)


def _rows(posting: PostingFacts) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = posting.body["item"]["items"]
    return rows

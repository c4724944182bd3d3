"""Chapter 2: the Return Authorization, which tells the warehouse what is coming."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from returnsops.lib.money import add_up, money_text
from returnsops.lib.words import noun_for
from returnsops.returns.facts import CANCELLED, LineFacts, PostingFacts, RecordFacts, ReturnFacts, UnitFacts
from returnsops.returns.places import location_of
from returnsops.returns.plan.draft import Draft, PostingDue, StepState
from returnsops.returns.plan.expecting import expect_record, goods_came_at, is_noted_as_missing
from returnsops.returns.plan.holding import held_by_receipts
from returnsops.returns.plan.matching import Sale
from returnsops.returns.plan.outbox_problems import read_back_step
from returnsops.returns.plan.sources import find_bills, find_orders, line_on
from returnsops.returns.policy import RmaTrigger
from returnsops.returns.problems import Problem

MOVING = frozenset({"in_transit", "out_for_delivery", "delivered"})
# States of a Return Authorization (netsuite.md §4.5); nothing can be received on one that waits for approval.
PENDING_APPROVAL, REFUNDED, CLOSED = "A", "G", "H"
ENDED = frozenset({CANCELLED, REFUNDED, CLOSED})
MEMO_CHARS_MAX = 40  # netsuite.md §4.12: longer memos were refused for some records


@dataclass(frozen=True)
class Authorization:
    """The Return Authorization over there and which of its lines each unit is on."""

    posting: PostingFacts
    record: RecordFacts
    line_of: dict[str, LineFacts]


def plan_authorization(draft: Draft, sale: Sale) -> Authorization | None:
    """The Return Authorization if it is in NetSuite and mirrored; else a step that says what it waits for."""
    facts = draft.facts
    posted = facts.posted("rma")
    if posted:
        return _read_authorization(draft, sale, posted)
    held = _held_by_trigger(facts)
    if not facts.live_units:
        draft.step("rma", StepState.NOT_NEEDED, "no unit is left in the return")
    elif held:
        draft.step("rma", StepState.WAITING, held)
    elif not facts.policy.writes("rma"):
        expect_record(
            draft, "rma", since=rma_moment(facts), limit=facts.policy.deadlines.rma, wanted=_units_in_words(facts)
        )
    elif _foreign_rma(draft, sale):
        draft.step("rma", StepState.BLOCKED, "another system has made one")
    else:
        if not facts.taken("rma"):
            draft.post(_rma_due(facts, sale))
        late = draft.is_late(rma_moment(facts) or facts.loop.created_at, facts.policy.deadlines.rma)
        detail = "later than it should be: on its way to NetSuite" if late else "on its way to NetSuite"
        draft.step("rma", StepState.DUE, detail)
    return None


def _read_authorization(draft: Draft, sale: Sale, posted: PostingFacts) -> Authorization | None:
    record = draft.facts.record(posted.their_id)
    if record is None:
        read_back_step(draft, "rma", posted)
        return None
    authorization = Authorization(posted, record, _lines_by_unit(draft.facts, sale, record))
    if not _holds_every_unit(draft, authorization):
        words = f"{record.tran_id} does not hold every unit"
        draft.step("rma", StepState.BLOCKED, words, records=(record.internal_id,))
        return None
    if posted.is_theirs and record.status == PENDING_APPROVAL:
        _wait_for_approval(draft, record)
        return None
    words = f"{record.tran_id} of another system" if posted.is_theirs else record.tran_id
    draft.step("rma", StepState.DONE, words, records=(record.internal_id,))
    return authorization


def _wait_for_approval(draft: Draft, record: RecordFacts) -> None:
    """Before the goods are there nobody misses it."""
    since, limit = goods_came_at(draft.facts), draft.facts.policy.deadlines.receipt
    due_at = draft.deadline(since, limit) if since else None
    late = since is not None and draft.is_late(since, limit)
    if late:
        cause = f"{record.tran_id} of another system still waits for its approval, and the goods are there."
        subject, amount = f"record:{record.internal_id}", draft.facts.loop.return_total
        draft.problem(Problem("rma_unapproved", subject, cause, found=record.tran_id, amount=amount))
    words = f"{record.tran_id} of another system waits for its approval"
    state = StepState.BLOCKED if late else StepState.WAITING
    draft.step("rma", state, words, due_at=due_at, records=(record.internal_id,))


def _holds_every_unit(draft: Draft, authorization: Authorization) -> bool:
    """Loop may add units later, and somebody may close or shorten lines; then nothing can be received on them."""
    missing = _units_without_room(draft.facts, authorization)
    if missing:
        draft.problem(_no_room_problem(draft.facts, authorization, missing))
    return not missing


def _units_without_room(facts: ReturnFacts, authorization: Authorization) -> list[UnitFacts]:
    """Of the units that came or may still come, those that found no quantity left on their line. What was noted as
    never to be received only has its line: whoever books it by hand closes that."""
    wanted = [unit for unit in facts.live_units if unit.is_accepted or unit.is_awaited]
    covers = facts.posted_covers("receipt")
    received = [unit for unit in wanted if unit.cover in covers]
    room = Counter({line.line: _room_of(facts, line) for line in authorization.line_of.values()})
    missing = _find_room(authorization, received, room)
    room.subtract(_held_of_others(facts, authorization, received))
    return missing + _find_room(authorization, [unit for unit in wanted if unit not in received], room)


def _find_room(authorization: Authorization, units: list[UnitFacts], room: Counter[str]) -> list[UnitFacts]:
    """Gives those that find none, and takes what the others find. What it was made for comes first."""
    missing = []
    for unit in sorted(units, key=lambda one: one.cover not in authorization.posting.covers):
        line = authorization.line_of.get(unit.unit)
        if line is None or room[line.line] < 1:
            missing.append(unit)
        else:
            room[line.line] -= 1
    return missing


def _held_of_others(facts: ReturnFacts, authorization: Authorization, received: list[UnitFacts]) -> Counter[str]:
    """By line, what our receipts hold of units that were taken out of the return, or not accepted."""
    lines = [authorization.line_of.get(unit.unit) for unit in received]
    return held_by_receipts(facts) - Counter(line.line for line in lines if line)


def _room_of(facts: ReturnFacts, line: LineFacts) -> int:
    is_open = not line.is_closed or is_noted_as_missing(facts, "receipt")
    return line.quantity if is_open else line.received


def _no_room_problem(facts: ReturnFacts, authorization: Authorization, missing: list[UnitFacts]) -> Problem:
    name = authorization.record.tran_id
    units = f"{noun_for(len(missing), 'unit')} {', '.join(unit.unit for unit in missing)}"
    if authorization.record.status == CANCELLED:
        cause = f"{name} was cancelled in NetSuite and cannot be opened again. Delete it there, then post it again."
    elif all(unit.cover not in authorization.posting.covers for unit in missing):
        cause = f"Loop added {units} after {name} was made. Add them to it in NetSuite."
    elif facts.taken("rma_close"):
        cause = f"{name} was closed, and Loop shows the return as {facts.loop.state} again. Open its lines in NetSuite."
    else:
        cause = f"{name} in NetSuite has no open line for {units}. Put the lines back."
    return Problem(
        "unit_not_authorized",
        f"record:{authorization.record.internal_id}",
        cause,
        amount=add_up(unit.worth + unit.tax for unit in missing),
    )


def _lines_by_unit(facts: ReturnFacts, sale: Sale, rma: RecordFacts) -> dict[str, LineFacts]:
    """The key is the line of the sale, also where another system made it from the order; else the item."""
    by_source = {
        line_on(facts, sale.record, line=line.order_line, of_id=rma.created_from_id): line
        for line in rma.lines
        if line.order_line
    }
    by_item = {line.item_id: line for line in rma.lines}
    found = {}
    for unit, sold_on in sale.line_of.items():
        line = by_source.get(sold_on.line) or by_item.get(sold_on.item_id)
        if line:
            found[unit] = line
    return found


def _held_by_trigger(facts: ReturnFacts) -> str:
    if facts.loop.state == "review":
        return "Loop holds this return for review"
    if facts.policy.rma_trigger == RmaTrigger.IN_TRANSIT and not _has_moved(facts):
        return "waits for the parcel's first scan"
    return ""


def rma_moment(facts: ReturnFacts) -> datetime | None:
    """From when on the authorization should be there; None: its moment has not come (requirement C07)."""
    if facts.policy.rma_trigger == RmaTrigger.IN_TRANSIT:
        judged_at = goods_came_at(facts) if facts.all_judged else None
        seen = [facts.loop.scanned_at, facts.loop.delivered_at, facts.arrived_at, judged_at]
        return min((one for one in seen if one), default=None)
    return facts.loop.approved_at or facts.loop.created_at


def _units_in_words(facts: ReturnFacts) -> str:
    counts = Counter(unit.sku for unit in facts.live_units)
    return ", ".join(f"{count} × {sku}" for sku, count in sorted(counts.items()))


def _has_moved(facts: ReturnFacts) -> bool:
    """By the carrier's word, or because the warehouse has it: a parcel with a label of its own is never scanned."""
    return facts.loop.label_status in MOVING or facts.loop.delivered_at is not None or facts.is_here


def _foreign_rma(draft: Draft, sale: Sale) -> bool:
    """Another writer's Return Authorization on the same sale for the same lines would double ours."""
    for rma in draft.facts.records_of("returnAuthorization"):
        is_explained = _is_same(draft.facts, sale, rma) or _is_of_sibling(draft.facts, rma)
        if not rma.ours and _shares_lines(draft.facts, sale, rma) and not is_explained:
            problem = Problem(
                "foreign_record",
                f"record:{rma.internal_id}",
                f"{rma.tran_id} in NetSuite authorises units of the same order lines and was not made by ReturnsOps."
                f"{_how_it_ended(draft.facts, rma)}",
                found=rma.tran_id,
                amount=draft.facts.loop.return_total,
            )
            if draft.problem(problem):
                return True
    return False


def _how_it_ended(facts: ReturnFacts, rma: RecordFacts) -> str:
    """Loop has settled, too: it may be the end of this very return (`taking_over`), and nothing is left to post."""
    if rma.status != REFUNDED or facts.loop.settled_at is None:
        return ""
    credits = [one for one in facts.records_of("creditMemo", "cashRefund") if one.created_from_id == rma.internal_id]
    names = " and ".join(f"{one.tran_id} of {money_text(one.total, facts.currency)}" for one in credits)
    return (
        f" It holds {_units_on(rma)} and was refunded{f' by {names}' if names else ''}. If that was this return, enter "
        f"{facts.loop.loop_id} as its PO number in NetSuite: where the amounts agree, nothing more is posted here."
    )


def _units_on(rma: RecordFacts) -> str:
    return ", ".join(f"{line.quantity} × {line.item_name}" for line in rma.lines if not line.is_closed)


def _shares_lines(facts: ReturnFacts, sale: Sale, rma: RecordFacts) -> bool:
    """Made from the sale, or from its order where the sale is a bill, or the other way round."""
    lines = {line.line for line in sale.line_of.values()}
    return any(
        line_on(facts, sale.record, line=line.order_line, of_id=rma.created_from_id) in lines
        for line in rma.lines
        if not line.is_closed
    )


def _is_same(facts: ReturnFacts, sale: Sale, rma: RecordFacts) -> bool:
    """The units that we would authorise, no more and no fewer: the look before the post adopts it."""
    is_same_source = rma.created_from_id == sale.record.internal_id
    return is_same_source and _units_of(rma) == Counter(sale.line_of[unit.unit].line for unit in facts.live_units)


def _is_of_sibling(facts: ReturnFacts, rma: RecordFacts) -> bool:
    """Another return of the order has adopted it, or is about to."""
    claimed: Counter[str] = Counter()
    for claim in facts.claims:
        if claim.source_id == rma.created_from_id:
            claimed[claim.line] += claim.quantity
    return _units_of(rma) <= claimed


def _units_of(rma: RecordFacts) -> Counter[str]:
    return Counter({line.order_line: line.quantity for line in rma.lines if not line.is_closed and line.quantity})


def left_by_others(facts: ReturnFacts) -> list[RecordFacts]:
    """Open ones that another system made for this return, in the place of ours: they name it, or hold its items."""
    if not facts.policy.writes("rma") or facts.posted("rma"):
        return []
    sources = {sale.internal_id for sale in [*find_bills(facts), *find_orders(facts)]}
    items = {unit.item_id for unit in facts.units}
    return [
        rma
        for rma in facts.records_of("returnAuthorization")
        if not (rma.ours or rma.status in ENDED or _is_noted_as_other(facts, rma) or _is_of_sibling(facts, rma))
        and (rma.names(facts.loop.loop_id) or (rma.created_from_id in sources and items & _open_items(rma)))
    ]


def _is_noted_as_other(facts: ReturnFacts, rma: RecordFacts) -> bool:
    return facts.is_acknowledged("foreign_record", f"record:{rma.internal_id}")


def _open_items(rma: RecordFacts) -> set[str]:
    return {line.item_id for line in rma.lines if not line.is_closed and line.quantity}


def _rma_due(facts: ReturnFacts, sale: Sale) -> PostingDue:
    units = facts.live_units
    return PostingDue(
        kind="rma",
        system="netsuite",
        request={
            "operation": "transform",
            "source_type": sale.record.record_type,
            "source_id": sale.record.internal_id,
            "target_type": "returnAuthorization",
            "replace": ["item"],
            "body": rma_body(facts, sale, units),
        },
        covers=frozenset(unit.cover for unit in units),
        serial_key=f"{facts.account_id}:{sale.record.internal_id}",
    )


def rma_body(facts: ReturnFacts, sale: Sale, units: tuple[UnitFacts, ...]) -> dict[str, Any]:
    """Only the returned units, at the holding location; rates stay NetSuite's own (netsuite.md §3.2).

    Older rules that leave the receipts to another system may have none: then the sale's location is left to stand.
    """
    holding = location_of(facts.policy.locations.holding)
    located = {"location": {"id": holding}} if holding else {}
    counts = Counter(sale.line_of[unit.unit].line for unit in units)
    item_of = {line.line: line.item_id for line in sale.line_of.values()}
    return {
        "orderStatus": {"id": "B"},
        "memo": memo_text(facts),
        "otherRefNum": facts.loop.loop_id,
        "toBeEmailed": False,
        **located,
        "item": {
            "items": [
                {
                    "orderLine": int(line),
                    "item": {"id": item_of[line]},
                    "quantity": count,
                    **located,
                }
                for line, count in sorted(counts.items(), key=lambda pair: int(pair[0]))
            ]
        },
    }


def memo_text(facts: ReturnFacts) -> str:
    return f"Loop {facts.loop.loop_id} order {facts.loop.order_name}"[:MEMO_CHARS_MAX]

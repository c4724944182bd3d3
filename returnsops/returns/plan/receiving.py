"""Chapter 3: the parcel, the inspection, and one Item Receipt per place (promise 3)."""

from collections import Counter
from datetime import datetime, timedelta

from returnsops.lib.money import add_up
from returnsops.returns.facts import RECEIVED, ReturnFacts, UnitFacts
from returnsops.returns.plan.authorization import MOVING, Authorization, memo_text
from returnsops.returns.plan.draft import Draft, PostingDue, StepState
from returnsops.returns.plan.expecting import expect_record, goods_came_at
from returnsops.returns.plan.undone import is_gone
from returnsops.returns.problems import Problem

NOT_ALL_RECEIVED = frozenset({"B", "D", "E"})  # statuses of an authorization, netsuite.md §4.5
ON_THE_ROAD = MOVING | {"error", "failure", "return_to_sender"}  # the carrier has or had it


def plan_arrival(draft: Draft) -> None:
    facts = draft.facts
    if facts.is_here:
        draft.step("arrival", StepState.DONE, "scanned at the dock")
    elif facts.loop.delivered_at:
        draft.step("arrival", StepState.DONE, "delivered by the carrier")
    elif facts.loop.label_status in ON_THE_ROAD:
        _wait_for_carrier(draft)
    elif facts.loop.settled_at and not facts.loop.had_label:
        _wait_without_label(draft, facts.loop.settled_at)
    else:
        draft.step("arrival", StepState.WAITING, f"label: {facts.loop.label_status or 'none yet'}")


def _wait_for_carrier(draft: Draft) -> None:
    """A customer may take their time to send it; once the carrier has it, it should come."""
    facts = draft.facts
    created_at, limit = facts.loop.created_at, facts.policy.deadlines.parcel
    due_at, late = draft.deadline(created_at, limit), draft.is_late(created_at, limit)
    if late:
        draft.problem(
            Problem(
                "parcel_overdue",
                f"return:{facts.loop.loop_id}",
                f"Requested {created_at:%d %b %Y}; the carrier still says «{facts.loop.label_status}».",
                amount=facts.loop.return_total,
            )
        )
    words = f"label: {facts.loop.label_status}"
    draft.step("arrival", StepState.BLOCKED if late else StepState.WAITING, words, due_at=due_at)


def _wait_without_label(draft: Draft, settled_at: datetime) -> None:
    """Loop paid and made no label: kept goods, or a parcel under a label of the customer's own (loop.md §7.10)."""
    facts = draft.facts
    limit = facts.policy.deadlines.inspection
    late = draft.is_late(settled_at, limit)
    if late:
        draft.problem(
            Problem(
                "no_parcel",
                f"return:{facts.loop.loop_id}",
                "Loop settled this return and never made a label for it. Nothing has come.",
                amount=facts.loop.return_total,
            )
        )
    state, due_at = StepState.BLOCKED if late else StepState.WAITING, draft.deadline(settled_at, limit)
    draft.step("arrival", state, "no label was made: kept by the customer, or on its way unseen", due_at=due_at)


def plan_inspection(draft: Draft) -> None:
    facts = draft.facts
    open_units = [unit for unit in facts.live_units if not unit.outcome]
    _note_removed_units(draft)
    if not open_units and all(unit.outcome == RECEIVED for unit in facts.live_units):
        draft.step("inspection", StepState.NOT_NEEDED, "received by another system; nobody judged it here")
        return
    if not open_units:
        refused = len(facts.unaccepted_units)
        words = f"{len(facts.accepted_units)} accepted" + (f", {refused} not accepted" if refused else "")
        draft.step("inspection", StepState.DONE, words)
        return
    waits_for = f"waits for inspection of {_units(len(open_units))}"
    since, limit, happened = _start_of_inspection(facts)
    if since is None:
        draft.step("inspection", StepState.WAITING, waits_for)
        return
    due_at, late = draft.deadline(since, limit), draft.is_late(since, limit)
    if late:
        draft.problem(
            Problem(
                "inspection_overdue",
                f"return:{facts.loop.loop_id}",
                f"{happened} {since:%d %b %Y %H:%M} UTC; {_units(len(open_units))} not inspected.",
                amount=facts.loop.return_total,
            )
        )
    draft.step("inspection", StepState.BLOCKED if late else StepState.WAITING, waits_for, due_at=due_at)


def _start_of_inspection(facts: ReturnFacts) -> tuple[datetime | None, timedelta, str]:
    """When the clock of the inspection began, how long it runs, and what started it.

    Units that did not lie beside the first ones may be in a second parcel, so those get a time of their own.
    """
    judged = [unit.inspected_at for unit in facts.live_units if unit.inspected_at]
    if judged:
        return max(judged), facts.policy.deadlines.second_parcel, "The others were judged"
    limit = facts.policy.deadlines.inspection
    if facts.loop.delivered_at:
        return facts.loop.delivered_at, limit, "Delivered"
    return facts.arrived_at, limit, "Scanned at the dock"


def _note_removed_units(draft: Draft) -> None:
    """Goods are here that nobody is refunded for any more."""
    for unit in draft.facts.units:
        if unit.removed and unit.is_accepted:
            draft.problem(
                Problem(
                    "removed_after_receipt",
                    f"unit:{unit.unit}",
                    f"{unit.title or unit.sku} was judged {unit.outcome} and then taken out of the return in Loop.",
                )
            )


def plan_receipts(draft: Draft, authorization: Authorization) -> bool:
    """Post what was accepted, place by place. Gives whether every accepted unit is received in NetSuite."""
    facts = draft.facts
    taken = facts.taken_covers("receipt")
    by_place: dict[str, list[UnitFacts]] = {}
    for unit in facts.accepted_units:
        if unit.cover not in taken:
            by_place.setdefault(_place_of(facts, unit), []).append(unit)
    if facts.policy.writes("receipt"):
        for place, units in sorted(by_place.items()):
            draft.post(_receipt_due(facts, authorization, units, place))
    posted = facts.posted_covers("receipt")
    outstanding = [unit for unit in facts.accepted_units if unit.cover not in posted]
    if not outstanding and facts.policy.writes("receipt") and not _stands_in_netsuite(draft, authorization):
        return False
    if outstanding and not facts.policy.writes("receipt"):
        return _expect_receipt(draft, outstanding)
    _receipt_step(draft, outstanding)
    return not outstanding


def _expect_receipt(draft: Draft, outstanding: list[UnitFacts]) -> bool:
    """Accepted here, and received by another system. Gives whether nothing more is expected."""
    facts = draft.facts
    counts = Counter(unit.sku for unit in outstanding)
    wanted = ", ".join(f"{count} × {sku}" for sku, count in sorted(counts.items()))
    return expect_record(
        draft,
        "receipt",
        since=goods_came_at(facts),
        limit=facts.policy.deadlines.receipt,
        wanted=wanted,
        amount=add_up(unit.worth + unit.tax for unit in outstanding),
    )


def _place_of(facts: ReturnFacts, unit: UnitFacts) -> str:
    return facts.policy.place_of(outcome=unit.outcome, sku=unit.sku, destination=facts.loop.destination)


def _stands_in_netsuite(draft: Draft, authorization: Authorization) -> bool:
    """A person may delete a receipt or make it smaller. What was not received is not credited either."""
    facts = draft.facts
    receipts = [one for one in facts.postings if one.kind == "receipt" and one.status == "posted"]
    if any(is_gone(facts, one) for one in receipts):
        draft.step("receipt", StepState.BLOCKED, "an Item Receipt was deleted in NetSuite")
        return False
    wanted = Counter(authorization.line_of[unit.unit] for unit in facts.accepted_units)
    short = [line for line, count in wanted.items() if line.received < count]
    rma = authorization.record
    if not short or rma.status not in NOT_ALL_RECEIVED or not all(one.read_back for one in receipts):
        return True
    draft.problem(
        Problem(
            "receipt_changed",
            f"record:{rma.internal_id}",
            f"{sum(wanted.values())} unit(s) were received on {rma.tran_id}; NetSuite shows fewer on "
            f"{', '.join(line.item_name for line in short)}.",
            amount=facts.loop.return_total,
        )
    )
    draft.step("receipt", StepState.BLOCKED, f"NetSuite shows fewer units on {rma.tran_id}")
    return False


def _receipt_step(draft: Draft, outstanding: list[UnitFacts]) -> None:
    facts = draft.facts
    records = tuple(one.their_id for one in facts.postings if one.kind == "receipt" and one.status == "posted")
    if outstanding:
        words = f"{_units(len(outstanding))} on the way to NetSuite"
        draft.step("receipt", StepState.DUE, words, records=records)
    elif not facts.all_judged:
        draft.step("receipt", StepState.WAITING, "waits for inspection", records=records)
    elif facts.accepted_units:
        by_whom = "" if facts.policy.writes("receipt") else " by another system"
        words = f"{_units(len(facts.accepted_units))} received{by_whom}"
        draft.step("receipt", StepState.DONE, words, records=records)
    else:
        draft.step("receipt", StepState.NOT_NEEDED, "no unit was accepted")


def _receipt_due(facts: ReturnFacts, authorization: Authorization, units: list[UnitFacts], place: str) -> PostingDue:
    counts = Counter(authorization.line_of[unit.unit].line for unit in units)
    inspected_at = max(unit.inspected_at for unit in units if unit.inspected_at)
    tran_date = facts.override("tran_date", "receipt", "all") or facts.date_of(inspected_at).isoformat()
    # Rows left out would be received in full (netsuite.md §3.3): every open row is listed, and says yes or no.
    rows = [
        {
            "orderLine": int(line.line),
            "itemReceive": True,
            "quantity": counts[line.line],
            "location": {"id": place},
        }
        if counts[line.line]
        else {"orderLine": int(line.line), "itemReceive": False}
        for line in authorization.record.lines
        if not line.is_closed and (counts[line.line] or line.received < line.quantity)
    ]
    rma_id = authorization.record.internal_id
    return PostingDue(
        kind="receipt",
        system="netsuite",
        request={
            "operation": "transform",
            "source_type": "returnAuthorization",
            "source_id": rma_id,
            "target_type": "itemReceipt",
            "replace": [],
            "body": {"tranDate": tran_date, "memo": memo_text(facts), "item": {"items": rows}},
        },
        covers=frozenset(unit.cover for unit in units),
        serial_key=f"{facts.account_id}:{rma_id}",
    )


def _units(count: int) -> str:
    return "1 unit" if count == 1 else f"{count} units"

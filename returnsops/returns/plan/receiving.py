"""Chapter 3: the parcel, the inspection, and one Item Receipt per place (promise 3)."""

from collections import Counter

from returnsops.returns.facts import ReturnFacts, UnitFacts
from returnsops.returns.plan.authorization import Authorization, memo_text
from returnsops.returns.plan.draft import Draft, PostingDue, StepState
from returnsops.returns.problems import Problem


def plan_arrival(draft: Draft) -> None:
    facts = draft.facts
    if facts.arrived or any(unit.outcome for unit in facts.units):
        draft.step("arrival", StepState.DONE, "scanned at the dock")
    elif facts.loop.delivered_at:
        draft.step("arrival", StepState.DONE, "delivered by the carrier")
    else:
        draft.step("arrival", StepState.WAITING, f"label: {facts.loop.label_status or 'none yet'}")


def plan_inspection(draft: Draft) -> None:
    facts = draft.facts
    open_units = [unit for unit in facts.live_units if not unit.outcome]
    if not open_units:
        refused = len(facts.unaccepted_units)
        words = f"{len(facts.accepted_units)} accepted" + (f", {refused} not accepted" if refused else "")
        draft.step("inspection", StepState.DONE, words)
        return
    waits_for = f"waits for inspection of {_units(len(open_units))}"
    delivered_at = facts.loop.delivered_at
    if delivered_at is None:
        draft.step("inspection", StepState.WAITING, waits_for)
        return
    limit = facts.policy.deadlines.inspection
    due_at = draft.deadline(delivered_at, limit)
    late = draft.is_late(delivered_at, limit)
    if late:
        draft.problem(
            Problem(
                "inspection_overdue",
                f"return:{facts.loop.loop_id}",
                f"Delivered {delivered_at:%d %b %Y %H:%M} UTC; {_units(len(open_units))} not inspected.",
                amount=facts.loop.return_total,
            )
        )
    draft.step("inspection", StepState.BLOCKED if late else StepState.WAITING, waits_for, due_at=due_at)


def plan_receipts(draft: Draft, authorization: Authorization) -> bool:
    """Post what was accepted, place by place. Gives whether every accepted unit is received in NetSuite."""
    facts = draft.facts
    taken = facts.taken_covers("receipt")
    by_place: dict[str, list[UnitFacts]] = {}
    for unit in facts.accepted_units:
        if unit.cover not in taken:
            by_place.setdefault(facts.policy.locations.for_outcome(unit.outcome), []).append(unit)
    if facts.policy.writes("receipt"):
        for place, units in sorted(by_place.items()):
            draft.post(_receipt_due(facts, authorization, units, place))
    posted = facts.posted_covers("receipt")
    outstanding = [unit for unit in facts.accepted_units if unit.cover not in posted]
    _receipt_step(draft, outstanding)
    return not outstanding


def _receipt_step(draft: Draft, outstanding: list[UnitFacts]) -> None:
    facts = draft.facts
    records = tuple(one.their_id for one in facts.postings if one.kind == "receipt" and one.status == "posted")
    if outstanding and not facts.policy.writes("receipt"):
        draft.step("receipt", StepState.WAITING, "written by another system; we watch", records=records)
    elif outstanding:
        words = f"{_units(len(outstanding))} on the way to NetSuite"
        draft.step("receipt", StepState.DUE, words, records=records)
    elif not facts.all_judged:
        draft.step("receipt", StepState.WAITING, "waits for inspection", records=records)
    elif facts.accepted_units:
        draft.step("receipt", StepState.DONE, f"{_units(len(facts.accepted_units))} received", records=records)
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

"""Chapter 3: the parcel, and the judgement of its units."""

from datetime import datetime, timedelta

from returnsops.lib.words import count_words
from returnsops.returns.facts import RECEIVED, ReturnFacts
from returnsops.returns.plan.authorization import MOVING
from returnsops.returns.plan.draft import Draft, StepState
from returnsops.returns.problems import Problem

ON_THE_ROAD = MOVING | {"error", "failure", "return_to_sender"}  # the carrier has or had it


def plan_arrival(draft: Draft) -> None:
    facts = draft.facts
    if facts.is_here:
        draft.step("arrival", StepState.DONE, "scanned at the dock")
    elif facts.loop.delivered_at:
        draft.step("arrival", StepState.DONE, "delivered by the carrier")
    elif facts.all_judged:
        draft.step("arrival", StepState.NOT_NEEDED, "nothing more is to come")
    elif facts.loop.label_status in ON_THE_ROAD:
        _wait_for_carrier(draft)
    elif facts.loop.settled_at:
        _wait_for_what_is_paid(draft, facts.loop.settled_at)
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


def _wait_for_what_is_paid(draft: Draft, settled_at: datetime) -> None:
    """Loop paid, and no carrier has it: the customer has a label and may still send it; or there is none, so they keep
    the goods, or send them under a label of their own (loop.md §7.10)."""
    facts, deadlines = draft.facts, draft.facts.policy.deadlines
    if facts.loop.had_label:
        words = f"label: {facts.loop.label_status or 'not used yet'}; Loop has paid"
        limit, cause = deadlines.parcel, "Loop settled this return, and its label was never used. Nothing has come."
    else:
        words = "no label was made: kept by the customer, or on its way unseen"
        limit, cause = deadlines.inspection, "Loop settled this return and never made a label for it. Nothing has come."
    due_at, late = draft.deadline(settled_at, limit), draft.is_late(settled_at, limit)
    if late:
        subject, amount = f"return:{facts.loop.loop_id}", facts.loop.return_total
        draft.problem(Problem("no_parcel", subject, cause, amount=amount))
    draft.step("arrival", StepState.BLOCKED if late else StepState.WAITING, words, due_at=due_at)


def plan_inspection(draft: Draft) -> None:
    facts = draft.facts
    open_units = [unit for unit in facts.live_units if unit.is_awaited]
    _note_removed_units(draft)
    if facts.live_units and all(unit.outcome == RECEIVED for unit in facts.live_units):
        draft.step("inspection", StepState.NOT_NEEDED, "received by another system; nobody judged it here")
        return
    if not open_units:
        refused = len(facts.unaccepted_units)
        exempt = sum(unit.is_exempt for unit in facts.accepted_units)
        words = f"{len(facts.accepted_units) - exempt} accepted" + (f", {refused} not accepted" if refused else "")
        words += f", {exempt} exempt" if exempt else ""
        words += f", {len(facts.kept_units)} kept by the customer" if facts.kept_units else ""
        draft.step("inspection", StepState.DONE, words)
        return
    waits_for = f"waits for inspection of {count_words(len(open_units), 'unit')}"
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
                f"{happened} {since:%d %b %Y %H:%M} UTC; {count_words(len(open_units), 'unit')} not inspected.",
                amount=facts.loop.return_total,
            )
        )
    draft.step("inspection", StepState.BLOCKED if late else StepState.WAITING, waits_for, due_at=due_at)


def _start_of_inspection(facts: ReturnFacts) -> tuple[datetime | None, timedelta, str]:
    """When the clock of the inspection began, how long it runs, and what started it.

    Units that did not lie beside the first ones may be in a second parcel, so those get a time of their own; not where
    Loop names one parcel only.
    """
    judged = [unit.inspected_at for unit in facts.live_units if unit.inspected_at and unit.was_seen]
    limit = facts.policy.deadlines.inspection
    if judged and facts.loop.parcels == 1:
        return max(judged), limit, "The others of the only parcel were judged"
    if judged:
        return max(judged), facts.policy.deadlines.second_parcel, "The others were judged"
    if facts.loop.delivered_at:
        return facts.loop.delivered_at, limit, "Delivered"
    return facts.arrived_at, limit, "Scanned at the dock"


def _note_removed_units(draft: Draft) -> None:
    """Goods are here that nobody is refunded for any more."""
    received = draft.facts.posted_covers("receipt")
    for unit in draft.facts.units:
        if unit.removed and (unit.is_accepted or (not unit.outcome and unit.cover in received)):
            seen = f"was judged {unit.outcome}" if unit.outcome else "was received on hold"
            words = f"{unit.title or unit.sku} {seen}, and is taken out of the return in Loop."
            draft.problem(Problem("removed_after_receipt", f"unit:{unit.unit}", words))

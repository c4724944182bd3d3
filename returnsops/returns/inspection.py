"""What the warehouse saw of the units of a parcel: judging them, finishing. The only door to an outcome.

Every unit and every found thing is sent with a client id of its own, so that a resend is the same row. By door:

- `judge_units`, one by one at the bench: what was said under its id before is passed over, whatever was said of that
  unit since; the others are judged. The same id for something else is refused.
- `record_units`, all in one go: if one id was sent before, all were, with the same outcomes; else it is refused.
- `returnsops.returns.found.note_found`: the same row; refused with other content, or if it was taken back.
- `returnsops.returns.found.record_seen`, units and found things in one go: of the things all were sent before or none;
  the units beside them are the same again, or all new.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from returnsops.lib import clock
from returnsops.people import access, audit
from returnsops.people.models import User
from returnsops.returns.errors import AlreadyInspectedError, ClientIdReusedError, NotPossibleError
from returnsops.returns.mirror import hint_records
from returnsops.returns.models import InspectedUnit, Inspection, LoopReturn, ReturnLine
from returnsops.returns.replan import ask_for_plan, hold_return

ENDED_STATES = (LoopReturn.State.CANCELLED, LoopReturn.State.EXPIRED)
RELEASES = (InspectedUnit.Outcome.SELLABLE, InspectedUnit.Outcome.DAMAGED, InspectedUnit.Outcome.SCRAPPED)
SEEN_AGO_MAX = timedelta(days=90)  # a device that was offline for longer has lost its clock, not its network


@dataclass(frozen=True)
class UnitOutcome:
    """One unit as judged. client_id makes a resend the same row; inspected_at is when it was seen, business time."""

    line_item_id: str
    outcome: str
    client_id: uuid.UUID
    note: str = ""
    inspected_at: datetime | None = None


@transaction.atomic
def judge_units(loop_return: LoopReturn, outcomes: Sequence[UnitOutcome], *, by: User) -> Inspection:
    """Note outcomes in this person's open inspection. They count once it is finished.

    Raises AlreadyInspectedError if somebody else judged a unit; ClientIdReusedError for an id that stands for something
    else; NotPossibleError for a unit or outcome there is not.
    """
    access.require(by, "inspect units", shop=loop_return.shop)
    row = hold_return(loop_return.pk)
    if not outcomes:
        raise NotPossibleError("No unit is named. Say which unit is judged, and how.")
    inspection = open_inspection(loop_return, by=by)
    lines = {line.line_item_id: line for line in loop_return.lines.all()}
    for one in outcomes:
        _judge_unit(inspection, _line_of(loop_return, lines, one), one, by=by, row=row)
    return inspection


def open_inspection(loop_return: LoopReturn, *, by: User) -> Inspection:
    """This person's look at this parcel, begun if need be. Call it under the lock of the return."""
    inspection, _ = Inspection.objects.get_or_create(
        loop_return=loop_return, inspector=by, finished_at=None, defaults={"started_at": clock.now()}
    )
    return inspection


def require_live(row: LoopReturn) -> None:
    """Whatever was seen of it would lead nowhere: the parcel is recorded, and a person agrees with the customer.

    A settled return is let through: its units without a final outcome were received unseen, or were not there (C16).
    """
    if row.state in ENDED_STATES:
        raise NotPossibleError(
            f"{row} is {row.get_state_display().lower()} in Loop: nothing is received or refunded for it. Put the "
            "parcel aside and record its arrival at the inspection station; finance agrees with the customer what "
            "follows."
        )
    if row.stage == LoopReturn.Stage.ENDED:
        raise NotPossibleError(f"{row} ended without settlement and is only kept for the record.")


@transaction.atomic
def finish_inspection(inspection: Inspection, *, by: User) -> None:
    """Let the outcomes count: the plan posts the receipts and goes on. Finishing twice changes nothing."""
    access.require(by, "inspect units", shop=inspection.loop_return.shop)
    hold_return(inspection.loop_return_id)
    inspection = Inspection.objects.get(pk=inspection.pk)
    if inspection.finished_at:
        return
    found, standing = list(inspection.found.filter(withdrawn_at=None)), inspection.units.filter(superseded_at=None)
    if not found and not standing.exists():
        raise NotPossibleError("No unit is judged yet. Choose an outcome for at least one unit, then finish.")
    Inspection.objects.filter(pk=inspection.pk).update(finished_at=clock.now())
    ask_for_plan([inspection.loop_return_id])
    if found:
        hint_records([inspection.loop_return_id])  # NetSuite is asked what it calls them
    audit.record_event(
        by,
        "finished inspection",
        inspection.loop_return,
        shop=inspection.loop_return.shop,
        after={unit.line.line_item_id: unit.outcome for unit in standing.select_related("line")}
        | ({"found": [str(one) for one in found]} if found else {}),
    )


@transaction.atomic
def record_units(loop_return: LoopReturn, outcomes: Sequence[UnitOutcome], *, by: User) -> Inspection:
    """Judge and finish in one go, as tools do. A resend with the same client ids and content changes nothing."""
    access.require(by, "inspect units", shop=loop_return.shop)
    hold_return(loop_return.pk)
    sent_before = find_sent_before(loop_return, outcomes)
    if sent_before:
        return sent_before
    if {one.line_item_id for one in outcomes} <= units_on_hold(loop_return):
        return judge_again(loop_return, outcomes, by=by)
    inspection = judge_units(loop_return, outcomes, by=by)
    finish_inspection(inspection, by=by)
    return inspection


@transaction.atomic
def judge_again(loop_return: LoopReturn, outcomes: Sequence[UnitOutcome], *, by: User) -> Inspection:
    """Say what becomes of units on hold. It counts at once: a unit is never without an outcome in between.

    Raises AlreadyInspectedError for a unit that is not on hold; NotPossibleError for an outcome that is no release, or
    a return that has ended: nothing of it is moved any more.
    """
    access.require(by, "inspect units", shop=loop_return.shop)
    row = hold_return(loop_return.pk)
    sent_before = find_sent_before(loop_return, outcomes)
    if sent_before:
        return sent_before
    if row.stage == LoopReturn.Stage.ENDED:
        raise NotPossibleError(f"{row} has ended: its units on hold are moved by hand in NetSuite, as finance agreed.")
    now = clock.now()
    inspection = Inspection.objects.create(loop_return=loop_return, inspector=by, started_at=now, finished_at=now)
    lines = {line.line_item_id: line for line in loop_return.lines.all()}
    for one in outcomes:
        _release(inspection, _line_of(loop_return, lines, one), one, by=by)
    ask_for_plan([loop_return.pk])
    audit.record_event(
        by,
        "judged units on hold again",
        loop_return,
        shop=loop_return.shop,
        after={one.line_item_id: one.outcome for one in outcomes},
    )
    return inspection


def find_sent_before(loop_return: LoopReturn, outcomes: Sequence[UnitOutcome]) -> Inspection | None:
    """The inspection in which exactly these outcomes came before; None if none of them did.

    Raises ClientIdReusedError if some did, or if an id stands for something else.
    """
    ids = [one.client_id for one in outcomes]
    known = list(InspectedUnit.objects.filter(client_id__in=ids).select_related("line", "inspection"))
    if not known:
        return None
    then = {(unit.line.loop_return_id, unit.client_id, unit.line.line_item_id, unit.outcome) for unit in known}
    now = {(loop_return.pk, one.client_id, one.line_item_id, one.outcome) for one in outcomes}
    if then != now:
        raise ClientIdReusedError(
            "A unit was sent before, with the same client id, and not as it is now. Nothing was changed. Look at what "
            "stands, and send what is new with a new id."
        )
    return known[0].inspection


def units_on_hold(loop_return: LoopReturn) -> set[str]:
    """Units whose place is still to be decided."""
    held = InspectedUnit.objects.filter(
        line__loop_return=loop_return, superseded_at=None, outcome=InspectedUnit.Outcome.HOLD,
        inspection__finished_at__isnull=False,
    )  # fmt: skip
    return set(held.values_list("line__line_item_id", flat=True))


def _release(inspection: Inspection, line: ReturnLine, one: UnitOutcome, *, by: User) -> None:
    if one.outcome not in RELEASES:
        raise NotPossibleError(f"A unit on hold becomes one of {', '.join(RELEASES)}; «{one.outcome}» is none of them.")
    standing = _standing(line)
    if standing is None or standing.outcome != InspectedUnit.Outcome.HOLD or not standing.inspection.finished_at:
        raise AlreadyInspectedError(f"{line.title or line.sku} is not on hold any more. Reload.")
    now = clock.now()
    InspectedUnit.objects.filter(pk=standing.pk).update(superseded_at=now)
    unit = InspectedUnit.objects.create(
        inspection=inspection,
        line=line,
        outcome=one.outcome,
        note=one.note,
        inspected_at=_when_seen(one, now=now),
        inspector=by,
        client_id=one.client_id,
    )
    InspectedUnit.objects.filter(pk=standing.pk).update(superseded_by=unit)


def _line_of(loop_return: LoopReturn, lines: dict[str, ReturnLine], one: UnitOutcome) -> ReturnLine:
    if one.outcome not in InspectedUnit.Outcome.values:
        raise NotPossibleError(f"«{one.outcome}» is no outcome. Use one of {', '.join(InspectedUnit.Outcome.values)}.")
    line = lines.get(one.line_item_id)
    if line is None or (line.removed and line.pk not in went_missing(loop_return)):
        raise NotPossibleError(f"Unit {one.line_item_id} is not part of {loop_return}. Reload the page.")
    return line


def _when_seen(one: UnitOutcome, *, now: datetime) -> datetime:
    """The receipt is dated by it, so a clock that is far behind would book into a month long closed."""
    if one.inspected_at is None:
        return now
    seen_at = min(one.inspected_at, now)
    if seen_at < now - SEEN_AGO_MAX:
        raise NotPossibleError(
            f"Unit {one.line_item_id} cannot have been judged at {seen_at:%d %b %Y %H:%M} UTC. Set the clock of the "
            f"device right, or send a time at most {SEEN_AGO_MAX.days} days ago."
        )
    return seen_at


def _standing(line: ReturnLine) -> InspectedUnit | None:
    """Its outcome as it stands."""
    judged = InspectedUnit.objects.filter(line=line, superseded_at=None)
    return judged.select_related("inspector", "inspection").first()


def went_missing(loop_return: LoopReturn) -> set[int]:
    """Lines whose unit was missing when an inspection was finished, whatever was seen of it since.

    Loop settles without it and takes it out; it may come with the next parcel. What else Loop takes out was never here,
    or a case says that it was.
    """
    missing = InspectedUnit.objects.filter(
        line__loop_return=loop_return, outcome=InspectedUnit.Outcome.MISSING, inspection__finished_at__isnull=False
    )
    return set(missing.values_list("line_id", flat=True))


def _turned_up(standing: InspectedUnit, one: UnitOutcome) -> bool:
    """Nobody has seen a missing unit, so whoever sees it judges it: it may come with a second parcel (C13, C16)."""
    missing = InspectedUnit.Outcome.MISSING
    return standing.outcome == missing and one.outcome != missing


def _judge_unit(inspection: Inspection, line: ReturnLine, one: UnitOutcome, *, by: User, row: LoopReturn) -> None:
    if find_sent_before(row, [one]):
        return
    standing = _standing(line)
    if standing and standing.inspection_id != inspection.pk and not _turned_up(standing, one):
        raise AlreadyInspectedError(
            f"{line.title or line.sku} was already judged {standing.get_outcome_display().lower()} by "
            f"{standing.inspector} at {standing.inspected_at:%d %b %Y %H:%M} UTC. Nothing was changed."
        )
    require_live(row)
    now = clock.now()
    seen_at = _when_seen(one, now=now)
    if standing and standing.inspection_id == inspection.pk:  # then nothing lies in its place after all
        inspection.found.filter(in_place_of=line, withdrawn_at=None).update(withdrawn_at=now)
    if standing:  # the same person changed their mind before finishing, or what was missing is there after all
        InspectedUnit.objects.filter(pk=standing.pk).update(superseded_at=now)
    try:
        with transaction.atomic():
            unit = InspectedUnit.objects.create(
                inspection=inspection,
                line=line,
                outcome=one.outcome,
                note=one.note,
                inspected_at=seen_at,
                inspector=by,
                client_id=one.client_id,
            )
    except IntegrityError as error:
        raise AlreadyInspectedError(f"{line.title or line.sku} was just judged by somebody else. Reload.") from error
    if standing:
        InspectedUnit.objects.filter(pk=standing.pk).update(superseded_by=unit)

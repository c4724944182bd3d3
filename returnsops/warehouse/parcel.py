"""One parcel on the bench: its units, who judged what, and whether it may be judged at all."""

from dataclasses import dataclass
from functools import cached_property

from returnsops.people import access
from returnsops.people.models import User
from returnsops.returns.inspection import ENDED_STATES, went_missing
from returnsops.returns.models import FoundGoods, InspectedUnit, Inspection, LoopReturn, NetSuiteRecord, ReturnLine
from returnsops.returns.plan import StepState


@dataclass(frozen=True)
class Unit:
    """One expected unit; `standing` is its outcome as it stands, if somebody judged it."""

    line: ReturnLine
    standing: InspectedUnit | None
    is_mine: bool  # judged by the person who looks, who has not finished: choosing again is possible

    @property
    def is_open(self) -> bool:
        return self.standing is None

    @property
    def is_counted(self) -> bool:
        return self.standing is not None and self.standing.inspection.finished_at is not None

    @property
    def is_on_hold(self) -> bool:
        """Judged and paid for; what becomes of it is still to be said."""
        return self.is_counted and self.standing is not None and self.standing.outcome == InspectedUnit.Outcome.HOLD

    @property
    def is_missing(self) -> bool:
        """Nobody has seen it yet: it may come with a second parcel, even after everything was settled."""
        return self.is_counted and self.standing is not None and self.standing.outcome == InspectedUnit.Outcome.MISSING

    @property
    def is_final(self) -> bool:
        return self.is_counted and not self.is_on_hold and not self.is_missing

    @property
    def may_be_replaced(self) -> bool:
        """Another item may be said to lie in its place."""
        return self.is_open or self.is_mine

    @property
    def is_choosable(self) -> bool:
        return self.is_open or self.is_mine or self.is_on_hold or self.is_missing


@dataclass(frozen=True)
class Found:
    """Goods that are not on the return. is_mine: noted by the person who looks, who can still take it back."""

    note: FoundGoods
    is_mine: bool
    may_take_back: bool


@dataclass(frozen=True)
class Stop:
    """Why nothing is judged here, before anybody tries."""

    title: str
    text: str
    tone: str = "warn"
    keeps_parcel: bool = False  # the goods are here and belong to nothing: they can be recorded


@dataclass(frozen=True)
class Parcel:
    row: LoopReturn
    units: tuple[Unit, ...]
    rma_number: str
    found: tuple[Found, ...] = ()
    may_arrive: bool = False  # nobody has scanned it at the dock or judged a unit of it

    @cached_property
    def is_paid(self) -> bool:
        """Loop has settled: no outcome changes what the customer was paid."""
        steps = self.row.plan.get("steps", [])
        return any(step["code"] == "settle" and step["state"] == StepState.DONE for step in steps)

    @cached_property
    def to_judge(self) -> list[Unit]:
        return [unit for unit in self.units if unit.is_open]

    @cached_property
    def mine(self) -> list[Unit]:
        return [unit for unit in self.units if unit.is_mine]

    @cached_property
    def found_by_me(self) -> list[FoundGoods]:
        return [one.note for one in self.found if one.is_mine]

    @cached_property
    def on_hold(self) -> list[Unit]:
        return [unit for unit in self.units if unit.is_on_hold]

    @cached_property
    def missing(self) -> list[Unit]:
        return [unit for unit in self.units if unit.is_missing]

    @cached_property
    def unfinished_of_others(self) -> list[Inspection]:
        """Inspections in which somebody else judged units of this parcel and has not finished."""
        found = {
            unit.standing.inspection_id: unit.standing.inspection
            for unit in self.units
            if unit.standing and not unit.is_mine and not unit.is_counted
        }
        return list(found.values())

    def unit(self, line_item_id: str) -> Unit | None:
        return next((unit for unit in self.units if unit.line.line_item_id == line_item_id), None)

    def unit_scanned(self, text: str) -> Unit | None:
        """The unit this label or barcode means: one nobody has judged first, else one that can be judged again."""
        hits = [one for one in self.units if text and text in (one.line.barcode, one.line.sku, one.line.line_item_id)]
        return next((one for one in hits if one.is_open), next((one for one in hits if one.is_choosable), None))


def load_parcel(row: LoopReturn, user: User) -> Parcel:
    standing = {
        one.line_id: one
        for one in InspectedUnit.objects.visible_to(user)
        .filter(line__loop_return=row, superseded_at=None)
        .select_related("inspector", "inspection__inspector")
    }
    missed = went_missing(row)
    units = tuple(
        Unit(line, standing.get(line.pk), is_mine=_is_open_by(standing.get(line.pk), user))
        for line in row.lines.all()
        if not line.removed or line.pk in missed
    )
    found = _found_in(row, user)
    may_arrive = not standing and not found and not row.arrivals.exists()
    return Parcel(row, units, _rma_number(row), found, may_arrive)


def _found_in(row: LoopReturn, user: User) -> tuple[Found, ...]:
    notes = FoundGoods.objects.visible_to(user).filter(inspection__loop_return=row, withdrawn_at=None)
    rows = notes.select_related("inspection", "finder", "in_place_of")
    may_others = access.may(user, "take back what others noted", shop=row.shop)

    def show(one: FoundGoods) -> Found:
        is_open, is_mine = one.inspection.finished_at is None, one.finder_id == user.pk
        return Found(one, is_open and is_mine, may_take_back=is_open and (is_mine or may_others))

    return tuple(show(one) for one in rows)


def find_stop(parcel: Parcel) -> Stop | None:
    """Why this parcel must not be judged, in words; None: go on."""
    row = parcel.row
    if row.state in ENDED_STATES and row.stage != LoopReturn.Stage.SETTLED:
        return Stop(
            f"{row.get_state_display()} in Loop",
            "Nothing is received or refunded for this return. Put the parcel aside and record it, so that "
            "finance can agree with the customer what happens to the goods.",
            tone="bad",
            keeps_parcel=True,
        )
    if parcel.on_hold and row.stage != LoopReturn.Stage.ENDED:
        return None
    if parcel.units and all(unit.is_final for unit in parcel.units):
        return _inspected_stop(parcel)
    if row.stage == LoopReturn.Stage.SETTLED and (row.state in ENDED_STATES or not parcel.units):
        when = f" on {row.settled_at:%d %b %Y}" if row.settled_at else ""
        return Stop("Settled already", f"Both books were closed for this return{when}. There is nothing to judge.")
    if row.stage == LoopReturn.Stage.ENDED:
        return Stop("Ended without settlement", f"This return is only kept for the record. {_what_is_left(parcel)}")
    if not parcel.units:
        return Stop("No units are left", "Every unit was taken out of this return in Loop. There is nothing to judge.")
    return None


def _what_is_left(parcel: Parcel) -> str:
    if parcel.on_hold:
        return "Its units on hold are moved by hand in NetSuite: ask finance where they go."
    return "There is nothing to judge."


def _inspected_stop(parcel: Parcel) -> Stop:
    judged = [unit.standing for unit in parcel.units if unit.standing]
    last = max(judged, key=lambda one: one.inspected_at)
    outcomes = [str(one.get_outcome_display()).lower() for one in judged]
    words = ", ".join(f"{outcomes.count(word)} {word}" for word in dict.fromkeys(outcomes))
    return Stop(
        "Inspected already",
        f"{last.inspector} judged it on {last.inspected_at:%d %b %Y, %H:%M} UTC: {words}. "
        "A finished inspection cannot be corrected here; if it is wrong, ask finance.",
        tone="info",
    )


def _is_open_by(standing: InspectedUnit | None, user: User) -> bool:
    return bool(standing and standing.inspection.finished_at is None and standing.inspection.inspector_id == user.pk)


def _rma_number(row: LoopReturn) -> str:
    rma: NetSuiteRecord | None = row.records.filter(record_type="returnAuthorization", gone_at=None).last()
    return rma.tran_id or rma.internal_id if rma else ""

"""Goods in a parcel that are not on its return: noting them at the bench, and taking a note back before finishing."""

import uuid
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Q

from returnsops.lib import clock
from returnsops.people import access, audit
from returnsops.people.models import User
from returnsops.returns.errors import NotPossibleError
from returnsops.returns.inspection import UnitOutcome, clean_scan, judge_units, open_inspection, require_live
from returnsops.returns.models import FoundGoods, InspectedUnit, Inspection, Item, LoopReturn, ReturnLine
from returnsops.returns.replan import hold_return

COUNT_MAX = 99
MEANINGS_MAX = 6


@dataclass(frozen=True)
class FoundThing:
    """What lay in the parcel. in_place_of: line item id of the unit that is missing instead."""

    sku: str
    count: int
    client_id: uuid.UUID
    note: str = ""
    in_place_of: str = ""


@transaction.atomic
def note_found(loop_return: LoopReturn, thing: FoundThing, *, by: User) -> FoundGoods:
    """Note it in this person's open inspection; it counts once that is finished. A resend is the same row.

    Raises NotPossibleError for nonsense, AlreadyInspectedError if somebody else judged the unit it lies in place of.
    """
    access.require(by, "inspect units", shop=loop_return.shop)
    row = hold_return(loop_return.pk)
    thing = replace(thing, sku=clean_scan(thing.sku))
    known = FoundGoods.objects.filter(client_id=thing.client_id).select_related("inspection", "in_place_of").first()
    if known:
        _require_same_note(known, loop_return, thing)
        return known
    require_live(row)
    if not thing.sku or not 1 <= thing.count <= COUNT_MAX:
        raise NotPossibleError(f"Say what lay there, and how many: 1 to {COUNT_MAX}.")
    inspection = open_inspection(loop_return, by=by)
    line = _judge_missing(inspection, thing, by=by) if thing.in_place_of else None
    return FoundGoods.objects.create(
        inspection=inspection, sku=thing.sku, count=thing.count, note=thing.note, in_place_of=line,
        found_at=clock.now(), finder=by, client_id=thing.client_id,
    )  # fmt: skip


def _require_same_note(known: FoundGoods, loop_return: LoopReturn, thing: FoundThing) -> None:
    """A client id stands for one note; another content under it would be lost without a word."""
    place = known.in_place_of.line_item_id if known.in_place_of else ""
    then = (known.inspection.loop_return_id, known.sku, known.count, place)
    if then != (loop_return.pk, thing.sku, thing.count, thing.in_place_of):
        raise NotPossibleError("This client id was used for something else. Send it with a new id.")
    if known.withdrawn_at:
        raise NotPossibleError(f"{known} was noted and taken back. If it lay there after all, note it anew.")


def _judge_missing(inspection: Inspection, thing: FoundThing, *, by: User) -> ReturnLine:
    """The unit is missing where something else lies. A second thing beside the first leaves that as it is."""
    notes = inspection.found.filter(in_place_of__line_item_id=thing.in_place_of, withdrawn_at=None)
    if not notes.exists():
        outcome, why = InspectedUnit.Outcome.MISSING, f"{thing.sku} lay there"
        missing = UnitOutcome(thing.in_place_of, outcome, _id_of_missing(thing.client_id), why)
        judge_units(inspection.loop_return, [missing], by=by)
    return inspection.loop_return.lines.get(line_item_id=thing.in_place_of)


def _id_of_missing(client_id: uuid.UUID) -> uuid.UUID:
    """Of the outcome that comes with a note, so that it goes with it too."""
    return uuid.uuid5(client_id, "missing")


@transaction.atomic
def take_back(found: FoundGoods, *, by: User) -> None:
    """It was a mistake. Possible until the inspection is finished; the unit it lay in place of can be judged anew."""
    shop = found.inspection.loop_return.shop
    access.require(by, "inspect units", shop=shop)
    hold_return(found.inspection.loop_return_id)
    inspection = Inspection.objects.get(pk=found.inspection_id)
    if inspection.finished_at:
        raise NotPossibleError("The inspection is finished. Ask finance: they decide what becomes of it.")
    FoundGoods.objects.filter(pk=found.pk, withdrawn_at=None).update(withdrawn_at=clock.now())
    if found.in_place_of_id:
        _unjudge(inspection, found.in_place_of_id)
    audit.record_event(by, "took back found goods", inspection.loop_return, shop=shop, before={"found": str(found)})


def _unjudge(inspection: Inspection, line: int) -> None:
    """The unit is not missing any more once nothing is noted in its place. Judged otherwise, it stays as it is."""
    notes = list(inspection.found.filter(in_place_of=line))
    if all(one.withdrawn_at for one in notes):
        made = inspection.units.filter(client_id__in=[_id_of_missing(one.client_id) for one in notes])
        made.filter(superseded_at=None).update(superseded_at=clock.now())


def find_meanings(loop_return: LoopReturn, text: str) -> list[Item]:
    """Items of NetSuite that a scan or a few typed letters may mean: one if it is exact, else those that begin so."""
    text = clean_scan(text)
    if not text:
        return []
    items = Item.objects.filter(account=loop_return.shop.account, is_inactive=False)
    exact = list(items.filter(Q(sku__iexact=text) | Q(upc=text))[:MEANINGS_MAX])
    return exact or list(items.filter(Q(sku__istartswith=text) | Q(display_name__istartswith=text))[:MEANINGS_MAX])

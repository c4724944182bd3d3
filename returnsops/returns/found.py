"""Goods in a parcel that are not on its return: noting them at the bench, and taking a note back before finishing."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import Q, QuerySet

from integrations.models import Shop
from returnsops.lib import clock
from returnsops.people import access, audit
from returnsops.people.models import User
from returnsops.returns.errors import ClientIdReusedError, NotPossibleError
from returnsops.returns.inspection import (
    UnitOutcome,
    find_sent_before,
    finish_inspection,
    judge_units,
    open_inspection,
    record_units,
    require_live,
    units_on_hold,
)
from returnsops.returns.models import FoundGoods, InspectedUnit, Inspection, Item, LoopReturn, ReturnLine, SkuMapping
from returnsops.returns.parcels import clean_scan
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


@transaction.atomic
def record_seen(
    loop_return: LoopReturn, outcomes: Sequence[UnitOutcome], things: Sequence[FoundThing], *, by: User
) -> Inspection:
    """Judge units, note what else lay there, and finish, in one go, as tools do. A resend changes nothing.

    Raises NotPossibleError for nonsense, AlreadyInspectedError if somebody else judged one of the units.
    """
    if not things:
        return record_units(loop_return, outcomes, by=by)
    access.require(by, "inspect units", shop=loop_return.shop)
    hold_return(loop_return.pk)
    _require_apart(loop_return, outcomes, things)
    sent_before = FoundGoods.objects.filter(client_id__in=[one.client_id for one in things]).count()
    if 0 < sent_before < len(things):
        raise ClientIdReusedError("Some of what was found was sent before, some was not. Send it with new ids.")
    if find_sent_before(loop_return, outcomes) and not sent_before:
        raise ClientIdReusedError("The units were sent before, what was found was not. Send that by itself.")
    inspection = judge_units(loop_return, outcomes, by=by) if outcomes and not sent_before else None
    for thing in things:
        inspection = note_found(loop_return, thing, by=by).inspection
    assert inspection is not None, "something was judged or noted"
    if sent_before and outcomes:
        return record_units(loop_return, outcomes, by=by)  # the same again, what is new, or it is refused
    finish_inspection(inspection, by=by)
    return inspection


def _require_apart(loop_return: LoopReturn, outcomes: Sequence[UnitOutcome], things: Sequence[FoundThing]) -> None:
    """What lies in place of a unit says that the unit is missing."""
    judged = {one.line_item_id for one in outcomes}
    both = sorted(judged & {thing.in_place_of for thing in things})
    if both:
        raise NotPossibleError(
            f"Unit {both[0]} is judged, and something else lay in its place. Name it once: what lies in place of a "
            "unit makes it missing."
        )
    held = sorted(judged & units_on_hold(loop_return))
    if held:
        raise NotPossibleError(f"Unit {held[0]} is on hold. Send what becomes of such units apart from what was found.")


def name_found(loop_return: LoopReturn, text: str) -> str:
    """As NetSuite calls it, where the text means one item; as it was read, where it means none.

    Raises NotPossibleError where it may mean several: somebody has to say which.
    """
    meant = find_meanings(loop_return, text)
    if not meant:
        return text
    if len(meant) == 1 and text.casefold() in (meant[0].sku.casefold(), meant[0].upc):
        return meant[0].sku
    names = ", ".join(one.sku for one in meant)
    raise NotPossibleError(f"«{text}» may mean {names}. Send one of these, or `as_read` to keep it as it was read.")


def _require_same_note(known: FoundGoods, loop_return: LoopReturn, thing: FoundThing) -> None:
    """A client id stands for one note; another content under it would be lost without a word."""
    place = known.in_place_of.line_item_id if known.in_place_of else ""
    then = (known.inspection.loop_return_id, known.sku, known.count, place)
    if then != (loop_return.pk, thing.sku, thing.count, thing.in_place_of):
        raise ClientIdReusedError("This client id was used for something else. Send it with a new id.")
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
    """It was a mistake. Possible until the inspection is finished; the unit it lay in place of can be judged anew.

    Raises PermissionDenied for anybody but who noted it, finance and administrators.
    """
    shop = found.inspection.loop_return.shop
    access.require(by, "inspect units" if by.pk == found.finder_id else "take back what others noted", shop=shop)
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


def why_no_stock_in(shop: Shop, found: QuerySet[FoundGoods]) -> str:
    """Why these goods cannot be taken into stock; empty if they can as far as we know. Said before NetSuite refuses."""
    mapped = SkuMapping.objects.filter(shop=shop, active=True, sku__in=found.values("sku"), item__item_type=Item.KIT)
    is_unknown = Q(item__members=None) | Q(item__members__item__item_type=Item.KIT)
    unknown = mapped.filter(is_unknown).select_related("item").first()
    if unknown is None:
        return ""
    return (
        f"{unknown.item.sku} is a kit, and nobody told us what it is made of. Have that entered under Items in the "
        "admin, or choose anew."
    )


def find_meanings(loop_return: LoopReturn, text: str) -> list[Item]:
    """Items of NetSuite that a scan or a few typed letters may mean: one if it is exact, else those that begin so."""
    text = clean_scan(text)
    if not text:
        return []
    items = Item.objects.filter(account=loop_return.shop.account, is_inactive=False)
    exact = list(items.filter(Q(sku__iexact=text) | Q(upc=text))[:MEANINGS_MAX])
    return exact or list(items.filter(Q(sku__istartswith=text) | Q(display_name__istartswith=text))[:MEANINGS_MAX])

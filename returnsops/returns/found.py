"""Goods in a parcel that are not on its return: noting them at the bench, and taking a note back before finishing."""

import uuid
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from returnsops.lib import clock
from returnsops.people import access, audit
from returnsops.people.models import User
from returnsops.returns.errors import NotPossibleError
from returnsops.returns.inspection import UnitOutcome, clean_scan, judge_units, open_inspection, require_live
from returnsops.returns.models import FoundGoods, InspectedUnit, Inspection, Item, LoopReturn
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
    known = FoundGoods.objects.filter(client_id=thing.client_id).first()
    if known:
        return known
    require_live(row)
    sku = clean_scan(thing.sku)
    if not sku or not 1 <= thing.count <= COUNT_MAX:
        raise NotPossibleError(f"Say what lay there, and how many: 1 to {COUNT_MAX}.")
    line = None
    if thing.in_place_of:
        missing = UnitOutcome(
            thing.in_place_of, InspectedUnit.Outcome.MISSING, uuid.uuid5(thing.client_id, "missing"), f"{sku} lay there"
        )
        inspection = judge_units(loop_return, [missing], by=by)
        line = loop_return.lines.get(line_item_id=thing.in_place_of)
    else:
        inspection = open_inspection(loop_return, by=by)
    return FoundGoods.objects.create(
        inspection=inspection, sku=sku, count=thing.count, note=thing.note, in_place_of=line, found_at=clock.now(),
        finder=by, client_id=thing.client_id,
    )  # fmt: skip


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
    audit.record_event(by, "took back found goods", inspection.loop_return, shop=shop, before={"found": str(found)})


def find_meanings(loop_return: LoopReturn, text: str) -> list[Item]:
    """Items of NetSuite that a scan or a few typed letters may mean: one if it is exact, else those that begin so."""
    text = clean_scan(text)
    if not text:
        return []
    items = Item.objects.filter(account=loop_return.shop.account, is_inactive=False)
    exact = list(items.filter(Q(sku__iexact=text) | Q(upc=text))[:MEANINGS_MAX])
    return exact or list(items.filter(Q(sku__istartswith=text) | Q(display_name__istartswith=text))[:MEANINGS_MAX])

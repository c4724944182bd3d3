"""At the station: goods in the parcel that are not on the return, beside its units or in place of one."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from returnsops.returns.errors import NotPossibleError
from returnsops.returns.found import FoundThing, find_meanings, note_found, take_back
from returnsops.returns.models import FoundGoods
from returnsops.warehouse.asked import back_to, inspector_of, parcel_of, refuse
from returnsops.warehouse.forms import FoundForm
from returnsops.warehouse.parcel import Parcel, find_stop

Shown = dict[str, Any]


@require_POST
def note_found_goods(request: HttpRequest, pk: int) -> HttpResponse:
    """What was scanned or typed must mean one item; else those it may mean are offered, and to keep it as it is."""
    parcel, form = parcel_of(request, pk), FoundForm(request.POST)
    if not form.is_valid():
        return refuse(request, pk, f"Say what lay there and how many. {_words_of_errors(form)}")
    if stop := find_stop(parcel):
        return refuse(request, pk, f"{stop.title}. {stop.text}")
    data = form.cleaned_data
    meant = [] if data["as_typed"] else find_meanings(parcel.row, data["sku"])
    if len(meant) > 1 or (meant and not _is_exact(meant[0], data["sku"])):
        asked = {"unit": data["unit"], "sku": data["sku"], "count": str(data["count"]), "note": data["note"]}
        return back_to(pk, found="1", **{name: value for name, value in asked.items() if value})
    sku = meant[0].sku if meant else data["sku"]
    thing = FoundThing(sku, data["count"], data["client_id"], data["note"], in_place_of=data["unit"])
    try:
        found = note_found(parcel.row, thing, by=inspector_of(request))
    except NotPossibleError as error:
        return refuse(request, pk, str(error))
    messages.success(request, f"{found} noted. Not final until you finish; then somebody decides what becomes of it.")
    return back_to(pk)


@require_POST
def take_found_goods_back(request: HttpRequest, pk: int, found_pk: int) -> HttpResponse:
    parcel, user = parcel_of(request, pk), inspector_of(request)
    notes = FoundGoods.objects.visible_to(user).select_related("inspection__loop_return__shop")
    found = get_object_or_404(notes, pk=found_pk, inspection__loop_return=parcel.row)
    try:
        take_back(found, by=user)
    except NotPossibleError as error:
        return refuse(request, pk, str(error))
    messages.success(request, f"{found} is taken back.")
    return back_to(pk)


def describe_found(parcel: Parcel, asked: Mapping[str, str], *, may_find: bool) -> Shown:
    """What _found.html and the list beside the unit take. asked: the address."""
    shown: Shown = {"found_rows": parcel.found, "may_find": may_find}
    if not may_find or "found" not in asked:
        return shown
    unit, sku = parcel.unit(asked.get("unit", "")), asked.get("sku", "")
    place = unit.line if unit and unit.may_be_replaced else None
    form = FoundForm(
        initial={
            "sku": sku, "count": asked.get("count", "1"), "note": asked.get("note", ""),
            "unit": place.line_item_id if place else "", "client_id": uuid.uuid4(),
        }
    )  # fmt: skip
    meant = find_meanings(parcel.row, sku) if sku else []
    return shown | {"found_form": form, "found_place": place, "meant": meant, "typed": sku}


def _is_exact(item: Any, text: str) -> bool:
    return text.casefold() in (item.sku.casefold(), item.upc)


def _words_of_errors(form: FoundForm) -> str:
    return " ".join(str(error) for errors in form.errors.values() for error in errors)

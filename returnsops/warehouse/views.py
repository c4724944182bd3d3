"""The inspection station: scan a parcel, judge its units one by one, finish.

Every press is a POST that redirects to the page it changed, so the station works without JavaScript; HTMX follows the
same redirect and gets the fragment.
"""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from returnsops.lib.htmx import render_page, wants_fragment
from returnsops.people import access
from returnsops.people.models import User
from returnsops.returns.errors import ClientIdReusedError, NotPossibleError
from returnsops.returns.inspection import UnitOutcome, find_sent_before, finish_inspection, judge_again, judge_units
from returnsops.returns.models import Arrival, InspectedUnit, Inspection, LoopReturn
from returnsops.returns.parcels import attach_arrival, clean_scan, find_by_scan, record_arrival
from returnsops.warehouse import present
from returnsops.warehouse.asked import RIGHT, back_to, inspector_of, parcel_of, refuse, shops_of
from returnsops.warehouse.finding import describe_found
from returnsops.warehouse.forms import BlindParcelForm, JudgeForm
from returnsops.warehouse.parcel import Parcel, Unit, find_stop, load_parcel
from returnsops.warehouse.waiting import (
    BLIND_MAX,
    UNFINISHED_MAX,
    WAITING_MAX,
    blind_parcels,
    parcels_in_order,
    returns_on_hold,
    unfinished_by,
)

USED_ALREADY = "That page was used already. Look at what stands here, and choose again."


@require_GET
def station(request: HttpRequest) -> HttpResponse:
    """The scan box. ?q= is a scan, ?done= the return just finished, ?record= a parcel to be recorded as unknown."""
    user = inspector_of(request)
    scanned = clean_scan(request.GET.get("q", ""))
    found = list(find_by_scan(user, scanned).select_related("shop")) if scanned else []
    if len(found) == 1:
        return redirect("inspect-parcel", pk=found[0].pk)
    context = _station_context(user)
    if found:
        context |= {"found": present.found_shown(found, scanned=scanned), "scanned": scanned}
    elif scanned:
        context |= present.nothing_found(scanned) | {"blind_form": _blind_form(user, scanned), "scanned": scanned}
    elif "record" in request.GET:
        context["blind_form"] = _blind_form(user, clean_scan(request.GET["record"]))
    elif request.GET.get("done", "").isdecimal():
        context |= _done_context(user, int(request.GET["done"]))
    return render(request, "warehouse/station.html", context)


@require_GET
def scan_beside_parcel(request: HttpRequest, pk: int) -> HttpResponse:
    """A scan while a parcel is open: one of its units by label or barcode, else another parcel."""
    parcel = parcel_of(request, pk)
    scanned = clean_scan(request.GET.get("q", ""))
    if unit := parcel.unit_scanned(scanned):
        return redirect(f"{reverse('inspect-parcel', args=[pk])}?{urlencode({'unit': unit.line.line_item_id})}")
    return redirect(f"{reverse('inspect')}?{urlencode({'q': scanned})}")


@require_GET
def show_parcel(request: HttpRequest, pk: int) -> HttpResponse:
    """One parcel: the unit to judge (?unit=), the note it still wants (?outcome=), or the summary."""
    context = _parcel_context(parcel_of(request, pk), request)
    answer = render_page(request, "warehouse/parcel.html", context, fragment="warehouse/_parcel.html")
    if wants_fragment(request):
        answer["HX-Replace-Url"] = request.get_full_path()
    return answer


@require_POST
def judge_unit(request: HttpRequest, pk: int) -> HttpResponse:
    parcel = parcel_of(request, pk)
    form = JudgeForm(request.POST)
    if not form.is_valid():
        return refuse(request, pk, "That was not understood. Choose the outcome again.")
    data = form.cleaned_data
    if form.wants_note:
        return back_to(pk, unit=data["unit"], outcome=data["outcome"])
    outcome = UnitOutcome(data["unit"], data["outcome"], data["client_id"], form.full_note)
    return _judge(request, parcel, [outcome])


@require_POST
def judge_rest_sellable(request: HttpRequest, pk: int) -> HttpResponse:
    """Quick receive: every unit that was shown and nobody judged yet is sellable. Still one row a unit."""
    parcel = parcel_of(request, pk)
    try:
        press = uuid.UUID(request.POST.get("client_id", ""))
    except ValueError:
        return refuse(request, pk, "That was not understood. Press the button again.")
    shown = set(request.POST.getlist("unit"))  # Loop may have told of another one since
    ids = [unit.line.line_item_id for unit in parcel.to_judge if unit.line.line_item_id in shown]
    if not ids:
        return refuse(request, pk, "No unit is left to judge. Look at the outcomes, then finish.")
    return _judge(
        request,
        parcel,
        [UnitOutcome(one, InspectedUnit.Outcome.SELLABLE, uuid.uuid5(press, one), "Received in one go") for one in ids],
    )


@require_POST
def finish_parcel(request: HttpRequest, pk: int) -> HttpResponse:
    """?inspection= finishes what a colleague left open; without it, one's own."""
    user, parcel = inspector_of(request), parcel_of(request, pk)
    open_ones = Inspection.objects.visible_to(user).filter(loop_return=parcel.row)
    wanted = request.POST.get("inspection", "")
    mine = {"pk": int(wanted)} if wanted.isdecimal() else {"inspector": user, "finished_at": None}
    inspection = open_ones.select_related("loop_return__shop").filter(**mine).first()
    if inspection is None:
        return refuse(request, pk, "Nothing is open here. It may be finished already.")
    try:
        finish_inspection(inspection, by=user)
    except NotPossibleError as error:
        return refuse(request, pk, str(error))
    return redirect(f"{reverse('inspect')}?{urlencode({'done': pk})}")


@require_POST
def note_arrival(request: HttpRequest, pk: int) -> HttpResponse:
    """The parcel is on the dock and judged later; where the policy says so, it is received on hold meanwhile."""
    parcel = parcel_of(request, pk)
    try:
        press = uuid.UUID(request.POST.get("client_id", ""))
    except ValueError:
        return refuse(request, pk, "That was not understood. Press the button again.")
    if stop := find_stop(parcel):
        return refuse(request, pk, f"{stop.title}. {stop.text}")
    row = parcel.row
    scanned = row.tracking_numbers[0] if row.tracking_numbers else row.loop_id
    try:
        record_arrival(row.shop, scanned, by=inspector_of(request), client_id=press, loop_return=row)
    except ClientIdReusedError:
        return refuse(request, pk, USED_ALREADY)
    messages.success(request, f"Noted: order {row.order_name} is here. Its units wait for inspection.")
    return redirect("inspect")


@require_POST
def record_blind_parcel(request: HttpRequest) -> HttpResponse:
    user = inspector_of(request)
    form = BlindParcelForm(request.POST, shops=shops_of(user))
    if not form.is_valid():
        context = _station_context(user) | {"blind_form": form, "scanned": form["scanned"].value()}
        return render(request, "warehouse/station.html", context, status=422)
    data = form.cleaned_data
    try:
        record_arrival(data["shop"], data["scanned"], by=user, client_id=data["client_id"], note=data["note"])
    except ClientIdReusedError:  # «Back» brought the form, and another parcel was typed over the first
        messages.error(request, USED_ALREADY)
        anew = BlindParcelForm(initial=data | {"client_id": uuid.uuid4()}, shops=shops_of(user))
        context = _station_context(user) | {"blind_form": anew, "scanned": data["scanned"]}
        return render(request, "warehouse/station.html", context, status=422)
    messages.success(request, f"Parcel {data['scanned']} is recorded. Put it on the shelf for unknown parcels.")
    return redirect("inspect")


@require_POST
def attach_blind_parcel(request: HttpRequest, pk: int) -> HttpResponse:
    """What was typed must mean exactly one return; then its units are judged next."""
    user = inspector_of(request)
    arrival = get_object_or_404(Arrival.objects.visible_to(user).select_related("shop"), pk=pk)
    access.require(user, RIGHT, shop=arrival.shop)
    typed = clean_scan(request.POST.get("return", ""))
    found = list(find_by_scan(user, typed).filter(shop=arrival.shop)[:2]) if typed else []
    if len(found) != 1:
        why = f"Several returns of {arrival.shop} fit" if found else f"No return of {arrival.shop} fits"
        told = f"{why} «{typed}». Type the id or the tracking number of the return."
        context = _station_context(user) | present.refused_answer(told) | {"not_attached": arrival.pk, "typed": typed}
        return render(request, "warehouse/station.html", context, status=422)
    try:
        attach_arrival(arrival, found[0], by=user)
    except NotPossibleError as error:
        messages.error(request, str(error))
        return redirect("inspect")
    messages.success(request, f"Parcel {arrival.scanned} belongs to this return from now on.")
    return back_to(found[0].pk)


def _judge(request: HttpRequest, parcel: Parcel, outcomes: list[UnitOutcome]) -> HttpResponse:
    held = {unit.line.line_item_id for unit in parcel.on_hold}
    judge = judge_again if {one.line_item_id for one in outcomes} <= held else judge_units
    try:
        if find_sent_before(parcel.row, outcomes):
            return back_to(parcel.row.pk)  # the same press, sent twice
        if stop := find_stop(parcel):
            return refuse(request, parcel.row.pk, f"{stop.title}. {stop.text}")
        judge(parcel.row, outcomes, by=inspector_of(request))
    except ClientIdReusedError:
        return refuse(request, parcel.row.pk, USED_ALREADY)
    except NotPossibleError as error:
        return refuse(request, parcel.row.pk, str(error))
    messages.success(request, present.judged_text(parcel, [(one.line_item_id, one.outcome) for one in outcomes]))
    return back_to(parcel.row.pk)


def _parcel_context(parcel: Parcel, request: HttpRequest) -> dict[str, Any]:
    user, stop = inspector_of(request), find_stop(parcel)
    is_summary = stop is not None or "summary" in request.GET
    unit = None if is_summary else _unit_asked_for(parcel, request.GET.get("unit", ""))
    context: dict[str, Any] = {
        "parcel": parcel,
        "row": parcel.row,
        "badges": present.parcel_badges(parcel.row),
        "stop": stop,
        "unit_rows": present.units_shown(parcel, current=unit),
        "to_judge": len(parcel.to_judge),
        "judged": len(parcel.mine) + len(parcel.found_by_me),
        "unfinished": unfinished_by(user).exclude(loop_return=parcel.row)[:UNFINISHED_MAX],
        "may_arrive": parcel.may_arrive and not stop,
    } | describe_found(parcel, request.GET, may_find=stop is None)
    if unit is None:
        mine = present.outcome_counts(one.standing.outcome for one in parcel.mine if one.standing)
        mine = ", ".join(filter(None, [mine, present.found_text(parcel.found_by_me)]))
        return context | present.FINISHING | {"mine": mine, "others": present.unfinished_shown(parcel)}
    asked = request.GET.get("outcome", "")
    return context | {
        "unit": present.unit_shown(parcel, unit),
        "may_be_replaced": unit.may_be_replaced,
        "fields": present.unit_fields(unit),
        "outcomes": present.outcomes_shown(parcel, unit),
        "question": present.note_question(unit, InspectedUnit.Outcome(asked)) if asked in present.WORDS else None,
        "press": uuid.uuid4(),
    }


def _unit_asked_for(parcel: Parcel, line_item_id: str) -> Unit | None:
    """The unit in the address if its outcome can be chosen, else the first nobody judged, one on hold, one missing."""
    asked = parcel.unit(line_item_id)
    if asked and asked.is_choosable:
        return asked
    if parcel.to_judge or parcel.mine:
        return parcel.to_judge[0] if parcel.to_judge else None
    gone = [] if parcel.unfinished_of_others else parcel.missing
    return next(iter(parcel.on_hold or gone), None)


def _station_context(user: User) -> dict[str, Any]:
    waiting = parcels_in_order(user)
    blind = blind_parcels(user)
    return {
        "waiting": present.waiting_shown(waiting[:WAITING_MAX]),
        "waiting_count": waiting.count(),
        "unfinished": unfinished_by(user)[:UNFINISHED_MAX],
        "held": present.held_shown(returns_on_hold(user)),
        "blind": list(blind[:BLIND_MAX]),
        "blind_count": blind.count(),
    }


def _done_context(user: User, pk: int) -> dict[str, Any]:
    row = LoopReturn.objects.visible_to(user).select_related("shop").filter(pk=pk).first()
    if row is None:
        return {}
    ways = [{"label": "Open the return", "href": reverse("return", args=[pk])}]
    return {"answer": present.finished_answer(load_parcel(row, user)), "ways": ways}


def _blind_form(user: User, scanned: str) -> BlindParcelForm:
    return BlindParcelForm(initial={"scanned": scanned, "client_id": uuid.uuid4()}, shops=shops_of(user))

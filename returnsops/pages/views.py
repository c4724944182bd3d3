"""Today, the returns, one return, search, connections. Each reads; but a connection is paused, resumed or checked, and
a posting that waits is cancelled."""

from functools import partial

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exceptions import actions
from exceptions.attempt import try_action
from returnsops.lib.htmx import PageRequest, render_page, wants_fragment
from returnsops.pages.connection_page import describe_connection
from returnsops.pages.connections import check_by, describe_connections, resume_by
from returnsops.pages.finding import describe_search, find_returns
from returnsops.pages.lanes import LanesForm, describe_lanes, set_lanes_by
from returnsops.pages.lists import describe_list
from returnsops.pages.pace import describe_pace
from returnsops.pages.pauses import REASON_CHARS_MAX, PauseForm, describe_pauses, resume_pause_by
from returnsops.pages.present.return_page import describe_return
from returnsops.pages.today import describe_today
from returnsops.posting.models import Posting
from returnsops.posting.pause_words import what_stands_still
from returnsops.returns.errors import NotPossibleError
from returnsops.returns.models import LoopReturn


@require_GET
def today(request: PageRequest) -> HttpResponse:
    context = describe_today(request.user, shop_code=request.GET.get("shop", ""))
    return render_page(request, "pages/today.html", context, fragment="pages/_today.html")


@require_GET
def pace(request: PageRequest) -> HttpResponse:
    shop_code, days = request.GET.get("shop", ""), request.GET.get("days", "")
    return render(request, "pages/pace.html", describe_pace(request.user, shop_code=shop_code, days=days))


@require_GET
def return_list(request: PageRequest) -> HttpResponse:
    return render_page(request, "pages/returns.html", describe_list(request), fragment="pages/_returns.html")


@require_GET
def return_page(request: PageRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(LoopReturn.objects.visible_to(request.user).select_related("shop__account"), pk=pk)
    context = describe_return(row, request.user)
    return render_page(request, "pages/return.html", context, fragment="pages/_return_live.html")


@require_POST
def cancel_posting(request: PageRequest, pk: int) -> HttpResponse:
    seen = Posting.objects.visible_to(request.user).select_related("shop", "loop_return")
    posting = get_object_or_404(seen, pk=pk)
    reason = request.POST.get("reason", "")[:REASON_CHARS_MAX]
    refused = try_action(partial(actions.cancel_posting, posting, by=request.user, reason=reason))
    if refused:
        messages.error(request, refused)
    else:
        messages.success(request, f"{posting} is cancelled. It is not sent until somebody lets it go after all.")
    return redirect("return", pk=posting.loop_return_id)


@require_GET
def search(request: PageRequest) -> HttpResponse:
    """One hit opens it; several are listed; none says where it was looked for."""
    found = find_returns(request.user, request.GET.get("q", ""))
    if len(found.rows) == 1:
        return redirect("return", pk=found.rows[0].pk)
    return render(request, "pages/search.html", describe_search(found, request))


@require_GET
def connections(request: PageRequest) -> HttpResponse:
    """The fragment leaves the pauses out: somebody may be writing there."""
    context = describe_connections(request.user)
    if not wants_fragment(request):
        context |= describe_pauses(request.user)
    return render_page(request, "pages/connections.html", context, fragment="pages/_connections.html")


@require_POST
def pause(request: PageRequest) -> HttpResponse:
    form = PauseForm(request.POST, user=request.user)
    if form.is_valid():
        try:
            made = form.carry_out()
        except (NotPossibleError, PermissionDenied) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{what_stands_still(made)}: paused. Nothing of it is sent until it is resumed.")
            return redirect(reverse("connections") + "#pauses")
    context = describe_connections(request.user) | describe_pauses(request.user, form=form)
    return render(request, "pages/connections.html", context, status=422)


@require_POST
def end_pause(request: PageRequest, pk: int) -> HttpResponse:
    try:
        words = resume_pause_by(request.user, pk, reason=request.POST.get("reason", "")[:REASON_CHARS_MAX])
    except (NotPossibleError, PermissionDenied) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, words)
    return redirect(reverse("connections") + "#pauses")


@require_GET
def connection(request: PageRequest, kind: str, pk: int) -> HttpResponse:
    context = describe_connection(request.user, kind=kind, pk=pk)
    return render_page(request, "pages/connection.html", context, fragment="pages/_connection.html")


@require_http_methods(["GET", "POST"])
def lanes(request: PageRequest, pk: int) -> HttpResponse:
    """Shown to everybody who sees the account; set by those who may."""
    form = LanesForm(request.POST) if request.method == "POST" else None
    if form is None or not form.is_valid():
        return render(request, "pages/lanes.html", describe_lanes(request.user, pk, form=form))
    try:
        name = set_lanes_by(request.user, pk, form)
    except PermissionDenied as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"The lanes of {name} are set. Senders and workers follow within seconds.")
    return redirect("lanes", pk=pk)


@require_POST
def check(request: PageRequest, kind: str, pk: int) -> HttpResponse:
    try:
        words = check_by(request.user, kind=kind, pk=pk)
    except PermissionDenied as error:
        messages.error(request, str(error))
    else:
        messages.success(request, words)
    is_from_its_page = request.POST.get("from") == "page"
    return redirect("connection", kind=kind, pk=pk) if is_from_its_page else redirect("connections")


@require_POST
def resume(request: PageRequest, kind: str, pk: int) -> HttpResponse:
    try:
        name = resume_by(request.user, kind=kind, pk=pk)
    except PermissionDenied as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{name} is resumed. What waited goes on by itself.")
    return redirect("connections")

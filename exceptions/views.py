"""The queue, the case page, and what a person does about a case."""

from collections import Counter
from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from exceptions import actions, bulk, taking
from exceptions.attempt import try_action
from exceptions.bulk_page import describe_retry, told
from exceptions.case_page import choose_member, describe_case, find_member
from exceptions.forms import FOR_ALL, FORMS, BulkRetryForm, ForAllForm, MemberForm, NoteForm
from exceptions.models import Case, CaseMember
from exceptions.queue import count_by_status, standing_members, visible_cases
from exceptions.queue_page import describe_queue, find_cases, find_cases_whoever_has_them, queue_address
from returnsops.lib.htmx import PageRequest, render_page, wants_fragment
from returnsops.people.models import User

FOR_ALL_MAX = 200  # returns of one case that one press of a button settles
LOOKS_AFTER_ACTION = 20  # how often the page looks again by itself, every three seconds


@require_GET
def queue(request: PageRequest) -> HttpResponse:
    return render_page(request, "exceptions/queue.html", describe_queue(request), fragment="exceptions/_queue.html")


@require_http_methods(["GET", "POST"])
def retry_all(request: PageRequest) -> HttpResponse:
    """Everything that fits the filter: a dry run to read, then the same documents sent again."""
    if request.method == "POST":
        form = BulkRetryForm(request.POST)
        if form.is_valid():
            done, refused = bulk.retry_all(
                find_cases_whoever_has_them(request), form.pks, by=request.user, reason=form.cleaned_data["reason"]
            )
            (messages.warning if refused else messages.success)(request, told(done, refused))
            return redirect(queue_address(request.GET))
    else:
        form = BulkRetryForm()
    context = describe_retry(bulk.plan_retry(find_cases(request), request.user), form, back=queue_address(request.GET))
    return render(request, "exceptions/retry.html", context, status=422 if form.is_bound else 200)


@require_GET
def case_page(request: PageRequest, pk: int) -> HttpResponse:
    looks = request.GET.get("looks", "")
    looks_left = int(looks) if looks.isdecimal() and int(looks) <= LOOKS_AFTER_ACTION else 0
    return _answer(request, _case_of(request, pk), member_pk=request.GET.get("member"), looks_left=looks_left)


@require_POST
def act(request: PageRequest, pk: int, name: str) -> HttpResponse:
    """One of the actions that settle a case, for one of its returns or for all of them."""
    case = _case_of(request, pk)
    member = find_member(case, request.POST.get("member"))
    if name not in FORMS:
        raise Http404(f"Case {pk} has no action «{name}».")
    if member is None:  # a second press, or one that came late: it must not fall on the next return
        messages.error(request, "The return you decided about is not in this case any more. Nothing was changed.")
        return _answer(request, case, member_pk=None, status=422)
    form, whom = FORMS[name](request.POST, member=member), ForAllForm(request.POST)
    if not (form.is_valid() and whom.is_valid()):
        for error in whom.errors.get("for_all", []):
            form.add_error(None, error)
        return _answer(request, case, member_pk=member.pk, form=form, status=422)
    seen_at = whom.cleaned_data["for_all"] if name in FOR_ALL else None
    meant = list(standing_members(case)) if seen_at else [member]
    seen = [one for one in meant if one.joined_at <= seen_at] if seen_at else meant
    done, refused = _carry_out(form, seen[:FOR_ALL_MAX], by=request.user)
    if not done:
        form.add_error(None, next(iter(refused)))
        return _answer(request, case, member_pk=member.pk, form=form, status=422)
    is_all = done == len(meant)
    (messages.success if is_all else messages.warning)(request, _told(form, done, refused, meant=len(meant)))
    return _go_on(request, case, member_pk=member.pk, looks_left=LOOKS_AFTER_ACTION)


@require_POST
def take(request: PageRequest, pk: int) -> HttpResponse:
    return _move(request, pk, taking.take, done="The case is yours.")


@require_POST
def give_back(request: PageRequest, pk: int) -> HttpResponse:
    return _move(request, pk, taking.give_back, done="The case waits for somebody again.")


def _move(request: PageRequest, pk: int, move: Callable[..., None], *, done: str) -> HttpResponse:
    """From one person to another, or to nobody."""
    case = _case_of(request, pk)
    refused = try_action(partial(move, case, by=request.user))
    messages.error(request, refused) if refused else messages.success(request, done)
    return _go_on(request, case, member_pk=request.POST.get("member"))


@require_POST
def note(request: PageRequest, pk: int) -> HttpResponse:
    case = _case_of(request, pk)
    form = NoteForm(request.POST, auto_id="note-%s")
    if form.is_valid():
        text = form.cleaned_data["text"]
        refused = try_action(partial(actions.add_note, case, by=request.user, text=text))
        if not refused:
            return _go_on(request, case, member_pk=request.POST.get("member"))
        form.add_error(None, refused)
    return _answer(request, case, member_pk=request.POST.get("member"), note=form, status=422)


def _case_of(request: PageRequest, pk: int) -> Case:
    return get_object_or_404(visible_cases(request.user), pk=pk)


def _carry_out(form: MemberForm, members: list[CaseMember], *, by: User) -> tuple[int, Counter[str]]:
    """How many were done, and the reasons of the others by number. Each return is a decision of its own."""
    refused = Counter(try_action(partial(form.carry_out, member, by=by)) for member in members)
    return refused.pop("", 0), refused


def _told(form: MemberForm, done: int, refused: Counter[str], *, meant: int) -> str:
    """«2 of 5 returns: Noted. 1 not: The case is closed. 2 more: press again.»"""
    if meant == 1:
        return form.done
    told = [f"{done} returns: {form.done}" if done == meant else f"{done} of {meant} returns: {form.done}"]
    told += [f"{count} not: {reason}" for reason, count in refused.most_common()]
    left_over = meant - done - refused.total()
    return " ".join([*told, f"{left_over} more: press again."] if left_over else told)


def _go_on(request: PageRequest, case: Case, *, member_pk: int | str | None, looks_left: int = 0) -> HttpResponse:
    """Done: HTMX gets the case as it is now, a plain form goes back to where it came from."""
    if wants_fragment(request):
        return _answer(request, _case_of(request, case.pk), member_pk=member_pk, looks_left=looks_left)
    came_from = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(came_from, allowed_hosts={request.get_host()})
    return redirect(came_from if is_ours else reverse("case", args=[case.pk]))


def _answer(
    request: PageRequest, case: Case, *, member_pk: int | str | None, form: MemberForm | None = None,
    note: NoteForm | None = None, looks_left: int = 0, status: int = 200,
) -> HttpResponse:  # fmt: skip
    member = choose_member(case, member_pk)
    context = describe_case(case, request.user, member=member, form=form, note=note, page=request.GET.get("page"))
    if wants_fragment(request):
        context["counts"] = count_by_status(request.user, shop_code=request.GET.get("shop", ""))
    context["looks_left"] = 0 if context["is_closed"] else looks_left
    return render_page(request, "exceptions/case.html", context, fragment="exceptions/_case_answer.html", status=status)

"""The case page and the detail beside the queue: one case from rows to what the templates take."""

from typing import Any

from django.core.paginator import Paginator
from django.urls import reverse

from exceptions.forms import FOR_ALL, FORMS, MemberForm, NoteForm
from exceptions.labels import kind_of, owner_of
from exceptions.models import Case, CaseMember
from exceptions.present import problem_of, show_events, show_offers, show_problem, show_words
from exceptions.queue import stake_of, standing_members, total_returns
from exceptions.taking import RIGHT
from returnsops.lib import clock
from returnsops.people import access
from returnsops.people.models import User
from returnsops.posting.models import Posting
from returnsops.posting.present import show_attempts
from returnsops.returns.labels import STAGES
from returnsops.returns.problems.kinds import APPROVE

MEMBERS_PER_PAGE = 20


def describe_case(
    case: Case, user: User, *, member: CaseMember | None, form: MemberForm | None = None,
    note: NoteForm | None = None, page: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The context of exceptions/case.html and exceptions/_case.html. `form`: one that came back with errors."""
    kind, stakes = kind_of(case.code), stake_of(case)
    is_closed = case.status == Case.Status.CLOSED
    offered = show_offers(member, user) if member and not is_closed else []
    offered = [_with_form(one, member, form) for one in offered] if member else []
    return {
        "case": case,
        "now": clock.now(),
        "title": kind.title,
        "problem": show_problem(case, member)
        | {"title": _cause(case, member), "cause": "", "actions": _take(case, user, member) + _way_to_connection(case)},
        "member": member,
        "words": show_words(case, member),
        "has_document": APPROVE in kind.actions,
        "attempts": _attempts(member),
        "offers": offered,
        "refusal": _refusal_without_form(form, offered),
        "stakes": stakes,
        "returns": total_returns(stakes),
        "members": _members(case, page),
        "events": show_events(case),
        "owner": owner_of(case.code),
        "note": note or NoteForm(auto_id="note-%s"),
        "may_note": access.may(user, "note", shop=case.shop),
        "is_closed": is_closed,
    }


def find_member(case: Case, pk: str | int | None) -> CaseMember | None:
    """The return that was asked for, if it is in the case."""
    return standing_members(case).filter(pk=pk).first() if pk and str(pk).isdecimal() else None


def choose_member(case: Case, pk: str | int | None) -> CaseMember | None:
    """The return of the case that is looked at: the one asked for, else the first. To act on, it is `find_member`."""
    return find_member(case, pk) or standing_members(case).first()


def _cause(case: Case, member: CaseMember | None) -> str:
    return str(problem_of(case, member).get("cause") or kind_of(case.code).title)


def _with_form(offer: dict[str, Any], member: CaseMember, form: MemberForm | None) -> dict[str, Any]:
    if offer["name"] not in FORMS or offer["refused"]:
        return offer
    own = form if form and form.name == offer["name"] else FORMS[offer["name"]](member=member)
    return offer | {"form": own, "for_all": offer["name"] in FOR_ALL}


def _attempts(member: CaseMember | None) -> list[dict[str, Any]]:
    """The tries of the posting that the case is about, if it is about one."""
    external_id = member.problem.get("posting") if member else ""
    posting = Posting.objects.filter(external_id=external_id).first() if external_id else None
    return show_attempts(posting) if posting else []


def _refusal_without_form(form: MemberForm | None, offered: list[dict[str, Any]]) -> str:
    """Why an action was refused, when its form is not on the page to say so."""
    if form is None or any(offer.get("form") is form for offer in offered):
        return ""
    return " ".join(str(error) for error in form.non_field_errors())


def _members(case: Case, page: str | None) -> Any:
    paginator: Paginator[CaseMember] = Paginator(standing_members(case), MEMBERS_PER_PAGE)
    found = paginator.get_page(page)
    for member in found.object_list:
        member.stage = STAGES[member.loop_return.stage]  # type: ignore[attr-defined]  # for the template
    return found


def _take(case: Case, user: User, member: CaseMember | None) -> list[dict[str, Any]]:
    """Saying «mine», or that it is not any more: what components/action.html takes."""
    if case.status == Case.Status.CLOSED:
        return []
    is_mine = case.assignee_id == user.pk
    allowed = access.may(user, RIGHT, shop=case.shop)
    return [
        {
            "label": "Give it back" if is_mine else "Take it over" if case.assignee_id else "Take it",
            "icon": "undo-2" if is_mine else "user-check",
            "url": reverse("case-give-back" if is_mine else "case-take", args=[case.pk]),
            "key": "a",
            "target": "#detail",
            "swap": "innerHTML",
            "fields": [{"name": "member", "value": member.pk}] if member else [],
            "reason": "" if allowed else f"Your role in {case.shop} does not include it.",
        }
    ]


def _way_to_connection(case: Case) -> list[dict[str, Any]]:
    """A connection is checked and resumed on a page of its own, which also shows what moves."""
    if case.code not in ("connection_down", "connection_refused", "work_overdue"):
        return []
    return [{"label": "Open Connections", "icon": "plug", "url": reverse("connections"), "method": "get"}]

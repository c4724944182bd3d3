"""Whose a case is: somebody says «mine», gives it back, or has left."""

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from exceptions.cases import note_event
from exceptions.models import Case
from returnsops.lib.moves import move_row
from returnsops.people import access, audit
from returnsops.people.models import Membership, User
from returnsops.returns.errors import NotPossibleError

RIGHT = "assign"
GIVEN_BACK_MAX = 200  # in one step


@transaction.atomic
def take(case: Case, *, by: User) -> None:
    """Say «mine». Taking a case that somebody else has moves it to you, and says so."""
    access.require(by, RIGHT, shop=case.shop)
    case = _held(case)
    if case.status == Case.Status.CLOSED:
        raise NotPossibleError("The case is closed already. Reload the page.")
    before = case.assignee
    if case.status == Case.Status.OPEN:
        move_row(case, field="status", target=Case.Status.TAKEN, moves=Case.MOVES)
    Case.objects.filter(pk=case.pk).update(assignee=by)
    note_event(case, "taken", f"{by} takes it" + (f" from {before}." if before and before != by else "."), actor=by)
    audit.record_event(by, "took case", case, shop=case.shop, before=before and str(before), after=str(by))


@transaction.atomic
def give_back(case: Case, *, by: User) -> None:
    """It waits for somebody again. Only whoever has it gives it back; others take it over."""
    access.require(by, RIGHT, shop=case.shop)
    case = _held(case)
    if case.status != Case.Status.TAKEN:
        raise NotPossibleError("Nobody has it. Reload the page.")
    if case.assignee != by:
        raise NotPossibleError(f"{case.assignee} has it. Take it over instead.")
    _let_go(case, by=by, text=f"{by} gives it back.")


def give_back_of_who_left() -> None:
    """What somebody has who was switched off, or works on cases of this shop no more, waits for somebody again."""
    for pk in _of_who_left().values_list("pk", flat=True)[:GIVEN_BACK_MAX]:
        with transaction.atomic():
            case = _of_who_left().select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
            if case:
                _let_go(case, by=None, text=f"{case.assignee or 'Who had it'} works on cases of {case.shop} no more.")


def _of_who_left() -> QuerySet[Case]:
    may = Membership.objects.filter(user=OuterRef("assignee"), shop=OuterRef("shop"), role__in=access.RIGHTS[RIGHT])
    works_on = Q(assignee__is_active=True) & (Q(assignee__is_superuser=True) | Exists(may))
    taken = Case.objects.filter(status=Case.Status.TAKEN).select_related("assignee", "shop")
    return taken.filter(Q(assignee=None) | ~works_on).order_by("pk")


def _held(case: Case) -> Case:
    held = Case.objects.select_for_update(of=("self",), no_key=True)
    return held.select_related("assignee", "shop").get(pk=case.pk)


def _let_go(case: Case, *, by: User | None, text: str) -> None:
    before = str(case.assignee or "")
    if move_row(case, field="status", target=Case.Status.OPEN, moves=Case.MOVES, assignee=None):
        note_event(case, "given back", text, actor=by)
        audit.record_event(by, "gave back case", case, shop=case.shop, before=before)

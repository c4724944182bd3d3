"""Problems of a source ↔ its open cases. Only the source that raised a problem can close it."""

from collections.abc import Iterable
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from exceptions.models import Case, CaseEvent, CaseMember
from integrations.models import Shop
from returnsops.lib import clock
from returnsops.lib.canonical import plain
from returnsops.lib.fixed_query import FixedQuery, slot
from returnsops.lib.money import ZERO
from returnsops.lib.moves import move_row
from returnsops.people.models import User
from returnsops.returns.models import LoopReturn
from returnsops.returns.problems import Problem

PLAN, CONNECTION, INBOX, WRITERS, OVERDUE = "plan", "connection", "inbox", "writers", "overdue"
STANDING = FixedQuery(
    lambda: CaseMember.objects.filter(loop_return=slot("return_pk"), left_at=None, case__source=PLAN).select_related(
        "case"
    )
)


@transaction.atomic(savepoint=False)
def sync_cases(loop_return: LoopReturn, problems: Iterable[Problem]) -> None:
    """Make this return a member of exactly the cases its plan's problems call for."""
    standing = {(one.code, one.subject): one for one in problems}
    members = {(member.case.code, member.case.subject): member for member in STANDING.ask(return_pk=loop_return.pk)}
    for key, member in members.items():
        if key not in standing:
            _leave(member)
    for key, problem in standing.items():
        if key in members:
            _update_member(members[key], problem, loop_return)
        else:
            _join(open_case(loop_return.shop, problem, source=PLAN), loop_return, problem)


@transaction.atomic
def add_case(loop_return: LoopReturn, problem: Problem) -> None:
    """One more case for this return; its others stay, as nothing is known to have changed about them."""
    _join(open_case(loop_return.shop, problem, source=PLAN), loop_return, problem)


def sync_source(shop: Shop, source: str, problems: Iterable[Problem]) -> None:
    """The same for a source without returns: a connection, the inbox."""
    with transaction.atomic():
        standing = {(one.code, one.subject): one for one in problems}
        for case in _live().filter(shop=shop, source=source):
            if (case.code, case.subject) not in standing:
                close_case(case, text="The cause is gone.")
        for problem in standing.values():
            case, told = open_case(shop, problem, source=source), plain(problem)
            if case.problem != told:
                Case.objects.filter(pk=case.pk).update(problem=told)


@transaction.atomic
def open_case(shop: Shop, problem: Problem, *, source: str) -> Case:
    """The open case of this code and subject, made if there is none. Two at once get the same one."""
    known = _live().select_for_update(no_key=True).filter(shop=shop, code=problem.code, subject=problem.subject).first()
    if known:
        return known
    before = Case.objects.filter(shop=shop, code=problem.code, subject=problem.subject).count()
    try:
        with transaction.atomic():
            case = Case.objects.create(
                shop=shop, code=problem.code, subject=problem.subject, source=source, opened_at=clock.now(),
                times_before=before,
            )  # fmt: skip
    except IntegrityError:
        # Held like a known one: its last member may be about to leave.
        return _live().select_for_update(no_key=True).get(shop=shop, code=problem.code, subject=problem.subject)
    note_event(case, "opened", problem.cause)
    return case


def close_case(case: Case, *, text: str) -> None:
    if move_row(case, field="status", target=Case.Status.CLOSED, moves=Case.MOVES, closed_at=clock.now()):
        note_event(case, "closed", text)


def note_event(
    case: Case, kind: str, text: str, *, actor: User | None = None, loop_return: LoopReturn | None = None
) -> CaseEvent:
    return CaseEvent.objects.create(
        case=case, at=clock.now(), actor=actor, kind=kind, text=text, loop_return=loop_return
    )


def money_at_stake(case: Case) -> dict[str, Decimal]:
    """Sum over the members that are still in, by currency."""
    sums: dict[str, Decimal] = {}
    for amount, currency in case.members.filter(left_at=None).values_list("amount", "currency"):
        sums[currency] = sums.get(currency, ZERO) + amount
    return sums


def _live() -> QuerySet[Case]:
    return Case.objects.exclude(status=Case.Status.CLOSED)


def _join(case: Case, loop_return: LoopReturn, problem: Problem) -> None:
    _, is_new = CaseMember.objects.update_or_create(
        case=case,
        loop_return=loop_return,
        defaults={**_member_values(problem, loop_return), "left_at": None, "joined_at": clock.now()},
    )
    note_event(case, "joined" if is_new else "joined again", problem.cause, loop_return=loop_return)


def _update_member(member: CaseMember, problem: Problem, loop_return: LoopReturn) -> None:
    values = _member_values(problem, loop_return)
    if member.problem != values["problem"]:
        CaseMember.objects.filter(pk=member.pk).update(**values)


def _leave(member: CaseMember) -> None:
    """A case ends with its last member. The row lock keeps a return that joins just now from being missed."""
    case = Case.objects.select_for_update(no_key=True).get(pk=member.case_id)
    CaseMember.objects.filter(pk=member.pk).update(left_at=clock.now())
    note_event(case, "left", "Nothing stands in its way any more.", loop_return=member.loop_return)
    if case.status != Case.Status.CLOSED and not case.members.filter(left_at=None).exists():
        close_case(case, text="The last return has left.")


def _member_values(problem: Problem, loop_return: LoopReturn) -> dict[str, object]:
    return {
        "problem": plain(problem),
        "amount": problem.amount,
        "currency": loop_return.currency or loop_return.shop.currency,
    }

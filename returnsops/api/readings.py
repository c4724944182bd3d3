"""A case as it is read through the API: its row, its sums, its returns, its events, what the reader may do."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, QuerySet, Sum
from django.shortcuts import get_object_or_404
from rest_framework.exceptions import NotFound

from exceptions.actions import Offer, offers
from exceptions.models import Case, CaseEvent, CaseMember
from returnsops.people.models import User
from returnsops.returns.problems import KINDS, ProblemKind

SHOWN_MAX = 50


@dataclass(frozen=True)
class Money:
    amount: Decimal
    currency: str


@dataclass(frozen=True)
class CaseRow:
    """A case with the sums over the returns that are still in it."""

    case: Case
    returns_waiting: int
    at_stake: list[Money]

    @property
    def kind(self) -> ProblemKind:
        return KINDS[self.case.code]


@dataclass(frozen=True)
class MemberOffers:
    return_pk: int | None
    actions: list[Offer]


@dataclass(frozen=True)
class CaseReading(CaseRow):
    members: list[CaseMember]
    events: list[CaseEvent]
    offers: MemberOffers


def visible_cases(user: User) -> QuerySet[Case]:
    cases: QuerySet[Case] = Case.objects.visible_to(user)
    return cases.select_related("shop", "assignee")


def visible_case(pk: int, *, user: User) -> Case:
    return get_object_or_404(visible_cases(user), pk=pk)


def members_of(case: Case) -> QuerySet[CaseMember]:
    return case.members.select_related("case", "loop_return__shop").defer("loop_return__raw", "loop_return__plan")


def events_of(case: Case) -> QuerySet[CaseEvent]:
    return case.events.select_related("actor").order_by("-pk")


def find_member(case: Case, return_pk: int) -> CaseMember:
    member = members_of(case).filter(loop_return_id=return_pk).first()
    if member is None:
        raise NotFound(f"Return {return_pk} is not in case {case.pk}.")
    return member


def add_sums(cases: Iterable[Case]) -> list[CaseRow]:
    """One query for all of them."""
    cases = list(cases)
    sums = (
        CaseMember.objects.filter(case__in=cases, left_at=None)
        .values("case_id", "currency")
        .annotate(returns=Count("pk"), amount=Sum("amount"))
        .order_by("case_id", "currency")
    )
    by_case = defaultdict(list)
    for one in sums:
        by_case[one["case_id"]].append(one)
    return [
        CaseRow(
            case,
            returns_waiting=sum(one["returns"] for one in by_case[case.pk]),
            at_stake=[Money(one["amount"], one["currency"]) for one in by_case[case.pk]],
        )
        for case in cases
    ]


def read_case(case: Case, *, user: User, return_pk: int | None = None) -> CaseReading:
    """return_pk: whose offers; without it those of the first return that waits.

    Offers are worked out for one return at a time, since each costs queries and a case may have a thousand returns.
    """
    [row] = add_sums([case])
    members = list(members_of(case).order_by(F("left_at").asc(nulls_first=True), "pk")[:SHOWN_MAX])
    asked = find_member(case, return_pk) if return_pk else next((one for one in members if not one.left_at), None)
    return CaseReading(
        case,
        returns_waiting=row.returns_waiting,
        at_stake=row.at_stake,
        members=members,
        events=list(events_of(case)[:SHOWN_MAX]),
        offers=MemberOffers(asked.loop_return_id, offers(asked, user)) if asked else MemberOffers(None, []),
    )

"""A case as it is read through the API: its row, its sums, its returns, its events, what the reader may do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.exceptions import NotFound

from exceptions.models import Case, CaseEvent, CaseMember
from exceptions.offers import Offer, offers
from exceptions.queue import stake_of, stakes_of, total_returns, visible_cases
from returnsops.people.models import User
from returnsops.returns.problems import KINDS
from returnsops.returns.problems.kinds import ProblemKind

SHOWN_MAX = 50


@dataclass(frozen=True)
class CaseRow:
    """A case with the sums over its returns, as the queue shows them."""

    case: Case
    at_stake: list[dict[str, Any]]

    @property
    def kind(self) -> ProblemKind:
        return KINDS[self.case.code]

    @property
    def returns(self) -> int:
        return total_returns(self.at_stake)


@dataclass(frozen=True)
class MemberOffers:
    return_pk: int | None
    actions: list[Offer]


@dataclass(frozen=True)
class CaseReading(CaseRow):
    members: list[CaseMember]
    events: list[CaseEvent]
    offers: MemberOffers


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


def add_sums(cases: Sequence[Case]) -> list[CaseRow]:
    stakes = stakes_of(cases)
    return [CaseRow(case, stakes.get(case.pk, [])) for case in cases]


def read_case(case: Case, *, user: User, return_pk: int | None = None) -> CaseReading:
    """return_pk: whose offers; without it those of the first return that waits.

    Offers are worked out for one return at a time, since each costs queries and a case may have a thousand returns.
    """
    members = list(members_of(case).order_by(F("left_at").asc(nulls_first=True), "pk")[:SHOWN_MAX])
    asked = find_member(case, return_pk) if return_pk else next((one for one in members if not one.left_at), None)
    return CaseReading(
        case,
        at_stake=stake_of(case),
        members=members,
        events=list(events_of(case)[:SHOWN_MAX]),
        offers=MemberOffers(asked.loop_return_id, offers(asked, user)) if asked else MemberOffers(None, []),
    )

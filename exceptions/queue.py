"""The queue of cases: which ones, how many, and what is at stake in each."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum

from exceptions.models import Case, CaseMember
from integrations.models import Shop
from returnsops.people.models import User

CaseRows = QuerySet[Case, Case]
MemberRows = QuerySet[CaseMember, CaseMember]
PAGE_SIZE = 25


def visible_cases(user: User) -> CaseRows:
    rows: CaseRows = Case.objects.visible_to(user).select_related("shop", "assignee")
    return rows


def count_by_status(user: User, *, shop_code: str = "") -> dict[str, int]:
    rows = Case.objects.visible_to(user)
    if shop_code:
        seen = Shop.objects.visible_to(user).values_list("pk", "code")
        rows = rows.filter(shop__in=[pk for pk, code in seen if code == shop_code])  # it may hold anything
    counts = dict(rows.order_by().values_list("status").annotate(count=Count("pk")))
    return {status: counts.get(status, 0) for status in Case.Status.values}


def stakes_of(cases: Sequence[Case]) -> dict[int, list[dict[str, Any]]]:
    """By case: [{amount, currency, returns}] over its standing members, or over all of them once it is closed."""
    members = CaseMember.objects.filter(case__in=[case.pk for case in cases]).order_by()
    standing = members.filter(left_at=None)
    found: dict[int, list[dict[str, Any]]] = {}
    for rows, of_closed in ((standing, False), (members, True)):
        closed = {case.pk for case in cases if (case.status == Case.Status.CLOSED) == of_closed}
        sums = rows.filter(case__in=closed).values("case", "currency")
        for row in sums.annotate(amount=Sum("amount"), returns=Count("pk")).order_by("-amount"):
            found.setdefault(row["case"], []).append(dict(row))
    return found


def standing_members(case: Case) -> MemberRows:
    """The returns that are in the case; of a closed case, those that were."""
    members: MemberRows = case.members.select_related("case", "loop_return__shop").order_by("pk")
    return members if case.status == Case.Status.CLOSED else members.filter(left_at=None)


def standing_members_of(cases: CaseRows) -> MemberRows:
    """Everything that waits in these cases, the longest first."""
    members: MemberRows = CaseMember.objects.filter(case__in=cases.order_by(), left_at=None)
    return members.select_related("case", "loop_return__shop").order_by("joined_at", "pk")


def stake_of(case: Case) -> list[dict[str, Any]]:
    return stakes_of([case]).get(case.pk, [])


def total_returns(stakes: list[dict[str, Any]]) -> int:
    return sum(row["returns"] for row in stakes)


def largest(stakes: list[dict[str, Any]]) -> tuple[Decimal | None, str]:
    """What a list shows of the money: nearly always there is one currency only."""
    return (stakes[0]["amount"], stakes[0]["currency"]) if stakes and stakes[0]["amount"] else (None, "")

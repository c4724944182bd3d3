"""What lies on the dock: parcels that wait for a look, and parcels nobody knows yet."""

from datetime import datetime

from django.db.models import Count, Exists, F, Min, OuterRef, QuerySet, Subquery

from returnsops.people.models import User
from returnsops.returns.models import (
    Arrival,
    ExchangeItem,
    FoundGoods,
    InspectedUnit,
    Inspection,
    LoopReturn,
    ReturnLine,
)
from returnsops.returns.parcels import parcels_waiting

WAITING_MAX = 20
BLIND_MAX = 10
HELD_MAX = 20
UNFINISHED_MAX = 5


def parcels_in_order(user: User) -> QuerySet[LoopReturn]:
    """Parcels that wait: exchanges first, then the longest here. Without what no list shows."""
    return (
        parcels_waiting(user)
        .annotate(
            has_exchange=Exists(ExchangeItem.objects.filter(loop_return=OuterRef("pk"))),
            unit_count=_count_units(),
        )
        .select_related("shop")
        .defer("raw", "plan")
        .order_by("-has_exchange", F("delivered_at").asc(nulls_last=True), "pk")
    )


def _count_units() -> Subquery:
    """A query of its own: PostgreSQL counts for the rows that are shown, and not for all that wait."""
    units = ReturnLine.objects.filter(loop_return=OuterRef("pk"), removed=False).order_by()
    return Subquery(units.values("loop_return").annotate(count=Count("pk")).values("count"))


def returns_on_hold(user: User) -> list[tuple[LoopReturn, datetime]]:
    """Returns with units on hold and since when, those that lie there longest first; HELD_MAX at most.

    Begins with the units: few are on hold, and each return would have to be asked about its own.
    """
    seen = LoopReturn.objects.visible_to(user)
    seen = seen.exclude(stage=LoopReturn.Stage.ENDED)  # of which nothing is moved any more
    held = InspectedUnit.objects.filter(
        superseded_at=None, outcome=InspectedUnit.Outcome.HOLD, inspection__finished_at__isnull=False,
        line__loop_return__in=seen.order_by(),
    )  # fmt: skip
    first = held.values_list("line__loop_return").annotate(since=Min("inspected_at"))
    since = dict(first.order_by("since", "line__loop_return")[:HELD_MAX])
    rows = LoopReturn.objects.select_related("shop").defer("raw", "plan").in_bulk(since)
    return [(rows[pk], moment) for pk, moment in since.items()]


def unfinished_by(user: User) -> QuerySet[Inspection]:
    """Parcels this person judged and left without finishing: until then none of it counts."""
    judged = InspectedUnit.objects.filter(inspection=OuterRef("pk"), superseded_at=None)
    found = FoundGoods.objects.filter(inspection=OuterRef("pk"), withdrawn_at=None)
    return (
        Inspection.objects.visible_to(user)
        .filter(Exists(judged) | Exists(found), inspector=user, finished_at=None)
        .select_related("loop_return")
        .defer("loop_return__raw", "loop_return__plan")
        .order_by("started_at", "pk")
    )


def blind_parcels(user: User) -> QuerySet[Arrival]:
    """Parcels recorded without a return, the newest first."""
    return (
        Arrival.objects.visible_to(user)
        .filter(loop_return=None)
        .select_related("shop", "arrived_by")
        .order_by("-arrived_at", "-pk")
    )

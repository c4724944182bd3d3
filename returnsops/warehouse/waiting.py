"""What lies on the dock: parcels that wait for a look, and parcels nobody knows yet."""

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from returnsops.people.models import User
from returnsops.returns.models import (
    Arrival,
    ExchangeItem,
    FoundGoods,
    InspectedUnit,
    Inspection,
    LoopReturn,
)
from returnsops.returns.parcels import parcels_waiting

WAITING_MAX = 20
BLIND_MAX = 10
HELD_MAX = 20
UNFINISHED_MAX = 5


def parcels_in_order(user: User) -> QuerySet[LoopReturn]:
    """Parcels that wait: exchanges first, then the longest here."""
    return (
        parcels_waiting(user)
        .annotate(
            has_exchange=Exists(ExchangeItem.objects.filter(loop_return=OuterRef("pk"))),
            unit_count=Count("lines", filter=Q(lines__removed=False)),
        )
        .select_related("shop")
        .order_by("-has_exchange", F("delivered_at").asc(nulls_last=True), "pk")
    )


def returns_on_hold(user: User) -> QuerySet[LoopReturn]:
    """Returns with units on hold, those that lie there longest first."""
    held = InspectedUnit.objects.filter(
        line__loop_return=OuterRef("pk"), superseded_at=None, outcome=InspectedUnit.Outcome.HOLD,
        inspection__finished_at__isnull=False,
    ).order_by("inspected_at")  # fmt: skip
    since = Subquery(held.values("inspected_at")[:1])
    rows = LoopReturn.objects.visible_to(user).annotate(held_since=since).exclude(held_since=None)
    rows = rows.exclude(stage=LoopReturn.Stage.ENDED)  # of which nothing is moved any more
    return rows.select_related("shop").order_by("held_since", "pk")


def unfinished_by(user: User) -> QuerySet[Inspection]:
    """Parcels this person judged and left without finishing: until then none of it counts."""
    judged = InspectedUnit.objects.filter(inspection=OuterRef("pk"), superseded_at=None)
    found = FoundGoods.objects.filter(inspection=OuterRef("pk"), withdrawn_at=None)
    return (
        Inspection.objects.visible_to(user)
        .filter(Exists(judged) | Exists(found), inspector=user, finished_at=None)
        .select_related("loop_return")
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

"""Search: any number a person may hold in their hand, in one box."""

from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from returnsops.lib.htmx import PageRequest
from returnsops.pages.lists import listed_returns
from returnsops.pages.tables import ReturnTable
from returnsops.people.access import RIGHTS
from returnsops.people.models import Membership, User
from returnsops.returns.filters import find_by_identifier
from returnsops.returns.models import LoopReturn
from returnsops.returns.parcels import clean_scan, find_by_scan

FOUND_MAX = 50
TRIED = (
    "Loop return",
    "order",
    "tracking number",
    "unit or SKU",
    "exchange order",
    "NetSuite number or our own id",
    "barcode of a unit to inspect",
)


@dataclass(frozen=True)
class Found:
    text: str
    rows: list[LoopReturn]
    is_cut: bool = False  # there are more than we list


def find_returns(user: User, asked: str) -> Found:
    """Returns that this text names, newest first. Scanners' control characters and carriers' prefixes are left out."""
    text = clean_scan(asked)
    if not text:
        return Found("", [])
    rows = list(listed_returns(user).filter(pk__in=find_by_identifier(text))[: FOUND_MAX + 1])
    rows = rows or list(listed_returns(user).filter(pk__in=find_by_scan(user, text).values("pk"))[: FOUND_MAX + 1])
    return Found(text, rows[:FOUND_MAX], is_cut=len(rows) > FOUND_MAX)


def describe_search(found: Found, request: PageRequest) -> dict[str, Any]:
    return {
        "text": found.text,
        "table": ReturnTable(found.rows, request=request, orderable=False) if found.rows else None,
        "count": len(found.rows),
        "is_cut": found.is_cut,
        "tried": TRIED,
        "ways": _ways(request.user),
    }


def _ways(user: User) -> list[dict[str, str]]:
    """Where to go on when nothing was found."""
    ways = [
        {"label": "All returns", "href": reverse("returns")},
        {"label": "Connections", "href": reverse("connections")},
    ]
    inspects = Membership.objects.filter(user=user, role__in=RIGHTS["inspect units"]).exists()
    if inspects or user.is_superuser:
        ways.insert(0, {"label": "Record a parcel without a return", "href": "/inspect/"})
    return ways

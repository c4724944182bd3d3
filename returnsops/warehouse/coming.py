"""What is on its way to the dock: who sends it, what lies in it, and by when it should be here (requirement B6)."""

from collections import Counter
from datetime import datetime
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.db.models.fields.json import KT
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from returnsops.people.models import User
from returnsops.returns.models import Arrival, LoopReturn, NetSuiteRecord, ReturnLine
from returnsops.returns.parcels import LIVE_STATES
from returnsops.returns.plan.inspecting import ON_THE_ROAD
from returnsops.warehouse.asked import inspector_of

PAGE_SIZE = 25
STAGES = (LoopReturn.Stage.ON_ITS_WAY, LoopReturn.Stage.NEEDS_PERSON)  # whatever else is asked about it, it comes
Shown = dict[str, Any]


@require_GET
def coming(request: HttpRequest) -> HttpResponse:
    """?page= of what the carriers have."""
    page = Paginator(parcels_coming(inspector_of(request)), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "warehouse/coming.html", {"parcels": list(map(show_coming, page)), "pager": _pager(page)})


def parcels_coming(user: User) -> QuerySet[LoopReturn]:
    """What a carrier has and nobody here has seen, the longest awaited first."""
    arrived = Arrival.objects.filter(loop_return=OuterRef("pk"))
    authorizations = NetSuiteRecord.objects.filter(record_type="returnAuthorization", gone_at=None).defer("raw")
    return (
        LoopReturn.objects.visible_to(user)
        .filter(stage__in=STAGES, state__in=LIVE_STATES, label_status__in=ON_THE_ROAD, delivered_at=None)
        .exclude(Exists(arrived))
        .annotate(carrier=KT("raw__carrier"))
        .select_related("shop")
        .prefetch_related(
            Prefetch("lines", queryset=ReturnLine.objects.filter(removed=False), to_attr="live_lines"),
            Prefetch("records", queryset=authorizations.order_by("pk"), to_attr="authorizations"),
        )
        .defer("raw")
        .order_by("created_at", "pk")
    )


def show_coming(row: Any) -> Shown:
    """row: as `parcels_coming` gives them."""
    contents = Counter(line.sku or line.title for line in row.live_lines)
    return {
        "title": f"Order {row.order_name}",
        "href": reverse("inspect-parcel", args=[row.pk]),
        "shop": row.shop.name,
        "contents": ", ".join(f"{count} × {sku}" for sku, count in contents.items()),
        "state": row.label_status.replace("_", " "),
        "carrier": row.carrier or "",
        "tracking": row.tracking_numbers,
        "authorizations": [{"number": one.tran_id, "state": one.status_label} for one in row.authorizations],
        "due_at": _due_at(row),
    }


def _due_at(row: LoopReturn) -> datetime | None:
    """By when the plan wants it here."""
    told = next((step["due_at"] for step in row.plan.get("steps", []) if step["code"] == "arrival"), None)
    return datetime.fromisoformat(told) if told else None


def _pager(page: Page[LoopReturn]) -> dict[str, str]:
    here = reverse("inspect-coming")
    return {
        "previous": f"{here}?page={page.previous_page_number()}" if page.has_previous() else "",
        "next": f"{here}?page={page.next_page_number()}" if page.has_next() else "",
        "text": f"{page.start_index()} to {page.end_index()} of {page.paginator.count:,}",
    }

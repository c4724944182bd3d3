"""The list of returns, with everything its rows show, in a bounded number of queries."""

from typing import Any

from django.db.models import Prefetch
from django.http import QueryDict
from django.urls import reverse
from django_tables2 import RequestConfig

from returnsops.lib.htmx import PageRequest
from returnsops.pages.filters import ReturnListFilter
from returnsops.pages.gaps import Rows
from returnsops.pages.tables import ReturnTable
from returnsops.people.models import User
from returnsops.returns.models import LoopReturn, NetSuiteRecord

PAGE_SIZE = 25
NOT_FILTERS = ("page", "sort")


def listed_returns(user: User) -> Rows:
    """Without the raw payloads, which no list shows."""
    records = Prefetch(
        "records",
        queryset=NetSuiteRecord.objects.filter(gone_at=None).defer("raw").order_by("pk"),
        to_attr="shown_records",
    )
    rows: Rows = LoopReturn.objects.visible_to(user).select_related("shop__account").defer("raw")
    return rows.prefetch_related(records).order_by("-created_at", "-pk")


def describe_list(request: PageRequest) -> dict[str, Any]:
    """The context of pages/returns.html and pages/_returns.html."""
    found = ReturnListFilter(request.GET, queryset=listed_returns(request.user), request=request)
    rows = found.qs if found.form.is_valid() else found.queryset.none()
    table = ReturnTable(rows, request=request)
    RequestConfig(request, paginate={"per_page": PAGE_SIZE, "silent": True}).configure(table)
    return {
        "table": table,
        "form": found.form,
        "total": table.paginator.count,
        "active": _active(request.GET, found),
        "reset": reverse("returns"),
    }


def _active(query: QueryDict, found: ReturnListFilter) -> list[dict[str, str]]:
    active = []
    for name, field in found.form.fields.items():
        if query.get(name):
            words = dict(getattr(field, "choices", ())).get(query[name], query[name])
            active.append({"label": str(field.label), "value": str(words), "href": _without(query, name)})
    return active


def _without(query: QueryDict, name: str) -> str:
    left = query.copy()
    for one in (name, *NOT_FILTERS):
        left.pop(one, None)
    return reverse("returns") + (f"?{left.urlencode()}" if left else "")

"""The queue on the screen: tabs, rows and the case that is looked at."""

from typing import Any

from django.core.paginator import Page, Paginator
from django.http import QueryDict
from django.urls import reverse

from exceptions.bulk import count_retryable
from exceptions.case_page import choose_member, describe_case
from exceptions.filters import ORDERS, QueueFilter
from exceptions.labels import STATUSES, kind_of, owner_of, tone_of
from exceptions.models import Case
from exceptions.queue import PAGE_SIZE, CaseRows, count_by_status, largest, stakes_of, total_returns, visible_cases
from returnsops.lib import clock
from returnsops.lib.htmx import PageRequest
from returnsops.posting.labels import kind_name
from returnsops.posting.pause_words import key_words

TABS = [(Case.Status.OPEN, "Open"), (Case.Status.TAKEN, "In progress"), (Case.Status.CLOSED, "Closed")]
FILTERS = ("q", "code", "shop", "whose", "order")


def describe_queue(request: PageRequest) -> dict[str, Any]:
    """The context of exceptions/queue.html and exceptions/_queue.html."""
    found = _filter(request)
    status = found.data["status"]
    counts = count_by_status(request.user, shop_code=request.GET.get("shop", ""))
    rows = _rows_of(found)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    chosen = _chosen_case(request)
    detail = _detail(request, chosen) if chosen else {}
    return detail | {
        "now": clock.now(),
        "form": found.form,
        "status": status,
        "active": _active(request.GET, found),
        "reset": _address(request.GET, drop=(*FILTERS, "page", "case", "member")),
        "tabs": [_tab(request.GET, value, label, status, counts) for value, label in TABS],
        "rows": _show_rows(request.GET, page, chosen),
        "page": page,
        "page_text": f"{page.start_index():,} to {page.end_index():,} of {page.paginator.count:,}",
        "previous": _address(request.GET, page=page.previous_page_number()) if page.has_previous() else "",
        "next": _address(request.GET, page=page.next_page_number()) if page.has_next() else "",
        "counts": counts,
        "bulk": _bulk(request.GET, rows),
        "close": _address(request.GET, drop=("case", "member")),
    }


def find_cases(request: PageRequest) -> CaseRows:
    """What the filters in the address find, of what this person may see."""
    return _rows_of(_filter(request))


def find_cases_whoever_has_them(request: PageRequest) -> CaseRows:
    """The same without the filters that change when somebody takes a case: its status, and whose it is."""
    asked = request.GET.copy()
    for name in ("status", "whose"):
        asked.pop(name, None)
    return _rows_of(QueueFilter(asked, queryset=visible_cases(request.user), request=request))


def queue_address(query: QueryDict) -> str:
    """Back to the list, with its filters."""
    return _address(query, drop=("page", "case", "member"))


def _filter(request: PageRequest) -> QueueFilter:
    told = request.GET.get("status", "")
    status = told if told in Case.Status.values else str(Case.Status.OPEN)
    asked = request.GET.copy()
    asked["status"] = status
    return QueueFilter(asked, queryset=_rows(request, status), request=request)


def _rows_of(found: QueueFilter) -> CaseRows:
    rows: CaseRows = found.qs if found.form.is_valid() else found.queryset.none()
    return rows


def _bulk(query: QueryDict, rows: CaseRows) -> dict[str, Any] | None:
    """What components/bulk.html takes; None when nothing on the list is a refused document."""
    count = count_retryable(rows)
    if not count:
        return None
    noun = "case is" if count == 1 else "cases are"
    asked = queue_address(query).partition("?")[2]
    url = reverse("retry-all") + (f"?{asked}" if asked else "")
    return {
        "text": f"{count:,} {noun} about a refused document.",
        "hint": "Nothing is sent before you have seen what would be.",
        "actions": [
            {"label": "See what a retry would do", "method": "get", "icon": "rotate-cw", "key": "b", "url": url}
        ],
    }


def _rows(request: PageRequest, status: str) -> Any:
    order = ("-closed_at", "-pk") if status == Case.Status.CLOSED else ORDERS["oldest"]
    return visible_cases(request.user).order_by(*order)


def _chosen_case(request: PageRequest) -> Case | None:
    asked = request.GET.get("case", "")
    return visible_cases(request.user).filter(pk=asked).first() if asked.isdecimal() else None


def _detail(request: PageRequest, case: Case) -> dict[str, Any]:
    return describe_case(case, request.user, member=choose_member(case, request.GET.get("member")))


def _show_rows(query: QueryDict, page: Page[Case], chosen: Case | None) -> list[dict[str, Any]]:
    cases = list(page.object_list)
    stakes = stakes_of(cases)
    return [
        show_row(
            case,
            stakes.get(case.pk, []),
            href=_address(query, case=case.pk, drop=("member",)),
            is_current=case == chosen,
        )
        for case in cases
    ]


def show_row(case: Case, stakes: list[dict[str, Any]], *, href: str, is_current: bool) -> dict[str, Any]:
    """One case, however many returns wait for it."""
    amount, currency = largest(stakes)
    returns = total_returns(stakes)
    status = STATUSES[case.status]
    return {
        "pk": case.pk,
        "href": href,
        "is_current": is_current,
        "tone": "good" if case.status == Case.Status.CLOSED else tone_of(case.code),
        "title": kind_of(case.code).title,
        "subject": subject_words(case),
        "shop": case.shop.name,
        "status": status,
        "returns": returns,
        "amount": amount,
        "currency": currency,
        "opened_at": case.closed_at or case.opened_at,
        "owner": case.assignee.name if case.assignee else owner_of(case.code),
        "is_taken": bool(case.assignee_id),
    }


SUBJECTS = {
    "sku": "SKU {}", "return": "Return {}", "order": "Order {}", "unit": "Unit {}", "found": "Found goods {}",
    "record": "Record {}", "policy": "Setting {}", "outcome": "Outcome {}", "event": "Message {}",
    "loop": "Loop, {}", "netsuite": "{}",
}  # fmt: skip


def subject_words(case: Case) -> str:
    """«sku:TEE-9» → «SKU TEE-9»; a posting is named by its document and return. What tells apart two cases of one
    return, record or posting stands behind a colon and is in their own words."""
    kind, _, rest = case.subject.partition(":")
    if kind in ("return", "record", "posting"):
        rest = rest.partition(":")[0]
    if kind == "posting":
        return _posting_words(rest)
    if kind in ("period", "type", "flow"):
        return key_words(case.subject)
    return SUBJECTS[kind].format(rest) if kind in SUBJECTS else case.subject


def _posting_words(external_id: str) -> str:
    """«loop-fern-110700123-customer-refund-1»: the shop's code may hold hyphens, the return's id holds digits only."""
    parts = external_id.split("-")
    ids = [at for at, part in enumerate(parts) if part.isdigit()]
    if len(ids) < 2:
        return external_id
    kind = "_".join(parts[ids[-2] + 1 : ids[-1]])
    return f"{kind_name(kind)} of return {parts[ids[-2]]}"


def _tab(query: QueryDict, value: str, label: str, current: str, counts: dict[str, int]) -> dict[str, Any]:
    closed = value == Case.Status.CLOSED
    return {
        "label": label,
        "href": _address(query, drop=("page", "case", "member"), status=value),
        "count": None if closed else counts[value],
        "tone": "bad" if value == Case.Status.OPEN else "neutral",
        "is_current": value == current,
        "id": "" if closed else f"tab-{value}-count",
    }


def _active(query: QueryDict, found: QueueFilter) -> list[dict[str, str]]:
    """The filters that are set, each with the address without it."""
    active = []
    for name in FILTERS:
        if query.get(name) and name in found.form.fields:
            field = found.form.fields[name]
            words = dict(getattr(field, "choices", ())).get(query[name], query[name])
            active.append({"label": field.label, "value": str(words), "href": _address(query, drop=(name, "page"))})
    return active


def _address(query: QueryDict, *, drop: tuple[str, ...] = (), **changes: Any) -> str:
    changed = query.copy()
    for name in drop:
        changed.pop(name, None)
    for name, value in changes.items():
        changed[name] = str(value)
    text = changed.urlencode()
    return reverse("exceptions") + (f"?{text}" if text else "")

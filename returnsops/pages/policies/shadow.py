"""The page that says whether a shop is ready to let ReturnsOps write: how its shadow agrees with the other system."""

from datetime import timedelta
from typing import Any

import django_filters
from django.core.paginator import Paginator
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from integrations.models import Shop
from returnsops.lib import clock
from returnsops.pages.present.steps import record_link
from returnsops.people import access
from returnsops.people.models import User
from returnsops.returns.agreements import ASPECTS, ENOUGH, Score, is_ready, readiness_words, scores_of
from returnsops.returns.models import NetSuiteRecord, ShadowVerdict

RIGHT = "change the policy"
PAGE_SIZE = 25
DAYS = (("14", "Last 14 days"), ("30", "Last 30 days"), ("90", "Last 90 days"))
Verdict = ShadowVerdict.Verdict
TONES = {Verdict.ALIKE: "good", Verdict.DIFFERS: "bad", Verdict.NOBODY: "neutral", Verdict.UNABLE: "warn"}
Card = dict[str, Any]


class VerdictFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    kind = django_filters.ChoiceFilter(choices=ShadowVerdict.Kind.choices, label="Record", empty_label="Every record")
    verdict = django_filters.ChoiceFilter(choices=Verdict.choices, label="Verdict", empty_label="Every verdict")
    aspect = django_filters.ChoiceFilter(
        choices=[(name, words.capitalize()) for name, words in ASPECTS.items()],
        method="filter_aspect",
        label="Differs in",
        empty_label="Anything",
    )
    days = django_filters.ChoiceFilter(choices=DAYS, method="filter_days", label="Judged", empty_label="At any time")

    class Meta:
        model = ShadowVerdict
        fields = ("kind", "verdict", "aspect", "days")

    def filter_aspect(self, rows: QuerySet[ShadowVerdict], name: str, aspect: str) -> QuerySet[ShadowVerdict]:
        return rows.filter(aspects__contains=[aspect])

    def filter_days(self, rows: QuerySet[ShadowVerdict], name: str, days: str) -> QuerySet[ShadowVerdict]:
        return rows.filter(judged_at__gte=clock.now() - timedelta(days=int(days)))


def describe_shadow(request: HttpRequest, user: User, shop: Shop) -> Card:
    """The context of pages/policies/shadow.html and pages/policies/_verdicts.html."""
    here = reverse("shadow", args=[shop.code])
    found = VerdictFilter(request.GET, queryset=_rows(shop), request=request)
    rows = found.qs if found.form.is_valid() else found.queryset.none()
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    days = found.form.cleaned_data.get("days") if found.form.is_valid() else ""
    now = clock.now()
    return {
        "now": now,
        "shop": shop,
        "here": here,
        "scores": [_card(score, here, days, now=now) for score in scores_of(shop, days=int(days) if days else None)],
        "form": found.form,
        "active": _active(request.GET, found, here),
        "total": page.paginator.count,
        "rows": [_row(one) for one in page.object_list],
        "pager": _pager(request.GET, page, here),
        "enough": ENOUGH,
        "may_change": access.may(user, RIGHT, shop=shop),
    }


def _rows(shop: Shop) -> QuerySet[ShadowVerdict]:
    records = Prefetch(
        "loop_return__records",
        queryset=NetSuiteRecord.objects.filter(gone_at=None).defer("raw").order_by("pk"),
        to_attr="shown_records",
    )
    rows = ShadowVerdict.objects.filter(shop=shop).select_related("loop_return__shop__account")
    return rows.defer("loop_return__raw", "loop_return__plan").prefetch_related(records).order_by("-judged_at", "-pk")


def _card(score: Score, here: str, days: str, *, now: Any) -> Card:
    chosen = f"&days={days}" if days else ""
    base = f"{here}?kind={score.kind}{chosen}"
    return {
        "score": score,
        "words": readiness_words(score, now=now),
        "is_ready": is_ready(score, now=now),
        "counts": [
            {
                "label": Verdict(name).label,
                "count": score.counts[name],
                "href": f"{base}&verdict={name}",
                "tone": TONES[Verdict(name)],
            }
            for name in Verdict.values
        ],
        "aspects": [
            {"label": ASPECTS.get(name, name), "count": count, "href": f"{base}&aspect={name}"}
            for name, count in sorted(score.by_aspect.items())
        ],
    }


def _row(one: ShadowVerdict) -> Card:
    wanted = set(one.records)
    shown = [record for record in getattr(one.loop_return, "shown_records", []) if record.internal_id in wanted]
    return {
        "row": one.loop_return,
        "kind": one.get_kind_display(),
        "label": one.get_verdict_display(),
        "tone": TONES[Verdict(one.verdict)],
        "wanted": one.wanted[:1].upper() + one.wanted[1:],
        "differences": one.differences,
        "links": [record_link(one.loop_return, record) for record in shown],
        "judged_at": one.judged_at,
    }


def _active(query: QueryDict, found: VerdictFilter, here: str) -> list[dict[str, str]]:
    active = []
    for name, field in found.form.fields.items():
        if query.get(name):
            words = dict(getattr(field, "choices", ())).get(query[name], query[name])
            left = _with_page(query, None, leave_out=name)
            active.append({"label": str(field.label), "value": str(words), "href": here + left})
    return active


def _pager(query: QueryDict, page: Any, here: str) -> dict[str, str]:
    total = page.paginator.count
    return {
        "previous": here + _with_page(query, page.previous_page_number()) if page.has_previous() else "",
        "next": here + _with_page(query, page.next_page_number()) if page.has_next() else "",
        "text": f"{page.start_index():,} to {page.end_index():,} of {total:,}" if total else "",
    }


def _with_page(query: QueryDict, number: int | None, *, leave_out: str = "") -> str:
    left = query.copy()
    for name in ("page", leave_out):
        left.pop(name, None)
    if number:
        left["page"] = str(number)
    return f"?{left.urlencode()}" if left else ""

"""The filters of the screens: those of `returnsops.returns.filters`, as people want to see them."""

from datetime import timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, QuerySet

from returnsops.pages.gaps import ANY_GAP, NAMES, unsettled, with_gap
from returnsops.posting.labels import STATUSES
from returnsops.posting.models import Posting
from returnsops.returns.filters import ReturnFilter, visible_shops
from returnsops.returns.models import LoopReturn, NetSuiteRecord

GAPS = [(ANY_GAP, "Anything due"), *((code, name) for code, name in NAMES.items() if code != "request")]

POSTINGS = [(str(value), label.label) for value, label in STATUSES.items()]
ORDER = ("q", "stage", "missing", "state", "created_from", "created_until", "shop", "posting", "rma")


def date_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"})


class ReturnListFilter(ReturnFilter):
    """One box for every identifier instead of one for each; days instead of moments."""

    loop_id = order = sku = tracking = settled = created_to = None
    q = django_filters.CharFilter(
        method="filter_identifier",
        label="Find",
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": "Any number: return, order, RMA, tracking, SKU"}
        ),
    )
    stage = django_filters.ChoiceFilter(choices=LoopReturn.Stage.choices, label="Stage", empty_label="Every stage")
    missing = django_filters.ChoiceFilter(choices=GAPS, method="filter_missing", label="Missing", empty_label="–")
    shop = django_filters.ModelChoiceFilter(
        queryset=visible_shops, to_field_name="code", label="Shop", widget=forms.HiddenInput
    )  # chosen at the side of the page
    posting = django_filters.ChoiceFilter(
        choices=POSTINGS, method="filter_posting", label="Owed", widget=forms.HiddenInput
    )  # where the counts of the connections lead to
    rma = django_filters.ChoiceFilter(
        choices=[("none", "Without one")],
        method="filter_rma",
        label="Return Authorization",
        widget=forms.HiddenInput,
    )  # where the page about how soon there is one leads to
    state = django_filters.ChoiceFilter(choices=LoopReturn.State.choices, label="In Loop", empty_label="Every state")
    created_from = django_filters.DateFilter(
        field_name="created_at__date", lookup_expr="gte", label="From", widget=date_input()
    )
    created_until = django_filters.DateFilter(method="filter_until", label="To", widget=date_input())

    def filter_posting(self, rows: QuerySet[Any], name: str, status: str) -> QuerySet[Any]:
        return rows.filter(pk__in=Posting.objects.filter(status=status).values("loop_return"))

    @classmethod
    def get_filters(cls) -> dict[str, Any]:
        filters = super().get_filters()
        return {name: filters[name] for name in ORDER}

    def filter_missing(self, rows: QuerySet[Any], name: str, step: str) -> QuerySet[Any]:
        return with_gap(rows, step)

    def filter_rma(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        standing = NetSuiteRecord.objects.filter(
            returns=OuterRef("pk"), record_type="returnAuthorization", gone_at=None
        )
        return unsettled(rows).filter(~Exists(standing))

    def filter_until(self, rows: QuerySet[Any], name: str, day: Any) -> QuerySet[Any]:
        return rows.filter(created_at__date__lt=day + timedelta(days=1))

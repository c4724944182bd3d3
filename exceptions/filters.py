"""The filters of the queue; each is in its address."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from exceptions.models import Case, CaseMember
from returnsops.returns.filters import find_by_identifier, visible_shops
from returnsops.returns.problems import KINDS

CODES = sorted(((code, kind.title) for code, kind in KINDS.items()), key=lambda choice: choice[1])
ORDERS = {"oldest": ("opened_at", "pk"), "newest": ("-opened_at", "-pk")}


class QueueFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    status = django_filters.ChoiceFilter(choices=Case.Status.choices, widget=forms.HiddenInput)  # the tab
    q = django_filters.CharFilter(
        method="filter_text",
        label="Find",
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Return, order, SKU"}),
    )
    code = django_filters.ChoiceFilter(choices=CODES, label="Cause", empty_label="Every cause")
    shop = django_filters.ModelChoiceFilter(
        queryset=visible_shops, to_field_name="code", label="Shop", empty_label="All shops"
    )
    whose = django_filters.ChoiceFilter(
        choices=[("mine", "Mine"), ("nobody", "Nobody's")],
        method="filter_whose",
        label="Taken by",
        empty_label="Anybody",
    )
    order = django_filters.ChoiceFilter(
        choices=[("newest", "Newest first")], method="filter_order", label="Order", empty_label="Oldest first"
    )

    class Meta:
        model = Case
        fields: list[str] = []

    def filter_text(self, rows: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        """The subject of a case, or any identifier of a return that is in it."""
        of_returns = CaseMember.objects.filter(loop_return__in=find_by_identifier(text.strip())).values("case")
        return rows.filter(Q(subject__icontains=text.strip()) | Q(pk__in=of_returns))

    def filter_whose(self, rows: QuerySet[Any], name: str, whose: str) -> QuerySet[Any]:
        return rows.filter(assignee=self.request.user if whose == "mine" else None)

    def filter_order(self, rows: QuerySet[Any], name: str, order: str) -> QuerySet[Any]:
        return rows.order_by(*ORDERS[order])

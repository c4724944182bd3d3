"""Filters of the other lists; those of returns are shared with the screens."""

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field

from exceptions.models import Case, CaseMember
from returnsops.api.pagination import KEY_MAX
from returnsops.posting.models import Pause, Posting
from returnsops.returns.filters import visible_shops
from returnsops.returns.models import InspectedUnit, ReturnLine, ShadowVerdict
from returnsops.returns.problems import KINDS


@extend_schema_field(int)
class KeyFilter(django_filters.Filter):  # type: ignore[misc]  # django-filter ships no types
    field_class = forms.IntegerField


class OfShop(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """Every list can be cut to one shop and to one return. `return` cannot be declared: it is a word of Python's."""

    shop_path = "shop"

    @classmethod
    def get_filters(cls) -> dict[str, Any]:
        of_shop = django_filters.ModelChoiceFilter(
            field_name=cls.shop_path, queryset=visible_shops, to_field_name="code", label="Code of the shop"
        )
        of_return = KeyFilter(method="filter_return", min_value=1, max_value=KEY_MAX, label="Id of the return")
        return {"shop": of_shop, "return": of_return, **super().get_filters()}

    def filter_return(self, rows: QuerySet[Any], name: str, number: int) -> QuerySet[Any]:
        return rows.filter(loop_return=number)


class UnitFilter(OfShop):
    shop_path = "loop_return__shop"
    sku = django_filters.CharFilter(label="SKU in Loop")
    outcome = django_filters.ChoiceFilter(
        choices=InspectedUnit.Outcome.choices, method="filter_outcome", label="Standing outcome of the inspection"
    )
    inspected = django_filters.BooleanFilter(method="filter_inspected", label="Somebody has judged it")

    class Meta:
        model = ReturnLine
        fields: list[str] = []

    def filter_outcome(self, rows: QuerySet[Any], name: str, outcome: str) -> QuerySet[Any]:
        return rows.filter(inspected__outcome=outcome, inspected__superseded_at=None)

    def filter_inspected(self, rows: QuerySet[Any], name: str, wanted: bool) -> QuerySet[Any]:
        judged = InspectedUnit.objects.filter(superseded_at=None).values("line")
        return rows.filter(pk__in=judged) if wanted else rows.exclude(pk__in=judged)


class CaseFilter(OfShop):
    status = django_filters.MultipleChoiceFilter(choices=Case.Status.choices, label="Status; repeat it for several")
    code = django_filters.ChoiceFilter(choices=[(code, kind.title) for code, kind in KINDS.items()], label="Code")
    assignee = django_filters.CharFilter(field_name="assignee__username", label="User name of who has taken it")
    mine = django_filters.BooleanFilter(method="filter_mine", label="Taken by the caller")

    class Meta:
        model = Case
        fields: list[str] = []

    def filter_return(self, rows: QuerySet[Any], name: str, number: int) -> QuerySet[Any]:
        return rows.filter(pk__in=CaseMember.objects.filter(loop_return=number, left_at=None).values("case"))

    def filter_mine(self, rows: QuerySet[Any], name: str, wanted: bool) -> QuerySet[Any]:
        return rows.filter(assignee=self.request.user) if wanted else rows.exclude(assignee=self.request.user)


class PauseFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    live = django_filters.BooleanFilter(field_name="ended_at", lookup_expr="isnull", label="It stands still now")
    code = django_filters.ChoiceFilter(choices=Pause.Code.choices, label="Cause")
    account = django_filters.CharFilter(field_name="account__account_id", label="NetSuite account")

    class Meta:
        model = Pause
        fields: list[str] = []


class VerdictFilter(OfShop):
    kind = django_filters.ChoiceFilter(choices=ShadowVerdict.Kind.choices, label="Kind of record")
    verdict = django_filters.MultipleChoiceFilter(
        choices=ShadowVerdict.Verdict.choices, label="Verdict; repeat it for several"
    )
    judged_from = django_filters.IsoDateTimeFilter(field_name="judged_at", lookup_expr="gte", label="Judged from")

    class Meta:
        model = ShadowVerdict
        fields: list[str] = []


class PostingFilter(OfShop):
    status = django_filters.MultipleChoiceFilter(choices=Posting.Status.choices, label="Status; repeat it for several")
    kind = django_filters.CharFilter(label="Kind, e.g. receipt")

    class Meta:
        model = Posting
        fields: list[str] = []

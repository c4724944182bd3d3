"""The filters of a list of returns: the same in the address of a screen and of the API."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from integrations.models import Shop
from returnsops.people.models import User
from returnsops.returns.models import ExchangeItem, LoopReturn, NetSuiteRecord, ReturnLine


def visible_shops(request: HttpRequest | None) -> QuerySet[Shop]:
    """What a filter may offer. Without a request (when the API is described) there is nobody to offer it to."""
    if request is None:
        return Shop.objects.none()
    assert isinstance(request.user, User), "lists are for people who are logged in"
    shops: QuerySet[Shop] = Shop.objects.visible_to(request.user)
    return shops


class ReturnFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    shop = django_filters.ModelChoiceFilter(queryset=visible_shops, to_field_name="code", label="Shop")
    stage = django_filters.ChoiceFilter(choices=LoopReturn.Stage.choices, label="Stage")
    state = django_filters.ChoiceFilter(choices=LoopReturn.State.choices, label="State in Loop")
    loop_id = django_filters.CharFilter(label="Loop return id")
    order = django_filters.CharFilter(method="filter_order", label="Order")
    sku = django_filters.CharFilter(method="filter_sku", label="SKU")
    tracking = django_filters.CharFilter(method="filter_tracking", label="Tracking number")
    settled = django_filters.BooleanFilter(field_name="settled_at", lookup_expr="isnull", exclude=True, label="Settled")
    created_from = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte", label="Created from")
    created_to = django_filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt", label="Created before")
    q = django_filters.CharFilter(method="filter_identifier", label="Any identifier")

    class Meta:
        model = LoopReturn
        fields: list[str] = []

    def filter_order(self, rows: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        return rows.filter(order_matches(text))

    def filter_sku(self, rows: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        return rows.filter(pk__in=ReturnLine.objects.filter(sku=text).values("loop_return"))

    def filter_tracking(self, rows: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        return rows.filter(tracking_numbers__contains=[text])

    def filter_identifier(self, rows: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        return rows.filter(pk__in=find_by_identifier(text))


def order_matches(text: str) -> Q:
    """People write an order with and without the «#» that shops put before it."""
    bare = text.lstrip("#")
    return Q(order_name__in=[text, bare, f"#{bare}"]) | Q(provider_order_id=text)


def find_by_identifier(text: str) -> QuerySet[Any, Any]:
    """Keys of the returns that this text names, whoever gave the name: Loop, the shop, a carrier or NetSuite.

    A union rather than one condition over joins: each part can use its own index.
    """
    returns = LoopReturn.objects.order_by()
    records = NetSuiteRecord.objects.filter(
        Q(tran_id__in=[text, text.upper()]) | Q(internal_id=text) | Q(external_id=text.lower())
    )
    return (
        returns.filter(Q(loop_id=text) | order_matches(text))
        .values("pk")
        .union(
            returns.filter(tracking_numbers__contains=[text]).values("pk"),
            LoopReturn.records.through.objects.filter(netsuiterecord__in=records).values("loopreturn"),
            ReturnLine.objects.order_by().filter(Q(line_item_id=text) | Q(sku=text)).values("loop_return"),
            ExchangeItem.objects.order_by().filter(exchange_order_name__in=[text, f"#{text}"]).values("loop_return"),
        )
    )

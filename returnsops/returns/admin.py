"""SKU mapping, changed through its function; the mirrors and the versions of policies, to look at."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from integrations.admin import accounts_where
from integrations.connections import netsuite_client, watched
from integrations.errors import IntegrationError
from integrations.models import Shop
from returnsops.lib.locks import lock_until_commit
from returnsops.people import access, audit
from returnsops.people.admin_parts import ReadOnlyAdmin, ReadOnlyInline, RightsAdmin, TabularInline, person_of
from returnsops.returns.admin_forms import KitMemberForm, SkuMappingForm
from returnsops.returns.blocked_skus import find_blocked_returns, find_blocked_skus, measure_sku
from returnsops.returns.items import learn_items, members_of, returns_holding
from returnsops.returns.models import (
    Arrival,
    ExchangeItem,
    FoundGoods,
    InspectedUnit,
    Inspection,
    Item,
    ItemStock,
    KitMember,
    LoopReturn,
    NetSuiteLine,
    NetSuiteRecord,
    PolicyVersion,
    ReturnLine,
    SkuMapping,
)
from returnsops.returns.place_names import PlaceNames
from returnsops.returns.places import place_words
from returnsops.returns.replan import ask_for_plan
from returnsops.returns.sku_mapping import map_sku

LOOK_UP_LIMIT_S = 10.0
RETURNS_SHOWN_MAX = 10
ONE_SAVE = {"show_save_and_add_another": False, "show_save_and_continue": False}  # saving leads to what is left to map


class KitMemberInline(TabularInline):
    """What a kit is made of: NetSuite's word, or that of a person where it tells nothing."""

    model = KitMember
    form = KitMemberForm
    fk_name = "kit"
    fields = ("item", "quantity")
    autocomplete_fields = ("item",)
    extra = 1

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # as the page it is on

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_be_told(obj)

    has_change_permission = has_delete_permission = has_add_permission


class NamesPlaces:
    """Of inlines whose rows stand for a location, on a page of what belongs to an account."""

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        self._names = PlaceNames(obj.account)
        return super().get_formset(request, obj, **kwargs)  # type: ignore[misc]

    def place_of(self, place_id: str, *, none: str) -> str:
        return self._names.put_into(place_words(place_id)) if place_id else none


class ItemStockInline(NamesPlaces, TabularInline):
    """What exchanges that wait for the item are told of it."""

    model = ItemStock
    fields = readonly_fields = ("place", "available", "read_at")
    extra = 0
    can_delete = False

    @admin.display(description="counted at")
    def place(self, stock: ItemStock) -> str:
        return self.place_of(stock.location, none="all locations together")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # as the page it is on

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Item)
class ItemAdmin(RightsAdmin):
    """NetSuite's items as mirrored. Data people choose among them, so they may see them; and they say what a kit is
    made of where NetSuite does not."""

    right = "map SKUs"
    readonly_fields = (
        "account", "internal_id", "sku", "display_name", "upc", "item_type", "is_inactive", "fetched_at", "asked_at",
    )  # fmt: skip
    fields = readonly_fields
    inlines = (KitMemberInline, ItemStockInline)
    list_display = ("sku", "display_name", "upc", "item_type", "is_inactive", "account")
    list_select_related = ("account",)
    list_filter = ("account", "is_inactive")
    search_fields = ("sku", "display_name", "=upc")
    search_help_text = "Name or number in NetSuite, display name, or the whole UPC"

    def has_change_permission(self, request: HttpRequest, obj: Item | None = None) -> bool:
        return obj is not None and may_be_told(obj) and self.is_right_held(request)

    def get_inlines(self, request: HttpRequest, obj: Item | None) -> Any:
        """A kit has no stock of its own, and of what has some nobody says what it is made of."""
        return (KitMemberInline,) if obj and obj.item_type == Item.KIT else (ItemStockInline,)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        kit: Item = form.instance
        before = members_of(kit)
        super().save_related(request, form, formsets, change)
        ask_for_plan(returns_holding([kit]))
        audit.record_event(
            person_of(request), "said what a kit is made of", kit, before={"members": before},
            after={"members": members_of(kit)},
        )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Item]:
        rows = super().get_queryset(request).filter(account__in=accounts_where(request, self.right))
        return rows.select_related("account")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Item], search_term: str
    ) -> tuple[QuerySet[Item], bool]:
        """?shop= comes from the mapping page: only items of the account that shop's books are in."""
        shop = request.GET.get("shop", "")
        if shop.isdecimal():
            queryset = queryset.filter(account__shops=int(shop), is_inactive=False)
        return super().get_search_results(request, queryset, search_term)


def may_be_told(item: Item | None) -> bool:
    """A person says what a kit is made of; never what NetSuite told otherwise."""
    return item is not None and item.item_type == Item.KIT and not item.members_told


@admin.register(SkuMapping)
class SkuMappingAdmin(RightsAdmin):
    """A mapping is never overwritten: saving makes a new one and keeps the former as history."""

    right = "map SKUs"
    form = SkuMappingForm
    fields = ("shop", "sku", "item", "reason")
    list_display = ("sku", "item", "shop", "kind", "active", "made_by", "created_at")
    list_select_related = ("item", "shop", "made_by")
    list_filter = ("active", "shop", "kind")
    search_fields = ("sku", "item__sku")
    ordering = ("-active", "-created_at", "-pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.is_right_held(request)

    def has_change_permission(self, request: HttpRequest, obj: SkuMapping | None = None) -> bool:
        if obj is None:
            return self.is_right_held(request)
        return obj.active and access.may(person_of(request), self.right, shop=obj.shop)

    def get_form(self, request: HttpRequest, obj: SkuMapping | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The form knows who asks: only the shops of that person, only the items of that shop's account."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.shops = access.rows_where(person_of(request), self.right, rows=Shop.objects.all())
        form.shop_hint = str(obj.shop_id) if obj else request.POST.get("shop") or request.GET.get("shop", "")
        return form

    def get_urls(self) -> list[URLPattern]:
        look_up = self.admin_site.admin_view(require_POST(self.look_up))
        return [path("look-up/", look_up, name="returns_skumapping_look_up"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        shops = access.rows_where(person_of(request), self.right, rows=Shop.objects.all())
        blocked = find_blocked_skus(shops)
        return super().changelist_view(request, {**(extra_context or {}), "blocked": blocked, "title": "SKU mappings"})

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        more = self._what_waits(request, object_id) | ONE_SAVE
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **more})

    def save_model(self, request: HttpRequest, obj: SkuMapping, form: Any, change: bool) -> None:
        lock_until_commit("sku", obj.shop.code, obj.sku)  # of two people at once, the second supersedes the first
        new = map_sku(obj.shop, obj.sku, obj.item, by=person_of(request), reason=obj.reason)
        obj.__dict__.update(new.__dict__)

    def response_add(self, request: HttpRequest, obj: SkuMapping, post_url_continue: str | None = None) -> HttpResponse:
        waiting = find_blocked_returns(obj.shop, obj.sku).count()
        goes_on = "1 waiting return goes on by itself." if waiting == 1 else f"{waiting} returns go on by themselves."
        then = goes_on if waiting else "No return waits for it."
        self.message_user(request, f"{obj.sku} in {obj.shop} now means {obj.item}. {then}", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:returns_skumapping_changelist"))

    def response_change(self, request: HttpRequest, obj: SkuMapping) -> HttpResponse:
        return self.response_add(request, obj)

    def look_up(self, request: HttpRequest) -> HttpResponse:
        """Fetch one item by its exact name, outside of any transaction, and go back to the form with it chosen."""
        person, name = person_of(request), request.POST.get("look_up", "").strip()
        shop = request.POST.get("shop", "")
        back = {key: request.POST.get(key, "") for key in ("shop", "sku", "reason", "item")}
        if not shop.isdecimal():
            self.message_user(request, "Choose the shop first: it says in which account to look.", messages.ERROR)
        else:
            row = get_object_or_404(access.rows_where(person, self.right, rows=Shop.objects.all()), pk=int(shop))
            found = self._fetch_item(request, row, name)
            back["item"] = str(found.pk) if found else back["item"]
        query = urlencode({key: value for key, value in back.items() if value})
        return HttpResponseRedirect(f"{reverse('admin:returns_skumapping_add')}?{query}")

    def _fetch_item(self, request: HttpRequest, shop: Shop, name: str) -> Item | None:
        if not name:
            self.message_user(request, "Type the item's name exactly as NetSuite shows it.", messages.ERROR)
            return None
        try:
            with watched(shop.account):
                client = netsuite_client(shop.account, read_timeout_s=LOOK_UP_LIMIT_S)
                learn_items(shop.account, client, client.find_items([name], field="itemid"))
        except IntegrationError as error:
            self.message_user(request, f"NetSuite could not be asked: {error.detail or error}", messages.ERROR)
            return None
        item = Item.objects.filter(account=shop.account, sku=name).order_by("is_inactive").first()
        if item is None:
            self.message_user(request, f"{shop.account} has no item named exactly «{name}».", messages.ERROR)
        elif item.is_inactive:
            self.message_user(request, f"{item} is inactive in NetSuite. Activate it there first.", messages.ERROR)
            return None
        return item

    def _what_waits(self, request: HttpRequest, object_id: str | None) -> dict[str, Any]:
        """For the box above the form: what the SKU in the address, or of this mapping, holds up."""
        person = person_of(request)
        if object_id:
            key = int(object_id) if object_id.isdecimal() else 0
            known = SkuMapping.objects.visible_to(person).filter(pk=key).select_related("shop").first()
            shop, sku = (known.shop, known.sku) if known else (None, "")
        else:
            pk, sku = request.GET.get("shop", ""), request.GET.get("sku", "").strip()
            shop = Shop.objects.visible_to(person).filter(pk=int(pk)).first() if pk.isdecimal() else None
        if shop is None or not sku:
            return {}
        now = SkuMapping.objects.filter(shop=shop, sku=sku, active=True).select_related("item").first()
        waiting = find_blocked_returns(shop, sku)[:RETURNS_SHOWN_MAX]
        return {"shop": shop, "sku": sku, "stake": measure_sku(shop, sku), "waiting": waiting, "means_now": now}


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    """Every version as it is stored. Rules are changed under Policies, where they are read in words first."""

    right = "change the policy"
    list_display = ("shop", "number", "active", "reason", "made_by", "created_at")
    list_select_related = ("shop", "made_by")
    list_filter = ("active", "shop")


class ReturnLineInline(ReadOnlyInline):
    model = ReturnLine
    fields = ("line_item_id", "sku", "title", "price", "discount", "tax", "refund", "reason", "removed")


class ExchangeItemInline(ReadOnlyInline):
    model = ExchangeItem
    fields = ("exchange_id", "sku", "title", "total", "exchange_order_name")


@admin.register(LoopReturn)
class LoopReturnAdmin(ReadOnlyAdmin):
    list_display = ("loop_id", "shop", "order_name", "state", "stage", "return_total", "created_at", "look_again_at")
    list_select_related = ("shop",)
    list_filter = ("stage", "state", "shop")
    search_fields = ("=loop_id", "^order_name", "=provider_order_id")
    search_help_text = "Loop id, beginning of the order, or the shop system's order id"
    exclude = ("records",)
    inlines = (ReturnLineInline, ExchangeItemInline)


class NetSuiteLineInline(NamesPlaces, ReadOnlyInline):
    model = NetSuiteLine
    fields = ("line", "order_line", "item_name", "quantity", "rate", "amount", "tax_amount", "place", "is_closed")
    readonly_fields = ("place",)

    @admin.display(description="location")
    def place(self, line: NetSuiteLine) -> str:
        return self.place_of(line.location_id, none="–")


@admin.register(NetSuiteRecord)
class NetSuiteRecordAdmin(ReadOnlyAdmin):
    list_display = ("tran_id", "record_type", "internal_id", "status_label", "total", "origin", "account", "fetched_at")
    list_select_related = ("account",)
    list_filter = ("record_type", "origin", "account")
    search_fields = ("=internal_id", "^tran_id", "^external_id")
    inlines = (NetSuiteLineInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[NetSuiteRecord]:
        return super().get_queryset(request).filter(account__in=accounts_where(request, self.right))


class InspectedUnitInline(ReadOnlyInline):
    model = InspectedUnit
    fields = ("line", "outcome", "note", "inspector", "inspected_at", "superseded_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[InspectedUnit]:
        return super().get_queryset(request).select_related("line", "inspector")


class FoundGoodsInline(ReadOnlyInline):
    model = FoundGoods
    fields = ("sku", "count", "in_place_of", "note", "finder", "found_at", "withdrawn_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[FoundGoods]:
        return super().get_queryset(request).select_related("in_place_of", "finder")


@admin.register(Inspection)
class InspectionAdmin(ReadOnlyAdmin):
    list_display = ("id", "loop_return", "inspector", "started_at", "finished_at")
    list_select_related = ("loop_return", "inspector")
    search_fields = ("=loop_return__loop_id", "=inspector__username")
    ordering = ("-pk",)
    inlines = (InspectedUnitInline, FoundGoodsInline)


@admin.register(Arrival)
class ArrivalAdmin(ReadOnlyAdmin):
    list_display = ("scanned", "shop", "loop_return", "arrived_at", "arrived_by", "note")
    list_select_related = ("shop", "loop_return", "arrived_by")
    search_fields = ("=scanned", "=loop_return__loop_id")
    ordering = ("-pk",)

"""SKU mapping: exact text is taken over by itself, anything else waits for a person (requirement C11)."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from django.db import transaction

from integrations.connections import netsuite_client
from integrations.models import NetSuiteAccount, Shop
from integrations.netsuite.records import ItemRecord, TransactionRecord
from returnsops.lib.fixed_query import FixedQuery, slot, slots
from returnsops.people import audit
from returnsops.people.models import User
from returnsops.returns.items import learn_items, returns_with_goods
from returnsops.returns.models import Item, SkuMapping
from returnsops.returns.replan import ask_for_plan


def look_up_items(shop: Shop, skus: Collection[str]) -> set[str]:
    """Ask NetSuite for items that hold exactly these SKUs, where no mapping is known, and map those it has.

    Gives the SKUs it has. Two items with the same SKU are left to a person.
    Raises the errors of `integrations.errors`.
    """
    unmapped = sorted(set(skus) - set(_active_mappings(shop, skus)))
    if not unmapped:
        return set()
    client = netsuite_client(shop.account)
    found = client.find_items(unmapped)
    learn_items(shop.account, client, found)
    ids = _only_meanings(found)
    items = {item.internal_id: item for item in Item.objects.filter(account=shop.account, internal_id__in=ids.values())}
    mapped = [sku for sku in unmapped if ids.get(sku) in items]
    SkuMapping.objects.bulk_create(
        [
            SkuMapping(shop=shop, sku=sku, item=items[ids[sku]], kind=SkuMapping.Kind.EXACT, reason="Same text")
            for sku in mapped
        ],
        ignore_conflicts=True,
    )
    return set(mapped)


def _only_meanings(found: Iterable[ItemRecord]) -> dict[str, str]:
    """By SKU the id of the one active item that holds it, in the field the account keeps SKUs in."""
    by_sku: dict[str, set[str]] = {}
    for record in found:
        if not record.is_inactive:
            by_sku.setdefault(record.found_by or record.sku, set()).add(record.internal_id)
    return {sku: min(ids) for sku, ids in by_sku.items() if len(ids) == 1}


def look_up_sold_items(account: NetSuiteAccount, records: Iterable[TransactionRecord]) -> None:
    """Mirror the items on these documents, so that a person who maps a SKU finds what was sold.

    Raises the errors of `integrations.errors`.
    """
    sold = {line.item_id for record in records for line in record.lines if line.item_id}
    known = set(Item.objects.filter(account=account, internal_id__in=sold).values_list("internal_id", flat=True))
    if sold - known:
        client = netsuite_client(account)
        learn_items(account, client, client.find_items(sorted(sold - known), field="id"))


ITEMS_OF_SKUS = FixedQuery(
    lambda: (
        SkuMapping.objects.filter(shop=slot("shop_pk"), sku__in=slots("skus", kind="text"), active=True)
        .order_by()
        .values("sku", "item__internal_id", "item__item_type", "item__category")
    )
)


class Meaning(NamedTuple):
    """The item that a SKU means, with what a plan has to know of it."""

    item_id: str
    is_kit: bool
    category: str | None = None
    item_type: str = ""


def meanings_of(shop: Shop, skus: Collection[str]) -> dict[str, Meaning]:
    """What each SKU means today; SKUs without an active mapping are left out."""
    rows = ITEMS_OF_SKUS.ask(shop_pk=shop.pk, skus=list(skus))
    return {
        one.sku: Meaning(
            one.item__internal_id, one.item__item_type == Item.KIT, one.item__category, one.item__item_type
        )
        for one in rows
    }


@transaction.atomic
def map_sku(shop: Shop, sku: str, item: Item, *, by: User, reason: str) -> SkuMapping:
    """Let a SKU mean this item from now on; the former mapping stays as history. Everything it blocked goes on."""
    former = SkuMapping.objects.select_for_update().filter(shop=shop, sku=sku, active=True).first()
    if former:
        SkuMapping.objects.filter(pk=former.pk).update(active=False)
    mapping = SkuMapping.objects.create(
        shop=shop, sku=sku, item=item, kind=SkuMapping.Kind.MANUAL, made_by=by, reason=reason
    )
    ask_for_plan(returns_waiting_for(shop, sku))
    audit.record_event(
        by, "mapped SKU", mapping, shop=shop, before=former and str(former), after=str(mapping), reason=reason
    )
    return mapping


def returns_waiting_for(shop: Shop, sku: str) -> list[int]:
    """Returns not settled yet that hold this SKU, as a returned unit, as a replacement or as goods that were found."""
    return returns_with_goods({(shop.pk, sku)})


def _active_mappings(shop: Shop, skus: Collection[str]) -> list[str]:
    return list(SkuMapping.objects.filter(shop=shop, sku__in=skus, active=True).values_list("sku", flat=True))

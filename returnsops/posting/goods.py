"""What a plan knows of the goods of an exchange: whether NetSuite sells the item, and how many (requirement F8)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from returnsops.lib.fixed_query import FixedQuery, slot, slots
from returnsops.lib.locks import lock_until_commit
from returnsops.posting.models import Posting
from returnsops.returns.models import Item, ItemStock, LoopReturn
from returnsops.returns.stock import FRESH_FOR

STOCKED = frozenset({"", "InvtPart", "Assembly"})  # empty: NetSuite did not say, so it is looked up like goods
ITEMS = FixedQuery(lambda: Item.objects.filter(account=slot("account"), internal_id__in=slots("item_ids", kind="text")))


@dataclass(frozen=True)
class Goods:
    """available: what NetSuite can sell, less what orders of ours for other returns are about to take."""

    is_inactive: bool = False
    keeps_stock: bool = True
    available: int | None = None


def find_goods(
    row: LoopReturn, item_ids: Collection[str], *, stock_at: str | None, now: datetime, claims: bool = False
) -> dict[str, Goods]:
    """By item; the stock only where the policy has it checked.

    stock_at: the location that counts, empty for all together; None: no stock is asked for.
    claims: whoever asks may order them in this transaction. Until it ends nobody else counts on these items, so that
    two plans at once never take the last piece both.
    """
    if not item_ids:
        return {}
    if stock_at is not None and claims:
        for item_id in sorted(item_ids):
            lock_until_commit("stock", row.shop.account.account_id, item_id)
    items = ITEMS.ask(account=row.shop.account_id, item_ids=list(item_ids))
    told = _told_lately(items, stock_at, now=now) if stock_at is not None else {}
    return {one.internal_id: _goods(row, one, told.get(one.pk)) for one in items}


def _told_lately(items: Collection[Item], location: str, *, now: datetime) -> dict[int, ItemStock]:
    kept = [one for one in items if one.item_type in STOCKED]
    found = ItemStock.objects.filter(item__in=kept, location=location, read_at__gte=now - FRESH_FOR)
    return {one.item_id: one for one in found}


def _goods(row: LoopReturn, item: Item, stock: ItemStock | None) -> Goods:
    available = None if stock is None else max(stock.available - _about_to_be_taken(row, item, stock), 0)
    return Goods(item.is_inactive, item.item_type in STOCKED, available)


def _about_to_be_taken(row: LoopReturn, item: Item, stock: ItemStock) -> int:
    """By orders of ours that NetSuite did not have, or had not committed, when its stock was read.

    One that names no location may take it anywhere; one that names another takes nothing here.
    """
    open_or_new = Q(status__in=Posting.OPEN) | Q(posted_at__gte=stock.read_at)
    orders = (
        Posting.objects.filter(open_or_new, kind="exchange_order", account=row.shop.account_id)
        .exclude(loop_return=row)
        .filter(request__body__item__items__contains=[{"item": {"id": item.internal_id}}])
    )
    bodies = orders.values_list("request__body", flat=True)
    return sum(
        line["quantity"]
        for body in bodies
        if not stock.location or body.get("location", {}).get("id", stock.location) == stock.location
        for line in body["item"]["items"]
        if line["item"]["id"] == item.internal_id
    )

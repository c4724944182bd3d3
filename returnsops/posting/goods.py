"""What a plan knows of the goods of an exchange: whether NetSuite sells the item, and how many (requirement F8)."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from returnsops.lib.locks import lock_until_commit
from returnsops.posting.models import Posting
from returnsops.returns.models import Item, LoopReturn
from returnsops.returns.stock import FRESH_FOR

STOCKED = frozenset({"", "InvtPart", "Assembly"})  # empty: NetSuite did not say, so it is looked up like goods


@dataclass(frozen=True)
class Goods:
    """available: what NetSuite can sell, less what orders of ours for other returns are about to take."""

    is_inactive: bool = False
    keeps_stock: bool = True
    available: int | None = None


def find_goods(
    row: LoopReturn, item_ids: Collection[str], *, checks_stock: bool, now: datetime, claims: bool = False
) -> dict[str, Goods]:
    """By item; the stock only where the policy has it checked.

    claims: whoever asks may order them in this transaction. Until it ends nobody else counts on these items, so that
    two plans at once never take the last piece both.
    """
    if not item_ids:
        return {}
    if checks_stock and claims:
        for item_id in sorted(item_ids):
            lock_until_commit("stock", row.shop.account.account_id, item_id)
    items = list(Item.objects.filter(account=row.shop.account_id, internal_id__in=item_ids))
    return {one.internal_id: _goods(row, one, checks_stock=checks_stock, now=now) for one in items}


def _goods(row: LoopReturn, item: Item, *, checks_stock: bool, now: datetime) -> Goods:
    keeps_stock = item.item_type in STOCKED
    available = None
    if checks_stock and keeps_stock and item.stock_read_at and item.stock_read_at >= now - FRESH_FOR:
        available = max((item.available or 0) - _about_to_be_taken(row, item), 0)
    return Goods(item.is_inactive, keeps_stock, available)


def _about_to_be_taken(row: LoopReturn, item: Item) -> int:
    """By orders of ours that NetSuite did not have, or had not committed, when its stock was read."""
    open_or_new = Q(status__in=Posting.OPEN) | Q(posted_at__gte=item.stock_read_at)
    orders = (
        Posting.objects.filter(open_or_new, kind="exchange_order", account=row.shop.account_id)
        .exclude(loop_return=row)
        .filter(request__body__item__items__contains=[{"item": {"id": item.internal_id}}])
    )
    taken: Counter[str] = Counter()
    for body in orders.values_list("request__body", flat=True):
        for line in body["item"]["items"]:
            taken[line["item"]["id"]] += line["quantity"]
    return taken[item.internal_id]

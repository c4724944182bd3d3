"""How many of a replacement NetSuite can sell, read again and again while an exchange waits for it (requirement F8).

Only where the policy has the stock checked, and only for items that something waits for: no wait, no call.
Source: netsuite.md §5.2. The table is a setting of the account, since roles differ in what they see.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from integrations.connections import netsuite_client
from integrations.errors import RejectedError
from integrations.models import NetSuiteAccount, SyncCursor
from returnsops.lib import clock
from returnsops.returns.models import Item, LoopReturn, SkuMapping
from returnsops.returns.plan.ordering import WAITS_FOR_STOCK
from returnsops.returns.policies import active_policies
from returnsops.returns.replan import ask_for_plan
from returnsops.returns.sweeps import awaited_orders

READ_EVERY = timedelta(minutes=1)
FRESH_FOR = timedelta(hours=1)  # an older figure is not relied on
ITEMS_MAX = 1_000  # at a time; those read longest ago come first


Good = tuple[int, str]  # shop and SKU


@dataclass(frozen=True)
class Waiting:
    """One replacement that a return waits for."""

    return_pk: int
    good: Good


def stream_of(account: NetSuiteAccount) -> str:
    return f"stock:{account.account_id}"


def read_stock(account: NetSuiteAccount) -> int:
    """Ask NetSuite for what exchanges of this account wait for, and have plans made where the answer lets them go on.

    Gives how many items were asked for. A refusal is kept for `progress`, and taken back by the next answer, or when
    nothing waits any more. Raises the other errors of `integrations.errors`.
    """
    waiting = _waiting(account)
    item_of = _items_of(waiting)
    items = _read_longest_ago(item_of.values())
    if not items:
        SyncCursor.objects.filter(stream=stream_of(account)).exclude(failure="").update(failure="")
        return 0
    asked_at = clock.now()  # an order that is posted while NetSuite counts may not be in the count
    try:
        available = netsuite_client(account).find_available([one.internal_id for one in items])
    except RejectedError as error:
        _note(account, failure=str(error))
        return 0
    _note(account, failure="")
    changed = {one.pk for one in items if _is_news(one, available[one.internal_id])}
    for one in items:
        one.available, one.stock_read_at = available[one.internal_id], asked_at
    Item.objects.bulk_update(items, ["available", "stock_read_at"])
    news = {one.return_pk for one in waiting if one.good in item_of and item_of[one.good].pk in changed}
    ask_for_plan(news | _held_back(waiting, item_of))
    return len(items)


def _is_news(item: Item, available: int) -> bool:
    """Another figure, or the first one that can be relied on."""
    is_known = item.stock_read_at is not None and item.stock_read_at >= clock.now() - FRESH_FOR
    return not is_known or item.available != available


def _held_back(waiting: Iterable[Waiting], item_of: dict[Good, Item]) -> set[int]:
    """Returns whose plan waits for stock while NetSuite has enough: orders of ours were to take it.

    That such an order came to nothing, or that NetSuite never committed it, changes no figure; so they look again.
    """
    needs = Counter((one.return_pk, item_of[one.good]) for one in waiting if one.good in item_of)
    enough = {pk for (pk, item), need in needs.items() if (item.available or 0) >= need}
    held = LoopReturn.objects.filter(pk__in=enough, plan__steps__contains=[{"detail": WAITS_FOR_STOCK}])
    return set(held.values_list("pk", flat=True))


def _note(account: NetSuiteAccount, *, failure: str) -> None:
    now = clock.now()
    SyncCursor.objects.update_or_create(
        stream=stream_of(account), defaults={"watermark": now, "swept_at": now, "failure": failure}
    )


def _items_of(waiting: Iterable[Waiting]) -> dict[Good, Item]:
    goods = {one.good for one in waiting}
    mapped = SkuMapping.objects.filter(
        shop__in={shop for shop, _ in goods}, sku__in={sku for _, sku in goods}, active=True
    ).select_related("item")
    items: dict[int, Item] = {}  # one object for an item that several SKUs mean
    return {
        (one.shop_id, one.sku): items.setdefault(one.item.pk, one.item)
        for one in mapped
        if (one.shop_id, one.sku) in goods
    }


def _read_longest_ago(items: Iterable[Item]) -> list[Item]:
    distinct = {one.pk: one for one in items}.values()
    return sorted(distinct, key=lambda one: (one.stock_read_at is not None, one.stock_read_at, one.pk))[:ITEMS_MAX]


def _waiting(account: NetSuiteAccount) -> list[Waiting]:
    """Replacements that Loop has ordered and NetSuite has no order of, in shops whose policy checks the stock."""
    shops = [shop for shop, policy in active_policies(account).items() if policy.checks_stock]
    if not shops:
        return []
    ended = [LoopReturn.Stage.SETTLED, LoopReturn.Stage.ENDED]
    rows = (
        awaited_orders()
        .filter(loop_return__shop__in=shops, sku__gt="")
        .exclude(loop_return__stage__in=ended)
        .order_by("pk")
        .values_list("loop_return_id", "loop_return__shop_id", "sku")
    )
    return [Waiting(return_pk, (shop_pk, sku)) for return_pk, shop_pk, sku in rows]

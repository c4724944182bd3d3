"""How many of a replacement NetSuite can sell, read again and again while an exchange waits for it (requirement F8).

Only where the policy has the stock checked, and only for items that something waits for: no wait, no call.
Source: netsuite.md §5.2. The table is a setting of the account, since roles differ in what they see.
"""

from collections.abc import Iterable
from datetime import timedelta

from integrations.connections import netsuite_client
from integrations.errors import RejectedError
from integrations.models import NetSuiteAccount, SyncCursor
from returnsops.lib import clock
from returnsops.returns.models import ExchangeItem, Item, LoopReturn, SkuMapping
from returnsops.returns.policies import active_policies
from returnsops.returns.replan import ask_for_plan
from returnsops.returns.sweeps import awaited_orders

READ_EVERY = timedelta(minutes=1)
FRESH_FOR = timedelta(hours=1)  # an older figure is not relied on
ITEMS_MAX = 1_000  # at a time; those read longest ago come first


def stream_of(account: NetSuiteAccount) -> str:
    return f"stock:{account.account_id}"


def read_stock(account: NetSuiteAccount) -> int:
    """Ask NetSuite for what exchanges of this account wait for, and have plans made where the answer changed.

    Gives how many items were asked for. A refusal is kept for `stock_problems`, and taken back by the next answer.
    Raises the other errors of `integrations.errors`.
    """
    waiting = _items_waited_for(account)
    if not waiting:
        return 0
    try:
        available = netsuite_client(account).find_available([one.internal_id for one in waiting])
    except RejectedError as error:
        _note(account, failure=str(error))
        return 0
    _note(account, failure="")
    changed = [one for one in waiting if _is_news(one, available[one.internal_id])]
    for one in waiting:
        one.available, one.stock_read_at = available[one.internal_id], clock.now()
    Item.objects.bulk_update(waiting, ["available", "stock_read_at"])
    ask_for_plan(_returns_waiting(account, changed))
    return len(waiting)


def _is_news(item: Item, available: int) -> bool:
    """Another figure, or the first one that can be relied on."""
    is_known = item.stock_read_at is not None and item.stock_read_at >= clock.now() - FRESH_FOR
    return not is_known or item.available != available


def _note(account: NetSuiteAccount, *, failure: str) -> None:
    now = clock.now()
    SyncCursor.objects.update_or_create(
        stream=stream_of(account), defaults={"watermark": now, "swept_at": now, "failure": failure}
    )


def _items_waited_for(account: NetSuiteAccount) -> list[Item]:
    skus = {(one.loop_return.shop_id, one.sku) for one in _waiting(account)}
    mapped = SkuMapping.objects.filter(
        shop__in={shop for shop, _ in skus}, sku__in={sku for _, sku in skus}, active=True
    ).select_related("item")
    items = {one.item.pk: one.item for one in mapped if (one.shop_id, one.sku) in skus}
    return sorted(items.values(), key=lambda one: (one.stock_read_at is not None, one.stock_read_at, one.pk))[
        :ITEMS_MAX
    ]


def _returns_waiting(account: NetSuiteAccount, items: Iterable[Item]) -> list[int]:
    mapped = set(SkuMapping.objects.filter(item__in=list(items), active=True).values_list("shop_id", "sku"))
    return sorted({one.loop_return_id for one in _waiting(account) if (one.loop_return.shop_id, one.sku) in mapped})


def _waiting(account: NetSuiteAccount) -> list[ExchangeItem]:
    """Replacements that Loop has ordered and NetSuite has no order of, in shops whose policy checks the stock."""
    shops = [shop for shop, policy in active_policies(account).items() if policy.checks_stock]
    if not shops:
        return []
    ended = [LoopReturn.Stage.SETTLED, LoopReturn.Stage.ENDED]
    return list(
        awaited_orders()
        .filter(loop_return__shop__in=shops, sku__gt="")
        .exclude(loop_return__stage__in=ended)
        .select_related("loop_return")
        .order_by("pk")
    )

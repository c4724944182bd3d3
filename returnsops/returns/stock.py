"""How many of a replacement NetSuite can sell, read again and again while an exchange waits for it (requirement F8).

Counted where the shop's exchanges ship from, else at all locations together. Only where the policy has the stock
checked, and only for items that something waits for: no wait, no call.
Source: netsuite.md §5.2. The table is a setting of the account, since roles differ in what they see.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from integrations.connections import netsuite_client
from integrations.errors import RejectedError
from integrations.models import NetSuiteAccount, SyncCursor
from returnsops.lib import clock
from returnsops.returns.models import Item, ItemStock, LoopReturn, SkuMapping
from returnsops.returns.plan.ordering import WAITS_FOR_STOCK
from returnsops.returns.policies import active_policies
from returnsops.returns.replan import ask_for_plan
from returnsops.returns.streams import stock_stream
from returnsops.returns.sweeps import awaited_orders

READ_EVERY = timedelta(minutes=1)
FRESH_FOR = timedelta(hours=1)  # an older figure is not relied on
SHELVES_MAX = 1_000  # at a time; those read longest ago come first

Good = tuple[int, str]  # shop and SKU
Shelf = tuple[int, str]  # item and location; empty for all locations together


@dataclass(frozen=True)
class Waiting:
    """One replacement that a return waits for. location: where it ships from; empty for wherever there is one."""

    return_pk: int
    good: Good
    location: str


def read_stock(account: NetSuiteAccount) -> int:
    """Ask NetSuite for what exchanges of this account wait for, and have plans made where the answer lets them go on.

    Gives how many items were asked for, one at two locations as two. A refusal is kept for `progress`, and taken back
    by the next answer, or when nothing waits any more. Raises the other errors of `integrations.errors`.
    """
    waiting = _waiting(account)
    items = _items_of(waiting)
    wants = [(one.return_pk, (items[one.good].pk, one.location)) for one in waiting if one.good in items]
    known = _known_of({shelf for _, shelf in wants})
    shelves = _read_longest_ago({shelf for _, shelf in wants}, known)
    if not shelves:
        SyncCursor.objects.filter(stream=stock_stream(account)).exclude(failure="").update(failure="")
        return 0
    asked_at = clock.now()  # an order that is posted while NetSuite counts may not be in the count
    try:
        told = _ask(account, shelves, {one.pk: one.internal_id for one in items.values()})
    except RejectedError as error:
        _note(account, failure=str(error))
        return 0
    _note(account, failure="")
    _keep(told, read_at=asked_at)
    changed = {shelf for shelf, count in told.items() if _is_news(known.get(shelf), count)}
    available = {shelf: one.available for shelf, one in known.items()} | told
    ask_for_plan({pk for pk, shelf in wants if shelf in changed} | _held_back(wants, available))
    return len(shelves)


def _ask(account: NetSuiteAccount, shelves: Iterable[Shelf], internal_ids: dict[int, str]) -> dict[Shelf, int]:
    """A query for each location, since one sums up what it names."""
    by_location: dict[str, list[int]] = defaultdict(list)
    for item_pk, location in shelves:
        by_location[location].append(item_pk)
    told: dict[Shelf, int] = {}
    for location, item_pks in by_location.items():
        found = netsuite_client(account).find_available([internal_ids[pk] for pk in item_pks], location=location)
        told |= {(pk, location): found[internal_ids[pk]] for pk in item_pks}
    return told


def _keep(told: dict[Shelf, int], *, read_at: datetime) -> None:
    rows = [
        ItemStock(item_id=item_pk, location=location, available=count, read_at=read_at)
        for (item_pk, location), count in told.items()
    ]
    ItemStock.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["item", "location"], update_fields=["available", "read_at"]
    )


def _known_of(shelves: Iterable[Shelf]) -> dict[Shelf, ItemStock]:
    wanted = set(shelves)
    rows = ItemStock.objects.filter(item__in={item_pk for item_pk, _ in wanted})
    return {(one.item_id, one.location): one for one in rows if (one.item_id, one.location) in wanted}


def _is_news(known: ItemStock | None, available: int) -> bool:
    """Another figure, or the first one that can be relied on."""
    is_fresh = known is not None and known.read_at >= clock.now() - FRESH_FOR
    return known is None or not is_fresh or known.available != available


def _held_back(wants: Iterable[tuple[int, Shelf]], available: dict[Shelf, int]) -> set[int]:
    """Returns whose plan waits for stock while NetSuite has enough: orders of ours were to take it.

    That such an order came to nothing, or that NetSuite never committed it, changes no figure; so they look again.
    """
    enough = {pk for (pk, shelf), need in Counter(wants).items() if available.get(shelf, 0) >= need}
    held = LoopReturn.objects.filter(pk__in=enough, plan__steps__contains=[{"detail": WAITS_FOR_STOCK}])
    return set(held.values_list("pk", flat=True))


def _note(account: NetSuiteAccount, *, failure: str) -> None:
    now = clock.now()
    SyncCursor.objects.update_or_create(
        stream=stock_stream(account), defaults={"watermark": now, "swept_at": now, "failure": failure}
    )


def _items_of(waiting: Iterable[Waiting]) -> dict[Good, Item]:
    goods = {one.good for one in waiting}
    mapped = SkuMapping.objects.filter(
        shop__in={shop for shop, _ in goods}, sku__in={sku for _, sku in goods}, active=True
    ).select_related("item")
    return {(one.shop_id, one.sku): one.item for one in mapped if (one.shop_id, one.sku) in goods}


def _read_longest_ago(shelves: Iterable[Shelf], known: dict[Shelf, ItemStock]) -> list[Shelf]:
    never = [one for one in shelves if one not in known]
    return [*sorted(never), *sorted(known, key=lambda one: (known[one].read_at, one))][:SHELVES_MAX]


def _waiting(account: NetSuiteAccount) -> list[Waiting]:
    """Replacements that Loop has ordered and NetSuite has no order of, in shops whose policy checks the stock."""
    places = {shop.pk: policy.stock_counted_at for shop, policy in active_policies(account).items()}
    location_of = {shop_pk: place for shop_pk, place in places.items() if place is not None}
    if not location_of:
        return []
    ended = [LoopReturn.Stage.SETTLED, LoopReturn.Stage.ENDED]
    rows = (
        awaited_orders()
        .filter(loop_return__shop__in=location_of, sku__gt="")
        .exclude(loop_return__stage__in=ended)
        .order_by("pk")
        .values_list("loop_return_id", "loop_return__shop_id", "sku")
    )
    return [Waiting(pk, (shop_pk, sku), location_of[shop_pk]) for pk, shop_pk, sku in rows]

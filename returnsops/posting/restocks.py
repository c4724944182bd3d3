"""Which units Loop says it put back into the shop's stock, and when (loop.md §6).

Two traces tell: the shop's location on the unit, and a webhook, where the shop is set so. Both come when Loop settles.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from integrations.errors import UnreadableRecordError
from integrations.loop.records import LoopReturnRecord
from integrations.loop.webhooks import RestockItem, parse_webhook, restock_items
from integrations.models import InboundEvent
from returnsops.lib.fixed_query import FixedQuery, slot
from returnsops.posting.settled import settled_at
from returnsops.returns.models import LoopReturn

TOPIC = "restock"
LOCATION = "provider_restock_location_id"
EVENTS_MAX = 20  # of one return; Loop settles it once, or in a few parts
EVENTS = FixedQuery(
    lambda: (
        InboundEvent.objects.filter(
            shop=slot("shop_pk"), loop_return_id=slot("loop_id", kind="text"), signed=True, topic=TOPIC
        )
        .order_by("-pk")
        .values("raw")[:EVENTS_MAX]
    )
)


def find_restocked_units(row: LoopReturn, record: LoopReturnRecord) -> dict[str, datetime]:
    """By unit, since when. Loop tells no moment of its own: it restocks when it settles."""
    since = settled_at(record) or record.updated_at
    found = {one.line_item_id for one in record.units if one.raw.get(LOCATION)}
    if TOPIC in row.shop.more_webhooks.split():
        found |= _told_by_webhooks(row, record)
    return dict.fromkeys(found, since)


def _told_by_webhooks(row: LoopReturn, record: LoopReturnRecord) -> set[str]:
    """They name variants and how many, so units of a variant are taken in their order.

    Several add up: the inbox keeps one that was sent twice as one.
    """
    events = EVENTS.ask(shop_pk=row.shop_id, loop_id=row.loop_id)
    counts = _count(item for event in events for item in _items_of(bytes(event.raw)))
    found: set[str] = set()
    for unit in record.units:
        if unit.variant_id and counts[unit.variant_id] > 0 and not unit.removed:
            counts[unit.variant_id] -= 1
            found.add(unit.line_item_id)
    return found


def _items_of(raw: bytes) -> Iterable[RestockItem]:
    """One that cannot be read names no unit; the inbox shows it to a person."""
    try:
        return restock_items(parse_webhook(raw))
    except UnreadableRecordError:
        return ()


def _count(items: Iterable[RestockItem]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for item in items:
        counts[item.variant_id or ""] += int(item.quantity or 0)
    return counts

"""What the webhooks missed: a window of changes, read state by state, with overlap (loop.md §2.1)."""

from datetime import datetime, timedelta

from django.utils import timezone

from integrations.connections import loop_client, watched
from integrations.loop.records import LoopReturnRecord
from integrations.models import Shop, SyncCursor
from returnsops.lib import clock
from returnsops.returns.mirror import fetch_return
from returnsops.returns.models import LoopReturn

# Without a state Loop lists open, closed and expired; the other two have to be asked for by name.
STATES = (None, "cancelled", "review")
WINDOW_MAX = timedelta(days=100)
WINDOWS_MAX = 20


def sweep_loop(shop: Shop) -> int:
    """Read every return that changed since the last sweep. Gives how many were fetched.

    Raises the errors of `integrations.errors`; the watermark then stays where the last whole window ended.
    """
    cursor, _ = SyncCursor.objects.get_or_create(stream=f"loop:{shop.code}", defaults={"watermark": shop.start_from})
    fetched = 0
    for _ in range(WINDOWS_MAX):
        window_from = cursor.watermark - cursor.overlap
        window_to = min(clock.now(), window_from + WINDOW_MAX)
        fetched += _read_window(shop, window_from, window_to)
        cursor.watermark = window_to
        SyncCursor.objects.filter(pk=cursor.pk).update(watermark=window_to, swept_at=timezone.now())
        if window_to >= clock.now() - timedelta(minutes=1):
            break
    return fetched


def _read_window(shop: Shop, window_from: datetime, window_to: datetime) -> int:
    fetched = 0
    with watched(shop):
        client = loop_client(shop)
        for state in STATES:
            for record in client.list_returns(window_from=window_from, window_to=window_to, state=state):
                fetched += _catch_up(shop, record)
    return fetched


def _catch_up(shop: Shop, record: LoopReturnRecord) -> int:
    """A list row is a hint like any other: details are the authority for refunds (loop.md §3.4)."""
    known = LoopReturn.objects.filter(shop=shop, loop_id=record.id).values_list("updated_at", "state").first()
    if known and known == (record.updated_at, record.state.value):
        return 0
    fetch_return(shop, record.id)
    return 1

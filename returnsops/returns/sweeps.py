"""What the hints missed: Loop by windows of change with overlap (loop.md §2.1), NetSuite by what waits for it."""

from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from integrations.connections import loop_client, watched
from integrations.loop.records import LoopReturnRecord
from integrations.models import Shop, SyncCursor
from returnsops.lib import clock
from returnsops.returns.mirror import fetch_return, hint_records
from returnsops.returns.models import LoopReturn, NetSuiteRecord

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


# --- NetSuite --------------------------------------------------------------------------------------

UNSETTLED = ~Q(stage__in=[LoopReturn.Stage.SETTLED, LoopReturn.Stage.ENDED])
# Reads share the lanes with postings: the longer nothing happened, the rarer we look. (changed within, read every)
PACE = (
    (timedelta(minutes=5), timedelta(seconds=15)),
    (timedelta(hours=2), timedelta(minutes=2)),
    (timedelta(days=3650), timedelta(minutes=30)),
)
PACE_AT_REST = timedelta(hours=6)
WAITS_FOR_NETSUITE = [LoopReturn.Stage.POSTING, LoopReturn.Stage.WAITING, LoopReturn.Stage.NEEDS_PERSON]


def hint_stale_records(*, limit: int = 20) -> int:
    """Open returns whose NetSuite side we have not read for a while are read again, the stalest first."""
    now = timezone.now()
    has_sale = NetSuiteRecord.objects.filter(returns=OuterRef("pk"), record_type__in=("invoice", "cashSale"))
    waits = Q(stage__in=WAITS_FOR_NETSUITE) | ~Exists(has_sale)
    stale = _unread_for(PACE_AT_REST, now)
    for changed_within, pace in PACE:
        stale |= waits & Q(updated_at__gte=clock.now() - changed_within) & _unread_for(pace, now)
    pks = (
        LoopReturn.objects.filter(UNSETTLED, stale, shop__account__paused_at=None)
        .order_by(F("records_fetched_at").asc(nulls_first=True), "pk")
        .values_list("pk", flat=True)[:limit]
    )
    found = list(pks)
    hint_records(found)
    return len(found)


def _unread_for(pace: timedelta, now: datetime) -> Q:
    """Neither read nor asked for since."""
    fetched = Q(records_fetched_at=None) | Q(records_fetched_at__lt=now - pace)
    hinted = Q(records_hinted_at=None) | Q(records_hinted_at__lt=now - pace)
    return fetched & hinted

"""What the hints missed: Loop by windows of change with overlap (loop.md §2.1), NetSuite by what waits for it."""

import time
from datetime import datetime, timedelta

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from integrations.errors import RejectedError
from integrations.loop.whose_key import look_whose_key
from integrations.models import NetSuiteAccount, Shop, SyncCursor
from integrations.turns import one_at_a_time
from returnsops.lib import clock
from returnsops.returns.backfill import CHANGES, cursor_of, forget_what_was_read, note_unread_return, read_window
from returnsops.returns.comparison import open_comparison
from returnsops.returns.mirror import SALE_TYPES, fetch_return, hint_records
from returnsops.returns.models import ExchangeItem, LoopReturn, NetSuiteRecord
from returnsops.returns.runs import next_step

SWEEP_FOR_S = 15.0
STEP_FIRST = timedelta(days=1)  # how much is read at once when we are far behind
CLOSE_ENOUGH = timedelta(minutes=1)
DETAILS_FOR_S = 8.0  # the tick asks again soon; meanwhile the queue has room for others
DETAILS_AT_ONCE = 5
NEWER_AFTER, BEHIND_MAX = timedelta(minutes=1), timedelta(minutes=10)


def sweep_loop(shop: Shop, *, for_s: float = SWEEP_FOR_S) -> int:
    """Read every return that changed since the last sweep. Gives how many told news.

    Raises the errors of `integrations.errors`; the watermark then stays where the last whole window ended.
    """
    look_whose_key(shop)
    try:
        changed = _sweep_loop(shop, for_s=for_s)
    except RejectedError as error:
        note_unread_return(shop, CHANGES, error)
        raise
    forget_what_was_read(shop)
    return changed


def _sweep_loop(shop: Shop, *, for_s: float) -> int:
    """A watermark ahead of now was set by a clock that went wrong: what changed since it was put right is read."""
    cursor = cursor_of(shop)
    deadline = time.monotonic() + for_s
    changed, step, is_behind = 0, STEP_FIRST, True
    while is_behind and time.monotonic() < deadline:
        began = time.monotonic()
        window_to = min(clock.now(), cursor.watermark + step)
        changed += read_window(shop, min(cursor.watermark, window_to) - cursor.overlap, window_to).changed
        cursor.watermark = window_to
        SyncCursor.objects.filter(pk=cursor.pk).update(watermark=cursor.watermark, swept_at=timezone.now())
        step = next_step(step, took_s=time.monotonic() - began)
        is_behind = window_to < clock.now() - CLOSE_ENOUGH
    return changed


def due_details(shop: Shop) -> QuerySet[LoopReturn]:
    """Returns of which details should be fetched: open ones first, then who waits longest."""
    is_open = Case(When(state__in=["open", "review"], then=Value(0)), default=Value(1))
    due = LoopReturn.objects.filter(shop=shop, fetch_due_at__lte=timezone.now())
    return due.order_by(is_open, "fetch_due_at", "pk")


def fetch_due_details(shop: Shop, *, for_s: float = DETAILS_FOR_S) -> int:
    """Fetch details for a few seconds, one after the other. Gives how many; one worker a shop at a time.

    Raises the errors of `integrations.errors`; what is still due stays due.
    """
    deadline = time.monotonic() + for_s
    fetched = 0
    with one_at_a_time(f"details:{shop.code}") as is_ours:
        while is_ours and time.monotonic() < deadline:
            loop_ids = list(due_details(shop).values_list("loop_id", flat=True)[:DETAILS_AT_ONCE])
            for loop_id in loop_ids:
                _fetch_details(shop, loop_id)
            fetched += len(loop_ids)
            if not loop_ids:
                break
    return fetched


def _fetch_details(shop: Shop, loop_id: str) -> None:
    """What Loop does not tell yet is asked for again soon; what cannot be read, after a while."""
    started_at = timezone.now()
    try:
        fetched = fetch_return(shop, loop_id, in_background=True)
    except RejectedError as error:
        note_unread_return(shop, loop_id, error)
        return
    still_due = LoopReturn.objects.filter(shop=shop, loop_id=loop_id, fetch_due_at__lte=started_at).first()
    if still_due:
        _wait_for_newer_details(shop, still_due, is_there=fetched is not None)


def _wait_for_newer_details(shop: Shop, row: LoopReturn, *, is_there: bool) -> None:
    """The list is ahead of details: for a moment that is delay over there, for longer a person should know."""
    changed_at = max(row.updated_at, row.listed_at or row.updated_at)
    may_be_gone = not is_there and _is_being_compared(row)
    if may_be_gone or clock.now() - changed_at < BEHIND_MAX:
        LoopReturn.objects.filter(pk=row.pk).update(fetch_due_at=timezone.now() + NEWER_AFTER)
        return
    behind = "details are older than the list" if is_there else "Loop has no details of what stands in its list"
    detail = f"{behind}, which says that it changed at {changed_at:%Y-%m-%d %H:%M:%S} UTC"
    error = RejectedError(system="loop", operation="fetch details", detail=detail, family="unreadable")
    note_unread_return(shop, row.loop_id, error)


def _is_being_compared(row: LoopReturn) -> bool:
    """Whether Loop has it still is for the comparison of today to say, by list and by id. Until it has, or while Loop
    hides too many, no person is asked. What Loop only ever listed is no case for it.
    """
    if not row.is_detailed:
        return False
    run = open_comparison(row.shop, due=clock.now())
    return run.finished_at is None or run.failure != ""


# --- NetSuite --------------------------------------------------------------------------------------

UNSETTLED = ~Q(stage__in=[LoopReturn.Stage.SETTLED, LoopReturn.Stage.ENDED])
PACE_AT_REST = timedelta(hours=6)
# Reads share the lanes with postings: the longer nothing happened, the rarer we look. (changed within, read every)
PACE = (
    (timedelta(minutes=5), timedelta(seconds=15)),
    (timedelta(hours=2), timedelta(minutes=2)),
    (timedelta(days=3650), timedelta(minutes=30)),
)
# Where the account's changes are followed anyway, we read for safety only.
PACE_FOLLOWED = ((timedelta(hours=2), timedelta(minutes=10)), (timedelta(days=3650), PACE_AT_REST))
FOLLOWED_WITHIN = timedelta(minutes=5)
WAITS_FOR_NETSUITE = [LoopReturn.Stage.POSTING, LoopReturn.Stage.WAITING, LoopReturn.Stage.NEEDS_PERSON]


def hint_stale_records(*, limit: int = 20) -> int:
    """Open returns whose NetSuite side we have not read for a while are read again, the stalest first."""
    now = timezone.now()
    has_sale = NetSuiteRecord.objects.filter(returns=OuterRef("pk"), record_type__in=("invoice", "cashSale"))
    waits = Q(stage__in=WAITS_FOR_NETSUITE) | ~Exists(has_sale)
    is_followed = (
        Q(shop__account__in=_followed_accounts(now))
        & Exists(has_sale)
        & ~Exists(awaited_orders().filter(loop_return=OuterRef("pk")))
    )
    stale = _unread_for(PACE_AT_REST, now)
    for paces, where in ((PACE, ~is_followed), (PACE_FOLLOWED, is_followed)):
        for changed_within, pace in paces:
            stale |= where & waits & Q(updated_at__gte=clock.now() - changed_within) & _unread_for(pace, now)
    pks = (
        LoopReturn.objects.filter(UNSETTLED, stale, shop__account__paused_at=None)
        .order_by(F("records_fetched_at").asc(nulls_first=True), "pk")
        .values_list("pk", flat=True)[:limit]
    )
    found = list(pks)
    hint_records(found)
    return len(found)


def awaited_orders() -> QuerySet[ExchangeItem]:
    """Exchange orders that are not in the mirror, or no longer there: what changed does not tell the names they may
    lie under."""
    names = (OuterRef("exchange_order_id"), OuterRef("exchange_order_name"))
    by_name = Q(external_id__in=names, external_id__gt="") | Q(other_ref_num__in=names, other_ref_num__gt="")
    arrived = NetSuiteRecord.objects.filter(
        by_name, returns=OuterRef("loop_return"), record_type__in=SALE_TYPES, gone_at=None
    )
    made = Q(exchange_order_id__gt="") | Q(exchange_order_name__gt="")
    return ExchangeItem.objects.filter(made, ~Exists(arrived))


def _followed_accounts(now: datetime) -> list[int]:
    """Those of which every change was read a moment ago (`record_changes.mirror_changes`)."""
    fresh = SyncCursor.objects.filter(stream__startswith="netsuite:", swept_at__gte=now - FOLLOWED_WITHIN)
    names = [stream.removeprefix("netsuite:") for stream in fresh.values_list("stream", flat=True)]
    return list(NetSuiteAccount.objects.filter(account_id__in=names).values_list("pk", flat=True))


def _unread_for(pace: timedelta, now: datetime) -> Q:
    """Neither read nor asked for since."""
    fetched = Q(records_fetched_at=None) | Q(records_fetched_at__lt=now - pace)
    hinted = Q(records_hinted_at=None) | Q(records_hinted_at__lt=now - pace)
    return fetched & hinted

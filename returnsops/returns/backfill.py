"""Reading Loop by windows: what changed of late, last night, last week, ever (loop.md §2.1).

A row of the list is compared by content with what we hold. News of a return we may post for asks for its details;
older ones are mirrored from the list as they are.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Literal

from django.db import DataError, transaction
from django.db.models import Q
from django.utils import timezone

from integrations.connections import loop_client, watched
from integrations.errors import RejectedError, UnreadableRecordError
from integrations.loop.reading import PAGE_SIZE_MAX
from integrations.loop.records import LoopReturnRecord
from integrations.models import Shop, SyncCursor
from returnsops.lib import clock
from returnsops.lib.nudge import nudge
from returnsops.returns.bulk import BATCH_ROWS, upsert_returns
from returnsops.returns.digest import digest_of
from returnsops.returns.mirror import fetch_return, require_distinct_parts, unstorable
from returnsops.returns.models import LoopReturn
from returnsops.returns.runs import Tally
from returnsops.returns.streams import main_stream

logger = logging.getLogger(__name__)

# Without a state Loop lists open, closed and expired; the other two have to be asked for by name.
STATES = (None, "cancelled", "review")
UNREADABLE_MAX = 100
OTHERS, CHANGES = "others", "what changed"  # noted beside returns
TRIED_AGAIN_AFTER = timedelta(hours=1)
NAMED_RETURN = re.compile(r"^return (\d+):")
Column = Literal["updated_at", "created_at"]


# A shop just connected sees yesterday at once; what is older comes with the import of history.
FIRST_LOOK = timedelta(days=1)


def cursor_of(shop: Shop) -> SyncCursor:
    """How far the shop's changes have been read."""
    first = {"watermark": clock.now() - FIRST_LOOK}
    return SyncCursor.objects.get_or_create(stream=main_stream(shop), defaults=first)[0]


def read_window(
    shop: Shop,
    window_from: datetime,
    window_to: datetime,
    *,
    column: Column = "updated_at",
    seen: set[str] | None = None,
) -> Tally:
    """Mirror every return of this window, in every state. seen: is given the ids of all that were listed.

    Raises the errors of `integrations.errors`; what was read by then is written and does no harm.
    """
    tally = Tally()
    for state in STATES:
        fetched_at = timezone.now()
        for batch in _batches(list_window(shop, window_from, window_to, state=state, column=column)):
            tally += catch_up(shop, batch, fetched_at=fetched_at)
            if seen is not None:
                seen.update(record.id for record in batch)
    if tally.changed:
        nudge("details", shop.pk)
    return tally


def list_window(
    shop: Shop, window_from: datetime, window_to: datetime, *, state: str | None, column: Column
) -> Iterator[LoopReturnRecord]:
    """Rows of the list. One that we cannot read is noted and tried in detail; the others go on."""
    with watched(shop):
        yield from loop_client(shop, in_background=True).list_returns(
            window_from=window_from,
            window_to=window_to,
            state=state,
            filter_by=column,
            page_size=PAGE_SIZE_MAX,
            on_unreadable=lambda error: _try_in_detail(shop, error),
        )


def catch_up(shop: Shop, records: list[LoopReturnRecord], *, fetched_at: datetime) -> Tally:
    """Write rows of the list that tell something new. One that came back after being missing is news as well."""
    held = LoopReturn.objects.filter(shop=shop, loop_id__in=[record.id for record in records])
    known = {
        loop_id: () if missing_since else digests
        for loop_id, missing_since, *digests in held.values_list(
            "loop_id", "missing_since", "seen_digest", "listed_digest"
        )
    }
    news = [record for record in records if digest_of(record) not in known.get(record.id, ())]
    _write(shop, [record for record in news if _has_distinct_parts(shop, record)], fetched_at=fetched_at)
    return Tally(seen=len(records), changed=len(news))


def _has_distinct_parts(shop: Shop, record: LoopReturnRecord) -> bool:
    try:
        require_distinct_parts(record)
    except UnreadableRecordError as error:
        _try_in_detail(shop, error)
        return False
    return True


def _write(shop: Shop, records: list[LoopReturnRecord], *, fetched_at: datetime) -> None:
    """One row that the database refuses, such as an amount of twenty digits, keeps no other row out."""
    try:
        upsert_returns(shop, records, fetched_at=fetched_at)
    except DataError as error:
        if len(records) == 1:
            refusal = unstorable(records[0].id, error)
            note_unread_return(shop, records[0].id, refusal)
            return
        for record in records:
            _write(shop, [record], fetched_at=fetched_at)


def hint_what_the_list_hides(shop: Shop) -> None:
    """Refunds show in details only: asked for again for what Loop closed and we have not seen through, and for what
    became ours to post since it was mirrored from the list alone.
    """
    ours = LoopReturn.objects.filter(shop=shop, created_at__gte=shop.start_from, fetch_due_at=None, missing_since=None)
    unseen = Q(is_detailed=False) | Q(state="closed") & ~Q(stage__in=[LoopReturn.Stage.SETTLED, LoopReturn.Stage.ENDED])
    ours.filter(unseen).update(fetch_due_at=timezone.now())


def _batches(records: Iterable[LoopReturnRecord]) -> Iterator[list[LoopReturnRecord]]:
    batch: list[LoopReturnRecord] = []
    for record in records:
        batch.append(record)
        if len(batch) == BATCH_ROWS:
            yield batch
            batch = []
    if batch:
        yield batch


# --- Rows that cannot be read ----------------------------------------------------------------------


def _try_in_detail(shop: Shop, error: UnreadableRecordError) -> None:
    """The list may garble what details tell well. What neither tells is noted for a person."""
    named = NAMED_RETURN.match(error.detail)
    if named is None:
        note_unread_return(shop, error.detail[:80], error)
        return
    try:
        if fetch_return(shop, named[1], in_background=True) is None:
            note_unread_return(shop, named[1], error)
    except RejectedError as refusal:
        note_unread_return(shop, named[1], refusal)


@transaction.atomic
def note_unread_return(shop: Shop, name: str, error: RejectedError) -> None:
    """Keep which return we cannot read and why, until it was read; a known one is tried again meanwhile.

    name: its id in Loop, what else tells the row apart, or `CHANGES`.
    """
    logger.warning("%s: %s cannot be read: %s", shop, name, error)
    LoopReturn.objects.filter(shop=shop, loop_id=name).update(fetch_due_at=timezone.now() + TRIED_AGAIN_AFTER)
    cursor = SyncCursor.objects.select_for_update().get(pk=cursor_of(shop).pk)
    noted = dict(cursor.unreadable)
    if name in noted or len(noted) < UNREADABLE_MAX:
        noted[name] = error.detail[:300]
    else:
        noted[OTHERS] = f"More than {UNREADABLE_MAX} returns cannot be read; the log of the worker names all."
    SyncCursor.objects.filter(pk=cursor.pk).update(unreadable=noted)


@transaction.atomic
def forget_what_was_read(shop: Shop) -> None:
    """After a sweep that went through. A return whose details are still due was not read."""
    cursor = SyncCursor.objects.select_for_update().get(pk=cursor_of(shop).pk)
    read = LoopReturn.objects.filter(shop=shop, loop_id__in=list(cursor.unreadable), fetch_due_at=None)
    names = {OTHERS, CHANGES, *read.values_list("loop_id", flat=True)}
    left = {name: why for name, why in cursor.unreadable.items() if name not in names}
    if len(left) >= UNREADABLE_MAX:
        left |= {name: why for name, why in cursor.unreadable.items() if name == OTHERS}
    if left != cursor.unreadable:
        SyncCursor.objects.filter(pk=cursor.pk).update(unreadable=left)

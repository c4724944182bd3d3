"""Whose turn it is: of all processes on all machines, one does a thing. Compare-and-set on a row; nothing is held."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from integrations.models import SyncCursor
from returnsops.lib.nudge import nudge

# One statement, and most of the time it finds the bell ringing and changes nothing.
RING = """
    INSERT INTO integrations_synccursor AS bell (stream, watermark, overlap, failure, unreadable, leased_until)
    VALUES (%(stream)s, %(now)s, interval '0', '', '{}', %(until)s)
    ON CONFLICT (stream) DO UPDATE SET leased_until = EXCLUDED.leased_until
    WHERE bell.leased_until IS NULL OR bell.leased_until < %(now)s
"""
RUNG_FOR = timedelta(seconds=10)  # then whoever was to answer has been lost, and it may be rung again
LEASE = timedelta(minutes=3)  # longer than the task queue lets a task live


def is_turn_of(name: str, every: timedelta) -> bool:
    """Once per interval, whoever asks first."""
    now = timezone.now()
    SyncCursor.objects.get_or_create(stream=f"job:{name}", defaults={"watermark": now})
    due = Q(swept_at=None) | Q(swept_at__lte=now - every)
    return bool(SyncCursor.objects.filter(due, stream=f"job:{name}").update(swept_at=now))


def ring(what: str, row_id: int | None = None) -> None:
    """Nudge once for however many rows are due; while the bell rings and nobody answered, others need not ring.

    So the task queue never holds a backlog: what is due stands in our rows. row_id: whose rows, each has its own bell.
    """
    transaction.on_commit(partial(_ring, what, row_id))


def answer(what: str, row_id: int | None = None) -> None:
    """Say that we look now: what becomes due from here on rings again."""
    SyncCursor.objects.filter(stream=_bell(what, row_id)).update(leased_until=None)


def _bell(what: str, row_id: int | None) -> str:
    return f"bell:{what}" if row_id is None else f"bell:{what}:{row_id}"


def _ring(what: str, row_id: int | None) -> None:
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(RING, {"stream": _bell(what, row_id), "now": now, "until": now + RUNG_FOR})
        is_first = bool(cursor.rowcount)
    if is_first:
        nudge(what, row_id)


@contextmanager
def one_at_a_time(name: str) -> Iterator[bool]:
    """Gives whether the turn is ours. Given back at the end; if we die, others wait for the end of the lease."""
    now, stream = timezone.now(), f"turn:{name}"
    SyncCursor.objects.get_or_create(stream=stream, defaults={"watermark": now})
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    is_ours = bool(SyncCursor.objects.filter(free, stream=stream).update(leased_until=now + LEASE))
    try:
        yield is_ours
    finally:
        if is_ours:
            SyncCursor.objects.filter(stream=stream).update(leased_until=None)

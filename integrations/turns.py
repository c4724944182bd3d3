"""Whose turn it is: of all processes on all machines, one does a thing. Compare-and-set on a row; nothing is held."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from integrations.models import SyncCursor
from returnsops.lib.locks import try_lock

# One statement, which locks and writes nothing while the turn is not due: then there is nothing for the disk to wait
# for. A turn that a crash of the database forgets costs one look too many, so nobody waits for the disk when there is.
TAKE_TURN = """
    WITH turn AS (
        UPDATE integrations_synccursor SET swept_at = %(now)s
        WHERE stream = %(stream)s AND (swept_at IS NULL OR swept_at <= %(before)s)
        RETURNING id
    ), first AS (
        INSERT INTO integrations_synccursor (stream, watermark, overlap, failure, unreadable, swept_at)
        SELECT %(stream)s, %(now)s, interval '0', '', '{}', %(now)s
        WHERE NOT EXISTS (SELECT FROM integrations_synccursor WHERE stream = %(stream)s)
        ON CONFLICT (stream) DO NOTHING RETURNING id
    )
    SELECT set_config('synchronous_commit', 'off', true) FROM (TABLE turn UNION ALL TABLE first) AS won
"""


def is_turn_of(name: str, every: timedelta) -> bool:
    """Once per interval, whoever asks first."""
    now = timezone.now()
    return is_won(TAKE_TURN, stream=f"job:{name}", now=now, before=now - every)


def last_turn(name: str) -> QuerySet[SyncCursor, Any]:
    """When it was last taken: one moment, or none."""
    return SyncCursor.objects.filter(stream=f"job:{name}").values_list("swept_at", flat=True)


def due_among(jobs: Mapping[str, timedelta]) -> list[str]:
    """Those whose turn has come, by one look; `is_turn_of` takes it. jobs: how often, by name."""
    now, streams = timezone.now(), {f"job:{name}": name for name in jobs}
    taken = dict(SyncCursor.objects.filter(stream__in=streams).values_list("stream", "swept_at"))
    ages = {name: now - at for stream, name in streams.items() if (at := taken.get(stream))}
    return [name for name, every in jobs.items() if name not in ages or ages[name] >= every]


def is_won(statement: str, **values: str | datetime) -> bool:
    """Whether a statement changed its row. Outside of any transaction, else that one would not wait for the disk."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return bool(cursor.rowcount)


@contextmanager
def one_at_a_time(name: str) -> Iterator[bool]:
    """Gives whether the turn is ours, of all processes. Who dies or loses the database lets go of it (`try_lock`)."""
    with try_lock("turn", name) as is_ours:
        yield is_ours

"""Bells: one nudge for however many rows are due, so that the task queue never holds a backlog."""

import logging
import threading
import time
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.utils import timezone

from integrations.models import SyncCursor
from integrations.turns import is_won
from returnsops.lib.nudge import nudge

logger = logging.getLogger(__name__)

# One statement, which locks and writes nothing while the bell rings: then there is nothing for the disk to wait for. A
# ring that a crash of the database forgets costs one look too many, so nobody waits for the disk when there is.
RING = """
    WITH rung AS (
        UPDATE integrations_synccursor SET leased_until = %(until)s
        WHERE stream = %(stream)s AND (leased_until IS NULL OR leased_until < %(now)s)
        RETURNING id
    ), first AS (
        INSERT INTO integrations_synccursor (stream, watermark, overlap, failure, unreadable, leased_until)
        SELECT %(stream)s, %(now)s, interval '0', '', '{}', %(until)s
        WHERE NOT EXISTS (SELECT FROM integrations_synccursor WHERE stream = %(stream)s)
        ON CONFLICT (stream) DO NOTHING RETURNING id
    )
    SELECT set_config('synchronous_commit', 'off', true) FROM (TABLE rung UNION ALL TABLE first) AS won
"""
RUNG_FOR = timedelta(seconds=10)  # then whoever was to answer has been lost, and it may be rung again


def ring(what: str, row_id: int | None = None) -> None:
    """Nudge once for however many rows are due; while the bell rings and nobody answered, others need not ring.

    What is due stands in our rows. row_id: whose rows, each has its own bell.
    """
    transaction.on_commit(partial(_ring, what, row_id))


def ring_soon(what: str) -> None:
    """The same for who is in a hurry and may come in crowds: one ring for all who asked within `NUDGE_GATHER`.

    A thread of this process rings. What a killed process had gathered is left to the sweep.
    """
    if settings.NUDGE_GATHER:
        transaction.on_commit(partial(_gatherer.add, what))
    else:
        ring(what)


def answer(what: str, row_id: int | None = None) -> None:
    """Say that we look now: what becomes due from here on rings again."""
    SyncCursor.objects.filter(stream=_bell(what, row_id)).update(leased_until=None)


def _bell(what: str, row_id: int | None) -> str:
    return f"bell:{what}" if row_id is None else f"bell:{what}:{row_id}"


def _ring(what: str, row_id: int | None) -> None:
    now = timezone.now()
    if is_won(RING, stream=_bell(what, row_id), now=now, until=now + RUNG_FOR):
        nudge(what, row_id)


class _Gatherer:
    def __init__(self) -> None:
        self._gathered: set[str] = set()
        self._lock = threading.Lock()
        self._has_some = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, what: str) -> None:
        with self._lock:
            self._gathered.add(what)
            # Not alive either in the child of a fork: each process starts its own.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="bells", daemon=True)
                self._thread.start()
        self._has_some.set()

    def _run(self) -> None:
        while True:
            self._has_some.wait()
            time.sleep(settings.NUDGE_GATHER.total_seconds())
            self._has_some.clear()
            self._ring_gathered()

    def _ring_gathered(self) -> None:
        with self._lock:
            gathered, self._gathered = self._gathered, set()
        close_old_connections()
        try:
            for what in gathered:
                _ring(what, None)
        except DatabaseError:
            logger.warning("%s not rung for; the sweep finds what is due", ", ".join(gathered))
            connection.close()


_gatherer = _Gatherer()

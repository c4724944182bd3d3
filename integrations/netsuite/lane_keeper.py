"""Renews the lanes of long calls: leases are short, so that a killed process blocks nobody for long.

One thread a process, awake only while a lane is held. Senders do without: their main thread renews.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import DatabaseError, connection

from integrations.netsuite.lane_book import open_book

logger = logging.getLogger(__name__)

RENEW_AFTER = 0.3  # of a lease


class LaneKeeper:
    def __init__(self) -> None:
        self._held: dict[tuple[int, str], float] = {}  # when it was leased or renewed, monotonic
        self._lock = threading.Lock()
        self._has_some = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def keeping(self, account_pk: int, holder: str) -> Iterator[None]:
        with self._lock:
            self._held[account_pk, holder] = time.monotonic()
            # Not alive either in the child of a fork: each process starts its own.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="lane keeper", daemon=True)
                self._thread.start()
        self._has_some.set()
        try:
            yield
        finally:
            with self._lock:
                del self._held[account_pk, holder]
                if not self._held:
                    self._has_some.clear()

    def _run(self) -> None:
        while True:
            self._has_some.wait()
            time.sleep(self._pause_s())
            self.renew_due()

    def renew_due(self) -> None:
        before = time.monotonic() - self._pause_s()
        with self._lock:
            due = [key for key, renewed_at in self._held.items() if renewed_at <= before]
        try:
            for account_pk, holder in due:
                self._renew(account_pk, holder)
        except DatabaseError as error:
            logger.warning("lanes not renewed, the database does not answer: %s", error)
        finally:
            if due:
                connection.close()

    def _renew(self, account_pk: int, holder: str) -> None:
        with open_book(account_pk) as book:
            book.lease(holder, count=0, for_reading=True)
        with self._lock:
            if (account_pk, holder) in self._held:
                self._held[account_pk, holder] = time.monotonic()

    def _pause_s(self) -> float:
        return float(settings.LANE_LEASE.total_seconds() * RENEW_AFTER)


keeper = LaneKeeper()

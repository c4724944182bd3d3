"""A nudge: «look at return 17», sent once the transaction commits. Only for speed: a sweep finds what is due anyway."""

import logging
import threading
import time
from functools import partial

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection, transaction
from django_q.brokers import Broker, get_broker
from django_q.tasks import async_task

from returnsops.lib.task_broker import quick_broker

logger = logging.getLogger(__name__)

RowId = int | list[int] | None
# These call nobody, or ask little.
QUICK = frozenset({"plans", "plan", "doubts", "pauses", "life"})
# Called by name: who stands below the roof never imports it.
ROOF = "returnsops.tasks.look"
TICK = "returnsops.tick.tick"


def nudge(what: str, row_id: RowId = None) -> None:
    """Ask the task queue to look at one row, e.g. nudge("plan", return_id). Lost nudges lose nothing."""
    transaction.on_commit(partial(_send, what, row_id))


def nudge_soon(what: str) -> None:
    """The same for who is in a hurry and may come in crowds: one nudge for all who asked within `NUDGE_GATHER`.

    A thread of this process sends it. What a killed process had gathered is left to the sweep.
    """
    if settings.NUDGE_GATHER:
        transaction.on_commit(partial(_gatherer.add, what))
    else:
        nudge(what)


def _send(what: str, row_id: RowId) -> None:
    async_task(ROOF, what, row_id, task_name=f"{what}:{row_id}", broker=_broker_for(what))


def _broker_for(what: str) -> Broker:
    return quick_broker() if what in QUICK else get_broker()


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
                self._thread = threading.Thread(target=self._run, name="nudges", daemon=True)
                self._thread.start()
        self._has_some.set()

    def _run(self) -> None:
        while True:
            self._has_some.wait()
            time.sleep(settings.NUDGE_GATHER.total_seconds())
            self._has_some.clear()
            self._send_gathered()

    def _send_gathered(self) -> None:
        with self._lock:
            gathered, self._gathered = self._gathered, set()
        close_old_connections()
        try:
            for what in gathered:
                _send(what, None)
        except DatabaseError:
            logger.warning("%s not nudged; the sweep finds what is due", ", ".join(gathered))
            connection.close()


_gatherer = _Gatherer()

"""Things that happen later: kept in a table, run when business time reaches them, so a restart loses none.

A job of Loop alone is one transaction with its removal: done once, whatever dies when. One that leaves Loop's database
may be done again after a crash, so it has to look first whether it is done.
"""

import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from integrations.sandbox.clock import Clock
from integrations.sandbox.store import Store

Json = dict[str, Any]
Work = Callable[[Json], None]
logger = logging.getLogger(__name__)
LOOK_EVERY_S = 0.04
BATCH = 64
POOL_SIZE = 8


class Jobs:
    """One thread looks for due jobs; those that talk to the network run in a small pool."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._work: dict[str, Work] = {}
        self._pooled: set[str] = set()
        self._crossing: set[str] = set()
        self._left_out = threading.local()
        self._pool = ThreadPoolExecutor(max_workers=POOL_SIZE, thread_name_prefix="sandbox-delivery")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-jobs", daemon=True)
        self._counting = threading.Lock()
        self.done: Counter[str] = Counter()
        self.failures = 0

    def register(self, kind: str, *, work: Work, pooled: bool = False, crosses: bool = False) -> None:
        """pooled: it waits for a network. crosses: it writes to another database than Loop's."""
        self._work[kind] = work
        if pooled:
            self._pooled.add(kind)
        if crosses or pooled:
            self._crossing.add(kind)

    def add(self, kind: str, *, content: Json, after_s: float = 0.0) -> None:
        if kind in getattr(self._left_out, "kinds", ()):
            return
        due = self._clock.now().timestamp() + after_s
        self._store.execute("INSERT INTO job (due, kind, content) VALUES (?, ?, ?)", (due, kind, json.dumps(content)))

    @contextmanager
    def leaving_out(self, *kinds: str) -> Iterator[None]:
        """Jobs of these kinds that this thread adds meanwhile are never done."""
        self._left_out.kinds = kinds
        try:
            yield
        finally:
            self._left_out.kinds = ()

    def start(self) -> None:
        self._store.execute("UPDATE job SET is_running = 0 WHERE is_running = 1")
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def count(self, kind: str | None = None) -> int:
        if kind is None:
            return int(self._store.value("SELECT count(*) FROM job"))
        return int(self._store.value("SELECT count(*) FROM job WHERE kind = ?", (kind,)))

    def count_due(self) -> int:
        """Those whose time has come, running ones included."""
        now = self._clock.now().timestamp()
        return int(self._store.value("SELECT count(*) FROM job WHERE is_running IN (0, 1) AND due <= ?", (now,)))

    def next_in_s(self) -> float | None:
        """Until something happens by itself, in business time; nothing if it is happening, None if nothing will."""
        due = self._store.value("SELECT min(due) FROM job WHERE is_running IN (0, 1)")
        return None if due is None else max(0.0, round(due - self._clock.now().timestamp(), 3))

    def wait_until_calm(self, limit_s: float) -> int:
        """Wait until nothing is due any more; gives how much still is when the time is up."""
        until = time.monotonic() + limit_s
        while (due := self.count_due()) and time.monotonic() < until:
            time.sleep(LOOK_EVERY_S)
        return due

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                due = self._take_due()
            except Exception:  # the thread must live: without it nothing would ever happen again
                logger.exception("sandbox jobs cannot be read")
                due = []
            for row in due:
                self._start_one(row["id"], kind=row["kind"], content=json.loads(row["content"]))
            if len(due) < BATCH:
                self._stopping.wait(LOOK_EVERY_S)

    def _take_due(self) -> list[Any]:
        now = self._clock.now().timestamp()
        if self._store.value("SELECT 1 FROM job WHERE is_running = 0 AND due <= ? LIMIT 1", (now,)) is None:
            return []
        with self._store.transaction():
            due = self._store.rows(
                "SELECT id, kind, content FROM job WHERE is_running = 0 AND due <= ? ORDER BY due, id LIMIT ?",
                (now, BATCH),
            )
            self._store.execute_many("UPDATE job SET is_running = 1 WHERE id = ?", [(row["id"],) for row in due])
        return due

    def _start_one(self, job_id: int, *, kind: str, content: Json) -> None:
        if self._stopping.is_set():
            return  # marked as running; the next start takes it up
        if kind in self._pooled:
            self._pool.submit(self._run_one, job_id, kind, content)
        else:
            self._run_one(job_id, kind, content)

    def _run_one(self, job_id: int, kind: str, content: Json) -> None:
        try:
            if kind in self._crossing:
                self._work[kind](content)
                self._remove(job_id)
            else:
                with self._store.transaction():
                    self._work[kind](content)
                    self._remove(job_id)
        except Exception:  # one broken job must not stop all the others; it is counted and logged
            logger.exception("sandbox job %s failed", kind)
            self._remove(job_id)
            self._tally(kind, failed=True)
        else:
            self._tally(kind)

    def _remove(self, job_id: int) -> None:
        self._store.execute("DELETE FROM job WHERE id = ?", (job_id,))

    def _tally(self, kind: str, *, failed: bool = False) -> None:
        with self._counting:
            self.done[kind] += 1
            self.failures += failed

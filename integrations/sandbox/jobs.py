"""Things that happen later: kept in a table, run when business time reaches them, so a restart loses none."""

import json
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from integrations.sandbox.clock import Clock
from integrations.sandbox.store import Store

Json = dict[str, Any]
Work = Callable[[Json], None]
logger = logging.getLogger(__name__)
LOOK_EVERY_S = 0.04
BATCH = 64


class Jobs:
    """One thread looks for due jobs; those that talk to the network run in a small pool."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._work: dict[str, Work] = {}
        self._pooled: set[str] = set()
        self._pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="sandbox-delivery")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox-jobs", daemon=True)
        self.failures = 0

    def register(self, kind: str, *, work: Work, pooled: bool = False) -> None:
        self._work[kind] = work
        if pooled:
            self._pooled.add(kind)

    def add(self, kind: str, *, content: Json, after_s: float = 0.0) -> None:
        due = self._clock.now().timestamp() + after_s
        self._store.execute("INSERT INTO job (due, kind, content) VALUES (?, ?, ?)", (due, kind, json.dumps(content)))

    def start(self) -> None:
        self._store.execute("UPDATE job SET is_running = 0")
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        self._pool.shutdown(wait=True, cancel_futures=True)

    def count(self) -> int:
        return int(self._store.value("SELECT count(*) FROM job"))

    def _run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            for row in self._take_due():
                self._start_one(row["id"], kind=row["kind"], content=json.loads(row["content"]))

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
        if kind in self._pooled:
            self._pool.submit(self._run_one, job_id, kind, content)
        else:
            self._run_one(job_id, kind, content)

    def _run_one(self, job_id: int, kind: str, content: Json) -> None:
        try:
            self._work[kind](content)
        except Exception:  # one broken job must not stop all the others; it is counted and logged
            self.failures += 1
            logger.exception("sandbox job %s failed", kind)
        self._store.execute("DELETE FROM job WHERE id = ?", (job_id,))

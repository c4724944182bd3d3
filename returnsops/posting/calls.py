"""The threads of a sender: they make calls and nothing else. No database here."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from django.db import connections

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Done:
    """A call that ended. ticket: what it was submitted under. error: what it raised."""

    ticket: object
    value: object = None
    error: Exception | None = None


class CallPool:
    """Threads are started as they are needed. They are daemons: a call that hangs must not keep the process alive.

    ring: called when something is done, from any thread.
    """

    def __init__(self, *, size: int, ring: Callable[[], None]) -> None:
        self.size = size
        self._ring = ring
        self._work: SimpleQueue[tuple[object, Callable[[], object]] | None] = SimpleQueue()
        self._done: SimpleQueue[Done] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._under_way = 0

    @property
    def room(self) -> int:
        """Threads that are free."""
        return self.size - self._under_way

    def submit(self, ticket: object, work: Callable[[], object]) -> None:
        self._under_way += 1
        if self._under_way > len(self._threads):
            thread = threading.Thread(target=self._run, name=f"call {len(self._threads) + 1}", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._work.put((ticket, work))

    def take_done(self) -> list[Done]:
        done = []
        while True:
            try:
                done.append(self._done.get_nowait())
            except Empty:
                self._under_way -= len(done)
                return done

    def close(self) -> None:
        """Idle threads end; those in a call end with it."""
        for _ in self._threads:
            self._work.put(None)

    def _run(self) -> None:
        while (job := self._work.get()) is not None:
            ticket, work = job
            try:
                done = Done(ticket, value=work())
            except Exception as error:  # whatever it is, somebody waits for the answer
                done = Done(ticket, error=error)
            # Only a token that is renewed uses the database here; the connection must not outlive the call.
            connections.close_all()
            self._done.put(done)
            self._ring()

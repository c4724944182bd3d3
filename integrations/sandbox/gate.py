"""Calls pass together; whoever makes the state anew, or ends it, waits until they are through and lets none in."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

WAIT_MAX_S = 30.0


class Gate:
    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._inside = 0
        self._is_shut = False

    @contextmanager
    def passing(self) -> Iterator[None]:
        """ConnectionAbortedError when it stays shut: the sandbox has ended."""
        with self._turn:
            if not self._turn.wait_for(lambda: not self._is_shut, timeout=WAIT_MAX_S):
                raise ConnectionAbortedError("the sandbox has ended")
            self._inside += 1
        try:
            yield
        finally:
            with self._turn:
                self._inside -= 1
                self._turn.notify_all()

    def shut(self) -> None:
        """Alone from here on. A call that hangs longer than the limit is left to fail by itself."""
        until = time.monotonic() + WAIT_MAX_S
        with self._turn:
            self._turn.wait_for(lambda: not self._is_shut, timeout=WAIT_MAX_S)
            self._is_shut = True
            self._turn.wait_for(lambda: self._inside == 0, timeout=until - time.monotonic())

    def open(self) -> None:
        with self._turn:
            self._is_shut = False
            self._turn.notify_all()

"""Waits that are known to end: while one of them lasts, its process is alive though nothing of it moves.

The watchdog takes silence for a hang. A call may be silent for longer than it allows, but it says beforehand how long
it can take at most, and where in the program it waits. Up to then a thread beats in its place, as long as it really
stands there: at a lock, or in a loop, it hangs as anything else would.
"""

import itertools
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

BEAT_EVERY_S = 2.0
# Where a program stands while it waits for another machine, told by the file of its innermost function.
SOCKETS = ("/socket.py", "/ssl.py", "/http/client.py", "/urllib3/util/connection.py")
DATABASE = ("/psycopg/",)


@dataclass(frozen=True)
class _Wait:
    ends_at: float  # monotonic
    places: tuple[str, ...]  # none: anywhere
    thread: int = field(default_factory=threading.get_ident)

    def lasts(self, *, now: float) -> bool:
        return now < self.ends_at and (not self.places or self._stands_there())

    def _stands_there(self) -> bool:
        frame = sys._current_frames().get(self.thread)
        return frame is not None and any(place in frame.f_code.co_filename for place in self.places)


_numbers = itertools.count()
_waits: dict[int, _Wait] = {}  # threads only add and remove their own
_beating_in = 0  # the process that has its thread; a fork has none


@contextmanager
def waiting_at_most(limit_s: float, *, at: tuple[str, ...] = ()) -> Iterator[None]:
    """Inside is one wait with a limit of its own that is no longer than this. at: see SOCKETS; anywhere if not told."""
    number = next(_numbers)
    _waits[number] = _Wait(time.monotonic() + limit_s, at)
    try:
        yield
    finally:
        _waits.pop(number, None)


def is_waiting() -> bool:
    """Whether any thread of this process waits for what surely ends."""
    now = time.monotonic()
    return any(one.lasts(now=now) for one in list(_waits.values()))


def beat_while_waiting(show_life: Callable[[], None]) -> None:
    """Have a thread of this process show life during its waits. Asked for again it changes nothing."""
    global _beating_in
    if _beating_in != os.getpid():
        _beating_in = os.getpid()
        _waits.clear()  # of the process we were forked from
        threading.Thread(target=_beat, args=(show_life,), name="beat", daemon=True).start()


def _beat(show_life: Callable[[], None]) -> None:
    never = threading.Event()
    while not never.wait(BEAT_EVERY_S):
        beat_once(show_life)


def beat_once(show_life: Callable[[], None]) -> None:
    if is_waiting():
        show_life()

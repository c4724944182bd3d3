"""Waits that are known to end: while one of them runs, its process is alive though nothing of it moves.

The watchdog takes silence for a hang. A call may be silent for longer than it allows, but it says beforehand how long
it can take at most; up to then a thread beats in its place. A wait that outlives its own limit is a hang as any other.
"""

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

BEAT_EVERY_S = 2.0

_numbers = itertools.count()
_ends: dict[int, float] = {}  # by number, monotonic; threads only add and remove their own
_beating_in = 0  # the process that has its thread; a fork has none


@contextmanager
def waiting_at_most(limit_s: float) -> Iterator[None]:
    """Inside is one wait with a limit of its own that is no longer than this."""
    number = next(_numbers)
    _ends[number] = time.monotonic() + limit_s
    try:
        yield
    finally:
        _ends.pop(number, None)


def is_waiting() -> bool:
    """Whether anybody in this process waits for what surely ends."""
    now = time.monotonic()
    return any(now < end for end in list(_ends.values()))


def beat_while_waiting(show_life: Callable[[], None]) -> None:
    """Have a thread of this process show life during its waits. Asked for again it changes nothing."""
    global _beating_in
    if _beating_in != os.getpid():
        _beating_in = os.getpid()
        _ends.clear()  # of the process we were forked from
        threading.Thread(target=_beat, args=(show_life,), name="beat", daemon=True).start()


def _beat(show_life: Callable[[], None]) -> None:
    never = threading.Event()
    while not never.wait(BEAT_EVERY_S):
        beat_once(show_life)


def beat_once(show_life: Callable[[], None]) -> None:
    if is_waiting():
        show_life()

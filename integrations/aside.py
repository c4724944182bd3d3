"""What the calling threads of a sender leave for its main thread, which alone talks to the database."""

from collections.abc import Callable
from queue import Empty, SimpleQueue

_left: SimpleQueue[Callable[[], None]] = SimpleQueue()


def leave(act: Callable[[], None]) -> None:
    _left.put(act)


def do_what_was_left() -> None:
    """Each is lost if it fails: they are notes for later calls, never results."""
    while True:
        try:
            act = _left.get_nowait()
        except Empty:
            return
        act()

"""The heart of a task queue, whose several processes each work on one task at a time.

Two kinds of files. The heartbeat is touched whenever a task begins: the queue deals out what it has. Beside it lies one
file for each process with a task in hand, touched as long as it gets on or waits for an answer (`waits`). So a call
that takes its time hides neither a queue that deals nothing out nor another process that hangs, and is taken for
neither of them.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from returnsops.lib.family import is_alive
from returnsops.lib.waits import DATABASE, beat_while_waiting, waiting_at_most
from returnsops.lib.watchdog import Heartbeat


@contextmanager
def task_in_hand(heartbeat: Path, *, limit_s: float) -> Iterator[None]:
    """This process works on a task. limit_s: what the queue grants a task, and so the database to answer it."""
    own = _file_of_this_process(heartbeat)
    own.parent.mkdir(parents=True, exist_ok=True)
    heartbeat.touch()
    own.touch()
    beat_while_waiting(lambda: show_life(heartbeat))
    try:
        with waiting_at_most(limit_s, at=DATABASE):
            yield
    finally:
        own.unlink(missing_ok=True)


def show_life(heartbeat: Path) -> None:
    """It gets on. Says nothing of a process that has no task in hand, or none any more."""
    with suppress(FileNotFoundError):
        os.utime(_file_of_this_process(heartbeat))


def _file_of_this_process(heartbeat: Path) -> Path:
    return _folder_of(heartbeat) / str(os.getpid())


def _folder_of(heartbeat: Path) -> Path:
    return heartbeat.with_name(f"{heartbeat.name}-tasks")


@dataclass
class _Hand:
    """A task in hand, as last seen. at: monotonic, when we saw its file change."""

    mark: float
    at: float


class QueueHeart(Heartbeat):
    """Silent when a process with a task in hand shows no life, or when one has none and yet nothing is dealt out."""

    def __init__(self, file: Path, *, processes: int, limit_s: float, start_limit_s: float = 0.0) -> None:
        super().__init__(file, limit_s=limit_s, start_limit_s=start_limit_s)
        self.processes = processes
        self._hands: dict[str, _Hand] = {}
        self._all_busy_at = 0.0  # monotonic

    def begin(self) -> None:
        """A queue that died leaves its hands behind, and their numbers may have gone to any other program."""
        for file in self._files():
            file.unlink(missing_ok=True)
        self._hands.clear()

    def is_silent(self, *, since: float, now: float) -> bool:
        deals_nothing_out = super().is_silent(since=since, now=now)
        self._look_at_hands(now)
        if self._is_everybody_busy():
            self._all_busy_at = now
        hangs = any(now - hand.at > self.limit_s for hand in self._hands.values())
        return hangs or (deals_nothing_out and now - self._all_busy_at > self.limit_s)

    def needs_poke(self, *, since: float, now: float) -> bool:
        """Nobody is poked who could not answer."""
        return not self._is_everybody_busy() and super().needs_poke(since=since, now=now)

    def _is_everybody_busy(self) -> bool:
        return len(self._hands) >= self.processes

    def _look_at_hands(self, now: float) -> None:
        seen = {file.name: mark for file in self._files() if (mark := _mark_of(file)) is not None}
        known = self._hands
        self._hands = {
            name: known[name] if name in known and known[name].mark == mark else _Hand(mark, now)
            for name, mark in seen.items()
        }

    def _files(self) -> list[Path]:
        folder = _folder_of(self.file)
        return [file for file in folder.iterdir() if file.name.isdigit()] if folder.exists() else []


def _mark_of(file: Path) -> float | None:
    """When it was last touched; None if its process is gone: what it left is removed."""
    if not is_alive(int(file.name)):
        file.unlink(missing_ok=True)
        return None
    try:
        return file.stat().st_mtime
    except FileNotFoundError:  # done meanwhile
        return None

"""Keeps programs running: a dead one is started again, and so is one whose heart has stopped.

A task queue can hang with all its processes alive (a worker killed while idle leaves a lock taken), so that being
alive proves nothing. A heartbeat is a file that the program touches: work done is the proof. See `queue_heart` for that
of the queue.
"""

import logging
import time
from dataclasses import dataclass
from pathlib import Path

from returnsops.lib.processes import Processes, Program

log = logging.getLogger(__name__)

FIRST_WAIT_S = 0.5
WAIT_MAX_S = 30.0
HEALTHY_AFTER_S = 60.0  # who has lived this long starts again with the first wait


class Heartbeat:
    """Whether a file has been touched of late. Told by changes, so that a jump of the wall clock stops no heart.

    start_limit_s: what is allowed before the first beat of a program, if more: a busy machine starts slowly, and who is
    killed while starting never beats.
    """

    def __init__(self, file: Path, *, limit_s: float, start_limit_s: float = 0.0) -> None:
        self.file = file
        self.limit_s = limit_s
        self.start_limit_s = max(start_limit_s, limit_s)
        self.beat_at = 0.0  # monotonic; when we last saw it change
        self._mark: float | None = None

    def begin(self) -> None:
        """The program is about to start, and nothing of it lives."""

    def is_silent(self, *, since: float, now: float) -> bool:
        """since: when the program started; both times monotonic."""
        mark = self.file.stat().st_mtime if self.file.exists() else None
        if mark != self._mark:
            self._mark, self.beat_at = mark, now
        return now - since > self.start_limit_s if self.is_starting(since=since) else now - self.beat_at > self.limit_s

    def needs_poke(self, *, since: float, now: float) -> bool:
        """Silent for half of what is allowed. Of several machines any may have done what was to make it beat."""
        return not self.is_starting(since=since) and now - self.beat_at > self.limit_s / 2

    def is_starting(self, *, since: float) -> bool:
        """Not a beat yet."""
        return self.beat_at <= since


class Metronome:
    """Says when the next beat should be asked for: some time after the last one came, or once that one must be lost.

    Never two at once, else a queue that is behind would collect them.
    """

    def __init__(self, heartbeat: Heartbeat, *, every_s: float) -> None:
        self.heartbeat = heartbeat
        self.every_s = every_s
        self._asked_at: float | None = None

    def is_due(self, *, now: float) -> bool:
        """True once per beat: the caller asks for it."""
        if self._asked_at is not None:
            has_come = self.heartbeat.beat_at > self._asked_at
            wait_s = self.every_s if has_come else max(self.every_s, self.heartbeat.limit_s / 2)
            if now - self._asked_at < wait_s:
                return False
        self._asked_at = now
        return True


@dataclass
class Kept:
    """A program and how its life has gone so far; times monotonic."""

    program: Program
    heartbeat: Heartbeat | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    quick_ends: int = 0


def look_after(processes: Processes, *, kept: list[Kept]) -> None:
    """One round: bury the dead and the silent, start what is due. Called a few times a second."""
    for each in kept:
        now = time.monotonic()
        if processes.knows(each.program.name):
            _check(processes, kept=each, now=now)
        elif now >= each.start_again_at:
            each.started_at = now
            if each.heartbeat is not None:
                each.heartbeat.begin()
            processes.start(each.program)


def _check(processes: Processes, *, kept: Kept, now: float) -> None:
    name = kept.program.name
    if not processes.is_running(name):
        reason = "has ended"
    elif kept.heartbeat is not None and kept.heartbeat.is_silent(since=kept.started_at, now=now):
        reason = "has been silent for too long and is killed"
    else:
        return
    code = processes.bury(name)
    wait_s = _plan_restart(kept, now=now)
    log.warning("%s %s (exit code %s); it starts again in %.1f s", name, reason, code, wait_s)


def _plan_restart(kept: Kept, *, now: float) -> float:
    """Who ends at once, again and again, waits longer each time."""
    kept.quick_ends = 0 if now - kept.started_at > HEALTHY_AFTER_S else kept.quick_ends + 1
    wait_s: float = min(WAIT_MAX_S, FIRST_WAIT_S * 2 ** max(0, kept.quick_ends - 1))
    kept.start_again_at = now + wait_s
    return wait_s

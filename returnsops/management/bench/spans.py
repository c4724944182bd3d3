"""What the sandbox's log of calls says about speed: shares, calls at once, time outside. Pure.

The span of a call lies inside the time for which its caller waits. A call that reaches over an edge of the window
counts by the part that lies inside: with calls of a second in a window of fifteen, whole ones would be off by a tenth.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

TOO_MANY = 429


@dataclass(frozen=True)
class Call:
    """Times in seconds since 1970. status: None when a fault struck before the system was asked."""

    system: str
    operation: str
    started: float
    ended: float
    status: int | None = 200

    @property
    def is_refused(self) -> bool:
        return self.status == TOO_MANY

    @property
    def takes_place(self) -> bool:
        """Among the calls that NetSuite allows at once; log-ins take none."""
        return self.system == "netsuite" and self.operation != "token"


@dataclass(frozen=True)
class Window:
    """The steady part of a turn: without its beginning and its end."""

    begin: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.begin

    def overlap_s(self, call: Call) -> float:
        return max(0.0, min(call.ended, self.end) - max(call.started, self.begin))


def read_call(row: dict[str, Any]) -> Call:
    """From a line of the sandbox's log."""
    return Call(row["system"], row["operation"], row["started"], row["ended"], row["status"])


def count_done(calls: Iterable[Call], window: Window) -> float:
    """Calls that were carried out, those at the edges by their part inside."""
    done = 0.0
    for call in calls:
        inside = window.overlap_s(call)
        if inside and not call.is_refused:
            done += inside / (call.ended - call.started)
    return done


def count_refused(calls: Iterable[Call], window: Window) -> int:
    return sum(call.is_refused and window.begin <= call.started < window.end for call in calls)


def held_s(calls: Iterable[Call], window: Window) -> float:
    """How long places among the calls at once were held, added up."""
    return sum(window.overlap_s(call) for call in calls if not call.is_refused)


def most_at_once(calls: Iterable[Call]) -> int:
    """The highest number in flight. One that ends in the same moment as another begins had left before."""
    edges = [(call.started, 1) for call in calls if not call.is_refused]
    edges += [(call.ended, -1) for call in calls if not call.is_refused]
    at_once = most = 0
    for _, step in sorted(edges):
        at_once += step
        most = max(most, at_once)
    return most


def covered_s(calls: Sequence[Call], *, begin: float, end: float) -> float:
    """How much of the time from begin to end lies under at least one call."""
    window, covered, seen_to = Window(begin, end), 0.0, begin
    for call in sorted(calls, key=lambda one: one.started):
        if window.overlap_s(call) <= 0 or call.ended <= seen_to:
            continue
        covered += min(call.ended, end) - max(call.started, seen_to)
        seen_to = min(call.ended, end)
    return covered

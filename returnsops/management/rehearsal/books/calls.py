"""What the sandbox's log of calls tells at the end: calls at once, calls abandoned, writes under one external id."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from returnsops.management.rehearsal.books.verdict import Verdict

Json = dict[str, Any]
PAGE = 10_000
NO_LANE = ("token",)  # the token endpoint is none of the calls an account counts


@dataclass(frozen=True, slots=True)
class Write:
    started: float
    digest: str
    is_done: bool


@dataclass
class CallTally:
    """Read while the run goes on, since the sandbox keeps the newest calls only. spans: began, ended, of each account
    and without those abandoned."""

    calls: int = 0
    abandoned: int = 0
    by_operation: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    spans: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    writes: dict[str, list[Write]] = field(default_factory=lambda: defaultdict(list))
    _seen: int = 0

    def read_on(self, get: Callable[[str], Json]) -> None:
        """get: asks the sandbox's control API for a path."""
        while True:
            page = get(f"calls?after={self._seen}&limit={PAGE}")
            for row in page["items"]:
                self.note(row)
            if page["next"] is None:
                return

    def note(self, row: Json) -> None:
        self._seen = row["number"]
        self.calls += 1
        self.by_operation[f"{row['system']} {row['operation']}"] += 1
        if row["fault"]:
            self.faults[row["fault"]] += 1
        if row["is_gone"]:
            self.abandoned += 1
        elif row["system"] == "netsuite" and row["status"] not in (None, 429) and row["operation"] not in NO_LANE:
            self.spans[row["subject"]].append((row["started"], row["ended"]))
        if row["digest"] and row["external_id"]:
            is_done = row["status"] is not None and row["status"] < 300
            self.writes[row["external_id"]].append(Write(row["started"], row["digest"], is_done))

    def most_at_once(self) -> dict[str, int]:
        """By account, the most calls that overlapped while somebody waited for each of them."""
        return {account: _deepest(spans) for account, spans in self.spans.items()}


def _deepest(spans: list[tuple[float, float]]) -> int:
    """A call that ends at the moment another begins does not overlap with it."""
    steps = sorted([(began, 1) for began, _ in spans] + [(ended, -1) for _, ended in spans])
    depth = deepest = 0
    for _, step in steps:
        depth += step
        deepest = max(deepest, depth)
    return deepest


def check_calls(tally: CallTally, *, lanes: int, verdict: Verdict) -> None:
    """lanes: calls at once that each account allows."""
    for account, deepest in tally.most_at_once().items():
        verdict.note("calls_above_lanes", deepest - lanes, f"{account}: {deepest} calls at once, {lanes} lanes")
    for external_id, writes in tally.writes.items():
        second = _count_second(sorted(writes, key=lambda one: one.started))
        verdict.note("second_writes", second, f"{external_id} was sent again with other content after it was done")


def _count_second(writes: list[Write]) -> int:
    """Those sent after the first one that was done, and holding something else."""
    first = next((place for place, one in enumerate(writes) if one.is_done), None)
    if first is None:
        return 0
    return sum(one.digest != writes[first].digest for one in writes[first + 1 :])

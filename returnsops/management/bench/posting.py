"""Posting at NetSuite's own limit, calls at once divided by their latency: ours beside the alternatives, in turns."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any

from django.db import connection
from django_q.models import OrmQ

from integrations.models import Shop
from integrations.netsuite.lanes import ensure_lanes
from returnsops.lib.errors import ProcessError
from returnsops.lib.processes import Processes
from returnsops.management.bench.contenders import (
    CONTENDERS,
    OCCUPIES,
    OURS,
    Contender,
    Ground,
    prepare_ground,
    start_occupier,
)
from returnsops.management.bench.sales import Outbox, SandboxDesk, SoldLine, make_sales
from returnsops.management.bench.spans import Call, Window, count_done, count_refused, held_s, most_at_once
from returnsops.management.bench.usage import Usage, server_behind, usage_of
from returnsops.management.stack import START_LIMIT_S, STOP_PATIENCE_S, Stack
from returnsops.posting.models import Posting

RAMP_CALLS = 6  # a turn is measured after so many latencies: two senders have both looked for what they claimed
SPARE_CALLS = 4  # and has so many more postings than it needs
TAKEN = 0.4  # of the calls at once, by somebody else
POLL_S = 0.1
TURN_EXTRA_S, SALE_S = 12.0, 0.03  # about what a turn and a sale take besides
Say = Callable[[str], object]


@dataclass(frozen=True)
class Size:
    """rounds of so many seconds, for every number of lanes and contender; taken_lanes: with others in the account."""

    lanes: tuple[int, ...] = (5, 15, 25)
    taken_lanes: tuple[int, ...] = (15,)
    rounds: int = 2
    seconds: float = 15.0
    latency_s: float = 1.0

    @property
    def turns(self) -> int:
        return self.rounds * (len(self.lanes) * len(CONTENDERS) + len(self.taken_lanes))

    @property
    def postings_at_least(self) -> int:
        """Of each lane, in a turn."""
        return round((self.seconds / self.latency_s) + RAMP_CALLS + SPARE_CALLS)

    @property
    def fresh_sales(self) -> int:
        own = sum(contender.is_ours for contender in CONTENDERS)
        return self.rounds * self.postings_at_least * (own * sum(self.lanes) + sum(self.taken_lanes))

    @property
    def minutes(self) -> float:
        return (self.turns * (self.seconds + TURN_EXTRA_S) + self.fresh_sales * SALE_S) / 60


@dataclass(frozen=True)
class Turn:
    """What one contender did in one window. taken: the part of the places that somebody else held."""

    share: float
    postings_per_s: float
    refused_per_cent: float
    refused_per_posting: float
    most_at_once: int
    taken: float
    cpu_ms: float | None
    database_cpu_ms: float | None
    memory_mb: float | None


def measure_posting(processes: Processes, *, stack: Stack, shop: Shop, size: Size, say: Say) -> dict[str, Any]:
    """The sandbox is running and connected. Gives the medians, by lanes and contender."""
    desk = SandboxDesk(stack.sandbox_url)
    pool = max((*size.lanes, *size.taken_lanes)) * size.postings_at_least
    say(f"Sales for it in the sandbox: {size.fresh_sales + pool} …")
    sold = make_sales(desk, shop=shop, count=size.fresh_sales + pool)
    bench = Bench(prepare_ground(stack, shop.account), desk, Outbox(shop), sold[:pool], sold[pool:], size)
    turns: dict[tuple[int, str], list[Turn]] = defaultdict(list)
    for number in range(1, size.rounds + 1):
        for lanes in size.lanes:
            for contender in CONTENDERS:
                turn = bench.run(processes, contender, lanes=lanes)
                turns[lanes, contender.name].append(turn)
                say(f"Round {number}, {lanes} lanes, {contender.name}: {_in_words(turn)}")
        for lanes in size.taken_lanes:
            turn = bench.run(processes, OURS, lanes=lanes, taken=round(lanes * TAKEN))
            turns[lanes, "taken"].append(turn)
            say(f"Round {number}, {lanes} lanes, {round(lanes * TAKEN)} of them taken: {_in_words(turn)}")
    return {"latency_s": size.latency_s, "seconds": size.seconds, "rounds": size.rounds, "lanes": _report(turns)}


class Bench:
    """fresh: sales that nobody returned anything of yet, used up by ours. pool: those the others share."""

    def __init__(
        self,
        ground: Ground,
        desk: SandboxDesk,
        outbox: Outbox,
        pool: list[SoldLine],
        fresh: list[SoldLine],
        size: Size,
    ) -> None:
        self._ground = ground
        self._desk = desk
        self._outbox = outbox
        self._pool = pool
        self._fresh = fresh
        self._size = size
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self._database_pid = server_behind(cursor.fetchone()[0])

    def run(self, processes: Processes, contender: Contender, *, lanes: int, taken: int = 0) -> Turn:
        """One turn: made ready, begun, measured while it is steady, ended, and cleaned up after."""
        processes.watch(0)
        self._set_limits(lanes)
        postings = self._fill(contender, count=lanes * self._size.postings_at_least)
        self._desk.new_calls()
        with ExitStack() as stack:
            if taken:
                others = stack.enter_context(Processes(patience_s=STOP_PATIENCE_S))
                others.start(start_occupier(self._ground, at_once=taken))
                others.rest(self._size.latency_s)
            own = stack.enter_context(Processes(patience_s=STOP_PATIENCE_S))
            programs = contender.start(self._ground, postings, lanes)
            for program in programs:
                own.start(program)
            window, spent, database = self._measure(own, names=[one.name for one in programs])
            OrmQ.objects.all().delete()  # so that the queue of the naive way has nothing left to begin
        time.sleep(self._size.latency_s)  # what a killed program left behind ends in the sandbox
        calls = [call for call in [*self._seen, *self._desk.new_calls()] if call.takes_place]
        self._outbox.empty()
        return _judge(calls, window, lanes=lanes, latency_s=self._size.latency_s, spent=spent, database=database)

    def _set_limits(self, lanes: int) -> None:
        ensure_lanes(self._ground.account, count=lanes)
        latency = [self._size.latency_s] * 2
        values = {"concurrency": lanes, "latency_s.read": latency, "latency_s.write": latency}
        self._desk.post("settings", {"accounts": {self._ground.account.account_id: values}})

    def _fill(self, contender: Contender, *, count: int) -> list[Posting]:
        if not contender.is_ours:
            return self._outbox.fill(self._pool[:count])
        sold, self._fresh = self._fresh[:count], self._fresh[count:]
        return self._outbox.fill(sold)

    def _measure(self, own: Processes, *, names: Sequence[str]) -> tuple[Window, Usage | None, Usage | None]:
        """What the contender and the database used in the window, the steady part of the turn."""
        begin = self._wait_for_first_call(own) + RAMP_CALLS * self._size.latency_s
        own.watch(max(0.0, begin - time.time()))
        pids = [own.process_id(name) for name in names]
        before = usage_of(*pids), usage_of(self._database_pid)
        window = Window(time.time(), time.time() + self._size.seconds)
        own.watch(self._size.seconds)
        after = usage_of(*pids), usage_of(self._database_pid)
        return window, _spent(before[0], after[0]), _spent(before[1], after[1])

    def _wait_for_first_call(self, own: Processes) -> float:
        """Calls are logged when they end."""
        self._seen: list[Call] = []
        give_up_at = time.monotonic() + START_LIMIT_S
        while time.monotonic() < give_up_at:
            own.watch(POLL_S)
            self._seen += self._desk.new_calls()
            first = [call.started for call in self._seen if call.takes_place and call.operation != OCCUPIES]
            if first:
                return min(first)
        raise ProcessError(f"No call reached the sandbox within {START_LIMIT_S:.0f} s.")


def _spent(before: Usage | None, after: Usage | None) -> Usage | None:
    return replace(after, cpu_s=after.cpu_s - before.cpu_s) if before and after else None


def _judge(
    calls: list[Call], window: Window, *, lanes: int, latency_s: float, spent: Usage | None, database: Usage | None
) -> Turn:
    own = [call for call in calls if call.operation != OCCUPIES]
    others = [call for call in calls if call.operation == OCCUPIES]
    places = lanes * window.seconds
    taken = held_s(others, window) / places
    done, refused = count_done(own, window), count_refused(own, window)
    postings = count_done([call for call in own if call.operation.startswith("transform")], window)
    return Turn(
        share=done * latency_s / (places * (1 - taken)),
        postings_per_s=postings / window.seconds,
        refused_per_cent=100 * refused / max(done + refused, 1),
        refused_per_posting=refused / max(postings, 1),
        most_at_once=most_at_once(own),
        taken=taken,
        cpu_ms=1000 * spent.cpu_s / max(postings, 1) if spent else None,
        database_cpu_ms=1000 * database.cpu_s / max(postings, 1) if database else None,
        memory_mb=spent.memory_mb if spent else None,
    )


def _report(turns: dict[tuple[int, str], list[Turn]]) -> dict[str, dict[str, dict[str, float | None]]]:
    report: dict[str, dict[str, dict[str, float | None]]] = defaultdict(dict)
    for (lanes, name), several in turns.items():
        report[str(lanes)][name] = _medians(several)
    for by_name in report.values():
        for name in ("plain", "naive"):
            if name in by_name and by_name[name]["share"]:
                ours, other = by_name["ours"]["share"], by_name[name]["share"]
                by_name["ours"][f"ratio_to_{name}"] = round(ours / other, 3) if ours and other else None
    return report


def _medians(turns: list[Turn]) -> dict[str, float | None]:
    """The highest number of calls at once is the highest of all turns: it must never be above the lanes."""
    rows = [asdict(turn) for turn in turns]
    medians = {name: _median([row[name] for row in rows]) for name in rows[0]}
    return medians | {"most_at_once": max(turn.most_at_once for turn in turns)}


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(median(known), 3) if known else None


def _in_words(turn: Turn) -> str:
    cpu = "" if turn.cpu_ms is None else f", {turn.cpu_ms:.1f} ms CPU a posting"
    return (
        f"share {turn.share:.3f}, {turn.postings_per_s:.1f} postings/s, {turn.refused_per_posting:.2f} refused each, "
        f"{turn.most_at_once} at once{cpu}"
    )

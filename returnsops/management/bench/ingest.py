"""Webhooks per second: our endpoint and a bare view, on the same server and database, in turns."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from statistics import median, quantiles

from django.db import connection

from returnsops.lib.errors import ProcessError
from returnsops.lib.processes import Processes, Program
from returnsops.management.bench import bare
from returnsops.management.bench.calls import BrokenCallError, Caller
from returnsops.management.bench.webhooks import PATH, make_webhook
from returnsops.management.stack import START_LIMIT_S, Stack, web_program

CLIENTS = 16
ROUNDS = 5
ROUND_S = 4.0
WARM_UP_S = 1.0
OURS, BARE = "web", "bare"


@dataclass(frozen=True)
class Round:
    seconds: float
    latencies_ms: list[float]

    @property
    def per_s(self) -> float:
        return len(self.latencies_ms) / self.seconds


def measure_ingest(processes: Processes, *, stack: Stack, bare_port: int) -> dict[str, float | int]:
    """Both servers run all the time and are called in turns, so that whatever else the machine does hits both."""
    with connection.cursor() as cursor:
        cursor.execute(bare.TABLE)
    ports = {OURS: stack.port, BARE: bare_port}
    for name, port in ports.items():
        processes.start(_server(stack, name, port))
    for name, port in ports.items():
        processes.wait_until_listening(name, port=port, limit_s=START_LIMIT_S)
    numbers = count()
    for port in ports.values():
        _call_for(WARM_UP_S, port=port, numbers=numbers)
    rounds: dict[str, list[Round]] = {OURS: [], BARE: []}
    for _ in range(ROUNDS):
        for name, port in ports.items():
            processes.watch(0)
            rounds[name].append(_call_for(ROUND_S, port=port, numbers=numbers))
    return _report(rounds[OURS], rounds[BARE])


def _server(stack: Stack, name: str, port: int) -> Program:
    settings_module = {OURS: "returnsops.settings", BARE: "returnsops.management.bench.bare_settings"}[name]
    return web_program(stack, name=name, port=port, settings_module=settings_module)


def _call_for(seconds: float, *, port: int, numbers: Iterator[int]) -> Round:
    """Raises ProcessError when a call gets no answer, or another than 200."""
    stop_at = time.monotonic() + seconds

    def call(_: int) -> list[float]:
        caller = Caller(port)
        try:
            return [_call_once(caller, next(numbers)) for _ in iter(lambda: time.monotonic() < stop_at, False)]
        finally:
            caller.close()

    with ThreadPoolExecutor(CLIENTS) as pool:
        latencies = [latency for done in pool.map(call, range(CLIENTS)) for latency in done]
    return Round(seconds, latencies)


def _call_once(caller: Caller, number: int) -> float:
    webhook = make_webhook(number)
    started = time.monotonic()
    try:
        status = caller.post(PATH, webhook.body, headers=webhook.headers)
    except BrokenCallError as error:
        raise ProcessError(f"A webhook got no answer: {error}.") from error
    if status != 200:
        raise ProcessError(f"A webhook that should be stored was answered with {status}.")
    return (time.monotonic() - started) * 1000


def _report(ours: list[Round], bare_rounds: list[Round]) -> dict[str, float | int]:
    our_percentiles, bare_percentiles = _percentiles(ours), _percentiles(bare_rounds)
    ratios = [one.per_s / other.per_s for one, other in zip(ours, bare_rounds, strict=True)]
    return {
        "clients": CLIENTS,
        "rounds": ROUNDS,
        "ours_per_s": round(median(one.per_s for one in ours)),
        "bare_per_s": round(median(one.per_s for one in bare_rounds)),
        "ratio": round(median(ratios), 3),
        "p50_ms": round(our_percentiles[49], 1),
        "p99_ms": round(our_percentiles[98], 1),
        "bare_p99_ms": round(bare_percentiles[98], 1),
    }


def _percentiles(rounds: list[Round]) -> list[float]:
    return quantiles([latency for one in rounds for latency in one.latencies_ms], n=100)

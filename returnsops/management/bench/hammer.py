"""Accepted means stored: webhooks by the thousand while web processes are killed and the database goes down.

The callers do as Loop does (loop.md 5.2): a lost answer and a 5xx are tried again, a 4xx never. What they were told is
stored they write down; at the end every one of those must be in the inbox.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import cycle

from integrations.models import InboundEvent
from returnsops.lib import postgres
from returnsops.lib.processes import Processes
from returnsops.management.bench.calls import BrokenCallError, Caller
from returnsops.management.bench.webhooks import PATH, Webhook, make_webhook
from returnsops.management.stack import START_LIMIT_S, Stack, web_program

CLIENTS = 16
TRIES_MAX = 100
RETRY_AFTER_S = 0.1
LOOK_EVERY_S = 0.02
SAY_EVERY_S = 5.0
DIGESTS_PER_QUERY = 1_000
WEB = "web"

Say = Callable[[str], object]


@dataclass
class Told:
    """What the callers were told, together."""

    stored: set[str] = field(default_factory=set)  # digests of the bodies answered with 200
    answers: Counter[str] = field(default_factory=Counter)  # by status, «broken» for none
    given_up: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, answer: str) -> None:
        with self._lock:
            self.answers[answer] += 1

    def note_stored(self, webhook: Webhook) -> None:
        with self._lock:
            self.stored.add(sha256(webhook.body).hexdigest())

    def note_given_up(self) -> None:
        with self._lock:
            self.given_up += 1


@dataclass(frozen=True, kw_only=True)
class Hammer:
    processes: Processes
    stack: Stack
    webhooks: int
    kills: int
    restarts: int
    say: Say

    def strike(self) -> Told:
        """Deliver all webhooks while the trouble is spread evenly over them."""
        told = Told()
        numbers = iter(range(self.webhooks))
        with ThreadPoolExecutor(CLIENTS) as pool:
            callers = [pool.submit(self._deliver_all, numbers, told) for _ in range(CLIENTS)]
            self._make_trouble(callers, told)
            for caller in callers:
                caller.result()
        return told

    def _deliver_all(self, numbers: Iterator[int], told: Told) -> None:
        caller = Caller(self.stack.port)
        try:
            for number in numbers:
                self._deliver(caller, make_webhook(number), told)
        finally:
            caller.close()

    def _deliver(self, caller: Caller, webhook: Webhook, told: Told) -> None:
        for _ in range(TRIES_MAX):
            answer = call(caller, webhook)
            told.note(answer)
            if answer == "200":
                told.note_stored(webhook)
            if answer != "broken" and not answer.startswith("5"):
                return
            time.sleep(RETRY_AFTER_S)
        told.note_given_up()

    def _make_trouble(self, callers: list[Future[None]], told: Told) -> None:
        """Each trouble at its share of the work, however fast that goes."""
        pending = self._plan_trouble()
        said_at = time.monotonic()
        while not all(caller.done() for caller in callers):
            self.processes.rest(LOOK_EVERY_S)
            while pending and len(told.stored) >= pending[0][0]:
                pending.pop(0)[1]()
            if not self.processes.is_running(WEB):
                self._start_web()
            if time.monotonic() - said_at >= SAY_EVERY_S:
                said_at = time.monotonic()
                self.say(f"{len(told.stored)} of {self.webhooks} stored, {len(pending)} troubles to come")
        wait(callers)
        for _, trouble in pending:  # so small a run that it was over before its last trouble
            trouble()

    def _plan_trouble(self) -> list[tuple[float, Callable[[], None]]]:
        """(after how many stored, what happens). Kills and restarts never fall together: one would hide the other."""
        kill = cycle([self._kill_worker, self._kill_worker, self._kill_server])
        restart = cycle([self._crash_database, self._restart_database])
        kills = [(self.webhooks * (i + 1) / (self.kills + 1), next(kill)) for i in range(self.kills)]
        restarts = [(self.webhooks * (i + 0.5) / self.restarts, next(restart)) for i in range(self.restarts)]
        return sorted([*kills, *restarts], key=lambda trouble: trouble[0])

    def _kill_worker(self) -> None:
        """One process of the server; the server starts another in its place."""
        if not self.processes.kill_child(WEB):
            self._kill_server()

    def _kill_server(self) -> None:
        self.processes.bury(WEB)
        self._start_web()

    def _start_web(self) -> None:
        if self.processes.knows(WEB):
            self.processes.bury(WEB)
        self.processes.start(web_program(self.stack))
        self.processes.wait_until_listening(WEB, port=self.stack.port, limit_s=START_LIMIT_S)

    def _restart_database(self, *, crash: bool = False) -> None:
        postgres.stop(self.stack.data_dir / "postgres", crash=crash)
        postgres.ensure_running(self.stack.data_dir / "postgres")

    def _crash_database(self) -> None:
        self._restart_database(crash=True)


def call(caller: Caller, webhook: Webhook) -> str:
    """The status as text, or «broken»."""
    try:
        return str(caller.post(PATH, webhook.body, headers=webhook.headers))
    except BrokenCallError:
        return "broken"


def count_missing(told: Told) -> int:
    """How many of those that were answered with 200 are not in the inbox."""
    wanted = sorted(told.stored)
    found = 0
    for start in range(0, len(wanted), DIGESTS_PER_QUERY):
        some = wanted[start : start + DIGESTS_PER_QUERY]
        found += InboundEvent.objects.filter(digest__in=some, signed=True).values("digest").distinct().count()
    return len(wanted) - found

"""One run: returns arrive while everything that may go wrong does; then calm, and the question whether all is well."""

import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from random import Random
from typing import Any

from django.db import DatabaseError, InterfaceError, connections

from returnsops.management.chaos.classes import ALONE, BURST_S, CLASSES, OUTAGE_S
from returnsops.management.chaos.kills import Killer
from returnsops.management.chaos.meddling import Meddlers
from returnsops.management.chaos.people import People
from returnsops.management.chaos.progress import Progress, look_at_progress
from returnsops.management.chaos.sandbox_control import SandboxControl
from returnsops.management.chaos.schedule import Schedule, Trouble
from returnsops.management.rehearsal.books import CallTally
from returnsops.management.rehearsal.players import Part
from returnsops.management.rehearsal.script import shuffle_parts

Json = dict[str, Any]
Say = Callable[[str], object]

ROUND_S = 0.2
PEOPLE_EVERY_S = 0.6  # more often they would take a tenth of the machine from what they work with
LOOK_EVERY_S = 1.5
SAY_EVERY_S = 5.0
ARRIVALS_A_ROUND = 10
OPEN_MAX = 300  # returns under way at which nobody sends another one back
STALLED_AFTER_S = 25.0  # without anything new, what is still to come comes now
ASK_AGAIN_S = 5.0
NOT_THE_TOKEN = "/(record|query)/"  # which counts against no limit


@dataclass(frozen=True)
class Order:
    """What was asked for. patience_s: how long what is left may take once the faults have ended."""

    returns: int
    seed: str
    classes: Collection[str]
    minutes: float
    patience_s: float


@dataclass
class Run:
    """Arrivals, faults and people until all returns are through; `settle` waits for the end of what is left.

    Several follow each other on the same system: people, killer and tally of calls then stay the same.
    """

    order: Order
    schedule: Schedule
    control: SandboxControl
    killer: Killer
    people: People
    meddlers: Meddlers
    tally: CallTally
    say: Say
    struck: Counter[str] = field(default_factory=Counter)
    made: int = 0
    progress: Progress = Progress(0, 0, 0, 0)
    settled_in_s: float = 0.0
    is_well: bool = False

    def __post_init__(self) -> None:
        self._parts = shuffle_parts(self.order.returns, seed=self.order.seed)
        self._pending = list(self.schedule.troubles)
        self._draw = Random(f"{self.order.seed}/moments")
        self._looked_at = self._said_at = self._moved_at = self._worked_at = time.monotonic()
        self._earlier = look_at_progress()
        self._extra = 0
        self._calm_again: list[tuple[float, int]] = []  # when a passing fault ends, its number

    # --- under faults

    def throw(self) -> None:
        """Until every return has arrived and nearly all are through, or time is up."""
        self._set_faults()
        give_up_at = time.monotonic() + self.order.minutes * 60
        while time.monotonic() < give_up_at and (self._pending or not self._is_nearly_through()):
            self._round()
            if self._pending and (self._share() >= self._pending[0].at or self._is_stalled()):
                self._happen(self._pending.pop(0))
                self._moved_at = time.monotonic()
            elif self._is_stalled() and not self._pending:
                break
        self._end_faults()

    def _round(self) -> None:
        self.killer.processes.rest(ROUND_S)
        self.killer.revive()
        self._end_passing_faults()
        self._let_arrive()
        if time.monotonic() - self._worked_at >= PEOPLE_EVERY_S:
            self._worked_at = time.monotonic()
            self.people.work()
        self.meddlers.act()
        if time.monotonic() - self._looked_at >= LOOK_EVERY_S:
            self._look()

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        self.tally.read_on(self.control.get)
        try:
            found = look_at_progress().since(self._earlier)
        except (DatabaseError, InterfaceError):
            connections.close_all()
            return
        if found.finished > self.progress.finished:
            self._moved_at = self._looked_at
        self.progress = found
        if self._looked_at - self._said_at >= SAY_EVERY_S:
            self._said_at = self._looked_at
            self.say(self.describe())

    def describe(self) -> str:
        one = self.progress
        kills, restarts = sum(self.killer.count.values()), sum(self.killer.restarts.values())
        return (
            f"{self.made} of {self.order.returns} sent back, {one.known} known, {one.done} done,"
            f" {one.in_case} in cases, {one.on_the_way} postings on their way;"
            f" {kills} kills, {restarts} restarts, {len(self._pending)} troubles to come"
        )

    def _share(self) -> float:
        return (self.made + min(self.progress.finished, self.made)) / (2 * self.order.returns)

    def _is_nearly_through(self) -> bool:
        left = self.made + self._extra - self.progress.finished
        return self.made >= self.order.returns and left <= max(2, self.order.returns // 50)

    def _is_stalled(self) -> bool:
        return time.monotonic() - self._moved_at > STALLED_AFTER_S

    # --- arrivals

    def _let_arrive(self) -> None:
        room = OPEN_MAX - (self.made - self.progress.finished)
        for _ in range(min(room, ARRIVALS_A_ROUND, self.order.returns - self.made)):
            self._send_back(next(self._parts))

    def _send_back(self, part: Part) -> None:
        params = {**part.params, "seed": f"{self.order.seed}/{self.made}"}
        made = self.control.post("loop/returns", {"shop": part.shop, "scenario": part.scenario, "params": params})
        self.people.parts[made["return_id"]] = part
        if "first_return_id" in made:
            self.people.parts[made["first_return_id"]] = part
            self._extra += 1
        meddle = self.schedule.meddles.get(self.made)
        if meddle:
            self._expect_meddling(made, meddle, shop=part.shop)
        self.made += 1

    def _expect_meddling(self, made: Json, meddle: str, *, shop: str) -> None:
        sale = made["netsuite"]
        bill = sale.get("invoice_id") or sale["cash_sale_id"]
        self.meddlers.expect(made["return_id"], meddle, account=self.meddlers.accounts[shop], bill=bill)

    # --- troubles

    def _set_faults(self) -> None:
        times = ALONE if len(self.order.classes) == 1 else 1
        for name in self.order.classes:
            for number, rule in enumerate(CLASSES[name].rules):
                self.control.post("faults", rule.as_json(seed=f"{self.order.seed}/{name}/{number}", times=times))
            if CLASSES[name].switches:
                self.control.post("settings", CLASSES[name].switches)

    def _happen(self, trouble: Trouble) -> None:
        if trouble.what in MOMENTS:
            MOMENTS[trouble.what](self)
            self.struck[trouble.what] += 1
        elif self.killer.strike(trouble.what):
            self.struck[trouble.what] += 1
            connections.close_all()
        else:  # nobody of that kind lives just now: the next look finds somebody
            self._pending.insert(0, trouble)

    def burst(self) -> None:
        """Of time and not of calls, as a limit is: who waits has not to be refused for it later."""
        self._for_a_while({"system": "netsuite", "kind": "429", "path": NOT_THE_TOKEN}, seconds=BURST_S)

    def take_down(self, system: str) -> None:
        self._for_a_while({"system": system, "kind": "http_503_html"}, seconds=OUTAGE_S)

    def _for_a_while(self, rule: Json, *, seconds: float) -> None:
        """Every call, of one account if it is NetSuite."""
        if rule["system"] == "netsuite":
            rule["account"] = self._draw.choice(sorted(self.meddlers.accounts.values()))
        number = self.control.post("faults", rule | {"rate": 1.0})["id"]
        self._calm_again.append((time.monotonic() + seconds, number))

    def _end_passing_faults(self) -> None:
        for one in [one for one in self._calm_again if one[0] <= time.monotonic()]:
            self._calm_again.remove(one)
            self.control.delete(f"faults/{one[1]}")

    def _end_faults(self) -> None:
        while self.made < self.order.returns:  # time was up: the rest arrives in calm
            self._send_back(next(self._parts))
        self.control.delete("faults")
        self._calm_again.clear()
        for name in self.order.classes:
            for switch, value in CLASSES[name].switches.items():
                self.control.post("settings", {switch: None if not isinstance(value, dict) else dict.fromkeys(value)})
        self.meddlers.wanted.clear()

    # --- in calm

    def settle(self, is_well: Callable[[], bool]) -> bool:
        """Until nothing moves any more and the books say that all is well. False: they do not in time."""
        started = ask_at = time.monotonic()
        while not self.is_well and time.monotonic() - started < self.order.patience_s:
            self._round()
            if time.monotonic() >= ask_at and self._stands_still():
                asked_at = time.monotonic()
                self.settled_in_s = round(asked_at - started, 1)
                self.is_well = is_well()
                ask_at = time.monotonic() + max(ASK_AGAIN_S, 3 * (time.monotonic() - asked_at))
        if not self.is_well:
            self.settled_in_s = round(time.monotonic() - started, 1)
            self.is_well = is_well() and self._stands_still()
        return self.is_well

    def _stands_still(self) -> bool:
        return self.progress.stands_still(self.made + self._extra)


def _forget_tokens(run: Run) -> None:
    run.control.post("tokens/forget", {})


MOMENTS: dict[str, Callable[[Run], None]] = {
    "burst of 429": Run.burst,
    "outage of NetSuite": lambda run: run.take_down("netsuite"),
    "outage of Loop": lambda run: run.take_down("loop"),
    "tokens forgotten": _forget_tokens,
}

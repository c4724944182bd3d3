"""The sender: claim, look, arm, call, record. The main thread talks to the database, its threads only make calls.

A round never waits for a call, and starts the next calls before it records the last answers: a lane is never idle for
our own work. An answer is never lost with the database away: it stays here until it is written.
"""

import logging
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from django.db import DatabaseError, InterfaceError, OperationalError, connection

from integrations.aside import do_what_was_left
from integrations.connections import begin_probe, end_probe, loop_client, netsuite_client, note_failure, note_success
from integrations.errors import ConfigurationError, IntegrationError, UnreadableRecordError
from integrations.models import NetSuiteAccount, Shop
from integrations.netsuite.lanes import WAKE_CHANNEL as LANES
from returnsops.lib.wake import Alarm
from returnsops.posting.calls import CallPool, Done
from returnsops.posting.claim import Source, find_work, keep_claims, note_looked, open_sources, put_off
from returnsops.posting.desk import Client, Desk
from returnsops.posting.gates import BudgetGate, LaneGate
from returnsops.posting.look import Found, Look
from returnsops.posting.models import Posting
from returnsops.posting.outbox import WAKE_CHANNEL as POSTINGS
from returnsops.posting.record_answer import Answer, record_answers, record_failed_look
from returnsops.posting.settle import adopt_found
from returnsops.returns.unreadable import note_not_shown

logger = logging.getLogger(__name__)

POLL_S = 1.0  # an idle sender looks again this often, though nothing woke it
SOURCES_EVERY_S = 0.5  # how soon a stop or an outage that others noticed is heeded
CLIENTS_EVERY_S = 5.0  # how soon new settings and secrets are
CLAIMS_EVERY_S = 10.0
ANSWERS_AT_ONCE = 8
STOP_LIMIT_S = 35.0  # then calls that are still out are left to their leases
DATABASE_AWAY_S = 0.3


class Sender:
    """One process full of calls. `stop` lets calls in flight end and claims nothing more.

    beat: a file touched in every round, by which a watchdog sees that it is alive.
    """

    def __init__(self, *, threads: int, beat: Path | None = None) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{id(self) % 10_000}"
        self._beat = beat
        self._stopping = threading.Event()
        self._abandoning = threading.Event()
        self._alarm = Alarm(POSTINGS, LANES)
        self._pool = CallPool(size=threads, ring=self._alarm.ring)
        self._desks: dict[tuple[str, int], Desk] = {}
        self._sources: dict[tuple[str, int], Source] = {}
        self._answers: deque[tuple[Desk, Posting, Answer]] = deque()
        self._looks: deque[tuple[Desk, Done]] = deque()
        self._due: dict[str, float] = {}
        self._claimed = 0

    def stop(self) -> None:
        self._stopping.set()
        self._alarm.ring()

    def stop_or_abandon(self) -> None:
        """A second word means now: what is in flight is left to its leases."""
        if self._stopping.is_set():
            self._abandoning.set()
        self.stop()

    def run(self) -> None:
        """Send until stopped, then wait for the answers that are still out, as long as is bearable."""
        logger.info("sender %s runs", self.name)
        while not self._stopping.is_set():
            self._round(wait_s=POLL_S)
        self._wind_up()

    def drain(self) -> int:
        """Send everything that may be sent now, then return. Gives how many calls were made."""
        self._due.clear()
        while True:
            self._claimed = 0
            self._round(wait_s=POLL_S if self._is_busy() else 0.0)
            if not self._claimed and not self._is_busy():
                break
        calls = sum(desk.calls for desk in self._desks.values())
        self._wind_up()
        return calls

    # --- One round ---

    def _round(self, *, wait_s: float) -> None:
        if self._beat:
            self._beat.touch()
        try:
            self._heed(self._alarm.wait(0.0 if self._answers or self._looks else wait_s))
            self._keep_lanes_busy()
            self._record_looks()
            self._keep_lanes_busy()
            self._record()
            do_what_was_left()
            self._keep_lanes_busy()
            self._tend()
        except (OperationalError, InterfaceError) as error:
            self._outlive(error)

    def _outlive(self, error: DatabaseError | InterfaceError) -> None:
        """The database is away. What is in flight goes on, what was answered waits here."""
        if connection.in_atomic_block:
            raise error
        logger.warning("the database does not answer, %s answers wait: %s", len(self._answers), error)
        connection.close()
        time.sleep(DATABASE_AWAY_S)
        self._due.clear()

    def _heed(self, messages: set[tuple[str, str]]) -> None:
        """New postings are there for one desk; lanes change hands at one account. One look a second tells the rest."""
        for channel, payload in messages:
            system, _, pk = payload.rpartition(":") if channel == POSTINGS else (Posting.System.NETSUITE, "", payload)
            desk = self._desks.get((system, int(pk)))
            if desk is None:
                self._due.pop("sources", None)
            elif channel == LANES:
                desk.gate.look_again()
            else:
                desk.may_have_more = True
        if self._is_due("poll", every_s=POLL_S):
            for at in find_work() & self._desks.keys():
                self._desks[at].may_have_more = True
            self._due.pop("sources", None)

    def _keep_lanes_busy(self) -> None:
        """Between any two things that take a while: calls that ended together need more than what lay armed."""
        self._take_results()
        if not self._stopping.is_set():
            self._start_calls()
            for desk in self._desks.values():
                desk.fill_lanes()
            self._start_calls()

    def _start_calls(self) -> None:
        """Free threads go to the desks with the fewest calls out, and one is left for each that is to look first:
        else a backlog of one would keep them all."""
        desks = sorted(self._desks.values(), key=lambda desk: desk.busy)
        looks = sum(desk.waits_to_look for desk in desks)
        for desk in desks:
            desk.start_calls(leave=min(looks, self._pool.size - 1))

    def _take_results(self) -> None:
        """Free the lanes, before anything is written."""
        for done in self._pool.take_done():
            assert isinstance(done.ticket, tuple)
            desk, posting = done.ticket
            if posting is None:
                self._looks.append((desk, done))
            else:
                assert isinstance(done.value, Answer), f"a call gives its answer, also when it fails: {done.error!r}"
                if not done.value.is_busy:
                    desk.end_call(posting)
                self._answers.append((desk, posting, done.value))

    # --- Writing down ---

    def _record_looks(self) -> None:
        """First of all: the lanes may have nothing else to do."""
        while self._looks:
            self._record_look(*self._looks[0])
            self._looks.popleft()

    def _record(self) -> None:
        """A few, then back to the lanes. What cannot be written for a fault of ours is left to its lease."""
        batch = [self._answers[place] for place in range(min(ANSWERS_AT_ONCE, len(self._answers)))]
        if not batch:
            return
        try:
            record_answers([(posting, answer) for _, posting, answer in batch])
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("%s answers cannot be written together; each alone", len(batch))
            for _, posting, answer in batch:
                self._record_alone(posting, answer)
        for desk, _, answer in batch:
            self._answers.popleft()
            self._after(desk, answer.error)
        for desk in {desk for desk, _, answer in batch if answer.is_busy}:
            desk.end_refused_calls([posting for at, posting, answer in batch if at is desk and answer.is_busy])

    def _record_alone(self, posting: Posting, answer: Answer) -> None:
        try:
            record_answers([(posting, answer)])
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("the answer to %s cannot be written; it is left to its lease", posting)

    def _after(self, desk: Desk, error: Exception | None) -> None:
        """What follows the one that was answered may go now; what failed may concern all that lies on the desk."""
        desk.may_have_more = True
        desk.is_probing = False
        if error is not None:
            self._due.pop("sources", None)
        if isinstance(error, ConfigurationError):
            desk.put_all_back()

    def _record_look(self, desk: Desk, done: Done) -> None:
        """With the database away the rest is left to its claims, which nobody keeps any more."""
        looked = desk.end_look()
        if done.error is not None:
            self._record_failed_look(desk, looked, done.error)
            return
        assert isinstance(done.value, Look)
        look = done.value
        account = self._connection_of(desk.source)
        assert isinstance(account, NetSuiteAccount), "nothing is looked for in Loop before it is sent"
        note_success(account)
        note_not_shown(account, look.unread)
        absent, failed = list[Posting](), dict[Posting, Exception]()
        for posting in looked:
            if found := look.found.get(posting.external_id):
                self._adopt(posting, found)
                desk.may_have_more = True
            elif error := look.failed.get(posting.external_id):
                failed[posting] = error
            else:
                absent.append(posting)
        note_looked(absent)
        desk.make_ready(absent)
        self._blame(desk, failed, was_alone=len(looked) == 1)

    def _adopt(self, posting: Posting, found: Found) -> None:
        """What breaks us here counts against this one, like a failed look for it alone."""
        try:
            adopt_found(posting, found)
        except (OperationalError, InterfaceError):
            raise
        except Exception as fault:
            logger.exception("what was found for %s cannot be taken over", posting)
            record_failed_look(posting, fault)

    def _record_failed_look(self, desk: Desk, looked: list[Posting], error: Exception) -> None:
        """Nothing was sent, so nothing is counted, unless it is the fault of one."""
        if isinstance(error, IntegrationError):
            note_failure(self._connection_of(desk.source), error)
        else:
            logger.error("looking before posting failed by a fault of ours", exc_info=error)
        if isinstance(error, UnreadableRecordError) or not isinstance(error, IntegrationError):
            self._blame(desk, dict.fromkeys(looked, error), was_alone=len(looked) == 1)
            return
        if error.status == 429 and not desk.is_probing:
            desk.look_again(looked)
            return
        put_off(looked)
        self._after(desk, error)

    def _blame(self, desk: Desk, failed: Mapping[Posting, Exception], *, was_alone: bool) -> None:
        """What is not shown, or breaks us, may be about another that was looked for with it: it counts alone."""
        if not was_alone:
            desk.look_alone(failed)
            return
        for posting, error in failed.items():
            record_failed_look(posting, error)
        desk.may_have_more = True

    # --- The desks ---

    def _tend(self) -> None:
        if self._is_due("sources", every_s=SOURCES_EVERY_S):
            self._sources = {(source.system, source.pk): source for source in open_sources()}
        for key, source in self._sources.items():
            if key not in self._desks:
                self._desks[key] = self._open_desk(source)
        if self._is_due("clients", every_s=CLIENTS_EVERY_S):
            for desk in self._desks.values():
                desk.client = None
        if self._is_due("claims", every_s=CLAIMS_EVERY_S):
            keep_claims([posting for desk in self._desks.values() for posting in desk.claimed])
        self._leave_out_the_empty()
        for key, desk in self._desks.items():
            self._tend_desk(desk, self._sources.get(key))
            self._keep_lanes_busy()

    def _leave_out_the_empty(self) -> None:
        """To claim from one destination in vain costs ten times as much as to ask where anything waits at all."""
        asking = [key for key, desk in self._desks.items() if desk.room_for_claims()]
        waiting = find_work() if asking else set()
        for key in asking:
            self._desks[key].may_have_more = key in waiting

    def _tend_desk(self, desk: Desk, source: Source | None) -> None:
        """A desk whose connection is stopped or down keeps nothing but what is in flight, or its one probe."""
        desk.source = source or desk.source
        if self._stopping.is_set() or (source is None and not desk.is_probing):
            desk.put_all_back()
            desk.keep_gate()
            return
        if source is not None and not desk.is_probing:
            self._claim(desk, source)
        if desk.client is None and desk.stock:
            desk.client = self._build_client(desk.source)
            if desk.client is None:
                desk.put_all_back()
        desk.go_on()
        if desk.is_probing and desk.is_idle and not self._answers:
            desk.is_probing = False
            end_probe(self._connection_of(desk.source))  # it was not to be sent after all

    def _claim(self, desk: Desk, source: Source) -> None:
        count = desk.room_for_claims()
        claimed = desk.claim(count=count) if count else 0
        self._claimed += claimed
        if source.is_down:
            desk.is_probing = bool(claimed) and begin_probe(self._connection_of(source))
            if not desk.is_probing:
                desk.put_all_back()

    def _open_desk(self, source: Source) -> Desk:
        gate: LaneGate | BudgetGate
        if source.system == Posting.System.NETSUITE:
            gate = LaneGate(source.pk, holder=self.name)
        else:
            gate = BudgetGate(source.pk)
        return Desk(source, name=self.name, pool=self._pool, gate=gate)

    def _build_client(self, source: Source) -> Client | None:
        """None: a secret is missing, which stops the connection."""
        connection = self._connection_of(source)
        try:
            if isinstance(connection, NetSuiteAccount):
                return netsuite_client(connection, in_sender=True)
            return loop_client(connection, in_sender=True)
        except ConfigurationError as error:
            note_failure(connection, error)
            self._due.pop("sources", None)
            return None

    def _connection_of(self, source: Source) -> NetSuiteAccount | Shop:
        if source.system == Posting.System.NETSUITE:
            return NetSuiteAccount.objects.get(pk=source.pk)
        return Shop.objects.get(pk=source.pk)

    # --- The end ---

    def _wind_up(self) -> None:
        """Claim nothing more, put back what was not sent, write down what is still answered, give back the lanes."""
        self._stopping.set()
        give_up_at = time.monotonic() + STOP_LIMIT_S
        self._round(wait_s=0.0)
        while self._is_busy() and not self._abandoning.is_set() and time.monotonic() < give_up_at:
            self._round(wait_s=POLL_S)
        self._leave()

    def _leave(self) -> None:
        """Lanes of calls that are still out stay leased until their time is up: those calls are really in flight."""
        left = sum(desk.busy for desk in self._desks.values())
        if left or self._answers:
            logger.warning(
                "sender %s ends with %s calls out, %s answers unwritten", self.name, left, len(self._answers)
            )
        try:
            for desk in self._desks.values():
                desk.gate.keep(wanted=0, busy=desk.busy)
        except DatabaseError as error:
            logger.warning("lanes are left to their leases: %s", error)
        self._pool.close()
        self._alarm.close()

    def _is_busy(self) -> bool:
        return bool(self._answers or self._looks) or any(not desk.is_idle for desk in self._desks.values())

    def _is_due(self, what: str, *, every_s: float) -> bool:
        now = time.monotonic()
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + every_s
        return True

"""Crashes at named points: one process of ReturnsOps is gone in the middle of one posting, and the others go on.

A crash is an exception that nothing may catch. From then on the dead process reaches neither the database nor the
network, so that no cleaning up on the way out can help; then a new process begins.
"""

import http.client
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.db import connections, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import F, Q
from django.utils import timezone
from requests.adapters import HTTPAdapter

from integrations.models import Lane
from returnsops import tasks
from returnsops.lib.nudge import RowId
from returnsops.posting import claim, desk, record_answer, sender, settle, wire
from returnsops.posting.gates import BudgetGate, LaneGate
from returnsops.posting.models import Posting
from returnsops.posting.sender import Sender
from returnsops.posting.wire import Call
from tests.journey.stage import Stage

POINTS = {
    "before_intent": "the claim is written and not yet committed",
    "after_intent": "the claim is committed and nothing is sent",
    "after_send": "the request is on the wire and nobody waits for its answer",
    "after_answer": "the answer is read and nothing of it is written",
    "after_result": "the result is committed and what it asked for is forgotten",
    "before_acknowledgement": "what it asked for is done, and done again since nobody heard of it",
}
FAULTS: dict[str, dict[str, Any] | None] = {
    "no_fault": None,
    "answer_cut": {"kind": "reset_headers"},
    "5xx_after_commit": {"kind": "500_after"},
    "late_commit": {"kind": "late_commit", "seconds": 0.5},
}
READS = re.compile(r"suiteql|/auth/|serverTime|metadata-catalog")
EXTERNAL_ID = re.compile(r"loop-[a-z]+-(?P<loop_id>\d+)-(?P<kind>[a-z-]+)-\d+")


class Crash(BaseException):
    """The process is gone. No Exception, so that nothing takes it for an error to handle."""


@dataclass
class Trap:
    """One crash and one fault that wait for one kind of posting of one return; each happens once."""

    point: str
    fault: str
    has_sprung: bool = False
    has_struck: bool = False

    def is_at(self, point: str) -> bool:
        return self.point == point and not self.has_sprung


class Crashes:
    """The traps, and the seams of the program at which they wait."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.traps: dict[tuple[str, str], Trap] = {}
        self.count = 0
        self._is_dead = False
        self._sender: Sender | None = None
        self._dead: list[Sender] = []  # kept, since their threads may still be in a call
        self._calling = threading.local()

    def set_trap(self, loop_id: str, kind: str, trap: Trap) -> None:
        self.traps[loop_id, kind] = trap

    @contextmanager
    def installed(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            # So many die here that who only stood by would be taken for the killer, or given up.
            for name, room in (("DEATHS_MAX", settle), ("ATTEMPTS_MAX", settle), ("ATTEMPTS_MAX", record_answer)):
                patch.setattr(room, name, 1_000)
            for gate in (LaneGate, BudgetGate):
                patch.setattr(gate, "pay", self._pay_for_one(gate.pay))
            patch.setattr(desk, "arm_postings", self._around_intent(claim.arm_postings))
            patch.setattr(record_answer, "carry_out", self._around_call(wire.carry_out))
            patch.setattr(sender, "record_answers", self._around_record(record_answer.record_answers))
            patch.setattr(threading, "excepthook", self._around_threads(threading.excepthook))
            patch.setattr(HTTPAdapter, "send", self._around_http(HTTPAdapter.send))
            patch.setattr(tasks, "look", self._around_look(tasks.look))
            for name in ("execute", "executemany"):
                patch.setattr(CursorWrapper, name, self._unless_dead(getattr(CursorWrapper, name)))
            yield
            self._clear_away()

    def survive(self, work: Callable[[], object]) -> None:
        """Let a process work, and another one in its place when it dies, until one comes to the end.

        What the dead one held open is gone, and the lanes it leased get free.
        """
        while True:
            try:
                work()
                return
            except Crash:
                self._bury()

    def send(self) -> None:
        """What a sender can do now."""
        if claim.claimable().exists():
            self._sender = Sender(threads=1)
            self._sender.drain()
            self._sender = None

    def work_through_queue(self) -> None:
        while self.stage.queue:
            tasks.look(*self.stage.queue.popleft())

    def _bury(self) -> None:
        """Time passes until all that it had leased is free."""
        if self._sender:
            self._dead.append(self._sender)
        self._sender = None
        self._is_dead = False
        self.count += 1
        connections.close_all()
        long_ago = timezone.now() - timedelta(minutes=1)
        Lane.objects.exclude(leased_until=None).update(leased_until=long_ago)
        sending = Posting.objects.filter(status=Posting.Status.SENDING)
        sending.update(sending_since=long_ago)
        sending.exclude(armed_at=None).update(armed_at=long_ago)
        claim.put_back_dead_claims()
        settle.give_up_dead_leases()

    def _clear_away(self) -> None:
        for one in self._dead:
            one._pool.close()
            one._alarm.close()

    def _die(self, *traps: Trap) -> None:
        """One death may be what several traps waited for."""
        for trap in traps:
            trap.has_sprung = True
        self._is_dead = True
        if self._sender:
            self._sender._alarm.ring()  # the main thread notices at its next step that it is dead
        raise Crash

    def _trap_of(self, external_id: str) -> Trap | None:
        named = EXTERNAL_ID.fullmatch(external_id)
        return self.traps.get((named["loop_id"], named["kind"].replace("-", "_"))) if named else None

    def _die_of(self, postings: Sequence[Posting], *, point: str) -> None:
        """Several of them may wait for the same death."""
        traps = [self._trap_of(posting.external_id) for posting in postings]
        waiting = [trap for trap in traps if trap and trap.is_at(point)]
        if waiting:
            if point == "after_result":
                self.stage.queue.clear()
            self._die(*waiting)

    # --- Seams ---

    def _pay_for_one(self, pay: Callable[[Any, int], int]) -> Callable[[Any, int], int]:
        """One call after the other, each when the last answer is written: else a posting would die another's death,
        and its own trap would never spring.
        """

        def pay_for_one(gate: Any, count: int) -> int:
            assert self._sender is not None, "only a sender pays"
            under_way = any(desk._in_flight or desk._armed for desk in self._sender._desks.values())
            return 0 if under_way or self._sender._answers else pay(gate, min(count, 1))

        return pay_for_one

    def _around_intent(self, arm: Callable[..., list[Posting]]) -> Callable[..., list[Posting]]:
        def arm_or_die(*args: Any, **kwargs: Any) -> list[Posting]:
            with transaction.atomic():
                armed = arm(*args, **kwargs)
                self._die_of(armed, point="before_intent")
            return armed

        return arm_or_die

    def _around_call(self, carry_out: Callable[[Call], str]) -> Callable[[Call], str]:
        def carry_out_named(call: Call) -> str:
            self._calling.trap = self._trap_of(call.external_id)
            try:
                return carry_out(call)
            finally:
                self._calling.trap = None

        return carry_out_named

    def _around_http(self, send: Callable[..., requests.Response]) -> Callable[..., requests.Response]:
        def send_or_die(
            adapter: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **kwargs: Any
        ) -> requests.Response:
            if self._is_dead:
                raise Crash
            trap = getattr(self._calling, "trap", None)
            if trap is None or not _writes(request):
                return send(adapter, request, *args, **kwargs)
            if trap.is_at("after_intent"):
                self._die(trap)
            self._arm_fault(trap, request)
            if trap.is_at("after_send"):
                _send_and_leave(request)
                self._die(trap)
            try:
                return send(adapter, request, *args, **kwargs)
            finally:
                if trap.is_at("after_answer"):
                    self._die(trap)

        return send_or_die

    def _around_record(self, record: Callable[..., None]) -> Callable[..., None]:
        def record_or_die(answers: Sequence[tuple[Posting, Any]]) -> None:
            postings = [posting for posting, _ in answers]
            record(answers)
            self._die_of(postings, point="after_result")

        return record_or_die

    def _around_threads(self, tell: Callable[[threading.ExceptHookArgs], object]) -> Callable[..., object]:
        """The thread in which a process died has nothing to tell."""

        def tell_unless_dead(args: threading.ExceptHookArgs) -> object:
            return None if args.exc_type is Crash else tell(args)

        return tell_unless_dead

    def _around_look(self, look: Callable[..., None]) -> Callable[..., None]:
        """The task queue gives a task again if its worker died before it said that it was done."""

        def look_or_die(what: str, row_id: RowId = None) -> None:
            look(what, row_id)
            ended = self._ended()
            if ended:
                self.stage.queue.appendleft((what, row_id))
                self._die(*ended)

        return look_or_die

    def _ended(self) -> list[Trap]:
        """Traps for the end of a posting that has come: it is read back, or its return planned if it went to Loop."""
        traps = {key: trap for key, trap in self.traps.items() if trap.is_at("before_acknowledgement")}
        was_planned = Q(system=Posting.System.LOOP, loop_return__planned_at__gt=F("posted_at"))
        of_them = Posting.objects.filter(status="posted", loop_return__loop_id__in={key[0] for key in traps})
        ended = of_them.filter(~Q(read_back_at=None) | was_planned).values_list("loop_return__loop_id", "kind")
        return [traps[key] for key in ended if key in traps]

    def _unless_dead(self, execute: Callable[..., object]) -> Callable[..., object]:
        def execute_or_die(*args: Any, **kwargs: Any) -> object:
            if self._is_dead:
                raise Crash
            return execute(*args, **kwargs)

        return execute_or_die

    def _arm_fault(self, trap: Trap, request: requests.PreparedRequest) -> None:
        """For this very call: no other is on its way."""
        fault = FAULTS[trap.fault]
        if fault is None or trap.has_struck:
            return
        trap.has_struck = True
        path = urlsplit(str(request.url)).path
        system = "loop" if path.startswith("/api/") else "netsuite"
        rule = {"system": system, "method": request.method, "path": f"^{re.escape(path)}", "count": 1}
        self.stage.ask("faults", rule | fault)


def _writes(request: requests.PreparedRequest) -> bool:
    return request.method in ("POST", "PATCH", "PUT", "DELETE") and not READS.search(str(request.url))


def _send_and_leave(request: requests.PreparedRequest) -> None:
    """The whole request goes out, and who sent it is gone."""
    address = urlsplit(str(request.url))
    path = f"{address.path}?{address.query}" if address.query else address.path
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=60)
    connection.request(str(request.method), path, body=request.body, headers=dict(request.headers))
    connection.close()

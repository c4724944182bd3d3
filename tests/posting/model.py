"""A model of one posting: whatever happens in whatever order, nothing is done twice and nothing is forgotten.

Hypothesis chooses the order. Each rule is one thing that a sender, a sweep, the plan, NetSuite or a person does; a
crash is a sender that never comes to its next rule. After each of them the promises must hold.
"""

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from integrations.models import NetSuiteAccount
from returnsops.lib import clock
from returnsops.people.models import Role
from returnsops.posting import claim, outbox, record_answer, settle
from returnsops.posting.look import look_first
from returnsops.posting.models import Pause, Posting
from returnsops.posting.record_answer import Answer, try_call
from returnsops.posting.sought import seek
from returnsops.posting.wire import Call
from returnsops.returns.models import LoopReturn
from tests.builders import make_due, make_return, make_shop, make_user
from tests.posting.tiny_netsuite import FATES, TinyNetSuite, is_unresolved

SENDERS = ("one", "two")
PLACES = {"first": "31", "second": "14"}  # two plans for the same unit
IN_DOUBT = ("sending", "uncertain")
ROUNDS_TO_THE_END = 40
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)

reached: Counter[tuple[str, str]] = Counter()  # (status, rule), over all examples
favoured: frozenset[str] = frozenset()  # happenings that come more often than they would
FAVOUR = 5


SPANS: dict[str, Callable[[], timedelta]] = {
    "a moment": lambda: timedelta(seconds=10),
    "lease": lambda: settings.SENDING_LEASE + timedelta(seconds=1),
    "half the window": lambda: settings.NETSUITE_COMMIT_WINDOW / 2,
    "window": lambda: settings.NETSUITE_COMMIT_WINDOW + timedelta(seconds=1),
}
Action = Callable[["PostingMachine"], None]


@dataclass(frozen=True)
class Happening:
    """Something that may happen when it can, `weight` times as often as others."""

    name: str
    can: Callable[["PostingMachine"], object]
    act: Action
    weight: int


HAPPENINGS: list[Happening] = []


def happens(
    name: str, *, when: Callable[["PostingMachine"], object] = lambda machine: True, weight: int = 2
) -> Callable[[Action], Action]:
    def register(act: Action) -> Action:
        HAPPENINGS.append(Happening(name, when, act, weight))
        return act

    return register


class Desk:
    """What one sender holds in memory: a claim, then the answer to its call."""

    def __init__(self, posting: Posting) -> None:
        self.posting = posting
        self.has_looked = False
        self.answer: Answer | None = None


class PostingMachine(RuleBasedStateMachine):
    """One return, one unit, one kind of record; two senders; a NetSuite that misbehaves; people."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.time = time_machine.travel(NOON, tick=False)
        self.clock = self.time.start()
        self.everything = transaction.atomic()
        self.everything._from_testcase = True  # type: ignore[attr-defined]
        self.everything.__enter__()
        self.netsuite = TinyNetSuite()
        self.patch.setattr(clock, "shared_now", timezone.now)
        self.patch.setattr(settle, "netsuite_client", lambda account: self.netsuite)
        self.row = make_return(make_shop(), fetched_at=timezone.now() - timedelta(hours=1))
        self.fay = make_user(Role.FINANCE, self.row.shop, username="fay")
        self.wanted: str | None = None
        self.is_paused = self.is_to_be_planned = False
        self.desks: dict[str, Desk] = {}
        self.rows: list[Posting] = []
        self.story: list[str] = []

    def teardown(self) -> None:
        try:
            if sys.exc_info()[1] is None:
                self.come_to_an_end()
        finally:
            transaction.set_rollback(True)
            self.everything.__exit__(None, None, None)
            self.time.stop()
            self.patch.undo()

    # --- What the rules look at ---

    @property
    def status(self) -> str:
        """Of the posting that counts: the newest that is not withdrawn, else the newest."""
        counting = [one for one in self.rows if one.status != "voided"] or self.rows
        return str(counting[-1].status) if counting else "none"

    def look(self) -> None:
        self.rows = list(Posting.objects.order_by("pk"))
        self.is_to_be_planned = LoopReturn.objects.exclude(look_again_at=None).exists()

    def has_free_sender(self) -> bool:
        return len(self.desks) < len(SENDERS)

    def may_be_claimed(self) -> bool:
        is_ready = any(one.status == "pending" and one.not_before <= timezone.now() for one in self.rows)
        return is_ready and not (self.is_paused or self.is_to_be_planned)

    def has_dead_lease(self) -> bool:
        lost_since = timezone.now() - settings.SENDING_LEASE
        return any(
            one.status == "sending" and one.sending_since and one.sending_since < lost_since for one in self.rows
        )

    def has_due_doubt(self) -> bool:
        return any(one.status == "uncertain" and one.not_before <= timezone.now() for one in self.rows)

    def desk_of(self, *, answered: bool) -> str | None:
        """Who has called, or is about to: the first of them."""
        return next((name for name, desk in self.desks.items() if bool(desk.answer) == answered), None)

    def may_call(self, *, looked: bool) -> bool:
        name = self.desk_of(answered=False)
        return name is not None and self.desks[name].has_looked == looked

    # --- The plan ---

    @initialize()
    def begin(self) -> None:
        self.plan_again("first")

    @rule(choice=st.integers(min_value=0, max_value=2**16 - 1))
    def go_on(self, choice: int) -> None:
        """One thing happens, of those that can; hypothesis left to itself would seldom finish a posting."""
        possible = [one for one in HAPPENINGS if one.can(self)]
        fair = Random(f"{choice} of {len(self.story)}")  # however much hypothesis likes one number
        weights = [one.weight * (FAVOUR if one.name in favoured else 1) for one in possible]
        (chosen,) = fair.choices(possible, weights=weights)
        self.story.append(f"{self.status}: {chosen.name}")
        reached[self.status, chosen.name] += 1
        chosen.act(self)

    def plan_again(self, wanted: str | None) -> None:
        """As `tasks.look_at_return`: a plan asks for nothing that is over there or may be."""
        self.wanted = wanted
        with transaction.atomic():
            outbox.hold_open_postings(self.row)
            taken = Posting.objects.filter(status__in=[*IN_DOUBT, "posted"]).exists()
            due = [] if taken or wanted is None else [self.due(wanted)]
            outbox.enqueue(self.row, due)
        LoopReturn.objects.update(look_again_at=None)

    def due(self, wanted: str) -> Any:
        line = {"orderLine": 3, "item": {"id": "501"}, "quantity": 1, "location": {"id": PLACES[wanted]}}
        body = {"memo": wanted, "item": {"items": [line]}}
        return make_due(request=make_due().request | {"body": body}, hinges_on=("flow:rma",))

    # --- Senders ---

    @happens("claim", weight=16, when=lambda machine: machine.has_free_sender() and machine.may_be_claimed())
    @happens("claim in vain", weight=3, when=lambda machine: machine.has_free_sender() and not machine.may_be_claimed())
    def claim(self) -> None:
        before = self.status
        sender = next(name for name in SENDERS if name not in self.desks)
        for posting in claim.claim_postings(sender, count=1):
            promise(before == "pending", f"a posting was claimed while {before}")
            promise(not self.is_paused, "a posting was claimed during a pause")
            content = posting.request["body"]["memo"]
            promise(content == self.wanted, f"{content} was claimed, though the plan wants {self.wanted}")
            self.desks[sender] = Desk(posting)

    def next_desk(self) -> Desk:
        """Who has claimed and not called yet."""
        name = self.desk_of(answered=False)
        assert name is not None
        return self.desks[name]

    def look_first(self, desk: Desk) -> None:
        """What a sender does before it calls: what is there already is adopted or refused, and nothing is sent."""
        found = look_first(self.netsuite, seek([desk.posting])).found.get(desk.posting.external_id)  # type: ignore[arg-type]
        desk.has_looked = True
        if found:
            self.desks = {name: one for name, one in self.desks.items() if one is not desk}
            settle.adopt_found(desk.posting, found)

    def look_at_desk(self) -> None:
        self.look_first(self.next_desk())

    def call_from_desk(self, fate: str) -> None:
        self.call(self.next_desk(), fate)

    def call(self, desk: Desk, fate: str) -> None:
        posting = desk.posting
        window = settings.NETSUITE_COMMIT_WINDOW
        earlier = [one for one in self.netsuite.wire if one.external_id == posting.external_id]
        is_open = any(is_unresolved(one, window=window) for one in earlier)
        self.netsuite.fate, calls = fate, len(self.netsuite.wire)
        call = Call(posting.external_id, posting.request, self.netsuite)  # type: ignore[arg-type]
        assert posting.armed_at, "a sender calls for what it armed"
        desk.answer = try_call(call, armed_at=posting.armed_at)
        promise(not is_open or len(self.netsuite.wire) == calls, "sent again before the window was past")

    @happens("record", weight=7, when=lambda machine: machine.desk_of(answered=True))
    def record(self) -> None:
        name = self.desk_of(answered=True)
        assert name is not None
        desk = self.desks.pop(name)
        assert desk.answer is not None
        record_answer.record_answer(desk.posting, desk.answer)

    def die(self, number: int) -> None:
        self.desks.pop(list(self.desks)[number])

    # --- Sweeps ---

    @happens("give up dead leases", weight=8, when=lambda machine: machine.has_dead_lease())
    def give_up_dead_leases(self) -> None:
        settle.give_up_dead_leases()

    @happens("settle", weight=8, when=lambda machine: machine.has_due_doubt())
    def settle(self) -> None:
        settle.settle_doubts(NetSuiteAccount.objects.get())

    # --- Time, NetSuite, people ---

    def waits_for(self, name: str) -> bool:
        """What brings it on: the end of a lease whose sender died, of a window while in doubt."""
        return name == {"sending": "lease", "uncertain": "window"}.get(self.status) and not self.desks

    def let_pass(self, span: Callable[[], timedelta]) -> None:
        self.pass_time(span())

    def pass_time(self, span: timedelta) -> None:
        self.clock.shift(span)
        self.netsuite.forget_late(started_before=timezone.now() - settings.NETSUITE_COMMIT_WINDOW)
        NetSuiteAccount.objects.update(next_probe_at=None)

    @happens("late commit", weight=8, when=lambda machine: machine.netsuite.late)
    def late_commit(self) -> None:
        self.netsuite.commit_late()

    @happens("person deletes", weight=1, when=lambda machine: machine.netsuite.records and not machine.desks)
    def person_deletes(self) -> None:
        self.netsuite.delete(next(iter(self.netsuite.records)))

    @happens("person makes it by hand", weight=2, when=lambda machine: machine.is_quiet())
    def person_makes_it_by_hand(self) -> None:
        self.netsuite.make_by_hand(make_due().request["source_id"], place=PLACES["first"])

    def is_quiet(self) -> bool:
        """Nothing is there and no call of ours can still bring it: who looks at that very moment misses it."""
        window = settings.NETSUITE_COMMIT_WINDOW
        busy = (
            self.desks or self.netsuite.records or any(is_unresolved(one, window=window) for one in self.netsuite.wire)
        )
        return not busy

    @happens("person retries", weight=6, when=lambda machine: machine.status == "rejected")
    def person_retries(self) -> None:
        outbox.retry(self.rows[-1])

    @happens("person pauses", weight=1, when=lambda machine: not machine.is_paused)
    def person_pauses(self) -> None:
        self.is_paused = True
        Pause.objects.create(
            account=NetSuiteAccount.objects.get(),
            key="flow:rma",
            code="by_person",
            reason="Stock-taking",
            opened_by=self.fay,
            opened_at=timezone.now(),
        )

    @happens("person resumes", weight=8, when=lambda machine: machine.is_paused)
    def person_resumes(self) -> None:
        self.resume()

    def resume(self) -> None:
        self.is_paused = False
        Pause.objects.live().update(ended_at=timezone.now(), ended_by=self.fay, ended_because="Done")

    # --- The promises ---

    @invariant()
    def promises_hold(self) -> None:
        try:
            self.look()
            self.check_promises()
        except BrokenPromiseError as error:
            error.add_note("\n".join(self.story))
            raise

    def check_promises(self) -> None:
        live = len(self.netsuite.records)
        promise(live <= 1, f"{live} records for one unit")
        for posting in self.rows:
            if posting.status == "posted":
                self.check_posted(posting)
            elif posting.status == "voided":
                self.check_withdrawn(posting)
        for external_id in {one.external_id for one in self.netsuite.wire}:
            self.check_meaning(external_id)

    def check_posted(self, posting: Posting) -> None:
        made = self.netsuite.ids_ever_made()
        promise(posting.their_id in made, f"{posting} is posted as {posting.their_id}, which never was")

    def check_withdrawn(self, posting: Posting) -> None:
        calls = self.netsuite.calls_that_count(posting.external_id, window=settings.NETSUITE_COMMIT_WINDOW)
        promise(not calls, f"{posting} is withdrawn and may have been done")

    def check_meaning(self, external_id: str) -> None:
        """Of one id, what may be over there has one content."""
        calls = self.netsuite.calls_that_count(external_id, window=settings.NETSUITE_COMMIT_WINDOW)
        meant = {one.content for one in calls}
        promise(len(meant) <= 1, f"{external_id} means {meant}")

    # --- The end ---

    def come_to_an_end(self) -> None:
        """The faults stop and time passes: then it is done, withdrawn, or before a person."""
        self.desks.clear()
        self.resume()
        self.netsuite.commit_late()
        for _ in range(ROUNDS_TO_THE_END):
            self.pass_time(SPANS["lease"]())
            settle.give_up_dead_leases()
            settle.settle_doubts(NetSuiteAccount.objects.get())
            self.plan_again(self.wanted)
            for posting in claim.claim_postings("last", count=1):
                self.send_at_last(Desk(posting))
            self.promises_hold()
            if self.status in ("posted", "rejected", "voided"):
                break
        self.check_the_end()

    def send_at_last(self, desk: Desk) -> None:
        self.desks = {"last": desk}
        self.look_first(desk)
        if self.desks:
            self.call(desk, "done")
            self.record()

    def check_the_end(self) -> None:
        status, wanted = self.status, self.wanted
        promise(status in ("posted", "rejected", "voided"), f"it never came to an end: {status}")
        promise(not (wanted and status == "voided"), "wanted, and withdrawn for good")
        for posting in Posting.objects.filter(status="rejected"):
            promise(bool(posting.refusal), f"{posting} is refused without words")
        if any(one.external_id for one in self.netsuite.records.values()):
            promise(status == "posted", f"we made it, and say {status}")


def register_variants() -> None:
    """What happens in several ways, each a happening of its own."""
    for wanted in (*PLACES, None):
        happens(f"plan wants {wanted or 'nothing'}", weight=2 - bool(wanted))(
            partial(PostingMachine.plan_again, wanted=wanted)
        )
    plan_as_before = happens("plan wants the same", weight=10, when=lambda machine: machine.is_to_be_planned)
    plan_as_before(lambda machine: machine.plan_again(machine.wanted))
    happens("look", when=lambda machine: machine.may_call(looked=False), weight=16)(PostingMachine.look_at_desk)
    for fate in FATES:
        call = partial(PostingMachine.call_from_desk, fate=fate)
        weight = 6 if fate == "late" else 3
        happens(f"send: {fate}", when=lambda machine: machine.may_call(looked=True), weight=weight)(call)
    for number, sender in ((0, "first"), (-1, "last")):
        die = partial(PostingMachine.die, number=number)
        happens(f"{sender} sender dies", when=lambda machine: machine.desks, weight=1)(die)
    for name, span in SPANS.items():
        happens(f"{name} passes", weight=1)(partial(PostingMachine.let_pass, span=span))
        is_awaited = partial(PostingMachine.waits_for, name=name)
        happens(f"{name} passes", weight=4, when=is_awaited)(partial(PostingMachine.let_pass, span=span))


register_variants()


class BrokenPromiseError(AssertionError):
    """One of the promises does not hold."""


def promise(holds: bool, words: str) -> None:
    if not holds:
        raise BrokenPromiseError(words)

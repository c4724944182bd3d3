"""Lanes: the account-wide limit on calls in flight, shared by every thread, process and machine (netsuite.md §7).

A lane is a row leased for a short time (docs/adr/0008). A sender leases as many as it can use and renews them from its
main thread; everybody else takes one for a call with `hold_lane`. What a killed process held ends by itself.
"""

import logging
import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction

from integrations.errors import TemporaryError
from integrations.models import LaneDemand, LaneLimit, NetSuiteAccount
from integrations.netsuite.lane_book import open_book, read_book
from integrations.netsuite.lane_keeper import keeper
from integrations.netsuite.lane_limit import note_refusal
from integrations.netsuite.lane_reading import ask_to_read, give_back, may_take_to_read, take_to_read
from returnsops.lib.waits import waiting_at_most
from returnsops.lib.wake import notify
from returnsops.people.audit import record_event
from returnsops.people.models import User

logger = logging.getLogger(__name__)

WAKE_CHANNEL = "lanes"
WAIT_S_MAX = 30.0
POLL_S = 0.05
ASK_AGAIN_AFTER = 0.3  # of a lease: what was asked for is forgotten with it
RENEW_AFTER = 0.2  # of a lease
LOOK_SOON_S = 0.3  # when lanes are about to change hands
LOOK_S = 1.0  # when there are fewer than wanted
SHARED_FOR_S = 1.0  # several calls in a row keep a lane so long, then others have their turn
FENCE_S = 1.0  # a call is not begun so shortly before its lease ends


# --- Senders ---------------------------------------------------------------------------------------


@dataclass
class Lease:
    """What a sender holds of an account. Times monotonic.

    held: lanes leased to it. usable: how many calls it may have in flight; fewer when it should give lanes back.
    wanted: how many it asked for last.
    """

    account_pk: int
    holder: str
    wanted: int = 0
    held: int = 0
    usable: int = 0
    until: float = 0.0
    look_again_at: float = 0.0

    @property
    def may_begin(self) -> bool:
        return time.monotonic() < self.until - FENCE_S


def renew_lease(lease: Lease, *, wanted: int, in_use: int) -> None:
    """Bring a sender's lanes in step with what it wants and with its share; renew them.

    in_use: its calls in flight, whose lanes it keeps until they end. Call it again at lease.look_again_at, when a
    call ends while it has more than its share, and when `WAKE_CHANNEL` says so.
    """
    asked_at = time.monotonic()
    with open_book(lease.account_pk) as book:
        if wanted:
            book.note_demand(lease.holder, wanted=wanted)
        else:
            book.forget_demand(lease.holder)
        share = book.share_of(lease.holder)
        book.give_back(lease.holder, keep=max(share, in_use))
        book.lease(lease.holder, count=share - len(book.lanes_of(lease.holder)))
        lease.held = len(book.lanes_of(lease.holder))
        is_moving = lease.held != share or book.limit.held_to is not None
    lease.wanted = wanted
    lease.usable = min(lease.held, share)
    lease_s = settings.LANE_LEASE.total_seconds()
    lease.until = asked_at + lease_s if lease.held else 0.0
    pause_s = min(LOOK_SOON_S if is_moving else LOOK_S if lease.held < wanted else lease_s, lease_s * RENEW_AFTER)
    lease.look_again_at = asked_at + pause_s


_lease_of_call: ContextVar[Lease | None] = ContextVar("lease_of_call", default=None)


@contextmanager
def under_lease(lease: Lease) -> Iterator[None]:
    """The calls inside, in this thread, go out on this lease."""
    token = _lease_of_call.set(lease)
    try:
        yield
    finally:
        _lease_of_call.reset(token)


@contextmanager
def fenced() -> Iterator[None]:
    """The lane of a sender's call: held already. A sender that was asleep for too long has lost it without knowing."""
    lease = _lease_of_call.get()
    if lease is None or not lease.may_begin:
        raise TemporaryError(operation="begin a call", detail="The lease of the lane ran out before the call began.")
    yield


# --- Everybody else --------------------------------------------------------------------------------


@contextmanager
def hold_lane(account_pk: int) -> Iterator[None]:
    """Hold one lane for one call. Raises TemporaryError if none gets free within WAIT_S_MAX."""
    shared = _shared_lane.get()
    if shared and shared.account_pk == account_pk:
        shared.take()
        yield
    else:
        with _one_lane(account_pk):
            yield


@contextmanager
def share_lane(account_pk: int) -> Iterator[None]:
    """The calls inside, in this thread, go out one after the other on one lane, taken with the first of them.

    For what is little else than calls, as the lane is held between them. A lane is given back every `SHARED_FOR_S`.
    """
    shared = _SharedLane(account_pk)
    token = _shared_lane.set(shared)
    try:
        yield
    finally:
        _shared_lane.reset(token)
        shared.held.close()


@dataclass
class _SharedLane:
    account_pk: int
    held: ExitStack = field(default_factory=ExitStack)
    until: float = 0.0  # monotonic

    def take(self) -> None:
        if time.monotonic() < self.until:
            return
        if self.until:
            self.held.close()
            self._let_others_take_it()
        self.held.enter_context(_one_lane(self.account_pk))
        self.until = time.monotonic() + SHARED_FOR_S

    def _let_others_take_it(self) -> None:
        """Who waits looks every `POLL_S`, and would always come too late."""
        if LaneDemand.objects.filter(account=self.account_pk, for_reading=True).exists():
            time.sleep(2 * POLL_S)


_shared_lane: ContextVar[_SharedLane | None] = ContextVar("shared_lane", default=None)


@contextmanager
def _one_lane(account_pk: int) -> Iterator[None]:
    holder = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:12]}"
    with waiting_at_most(WAIT_S_MAX):
        _wait_for_lane(account_pk, holder)
    try:
        with keeper.keeping(account_pk, holder):
            yield
    finally:
        give_back(account_pk, holder)


def _wait_for_lane(account_pk: int, holder: str) -> None:
    """A look costs little; that somebody waits is said once, and again before it is forgotten."""
    if _take_lane_to_read(account_pk, holder):
        return
    ask_to_read(account_pk, holder)
    notify(WAKE_CHANNEL, str(account_pk))
    ask_every_s = ASK_AGAIN_AFTER * settings.LANE_LEASE.total_seconds()
    began_at = asked_at = time.monotonic()
    is_ours = False
    while not is_ours and (now := time.monotonic()) < began_at + WAIT_S_MAX:
        if now >= asked_at + ask_every_s:
            ask_to_read(account_pk, holder)
            asked_at = now
        time.sleep(POLL_S)
        is_ours = may_take_to_read(account_pk) and _take_lane_to_read(account_pk, holder)
    LaneDemand.objects.filter(account=account_pk, holder=holder).delete()
    if not is_ours:
        detail = f"No lane got free within {WAIT_S_MAX:.0f} s."
        raise TemporaryError(operation="wait for a NetSuite lane", detail=detail)


def _take_lane_to_read(account_pk: int, holder: str) -> bool:
    with transaction.atomic():
        return take_to_read(account_pk, holder)


# --- How many there are ----------------------------------------------------------------------------


def note_too_many(account_pk: int, *, words: str) -> None:
    """A call was answered 429: one lane fewer for all. A sender that made it holds its lane until this is written."""
    with open_book(account_pk) as book:
        note_refusal(book.limit, in_use=min(book.allowed, len(book.busy)), now=book.now, words=words)
        notify(WAKE_CHANNEL, str(account_pk))
        logger.warning("%s: down to %s calls in flight: %s", book.limit.account, book.limit.held_to, words)


def set_lanes(
    account: NetSuiteAccount, count: int, *, by: User | None, kept_for_reading: int | None = None, reason: str = ""
) -> None:
    """A person sets how many calls may be in flight, and how many of them are kept for people and reading."""
    assert count >= 1, "an account without a lane could not be asked anything"
    with open_book(account.pk) as book:
        limit = book.limit
        before = {"lanes": limit.count, "kept_for_reading": limit.kept_for_reading}
        limit.count = count
        limit.kept_for_reading = limit.kept_for_reading if kept_for_reading is None else kept_for_reading
        after = {"lanes": limit.count, "kept_for_reading": limit.kept_for_reading}
        if before == after:
            return
        account.lanes.filter(number__gt=count, leased_by="").delete()
        notify(WAKE_CHANNEL, str(account.pk))
        record_event(by, "set lanes", account, before=before, after=after, reason=reason)


def ensure_lanes(account: NetSuiteAccount, *, count: int) -> None:
    """Give a new account its lanes. Those taken away end with their lease."""
    with transaction.atomic():
        LaneLimit.objects.update_or_create(account=account, defaults={"count": count})
        account.lanes.filter(number__gt=count, leased_by="").delete()
        with open_book(account.pk):
            notify(WAKE_CHANNEL, str(account.pk))


@dataclass(frozen=True)
class LaneUse:
    """For people and for checks: the lanes of an account as they are now."""

    count: int  # as set
    planned: int  # as set, or as the hour calls for
    allowed: int  # how many may be used
    kept_for_reading: int
    in_use_by_senders: int
    in_use_for_reading: int
    held_since: datetime | None  # None: nothing refused of late
    held_because: str
    refused: int
    abandoned: int

    @property
    def in_use(self) -> int:
        return self.in_use_by_senders + self.in_use_for_reading


def lanes_in_use(account_pk: int) -> LaneUse:
    book = read_book(account_pk)
    limit, busy = book.limit, book.busy
    reading = sum(lane.for_reading for lane in busy)
    return LaneUse(
        count=limit.count,
        planned=book.planned,
        allowed=book.allowed,
        kept_for_reading=limit.kept_for_reading,
        in_use_by_senders=len(busy) - reading,
        in_use_for_reading=reading,
        held_since=limit.held_since,
        held_because=limit.held_because,
        refused=limit.refused,
        abandoned=limit.abandoned,
    )

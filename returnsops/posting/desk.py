"""A desk: all that one sender does for one destination, a NetSuite account or Loop for one shop.

Postings wander over it: claimed → looked for → ready → armed → in flight. What was not yet sent can go back at any
moment. What is armed lies ready for the next free lane, so that no lane waits for our own work.
"""

import random
import time
from collections import deque
from collections.abc import Callable, Collection
from datetime import timedelta
from functools import partial
from typing import cast

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from integrations.loop.client import LoopClient
from integrations.netsuite.client import NetSuiteClient
from returnsops.posting.calls import CallPool
from returnsops.posting.claim import Source, arm_postings, claim_from, put_back
from returnsops.posting.gates import Gate
from returnsops.posting.look import Look, look_first
from returnsops.posting.models import Posting
from returnsops.posting.record_answer import try_call
from returnsops.posting.sought import may_be_looked_for, seek
from returnsops.posting.wire import Call

LOOKED_IS_GOOD_FOR = timedelta(minutes=1)
FIRST_CLAIM = 8  # before it is known how many lanes there are
AHEAD = 0.3  # of the lanes: so many lie armed
LOOK_AT = 2  # times the lanes: with less to send, a look goes before it; it takes about two calls' time
LOOK_AGAIN_S, LOOK_AGAIN_S_MAX = 0.2, 5.0  # when NetSuite had no room for a look
# So many times what can be in flight are claimed. A look takes as long as two calls, and who comes while one is out
# waits for the next: four calls' time, in which the lanes send four times their number. With less they run dry.
IN_HAND = 6

Client = NetSuiteClient | LoopClient


def needs_look(posting: Posting) -> bool:
    """Before the first try, and again when it has waited: somebody may have made the record meanwhile. A look of the
    future was written down by a clock that is ahead of ours."""
    is_fresh = posting.looked_at is not None and abs(timezone.now() - posting.looked_at) < LOOKED_IS_GOOD_FOR
    return may_be_looked_for(posting) and not is_fresh


class Desk:
    """Only the main thread touches it; threads see the calls it gives them."""

    def __init__(self, source: Source, *, name: str, pool: CallPool, gate: Gate) -> None:
        self.source = source
        self.gate = gate
        self.client: Client | None = None
        self.may_have_more = True
        self.is_probing = False
        self.calls = 0
        self._name = name
        self._pool = pool
        self._turns: list[int] = []  # of its shops: who was served last comes last
        self._has_backlog = False
        self._unlooked: list[Posting] = []
        self._looking: list[Posting] = []
        self._alone = 0  # so many of the unlooked are looked for one by one
        self._look_after = 0.0  # monotonic
        self._looks_refused = 0
        self._ready: deque[Posting] = deque()
        self._armed: deque[Posting] = deque()
        self._in_flight: set[int] = set()

    @property
    def stock(self) -> int:
        return len(self._unlooked) + len(self._looking) + len(self._ready) + len(self._armed)

    @property
    def claimed(self) -> list[Posting]:
        """What may yet go back, and is claimed as long as this sender says so."""
        return [*self._unlooked, *self._looking, *self._ready]

    @property
    def busy(self) -> int:
        return len(self._in_flight) + bool(self._looking)

    @property
    def is_idle(self) -> bool:
        return not self.stock and not self.busy

    @property
    def waits_to_look(self) -> bool:
        """It has a lane for a look, and needs a thread."""
        return self._should_look and self.busy < self.gate.usable

    # --- With the database ---

    def claim(self, *, count: int) -> int:
        shop_pks = self.source.shop_pks  # others may have been added
        self._turns = [*(pk for pk in self._turns if pk in shop_pks), *(pk for pk in shop_pks if pk not in self._turns)]
        asked = Source(self.source.system, self.source.pk, tuple(self._turns))
        claimed = claim_from(asked, self._name, count=count)
        self.may_have_more = self._has_backlog = len(claimed) == count
        served = {posting.shop_id for posting in claimed}
        self._turns.sort(key=lambda shop_pk: shop_pk in served)
        for posting in claimed:
            (self._unlooked if needs_look(posting) else self._ready).append(posting)
        return len(claimed)

    def room_for_claims(self) -> int:
        """The next lots are looked for while this one is sent."""
        if not self.may_have_more:
            return 0
        if self.source.is_down:
            return int(self.is_idle)
        capacity = min(self.gate.usable or FIRST_CLAIM, self._pool.size)
        room = IN_HAND * capacity - self.stock
        # A few at a time, so that a claim and a look are worth their while.
        return room if room >= max(1, capacity // 4) else 0

    def go_on(self) -> None:
        """Take every posting one step further, as far as there is room. `start_calls` takes the last one."""
        self.keep_gate()
        self._start_look()
        self._arm()

    def fill_lanes(self) -> None:
        """The short way, when calls ended: only what is looked for already."""
        if self._ready and self.busy + len(self._armed) < self.gate.usable:
            self._arm()

    def keep_gate(self) -> None:
        self.gate.keep(wanted=self._wanted(), busy=self.busy)

    def put_all_back(self) -> int:
        """Everything that surely was not sent."""
        unsent = [*self._unlooked, *self._ready, *self._armed]
        count = put_back(unsent) if unsent else 0
        self._unlooked.clear()
        self._alone = 0
        self._ready.clear()
        self._armed.clear()
        self._has_backlog = False
        return count

    def _wanted(self) -> int:
        """How many lanes there is work for. What was not looked for yet needs one, for the look: until that is
        answered the other lanes are of more use to other senders."""
        can_be_sent = len(self._ready) + len(self._armed)
        if self._has_backlog and not self.is_probing and (can_be_sent or self._in_flight):
            return self._pool.size
        return min(self._pool.size, self.busy + can_be_sent + bool(self._unlooked))

    def _start_look(self) -> None:
        """One at a time, for all that wait for it: the longer it takes, the more the next one is for."""
        if not self.waits_to_look or not self._pool.room:
            return
        count = 1 if self._alone else len(self._unlooked)
        work = _look_for(self._unlooked[:count], cast(NetSuiteClient, self.client))
        self._looking, self._unlooked = self._unlooked[:count], self._unlooked[count:]
        self._alone = max(0, self._alone - 1)
        self._submit(None, work)

    def _arm(self) -> None:
        usable = self.gate.usable
        ahead = max(1, int(usable * AHEAD)) if usable > 1 else 0
        room = usable + ahead - self.busy - len(self._armed)
        count = self.gate.pay(max(0, min(room, len(self._ready))))
        if not count:
            return
        chosen = [self._ready.popleft() for _ in range(count)]
        armed = arm_postings(chosen, is_probe=self.is_probing)
        self._armed.extend(armed)
        put_back([posting for posting in chosen if posting.armed_at is None])

    # --- Without the database ---

    @property
    def _should_look(self) -> bool:
        if not self._unlooked or self._looking or self.client is None or time.monotonic() < self._look_after:
            return False
        return len(self._ready) + len(self._armed) <= LOOK_AT * self.gate.usable

    def start_calls(self, *, leave: int) -> None:
        """A look that is due has the next free lane, else calls would run out before it is answered.

        leave: threads that others wait for.
        """
        usable = self.gate.usable - self._should_look
        while self._armed and self.busy < usable and self._pool.room > leave and self.client is not None:
            posting = self._armed.popleft()
            self._in_flight.add(posting.pk)
            self.calls += 1
            call = Call(posting.external_id, posting.request, self.client)
            assert posting.armed_at is not None, "only what is armed is sent"
            self._submit(posting, partial(try_call, call, armed_at=posting.armed_at))

    def end_call(self, posting: Posting) -> None:
        self._in_flight.discard(posting.pk)

    def end_refused_calls(self, postings: list[Posting]) -> None:
        """There were no lanes for them. Now that this is written the lanes are shared anew, before any call begins."""
        self.gate.look_again()
        for posting in postings:
            self.end_call(posting)
        self.keep_gate()

    def end_look(self) -> list[Posting]:
        looked, self._looking = self._looking, []
        return looked

    def look_again(self, postings: list[Posting]) -> None:
        """There was no room for the look: soon again, and what is claimed stays claimed."""
        self.end_refused_calls([])
        self._unlooked = [*postings, *self._unlooked]
        longest = min(LOOK_AGAIN_S * 2**self._looks_refused, LOOK_AGAIN_S_MAX)
        self._look_after = time.monotonic() + random.uniform(LOOK_AGAIN_S / 2, longest)
        self._looks_refused += 1

    def look_alone(self, postings: Collection[Posting]) -> None:
        """Their look failed by one of them: one after the other, so that it shows by which."""
        self._unlooked = [*postings, *self._unlooked]
        self._alone += len(postings)

    def make_ready(self, postings: list[Posting]) -> None:
        self._looks_refused = 0
        self._ready.extend(postings)

    def _submit(self, posting: Posting | None, work: Callable[[], object]) -> None:
        self._pool.submit((self, posting), self.gate.bind(work))


def _look_for(postings: list[Posting], client: NetSuiteClient) -> Callable[[], Look]:
    """A fault of ours before the first call ends the look as one in it does."""
    try:
        return partial(look_first, client, seek(postings))
    except (OperationalError, InterfaceError):
        raise
    except Exception as fault:
        return partial(_fail, fault)


def _fail(fault: Exception) -> Look:
    raise fault

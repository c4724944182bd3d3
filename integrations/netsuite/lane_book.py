"""The lanes of one account, held still for a moment: who has them, who wants them, and how they are shared out.

Everything here happens under the lock of the account's `LaneLimit`, by the clock of the database.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import DateTimeField, Func, OuterRef, Q
from django.db.models.functions import JSONObject
from django.forms.models import model_to_dict

from integrations.models import Lane, LaneDemand, LaneHours, LaneLimit
from integrations.netsuite.lane_hours import hours_at
from integrations.netsuite.lane_limit import grow, usable
from returnsops.lib.fixed_query import FixedQuery, slot

GOES_ROUND_S = 10  # so long one sender has a lane that cannot be shared; several calls go out in that time


class ClockTimestamp(Func):
    """The database's clock now, not when the transaction began: one clock for all machines."""

    function = "clock_timestamp"
    output_field = DateTimeField()


@dataclass
class LaneBook:
    """planned: lanes by the hour or by setting. allowed: how many of them may be used now."""

    limit: LaneLimit
    now: datetime
    planned: int
    lanes: list[Lane]
    demands: list[LaneDemand]

    @property
    def allowed(self) -> int:
        return usable(self.limit, self.planned)

    @property
    def busy(self) -> list[Lane]:
        return [lane for lane in self.lanes if self._is_leased(lane)]

    def lanes_of(self, holder: str) -> list[Lane]:
        """Its own count even when the lease ran out, as long as nobody took them."""
        return [lane for lane in self.lanes if lane.leased_by == holder]

    def share_of(self, holder: str) -> int:
        """How many lanes this sender may use: all senders get the same, and none more than it wants.

        What does not divide goes round, so that a sender with less than one lane has it for a while all the same.
        """
        wants = {one.holder: one.wanted for one in self.demands if not one.for_reading}
        return share_evenly(self._pool(), wants, turn=int(self.now.timestamp() // GOES_ROUND_S)).get(holder, 0)

    def lease(self, holder: str, *, count: int, for_reading: bool = False) -> None:
        """Lease so many more lanes, as far as there are free ones; renew those it has."""
        free = [lane for lane in self.lanes if not self._is_leased(lane) and lane.leased_by != holder]
        held_by_others = len(self.busy) - sum(lane.leased_by == holder for lane in self.busy)
        mine = self.lanes_of(holder)
        taken = free[: max(0, min(count, self.allowed - held_by_others - len(mine)))]
        self.limit.abandoned += sum(lane.leased_by != "" for lane in taken)
        self._write(mine + taken, holder=holder, for_reading=for_reading)

    def give_back(self, holder: str, *, keep: int) -> None:
        surplus = self.lanes_of(holder)[keep:]
        Lane.objects.filter(pk__in=[lane.pk for lane in surplus]).update(leased_by="", leased_until=None)
        for lane in surplus:
            lane.leased_by, lane.leased_until = "", None

    def note_demand(self, holder: str, *, wanted: int) -> None:
        """Of a sender; who reads asks for itself (`ask_to_read`)."""
        until = self.now + settings.LANE_LEASE
        demand = LaneDemand(account_id=self.limit.pk, holder=holder, wanted=wanted, until=until)
        LaneDemand.objects.bulk_create(
            [demand], update_conflicts=True, unique_fields=["account", "holder"], update_fields=["wanted", "until"]
        )
        self.demands = [*(one for one in self.demands if one.holder != holder), demand]

    def forget_demand(self, holder: str) -> None:
        """And those of holders that died while they waited."""
        old = Q(holder=holder) | Q(until__lte=self.now)
        LaneDemand.objects.filter(old, account_id=self.limit.pk).delete()
        self.demands = [one for one in self.demands if one.holder != holder]

    def _pool(self) -> int:
        """What senders share: everything but what is kept for reading, when somebody reads or waits to."""
        reading = sum(lane.for_reading for lane in self.busy) + sum(one.for_reading for one in self.demands)
        return self.allowed - min(kept_for_reading(self.limit, allowed=self.allowed, now=self.now), reading)

    def _is_leased(self, lane: Lane) -> bool:
        return lane.leased_until is not None and lane.leased_until > self.now

    def _write(self, lanes: list[Lane], *, holder: str, for_reading: bool) -> None:
        values = {"leased_by": holder, "leased_until": self.now + settings.LANE_LEASE, "for_reading": for_reading}
        if lanes:
            Lane.objects.filter(pk__in=[lane.pk for lane in lanes]).update(**values)
        for lane in lanes:
            for name, value in values.items():
                setattr(lane, name, value)


def kept_for_reading(limit: LaneLimit, *, allowed: int, now: datetime) -> int:
    """One lane alone goes to and fro, a second for senders and a second for reading: nobody starves."""
    if allowed == 1:
        return min(limit.kept_for_reading, int(now.timestamp()) % 2)
    return min(limit.kept_for_reading, max(allowed - 1, 0))


@contextmanager
def open_book(account_pk: int) -> Iterator[LaneBook]:
    """Hold the account's lanes still. What is changed on the limit is kept at the end."""
    with transaction.atomic():
        limit, now = _lock_limit(account_pk)
        planned = _planned(limit, now)
        was = model_to_dict(limit)
        grow(limit, planned=planned, now=now)
        book = LaneBook(limit, now, planned, _lanes(account_pk, count=planned), _demands(account_pk, now))
        yield book
        if model_to_dict(limit) != was:
            limit.save()


def read_book(account_pk: int) -> LaneBook:
    """As it is now, for people: nothing is held and nothing changed."""
    limit = _limits().filter(pk=account_pk).first()
    if limit is None:
        with open_book(account_pk) as book:
            return book
    lanes = list(Lane.objects.filter(account_id=account_pk))
    return LaneBook(limit, limit.moment, _planned(limit, limit.moment), lanes, _demands(account_pk, limit.moment))


def share_evenly(pool: int, wants: dict[str, int], *, turn: int = 0) -> dict[str, int]:
    """Dealt out one by one, until there are no more or nobody wants any. turn: who is first, by name."""
    names = deque(sorted(wants))
    names.rotate(-turn)
    shares, left = dict.fromkeys(names, 0), max(pool, 0)
    while left and (wanting := [name for name in names if shares[name] < wants[name]]):
        for name in wanting[:left]:
            shares[name] += 1
        left -= len(wanting[:left])
    return shares


def _lock_limit(account_pk: int) -> tuple[LaneLimit, datetime]:
    found = LOCKED_LIMIT.ask(account=account_pk)
    if not found:
        LaneLimit.objects.bulk_create([LaneLimit(account_id=account_pk)], ignore_conflicts=True)
        found = LOCKED_LIMIT.ask(account=account_pk)
    return found[0], found[0].moment


def _limits() -> Any:
    """With the database's clock as `moment` and the account's `hours`: all that is needed, in one query."""
    hours = LaneHours.objects.filter(account=OuterRef("account"))
    told = hours.values(told=JSONObject(weekdays="weekdays", starts="starts", ends="ends", lanes="lanes"))
    return LaneLimit.objects.select_related("account").annotate(moment=ClockTimestamp(), hours=ArraySubquery(told))


def _planned(limit: Any, now: datetime) -> int:
    """By the hour if a row says so, else as a person set it."""
    row = hours_at(now, map(hours_told, limit.hours), time_zone=limit.account.time_zone)
    return row.lanes if row else limit.count


def hours_told(told: dict[str, Any]) -> LaneHours:
    starts, ends = time.fromisoformat(told["starts"]), time.fromisoformat(told["ends"])
    return LaneHours(weekdays=told["weekdays"], starts=starts, ends=ends, lanes=told["lanes"])


def _lanes(account_pk: int, *, count: int) -> list[Lane]:
    lanes = LANES.ask(account=account_pk)
    missing = [
        Lane(account_id=account_pk, number=number)
        for number in range(1, count + 1)
        if number not in {lane.number for lane in lanes}
    ]
    return lanes + Lane.objects.bulk_create(missing) if missing else lanes


def _demands(account_pk: int, now: datetime) -> list[LaneDemand]:
    return DEMANDS.ask(account=account_pk, now=now)


LOCKED_LIMIT = FixedQuery(
    lambda: _limits().select_for_update(of=("self",), no_key=True).filter(pk=slot("account")).order_by()
)
LANES = FixedQuery(lambda: Lane.objects.filter(account_id=slot("account")).order_by("number"))
DEMANDS = FixedQuery(
    lambda: LaneDemand.objects.filter(account_id=slot("account"), until__gt=slot("now", kind="timestamptz"))
)

"""The share of Loop's call limit that we use, counted in PostgreSQL for every thread, process and machine of a shop.

Loop counts calls per key and minute (loop.md §1.3). A bucket of tokens refills at a steady rate; a call takes one.
Burst and refill together stay below the limit in any minute, by what we leave to others. Nothing is locked during a
call. Of all processes one waits for the calls of a shop: a task queue has few, and what needs no Loop must go on.
"""

import random
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import connection
from django.utils import timezone

from integrations.aside import leave
from integrations.errors import NoCallsLeftError
from integrations.models import CallBudget, Shop
from returnsops.lib.locks import try_lock
from returnsops.lib.waits import waiting_at_most

SPARE_MAX = 20  # left to others with the same key; Loop saying that less remains makes us wait
REFUSED_WAIT_S_MAX = 60.0
WAIT_S_MAX, WAIT_S_MAX_IN_BACKGROUND = 30.0, 3.0
REFILLS_WAITED_FOR = 1.3  # in the background at least one, with its jitter: else a small limit would let none go out
SLEEP_S_MIN = 0.01

LEVEL = "LEAST(%(burst)s, tokens + GREATEST(0, EXTRACT(EPOCH FROM clock_timestamp() - filled_at)::float8) * %(rate)s)"
MINUTE = "date_trunc('minute', clock_timestamp())"
# One statement takes a token or, when there are too few, changes nothing. The clock is the database's.
TAKE = f"""
    UPDATE integrations_callbudget SET
        tokens = {LEVEL} - 1,
        filled_at = clock_timestamp(),
        calls = CASE WHEN minute = {MINUTE} THEN calls + 1 ELSE 1 END,
        calls_before = CASE WHEN minute = {MINUTE} THEN calls_before
                            WHEN minute = {MINUTE} - interval '1 minute' THEN calls ELSE 0 END,
        minute = {MINUTE}
    WHERE shop_id = %(shop)s AND {LEVEL} >= %(needed)s
"""
LOOK = f"SELECT {LEVEL} FROM integrations_callbudget WHERE shop_id = %(shop)s"
DRAIN = """
    UPDATE integrations_callbudget SET tokens = LEAST(tokens, %(tokens)s), filled_at = clock_timestamp()
    WHERE shop_id = %(shop)s
"""


@dataclass(frozen=True)
class Pace:
    """How a limit of calls per minute is spent: at most burst + 60 × rate, which is the limit less what is spared."""

    spare: int
    burst: int
    rate: float  # tokens per second

    @classmethod
    def of(cls, per_minute: int) -> "Pace":
        spare = max(1, min(SPARE_MAX, per_minute // 15))
        burst = max(1, per_minute // 10)
        return cls(spare, burst, max(per_minute - spare - burst, 1) / 60)


class ShopBudget:
    """Lets calls of one shop go out. In the background some tokens stay untouched, for people and webhooks."""

    def __init__(self, shop: Shop, *, in_background: bool = False, wait_s_max: float | None = None) -> None:
        self._shop_pk = shop.pk
        self._pace = Pace.of(shop.calls_per_minute)
        self._needed = 1 + (self._pace.burst // 2 if in_background else 0)
        refill_s = REFILLS_WAITED_FOR * self._needed / self._pace.rate
        bearable = max(WAIT_S_MAX_IN_BACKGROUND, refill_s) if in_background else WAIT_S_MAX
        self._wait_s_max = bearable if wait_s_max is None else wait_s_max

    def take(self) -> None:
        """Wait for the right to make one call.

        Raises NoCallsLeftError when that would take longer than is bearable, or somebody else waits already.
        """
        if self._take_one():
            return
        is_turn = try_lock("waits for Loop", str(self._shop_pk), str(self._needed))
        with waiting_at_most(self._wait_s_max), is_turn as is_ours:
            self._wait_and_take(time.monotonic() + (self._wait_s_max if is_ours else 0.0))

    def _wait_and_take(self, give_up_at: float) -> None:
        while not self._take_one():
            wait_s = self._wait_s()
            if wait_s and time.monotonic() + wait_s > give_up_at:
                raise self._exhausted(wait_s)
            time.sleep(wait_s)

    def try_take(self) -> float:
        """Take the right to make one call if there is one; gives how many seconds to wait if not."""
        return 0.0 if self._take_one() else max(self._wait_s(), SLEEP_S_MIN)

    def note(self, *, remaining: int | None, retry_after_s: float | None, refused: bool) -> None:
        """Others use the key as well: believe what Loop says is left."""
        if refused:
            wait_s = min(retry_after_s or settings.LOOP_REFUSED_WAIT.total_seconds(), REFUSED_WAIT_S_MAX)
            self._drain(-wait_s * self._pace.rate)
        elif remaining is not None and remaining < self._pace.spare:
            self._drain(remaining - self._pace.spare)

    def _take_one(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(TAKE, self._values())
            return bool(cursor.rowcount)

    def _wait_s(self) -> float:
        """Until there are enough tokens, with jitter, so that not everybody comes at once."""
        with connection.cursor() as cursor:
            cursor.execute(LOOK, self._values())
            found = cursor.fetchone()
        if found is None:
            return self._begin()
        seconds = (self._needed - found[0]) / self._pace.rate
        return float(max(seconds, SLEEP_S_MIN) * random.uniform(1.0, 1.2))

    def _begin(self) -> float:
        """The first call of this shop: its bucket is full."""
        now = timezone.now()
        values = {"tokens": self._pace.burst, "filled_at": now, "minute": now}
        CallBudget.objects.get_or_create(shop_id=self._shop_pk, defaults=values)
        return 0.0

    def _drain(self, tokens: float) -> None:
        with connection.cursor() as cursor:
            cursor.execute(DRAIN, {"shop": self._shop_pk, "tokens": float(tokens)})

    def _values(self) -> dict[str, float]:
        pace = self._pace
        return {"shop": self._shop_pk, "burst": float(pace.burst), "rate": pace.rate, "needed": float(self._needed)}

    def _exhausted(self, wait_s: float) -> NoCallsLeftError:
        """As if Loop had refused: too many calls are no outage."""
        detail = f"Our calls to Loop are used up for now; there is room again in {wait_s:.0f} s."
        return NoCallsLeftError(
            system="loop", operation="wait for the call budget", status=429, detail=detail, retry_after_s=wait_s
        )


class PrepaidBudget:
    """For a sender: its main thread took the right to call before, and hears afterwards what the answer said."""

    def __init__(self, budget: ShopBudget) -> None:
        self._budget = budget

    def take(self) -> None:
        return

    def note(self, *, remaining: int | None, retry_after_s: float | None, refused: bool) -> None:
        leave(partial(self._budget.note, remaining=remaining, retry_after_s=retry_after_s, refused=refused))


@dataclass(frozen=True)
class BudgetUse:
    """For people: how many calls a shop made, of how many it may."""

    per_minute: int
    calls_this_minute: int
    calls_last_minute: int
    free_now: int  # calls that would go out at once
    free_again_at: datetime | None  # None: free now


def budget_of(shop: Shop) -> BudgetUse:
    row = CallBudget.objects.filter(shop=shop).first()
    pace = Pace.of(shop.calls_per_minute)
    if row is None:
        return BudgetUse(shop.calls_per_minute, 0, 0, pace.burst, None)
    now = timezone.now()
    level = min(pace.burst, row.tokens + (now - row.filled_at).total_seconds() * pace.rate)
    age = (now.replace(second=0, microsecond=0) - row.minute).total_seconds()
    waits_until = None if level >= 1 else now + timedelta(seconds=(1 - level) / pace.rate)
    return BudgetUse(
        per_minute=shop.calls_per_minute,
        calls_this_minute=row.calls if age < 60 else 0,
        calls_last_minute=row.calls_before if age < 60 else row.calls if age < 120 else 0,
        free_now=max(int(level), 0),
        free_again_at=waits_until,
    )

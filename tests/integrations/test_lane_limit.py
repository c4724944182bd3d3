"""The limit on calls in flight against an account of which others use a part: all that is left is used, and no more."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import cycle

import pytest

from integrations.models import LaneLimit
from integrations.netsuite.lane_limit import grow, note_refusal, usable

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LANES = 15
TICKS_A_SECOND = 20
CALL_TICKS = (20, 12, 28, 17, 23)  # calls take about a second
LOOK_TICKS = 6  # senders look for new lanes as often


class Account:
    """Calls of about a second, sent whenever a lane is free. What others take goes before ours."""

    def __init__(self, taken_at: Callable[[float], int]) -> None:
        self.taken_at = taken_at
        self.limit = LaneLimit(count=LANES)
        self.ends: list[int] = []  # of our calls in flight; a heap
        self._takes = cycle(CALL_TICKS)
        self.held = self.left = self.refused = self.posted = 0
        self.allowed: list[int] = []

    def run(self, *, seconds: int) -> None:
        for tick in range(seconds * TICKS_A_SECOND):
            second = tick / TICKS_A_SECOND
            while self.ends and self.ends[0] <= tick:
                heappop(self.ends)
                self.posted += 1
            left = LANES - self.taken_at(second)
            self._send(tick, left=left, now=NOW + timedelta(seconds=second))
            self.held += min(len(self.ends), left)
            self.left += left
            self.allowed.append(usable(self.limit, LANES))

    @property
    def share(self) -> float:
        return self.held / self.left

    def _send(self, tick: int, *, left: int, now: datetime) -> None:
        if tick % LOOK_TICKS == 0:
            grow(self.limit, planned=LANES, now=now)
        in_flight = usable(self.limit, LANES)
        for _ in range(in_flight - len(self.ends)):
            if len(self.ends) < left:
                heappush(self.ends, tick + next(self._takes))
            else:
                self.refused += 1
                note_refusal(self.limit, in_use=usable(self.limit, LANES), now=now, words="too many")


@pytest.mark.parametrize(
    "taken_at",
    [
        pytest.param(lambda second: 6, id="a fixed part"),
        pytest.param(lambda second: 3 if second % 20 < 10 else 9, id="a part that changes"),
        pytest.param(lambda second: 9 if second < 60 else 0, id="a part that vanishes"),
        pytest.param(lambda second: 6 if second % 10 < 1 else 0, id="bursts"),
    ],
)
def test_nine_tenths_of_what_others_leave_are_used_and_few_calls_refused(taken_at: Callable[[float], int]) -> None:
    account = Account(taken_at)

    account.run(seconds=120)

    assert account.share > 0.9
    assert account.refused < 0.2 * account.posted


def test_whole_account_is_used_again_seconds_after_the_others_left() -> None:
    account = Account(lambda second: 12 if second < 30 else 0)

    account.run(seconds=40)

    assert set(account.allowed[20 * TICKS_A_SECOND : 30 * TICKS_A_SECOND]) == {3}
    assert set(account.allowed[35 * TICKS_A_SECOND :]) == {LANES}
    assert account.limit.held_to is None


def test_account_that_others_use_up_is_asked_once_in_a_while() -> None:
    account = Account(lambda second: LANES)

    account.run(seconds=60)

    assert account.posted == 0
    assert account.refused <= LANES + 60 / 1.5


def test_one_burst_of_refusals_leaves_what_was_accepted() -> None:
    account = Account(lambda second: 6)

    account.run(seconds=1)

    assert (account.refused, usable(account.limit, LANES)) == (6, 9)

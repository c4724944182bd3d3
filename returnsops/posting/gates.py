"""How many calls a sender may have in flight at a destination: by the lanes of an account, or the budget of a shop."""

import time
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar

from integrations.loop.budget import ShopBudget
from integrations.models import Shop
from integrations.netsuite.lanes import Lease, renew_lease, under_lease

LOOP_CALLS_MAX = 4  # of one shop in flight; its budget is what limits it

Answered = TypeVar("Answered")


class Gate(Protocol):
    @property
    def usable(self) -> int:
        """How many calls may be in flight now."""

    def keep(self, *, wanted: int, busy: int) -> None:
        """Renew what we hold; ask for more, or give back, as wanted. Called often, does something when it is time."""

    def look_again(self) -> None:
        """What we may hold has changed: the next `keep` does something."""

    def pay(self, count: int) -> int:
        """The right to make up to `count` calls; gives for how many."""

    def bind(self, work: Callable[[], Answered]) -> Callable[[], Answered]:
        """The work as a thread may do it."""


class LaneGate:
    def __init__(self, account_pk: int, *, holder: str) -> None:
        self.lease = Lease(account_pk, holder)

    @property
    def usable(self) -> int:
        return self.lease.usable if self.lease.may_begin else 0

    def keep(self, *, wanted: int, busy: int) -> None:
        lease = self.lease
        has_surplus = lease.held > max(lease.usable, busy) or (lease.held > 0 and not wanted)
        if has_surplus or wanted > lease.wanted or (wanted and time.monotonic() >= lease.look_again_at):
            renew_lease(lease, wanted=wanted, in_use=busy)

    def look_again(self) -> None:
        self.lease.look_again_at = 0.0

    def pay(self, count: int) -> int:
        return count

    def bind(self, work: Callable[[], Answered]) -> Callable[[], Answered]:
        return partial(_under_lease, self.lease, work)


class BudgetGate:
    def __init__(self, shop_pk: int) -> None:
        self._shop_pk = shop_pk
        self._empty_until = 0.0

    @property
    def usable(self) -> int:
        return LOOP_CALLS_MAX

    def keep(self, *, wanted: int, busy: int) -> None:
        """Nothing is held."""

    def look_again(self) -> None:
        """Nothing is held."""

    def pay(self, count: int) -> int:
        """By the limit as it is set now: a sender lives for weeks."""
        if not count or time.monotonic() < self._empty_until:
            return 0
        budget = ShopBudget(Shop.objects.get(pk=self._shop_pk))
        for paid in range(count):
            wait_s = budget.try_take()
            if wait_s:
                self._empty_until = time.monotonic() + wait_s
                return paid
        return count

    def bind(self, work: Callable[[], Answered]) -> Callable[[], Answered]:
        return work


def _under_lease(lease: Lease, work: Callable[[], Answered]) -> Answered:
    with under_lease(lease):
        return work()

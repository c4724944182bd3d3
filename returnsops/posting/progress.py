"""How a drain goes: what is done, what is left, what is on its way, what went wrong, and how long the rest takes.

Every number is asked of the rows, over indexes that hold only what is open or newly done, and each has a bound: a
million postings that are done long ago cost nothing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Min, Q
from django.db.models.fields.json import KT
from django.utils import timezone

from integrations.models import NetSuiteAccount, Shop
from integrations.netsuite.lanes import LaneUse, lanes_in_use
from returnsops.lib import clock
from returnsops.posting.models import Pause, Posting, PostingAttempt
from returnsops.posting.pauses import not_paused

Status = Posting.Status
MINUTE, QUARTER = timedelta(minutes=1), timedelta(minutes=15)
LOOK_BACK_MAX = timedelta(days=1)  # how far a backlog is followed back
WENT_WELL = "posted"  # outcome of a try
YOUNG = timedelta(seconds=5)  # a younger backlog has no pace to speak of
TROUBLES_SHOWN_MAX = 5


class State(StrEnum):
    EMPTY = "empty"  # nothing waits
    MOVING = "moving"
    STANDING = "standing"  # something waits and nothing moves
    PAUSED = "paused"  # all that waits is behind a pause
    STOPPED = "stopped"  # until a person resumes the account
    DOWN = "down"  # NetSuite does not answer


@dataclass(frozen=True)
class Left:
    """Postings of one shop in one status. oldest_at: when the first of them was written."""

    shop: Shop
    status: str
    count: int
    oldest_at: datetime


@dataclass(frozen=True)
class Done:
    """In the last minute, in the last quarter of an hour, and since the oldest that waits was written."""

    minute: int = 0
    quarter: int = 0
    since: int = 0


@dataclass(frozen=True)
class Held:
    """all: postings that wait behind a pause. by_pause: how many behind each; one may wait behind several."""

    all: int = 0
    by_pause: tuple[tuple[Pause, int], ...] = ()


@dataclass(frozen=True)
class Drain:
    """Where the outbox of one account stands: postings of the shops asked for, lanes of the whole account.

    since: when the oldest that waits was written, a day ago at most; None when nothing waits.
    refused: how many stand refused, by family. troubles: tries of the last quarter of an hour that failed, by outcome.
    """

    account: NetSuiteAccount
    at: datetime
    left: tuple[Left, ...]
    done: Done
    since: datetime | None
    held: Held
    lanes: LaneUse
    refused: tuple[tuple[str, int], ...]
    troubles: tuple[tuple[str, int], ...]

    def count(self, *statuses: str) -> int:
        return sum(one.count for one in self.left if one.status in statuses)

    @property
    def waiting(self) -> int:
        """What leaves by itself. What was refused or is paused waits for a person."""
        return self.count(*Posting.ON_THE_WAY) - self.held.all

    @property
    def state(self) -> State:
        if not self.waiting:
            return State.PAUSED if self.held.all else State.EMPTY
        if self.account.paused_at:
            return State.STOPPED
        if self.account.down_since:
            return State.DOWN
        is_moving = self.done.minute or self.count(Status.SENDING)
        return State.MOVING if is_moving else State.STANDING

    @property
    def per_minute(self) -> float | None:
        """The pace of the last minute; of the last quarter of an hour when hardly anything was done in that minute."""
        age = self.at - self.since if self.since else QUARTER
        if age < MINUTE:
            return self.done.since * (MINUTE / age) or None if age >= YOUNG else None
        return self.done.minute or self.done.quarter * (MINUTE / QUARTER) or None

    @property
    def time_left(self) -> timedelta | None:
        """At this pace, if nothing new comes. None: nobody can tell."""
        pace = self.per_minute
        return MINUTE * (self.waiting / pace) if pace and self.state == State.MOVING else None


def drain_of(account: NetSuiteAccount) -> Drain:
    """All shops of the account."""
    (drain,) = drains_of([account], shops=Shop.objects.filter(account=account))
    return drain


def drains_of(accounts: Sequence[NetSuiteAccount], *, shops: Iterable[Shop]) -> list[Drain]:
    """In the order of the accounts; postings of these shops only. Lanes are asked for account by account."""
    now, shops = clock.now(), list(shops)
    left = _count_left(shops)
    since = {account: _oldest(rows, now=now) for account, rows in left.items()}
    done, held = _count_done(shops, since, now=now), _count_held(shops, accounts)
    refused, troubles = _count_refused(shops), _count_troubles(shops)
    return [
        Drain(
            account=account,
            at=now,
            left=tuple(left.get(account.pk, ())),
            done=done.get(account.pk, Done()),
            since=since.get(account.pk),
            held=held.get(account.pk, Held()),
            lanes=lanes_in_use(account.pk),
            refused=tuple(refused.get(account.pk, ())),
            troubles=tuple(troubles.get(account.pk, ())),
        )
        for account in accounts
    ]


def _count_left(shops: Sequence[Shop]) -> dict[int, list[Left]]:
    known = {shop.pk: shop for shop in shops}
    standing = Posting.objects.filter(shop__in=known, status__in=Posting.OPEN).order_by()
    rows = standing.values_list("account", "shop", "status").annotate(count=Count("*"), first=Min("created_at"))
    left = defaultdict(list)
    for account, shop, status, count, written_at in rows:
        left[account].append(Left(known[shop], status, count, written_at + clock.offset()))
    return {account: sorted(found, key=lambda one: (one.shop.name, one.status)) for account, found in left.items()}


def _oldest(rows: Iterable[Left], *, now: datetime) -> datetime | None:
    """What was refused waits for a person and says nothing about the backlog."""
    moments = [one.oldest_at for one in rows if one.status != Status.REJECTED]
    return max(min(moments), now - LOOK_BACK_MAX) if moments else None


def _count_done(shops: Sequence[Shop], since: Mapping[int, datetime | None], *, now: datetime) -> dict[int, Done]:
    quarter = now - QUARTER
    begun = {account: moment for account, moment in since.items() if moment}
    backlog = Q(pk=None)
    for account, moment in begun.items():
        backlog |= Q(account=account, posted_at__gte=moment)
    posted = Posting.objects.filter(
        shop__in=shops, status=Status.POSTED, posted_at__gte=min([quarter, *begun.values()])
    ).order_by()
    rows = posted.values_list("account").annotate(
        minute=Count("pk", filter=Q(posted_at__gte=now - MINUTE)),
        quarter=Count("pk", filter=Q(posted_at__gte=quarter)),
        since=Count("pk", filter=backlog),
    )
    return {account: Done(*counts) for account, *counts in rows}


def _count_held(shops: Sequence[Shop], accounts: Sequence[NetSuiteAccount]) -> dict[int, Held]:
    """Costs a second query only where something is paused. Pauses are few, so each is a count of its own."""
    pauses = list(Pause.objects.live().filter(account__in=accounts).select_related("account", "shop").order_by("pk"))
    if not pauses:
        return {}
    behind = {
        f"pause_{one.pk}": Count("pk", filter=Q(account=one.account, hinges_on__contains=[one.key])) for one in pauses
    }
    pending = Posting.objects.filter(~not_paused(), shop__in=shops, status=Status.PENDING).order_by()
    rows = pending.values_list("account").annotate(all=Count("*"), **behind)
    return {
        account: Held(total, tuple((one, count) for one, count in zip(pauses, counts, strict=True) if count))
        for account, total, *counts in rows
    }


def _count_refused(shops: Sequence[Shop]) -> dict[int, list[tuple[str, int]]]:
    refused = Posting.objects.filter(shop__in=shops, status=Status.REJECTED).order_by()
    return _ranked(refused.values_list("account", KT("refusal__family")).annotate(count=Count("*")))


def _count_troubles(shops: Sequence[Shop]) -> dict[int, list[tuple[str, int]]]:
    failed = PostingAttempt.objects.filter(
        ~Q(outcome=WENT_WELL), posting__shop__in=shops, started_at__gte=timezone.now() - QUARTER
    )
    return _ranked(failed.order_by().values_list("posting__account", "outcome").annotate(count=Count("*")))


def _ranked(rows: Iterable[tuple[int, str | None, int]]) -> dict[int, list[tuple[str, int]]]:
    """By account, the most frequent first."""
    ranked = defaultdict(list)
    for account, name, count in sorted(rows, key=lambda row: (-row[2], row[1] or "")):
        ranked[account].append((name or "unknown", count))
    return {account: found[:TROUBLES_SHOWN_MAX] for account, found in ranked.items()}

"""What goes on by itself, and does not, though nothing is known that holds it: a case, so that no silence hides it.

Whatever the reason is: no sender runs, a fault of ours that stands in a log alone, a list that never answers
(requirement Z24).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Min, QuerySet
from django.utils import timezone

from exceptions.cases import CONNECTION, OVERDUE
from exceptions.models import Case
from integrations.models import InboundEvent, NetSuiteAccount, Shop, SyncCursor
from returnsops.posting.models import Pause, Posting
from returnsops.posting.pauses import not_paused
from returnsops.returns.families import due_for_records
from returnsops.returns.models import LoopReturn
from returnsops.returns.problems import Problem
from returnsops.returns.streams import main_stream
from returnsops.returns.sweeps import due_details

LATE = timedelta(hours=1)
VERY_LATE = timedelta(days=1)  # where others of its kind go on, as in a backlog
MOVING = timedelta(minutes=15)  # what was done within it shows that they do
GAP = timedelta(minutes=10)  # nobody looked for longer: the worker was off
Status, System = Posting.Status, Posting.System
NAMES = {System.LOOP: "Loop", System.NETSUITE: "NetSuite"}
COUNTED, MOMENT = "{what}: {count}, the oldest since {since}.", "{what} {since}."


@dataclass(frozen=True)
class Watch:
    """name: subject of the case. what: waits, in words. since: of each of the rows, when it could have gone on. moved:
    rows of the same kind that did just now."""

    name: str
    what: str
    rows: QuerySet[Any]
    since: str
    moved: QuerySet[Any] | None = None
    told: str = COUNTED


def watched_since() -> datetime:
    """Since when somebody looks every minute: who was switched off overnight finds a night's work, which is on its
    way."""
    now = timezone.now()
    watch, _ = SyncCursor.objects.get_or_create(stream="watch:overdue", defaults={"watermark": now})
    if watch.swept_at is None or now - watch.swept_at > GAP:
        watch.watermark = now
    watch.swept_at = now
    watch.save(update_fields=["watermark", "swept_at"])
    return watch.watermark


def overdue_problems(shop: Shop, *, watched: datetime) -> list[Problem]:
    """One for each kind of work that stands still. No new one while a connection is stopped or down, nor within the
    hour after that, after a pause, or after the watch began: what waited for it is on its way.

    watched: since when.
    """
    now = timezone.now()
    found = [problem for watch in _watches(shop, now) if (problem := _find_overdue(shop, watch, now))]
    if found and (now - watched < LATE or _was_held(shop, since=now - LATE)):
        told = set(Case.objects.filter(shop=shop, source=OVERDUE, closed_at=None).values_list("subject", flat=True))
        return [problem for problem in found if problem.subject in told]
    return found


def _was_held(shop: Shop, *, since: datetime) -> bool:
    if any(one.paused_at or one.down_since for one in (shop, shop.account)):
        return True
    held = Case.objects.filter(shop=shop, source=CONNECTION, code__in=("connection_down", "connection_refused"))
    ended = Pause.objects.filter(account=shop.account, ended_at__gte=since)
    return held.filter(closed_at__gte=since).exists() or ended.exists()


def _find_overdue(shop: Shop, watch: Watch, now: datetime) -> Problem | None:
    limit = VERY_LATE if watch.moved is not None and watch.moved.exists() else LATE
    late = watch.rows.filter(**{f"{watch.since}__lte": now - limit}).order_by()
    found = late.aggregate(count=Count("pk"), since=Min(watch.since))
    if not found["count"]:
        return None
    since = f"{found['since']:%d %b %H:%M} UTC"
    cause = watch.told.format(what=watch.what, count=found["count"], since=since)
    return Problem("work_overdue", watch.name, cause)


def _watches(shop: Shop, now: datetime) -> Iterator[Watch]:
    yield from _watch_documents(shop, now)
    events = InboundEvent.objects.filter(shop=shop, verdict=InboundEvent.Verdict.WAITING)
    yield Watch("webhooks of Loop", "Webhooks of Loop that nobody looked at", events, "last_received_at")
    returns = LoopReturn.objects.filter(shop=shop)
    fetched = returns.filter(fetched_at__gte=now - MOVING)
    yield Watch(
        "details of returns",
        "Returns that wait for their details from Loop",
        due_details(shop),
        "fetch_due_at",
        fetched,
    )
    yield Watch("changes in Loop", "What changed in Loop was last read", _swept(shop), "swept_at", told=MOMENT)
    if shop.account.unread.filter(lacks_right=True).exists():
        return  # that is a case of its own
    hinted = due_for_records(shop.account).filter(shop=shop)
    read = returns.filter(records_fetched_at__gte=now - MOVING)
    yield Watch(
        "records of returns", "Returns that wait for what NetSuite holds of them", hinted, "records_hinted_at", read
    )
    account = _swept(shop.account)
    yield Watch("changes in NetSuite", "What changed in NetSuite was last read", account, "swept_at", told=MOMENT)
    made = Posting.objects.filter(shop=shop, system=System.NETSUITE, status=Status.POSTED)
    unread = made.filter(read_back_at=None, trusted_at=None).annotate(made_at=Max("tries__started_at"))
    yield Watch("reading back", "Documents made in NetSuite and not read back", unread, "made_at")


def _watch_documents(shop: Shop, now: datetime) -> Iterator[Watch]:
    for system, name in NAMES.items():
        ours = Posting.objects.filter(shop=shop, system=system)
        waiting = ours.filter(not_paused(), status=Status.PENDING)
        sent = ours.filter(status=Status.POSTED, posted_at__gte=now - MOVING)
        yield Watch(f"sending to {name}", f"Documents that wait to be sent to {name}", waiting, "not_before", sent)
        doubts = ours.filter(status=Status.UNCERTAIN)
        told = f"Documents sent to {name} of which nobody knows what came"
        yield Watch(f"lost answers of {name}", told, doubts, "uncertain_since")


def _swept(owner: Shop | NetSuiteAccount) -> QuerySet[SyncCursor]:
    return SyncCursor.objects.filter(stream=main_stream(owner))

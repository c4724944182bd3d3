"""The inbox: store a webhook before believing it, then read from it which return to fetch.

A webhook is a hint; the fetched return is the truth. Source: loop.md §5.
"""

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from integrations.bells import ring_soon
from integrations.connections import loop_client
from integrations.doors import Door, find_door
from integrations.errors import ConfigurationError, IntegrationError, RejectedError, UnreadableRecordError
from integrations.loop.values import storable
from integrations.loop.webhooks import parse_webhook
from integrations.loop.whose_key import explain_another_shop
from integrations.models import InboundEvent
from returnsops.people import access, audit
from returnsops.people.models import User

RAW_BYTES_KEPT_UNSIGNED = 4_096
# A stranger must not fill the disk: more forgeries than these are refused all the same, but not kept.
FORGERIES_KEPT_PER_MINUTE = 60
FIRST_LOOK_LEASE = timedelta(seconds=10)  # renewed while a batch is read; more than one fetch usually takes
LOOKS_MAX = 3  # whose worker died, or failed by a fault of ours: then a person looks

STORE = """
    INSERT INTO integrations_inboundevent AS kept
        (shop_id, digest, signed, raw, verdict, received_at, last_received_at, times_received,
         topic, trigger, loop_return_id, failure)
    VALUES (%s, %s, %s, %s, %s, %s, %s, 1, '', '', '', '')
    ON CONFLICT (shop_id, digest, signed) DO UPDATE SET
        times_received = kept.times_received + 1,
        last_received_at = GREATEST(kept.last_received_at, EXCLUDED.last_received_at),
        verdict = CASE kept.verdict WHEN 'read' THEN 'waiting' ELSE kept.verdict END
    RETURNING id
"""

# Only if no copy arrived meanwhile: that one wants a look of its own.
FINISH = """
    UPDATE integrations_inboundevent AS kept SET
        verdict = CASE kept.times_received WHEN seen.times_received THEN 'read' ELSE kept.verdict END,
        topic = seen.topic, trigger = seen.trigger, loop_return_id = seen.loop_return_id, looks = 0, looked_since = NULL
    FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[])
        AS seen(id, times_received, topic, trigger, loop_return_id)
    WHERE kept.id = seen.id AND kept.verdict = 'waiting'
"""


@dataclass(frozen=True)
class Receipt:
    """What to answer. event_pk: None for a forgery that was not kept; is_believed: Loop signed it."""

    event_pk: int | None
    is_believed: bool


def receive(shop_code: str, raw: bytes, signature: str | None) -> Receipt:
    """Store one webhook as it came. The same body again counts up and still asks for a fetch.

    One statement and no lock. Raises DatabaseError and ConfigurationError: it is not stored then.
    """
    door, is_believed = find_door(shop_code, raw, signature)
    if door is None:
        return Receipt(None, is_believed=False)
    if is_believed:
        event_pk = _store(door, raw, is_believed=True)
        ring_soon("inbox")
        return Receipt(event_pk, is_believed=True)
    forgery_pk = _store(door, raw, is_believed=False) if _forgeries.take() else None
    return Receipt(forgery_pk, is_believed=False)


def _store(door: Door, raw: bytes, *, is_believed: bool) -> int:
    verdict = InboundEvent.Verdict.WAITING if is_believed else InboundEvent.Verdict.BAD_SIGNATURE
    now = timezone.now()
    kept = raw if is_believed else raw[:RAW_BYTES_KEPT_UNSIGNED]
    with connection.cursor() as cursor:
        cursor.execute(STORE, [door.shop_pk, sha256(raw).hexdigest(), is_believed, kept, verdict, now, now])
        return int(cursor.fetchone()[0])


def take_due_events(*, limit: int, patience: timedelta) -> list[int]:
    """Mark waiting events as nudged and give their keys; one that stays waiting is due again later.

    What nobody looked at yet comes first, then who waited longest: a shop whose key was refused has thousands that
    cannot be read, and they must not stand in front of another shop's. Those of a stopped shop wait until it goes on.

    Two who take at the same time share the events between them.
    """
    now = timezone.now()
    asked_for = Q(nudged_at=None) | Q(nudged_at__lte=now - patience) | Q(last_received_at__gt=F("nudged_at"))
    due = InboundEvent.objects.filter(asked_for, verdict=InboundEvent.Verdict.WAITING, shop__paused_at=None)
    by_turn = (F("nudged_at").asc(nulls_first=True), "pk")
    with transaction.atomic():
        pks = list(
            due.select_for_update(skip_locked=True, of=("self",))
            .order_by(*by_turn)
            .values_list("pk", flat=True)[:limit]
        )
        InboundEvent.objects.filter(pk__in=pks).update(nudged_at=now)
    return pks


class _PerMinute:
    """So many a minute for this process; for whatever must not grow with what strangers send."""

    def __init__(self, allowed: int) -> None:
        self._allowed = allowed
        self._taken = 0
        self._minute = 0
        self._lock = threading.Lock()

    def take(self) -> bool:
        minute = int(time.monotonic() // 60)
        with self._lock:
            if minute != self._minute:
                self._minute, self._taken = minute, 0
            self._taken += 1
            return self._taken <= self._allowed


_forgeries = _PerMinute(FORGERIES_KEPT_PER_MINUTE)


@contextmanager
def one_look(event_pk: int) -> Iterator[InboundEvent | None]:
    """Hold a waiting event while it is looked at; None: there is nothing to do, or somebody else looks at it now.

    A look that never ends took its worker with it. After LOOKS_MAX of them, or of our own faults, the event is set
    aside. That the other side does not answer says nothing about the event, so it does not count.
    """
    event = _begin_look(event_pk)
    try:
        yield event
    except IntegrationError:
        _end_look(event_pk, looks=0)
        raise
    except Exception:
        _end_look(event_pk)
        raise
    if event and event.looked_since:  # not finished, since a copy of it arrived meanwhile
        _end_look(event_pk, looks=0)


def begin_first_looks(event_pks: Collection[int]) -> list[InboundEvent]:
    """Hold those that nobody ever looked at, all of them at once; end each by `finish_events` or `end_looks`.

    If the worker dies it is not known which of them took it along, so each has its next look alone (`one_look`).
    """
    fresh = InboundEvent.objects.filter(
        pk__in=list(event_pks), verdict=InboundEvent.Verdict.WAITING, looks=0, looked_since=None
    )
    with transaction.atomic():
        events = list(fresh.select_related("shop").select_for_update(of=("self",), no_key=True, skip_locked=True))
        begun = InboundEvent.objects.filter(pk__in=[event.pk for event in events])
        begun.update(looked_since=timezone.now(), looks=F("looks") + 1)
    return sorted(events, key=lambda event: event.pk)


def first_looks_due(shop_pks: Collection[int], *, limit: int) -> list[int]:
    """Webhooks of these shops that nobody looked at yet and nobody holds, the oldest first."""
    fresh = InboundEvent.objects.filter(shop__in=shop_pks, verdict=InboundEvent.Verdict.WAITING, looks=0)
    return list(fresh.filter(looked_since=None).order_by("pk").values_list("pk", flat=True)[:limit])


def keep_looks(events: Collection[InboundEvent]) -> None:
    """Who looks at them lives, and is not through yet."""
    begun = InboundEvent.objects.filter(pk__in=[event.pk for event in events], looked_since__isnull=False)
    begun.update(looked_since=timezone.now())


def begun_before(event_pks: Collection[int]) -> list[int]:
    """Those of them whose look did not come to an end: each is looked at alone."""
    waiting = InboundEvent.objects.filter(pk__in=list(event_pks), verdict=InboundEvent.Verdict.WAITING, looks__gt=0)
    return list(waiting.filter(_free(timezone.now())).order_by("pk").values_list("pk", flat=True))


def end_looks(events: Collection[InboundEvent], *, by_fault_of_ours: bool = False) -> None:
    """They are due again. A fault of ours counts, as it would come again."""
    ended = InboundEvent.objects.filter(pk__in=[event.pk for event in events])
    if by_fault_of_ours:
        ended.update(looked_since=None)
    elif events:
        ended.update(looked_since=None, looks=0)


def finish_events(events: Collection[InboundEvent]) -> None:
    """The fetches they asked for are done. In the order of their keys, in which everybody locks them."""
    waiting = sorted((one for one in events if one.verdict == InboundEvent.Verdict.WAITING), key=lambda one: one.pk)
    names = ("pk", "times_received", "topic", "trigger", "loop_return_id")
    if waiting:
        with connection.cursor() as cursor:
            cursor.execute(FINISH, [[getattr(event, name) for event in waiting] for name in names])


def _begin_look(event_pk: int) -> InboundEvent | None:
    now = timezone.now()
    waiting = InboundEvent.objects.filter(_free(now), pk=event_pk, verdict=InboundEvent.Verdict.WAITING)
    if waiting.filter(looks__lt=LOOKS_MAX).update(looked_since=now, looks=F("looks") + 1):
        return InboundEvent.objects.select_related("shop").get(pk=event_pk)
    for event in waiting:
        set_aside(event, failure=f"{event.looks} workers in a row died or failed while they read it.")
    return None


def _free(now: datetime) -> Q:
    """Not held by anybody alive. First looks are many at once and short, so that is known sooner of them; if one does
    take longer, its return is fetched twice.
    """
    is_let_go = Q(looked_since=None) | Q(looked_since__lte=now - settings.LOOK_LEASE)
    return is_let_go | Q(looks=1, looked_since__lte=now - FIRST_LOOK_LEASE)


def _end_look(event_pk: int, **changes: int) -> None:
    InboundEvent.objects.filter(pk=event_pk).update(looked_since=None, **changes)


def find_returns(event: InboundEvent) -> tuple[str, ...]:
    """Which returns an event is about; none if it is about none, or cannot be read (noted for a person).

    The event stays due until `finish_event`: a fetch that fails must not lose the hint.
    Raises TemporaryError when Loop has to be asked for them and does not answer.
    """
    try:
        webhook = parse_webhook(bytes(event.raw))
    except UnreadableRecordError as error:
        set_aside(event, failure=error.detail)
        return ()
    if words := explain_another_shop(event.shop, webhook.shop_id):
        set_aside(event, failure=words)
        return ()
    event.topic, event.trigger, event.loop_return_id = webhook.topic, webhook.trigger, webhook.return_id
    if webhook.shipment_id:
        return _returns_in_box(event, webhook.shipment_id)
    return (webhook.return_id,) if webhook.return_id else ()


def set_aside(event: InboundEvent, *, failure: str) -> None:
    """Nothing more comes of it by itself: a person looks."""
    _finish(event, InboundEvent.Verdict.UNREADABLE, failure=str(storable(failure))[:500])


def finish_event(event: InboundEvent) -> None:
    """The fetch it asked for is done."""
    if event.verdict == InboundEvent.Verdict.WAITING:
        _finish(
            event,
            InboundEvent.Verdict.READ,
            topic=event.topic,
            trigger=event.trigger,
            loop_return_id=event.loop_return_id,
        )


@transaction.atomic
def acknowledge_event(event: InboundEvent, *, by: User) -> bool:
    """A person has seen an unreadable event; its case closes. Gives False if there is nothing to see any more."""
    access.require(by, "correct", shop=event.shop)
    unseen = InboundEvent.objects.filter(pk=event.pk, verdict=InboundEvent.Verdict.UNREADABLE, acknowledged_at=None)
    if not unseen.update(acknowledged_at=timezone.now()):
        return False
    audit.record_event(by, "saw unreadable webhook", event, shop=event.shop)
    return True


def _returns_in_box(event: InboundEvent, shipment_id: str) -> tuple[str, ...]:
    """A missing scope is answered like a wrong key (loop.md §1.2): no reason to stop the whole connection."""
    try:
        items = loop_client(event.shop).list_shipment_items(shipment_id)
    except (ConfigurationError, RejectedError) as error:
        words = "The key may lack the scope «Happy Returns Shipments (read)»."
        set_aside(event, failure=f"The box {shipment_id} could not be looked into. {words} {error}")
        return ()
    return tuple(dict.fromkeys(item.return_id for item in items))


def _finish(event: InboundEvent, verdict: str, **noted: str) -> None:
    """Only if no copy arrived meanwhile: that one wants a look of its own."""
    event.verdict = verdict
    unchanged = InboundEvent.objects.filter(pk=event.pk, times_received=event.times_received)
    if unchanged.update(verdict=verdict, looks=0, looked_since=None, **noted):
        event.looked_since = None

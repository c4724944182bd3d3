"""The inbox: store a webhook before believing it, then read from it which return to fetch.

A webhook is a hint; the fetched return is the truth. Source: loop.md §5.
"""

import hashlib
import json
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from integrations.credentials import open_secrets
from integrations.loop.signature import signature_matches
from integrations.models import Credential, InboundEvent, Shop
from returnsops.lib.nudge import nudge
from returnsops.people import access, audit
from returnsops.people.models import User

RAW_BYTES_KEPT_UNSIGNED = 4_096
# Where each topic keeps the return's id (loop.md §5.5).
RETURN_ID_FIELDS = {
    "return": ("id",),
    "restock": ("id",),
    "label": ("id", "return_id"),
    "giftcard": ("return_id",),
    "return.processing": ("return_id",),
    "label.request": ("return_id",),
}


@dataclass(frozen=True)
class Receipt:
    """What to answer: stored and believed, or stored as a forgery."""

    event: InboundEvent
    believed: bool


def receive(shop: Shop, raw: bytes, signature: str | None) -> Receipt:
    """Store one webhook as it came. The same body again counts up and still asks for a fetch."""
    believed = signature_matches(raw, signature, open_secrets(shop, Credential.Kind.LOOP_WEBHOOK_SECRET))
    now = timezone.now()
    event, is_new = InboundEvent.objects.get_or_create(
        shop=shop,
        digest=hashlib.sha256(raw).hexdigest(),
        signed=believed,
        defaults={
            "received_at": now,
            "last_received_at": now,
            "raw": raw if believed else raw[:RAW_BYTES_KEPT_UNSIGNED],
            "verdict": InboundEvent.Verdict.WAITING if believed else InboundEvent.Verdict.BAD_SIGNATURE,
        },
    )
    if not is_new:
        again = {"verdict": InboundEvent.Verdict.WAITING} if event.verdict == InboundEvent.Verdict.READ else {}
        InboundEvent.objects.filter(pk=event.pk).update(
            times_received=F("times_received") + 1, last_received_at=now, **again
        )
    if believed:
        nudge("event", event.pk)
    return Receipt(event, believed)


def read_event(event: InboundEvent) -> str:
    """Which return an event is about; empty if it is about none, or cannot be read (noted for a person).

    The event stays due until `finish_event`: a fetch that fails must not lose the hint.
    """
    try:
        payload = json.loads(bytes(event.raw))
        if not isinstance(payload, dict):
            raise ValueError("the body is not a JSON object")
    except (ValueError, RecursionError) as error:
        _finish(event, InboundEvent.Verdict.UNREADABLE, failure=f"{type(error).__name__}: {error}"[:500])
        return ""
    event.topic, event.trigger = str(payload.get("topic", ""))[:60], str(payload.get("trigger", ""))[:60]
    event.loop_return_id = _find_return_id(event.topic, payload)[:40]
    return event.loop_return_id


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


def _find_return_id(topic: str, payload: dict[str, object]) -> str:
    """Empty for an empty payload: mismatched subscriptions send those (loop.md §5.1)."""
    for name in RETURN_ID_FIELDS.get(topic, ("return_id", "id")):
        value = payload.get(name)
        if isinstance(value, int | str) and str(value).isalnum():
            return str(value)
    return ""


def _finish(event: InboundEvent, verdict: str, **noted: str) -> None:
    """Only if no copy arrived meanwhile: that one wants a look of its own."""
    event.verdict = verdict
    InboundEvent.objects.filter(pk=event.pk, times_received=event.times_received).update(verdict=verdict, **noted)


def body_is_too_large(length: int) -> bool:
    return length > int(settings.WEBHOOK_BODY_BYTES_MAX)

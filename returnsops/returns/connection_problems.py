"""What is wrong with a shop's connections, and with what came in by them: a case each, not one for every return."""

from django.conf import settings
from django.utils import timezone

from integrations.models import InboundEvent, Shop
from integrations.netsuite.endings import find_endings
from returnsops.returns.problems import Problem
from returnsops.returns.progress import mirror_problems


def connection_problems(shop: Shop) -> list[Problem]:
    """Of Loop, of the shop's NetSuite account, and of the webhooks between."""
    found = []
    for name, connection in (("Loop", shop), ("NetSuite", shop.account)):
        subject = f"{name.lower()}:{connection}"
        if connection.paused_at:
            code = "connection_refused"
            found.append(Problem(code, subject, f"{name} is stopped.", words=connection.paused_reason))
        elif connection.down_since:
            since = f"{connection.down_since:%d %b %H:%M} UTC"
            found.append(
                Problem("connection_down", subject, f"{name} has not answered since {since}.", words=connection.failure)
            )
        found += mirror_problems(connection)
    if shop.webhooks_problem and settings.PUBLIC_URL:
        found.append(Problem("webhooks_missing", f"loop:{shop}", "Webhooks are missing.", words=shop.webhooks_problem))
    for ending in find_endings(shop.account, now=timezone.now()):
        if ending.is_urgent:
            found.append(Problem("certificate_ending", f"netsuite:{shop.account}", ending.words))
    return found


def inbox_problems(shop: Shop, *, limit: int) -> list[Problem]:
    """Webhooks that a person has to look at. Of all that failed in the same words the oldest one stands for them."""
    unreadable = shop.inbound_events.filter(verdict=InboundEvent.Verdict.UNREADABLE, acknowledged_at=None)
    return [
        Problem("event_unreadable", f"event:{event.digest[:16]}", "A webhook came to nothing.", words=event.failure)
        for event in unreadable.order_by("failure", "pk").distinct("failure")[:limit]
    ]

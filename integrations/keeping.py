"""How long the inbox keeps what came in.

The newest webhook of each return is kept for good, so that replaying the inbox names every return there ever was.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from integrations.models import InboundEvent

FORGERIES_KEPT = timedelta(days=7)
FORGERIES_KEPT_MAX = 2_000
FORGET_LIMIT = 5_000  # rows a turn, so that a turn is short


def forget_events(*, limit: int = FORGET_LIMIT) -> int:
    """Delete what nobody needs any more. Gives how many rows went; call again while it is the limit."""
    forgotten = 0
    for choice in (_superseded(), _without_return(), _old_forgeries(), _surplus_forgeries()):
        forgotten += _delete(choice, limit=limit - forgotten)
    return forgotten


def _delete(choice: Q, *, limit: int) -> int:
    if limit <= 0:
        return 0
    pks = list(InboundEvent.objects.filter(choice).order_by("pk").values_list("pk", flat=True)[:limit])
    return InboundEvent.objects.filter(pk__in=pks).delete()[0]


def _old_read() -> Q:
    return Q(verdict=InboundEvent.Verdict.READ, last_received_at__lt=timezone.now() - settings.WEBHOOKS_KEPT)


def _superseded() -> Q:
    """Read, old, and a later one names the same return; what tells of restocked goods tells it once, and is kept."""
    later = InboundEvent.objects.filter(
        shop=OuterRef("shop"), loop_return_id=OuterRef("loop_return_id"), pk__gt=OuterRef("pk"), signed=True
    )
    return _old_read() & ~Q(loop_return_id="") & ~Q(topic="restock") & Q(Exists(later))


def _without_return() -> Q:
    """About no return, or about those of a box; the sweeps have seen them by now. Unreadable ones once seen."""
    seen = Q(verdict=InboundEvent.Verdict.UNREADABLE, acknowledged_at__lt=timezone.now() - settings.WEBHOOKS_KEPT)
    return seen | (_old_read() & Q(loop_return_id=""))


def _old_forgeries() -> Q:
    return Q(signed=False, last_received_at__lt=timezone.now() - FORGERIES_KEPT)


def _surplus_forgeries() -> Q:
    """Strangers may send for days: the newest are enough to see that they do."""
    forged = InboundEvent.objects.filter(signed=False).order_by("-pk").values_list("pk", flat=True)
    (*_, oldest_kept) = [0, *forged[FORGERIES_KEPT_MAX - 1 : FORGERIES_KEPT_MAX]]
    return Q(signed=False, pk__lt=oldest_kept)

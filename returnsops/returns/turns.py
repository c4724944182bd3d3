"""Whose turn it is: of all processes on all machines, one does a thing. Compare-and-set on a row; nothing is held."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from integrations.models import SyncCursor

LEASE = timedelta(minutes=3)  # longer than the task queue lets a task live


def is_turn_of(name: str, every: timedelta) -> bool:
    """Once per interval, whoever asks first."""
    now = timezone.now()
    SyncCursor.objects.get_or_create(stream=f"job:{name}", defaults={"watermark": now})
    due = Q(swept_at=None) | Q(swept_at__lte=now - every)
    return bool(SyncCursor.objects.filter(due, stream=f"job:{name}").update(swept_at=now))


@contextmanager
def one_at_a_time(name: str) -> Iterator[bool]:
    """Gives whether the turn is ours. Given back at the end; if we die, others wait for the end of the lease."""
    now, stream = timezone.now(), f"turn:{name}"
    SyncCursor.objects.get_or_create(stream=stream, defaults={"watermark": now})
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    is_ours = bool(SyncCursor.objects.filter(free, stream=stream).update(leased_until=now + LEASE))
    try:
        yield is_ours
    finally:
        if is_ours:
            SyncCursor.objects.filter(stream=stream).update(leased_until=None)

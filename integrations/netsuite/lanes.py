"""Lanes: the account-wide limit on calls in flight, shared by every thread, process and machine (netsuite.md §7).

A lane is a row leased for the length of one call. A lease left by a killed process ends by itself.
"""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.errors import TemporaryError
from integrations.models import Lane, NetSuiteAccount

LEASE = timedelta(minutes=5)  # longer than the longest call we wait for
WAIT_S_MAX = 30.0
POLL_S = 0.05


@contextmanager
def hold_lane(account_pk: int) -> Iterator[None]:
    """Hold one lane for one call. Raises TemporaryError if none gets free within WAIT_S_MAX."""
    owner = uuid.uuid4().hex
    lane_pk = _wait_for_lane(account_pk, owner)
    try:
        yield
    finally:
        Lane.objects.filter(pk=lane_pk, leased_by=owner).update(leased_by="", leased_until=None)


def ensure_lanes(account: NetSuiteAccount, *, count: int) -> None:
    """Give the account exactly the lanes 1 to count. Lanes taken away end with their lease."""
    with transaction.atomic():
        account.lanes.filter(number__gt=count).delete()
        Lane.objects.bulk_create(
            [Lane(account=account, number=number) for number in range(1, count + 1)], ignore_conflicts=True
        )


def _wait_for_lane(account_pk: int, owner: str) -> int:
    give_up_at = time.monotonic() + WAIT_S_MAX
    while time.monotonic() < give_up_at:
        lane_pk = _lease_free_lane(account_pk, owner)
        if lane_pk is not None:
            return lane_pk
        time.sleep(POLL_S)
    raise TemporaryError(
        system="netsuite", operation="wait for a lane", detail=f"No lane got free within {WAIT_S_MAX:.0f} s."
    )


def _lease_free_lane(account_pk: int, owner: str) -> int | None:
    now = timezone.now()
    with transaction.atomic():
        lane = (
            Lane.objects.select_for_update(skip_locked=True)
            .filter(Q(leased_until__isnull=True) | Q(leased_until__lt=now), account_id=account_pk)
            .order_by("number")
            .first()
        )
        if lane is None:
            return None
        Lane.objects.filter(pk=lane.pk).update(leased_by=owner, leased_until=now + LEASE)
    return lane.pk

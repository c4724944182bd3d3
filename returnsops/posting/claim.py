"""Claiming: which posting goes next, and marking it as on its way before any call is made."""

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from returnsops.lib import clock
from returnsops.posting.models import Posting
from returnsops.posting.pauses import not_paused

Status = Posting.Status
ATTEMPTS_MAX = 20  # then it is set aside: passing reasons do not last this long


def claim_postings(claimer: str, *, count: int) -> list[Posting]:
    """Claim up to `count` postings that may be sent now: promises first, then age, one at a time per source."""
    claimed: list[Posting] = []
    while len(claimed) < count:
        posting = _claim_one(claimer)
        if posting is None:
            break
        claimed.append(posting)
    return claimed


def claimable() -> QuerySet[Posting]:
    """Pending, due, wanted by a current plan, and not waiting for a pause, a probe or a sibling in flight.

    A return whose `look_again_at` has come may want something else by now, so its postings wait for the plan.
    """
    now, real_now = clock.now(), timezone.now()
    in_flight = Posting.objects.filter(serial_key=OuterRef("serial_key"), status__in=[Status.SENDING, Status.UNCERTAIN])
    return (
        Posting.objects.filter(status=Status.PENDING, not_before__lte=now)
        .filter(Q(loop_return__look_again_at=None) | Q(loop_return__look_again_at__gt=now))
        .filter(_connection_is_well("shop", real_now) | Q(system=Posting.System.NETSUITE))
        .filter(_connection_is_well("account", real_now) | Q(system=Posting.System.LOOP))
        .filter(not_paused())
        .exclude(Exists(in_flight))
        .order_by("priority", "loop_return__created_at", "pk")
    )


def _connection_is_well(path: str, now: object) -> Q:
    probe_due = Q(**{f"{path}__next_probe_at": None}) | Q(**{f"{path}__next_probe_at__lte": now})
    return Q(**{f"{path}__paused_at": None}) & probe_due


def _claim_one(claimer: str) -> Posting | None:
    try:
        with transaction.atomic():
            posting = claimable().select_for_update(skip_locked=True, of=("self",)).first()
            if posting is None:
                return None
            now = clock.now()
            Posting.objects.filter(pk=posting.pk).update(
                status=Status.SENDING, sending_since=now, claimed_by=claimer, attempts=F("attempts") + 1
            )
    except IntegrityError:
        return None  # somebody claimed a sibling of the same source between our look and our write
    posting.refresh_from_db()
    return posting

"""Parcels: what a scan at the dock means, that one came, and whose an unknown one is."""

import re
import uuid
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from integrations.models import Shop
from returnsops.lib import clock
from returnsops.people import access, audit
from returnsops.people.models import User
from returnsops.returns.errors import ClientIdReusedError, NotPossibleError
from returnsops.returns.filters import order_matches
from returnsops.returns.models import Arrival, InspectedUnit, LoopReturn, NetSuiteRecord, ReturnLine
from returnsops.returns.replan import ask_for_plan, hold_return

SCAN_CHARS_MAX = 120
FOUND_MAX = 20
LIVE_STATES = (LoopReturn.State.OPEN, LoopReturn.State.REVIEW, LoopReturn.State.CLOSED)
ENDED_STAGES = (LoopReturn.Stage.SETTLED, LoopReturn.Stage.ENDED)
OPEN_STAGES = tuple(one for one in LoopReturn.Stage if one not in ENDED_STAGES)
# Some carriers put a routing prefix before the number they print: USPS 420 + zip, then the tracking number.
USPS_ROUTING = re.compile(r"^420\d{5}(?:\d{4})?(9\d{21})$")


def clean_scan(text: str) -> str:
    """What a scanner typed, without control characters and carrier prefixes."""
    printable = "".join(char for char in text if char.isprintable()).strip()[:SCAN_CHARS_MAX]
    routed = USPS_ROUTING.match(printable)
    return routed.group(1) if routed else printable


def find_by_scan(user: User, scanned: str) -> QuerySet[LoopReturn]:
    """Returns that this text may mean: tracking number, Loop id, order, RMA number or item barcode."""
    text = clean_scan(scanned)
    visible = LoopReturn.objects.visible_to(user)
    if not text:
        return visible.none()
    found = visible.filter(pk__in=visible.filter(pk__in=_named_on_the_label(text)).values("pk")[:FOUND_MAX])
    if found.exists():
        return found
    by_barcode = visible.filter(_waits_on_the_dock(), lines__in=_unjudged_lines(text))
    return visible.filter(pk__in=by_barcode.values("pk")[:FOUND_MAX])


def parcels_waiting(user: User) -> QuerySet[LoopReturn]:
    """Returns that are here and not judged to the end.

    By what is true rather than by stage: an overdue parcel «needs a person» and is the first one to be found.
    """
    arrived = Arrival.objects.filter(loop_return=OuterRef("pk"))
    unjudged = ReturnLine.objects.filter(~Exists(_counted_outcome()), loop_return=OuterRef("pk"), removed=False)
    return (
        LoopReturn.objects.visible_to(user)
        .filter(state__in=LIVE_STATES, stage__in=OPEN_STAGES, created_at__gte=F("shop__start_from"))
        .filter(Q(delivered_at__isnull=False) | Exists(arrived))
        .filter(Exists(unjudged))
    )


def _named_on_the_label(text: str) -> QuerySet[Any, Any]:
    """A union rather than one condition over joins, as in `find_by_identifier`: a person stands there and waits."""
    returns = LoopReturn.objects.order_by()
    records = NetSuiteRecord.objects.order_by().filter(tran_id__in=[text, text.upper()])
    return (
        returns.filter(Q(loop_id=text) | order_matches(text))
        .values("pk")
        .union(
            returns.filter(tracking_numbers__contains=[text]).values("pk"),
            LoopReturn.records.through.objects.filter(netsuiterecord__in=records).values("loopreturn"),
        )
    )


def _waits_on_the_dock() -> Q:
    """Whatever finance has to decide about a return, its parcel can be inspected."""
    is_there = Q(arrivals__isnull=False) | Q(delivered_at__isnull=False)
    return Q(stage=LoopReturn.Stage.TO_INSPECT) | (Q(stage=LoopReturn.Stage.NEEDS_PERSON) & is_there)


def _unjudged_lines(barcode: str) -> QuerySet[ReturnLine]:
    return ReturnLine.objects.filter(~Exists(_counted_outcome()), barcode=barcode, removed=False)


def _counted_outcome() -> QuerySet[InspectedUnit]:
    """Of the line it is asked of."""
    return InspectedUnit.objects.filter(line=OuterRef("pk"), superseded_at=None, inspection__finished_at__isnull=False)


@transaction.atomic
def record_arrival(
    shop: Shop, scanned: str, *, by: User, client_id: uuid.UUID, loop_return: LoopReturn | None = None, note: str = ""
) -> Arrival:
    """A parcel is on the dock. Without a return it waits as a blind parcel. A resend is the same row.

    Raises ClientIdReusedError for an id that stands for another parcel: it would be lost without a word.
    """
    access.require(by, "inspect units", shop=shop)
    arrival, is_new = Arrival.objects.get_or_create(
        client_id=client_id,
        defaults={
            "shop": shop,
            "loop_return": loop_return,
            "scanned": clean_scan(scanned),
            "note": note,
            "arrived_at": clock.now(),
            "arrived_by": by,
        },
    )
    if not is_new:
        _require_same_parcel(arrival, shop, clean_scan(scanned), note=note, loop_return=loop_return)
    if is_new and loop_return:
        ask_for_plan([loop_return.pk])
    if is_new:
        audit.record_event(by, "scanned arrival", arrival, shop=shop, after={"scanned": arrival.scanned})
    return arrival


def _require_same_parcel(
    known: Arrival, shop: Shop, scanned: str, *, note: str, loop_return: LoopReturn | None
) -> None:
    """One without a return may have been attached to one since."""
    is_same = (known.shop_id, known.scanned, known.note) == (shop.pk, scanned, note)
    if not is_same or (loop_return and loop_return.pk != known.loop_return_id):
        raise ClientIdReusedError("Another parcel was recorded with this client id. Record it with a new one.")


@transaction.atomic
def attach_arrival(arrival: Arrival, loop_return: LoopReturn, *, by: User) -> None:
    """Somebody found out whose the unknown parcel is: it came when it was scanned. Attaching it twice changes nothing.

    Raises NotPossibleError for a parcel of another return, or a return of another shop.
    """
    access.require(by, "inspect units", shop=loop_return.shop)
    hold_return(loop_return.pk)
    arrival = Arrival.objects.select_for_update(of=["self"]).select_related("loop_return").get(pk=arrival.pk)
    if arrival.shop_id != loop_return.shop_id:
        raise NotPossibleError(
            f"{loop_return} is of another shop than the parcel. Look for a return of {arrival.shop}."
        )
    if arrival.loop_return and arrival.loop_return_id != loop_return.pk:
        raise NotPossibleError(f"The parcel belongs to {arrival.loop_return} already. Nothing was changed.")
    if arrival.loop_return:
        return
    Arrival.objects.filter(pk=arrival.pk).update(loop_return=loop_return)
    ask_for_plan([loop_return.pk])
    audit.record_event(
        by, "attached unknown parcel", loop_return, shop=loop_return.shop, after={"scanned": arrival.scanned}
    )

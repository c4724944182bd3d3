"""Claiming: which posting goes next, and marking it as on its way before any call is made.

In two steps, so that a sender can look ahead without anything being in doubt when it dies: *claimed* is reserved for
one sender and surely not sent; *armed* may be over there from that moment on.
"""

import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from integrations.models import Shop
from returnsops.lib import clock
from returnsops.lib.fixed_query import FixedQuery, FixedUpdate, filled, slot, slots
from returnsops.posting.models import Pause, Posting
from returnsops.posting.pauses import not_paused
from returnsops.returns.replan import ask_for_plan

Status = Posting.Status
System = Posting.System
ATTEMPTS_MAX = 20  # then it is set aside: passing reasons do not last this long
CLAIM_MAX = 200
PUT_BACK_MAX = 500
PUT_OFF_S = 1.0

# The first of each shop by turn, then the shops in turn; of one source document one at a time. Only what is taken stays
# locked, and what somebody else holds is passed over. They are looked for once: run again, it would find the next ones.
CLAIM = """
    WITH heads AS MATERIALIZED (
        SELECT asked.place AS shop_place, head.id, head.serial_key, head.turn_at
        FROM unnest(%s::bigint[]) WITH ORDINALITY AS asked(shop_id, place)
        CROSS JOIN LATERAL ({heads}) AS head(id, serial_key, turn_at)
    ), ranked AS (
        SELECT id, shop_place, row_number() OVER (PARTITION BY shop_place ORDER BY turn_at, id) AS nth,
               row_number() OVER (PARTITION BY serial_key ORDER BY turn_at, id) AS of_source
        FROM heads
    )
    UPDATE posting_posting SET status = 'sending', sending_since = %s, claimed_by = %s, claim = gen_random_uuid(),
                               attempts = attempts + 1, armed_at = NULL, counted_on = false
    WHERE id IN (SELECT id FROM ranked WHERE of_source = 1 ORDER BY nth, shop_place LIMIT %s)
    RETURNING id
"""
# A few steps into indexes for each destination: of what a claim asks, what keeps most postings back most of the time.
FIND_WORK = """
    SELECT at.system, shop.account_id, shop.id
    FROM integrations_shop AS shop CROSS JOIN unnest(ARRAY['netsuite', 'loop']) AS at(system)
    WHERE EXISTS (
        SELECT FROM posting_posting AS one JOIN returns_loopreturn AS wanted_by ON wanted_by.id = one.loop_return_id
        WHERE one.shop_id = shop.id AND one.system = at.system AND one.status = 'pending' AND one.not_before <= %(now)s
          AND (wanted_by.look_again_at IS NULL OR wanted_by.look_again_at > %(today)s) AND wanted_by.plan_attempts = 0
          AND NOT EXISTS (
              SELECT FROM posting_posting AS other
              WHERE other.serial_key = one.serial_key AND other.status IN ('sending', 'uncertain')
          )
    )
"""
NOW, TODAY = slot("now", kind="timestamptz"), slot("today", kind="timestamptz")  # of the world, and of business
Moment = datetime | RawSQL


@dataclass(frozen=True)
class Source:
    """Where postings come from for one destination: NetSuite for all shops of an account, or Loop for one shop.

    shop_pks: in the order in which they take their turns. is_down: only one call, to see whether it is back.
    """

    system: str
    pk: int  # of the account, or of the shop
    shop_pks: tuple[int, ...]
    is_down: bool = False


def open_sources() -> list[Source]:
    """Every destination that may be called now: not stopped, and not down before its next probe."""
    now = timezone.now()
    shops = Shop.objects.select_related("account").order_by("pk")
    found: list[Source] = []
    by_account: dict[int, list[Shop]] = {}
    for shop in shops:
        by_account.setdefault(shop.account_id, []).append(shop)
        if shop.may_be_called(now):
            found.append(Source(System.LOOP, shop.pk, (shop.pk,), is_down=shop.next_probe_at is not None))
    for account_pk, theirs in by_account.items():
        account = theirs[0].account
        if account.may_be_called(now):
            pks = tuple(shop.pk for shop in theirs)
            found.append(Source(System.NETSUITE, account_pk, pks, is_down=account.next_probe_at is not None))
    return found


def claim_from(source: Source, claimer: str, *, count: int) -> list[Posting]:
    """Claim up to `count` postings of one destination, those whose turn it is, the shops taking turns."""
    count = min(count, CLAIM_MAX)
    while count > 0:
        try:
            return _claim(source, claimer, count=count)
        except IntegrityError:
            # Somebody claimed a sibling of the same source between our look and our write.
            count //= 2
    return []


def claim_postings(claimer: str, *, count: int) -> list[Posting]:
    """Claim up to `count` postings of any destination and arm them: each may be sent at once."""
    claimed: list[Posting] = []
    for source in open_sources():
        claimed += claim_from(source, claimer, count=count - len(claimed))
    return arm_postings(claimed)


def arm_postings(postings: Sequence[Posting], *, is_probe: bool = False) -> list[Posting]:
    """From now on they may be over there. Gives those that may still be sent; the others are not ours any more, or
    their return is to be planned anew or their connection stopped: put them back.

    is_probe: the one call to a connection that is down.
    """
    sendable = WANTED if is_probe else WANTED_AND_OPEN
    pks = [posting.pk for posting in postings]
    with transaction.atomic():
        # First held, then looked at: what was waited for may have changed them.
        held = {row.pk: row.claim for row in HOLD_UNARMED.ask(pks=pks)}
        mine = [posting for posting in postings if held.get(posting.pk) == posting.claim]
        now = timezone.now()
        wanted = {row.pk for row in sendable.ask(pks=[one.pk for one in mine], now=now, today=clock.now())}
        ARM.run(pks=list(wanted), now=now)
    armed = [posting for posting in mine if posting.pk in wanted]
    for posting in armed:
        posting.armed_at = posting.sending_since = now
    return armed


def put_back(postings: Collection[Posting]) -> int:
    """Surely not sent by us: somebody else may. Not counted as a try. A plan may have counted on what was armed."""
    armed = [one.loop_return_id for one in postings if one.armed_at]
    with transaction.atomic():
        if armed:
            ask_for_plan(armed)
        return _still_claimed(postings).update(**_back(), attempts=F("attempts") - 1)


def take_back(pks: Collection[int]) -> None:
    """Those of them that are claimed and not armed, from whoever claimed them: the plan may want something else now."""
    unarmed = Posting.objects.filter(pk__in=pks, status=Status.SENDING, armed_at=None)
    unarmed.update(**_back(), attempts=F("attempts") - 1)


def put_off(postings: Collection[Posting]) -> None:
    """The same, for who may try a little later."""
    put_back(postings)
    not_before = timezone.now() + timedelta(seconds=random.uniform(PUT_OFF_S, 2 * PUT_OFF_S))
    Posting.objects.filter(pk__in=[one.pk for one in postings], status=Status.PENDING).update(not_before=not_before)


def note_looked(postings: Collection[Posting]) -> None:
    """NetSuite was asked just now, and has nothing in their place."""
    _still_claimed(postings).update(looked_at=timezone.now())


def keep_claims(postings: Collection[Posting]) -> None:
    """A sender says that it still means to send these. What it claimed and lost sight of goes back with its lease."""
    if postings:
        _still_claimed(postings).filter(armed_at=None).update(sending_since=timezone.now())


def put_back_dead_claims() -> int:
    """What a sender claimed before it died, and never began to send. The try counts: it may be what kills senders."""
    dead = timezone.now() - settings.CLAIM_LEASE
    unarmed = Posting.objects.filter(status=Status.SENDING, armed_at=None, sending_since__lt=dead)
    pks = list(unarmed.values_list("pk", flat=True)[:PUT_BACK_MAX])
    return unarmed.filter(pk__in=pks).update(**_back())


def claimable(*, but_for: Pause | None = None) -> QuerySet[Posting]:
    """Pending, due, wanted by a current plan, and not waiting for a pause, a probe or a sibling in flight.

    but_for: as if this pause were over.
    """
    now = timezone.now()
    due = _sendable(now).filter(_is_wanted(clock.now(), but_for=but_for), _has_open_connection(now))
    return due.order_by("turn_at", "pk")


def find_work() -> set[tuple[str, int]]:
    """Destinations for which a posting waits whose time has come: as (system, key of the account or of the shop).

    A claim may find it behind a pause all the same; never finds one that is not told of here.
    """
    with connection.cursor() as cursor:
        cursor.execute(FIND_WORK, {"now": timezone.now(), "today": clock.now()})
        return {
            (system, account_pk if system == System.NETSUITE else shop_pk) for system, account_pk, shop_pk in cursor
        }


def _claim(source: Source, claimer: str, *, count: int) -> list[Posting]:
    """Loaded while they are held: as they were claimed, whoever takes them back right after."""
    now = timezone.now()
    with transaction.atomic(), connection.cursor() as cursor:
        sql, params = _claim_statement(count)
        values = filled(params, {"system": source.system, "now": now, "today": clock.now()})
        cursor.execute(sql, [list(source.shop_pks), *values, now, claimer, count])
        pks = [row[0] for row in cursor.fetchall()]
        return LOAD.ask(pks=pks) if pks else []


@cache
def _claim_statement(count: int) -> tuple[str, Sequence[object]]:
    heads = (
        _sendable(NOW)
        .filter(_is_wanted(TODAY), system=slot("system", kind="text"), shop_id=RawSQL("asked.shop_id", ()))
        .order_by("turn_at", "pk")
        .select_for_update(skip_locked=True, no_key=True, of=("self",))
        .values("pk", "serial_key", "turn_at")[:count]
    )
    sql, params = heads.query.sql_with_params()
    return CLAIM.format(heads=sql), params


def _is_wanted(today: Moment, *, but_for: Pause | None = None) -> Q:
    """The plan that wants it is current, and nobody paused what it hinges on.

    A return whose `look_again_at` has come may want something else by now, so its postings wait for the plan; for ever
    if the plan fails, which is a case (`plan_failed`).
    """
    is_planned = Q(loop_return__look_again_at=None) | Q(loop_return__look_again_at__gt=today)
    return is_planned & Q(loop_return__plan_attempts=0) & not_paused(but_for=but_for)


def _has_open_connection(now: Moment) -> Q:
    loop_is_well = _is_well("shop", now) | Q(system=System.NETSUITE)
    netsuite_is_well = _is_well("account", now) | Q(system=System.LOOP)
    return loop_is_well & netsuite_is_well


def _sendable(now: Moment) -> QuerySet[Posting]:
    in_flight = Posting.objects.filter(serial_key=OuterRef("serial_key"), status__in=[Status.SENDING, Status.UNCERTAIN])
    return Posting.objects.filter(~Exists(in_flight), status=Status.PENDING, not_before__lte=now)


def _is_well(path: str, now: Moment) -> Q:
    probe_due = Q(**{f"{path}__next_probe_at": None}) | Q(**{f"{path}__next_probe_at__lte": now})
    return Q(**{f"{path}__paused_at": None}) & probe_due


def _still_claimed(postings: Collection[Posting]) -> QuerySet[Posting]:
    """Those of them that nobody took from us, and nobody claimed anew, since we claimed them."""
    claims = [one.claim for one in postings]
    return Posting.objects.filter(pk__in=[one.pk for one in postings], status=Status.SENDING, claim__in=claims)


def _back() -> dict[str, object]:
    return {"status": Status.PENDING, "claimed_by": "", "sending_since": None, "armed_at": None}


def _named(pks: RawSQL) -> QuerySet[Posting, Any]:
    return Posting.objects.filter(pk__in=pks).order_by("pk").values("pk")


HOLD_UNARMED = FixedQuery(
    lambda: (
        _named(slots("pks"))
        .filter(status=Status.SENDING, armed_at=None)
        .values("pk", "claim")
        .select_for_update(no_key=True)
    )
)
WANTED = FixedQuery(lambda: _named(slots("pks")).filter(_is_wanted(TODAY)))
WANTED_AND_OPEN = FixedQuery(lambda: _named(slots("pks")).filter(_is_wanted(TODAY), _has_open_connection(NOW)))
ARM = FixedUpdate(lambda: Posting.objects.filter(pk__in=slots("pks")), armed_at=NOW, sending_since=NOW)
LOAD = FixedQuery(
    lambda: Posting.objects.filter(pk__in=slots("pks")).select_related("account", "shop").order_by("turn_at", "pk")
)

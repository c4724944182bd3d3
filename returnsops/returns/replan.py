"""Asking for a new plan: one column, one nudge.

Whoever changes a fact calls this in the same transaction. The plan locks the row before it reads the facts, so a
change that it did not see sets `look_again_at` after it, and the return is planned once more.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from integrations.bells import ring
from returnsops.lib import clock
from returnsops.lib.fixed_query import FixedQuery, FixedUpdate, slot, slots
from returnsops.returns.models import LoopReturn


class Begun(NamedTuple):
    """A return whose plan is to be made. shop, order: what is locked for it."""

    pk: int
    shop: str
    order: str


HOLD_ONE = FixedQuery(
    lambda: (
        LoopReturn.objects.select_for_update(of=("self",), no_key=True)
        .select_related("shop__account")
        .filter(pk=slot("pk"))
        .order_by()
    )
)
HOLD_MANY = FixedQuery(
    lambda: LoopReturn.objects.select_for_update(no_key=True).filter(pk__in=slots("pks")).order_by("pk").values("pk")
)
# Always in the same order, so that two who touch the same returns never wait for each other.
ASK = """
    WITH held AS (SELECT id FROM returns_loopreturn WHERE id = ANY(%(pks)s) ORDER BY id FOR NO KEY UPDATE)
    UPDATE returns_loopreturn AS asked SET look_again_at = {at}, plan_attempts = 0
    FROM held WHERE asked.id = held.id
"""
NOW_DUE = ASK.format(at="%(now)s")
# A return whose plan was given up is due at once: nobody confirmed its postings, and a due plan holds them back.
DUE_WITH_NEWS = ASK.format(
    at="""CASE WHEN asked.look_again_at IS NULL AND asked.plan_attempts > 0 THEN %(now)s
          ELSE LEAST(COALESCE(asked.look_again_at, %(by)s), %(by)s) END"""
)
# Nobody waits for the disk: what counts is who dies while the database lives.
BEGIN = """
    WITH free AS (SELECT id FROM returns_loopreturn WHERE {which} FOR NO KEY UPDATE {of_held})
    UPDATE returns_loopreturn AS due SET plan_attempts = due.plan_attempts + 1
    FROM integrations_shop AS shop, free
    WHERE shop.id = due.shop_id AND due.id = free.id
    RETURNING due.id, shop.code, COALESCE(NULLIF(due.provider_order_id, ''), due.loop_id),
              set_config('synchronous_commit', 'off', true)
"""
THIS_ONE = "id = %(pk)s AND look_again_at <= %(now)s AND plan_attempts < %(below)s"
# Of those that nobody has begun to plan: one that was begun and not ended is left to the sweep.
NEXT = """
    look_again_at <= %(now)s AND plan_attempts = 0 AND id <> ALL(%(but)s)
    ORDER BY look_again_at {way}, id {way} LIMIT 1
"""
LONGEST_DUE, LATEST_DUE = NEXT.format(way=""), NEXT.format(way="DESC")
PLANNED = FixedUpdate(
    lambda: LoopReturn.objects.filter(pk=slot("pk")),
    look_again_at=slot("look_again_at", kind="timestamptz"),
    planned_at=slot("planned_at", kind="timestamptz"),
    plan=slot("plan", kind="jsonb"),
    plan_hash=slot("plan_hash", kind="text"),
    stage=slot("stage", kind="text"),
    settled_at=slot("settled_at", kind="timestamptz"),
    plan_attempts=0,
)


def ask_for_plan(return_pks: Iterable[int]) -> None:
    if pks := sorted(set(return_pks)):
        with transaction.atomic(savepoint=False):
            _ask(NOW_DUE, pks=pks, now=clock.now())
            ring("plans")


def expect_news(return_pks: Iterable[int], *, within: timedelta) -> None:
    """Something happened that calls for a plan, and what follows from it is about to be known: one plan is enough for
    both. So it waits for the news, but no longer than that.
    """
    now = clock.now()
    if pks := sorted(set(return_pks)):
        _ask(DUE_WITH_NEWS, pks=pks, now=now, by=now + within)


def _ask(statement: str, **values: list[int] | datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def hold_return(return_pk: int) -> LoopReturn:
    """The return as it is now, held to the end of the transaction. Who changes several of its rows takes it first."""
    (row,) = HOLD_ONE.ask(pk=return_pk)
    assert isinstance(row, LoopReturn)
    return row


def hold_returns(return_pks: Iterable[int]) -> None:
    """Several at once, by whoever is about to change them or what hangs on them. Always in the same order: an update of
    many rows takes them as they come, and two of those may wait for each other."""
    HOLD_MANY.ask(pks=list(return_pks))


def begin_plan(return_pk: int, *, attempts_below: int) -> Begun | None:
    """Count one more try to plan a return that is due: one that takes its process with it is set aside in the end.

    None when it is not due, or was begun so often already. Waits for whoever holds the return just now. Call it
    outside of any transaction, which would not wait for the disk either.
    """
    return _begin(THIS_ONE, pk=return_pk, below=attempts_below)


def begin_next_plan(*, latest: bool, but: Iterable[int] = ()) -> Begun | None:
    """The same for any return that nobody has begun to plan. What another holds comes last, when it is still due.

    latest: the one that came last, else the one that waits longest. Who asks for both in turn lets nobody wait for ever
    behind a backlog of thousands, and what a person just did does not wait for all of it. but: none of these.
    """
    which, but = LATEST_DUE if latest else LONGEST_DUE, list(but)
    return _begin(which, of_held="SKIP LOCKED", but=but) or _begin(which, but=but)


def _begin(which: str, *, of_held: str = "", **values: int | list[int]) -> Begun | None:
    with connection.cursor() as cursor:
        cursor.execute(BEGIN.format(which=which, of_held=of_held), {"now": clock.now(), **values})
        found = cursor.fetchone()
    return Begun(*found[:3]) if found else None

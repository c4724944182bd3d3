"""Asking for a new plan: one column, one nudge.

Whoever changes a fact calls this in the same transaction. The plan locks the row before it reads the facts, so a
change that it did not see sets `look_again_at` after it, and the return is planned once more.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Case, QuerySet, Value, When
from django.db.models.functions import Coalesce, Least

from returnsops.lib import clock
from returnsops.lib.fixed_query import FixedQuery, slot, slots
from returnsops.lib.upsert import among
from returnsops.returns.models import LoopReturn
from returnsops.returns.turns import ring

HOLD_ONE = FixedQuery(
    lambda: (
        LoopReturn.objects.select_for_update(of=("self",), no_key=True)
        .select_related("shop__account")
        .filter(pk=slot("pk"))
        .order_by()
    )
)
# Always in the same order, so that two who touch the same returns never wait for each other.
HOLD_SEVERAL = FixedQuery(
    lambda: LoopReturn.objects.select_for_update(no_key=True).filter(pk__in=slots("pks")).order_by("pk").values("pk")
)
# Nobody waits for the disk: what counts is who dies while the database lives.
BEGIN = """
    WITH free AS (
        SELECT id FROM returns_loopreturn
        WHERE id = %(pk)s AND look_again_at <= %(now)s AND plan_attempts < %(below)s
        FOR NO KEY UPDATE {of_held}
    )
    UPDATE returns_loopreturn AS due SET plan_attempts = due.plan_attempts + 1
    FROM integrations_shop AS shop, free
    WHERE shop.id = due.shop_id AND due.id = free.id
    RETURNING shop.code, COALESCE(NULLIF(due.provider_order_id, ''), due.loop_id),
              set_config('synchronous_commit', 'off', true)
"""
AT_ONCE = 10
# Of those that nobody has begun to plan: one that was begun and not ended is left to the sweep.
LONGEST_DUE = FixedQuery(lambda: _due().order_by("look_again_at", "pk").values("pk")[:AT_ONCE])
LATEST_DUE = FixedQuery(lambda: _due().order_by("-look_again_at", "-pk").values("pk")[:AT_ONCE])


@transaction.atomic
def ask_for_plan(return_pks: Iterable[int]) -> None:
    pks = sorted(set(return_pks))
    HOLD_SEVERAL.ask(pks=pks)
    LoopReturn.objects.filter(pk__in=among(pks)).update(look_again_at=clock.now(), plan_attempts=0)
    if pks:
        ring("plans")


@transaction.atomic
def expect_news(return_pks: Iterable[int], *, within: timedelta) -> None:
    """Something happened that calls for a plan, and what follows from it is about to be known: one plan is enough for
    both. So it waits for the news, but no longer than that.

    A return whose plan was given up is due at once: nobody confirmed its postings, and a due plan holds them back.
    """
    pks, now = sorted(set(return_pks)), clock.now()
    HOLD_SEVERAL.ask(pks=pks)
    given_up = When(look_again_at=None, plan_attempts__gt=0, then=Value(now))
    by = Value(now + within)
    at = Case(given_up, default=Least(Coalesce("look_again_at", by), by))
    LoopReturn.objects.filter(pk__in=among(pks)).update(look_again_at=at, plan_attempts=0)


def hold_return(return_pk: int) -> LoopReturn:
    """The return as it is now, held to the end of the transaction. Who changes several of its rows takes it first."""
    (row,) = HOLD_ONE.ask(pk=return_pk)
    assert isinstance(row, LoopReturn)
    return row


def due_for_plan() -> list[int]:
    """Some of the returns to plan now: those that wait longest, and those that came last.

    So behind a backlog of thousands nobody waits for ever, and what a person just did does not wait for all of it.
    """
    now = clock.now()
    found = [*LATEST_DUE.ask(now=now), *LONGEST_DUE.ask(now=now)]
    return list(dict.fromkeys(row.pk for row in found))


def begin_plan(return_pk: int, *, attempts_below: int, waits: bool = True) -> tuple[str, str] | None:
    """Count one more try to plan a return that is due: one that takes its process with it is set aside in the end.

    Gives shop and order, which are to be locked; None when it is not due, or was begun so often already.
    waits: for whoever holds the return just now; else None for that as well.
    Call it outside of any transaction, which would not wait for the disk either.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            BEGIN.format(of_held="" if waits else "SKIP LOCKED"),
            {"pk": return_pk, "now": clock.now(), "below": attempts_below},
        )
        found = cursor.fetchone()
    return (found[0], found[1]) if found else None


def _due() -> QuerySet[LoopReturn]:
    return LoopReturn.objects.filter(plan_attempts=0, look_again_at__lte=slot("now", kind="timestamptz"))

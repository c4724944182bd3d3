"""Asking for a new plan: one column, one nudge.

Whoever changes a fact calls this in the same transaction. The plan locks the row before it reads the facts, so a
change that it did not see sets `look_again_at` after it, and the return is planned once more.
"""

from collections.abc import Iterable

from django.db import connection, transaction

from returnsops.lib import clock
from returnsops.lib.fixed_query import FixedQuery, slot, slots
from returnsops.lib.nudge import nudge
from returnsops.returns.models import LoopReturn

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
BEGIN = """
    UPDATE returns_loopreturn AS due SET plan_attempts = due.plan_attempts + 1
    FROM integrations_shop AS shop
    WHERE shop.id = due.shop_id AND due.id = %s AND due.look_again_at <= %s
    RETURNING shop.code, COALESCE(NULLIF(due.provider_order_id, ''), due.loop_id)
"""
NUDGES_MAX = 50  # of more rows at once the sweep finds the rest; the queue is not flooded


@transaction.atomic
def ask_for_plan(return_pks: Iterable[int]) -> None:
    pks = sorted(set(return_pks))
    HOLD_SEVERAL.ask(pks=pks)
    LoopReturn.objects.filter(pk__in=pks).update(look_again_at=clock.now(), plan_attempts=0)
    for pk in pks[:NUDGES_MAX]:
        nudge("plan", pk)


def hold_return(return_pk: int) -> LoopReturn:
    """The return as it is now, held to the end of the transaction. Who changes several of its rows takes it first."""
    (row,) = HOLD_ONE.ask(pk=return_pk)
    assert isinstance(row, LoopReturn)
    return row


def begin_plan(return_pk: int) -> tuple[str, str] | None:
    """Count one more try to plan a return that is due: one that takes its process with it is set aside in the end.

    Gives shop and order, which are to be locked; None when it is not due.
    """
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, [return_pk, clock.now()])
        found = cursor.fetchone()
    return (found[0], found[1]) if found else None

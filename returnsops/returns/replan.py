"""Asking for a new plan: one column, one nudge.

Whoever changes a fact calls this in the same transaction. The plan locks the row before it reads the facts, so a
change that it did not see sets `look_again_at` after it, and the return is planned once more.
"""

from collections.abc import Iterable

from django.db import transaction

from returnsops.lib import clock
from returnsops.lib.nudge import nudge
from returnsops.returns.models import LoopReturn

NUDGES_MAX = 50  # of more rows at once the sweep finds the rest; the queue is not flooded


@transaction.atomic
def ask_for_plan(return_pks: Iterable[int]) -> None:
    pks = sorted(set(return_pks))
    # Always in the same order, so that two who touch the same returns never wait for each other.
    list(LoopReturn.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk").values_list("pk"))
    LoopReturn.objects.filter(pk__in=pks).update(look_again_at=clock.now(), plan_attempts=0)
    for pk in pks[:NUDGES_MAX]:
        nudge("plan", pk)


def hold_return(return_pk: int) -> LoopReturn:
    """The return as it is now, held to the end of the transaction. Who changes several of its rows takes it first."""
    held = LoopReturn.objects.select_for_update(of=("self",), no_key=True)
    return held.select_related("shop__account").get(pk=return_pk)

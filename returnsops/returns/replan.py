"""Asking for a new plan: one column, one nudge.

Whoever changes a fact calls this in the same transaction. The plan locks the row before it reads the facts, so a
change that it did not see sets `look_again_at` after it, and the return is planned once more.
"""

from collections.abc import Iterable

from returnsops.lib import clock
from returnsops.lib.nudge import nudge
from returnsops.returns.models import LoopReturn


def ask_for_plan(return_pks: Iterable[int]) -> None:
    pks = sorted(set(return_pks))
    LoopReturn.objects.filter(pk__in=pks).update(look_again_at=clock.now(), plan_attempts=0)
    for pk in pks:
        nudge("plan", pk)

"""A nudge: «look at return 17», sent once the transaction commits. Only for speed: a sweep finds what is due anyway."""

from functools import partial

from django.db import transaction
from django_q.brokers import Broker, get_broker
from django_q.tasks import async_task

from returnsops.lib.task_broker import quick_broker

RowId = int | list[int] | None
# These call nobody, or ask little.
QUICK = frozenset({"plans", "plan", "doubts", "pauses", "life"})
# Called by name: who stands below the roof never imports it.
ROOF = "returnsops.tasks.look"
TICK = "returnsops.tick.tick"


def nudge(what: str, row_id: RowId = None) -> None:
    """Ask the task queue to look at one row, e.g. nudge("plan", return_id). Lost nudges lose nothing."""
    transaction.on_commit(partial(_send, what, row_id))


def _send(what: str, row_id: RowId) -> None:
    async_task(ROOF, what, row_id, task_name=f"{what}:{row_id}", broker=_broker_for(what))


def _broker_for(what: str) -> Broker:
    return quick_broker() if what in QUICK else get_broker()

"""A nudge: «look at return 17», sent once the transaction commits. Only for speed: a sweep finds what is due anyway."""

from functools import partial

from django.db import transaction
from django_q.tasks import async_task

ROOF = "returnsops.tasks.look"  # called by name: who stands below the roof never imports it


def nudge(what: str, row_id: int | None = None) -> None:
    """Ask the task queue to look at one row, e.g. nudge("plan", return_id). Lost nudges lose nothing."""
    transaction.on_commit(partial(async_task, ROOF, what, row_id, task_name=f"{what}:{row_id}"))

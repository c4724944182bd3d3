"""manage.py qcluster: django-q's own, with all that a task needs loaded before it forks.

Else each of its processes would load that with its first task, for a second, and again after every restart.
"""

import gc
from importlib import import_module
from typing import Any

from django_q.management.commands import qcluster

from returnsops.lib.nudge import ROOF, TICK


class Command(qcluster.Command):  # type: ignore[misc]
    def handle(self, *args: Any, **options: Any) -> None:
        for name in (ROOF, TICK):
            import_module(name.rpartition(".")[0])
        gc.freeze()  # what is loaded stays: no look for garbage goes through it again, in any of the processes
        super().handle(*args, **options)

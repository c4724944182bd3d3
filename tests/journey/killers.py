"""An app for worker processes under test: what it names kills the process that touches it, with no way to catch it."""

import json
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.apps import AppConfig

HASTE = timedelta(seconds=0.5)


class Killers(AppConfig):
    name = "tests.journey.killers"

    def ready(self) -> None:
        from integrations import inbox
        from returnsops import tasks, tick
        from returnsops.posting import record_answer

        killers = json.loads(os.environ.get("KILLERS", "{}"))
        _arm(record_answer, "carry_out", lambda call: call.external_id == killers.get("posting"))
        _arm(inbox, "find_returns", lambda event: killers.get("webhook", "none").encode() in bytes(event.raw))
        _arm(tasks, "load_facts", lambda row: row.loop_id == killers.get("plan"))
        tasks.NUDGE_PATIENCE = HASTE
        quick = {name: (min(every, HASTE), job) for name, (every, job) in tick.JOBS.items()}
        tick.JOBS = {"faulty": (HASTE, _fail), **quick}


def _arm(room: Any, name: str, is_deadly: Callable[[Any], bool]) -> None:
    survived = getattr(room, name)

    def deadly(touched: Any, **how: Any) -> Any:
        if is_deadly(touched):
            os.kill(os.getpid(), signal.SIGKILL)
        return survived(touched, **how)

    setattr(room, name, deadly)


def _fail() -> None:
    raise ZeroDivisionError("a job with a fault")

"""`manage.py worker`: the task queue and the senders, kept running, and the tick that finds whatever is due.

The tick is asked for here and not by a schedule of the queue, which knows nothing shorter than a minute.
"""

import logging
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection
from django_q.tasks import async_task

from returnsops.lib.errors import StopRequested
from returnsops.lib.processes import PROJECT_DIR, Processes, Program
from returnsops.lib.watchdog import Heartbeat, Kept, Metronome, look_after

log = logging.getLogger(__name__)

TICK = "returnsops.tasks.tick"
STOP_PATIENCE_S = 20.0
ROUND_S = 0.5


class Command(BaseCommand):
    help = "Run the task queue and the senders, and start again what dies or hangs. Ends with SIGTERM or Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--senders", type=int, default=1, help="how many sender processes (default: 1)")

    def handle(self, *args: Any, **options: Any) -> None:
        heartbeat = Heartbeat(settings.HEARTBEAT_FILE, limit_s=settings.HEARTBEAT_LIMIT_S)
        metronome = Metronome(heartbeat, every_s=settings.TICK_EVERY.total_seconds())
        kept = [
            Kept(_manage("queue", "qcluster"), heartbeat=heartbeat),
            *(Kept(_manage(f"sender-{number}", "send")) for number in range(1, options["senders"] + 1)),
        ]
        with Processes(patience_s=STOP_PATIENCE_S) as processes:
            try:
                while True:
                    look_after(processes, kept=kept)
                    if metronome.is_due(now=time.monotonic()):
                        ask_for_tick()
                    processes.rest(ROUND_S)
            except StopRequested:
                self.stdout.write("Stopping the task queue and the senders.")


def ask_for_tick() -> None:
    """A database that is away must not end the watchdog: everything waits, and goes on when it is back."""
    try:
        async_task(TICK, task_name="tick")
    except DatabaseError as error:
        log.warning("no tick, the database does not answer: %s", error)
    finally:
        connection.close()


def _manage(name: str, verb: str) -> Program:
    return Program(name=name, command=(sys.executable, str(PROJECT_DIR / "manage.py"), verb))

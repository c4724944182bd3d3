"""`manage.py worker`: the task queue and the senders, kept running, and the tick that finds whatever is due.

The tick is asked for here and not by a schedule of the queue, which knows nothing shorter than a minute.
"""

import logging
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections, connection
from django_q.tasks import async_task

from returnsops.lib.errors import StopRequested
from returnsops.lib.nudge import ROOF, TICK
from returnsops.lib.processes import PROJECT_DIR, Processes, Program
from returnsops.lib.queue_heart import QueueHeart
from returnsops.lib.task_broker import quick_broker
from returnsops.lib.watchdog import Heartbeat, Kept, Metronome, look_after

log = logging.getLogger(__name__)

STOP_PATIENCE_S = 40.0  # more than a sender grants its calls, less than systemd grants us
START_LIMIT_S = 60.0
ROUND_S = 0.5


class Command(BaseCommand):
    help = "Run the task queue and the senders, and start again what dies or hangs. Ends with SIGTERM or Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--senders", type=int, default=1, help="how many sender processes (default: 1)")

    def handle(self, *args: Any, **options: Any) -> None:
        heartbeat = _queue_heart()
        metronome = Metronome(heartbeat, every_s=settings.TICK_EVERY.total_seconds())
        kept = [
            Kept(_manage("queue", "qcluster", "--skip-checks"), heartbeat=heartbeat),
            *(_keep_sender(number) for number in range(1, options["senders"] + 1)),
        ]
        with Processes(patience_s=STOP_PATIENCE_S) as processes:
            try:
                while True:
                    look_after(processes, kept=kept)
                    now = time.monotonic()
                    if metronome.is_due(now=now):
                        ask_for(TICK)
                    elif heartbeat.needs_poke(since=kept[0].started_at, now=now):
                        ask_for(ROOF, "life")
                    processes.rest(ROUND_S)
            except StopRequested:
                self.stdout.write("Stopping the task queue and the senders.")


def ask_for(task: str, *words: str) -> None:
    """A database that is away must not end the watchdog: everything waits, and goes on when it is back."""
    close_old_connections()
    try:
        async_task(task, *words, task_name="tick", broker=quick_broker())
    except DatabaseError as error:
        log.warning("nothing asked for, the database does not answer: %s", error)
        connection.close()


def _keep_sender(number: int) -> Kept:
    """A sender beats in every round of its loop, with or without a database."""
    name = f"sender-{number}"
    beat = settings.HEARTBEAT_FILE.with_name(f"{settings.HEARTBEAT_FILE.name}-{name}")
    beat.parent.mkdir(parents=True, exist_ok=True)
    return Kept(_manage(name, "send", "--beat", str(beat)), heartbeat=_heartbeat(beat))


def _queue_heart() -> QueueHeart:
    return QueueHeart(
        settings.HEARTBEAT_FILE,
        processes=settings.QUEUE_WORKERS,
        limit_s=settings.HEARTBEAT_LIMIT_S,
        start_limit_s=START_LIMIT_S,
    )


def _heartbeat(file: Path) -> Heartbeat:
    return Heartbeat(file, limit_s=settings.HEARTBEAT_LIMIT_S, start_limit_s=START_LIMIT_S)


def _manage(name: str, verb: str, *options: str) -> Program:
    return Program(name=name, command=(sys.executable, str(PROJECT_DIR / "manage.py"), verb, *options))

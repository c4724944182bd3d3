"""manage.py send: the sender, a process of its own. Run as many as wanted.

SIGTERM lets calls in flight end, a second one does not.
"""

import signal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from returnsops.posting.sender import Sender


class Command(BaseCommand):
    help = "Send what the outbox holds, until stopped."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--threads", type=int, default=settings.SENDER_THREADS, help="calls in flight at most")
        parser.add_argument("--beat", type=Path, help="a file that is touched while the sender is alive")

    def handle(self, *args: Any, **options: Any) -> None:
        sender = Sender(threads=options["threads"], beat=options["beat"])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sender.stop_or_abandon())
        sender.run()

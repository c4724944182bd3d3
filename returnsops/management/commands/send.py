"""manage.py send: the sender, a process of its own. Run as many as wanted; SIGTERM lets calls in flight end."""

import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from returnsops.posting.sender import Sender


class Command(BaseCommand):
    help = "Send what the outbox holds, until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--threads", type=int, default=settings.SENDER_THREADS, help="calls in flight at most")

    def handle(self, *args: Any, **options: Any) -> None:
        sender = Sender(threads=options["threads"])
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sender.stop())
        sender.run()

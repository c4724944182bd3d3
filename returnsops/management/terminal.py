"""Commands whose answer a person reads at a terminal."""

import logging
import os

from django.core.management.base import BaseCommand


class PersonCommand(BaseCommand):
    """Without a log line for every call to the other side, which would bury the answer. LOG_LEVEL=INFO shows them."""

    def run_from_argv(self, argv: list[str]) -> None:
        if not os.environ.get("LOG_LEVEL"):
            logging.getLogger("integrations").setLevel(logging.WARNING)
        super().run_from_argv(argv)

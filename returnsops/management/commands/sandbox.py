"""`manage.py sandbox`: the simulators of Loop and NetSuite; the same as `python -m integrations.sandbox`."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from integrations.sandbox.server import main


class Command(BaseCommand):
    help = "Serve the sandbox (Loop Returns and NetSuite) over HTTP. See docs/sandbox.md."

    def run_from_argv(self, argv: list[str]) -> None:
        main(argv[2:])

    def handle(self, *args: Any, **options: Any) -> None:
        main(sys.argv[2:])

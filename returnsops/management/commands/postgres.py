"""`manage.py postgres start|stop|status|erase`: the PostgreSQL that comes with ReturnsOps."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from returnsops.lib import postgres
from returnsops.lib.errors import PostgresError


class Command(BaseCommand):
    help = "Start, stop or erase the embedded PostgreSQL, or say whether it runs."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["start", "stop", "status", "erase"])

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.DATABASE_URL:
            raise CommandError("DATABASE_URL is set: the database is that server's business, not ours.")
        try:
            self.stdout.write(_obey(options["verb"], settings.DATA_DIR / "postgres"))
        except PostgresError as error:
            raise CommandError(str(error)) from error


def _obey(verb: str, data_dir: Path) -> str:
    address = postgres.connection_settings(data_dir)["HOST"]
    if verb == "start":
        return f"Started, at {address}." if postgres.ensure_running(data_dir) else f"Runs already, at {address}."
    if verb == "stop":
        return "Stopped." if postgres.stop(data_dir) else "It was not running."
    if verb == "erase":
        postgres.erase(data_dir)
        return "Stopped, and all its data removed."
    return f"Runs, at {address}." if postgres.is_running(data_dir) else "Does not run."

"""manage.py bench: our speed beside a simple alternative, in one run. Last line JSON."""

import json
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from returnsops.lib.errors import PostgresError, ProcessError
from returnsops.lib.processes import Processes, find_free_port
from returnsops.management.bench.ingest import measure_ingest
from returnsops.management.bench.mirror import measure_mirror
from returnsops.management.bench.webhooks import make_shop
from returnsops.management.own_folder import empty_own_folder, run_in_own_folder
from returnsops.management.stack import STOP_PATIENCE_S, Stack, ensure_database, stop_database

FOLDER = "bench"


class Command(BaseCommand):
    help = "Measure webhook ingest and the mirror against the simple alternative, side by side."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        run_in_own_folder(FOLDER)
        stack = Stack(data_dir=empty_own_folder(FOLDER), port=find_free_port(), sandbox_port=find_free_port())
        stack.log_dir.mkdir()
        try:
            ensure_database(stack.data_dir)
            call_command("migrate", interactive=False, verbosity=0)
            shop = make_shop()
            with Processes(patience_s=STOP_PATIENCE_S) as processes:
                self.stderr.write("Webhooks, ours and the bare view in turns …")
                ingest = measure_ingest(processes, stack=stack, bare_port=find_free_port())
            self.stderr.write("Mirror, in bulk and row by row in turns …")
            mirror = measure_mirror(shop)
        except (PostgresError, ProcessError) as error:
            raise CommandError(str(error)) from error
        finally:
            connections.close_all()
            stop_database(stack.data_dir)
        self.stdout.write(json.dumps({"ingest": ingest, "mirror": mirror}))

"""`manage.py demo`: everything on this machine, against the sandbox, until Ctrl-C."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from returnsops.lib.errors import PostgresError, ProcessError, StopRequested
from returnsops.lib.processes import Processes, find_free_port, is_port_free
from returnsops.management.stack import STOP_PATIENCE_S, Stack, start_stack, stop_database

NEW_RETURN_EVERY_S = 4.0
ROUND_S = 0.5


class Command(BaseCommand):
    help = "Start the sandbox, the web server and the worker, with people to log in as. Ctrl-C stops all of it."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="where the web server listens (default: 8000)")

    def handle(self, *args: Any, **options: Any) -> None:
        data_dir = settings.DATA_DIR.resolve()
        data_dir.mkdir(parents=True, exist_ok=True)
        with _only_demo_on(data_dir):
            _refuse_taken_port(options["port"])
            stack = Stack(
                data_dir=data_dir,
                port=options["port"],
                sandbox_port=_choose_sandbox_port(data_dir / "sandbox_port"),
                new_return_every_s=NEW_RETURN_EVERY_S,
            )
            try:
                self._run(stack)
            except (PostgresError, ProcessError) as error:
                raise CommandError(str(error)) from error

    def _run(self, stack: Stack) -> None:
        self._say(f"Starting. What the programs say is in {stack.log_dir}.")
        try:
            with Processes(patience_s=STOP_PATIENCE_S) as processes:
                try:
                    log_ins = start_stack(processes, stack=stack)
                    self._say(f"READY {stack.url}", log_ins.rstrip(), "Ctrl-C stops all of it.")
                    while True:
                        processes.watch(ROUND_S)
                except StopRequested:
                    self._say("Stopping.")
        finally:
            stop_database(stack.data_dir)

    def _say(self, *lines: str) -> None:
        for line in lines:
            self.stdout.write(line)
        self.stdout.flush()


@contextmanager
def _only_demo_on(data_dir: Path) -> Iterator[None]:
    with (data_dir / "demo.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise CommandError(
                f"A demo is running on {data_dir} already, as process {lock.read().strip()}. "
                "Stop it first, or set RETURNSOPS_DATA_DIR to another folder."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def _refuse_taken_port(port: int) -> None:
    if not is_port_free(port):
        raise CommandError(
            f"Port {port} is taken by another program. Stop that one, or choose another port: make demo PORT={port + 1}"
        )


def _choose_sandbox_port(remembered: Path) -> int:
    """The port of last time if it is free, so that addresses stay the same over restarts."""
    if remembered.exists() and is_port_free(int(remembered.read_text())):
        return int(remembered.read_text())
    port = find_free_port()
    remembered.write_text(f"{port}\n")
    return port

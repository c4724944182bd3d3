"""A real `manage.py worker` on the database of the test, in processes of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from django.db import connection

from returnsops.lib.processes import PROJECT_DIR

IN_A_HURRY = {
    "DJANGO_SETTINGS_MODULE": "tests.journey.worker_settings",
    "SENDING_LEASE_S": "2",
    "NETSUITE_COMMIT_WINDOW_S": "1",
    "CLAIM_LEASE_S": "2",
    "LANE_LEASE_S": "3",
    "LOOK_LEASE_S": "2",
    "TICK_EVERY_S": "0.5",
    "HEARTBEAT_LIMIT_S": "20",
    "QUEUE_WORKERS": "2",
    "SENDER_THREADS": "4",
}
STOP_LIMIT_S = 45.0
POLL_S = 0.1


class Worker:
    """Started with the block, stopped with it."""

    def __init__(self, folder: Path, *, senders: int = 1, killers: Mapping[str, str] | None = None) -> None:
        self.log = folder / "worker.log"
        database = {name: connection.settings_dict[name] for name in ("NAME", "HOST", "PORT", "USER", "PASSWORD")}
        self._environment = {
            **os.environ,
            **IN_A_HURRY,
            "RETURNSOPS_DATA_DIR": str(folder),
            "TEST_DATABASE": json.dumps(database, default=str),
            "KILLERS": json.dumps(killers or {}),
        }
        self._command = (sys.executable, "manage.py", "worker", "--senders", str(senders))
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=PROJECT_DIR, env=self._environment, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def process_id(self) -> int:
        assert self._process is not None, "the worker is not started"
        return self._process.pid

    def stop(self) -> float:
        """SIGTERM. Gives after how many seconds everything had ended."""
        assert self._process is not None, "the worker is not started"
        started = time.monotonic()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        return time.monotonic() - started

    @property
    def exit_code(self) -> int | None:
        assert self._process is not None, "the worker is not started"
        return self._process.returncode

    def said(self) -> str:
        return self.log.read_text(errors="replace")


def wait_until(has_come: Callable[[], bool], *, limit_s: float, what: str, worker: Worker) -> None:
    give_up_at = time.monotonic() + limit_s
    while not has_come():
        assert time.monotonic() < give_up_at, f"not within {limit_s:.0f} s: {what}\n{worker.said()[-6000:]}"
        time.sleep(POLL_S)

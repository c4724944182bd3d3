"""The sandbox as a process of its own, to be killed and started again."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.sandbox.strangers import wait_for

ROOT = Path(__file__).parents[2]
START_S = 120.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Program:
    """One file, one port, one process after the other."""

    file: Path
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "integrations.sandbox", "--port", str(self.port), "--file", str(self.file)]
        log = self.file.with_suffix(".log").open("ab")
        with log:
            self.process = subprocess.Popen([*command, *self.options], cwd=ROOT, stdout=log, stderr=log, env=os.environ)
        assert wait_for(self.is_up, seconds=START_S), self.file.with_suffix(".log").read_text()

    def is_up(self) -> bool:
        try:
            return requests.get(f"{self.url}/_sandbox/health", timeout=5).ok
        except (requests.ConnectionError, requests.Timeout):
            return False

    def kill(self) -> None:
        """As when the power fails: nothing is said, nothing is written any more."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def program(file: Path, *options: str) -> Iterator[Program]:
    running = Program(file, options)
    running.start()
    try:
        yield running
    finally:
        running.kill()

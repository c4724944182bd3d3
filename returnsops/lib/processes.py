"""Programs that we start, watch and stop together; nothing of them is left behind, even if we are killed.

Each program leads a session of its own: Ctrl-C in the terminal reaches only us, and we can end it with all its
children. A guardian (see there) does it in our place when we cannot.
"""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from returnsops.lib.errors import ProcessError, StopRequested
from returnsops.lib.guardian import end_sessions, kill_session

PROJECT_DIR = Path(__file__).resolve().parents[2]
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
POLL_S = 0.1
ANSWER_LIMIT_S = 2.0
LOG_LINES_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Program:
    name: str
    command: tuple[str, ...]
    log: Path | None = None  # None: it writes where we write
    environment: Mapping[str, str] = field(default_factory=dict)  # added to ours


class Processes:
    """The running programs, by name. A context manager: leaving it stops them all.

    patience_s: how long a program may take to stop before it is killed; more than what it grants its own programs.
    """

    def __init__(self, *, patience_s: float) -> None:
        self.patience_s = patience_s
        self._programs: dict[str, Program] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._guardian: subprocess.Popen[bytes] | None = None
        self._stop_requested = False

    def __enter__(self) -> Self:
        self._old_handlers = {number: signal.signal(number, self._request_stop) for number in STOP_SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_all()
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)

    def start(self, program: Program) -> None:
        assert program.name not in self._running, f"{program.name} runs already"
        # Who is started again goes on in the same log: it says why the one before has ended.
        mode = "ab" if program.name in self._programs else "wb"
        output = None if program.log is None else program.log.open(mode)
        try:
            process = subprocess.Popen(
                program.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=None if output is None else subprocess.STDOUT,
                cwd=PROJECT_DIR,
                env={**os.environ, **program.environment},
                start_new_session=True,
            )
        finally:
            if output is not None:
                output.close()
        self._programs[program.name] = program
        self._running[program.name] = process
        self._tell_guardian(f"+{process.pid}")

    def knows(self, name: str) -> bool:
        """Started and not buried; it may have ended."""
        return name in self._running

    def is_running(self, name: str) -> bool:
        return name in self._running and self._running[name].poll() is None

    def process_id(self, name: str) -> int:
        return self._running[name].pid

    def bury(self, name: str) -> int:
        """Kill what is left of a program and its children, and forget it. Gives its exit code; negative: a signal."""
        process = self._running.pop(name)
        kill_session(process.pid)
        code = process.wait()
        self._tell_guardian(f"-{process.pid}")
        return code

    def kill_child(self, name: str) -> bool:
        """Kill one child of a program, the oldest. False: it has none, or this system does not tell."""
        children = Path(f"/proc/{self.process_id(name)}/task/{self.process_id(name)}/children")
        ids = children.read_text().split() if children.exists() else []
        for child in ids[:1]:
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        return bool(ids)

    def stop_all(self) -> None:
        running = {process.pid: process for process in self._running.values()}
        end_sessions(running, is_alive=lambda leader: running[leader].poll() is None, patience_s=self.patience_s)
        for process in running.values():
            process.wait()
        self._running.clear()
        self._dismiss_guardian()

    def rest(self, seconds: float) -> None:
        """Let time pass. Raises StopRequested soon after a signal asked us to stop."""
        wake_at = time.monotonic() + seconds
        while not self._stop_requested and (left := wake_at - time.monotonic()) > 0:
            self._replace_dead_guardian()
            time.sleep(min(POLL_S, left))
        if self._stop_requested:
            raise StopRequested

    def watch(self, seconds: float) -> None:
        """Let time pass; raises ProcessError when a program has ended, StopRequested as rest() does."""
        self.rest(seconds)
        for name, process in self._running.items():
            code = process.poll()
            if code is not None:
                raise ProcessError(f"{name} has ended {_describe_exit(code)}.{self._log_end(name)}")

    def wait_until_ready(self, name: str, *, url: str, limit_s: float) -> None:
        """Until url answers with success. Raises as watch() does, and ProcessError after limit_s."""
        self._wait_for(name, partial(_find_trouble, url), place=url, limit_s=limit_s)

    def wait_until_listening(self, name: str, *, port: int, limit_s: float) -> None:
        """Until something takes connections at a port. Raises as wait_until_ready() does."""
        self._wait_for(name, partial(_find_deafness, port), place=f"port {port}", limit_s=limit_s)

    def _wait_for(self, name: str, find_trouble: Callable[[], str | None], *, place: str, limit_s: float) -> None:
        give_up_at = time.monotonic() + limit_s
        while (trouble := find_trouble()) is not None:
            if time.monotonic() > give_up_at:
                late = f"{name} is not ready after {limit_s:.0f} s: {place}: {trouble}."
                raise ProcessError(late + self._log_end(name))
            self.watch(POLL_S)

    def _request_stop(self, number: int, frame: FrameType | None) -> None:
        """Only noted, and looked at while we rest: an exception raised in a signal handler could hit between the
        start of a program and its registration."""
        self._stop_requested = True

    def _log_end(self, name: str) -> str:
        log = self._programs[name].log
        if log is None:
            return ""
        lines = log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
        return "\n".join([f" The end of {log}:", *lines])

    def _tell_guardian(self, line: str) -> None:
        if self._guardian is None:
            self._appoint_guardian()
            return
        assert self._guardian.stdin is not None
        try:
            self._guardian.stdin.write(f"{line}\n".encode())
            self._guardian.stdin.flush()
        except BrokenPipeError:
            self._replace_dead_guardian()

    def _replace_dead_guardian(self) -> None:
        if self._guardian is not None and self._guardian.poll() is not None:
            self._dismiss_guardian()
            self._appoint_guardian()

    def _appoint_guardian(self) -> None:
        """Told of everyone who runs, as it may follow one that was killed."""
        self._guardian = subprocess.Popen(
            [sys.executable, "-m", "returnsops.lib.guardian", str(self.patience_s)],
            stdin=subprocess.PIPE,
            cwd=PROJECT_DIR,
            start_new_session=True,
        )
        for process in self._running.values():
            self._tell_guardian(f"+{process.pid}")

    def _dismiss_guardian(self) -> None:
        """Only when nothing runs, or it is dead: the end of its input is what makes it act."""
        if self._guardian is None:
            return
        self._guardian.kill()
        with suppress(BrokenPipeError):
            self._guardian.communicate()
        self._guardian = None


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_port_free(port: int) -> bool:
    """Sockets still winding down from an earlier run do not count as taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _find_trouble(url: str) -> str | None:
    """Why url gives no success yet. Asked without a proxy: it is one of ours, on this machine."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=ANSWER_LIMIT_S):
            return None
    except (urllib.error.URLError, OSError) as error:
        return str(error)


def _find_deafness(port: int) -> str | None:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=ANSWER_LIMIT_S).close()
    except OSError as error:
        return str(error)
    return None


def _describe_exit(code: int) -> str:
    return f"with exit code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"

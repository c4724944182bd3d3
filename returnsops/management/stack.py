"""The whole of ReturnsOps on one machine, against the sandbox: what `demo` and `smoke` start."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from django.conf import settings

from returnsops.lib import postgres
from returnsops.lib.errors import ProcessError
from returnsops.lib.postgres import Outlives
from returnsops.lib.processes import PROJECT_DIR, Processes, Program

START_LIMIT_S = 60.0
COMMAND_LIMIT_S = 300.0
# The worker grants its own programs 20 s.
STOP_PATIENCE_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Where everything is. new_return_every_s: how lively the sandbox is; 0 makes it wait for commands.

    workers: processes that each look after a task queue and a sender. settings: environment of every program.
    database_outlives: of the embedded PostgreSQL.
    """

    data_dir: Path
    port: int
    sandbox_port: int
    new_return_every_s: float = 0
    workers: int = 1
    settings: Mapping[str, str] = field(default_factory=dict)
    sandbox_seed: str = "returnsops"
    database_outlives: Outlives = Outlives.POWER_CUT

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def log_dir(self) -> Path:
        return self.data_dir / "logs"

    @cached_property
    def environment(self) -> dict[str, str]:
        """Added to ours. What runs on this machine is never asked for through a proxy."""
        without_proxy = ",".join(filter(None, [os.environ.get("NO_PROXY", ""), "127.0.0.1", "localhost"]))
        return {
            "RETURNSOPS_DATA_DIR": str(self.data_dir),
            "BUSINESS_CLOCK_FILE": str(self.data_dir / "clock.json"),
            "PUBLIC_URL": self.url,
            "PYTHONUNBUFFERED": "1",
            "NO_PROXY": without_proxy,
            "no_proxy": without_proxy,
            **self.settings,
        }

    @property
    def worker_names(self) -> list[str]:
        return ["worker", *(f"worker-{number}" for number in range(2, self.workers + 1))]


def start_stack(processes: Processes, *, stack: Stack) -> str:
    """Start all of it, on the data that is there. Gives what seed_demo says: the log-ins."""
    stack.log_dir.mkdir(parents=True, exist_ok=True)
    processes.start(sandbox_program(stack))
    ensure_database(stack)
    processes.wait_until_ready("sandbox", url=f"{stack.sandbox_url}/_sandbox/health", limit_s=START_LIMIT_S)
    log_ins = run_command(stack, "seed_demo", "--sandbox", stack.sandbox_url)
    processes.watch(0)
    processes.start(web_program(stack))
    for name in stack.worker_names:
        processes.start(worker_program(stack, name=name))
    processes.wait_until_ready("web", url=f"{stack.url}/healthz", limit_s=START_LIMIT_S)
    return log_ins


def ensure_database(stack: Stack) -> None:
    """Start the embedded PostgreSQL, unless DATABASE_URL names a server that others look after."""
    if not settings.DATABASE_URL:
        postgres.ensure_running(stack.data_dir / "postgres", outlives=stack.database_outlives)


def stop_database(data_dir: Path) -> None:
    if not settings.DATABASE_URL:
        postgres.stop(data_dir / "postgres")


def run_command(stack: Stack, *arguments: str) -> str:
    """Run a management command to its end, in a session of its own: Ctrl-C must not stop a migration half-way."""
    done = subprocess.run(
        [*_manage(arguments[0]), *arguments[1:]],
        cwd=PROJECT_DIR,
        env={**os.environ, **stack.environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMAND_LIMIT_S,
        start_new_session=True,
    )
    if done.returncode:
        raise ProcessError(f"{arguments[0]} failed with exit code {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def web_program(
    stack: Stack, *, name: str = "web", port: int | None = None, settings_module: str = "returnsops.settings"
) -> Program:
    """The web server as it is run everywhere."""
    return _program(
        stack,
        name,
        *(sys.executable, "-m", "gunicorn", "returnsops.wsgi"),
        *("--env", f"DJANGO_SETTINGS_MODULE={settings_module}"),
        *("--bind", f"127.0.0.1:{port or stack.port}"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "8"),
        "--no-control-socket",
        "--preload",  # each of its processes would load the same for a second, and again after a restart
    )


def sandbox_program(stack: Stack) -> Program:
    return _program(
        stack,
        "sandbox",
        *(sys.executable, "-m", "integrations.sandbox"),
        *("--port", str(stack.sandbox_port)),
        *("--file", str(stack.data_dir / "sandbox.sqlite3")),
        *("--clock", str(stack.data_dir / "clock.json")),
        *("--living", str(stack.new_return_every_s)),
        *("--seed", stack.sandbox_seed),
        *("--webhook-url", f"{stack.url}/hooks/loop"),
    )


def worker_program(stack: Stack, *, name: str = "worker") -> Program:
    """Each has a heart of its own, so that one which hangs is not taken for the other."""
    program = _program(stack, name, *_manage("worker"))
    own = {"HEARTBEAT_FILE": str(stack.data_dir / f"{name}.heartbeat")}
    return replace(program, environment={**program.environment, **own})


def _manage(verb: str) -> tuple[str, ...]:
    return (sys.executable, str(PROJECT_DIR / "manage.py"), verb)


def _program(stack: Stack, name: str, *command: str) -> Program:
    return Program(name=name, command=command, log=stack.log_dir / f"{name}.log", environment=stack.environment)

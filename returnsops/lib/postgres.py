"""The PostgreSQL that comes with ReturnsOps, for demo, development and tests. Production sets DATABASE_URL.

The server listens on a Unix socket only, in a folder that nobody but its owner can enter; that is why it
asks for no password. `data_dir` names a server everywhere here; where its files lie and as whom it runs,
postgres_home knows.
"""

import fcntl
import shlex
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from returnsops.lib.database_url import WHILE_WORKING
from returnsops.lib.errors import PostgresError
from returnsops.lib.postgres_home import (
    SOCKET_NAME,
    SUPERUSER,
    Home,
    open_home,
    remove_home,
    run_program,
    socket_dir_of,
)

DATABASE = "returnsops"
CONNECTIONS_MAX = 200
LOCK_WAIT_S = 60
START_WAIT_S = 60
STOP_WAIT_S = 30
POLL_S = 0.05


class Outlives(Enum):
    """What all that was committed outlives; the less, the less waits for the disk. Its value is switched off."""

    POWER_CUT = frozenset[str]()  # an empty tuple is no value to Python 3.11.2, which Debian has
    CRASH = frozenset({"fsync", "full_page_writes"})  # of PostgreSQL: the machine has what was committed
    STOP = CRASH | {"synchronous_commit"}  # for tests


def connection_settings(data_dir: Path) -> dict[str, Any]:
    """Django's DATABASES entry for the server of data_dir. Makes and starts nothing."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE,
        "USER": SUPERUSER,
        "PASSWORD": "",
        "HOST": str(socket_dir_of(data_dir)),
        "PORT": "",
        "OPTIONS": {"options": WHILE_WORKING},
    }


def ensure_running(data_dir: Path, *, outlives: Outlives = Outlives.POWER_CUT) -> bool:
    """Start the server of data_dir unless it runs, making its files and its database when there are none.

    Safe to call from several processes at once. True if this call started it.
    """
    with _locked(data_dir):
        home = open_home(data_dir)
        started = _bring_up(home, outlives=outlives)
        _create_database(home)
    return started


def stop(data_dir: Path, *, crash: bool = False) -> bool:
    """Stop the server of data_dir, ending its connections. True if it ran.

    crash: at once and without writing anything out, so that the next start has to recover.
    """
    if not is_running(data_dir):
        return False
    with _locked(data_dir):
        return _stop(socket_dir_of(data_dir), mode="immediate" if crash else "fast")


def erase(data_dir: Path) -> None:
    """Stop the server of data_dir and remove all of its files, also what a removed or moved data_dir left."""
    with _locked(data_dir):
        _stop(socket_dir_of(data_dir))
        remove_home(data_dir)


def is_running(data_dir: Path) -> bool:
    return _listening_cluster(socket_dir_of(data_dir)) is not None


@contextmanager
def _locked(data_dir: Path) -> Iterator[None]:
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    give_up_at = time.monotonic() + LOCK_WAIT_S
    with (data_dir / "lock").open("w") as lock:
        while not _try_lock(lock.fileno()):
            if time.monotonic() > give_up_at:
                raise PostgresError(
                    f"Another program has been starting or stopping the database in {data_dir} "
                    f"for {LOCK_WAIT_S} s. Wait for it, or end it, and try again."
                )
            time.sleep(POLL_S)
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _listening_cluster(socket_dir: Path) -> Path | None:
    """The cluster whose server listens in this folder: the second line of the lock file beside the socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(socket_dir / SOCKET_NAME))
            lock = (socket_dir / f"{SOCKET_NAME}.lock").read_text()
        except (FileNotFoundError, ConnectionRefusedError):
            return None
    return Path(lock.splitlines()[1])


def _bring_up(home: Home, *, outlives: Outlives) -> bool:
    """Until the server answers: one that listens may yet be dying of a kill, or recovering from one."""
    started = False
    give_up_at = time.monotonic() + START_WAIT_S
    while True:
        if _listening_cluster(home.socket_dir) != home.cluster:
            _stop(home.socket_dir)  # left running by a checkout that lay at this path before
            _start(home, outlives=outlives)
            started = True
        try:
            _connect(home).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > give_up_at:
                raise PostgresError(f"PostgreSQL does not answer after {START_WAIT_S} s: {error}") from error
            time.sleep(POLL_S)
        else:
            return started


def _start(home: Home, *, outlives: Outlives) -> None:
    for lock in (home.cluster / "postmaster.pid", home.socket_dir / f"{SOCKET_NAME}.lock"):
        _forget_dead_server(lock, cluster=home.cluster)
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(home.socket_dir),
        "unix_socket_permissions": "0700",
        "max_connections": str(CONNECTIONS_MAX),
        "log_checkpoints": "off",
        **dict.fromkeys(sorted(outlives.value), "off"),
    }
    flags = " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in options.items())
    _run_pg_ctl("restart", f"--timeout={START_WAIT_S}", f"--log={home.log}", f"--options={flags}", home=home)


def _forget_dead_server(lock: Path, *, cluster: Path) -> None:
    """Remove the lock file of a killed server whose process id went to another program.

    PostgreSQL would take that program for a running server and refuse to start; in containers, where every
    start counts its processes from 1, this is common. Should processes of the old server still live,
    PostgreSQL sees it by their shared memory and refuses all the same.
    """
    if not lock.exists() or not Path("/proc/self").exists():
        return
    process_id = lock.read_text().splitlines()[0].strip()
    try:
        is_ours = Path("/proc", process_id, "cwd").samefile(cluster)
    except OSError:  # ended, a zombie, or another user's
        is_ours = False
    if not is_ours:
        lock.unlink()


def _stop(socket_dir: Path, *, mode: str = "fast") -> bool:
    cluster = _listening_cluster(socket_dir)
    if cluster is None:
        return False
    home = Home(base=cluster.parent, socket_dir=socket_dir)
    _run_pg_ctl("stop", f"--timeout={STOP_WAIT_S}", home=home, mode=mode)
    return True


def _run_pg_ctl(verb: str, *arguments: str, home: Home, mode: str = "fast") -> None:
    done = run_program(
        "pg_ctl",
        *(verb, "--wait", f"--mode={mode}", "--silent", f"--pgdata={home.cluster}"),
        *arguments,
        files_of=home.cluster,
    )
    if done.returncode:
        raise PostgresError(
            f"PostgreSQL did not {verb}: {done.stderr.strip()}\nThe end of its log, {home.log}:\n{_end_of(home.log)}"
        )


def _connect(home: Home) -> psycopg.Connection[Any]:
    return psycopg.connect(host=str(home.socket_dir), user=SUPERUSER, dbname="postgres", autocommit=True)


def _create_database(home: Home) -> None:
    with _connect(home) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if known is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def _end_of(log: Path, *, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else "(none)"

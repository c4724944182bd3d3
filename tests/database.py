"""pytest plugin: tests have a PostgreSQL of their own, started with the session and stopped with the last one.

Loaded by «-p» in pyproject.toml, because the data folder must be known before Django reads its settings. Sessions
that run at the same time share the server, never a database: each takes the first free slot.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from django.db import connections

from returnsops.lib import postgres

DATA_DIR = Path(__file__).resolve().parent.parent / ".data" / "tests"
SLOT = "RETURNSOPS_TEST_SLOT"  # how xdist's workers learn what their controller took
SLOTS_MAX = 8
SERVER_GIVEN = "DATABASE_URL" in os.environ
HELD_SLOT = pytest.StashKey[IO[str]]()

os.environ["RETURNSOPS_DATA_DIR"] = str(DATA_DIR)
# A thread of its own would not see what a test has in its transaction.
os.environ["NUDGE_GATHER_S"] = "0"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    if not _is_worker(session.config):
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        with _one_at_a_time():
            session.config.stash[HELD_SLOT] = _take_slot()
            if not SERVER_GIVEN:
                postgres.ensure_running(DATA_DIR / "postgres", outlives=postgres.Outlives.STOP)
    connections.settings["default"]["TEST"]["NAME"] = f"test_returnsops_{os.environ[SLOT]}"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if HELD_SLOT not in session.config.stash:
        return
    with _one_at_a_time():
        session.config.stash[HELD_SLOT].close()
        if not any(_is_taken(number) for number in range(SLOTS_MAX)):
            postgres.stop(DATA_DIR / "postgres")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """So that no session takes the server for running while the last one before it stops it."""
    with (DATA_DIR / "sessions").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _take_slot() -> IO[str]:
    for number in range(SLOTS_MAX):
        slot = _lock_slot(number)
        if slot is not None:
            os.environ[SLOT] = str(number)
            return slot
    raise pytest.UsageError(f"{SLOTS_MAX} test sessions are running already. Wait for one to end.")


def _is_taken(number: int) -> bool:
    slot = _lock_slot(number)
    if slot is None:
        return True
    slot.close()
    return False


def _lock_slot(number: int) -> IO[str] | None:
    """The slot's open file, which holds the lock until it is closed or its process ends."""
    slot = (DATA_DIR / f"slot-{number}").open("w")
    try:
        fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        slot.close()
        return None
    return slot

"""Locks of PostgreSQL: those that live as long as their transaction, and those that live as long as who holds them."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)


def lock_until_commit(*words: str) -> None:
    """Wait for the named lock and hold it to the end of the transaction (a PostgreSQL advisory lock)."""
    assert connection.in_atomic_block, "a lock without a transaction would be gone at once"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_number_of(words)])


@contextmanager
def try_lock(*words: str) -> Iterator[bool]:
    """Hold the named lock if nobody does; gives whether we do. It is let go of at the end, or when our connection to
    the database ends: with our process, with the server, or half a minute after our machine was cut off from it
    (`returnsops.lib.database_url`)."""
    if words in _held:  # of the same connection PostgreSQL would let us have it twice
        yield False
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_number_of(words)])
        is_ours = bool(cursor.fetchone()[0])
    if not is_ours:
        yield False
        return
    _held.add(words)
    try:
        yield True
    finally:
        _held.discard(words)
        _let_go(words)


_held: set[tuple[str, ...]] = set()  # by this process


def _let_go(words: tuple[str, ...]) -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_number_of(words)])
            was_ours = bool(cursor.fetchone()[0])
    except (OperationalError, InterfaceError):
        connection.close()  # which lets go of it as well
        return
    if not was_ours:
        logger.warning("the lock «%s» was lost while we worked: our connection was closed meanwhile", " ".join(words))


def _number_of(words: tuple[str, ...]) -> int:
    digest = hashlib.sha256("\x1f".join(words).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)

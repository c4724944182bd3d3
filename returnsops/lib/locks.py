"""Locks that live as long as their transaction."""

import hashlib

from django.db import connection


def lock_until_commit(*words: str) -> None:
    """Wait for the named lock and hold it to the end of the transaction (a PostgreSQL advisory lock)."""
    assert connection.in_atomic_block, "a lock without a transaction would be gone at once"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_number_of(words)])


def _number_of(words: tuple[str, ...]) -> int:
    digest = hashlib.sha256("\x1f".join(words).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)

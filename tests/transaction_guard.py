"""No network inside a transaction: every call of a test is watched, in all its threads."""

import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections

from integrations import http

FRAMES_TOLD = 8


class TransactionGuard:
    """Remembers every call that was about to be made inside a transaction, and where.

    The transaction that a test itself runs in does not count; Django marks it.
    """

    def __init__(self) -> None:
        self.places: list[str] = []
        self.shipped = http.is_in_transaction
        self._lock = threading.Lock()

    @contextmanager
    def installed(self) -> Iterator["TransactionGuard"]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(http, "is_in_transaction", self.look)
            yield self

    def look(self) -> bool:
        """In the place of `http.is_in_transaction`."""
        if not any(_opened_by_our_code(alias) for alias in connections):
            return False
        with self._lock:
            self.places.append("".join(traceback.format_stack(limit=FRAMES_TOLD)[:-2]))
        return True

    def fail_if_any(self) -> None:
        places, self.places = self.places, []
        if places:
            pytest.fail(f"{len(places)} call(s) inside a database transaction:\n" + "\n".join(places), pytrace=False)


def _opened_by_our_code(alias: str) -> bool:
    return any(not getattr(block, "_from_testcase", False) for block in connections[alias].atomic_blocks)

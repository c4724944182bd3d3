"""One SQLite database (an account, or all of Loop): a single connection and a single writer at a time."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Store:
    """Everything goes through `transaction()`, which commits whole or not at all."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(
            path or ":memory:", check_same_thread=False, isolation_level=None, cached_statements=512
        )
        self._connection.row_factory = sqlite3.Row
        self._lock = threading.RLock()
        self._depth = 0
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "case_sensitive_like=ON",
            "cache_size=-65536",
        ):
            self._connection.execute(f"PRAGMA {pragma}")

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def add_function(self, name: str, *, arguments: int, function: Callable[..., Any], pure: bool = True) -> None:
        self._connection.create_function(name, arguments, function, deterministic=pure)

    def run_script(self, script: str) -> None:
        with self._lock:
            self._connection.executescript(script)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock:
            if self._depth:  # already inside: the outer one commits
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth = 1
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            else:
                self._connection.execute("COMMIT")
            finally:
                self._depth = 0

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> sqlite3.Row | None:
        with self._lock:
            found: sqlite3.Row | None = self._connection.execute(sql, parameters).fetchone()
            return found

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        found = self.row(sql, parameters)
        return None if found is None else found[0]

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> int:
        """Run one statement; gives the id of the last row it inserted."""
        with self._lock:
            return self._connection.execute(sql, parameters).lastrowid or 0

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any] | Mapping[str, Any]]) -> None:
        with self._lock:
            self._connection.executemany(sql, rows)

    def named_rows(self, sql: str, parameters: Sequence[Any]) -> tuple[list[str], list[sqlite3.Row]]:
        with self._lock:
            cursor = self._connection.execute(sql, parameters)
            return [column[0] for column in cursor.description], cursor.fetchall()

    def next_number(self, name: str, *, start: int) -> int:
        sql = (
            "INSERT INTO counter (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"
        )
        return int(self.rows(sql, (name, start))[0][0])

    def next_numbers(self, name: str, *, count: int, start: int) -> int:
        """The first of `count` consecutive numbers."""
        sql = (
            "INSERT INTO counter (name, value) VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET value = value + ? RETURNING value"
        )
        return int(self.rows(sql, (name, start + count - 1, count))[0][0]) - count + 1

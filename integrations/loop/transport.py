"""How a call gets to Loop: key, version, call budget, and what every answer says about the limit."""

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from integrations.errors import RejectedError
from integrations.http import HttpAnswer, open_session, send_request
from integrations.loop.answers import expect_true, read_answer, unreadable_answer
from integrations.second_try import read_twice

logger = logging.getLogger(__name__)

PAGES_MAX = 2_000
Told = TypeVar("Told")


class CallBudget(Protocol):
    """Who lets calls go out. Loop counts all calls of a key together (loop.md §1.3)."""

    def take(self) -> None:
        """Wait for the right to make one call. Raises TemporaryError when that would take too long."""

    def note(self, *, remaining: int | None, retry_after_s: float | None, refused: bool) -> None:
        """What an answer said about the limit."""


class NoBudget:
    """Calls go out at once: for a key that nobody else uses, as in a check of new credentials."""

    def take(self) -> None:
        return

    def note(self, *, remaining: int | None, retry_after_s: float | None, refused: bool) -> None:
        return


class LoopTransport:
    """Safe to share between threads. base_url: the host, such as https://api.loopreturns.com.

    read_again_after_s: a read that failed by chance is tried once more after this; None: it is not.
    """

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        version: str = "v1",
        budget: CallBudget | None = None,
        timeout_s: float = 20.0,
        writes_timeout_s: float = 60.0,
        pool_size: int = 10,
        read_again_after_s: float | None = None,
    ) -> None:
        self.version = version
        # Without a version in the path Loop answers with the oldest it still has (loop.md §1.1).
        self._root = "/".join(filter(None, (base_url.rstrip("/").removesuffix("/api"), "api", version)))
        self._api_key = api_key
        self._budget = budget or NoBudget()
        self._timeout_s = timeout_s
        self._writes_timeout_s = writes_timeout_s
        self._session = open_session(pool_size=pool_size)
        self._read_again_after_s = read_again_after_s
        self.answered_version = ""  # what x-loop-api-version said last; an alias such as v1 moves
        self.answered_at: datetime | None = None  # by Loop's own clock, as its last answer told

    def close(self) -> None:
        self._session.close()

    def probe(self, operation: str, path: str, *, params: Mapping[str, str] | None = None) -> HttpAnswer:
        """Any answer to a read, refusals too: for what only its status, headers or shape tells."""
        return self._send(operation, "GET", path, params=params)

    def _read(self, operation: str, path: str, *, params: Mapping[str, str] | None = None) -> tuple[Any, HttpAnswer]:
        """The body of a read that was not refused, and the answer it came in."""
        read = partial(read_answer, operation=operation)
        return self._ask(operation, path, lambda answer: (read(answer), answer), params=params)

    def _ask(
        self, operation: str, path: str, read: Callable[[HttpAnswer], Told], *, params: Mapping[str, str] | None = None
    ) -> Told:
        """What read makes of the answer: asked once more if the call, or the reading, fails by chance."""
        return read_twice(
            lambda: read(self._send(operation, "GET", path, params=params)), after_s=self._read_again_after_s
        )

    def _list_rows(self, operation: str, path: str, *, key: str, params: Mapping[str, str] | None = None) -> list[Any]:
        """Rows in an envelope under key, or bare: sources disagree on several endpoints."""
        body, answer = self._read(operation, path, params=params)
        rows = body.get(key) if isinstance(body, Mapping) else body
        if not isinstance(rows, list):
            raise unreadable_answer(answer, operation=operation, detail=f"no list of {key} in the answer")
        return rows

    def _act(
        self,
        operation: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json_body: object = None,
    ) -> None:
        answer = self._send(operation, "POST", path, params=params, json_body=json_body, writes=True)
        body = read_answer(answer, operation=operation, writes=True)
        expect_true(body, answer, operation=operation)

    def _send(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json_body: object = None,
        writes: bool = False,
    ) -> HttpAnswer:
        self._budget.take()
        answer = send_request(
            self._session,
            system="loop",
            operation=operation,
            method=method,
            url=self._root + path,
            headers={"X-Authorization": self._api_key, "Accept": "application/json"},
            params=params,
            json_body=json_body,
            timeout_s=self._writes_timeout_s if writes else self._timeout_s,
            writes=writes,
            secrets=(self._api_key,),
        )
        self._heed(answer)
        return answer

    def _heed(self, answer: HttpAnswer) -> None:
        remaining = answer.headers.get("x-ratelimit-remaining", "")
        self._budget.note(
            remaining=int(remaining) if remaining.isdecimal() else None,
            retry_after_s=answer.retry_after_s,
            refused=answer.status == 429,
        )
        version = answer.headers.get("x-loop-api-version", "")
        if version and version != self.answered_version:
            logger.info("Loop answers %s calls as version %s", self.version or "unversioned", version)
            self.answered_version = version
        self.answered_at = answer.told_at


def follow_pages(pages: Iterator[list[Any]], *, operation: str) -> Iterator[list[Any]]:
    """Pages as they come, with an end."""
    for number, rows in enumerate(pages, start=1):
        yield rows
        if number == PAGES_MAX:
            detail = f"more than {PAGES_MAX} pages in one window; ask for a shorter one"
            raise RejectedError(system="loop", operation=operation, detail=detail, family="too_many_pages")


def return_path(return_id: str, action: str) -> str:
    return f"/warehouse/return/{quote(return_id, safe='')}/{action}"

"""Asking one question after the other: bounded in calls and time, and one without an answer stops no other."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from integrations.connections import watched
from integrations.errors import ConfigurationError, IntegrationError, RejectedError, TemporaryError
from integrations.models import NetSuiteAccount, Shop

CALLS_MAX = 80
LIMIT_S = 55.0
SILENCES_MAX = 2  # as many questions in a row without an answer, and the rest is not asked
WORDS_MAX = 300

Told = TypeVar("Told")
Progress = Callable[[int, str], None]  # how many questions are done, and which is being asked


@dataclass(frozen=True, kw_only=True)
class NotTold:
    """A question without an answer. refused: they said no; else nothing was heard, or it was not asked."""

    why: str
    refused: bool = False
    family: str = ""
    status: int | None = None
    code: str = ""

    @property
    def lacks_right(self) -> bool:
        return self.family == "permission"

    @property
    def evidence(self) -> str:
        parts = [f"HTTP {self.status}" if self.status else "", self.code, self.why]
        return " · ".join(part for part in parts if part)


class Asker:
    def __init__(
        self,
        connection: Shop | NetSuiteAccount,
        *,
        progress: Progress | None = None,
        calls_max: int = CALLS_MAX,
        limit_s: float = LIMIT_S,
    ) -> None:
        self._connection = connection
        self._progress = progress
        self._calls_max = calls_max
        self._started = time.monotonic()
        self._limit_s = limit_s
        self._silences = 0
        self.calls = 0
        self.heard = 0  # answers that were no refusal
        self.stopped: NotTold | None = None

    @property
    def duration_s(self) -> float:
        return time.monotonic() - self._started

    def ask(self, what: str, call: Callable[[], Told], *, may_lack_scope: bool = False) -> Told | NotTold:
        """may_lack_scope: a 401 means that the key has no scope for this, as it has just been accepted for others."""
        self._stop_at_bounds()
        if self.stopped:
            return self.stopped
        self.calls += 1
        if self._progress:
            self._progress(self.calls, what)
        try:
            with watched(self._connection, even_stopped=True):
                told = _without_scope(call) if may_lack_scope else call()
        except IntegrationError as error:
            return self._note(what, error)
        self._silences = 0
        self.heard += not isinstance(told, NotTold)
        return told

    def _note(self, what: str, error: IntegrationError) -> NotTold:
        answer = _not_told(error)
        self._silences = 0 if answer.refused else self._silences + 1
        if isinstance(error, ConfigurationError):
            self.stopped = answer
        elif self._silences >= SILENCES_MAX:
            self.stopped = NotTold(why=f"Not asked: there was no answer to «{what}» and the question before.")
        return answer

    def _stop_at_bounds(self) -> None:
        if self.stopped is None and self.calls >= self._calls_max:
            self.stopped = NotTold(why=f"Not asked: a check makes {self._calls_max} calls at most.")
        elif self.stopped is None and self.duration_s > self._limit_s:
            self.stopped = NotTold(
                why=f"Not asked: a check ends after {self._limit_s:.0f} s, and the answers were slow."
            )


def _without_scope(call: Callable[[], Told]) -> Told | NotTold:
    """A refused scope must not stop the connection, which works for everything else."""
    try:
        return call()
    except ConfigurationError as error:
        if error.status != 401:
            raise
        return NotTold(why=error.detail, refused=True, family="permission", status=401, code=error.code)


def _not_told(error: IntegrationError) -> NotTold:
    refused = isinstance(error, RejectedError | ConfigurationError)
    family = error.family if isinstance(error, RejectedError) else ""
    why = error.detail[:WORDS_MAX]
    if isinstance(error, TemporaryError) and error.status == 429:
        why = f"Too many calls at once; ask again later. {why}"
    return NotTold(why=why, refused=refused, family=family, status=error.status, code=error.code)

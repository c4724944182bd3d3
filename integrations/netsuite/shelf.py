"""Where an access token lies between two log-ins, and whose turn it is to log in."""

import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Protocol

from integrations.errors import ConfigurationError

# Five failed log-ins lock the integration user for half an hour, and many threads ask at once. Each refusal
# in a row is held four times as long as the one before, so that fewer than five fall into half an hour.
REFUSAL_HOLD_S = 60.0
REFUSAL_HOLD_S_MAX = 1_800.0
TURN_S = 40.0  # longer than a log-in may take; a turn of a killed process ends by itself
TURN_WAIT_S = 45.0
TURN_POLL_S = 0.1


@dataclass(frozen=True, kw_only=True)
class KeptToken:
    """Times in seconds since the epoch. renew_at: from then on somebody should log in anew."""

    text: str = field(repr=False)
    renew_at: float
    ends_at: float


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What lies on the shelf. version: moves with every change, so that a turn is taken on what was seen."""

    token: KeptToken | None
    refusal: ConfigurationError | None
    version: int


class Shelf(Protocol):
    def look(self) -> Shown: ...

    def take_turn(self, shown: Shown) -> str:
        """The turn to log in; empty when the shelf changed since, or another has it."""

    def put(self, token: KeptToken) -> None:
        """Keep a new token and end the turn."""

    def end_turn(self, turn: str) -> None:
        """Nothing came of it."""

    def drop(self, text: str) -> None:
        """Forget this token, unless another one lies there already."""

    def hold(self, refusal: ConfigurationError) -> None:
        """Forget the token, end the turn, and show the refusal for a while."""


def hold_for_s(refusals: int) -> float:
    """How long the n-th refusal in a row is held."""
    return float(min(REFUSAL_HOLD_S * 4 ** max(refusals - 1, 0), REFUSAL_HOLD_S_MAX))


class MemoryShelf:
    """Shared by the threads of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: KeptToken | None = None
        self._refusal: ConfigurationError | None = None
        self._refusals = 0
        self._refused_until = 0.0
        self._turn, self._turn_ends_at = "", 0.0
        self._version = 0

    def look(self) -> Shown:
        with self._lock:
            refusal = self._refusal if time.time() < self._refused_until else None
            return Shown(token=self._token, refusal=refusal, version=self._version)

    def take_turn(self, shown: Shown) -> str:
        with self._lock:
            taken = self._turn and time.time() < self._turn_ends_at
            if taken or shown.version != self._version:
                return ""
            self._turn, self._turn_ends_at = uuid.uuid4().hex, time.time() + TURN_S
            return self._turn

    def put(self, token: KeptToken) -> None:
        with self._lock:
            self._token, self._refusal, self._refusals = token, None, 0
            self._changed()

    def end_turn(self, turn: str) -> None:
        with self._lock:
            if turn == self._turn:
                self._turn = ""

    def drop(self, text: str) -> None:
        with self._lock:
            if self._token and self._token.text == text:
                self._token = None
                self._version += 1

    def hold(self, refusal: ConfigurationError) -> None:
        with self._lock:
            self._token, self._refusal = None, refusal
            self._refusals += 1
            self._refused_until = time.time() + hold_for_s(self._refusals)
            self._changed()

    def _changed(self) -> None:
        self._turn = ""
        self._version += 1

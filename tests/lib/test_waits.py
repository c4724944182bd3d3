"""A call that is silent for longer than the watchdog allows shows life while it waits, as long as it may take."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest
import requests

from integrations import http
from integrations.errors import TemporaryError
from returnsops import tasks
from returnsops.lib import waits
from returnsops.lib.waits import SOCKETS, beat_once, waiting_at_most
from returnsops.lib.watchdog import Heartbeat

WATCHDOG_LIMIT_S = 13.0
PATIENCE_S = 60.0


@dataclass
class Clock:
    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(waits, "time", clock)
    return clock


@pytest.fixture
def heart(tmp_path: Path, clock: Clock) -> Heartbeat:
    """It has beaten once, at the beginning of the call."""
    heart = Heartbeat(tmp_path / "heartbeat", limit_s=WATCHDOG_LIMIT_S)
    heart.file.touch()
    assert not heart.is_silent(since=clock.now - 100, now=clock.now)
    return heart


def silent_seconds(heart: Heartbeat, clock: Clock, *, up_to: int) -> Iterator[int]:
    """Pass second after second, the thread beating; gives those after which the watchdog would end the queue."""
    began = clock.now
    for second in range(1, up_to + 1):
        clock.now = began + second

        def touch(mark: float = clock.now) -> None:
            os.utime(heart.file, (mark, mark))

        beat_once(touch)
        if heart.is_silent(since=began - 100, now=clock.now):
            yield second


def test_call_that_is_silent_for_a_minute_is_no_hang(heart: Heartbeat, clock: Clock) -> None:
    with waiting_at_most(60):
        assert list(silent_seconds(heart, clock, up_to=60)) == []


def test_call_that_outlives_its_limit_is_a_hang(heart: Heartbeat, clock: Clock) -> None:
    with waiting_at_most(20):
        assert next(silent_seconds(heart, clock, up_to=60)) == pytest.approx(20 + WATCHDOG_LIMIT_S, abs=1)


def test_silence_without_a_call_is_a_hang(heart: Heartbeat, clock: Clock) -> None:
    with waiting_at_most(60):
        pass

    assert next(silent_seconds(heart, clock, up_to=60)) == pytest.approx(WATCHDOG_LIMIT_S, abs=1)


def test_longest_of_several_waits_counts(clock: Clock) -> None:
    with waiting_at_most(30):
        with waiting_at_most(5):
            clock.now += 10
            assert waits.is_waiting()
        assert waits.is_waiting()
    assert not waits.is_waiting()


class Elsewhere:
    """A thread that is somewhere in a call, until the test lets it go."""

    def __init__(self, work: Callable[[socket.socket], object], *, at: tuple[str, ...]) -> None:
        self._near, self._far = socket.socketpair()
        self._is_in = threading.Event()
        self._thread = threading.Thread(target=self._call, args=(work, at))

    def _call(self, work: Callable[[socket.socket], object], at: tuple[str, ...]) -> None:
        with waiting_at_most(PATIENCE_S, at=at):
            self._is_in.set()
            work(self._far)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._is_in.wait(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._near.close()
        self._thread.join(PATIENCE_S)
        self._far.close()


def read(line: socket.socket) -> None:
    with line.makefile("rb") as answer:
        answer.read(1)


def is_soon(claim: Callable[[], bool]) -> bool:
    give_up_at = time.monotonic() + PATIENCE_S
    while not claim() and time.monotonic() < give_up_at:
        time.sleep(0.01)
    return claim()


def test_call_that_waits_for_its_answer_is_alive() -> None:
    with Elsewhere(read, at=SOCKETS):
        assert is_soon(waits.is_waiting)

    assert not waits.is_waiting()


def test_call_that_stands_at_a_lock_is_not() -> None:
    lock, stands_there = threading.Lock(), threading.Event()

    def stand(_: socket.socket) -> None:
        stands_there.set()
        with lock:
            pass

    with lock, Elsewhere(stand, at=SOCKETS):
        assert stands_there.wait(PATIENCE_S)
        assert not any(waits.is_waiting() for _ in range(20))
        lock.release()
        is_soon(lambda: not waits._waits)
        lock.acquire()


def test_every_call_says_how_long_it_may_take_and_where_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[float, tuple[str, ...]]] = []

    @contextmanager
    def note(limit_s: float, *, at: tuple[str, ...]) -> Iterator[None]:
        told.append((limit_s, at))
        yield

    def fail(*args: object, **options: object) -> requests.Response:
        raise requests.ReadTimeout("no answer")

    session = http.open_session(pool_size=1)
    monkeypatch.setattr(http, "waiting_at_most", note)
    monkeypatch.setattr(session, "request", fail)
    with pytest.raises(TemporaryError):
        http.send_request(
            session, system="loop", operation="get", method="GET", url="http://127.0.0.1:9", headers={},
            timeout_s=60, writes=False,
        )  # fmt: skip

    assert told == [(http.CONNECT_TIMEOUT_S + 60, SOCKETS)]


def test_each_process_of_the_queue_has_one_thread_that_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []

    class Thread:
        def __init__(self, *, name: str, **options: object) -> None:
            self.name = name

        def start(self) -> None:
            started.append(self.name)

    monkeypatch.setattr(waits, "threading", type("threading", (), {"Thread": Thread}))
    monkeypatch.setattr(waits, "_beating_in", 0)
    monkeypatch.setitem(tasks.LOOKS, "life", lambda _: None)

    tasks.look("life")
    tasks.look("life")
    assert started == ["beat"]

    monkeypatch.setattr(waits, "_beating_in", os.getpid() + 1)  # as a fork finds it
    tasks.look("life")
    assert started == ["beat", "beat"]

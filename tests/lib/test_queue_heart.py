"""A queue of real processes, one of which waits, or hangs: replaced within 15 seconds, or left alone for 70."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from returnsops.lib import watchdog
from returnsops.lib.processes import Processes, Program
from returnsops.lib.queue_heart import QueueHeart, show_life, task_in_hand
from returnsops.lib.watchdog import Kept, look_after
from returnsops.management.commands import worker

# Two processes. One does what the test says; the other does task after task, waits for an answer, too, or idles.
QUEUE = """
import os, socket, sys, threading, time
from pathlib import Path
from returnsops.lib import waits
from returnsops.lib.queue_heart import task_in_hand
heartbeat, role, other = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
waits.BEAT_EVERY_S = 0.05
lock, ends = threading.Lock(), socket.socketpair()
lock.acquire()

def call():
    with waits.waiting_at_most(70, at=waits.SOCKETS), ends[0].makefile("rb") as answer:
        told(); answer.read(1)

def stuck_in_a_call():
    with waits.waiting_at_most(70, at=waits.SOCKETS):
        told(); lock.acquire()

def stuck():
    told(); lock.acquire()

def work():
    while True:
        with task_in_hand(heartbeat, limit_s=90):
            time.sleep(0.02)
        time.sleep(0.02)

def wait():
    with task_in_hand(heartbeat, limit_s=90), waits.waiting_at_most(70, at=waits.SOCKETS):
        ends[0].makefile("rb").read(1)

def idle():
    time.sleep(600)

def told():
    Path(sys.argv[4]).write_text(str(os.getpid()))

if os.fork():
    with task_in_hand(heartbeat, limit_s=90):
        globals()[role]()
else:
    globals()[other]()
"""
LIMIT_S, REPLACED_WITHIN_S, CALL_S = 13.0, 15.0, 70
PATIENCE_S = 60.0


@dataclass
class Clock:
    """In the place of the watchdog's: its seconds pass when the test says so, however busy the machine is."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now


class Queue:
    def __init__(self, processes: Processes, clock: Clock, folder: Path, *, role: str, other: str) -> None:
        self.processes, self.clock, self.heartbeat = processes, clock, folder / "heartbeat"
        self._told = folder / "told"
        command = (sys.executable, "-c", QUEUE, str(self.heartbeat), role, other, str(self._told))
        heart = QueueHeart(self.heartbeat, processes=2, limit_s=LIMIT_S, start_limit_s=60)
        self.kept = Kept(Program(name="queue", command=command), heartbeat=heart)
        look_after(processes, kept=[self.kept])
        self.first = processes.process_id("queue")
        wait_until(lambda: self._told.exists() and self._told.read_text() != "")
        self.pass_time(worker.ROUND_S)

    @property
    def hand(self) -> Path:
        """The file of the process that does what the test says."""
        return self.heartbeat.with_name("heartbeat-tasks") / self._told.read_text()

    @property
    def is_replaced(self) -> bool:
        return not self.processes.is_running("queue") or self.processes.process_id("queue") != self.first

    def pass_time(self, seconds: float) -> None:
        self.clock.now += seconds
        look_after(self.processes, kept=[self.kept])

    def seconds_until_replaced(self) -> float:
        began = self.clock.now
        while not self.is_replaced and self.clock.now < began + 2 * CALL_S:
            time.sleep(0.02)  # whoever lives has the time to show it
            self.pass_time(worker.ROUND_S)
        return self.clock.now - began


def wait_until(has_come: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + PATIENCE_S
    while not has_come():
        assert time.monotonic() < give_up_at, "waited in vain"
        time.sleep(0.01)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(watchdog, "time", clock)
    return clock


@pytest.fixture
def processes() -> Iterator[Processes]:
    with Processes(patience_s=1.0) as started:
        yield started


def test_call_that_lives_is_left_alone(processes: Processes, clock: Clock, tmp_path: Path) -> None:
    queue = Queue(processes, clock, tmp_path, role="call", other="work")

    for _ in range(CALL_S // 10):
        wait_for_life(queue.hand)
        wait_for_life(queue.heartbeat)
        queue.pass_time(10)

    assert not queue.is_replaced


def test_nothing_needs_to_be_dealt_out_while_all_wait(processes: Processes, clock: Clock, tmp_path: Path) -> None:
    queue = Queue(processes, clock, tmp_path, role="call", other="wait")
    wait_until(lambda: len(list(queue.hand.parent.iterdir())) == 2)

    for _ in range(CALL_S // 10):
        for hand in queue.hand.parent.iterdir():
            wait_for_life(hand)
        queue.pass_time(10)

    assert not queue.is_replaced


def wait_for_life(file: Path) -> None:
    before = file.stat().st_mtime_ns
    wait_until(lambda: file.stat().st_mtime_ns != before)


def test_what_a_dead_queue_left_is_no_hand_of_the_next_one(processes: Processes, clock: Clock, tmp_path: Path) -> None:
    left = tmp_path / "heartbeat-tasks" / str(os.getpid())  # the number went to a program that lives
    left.parent.mkdir()
    left.touch()
    (left.parent / ".nfs0001").touch()
    queue = Queue(processes, clock, tmp_path, role="call", other="work")

    for _ in range(3):
        wait_for_life(queue.hand)
        wait_for_life(queue.heartbeat)
        queue.pass_time(10)

    assert not queue.is_replaced
    assert not left.exists()


@pytest.mark.parametrize("role", ["stuck", "stuck_in_a_call"])
def test_process_that_hangs_is_replaced_though_another_works(
    processes: Processes, clock: Clock, tmp_path: Path, role: str
) -> None:
    queue = Queue(processes, clock, tmp_path, role=role, other="work")

    assert LIMIT_S < queue.seconds_until_replaced() <= REPLACED_WITHIN_S


def test_process_that_freezes_in_a_call_is_replaced(processes: Processes, clock: Clock, tmp_path: Path) -> None:
    queue = Queue(processes, clock, tmp_path, role="call", other="work")

    os.kill(int(queue.hand.name), signal.SIGSTOP)

    assert queue.seconds_until_replaced() <= REPLACED_WITHIN_S


def test_queue_that_deals_nothing_out_is_replaced_though_a_call_lives(
    processes: Processes, clock: Clock, tmp_path: Path
) -> None:
    queue = Queue(processes, clock, tmp_path, role="call", other="idle")

    assert LIMIT_S < queue.seconds_until_replaced() <= REPLACED_WITHIN_S


def test_what_a_killed_process_left_is_no_task_in_hand(tmp_path: Path) -> None:
    heart = QueueHeart(tmp_path / "heartbeat", processes=1, limit_s=LIMIT_S)
    left = tmp_path / "heartbeat-tasks" / "4194999"  # more than Linux gives out
    left.parent.mkdir()
    left.touch()

    heart.is_silent(since=0.0, now=1.0)

    assert not left.exists()


def test_nobody_is_poked_while_all_are_busy(tmp_path: Path) -> None:
    heart = QueueHeart(tmp_path / "heartbeat", processes=1, limit_s=LIMIT_S)
    with task_in_hand(heart.file, limit_s=90):
        assert not heart.is_silent(since=0.0, now=1.0)
        assert not heart.needs_poke(since=0.0, now=9.0)
        heart.is_silent(since=0.0, now=9.0)

    assert not heart.is_silent(since=0.0, now=10.0)
    assert heart.needs_poke(since=0.0, now=10.0)


def test_life_is_shown_only_with_a_task_in_hand(tmp_path: Path) -> None:
    show_life(tmp_path / "heartbeat")

    assert list(tmp_path.rglob("*")) == []

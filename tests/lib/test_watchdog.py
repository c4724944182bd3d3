"""The watchdog starts again what died and what hangs, and does not hurry with what dies at once."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from returnsops.lib import watchdog
from returnsops.lib.processes import Processes, Program
from returnsops.lib.watchdog import Heartbeat, Kept, Metronome, look_after
from returnsops.management.commands import worker

SLEEPER = Program(name="sleeper", command=("sleep", "600"))
LIMIT_S = 120.0
REPLACED_WITHIN_S = 15.0  # a hung queue, from its last beat to another one in its place


@dataclass
class Clock:
    """In the place of the watchdog's: seconds pass when the test says so, however busy the machine is."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(watchdog, "time", clock)
    return clock


@pytest.fixture
def processes() -> Iterator[Processes]:
    with Processes(patience_s=1.0) as started:
        yield started


def look_until(processes: Processes, kept: Kept, *, other_than: int) -> None:
    give_up_at = time.monotonic() + LIMIT_S
    while not processes.is_running("sleeper") or processes.process_id("sleeper") == other_than:
        assert time.monotonic() < give_up_at, "it was not started again"
        look_after(processes, kept=[kept])
        time.sleep(0.05)


def test_starts_what_does_not_run(processes: Processes) -> None:
    look_after(processes, kept=[Kept(SLEEPER)])

    assert processes.is_running("sleeper")


def test_starts_again_what_died(processes: Processes) -> None:
    kept = Kept(SLEEPER)
    look_after(processes, kept=[kept])
    first = processes.process_id("sleeper")

    os.kill(first, signal.SIGKILL)

    look_until(processes, kept, other_than=first)


def test_hung_queue_is_replaced_in_time(processes: Processes, clock: Clock, tmp_path: Path) -> None:
    beat = tmp_path / "heartbeat"
    kept = Kept(SLEEPER, heartbeat=worker._heartbeat(beat))
    look_after(processes, kept=[kept])
    first = processes.process_id("sleeper")

    clock.now += worker.ROUND_S
    beat.touch()  # right after a look
    hung_at = clock.now
    while not processes.is_running("sleeper") or processes.process_id("sleeper") == first:
        clock.now += worker.ROUND_S
        look_after(processes, kept=[kept])

    assert settings.HEARTBEAT_LIMIT_S < clock.now - hung_at <= REPLACED_WITHIN_S


def test_leaves_alone_what_beats(processes: Processes, clock: Clock, tmp_path: Path) -> None:
    beat = tmp_path / "heartbeat"
    kept = Kept(SLEEPER, heartbeat=Heartbeat(beat, limit_s=10))
    look_after(processes, kept=[kept])
    first = processes.process_id("sleeper")

    for second in range(12):
        beat.touch()
        os.utime(beat, (second, second))
        clock.now += 9
        look_after(processes, kept=[kept])

    assert processes.process_id("sleeper") == first


def test_wait_grows_for_what_ends_at_once_and_ends_for_what_lives() -> None:
    kept = Kept(SLEEPER)

    waits = [watchdog._plan_restart(kept, now=0.0) for _ in range(9)]
    after_a_long_life = watchdog._plan_restart(kept, now=watchdog.HEALTHY_AFTER_S + 1)

    assert waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert after_a_long_life == watchdog.FIRST_WAIT_S


def test_old_heartbeat_file_is_no_reason_to_kill(tmp_path: Path) -> None:
    beat = tmp_path / "heartbeat"
    beat.touch()
    os.utime(beat, (0, 0))
    heartbeat = Heartbeat(beat, limit_s=30)

    assert not heartbeat.is_silent(since=1000.0, now=1000.0)
    assert not heartbeat.is_silent(since=1000.0, now=1029.0)
    assert heartbeat.is_silent(since=1000.0, now=1031.0)


def test_slow_start_is_no_silence(tmp_path: Path) -> None:
    beat = tmp_path / "heartbeat"
    heartbeat = Heartbeat(beat, limit_s=15, start_limit_s=60)

    assert not heartbeat.is_silent(since=1000.0, now=1059.0)
    assert not heartbeat.needs_poke(since=1000.0, now=1059.0)
    assert heartbeat.is_silent(since=1000.0, now=1061.0)


def test_silence_after_the_first_beat_is_short(tmp_path: Path) -> None:
    beat = tmp_path / "heartbeat"
    heartbeat = Heartbeat(beat, limit_s=15, start_limit_s=60)
    heartbeat.is_silent(since=1000.0, now=1000.0)

    beat.touch()

    assert not heartbeat.is_silent(since=1000.0, now=1020.0)
    assert heartbeat.needs_poke(since=1000.0, now=1028.0)
    assert heartbeat.is_silent(since=1000.0, now=1036.0)


def test_next_beat_is_asked_for_when_the_last_has_come_or_is_lost(tmp_path: Path) -> None:
    heartbeat = Heartbeat(tmp_path / "heartbeat", limit_s=30)
    metronome = Metronome(heartbeat, every_s=2)

    asked = [second for second in range(100, 117) if metronome.is_due(now=second)]
    heartbeat.beat_at = 115.5
    asked_after_a_beat = [second for second in range(117, 120) if metronome.is_due(now=second)]

    assert asked == [100, 115]
    assert asked_after_a_beat == [117]

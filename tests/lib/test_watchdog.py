"""The watchdog starts again what died and what hangs, and does not hurry with what dies at once."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from returnsops.lib import watchdog
from returnsops.lib.processes import Processes, Program
from returnsops.lib.watchdog import Heartbeat, Kept, Metronome, look_after

SLEEPER = Program(name="sleeper", command=("sleep", "60"))


@pytest.fixture
def processes() -> Iterator[Processes]:
    with Processes(patience_s=1.0) as started:
        yield started


def look_until(processes: Processes, kept: Kept, *, other_than: int) -> None:
    give_up_at = time.monotonic() + 10
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


def test_kills_and_starts_again_what_is_silent(processes: Processes, tmp_path: Path) -> None:
    kept = Kept(SLEEPER, heartbeat=Heartbeat(tmp_path / "heartbeat", limit_s=0.3))
    look_after(processes, kept=[kept])

    look_until(processes, kept, other_than=processes.process_id("sleeper"))


def test_leaves_alone_what_beats(processes: Processes, tmp_path: Path) -> None:
    beat = tmp_path / "heartbeat"
    kept = Kept(SLEEPER, heartbeat=Heartbeat(beat, limit_s=0.5))
    look_after(processes, kept=[kept])
    first = processes.process_id("sleeper")

    for second in range(12):
        os.utime(beat, (second, second)) if beat.exists() else beat.touch()
        time.sleep(0.1)
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

"""Processor time of programs: their children count, ended ones too."""

import os
import subprocess
import sys

import pytest

from returnsops.management.bench.usage import PROC, server_behind, usage_of

pytestmark = pytest.mark.skipif(not (PROC / "self" / "stat").exists(), reason="this system has no /proc")
WORK = "sum(number * number for number in range(3_000_000))"


def test_what_a_child_used_counts_also_when_it_has_ended() -> None:
    before = usage_of(os.getpid())
    subprocess.run([sys.executable, "-c", WORK], check=True)
    after = usage_of(os.getpid())

    assert before
    assert after
    assert after.cpu_s > before.cpu_s
    assert after.memory_mb > 1


def test_a_program_that_is_gone_used_nothing() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    usage = usage_of(ended.pid)

    assert usage
    assert (usage.cpu_s, usage.memory_mb) == (0, 0)


def test_the_server_behind_a_process_is_its_parent() -> None:
    assert server_behind(os.getpid()) == os.getppid()

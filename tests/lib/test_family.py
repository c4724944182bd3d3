"""Relatives of a process are found whatever they are called, and killed together."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from returnsops.lib import family
from returnsops.lib.family import Relative, find_descendants, is_alive, kill_at_once

# A parent that starts a child of its own, says so, and waits.
PARENT = """
import subprocess, sys
sleeper = [sys.executable, "-c", "import time; time.sleep(600)", "the (odd) name"]
child = subprocess.Popen(sleeper, stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
child.wait()
"""


@pytest.fixture
def parent() -> Iterator[subprocess.Popen[str]]:
    started = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    yield started
    kill_at_once([*(one.process_id for one in find_descendants(started.pid)), started.pid])
    started.communicate()


def grandchild_of(parent: subprocess.Popen[str]) -> int:
    assert parent.stdout is not None
    return int(parent.stdout.readline())


def readers() -> list[Callable[[], list[Relative]]]:
    found: list[Callable[[], list[Relative]]] = [family._read_proc] if family.PROC.joinpath("self").exists() else []
    return [*found, family._ask_ps] if shutil.which("ps") else found


@pytest.mark.parametrize("read", readers(), ids=lambda read: read.__name__)
def test_children_and_their_children_are_found(
    parent: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch, read: Callable[[], list[Relative]]
) -> None:
    grandchild = grandchild_of(parent)
    monkeypatch.setattr(family, "_read_proc", read)

    found = {one.process_id: one for one in find_descendants(os.getpid())}

    assert found[parent.pid].parent_id == os.getpid()
    assert found[grandchild].parent_id == parent.pid
    assert "the (odd) name" in found[grandchild].command


def test_a_family_is_killed_at_once_and_who_has_ended_is_passed_over(parent: subprocess.Popen[str]) -> None:
    grandchild = grandchild_of(parent)

    kill_at_once([grandchild, parent.pid])

    assert parent.wait(timeout=30) != 0
    assert grandchild not in {one.process_id for one in find_descendants(os.getpid())}
    kill_at_once([parent.pid])


def test_child_that_ended_is_dead_though_nobody_looked_yet() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    assert is_alive(child.pid)

    child.terminate()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and its number still answers
    assert not is_alive(child.pid)

    child.wait()
    assert not is_alive(child.pid)

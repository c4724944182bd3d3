"""Programs that we start: their end is noticed, and nothing of them is left behind, however we end ourselves."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from returnsops.lib.errors import ProcessError, StopRequested
from returnsops.lib.processes import PROJECT_DIR, Processes, Program, find_free_port, is_port_free

# Starts a child that ignores SIGTERM, writes the child's id, and leaves without it.
CARELESS = """
import subprocess, sys, time
stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", stubborn], stdout=subprocess.PIPE)
child.stdout.readline()
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(60)
"""
# Notes in a file each process of its session that gets SIGTERM.
NOTING = """
import os, signal, sys, time
def note(number, frame):
    open(sys.argv[1], "a").write(role + " ")
    sys.exit(0)
role = "leader" if os.fork() else "child"
signal.signal(signal.SIGTERM, note)
open(sys.argv[2] + role, "w").close()
for _ in range(600):  # a signal that comes right before a sleep is heard after it
    time.sleep(0.1)
"""
# A parent that starts one program, tells its id and the guardian's, and rests.
PARENT = """
import sys
from returnsops.lib.processes import Processes, Program
with Processes(patience_s=1) as processes:
    processes.start(Program(name="sleeper", command=("sleep", "60")))
    print(processes.process_id("sleeper"), processes._guardian.pid, flush=True)
    processes.rest(60)
"""
DEADLINE_S = 50.0


@pytest.fixture
def processes() -> Iterator[Processes]:
    with Processes(patience_s=1.0) as started:
        yield started


def python(code: str, *arguments: object, log: Path | None = None) -> Program:
    command = (sys.executable, "-c", code, *map(str, arguments))
    return Program(name="it", command=command, log=log)


def wait_for(claim: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + DEADLINE_S
    while not claim():
        assert time.monotonic() < give_up_at, "waited in vain"
        time.sleep(0.02)


def is_gone(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return True
    return False


def test_death_of_a_program_is_told_with_its_last_words(processes: Processes, tmp_path: Path) -> None:
    processes.start(python("print('so long'); raise SystemExit(3)", log=tmp_path / "it.log"))

    wait_for(lambda: not processes.is_running("it"))
    with pytest.raises(ProcessError, match="(?s)it has ended with exit code 3.*so long"):
        processes.watch(0)


def test_program_that_was_killed_is_told_as_such(processes: Processes) -> None:
    processes.start(Program(name="it", command=("sleep", "60")))
    os.kill(processes.process_id("it"), signal.SIGKILL)

    wait_for(lambda: not processes.is_running("it"))
    with pytest.raises(ProcessError, match="ended by SIGKILL"):
        processes.watch(0)


def test_stop_leaves_no_child_behind(tmp_path: Path) -> None:
    note = tmp_path / "child"
    with Processes(patience_s=1.0) as processes:
        processes.start(python(CARELESS, note))
        wait_for(lambda: note.exists() and note.read_text() != "")
        leader = processes.process_id("it")

    assert is_gone(leader)
    wait_for(lambda: is_gone(int(note.read_text())))


def test_only_the_leader_is_asked_to_stop(tmp_path: Path) -> None:
    note = tmp_path / "note"
    with Processes(patience_s=5.0) as processes:
        processes.start(python(NOTING, note, tmp_path / "ready-"))
        wait_for(lambda: len(list(tmp_path.glob("ready-*"))) == 2)

    assert note.read_text().split() == ["leader"]


def test_program_deaf_to_the_request_is_killed_after_the_patience() -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    begun_at = time.monotonic()
    with Processes(patience_s=0.5) as processes:
        processes.start(python(deaf))
        processes.rest(0.5)

    assert time.monotonic() - begun_at < DEADLINE_S


def test_programs_end_when_their_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, cwd=PROJECT_DIR, text=True) as parent:
        assert parent.stdout is not None
        sleeper, guardian = map(int, parent.stdout.readline().split())
        parent.kill()

        wait_for(lambda: is_gone(sleeper))
        wait_for(lambda: is_gone(guardian))


def test_killed_guardian_has_a_successor() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, cwd=PROJECT_DIR, text=True) as parent:
        assert parent.stdout is not None
        sleeper, guardian = map(int, parent.stdout.readline().split())
        os.kill(guardian, signal.SIGKILL)
        time.sleep(0.5)
        parent.kill()

        wait_for(lambda: is_gone(sleeper))


def test_request_to_stop_ends_the_rest_early(processes: Processes) -> None:
    os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(StopRequested):
        processes.rest(60)


def test_old_handlers_of_signals_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Processes(patience_s=1.0):
        assert signal.getsignal(signal.SIGTERM) is not before

    assert signal.getsignal(signal.SIGTERM) is before


def test_waits_until_a_program_answers(processes: Processes, tmp_path: Path) -> None:
    port = find_free_port()
    serve = (sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(tmp_path))
    processes.start(Program(name="it", command=serve, log=tmp_path / "log"))

    processes.wait_until_ready("it", url=f"http://127.0.0.1:{port}/", limit_s=DEADLINE_S)

    assert not is_port_free(port)


def test_program_that_never_answers_is_told(processes: Processes) -> None:
    processes.start(Program(name="it", command=("sleep", "60")))

    with pytest.raises(ProcessError, match="it is not ready after 1 s: .*refused"):
        processes.wait_until_ready("it", url=f"http://127.0.0.1:{find_free_port()}/", limit_s=1)


def test_death_while_waiting_for_an_answer_is_told_at_once(processes: Processes) -> None:
    processes.start(python("raise SystemExit(4)"))

    with pytest.raises(ProcessError, match="it has ended with exit code 4"):
        processes.wait_until_ready("it", url=f"http://127.0.0.1:{find_free_port()}/", limit_s=60)


def test_buried_program_leaves_no_child_and_can_start_again(processes: Processes, tmp_path: Path) -> None:
    note = tmp_path / "child"
    processes.start(python(CARELESS, note))
    wait_for(lambda: note.exists() and note.read_text() != "")

    assert processes.bury("it") == -signal.SIGKILL
    processes.start(Program(name="it", command=("sleep", "60")))

    wait_for(lambda: is_gone(int(note.read_text())))
    assert processes.is_running("it")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="only Linux tells the children of a process")
def test_one_child_is_killed_and_its_parent_lives(processes: Processes, tmp_path: Path) -> None:
    processes.start(python(NOTING, tmp_path / "notes", tmp_path))
    wait_for(lambda: Path(f"{tmp_path}child").exists())

    assert processes.kill_child("it") is True

    assert processes.is_running("it")
    assert not (tmp_path / "notes").exists()


def test_without_children_nobody_is_killed(processes: Processes) -> None:
    processes.start(python("import time; time.sleep(60)"))

    assert processes.kill_child("it") is False
    assert processes.is_running("it")


def test_port_is_listened_at_once_somebody_does(processes: Processes) -> None:
    port = find_free_port()
    serve = f"import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(60)"
    processes.start(python(serve))

    processes.wait_until_listening("it", port=port, limit_s=DEADLINE_S)

    assert not is_port_free(port)

"""Which programs a process has started, and those theirs: for killing one of them, or a whole family at once."""

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Relative:
    process_id: int
    parent_id: int
    command: str


def find_descendants(process_id: int) -> list[Relative]:
    """Children before their own children."""
    everyone = _read_proc() if (PROC / "self").exists() else _ask_ps()
    found: list[Relative] = []
    parents = {process_id}
    while children := [one for one in everyone if one.parent_id in parents]:
        found += children
        parents = {one.process_id for one in children}
    return found


def kill_at_once(process_ids: list[int]) -> None:
    """SIGKILL for all of them; who has ended meanwhile is passed over."""
    for process_id in process_ids:
        with suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGKILL)


def is_alive(process_id: int) -> bool:
    """Of a process of ours. One that ended is dead, though its number answers until its parent has looked."""
    try:
        os.kill(process_id, 0)
        return _state_of(process_id) != "Z"
    except (ProcessLookupError, FileNotFoundError, PermissionError):  # gone, or its number is somebody else's by now
        return False


def _state_of(process_id: int) -> str:
    """One letter, as `ps` shows it first."""
    if (PROC / "self").exists():
        return (PROC / str(process_id) / "stat").read_text().rpartition(")")[2].split()[0]
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(process_id)], capture_output=True, text=True, check=False)
    return told.stdout.strip()[:1]


def _read_proc() -> list[Relative]:
    found = []
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):  # it ended while we looked
            # The name stands in brackets and may hold anything; what follows it is numbers.
            parent_id = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            found.append(Relative(int(folder.name), int(parent_id), command))
    return found


def _ask_ps() -> list[Relative]:
    """Where there is no /proc."""
    listed = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,command="], capture_output=True, text=True, check=True
    )
    rows = [line.split(maxsplit=2) for line in listed.stdout.splitlines()]
    return [Relative(int(row[0]), int(row[1]), row[2]) for row in rows if len(row) == 3]

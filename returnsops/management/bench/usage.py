"""Processor time and memory of programs, as Linux tells them; None where there is no /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# Places in /proc/<pid>/stat behind the name: parent, own and children's time in user and system mode.
PARENT, TIMES = 1, slice(11, 15)


@dataclass(frozen=True)
class Usage:
    """Of a program with everything it started, children that have ended included."""

    cpu_s: float
    memory_mb: float


def usage_of(*leaders: int) -> Usage | None:
    """Added up over these processes and their descendants."""
    if not (PROC / "self" / "stat").exists():
        return None
    stats = _read_stats()
    pids = _descendants(set(leaders), stats)
    ticks = sum(sum(int(number) for number in stats[pid][TIMES]) for pid in pids)
    return Usage(ticks / TICKS_PER_S, sum(_memory_kb(pid) for pid in pids) / 1024)


def server_behind(backend_pid: int) -> int:
    """The database server that serves us by this process; the process itself where the system does not tell."""
    stat = _read_stat(PROC / str(backend_pid))
    return int(stat[PARENT]) if stat else backend_pid


def _read_stats() -> dict[int, list[str]]:
    stats = {int(entry.name): _read_stat(entry) for entry in PROC.iterdir() if entry.name.isdigit()}
    return {pid: stat for pid, stat in stats.items() if stat}


def _read_stat(entry: Path) -> list[str]:
    """Empty for one that has ended. The name in brackets may hold blanks, so the fields begin behind it."""
    try:
        return (entry / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _descendants(leaders: set[int], stats: dict[int, list[str]]) -> set[int]:
    found = leaders & stats.keys()
    while True:
        children = {pid for pid, stat in stats.items() if int(stat[PARENT]) in found}
        if children <= found:
            return found
        found |= children


def _memory_kb(pid: int) -> int:
    """Shared pages in equal parts among those who share them."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)

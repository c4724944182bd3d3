"""Ends the programs of a parent that died without doing it: `python -m returnsops.lib.guardian PATIENCE_S`.

The parent writes «+id» for each session it starts and «-id» for each that has ended. When the pipe closes, whatever
killed the parent, the sessions still on the list are ended. A pipe tells this on every system and cannot be missed.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Collection
from contextlib import suppress

POLL_S = 0.05


def end_sessions(leaders: Collection[int], *, is_alive: Callable[[int], bool], patience_s: float) -> None:
    """SIGTERM for each leader alone, since it stops its children in good order; SIGKILL for what is left after that."""
    for leader in leaders:
        with suppress(ProcessLookupError):
            os.kill(leader, signal.SIGTERM)
    give_up_at = time.monotonic() + patience_s
    while any(map(is_alive, leaders)) and time.monotonic() < give_up_at:
        time.sleep(POLL_S)
    for leader in leaders:
        kill_session(leader)


def kill_session(leader: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def main() -> None:
    leaders: set[int] = set()
    for line in sys.stdin:
        change = leaders.add if line.startswith("+") else leaders.discard
        change(int(line[1:]))
    end_sessions(leaders, is_alive=_exists, patience_s=float(sys.argv[1]))


def _exists(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main()

"""How the number of usable lanes follows what NetSuite bears (docs/adr/0008).

A call that was refused takes its lane away from everybody: for that call there was none. So what is left after a burst
is what NetSuite took. After a while one more is tried; what is not refused is followed by a step as large as all that
was won. When even the last lane is refused nobody calls for that while.
"""

from datetime import datetime

from django.conf import settings

from integrations.models import LaneLimit

STEPS = 3  # in the time below what was refused: a step is longer than it takes to use a lane and hear it refused
WORDS_MAX = 300


def usable(limit: LaneLimit, planned: int) -> int:
    return planned if limit.held_to is None else min(planned, limit.held_to)


def note_refusal(limit: LaneLimit, *, in_use: int, now: datetime, words: str) -> None:
    """NetSuite said too many to one call. in_use: lanes leased, that of the refused call among them."""
    limit.refused += 1
    limit.ceiling = max(1, in_use)
    limit.held_to = limit.ceiling - 1
    limit.held_since = limit.held_since or now
    limit.held_because = words[:WORDS_MAX]
    limit.grows_at = now + settings.LANES_HELD


def grow(limit: LaneLimit, *, planned: int, now: datetime) -> None:
    """More lanes, when their time has come."""
    if limit.held_to is None or limit.ceiling is None or limit.grows_at is None or now < limit.grows_at:
        return
    won = limit.held_to - (limit.ceiling - 1)
    limit.held_to += max(1, won)
    limit.grows_at = now + settings.LANES_HELD / STEPS
    if limit.held_to >= planned:
        _let_go(limit)


def _let_go(limit: LaneLimit) -> None:
    limit.held_to = limit.ceiling = limit.held_since = limit.grows_at = None
    limit.held_because = ""

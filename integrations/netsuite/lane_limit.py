"""How the number of usable lanes follows what NetSuite bears: halved when it refuses, one more when it does not.

Growth is quick up to one below where it refused last, stays there a while, then tries again. So most of the time is
spent just below the limit, wherever others who use the account push it.
"""

from datetime import datetime, timedelta

from integrations.models import LaneLimit

GROWS_EVERY = timedelta(seconds=0.3)
STAYS_BELOW_CEILING = timedelta(seconds=6)
FORGETS_CEILING_AFTER = timedelta(seconds=2)  # so long at what was refused, and nothing refused: others have left
WORDS_MAX = 300


def usable(limit: LaneLimit, planned: int) -> int:
    return min(planned, limit.held_to or planned)


def note_refusal(limit: LaneLimit, *, in_use: int, sent_at: datetime, now: datetime, words: str) -> bool:
    """NetSuite said too many. Halves once per round-trip: who was sent before the last halving knows nothing of it.

    in_use: lanes leased now, never more than there are. Gives whether it was halved.
    """
    limit.refused += 1
    if limit.halved_at is not None and sent_at <= limit.halved_at:
        return False
    limit.ceiling = max(1, in_use)
    limit.held_to = max(1, in_use // 2)
    limit.held_since = limit.held_since or now
    limit.held_because = words[:WORDS_MAX]
    limit.halved_at = now
    limit.grows_at = now + _next_step(limit)
    return True


def grow(limit: LaneLimit, *, planned: int, now: datetime) -> bool:
    """One more lane when its time has come. Gives whether anything changed."""
    if limit.held_to is None or limit.grows_at is None or now < limit.grows_at:
        return False
    limit.held_to += 1
    if limit.ceiling is not None and limit.held_to > limit.ceiling:
        limit.ceiling = None
    limit.grows_at = now + _next_step(limit)
    if limit.held_to >= planned:
        _let_go(limit)
    return True


def _next_step(limit: LaneLimit) -> timedelta:
    if limit.ceiling is None or limit.held_to is None or limit.held_to < limit.ceiling - 1:
        return GROWS_EVERY
    return STAYS_BELOW_CEILING if limit.held_to == limit.ceiling - 1 else FORGETS_CEILING_AFTER


def _let_go(limit: LaneLimit) -> None:
    """All lanes are in use again. When it was halved stays known, for calls that are still out."""
    limit.held_to = limit.ceiling = limit.held_since = limit.grows_at = None
    limit.held_because = ""

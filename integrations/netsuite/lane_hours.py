"""The plan of quiet hours and peaks: how many lanes the hour calls for. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time
from itertools import combinations
from zoneinfo import ZoneInfo

from integrations.models import LaneHours

DAY_MIN = 24 * 60
WEEK_MIN = 7 * DAY_MIN
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def hours_at(moment: datetime, hours: Iterable[LaneHours], *, time_zone: str) -> LaneHours | None:
    """The row that holds at this moment, if any."""
    local = moment.astimezone(ZoneInfo(time_zone))
    minute = local.weekday() * DAY_MIN + _minute_of(local.time())
    return next((row for row in hours if any(start <= minute < end for start, end in _stretches(row))), None)


def find_overlap(hours: Sequence[LaneHours]) -> tuple[LaneHours, LaneHours] | None:
    """Two rows that hold at the same time, which leaves open how many lanes there are."""
    for one, other in combinations(hours, 2):
        for start, end in _stretches(one):
            if any(start < other_end and other_start < end for other_start, other_end in _stretches(other)):
                return one, other
    return None


def _stretches(row: LaneHours) -> Iterator[tuple[int, int]]:
    """From minute to minute of the week; what goes over midnight on Sunday begins again on Monday."""
    length = (_minute_of(row.ends) - _minute_of(row.starts)) % DAY_MIN or DAY_MIN
    for weekday in row.weekdays:
        start = weekday * DAY_MIN + _minute_of(row.starts)
        yield start, min(start + length, WEEK_MIN)
        if start + length > WEEK_MIN:
            yield 0, start + length - WEEK_MIN


def _minute_of(moment: time) -> int:
    return moment.hour * 60 + moment.minute

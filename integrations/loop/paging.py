"""Where a page of the list ends, and what lies beyond: Loop promises no order, and its cursors pass over ties.

A cursor stands at a moment of the column that the list is sorted by, which need not be the one that was filtered. Rows
of that second may be skipped by the next page, or come again without end (loop.md §1.4, §10, 18).
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from integrations.loop.values import read_time

COLUMNS = ("updated_at", "created_at")
ONE_SECOND, ONE_MILLISECOND = timedelta(seconds=1), timedelta(milliseconds=1)
OF_PAGES = ("cursor", "paginate", "pageSize")

Params = dict[str, str]
Reach = tuple[datetime, ...]


@dataclass(frozen=True)
class PageEnd:
    """The second at which a page ends. column: whose moments the cursor goes by."""

    column: str
    second: datetime

    @classmethod
    def of(cls, cursor: str, rows: list[Any], *, column: str) -> "PageEnd | None":
        """By the cursor; where it does not tell, by the last row and the column that was filtered. None: by neither."""
        told = _read_cursor(cursor)
        sorted_by = next((one for one in (column, *COLUMNS) if one in told), column)
        moment = moment_of(told if told else rows[-1], column=sorted_by)
        return cls(sorted_by, moment.replace(microsecond=0)) if moment else None

    def all_of_it(self, params: Params) -> Params:
        """Every row of this second, in one piece."""
        return _window(params, column=self.column, start=self.second, end=self.second + ONE_SECOND)

    def reach(self, rows: list[Any], so_far: Reach = ()) -> Reach:
        """The earliest and the latest moment that came, with these rows."""
        moments = [*so_far, *(moment for row in rows if (moment := moment_of(row, column=self.column)))]
        return (min(moments), max(moments)) if moments else ()

    def rest(self, params: Params, came: Reach) -> Iterator[Params]:
        """What of the window is still to be read beside this second: the side of it from which nothing came."""
        after, before = self.second + ONE_SECOND, self.second - ONE_MILLISECOND
        if not any(moment >= after for moment in came) and format_window_time(after) < params["to"]:
            yield params | {"from": format_window_time(after)}
        if not any(moment <= before for moment in came) and format_window_time(before) > params["from"]:
            yield params | {"to": format_window_time(before)}


def whole_window(params: Params) -> Params:
    """Without pages: Loop then gives all of it at once."""
    return {key: value for key, value in params.items() if key not in OF_PAGES}


def format_window_time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_of(row: Any, *, column: str) -> datetime | None:
    """None for a row that cannot be read: reading it is what says so."""
    try:
        return read_time(row.get(column)) if isinstance(row, Mapping) else None
    except (ValueError, KeyError, OSError, OverflowError):
        return None


def _read_cursor(cursor: str) -> Mapping[str, Any]:
    """What a cursor of Laravel's holds; nothing if it is another. It is read for its moment, and sent as it came."""
    try:
        told = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        return {}
    return {name: told[name] for name in COLUMNS if name in told} if isinstance(told, dict) else {}


def _window(params: Params, *, column: str, start: datetime, end: datetime) -> Params:
    bounds = {"from": format_window_time(start), "to": format_window_time(end)}
    return whole_window(params) | bounds | {"filter": column}

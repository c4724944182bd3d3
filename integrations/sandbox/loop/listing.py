"""The list of returns: windows, states, pages (loop.md 1.4, 2.1)."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from integrations.sandbox.loop import views
from integrations.sandbox.loop.call import Answer, Call, invalid
from integrations.sandbox.loop.drift import drifted, ordered
from integrations.sandbox.loop.model import LoopReturn, from_json
from integrations.sandbox.numbers import whole_number
from integrations.sandbox.settings import Reading

Json = dict[str, Any]
STATES = ("open", "closed", "cancelled", "expired", "review")
SHOWN_BY_DEFAULT = ("open", "closed", "expired")
WINDOW_MAX = timedelta(days=120)
PAGE_DEFAULT, PAGE_MAX = 100, 750
FIRST_YEAR, LAST_YEAR = 1000, 9999  # what a day more or less cannot leave
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"


class BadQueryError(ValueError):
    def __init__(self, field: str, *, text: str) -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True)
class Window:
    """Which rows are meant: those whose moment in `column` lies between the two, in these states.

    sorted_by: the column whose moments order the rows, and stand in a cursor.
    """

    column: str
    start: str
    end: str
    states: tuple[str, ...]
    sorted_by: str = "created_at"
    newest_first: bool = False


@dataclass(frozen=True)
class Cursor:
    moment: str
    id: int
    forward: bool = True


def list_returns(call: Call) -> Answer:
    try:
        return _list(call), 200
    except BadQueryError as error:
        return invalid(error.field, text=str(error))


def _list(call: Call) -> Any:
    start, end = _bounds(call.query("from"), call.query("to"), now=call.engine.clock.now())
    column = call.query("filter") or "created_at"
    if column not in ("created_at", "updated_at"):
        raise BadQueryError("filter", text="The selected filter is invalid.")
    window = Window(
        column,
        start=start,
        end=end,
        states=_states(call),
        sorted_by=column if call.rules.text("loop.list_by") == "filter" else "created_at",
        newest_first=call.rules.text("loop.list_order") == "newest",
    )
    is_paged = (call.query("paginate") or "").lower() in ("true", "1") or call.query("cursor")
    if not is_paged:
        return _shown(call, find_returns(call, window))
    size = _page_size(call.query("pageSize"))
    cursor = _read_cursor(call.query("cursor"), column=window.sorted_by)
    rows = _page_rows(call, window, cursor=cursor, size=size)
    is_back = cursor is not None and not cursor.forward
    page = rows[:size] if not is_back else rows[:size][::-1]
    has_more = len(rows) > size
    return {
        "returns": _shown(call, page),
        "nextPageUrl": _page_url(call, page[-1], window=window) if page and (has_more or is_back) else None,
        "previousPageUrl": (
            _page_url(call, page[0], window=window, forward=False)
            if page and cursor is not None and (has_more or not is_back)
            else None
        ),
    }


def _shown(call: Call, rows: list[LoopReturn]) -> list[Json]:
    rules = call.rules
    shown = [drifted(views.list_row(row, shop=call.shop, rules=rules), rules=rules, is_list=True) for row in rows]
    return ordered(shown, rules=rules, draw=call.engine.draw)


def _bounds(start: str | None, end: str | None, *, now: datetime) -> tuple[str, str]:
    """Neither bound: the last 24 h. Only `from`: the 24 h after it. Only `to`: ignored."""
    if not start:
        return as_text(now - timedelta(hours=24)), as_text(now + timedelta(seconds=1))
    first = read_moment(start, field="from")
    last = read_moment(end, field="to") if end else first + timedelta(hours=24)
    if last - first > WINDOW_MAX:
        raise BadQueryError("to", text="The date range must not be greater than 120 days.")
    return as_text(first), as_text(last)


def read_moment(text: str, *, field: str) -> datetime:
    """ISO with or without a zone, or with a blank; a «+» that was not escaped arrives as a blank as well."""
    day, _, rest = text.strip().partition("T") if "T" in text else text.strip().partition(" ")
    try:
        moment = datetime.fromisoformat(f"{day}T{rest.replace(' ', '+')}" if rest else day)
        aware = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadQueryError(field, text=f"The {field} is not a valid date.") from None
    if not FIRST_YEAR <= aware.year < LAST_YEAR:
        raise BadQueryError(field, text=f"The {field} is not a valid date.")
    return aware


def as_text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(TIME_FORMAT)


def _states(call: Call) -> tuple[str, ...]:
    asked = [one for one in (call.request.args.getlist("state") + call.request.args.getlist("state[]")) if one]
    if call.rules.text("loop.state_lists") == "accepted":
        asked = [one.strip() for text in asked for one in text.split(",")]
    if not asked:
        return SHOWN_BY_DEFAULT
    if any(one not in STATES for one in asked) or (len(asked) > 1 and not _may_be_many(call.rules)):
        raise BadQueryError("state", text="The selected state is invalid.")
    return tuple(dict.fromkeys(asked))


def _may_be_many(rules: Reading) -> bool:
    return rules.text("loop.state_lists") == "accepted"


def _page_size(text: str | None) -> int:
    if text is None:
        return PAGE_DEFAULT
    size = whole_number(text)
    if size is None or not 1 <= size <= PAGE_MAX:
        raise BadQueryError("pageSize", text=f"The page size must be between 1 and {PAGE_MAX}.")
    return size


# --- pages


def _read_cursor(text: str | None, *, column: str) -> Cursor | None:
    if not text:
        return None
    try:
        content = json.loads(base64.b64decode(text))
        forward = bool(content.get("_pointsToNextItems", True))
        return Cursor(str(content[column]), whole_number(content.get("id", 0)) or 0, forward=forward)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadQueryError("cursor", text="The cursor is invalid.") from None


def _page_url(call: Call, row: LoopReturn, *, window: Window, forward: bool = True) -> str:
    """Without the filters, so that clients must send them again; by switch with everything that was asked."""
    content: Json = {window.sorted_by: getattr(row, window.sorted_by)}
    if call.rules.text("loop.cursor_ties") == "exact":
        content["id"] = row.id
    content["_pointsToNextItems"] = forward
    kept = call.request.args.to_dict() if call.rules.text("loop.next_url") == "full" else {}
    kept |= {"paginate": "true", "pageSize": call.query("pageSize") or str(PAGE_DEFAULT)}
    kept |= {"cursor": base64.b64encode(json.dumps(content).encode()).decode()}
    return f"{call.request.base_url}?{urlencode(kept)}"


def _page_rows(call: Call, window: Window, *, cursor: Cursor | None, size: int) -> list[LoopReturn]:
    """One more than asked for, which tells whether there is a next page; backwards in backward order."""
    return find_returns(call, window, cursor=cursor, limit=size + 1)


def find_returns(call: Call, window: Window, *, cursor: Cursor | None = None, limit: int = -1) -> list[LoopReturn]:
    column = window.column
    marks = ", ".join("?" * len(window.states))
    where = f"shop = ? AND {column} >= ? AND {column} <= ? AND state IN ({marks})"
    parameters: list[Any] = [call.shop.code, window.start, window.end, *window.states]
    is_upward = (cursor is None or cursor.forward) != window.newest_first
    if cursor is not None:
        clause, values = _after(cursor, column=window.sorted_by, is_upward=is_upward, rules=call.rules)
        where, parameters = f"{where} AND {clause}", parameters + values
    way = "ASC" if is_upward else "DESC"
    sql = f"SELECT content FROM loop_return WHERE {where} ORDER BY {window.sorted_by} {way}, id {way} LIMIT ?"
    return [from_json(row["content"]) for row in call.engine.store.rows(sql, (*parameters, limit))]


def _after(cursor: Cursor, *, column: str, is_upward: bool, rules: Reading) -> tuple[str, list[Any]]:
    """A cursor over the moment alone passes over rows of the same moment, or brings them again."""
    sign = ">" if is_upward else "<"
    ties = rules.text("loop.cursor_ties")
    if ties == "exact":
        return f"({column}, id) {sign} (?, ?)", [cursor.moment, cursor.id]
    return f"{column} {sign if ties == 'skipped' else sign + '='} ?", [cursor.moment]

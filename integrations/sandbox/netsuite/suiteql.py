"""The SuiteQL service: one page of a query, every value a string."""

import re
import sqlite3
from typing import Any

from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.errors import Refusal
from integrations.sandbox.netsuite.sqlfunctions import user_date
from integrations.sandbox.netsuite.sqltext import DATES, MOMENTS, Dialect, Translated, invalid_query, translate
from integrations.sandbox.numbers import whole_number

Json = dict[str, Any]
PAGE_MAX = 1000
ROWS_MAX = 100_000
_NO_COLUMN = re.compile(r"no such column: (\S+)")
_NO_FUNCTION = re.compile(r"(?:no such function: |wrong number of arguments to function )(\w+)")


def run_query(account: Account, *, query: str, parameters: list[Any], limit: int, offset: int, url: str) -> Json:
    translated = translate(query, dialect_of(account))
    rows, total = _page(account, translated, parameters=parameters, limit=limit, offset=offset)
    has_more = offset + len(rows) < total
    return {
        "links": _links(url, limit=limit, offset=offset, total=total, has_more=has_more),
        "count": len(rows),
        "hasMore": has_more,
        "items": rows,
        "offset": offset,
        "totalResults": total,
    }


def dialect_of(account: Account) -> Dialect:
    settings = account.settings
    return Dialect(
        tables=account.tables,
        is_utc=settings.text("netsuite.sql_time_zone") == "UTC",
        unknown_table=settings.text("netsuite.sql_unknown_table"),
    )


def check_page(*, limit: str | None, offset: str | None) -> tuple[int, int]:
    size = _whole(limit, name="limit", default=PAGE_MAX)
    start = _whole(offset, name="offset", default=0)
    if not 1 <= size <= PAGE_MAX:
        raise _bad_page("limit", f"Invalid value for the limit parameter: {size}. The maximum is {PAGE_MAX}.")
    if start % size:
        raise _bad_page("offset", f"Invalid offset value: {start}. The offset must be divisible by the limit.")
    return size, start


def _whole(text: str | None, *, name: str, default: int) -> int:
    if text is None:
        return default
    number = whole_number(text)
    if number is None:
        raise _bad_page(name, f"Invalid value for the {name} parameter: {text}.")
    return number


def _bad_page(name: str, detail: str) -> Refusal:
    return Refusal(detail, code="INVALID_PARAMETER", query_param=name)


def _page(
    account: Account, translated: Translated, *, parameters: list[Any], limit: int, offset: int
) -> tuple[list[Json], int]:
    sql = translated.sql
    page = f"SELECT * FROM ({sql}) LIMIT {limit} OFFSET {offset}"
    if not translated.has_own_limit:
        page = f"{sql} LIMIT {limit} OFFSET {offset}"
    bound = [{True: "T", False: "F"}[value] if isinstance(value, bool) else value for value in parameters]
    try:
        names, found = account.store.named_rows(page, bound)
        total = offset + len(found)
        if len(found) == limit or (offset and not found):
            total = account.store.value(f"SELECT COUNT(*) FROM ({sql})", bound)
    except (sqlite3.Error, OverflowError) as error:
        raise _explained(error, translated) from error
    total = min(total, ROWS_MAX)
    lowered = [name.lower() for name in names]
    # Behind a star stand dates as they are stored.
    dates = DATES | MOMENTS if translated.has_star else frozenset()
    return [_row(account, lowered, row, dates=dates) for row in found], total


def _row(account: Account, names: list[str], row: sqlite3.Row, *, dates: frozenset[str]) -> Json:
    shown: Json = {"links": []}
    for name, value in zip(names, row, strict=True):
        if value is not None:
            shown[name] = user_date(account, value) if name in dates else _text(value)
    return shown


def _text(value: Any) -> str:
    if isinstance(value, float):
        rounded = round(value, 10)
        return str(int(rounded)) if rounded.is_integer() else repr(rounded)
    return str(value)


def _explained(error: Exception, translated: Translated) -> Refusal:
    column = _NO_COLUMN.search(str(error))
    if column:
        name = column.group(1).split(".")[-1].strip('"')
        return invalid_query(f"Unknown identifier '{name}'. Available identifiers are: {{{translated.tables}}}.")
    function = _NO_FUNCTION.search(str(error))
    if function:
        return invalid_query(f"Invalid function: {function.group(1)}.")
    return invalid_query(f"{error}.")


def _links(url: str, *, limit: int, offset: int, total: int, has_more: bool) -> list[Json]:
    links = [{"rel": "self", "href": f"{url}?limit={limit}&offset={offset}"}]
    if has_more:
        last = (total - 1) // limit * limit
        links.append({"rel": "next", "href": f"{url}?limit={limit}&offset={offset + limit}"})
        links.append({"rel": "last", "href": f"{url}?limit={limit}&offset={last}"})
    if offset:
        links.append({"rel": "first", "href": f"{url}?limit={limit}&offset=0"})
        links.append({"rel": "prev", "href": f"{url}?limit={limit}&offset={offset - limit}"})
    return links

"""Sublists that came as links although they were asked for expanded: fetched, so that no line is lost."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from integrations.errors import UnreadableRecordError
from integrations.netsuite.transport import Request, Transport, read_json

EXPANDABLE = ("item", "inventory", "apply")
ROWS_PER_CALL = 1_000
ROWS_MAX = 5_000
LINKED_ROWS_MAX = 200  # a row that is only a link costs a call of its own

Raw = Mapping[str, Any]


def expand_sublists(transport: Transport, request: Request, raw: object) -> object:
    """The record with every sublist we read written out. request: the one that was answered by raw."""
    if not isinstance(raw, Mapping):
        return raw
    short = [name for name in EXPANDABLE if _is_short(raw.get(name))]
    return {**raw, **{name: _fetch(transport, request, name) for name in short}} if short else raw


def _is_short(sublist: object) -> bool:
    """Whether rows are missing, or are there by their address only."""
    if not isinstance(sublist, Mapping):
        return False
    rows = sublist.get("items")
    if not isinstance(rows, list):
        return "links" in sublist
    total = sublist.get("totalResults", len(rows))
    return (isinstance(total, int) and total > len(rows)) or any(_is_link(row) for row in rows)


def _is_link(row: object) -> bool:
    return isinstance(row, Mapping) and set(row) <= {"links", "id"} and "links" in row


def _fetch(transport: Transport, request: Request, name: str) -> Raw:
    rows: list[Any] = []
    has_more = True
    while has_more:
        if len(rows) >= ROWS_MAX:
            raise _unreadable(request, f"sublist {name} has more than {ROWS_MAX} rows")
        page = Request(
            operation=f"{request.operation}, its {name}",
            method="GET",
            path=f"{request.path}/{name}",
            params={"expandSubResources": "true", "limit": ROWS_PER_CALL, "offset": len(rows)},
        )
        body = read_json(transport.send(page), page)
        found = body.get("items") if isinstance(body, Mapping) else None
        if not isinstance(body, Mapping) or not isinstance(found, list):
            raise _unreadable(request, f"sublist {name} is no list")
        rows += found
        has_more = body.get("hasMore") is True and bool(found)
    return {"items": _rows_behind_links(transport, request, rows)}


def _rows_behind_links(transport: Transport, request: Request, rows: list[Any]) -> list[Any]:
    if sum(_is_link(row) for row in rows) > LINKED_ROWS_MAX:
        raise _unreadable(request, f"more than {LINKED_ROWS_MAX} lines came as links")
    return [_row_behind(transport, request, row) if _is_link(row) else row for row in rows]


def _row_behind(transport: Transport, request: Request, row: Raw) -> object:
    links = [link for link in row["links"] if isinstance(link, Mapping)] if isinstance(row["links"], list) else []
    path = next((urlsplit(str(link.get("href"))).path for link in links if link.get("rel") == "self"), "")
    if not path.startswith(f"{request.path}/"):
        raise _unreadable(request, f"a line has no address of its own: {row}")
    line = Request(operation=f"{request.operation}, a line", method="GET", path=path)
    return read_json(transport.send(line), line)


def _unreadable(request: Request, detail: str) -> UnreadableRecordError:
    return UnreadableRecordError(system="netsuite", operation=request.operation, detail=detail, family="unreadable")

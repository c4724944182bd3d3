"""Collections as the record service shows them: limit, offset, and the links between pages (netsuite.md 2.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from integrations.sandbox.netsuite.calls import Call
from integrations.sandbox.netsuite.suiteql import check_page

Json = dict[str, Any]


@dataclass(frozen=True)
class Page:
    limit: int
    offset: int

    @classmethod
    def of(cls, call: Call) -> "Page":
        limit, offset = check_page(limit=call.query.get("limit"), offset=call.query.get("offset"))
        return cls(limit, offset)


def collection(items: Sequence[Json], *, call: Call, page: Page, total: int) -> Json:
    """items: those of this page, ready to be shown."""
    return {
        "links": _links(call, page=page, total=total),
        "count": len(items),
        "hasMore": page.offset + len(items) < total,
        "items": list(items),
        "offset": page.offset,
        "totalResults": total,
    }


def reference_item(url: str, *, identity: object) -> Json:
    return {"links": [{"rel": "self", "href": f"{url}/{identity}"}], "id": str(identity)}


def _links(call: Call, *, page: Page, total: int) -> list[Json]:
    last = max(total - 1, 0) // page.limit * page.limit
    offsets: list[tuple[str, int]] = []
    if page.offset + page.limit < total:
        offsets += [("next", page.offset + page.limit), ("last", last)]
    if page.offset:
        offsets += [("first", 0), ("prev", max(page.offset - page.limit, 0))]
    offsets.append(("self", page.offset))
    return [{"rel": rel, "href": _url(call, limit=page.limit, offset=offset)} for rel, offset in offsets]


def _url(call: Call, *, limit: int, offset: int) -> str:
    kept = {name: value for name, value in call.query.items() if name not in ("limit", "offset")}
    return f"{call.url}?{urlencode(kept | {'limit': limit, 'offset': offset})}"

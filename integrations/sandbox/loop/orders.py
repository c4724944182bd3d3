"""Orders over the API: pages, one, insert or change, what may still be returned (loop.md 1.4, 2.13)."""

import base64
import json
import re
from typing import Any
from urllib.parse import urlencode

from integrations.sandbox.loop.call import Answer, Call, Json, invalid
from integrations.sandbox.loop.order_shelf import save_order, show_order
from integrations.sandbox.loop.shelf import load_returns_of_order
from integrations.sandbox.numbers import whole_number

LIMIT_DEFAULT, LIMIT_MAX = 50, 250
MISSING: Answer = ({"errors": {"code": "ORDER_NOT_FOUND"}}, 404)
ATOM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)")
LIVE_STATES = ("open", "review", "closed", "expired")  # cancelling frees the units, closing does not


def list_orders(call: Call) -> Answer:
    limit = whole_number(call.query("limit") or LIMIT_DEFAULT)
    way = call.query("sort_order") or "asc"
    if limit is None or not 1 <= limit <= LIMIT_MAX:
        return invalid("limit", text=f"The limit must be between 1 and {LIMIT_MAX}.")
    if way not in ("asc", "desc"):
        return invalid("sort_order", text="The selected sort order is invalid.")
    if call.query("external_id"):
        row = _find(call, column="external_id", value=call.query("external_id"))
        return {"orders": [show_order(row)] if row else [], "next_page_url": None, "previous_page_url": None}, 200
    try:
        rows, is_back = _page_rows(call, limit=limit, is_rising=way == "asc")
    except (ValueError, KeyError, TypeError, AttributeError):
        return invalid("cursor", text="The cursor is invalid.")
    page, has_more = rows[:limit], len(rows) > limit
    page = page[::-1] if is_back else page
    is_first = not call.query("cursor") or (is_back and not has_more)
    return {
        "orders": [show_order(row) for row in page],
        "next_page_url": _url(call, page[-1]["id"], forward=True) if page and (has_more or is_back) else None,
        "previous_page_url": _url(call, page[0]["id"], forward=False) if page and not is_first else None,
    }, 200


def _page_rows(call: Call, *, limit: int, is_rising: bool) -> tuple[list[Any], bool]:
    """One row more than asked for, from the cursor on; and whether it points back."""
    values: list[Any] = [call.shop.code]
    where, is_back = "shop = ?", False
    cursor = call.query("cursor")
    if cursor:
        content = json.loads(base64.b64decode(cursor))
        is_back = not content["_pointsToNextItems"]
        where += f" AND id {'>' if is_rising != is_back else '<'} ?"
        values.append(int(content["global_id"]))
    way = "ASC" if is_rising != is_back else "DESC"
    sql = f"SELECT * FROM shop_order WHERE {where} ORDER BY id {way} LIMIT ?"
    return list(call.engine.store.rows(sql, (*values, limit + 1))), is_back


def _url(call: Call, number: int, *, forward: bool) -> str:
    cursor = json.dumps({"global_id": number, "_pointsToNextItems": forward})
    kept = call.request.args.to_dict() | {"cursor": base64.b64encode(cursor.encode()).decode()}
    return f"{call.request.base_url}?{urlencode(kept)}"


def read(call: Call) -> Answer:
    return _answer(_find(call, column="id", value=whole_number(call.parts[0])))


def read_by_external_id(call: Call) -> Answer:
    return _answer(_find(call, column="external_id", value=call.parts[0]))


def _answer(row: Any) -> Answer:
    return MISSING if row is None else ({"order": show_order(row)}, 200)


def _find(call: Call, *, column: str, value: Any) -> Any:
    return call.engine.store.row(f"SELECT * FROM shop_order WHERE shop = ? AND {column} = ?", (call.shop.code, value))


def upsert(call: Call) -> Answer:
    body = call.body().get("order", call.body())
    if not isinstance(body, dict):
        return invalid("order", text="The order must be an object.")
    for name in ("external_id", "name", "line_items"):
        if not body.get(name):
            return invalid(name, text=f"The {name} field is required.")
    created = body.get("created_at")
    if call.is_from_2026_10 and created is not None and not ATOM.fullmatch(str(created)):
        return invalid("created_at", text="The created at does not match the format Y-m-d\\TH:i:sP.")
    if not isinstance(body["line_items"], list) or not isinstance(body["name"], str):
        return invalid("line_items", text="The line items must be an array.")
    with call.engine.store.transaction():
        content = body | {"external_id": str(body["external_id"])}
        content.pop("id", None)
        number = save_order(call.engine.store, shop=call.shop.code, content=content, at=call.engine.now_text())
    return _answer(_find(call, column="id", value=number))


def check_eligibility(call: Call) -> Answer:
    """Per order line whether it may still be returned; advisory, a draft return decides."""
    name = call.body().get("order_name")
    if not isinstance(name, str) or not name:
        return invalid("order_name", text="The order name field is required.")
    row = _find(call, column="name", value=name) or _find(call, column="name", value=f"#{name}")
    if row is None:
        return MISSING
    order = show_order(row)
    used = _units_in_returns(call, name=order["name"])
    items = [_eligibility(line, used=used.get(str(line.get("external_id")), 0)) for line in order["line_items"]]
    as_of = call.engine.now_text().replace(" ", "T") + "+00:00"
    return {"return_eligibility": {"order_id": order["id"], "as_of": as_of, "advisory": True, "items": items}}, 200


def _units_in_returns(call: Call, *, name: str) -> dict[str, int]:
    several = load_returns_of_order(call.engine.store, shop=call.shop.code, column="order_name", value=name)
    used: dict[str, int] = {}
    for one in several:
        for unit in one.live_units if one.state in LIVE_STATES else []:
            key = str(unit.provider_line_item_id)
            used[key] = used.get(key, 0) + 1
    return used


def _eligibility(line: Json, *, used: int) -> Json:
    quantity = whole_number(line.get("quantity", 1)) or 1
    return {
        "id": line.get("id"),
        "external_id": line.get("external_id"),
        "eligible": quantity > used,
        "eligible_quantity": max(quantity - used, 0),
        "reason": None if quantity > used else "already_returned",
    }

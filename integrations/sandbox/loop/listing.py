"""Reading returns: the windowed list, details and the shipping notice (loop.md 2.1, 2.2, 2.9)."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from werkzeug.wrappers import Request

from integrations.sandbox.loop import views
from integrations.sandbox.loop.drift import drifted, ordered
from integrations.sandbox.loop.engine import Engine
from integrations.sandbox.loop.model import LoopReturn, from_json
from integrations.sandbox.loop.shelf import load_returns_of_order
from integrations.sandbox.numbers import whole_number
from integrations.sandbox.shops import ShopProfile

Json = dict[str, Any]
Answer = tuple[Any, int]
STATES = ("open", "closed", "cancelled", "expired", "review")
SHOWN_BY_DEFAULT = ("open", "closed", "expired")
WINDOW_MAX = timedelta(days=120)
PAGE_DEFAULT, PAGE_MAX = 100, 750
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"


class BadQueryError(ValueError):
    def __init__(self, field: str, *, text: str) -> None:
        super().__init__(text)
        self.body = {"message": "The given data was invalid.", "errors": {field: [text]}}


def list_returns(engine: Engine, shop: ShopProfile, request: Request) -> Answer:
    try:
        return _list(engine, shop, request), 200
    except BadQueryError as error:
        return error.body, 422


def _list(engine: Engine, shop: ShopProfile, request: Request) -> Any:
    query = request.args
    start, end = window(query.get("from"), query.get("to"), now=engine.clock.now())
    column = query.get("filter") or "created_at"
    if column not in ("created_at", "updated_at"):
        raise BadQueryError("filter", text="The selected filter is invalid.")
    states = _states(query.get("state"))
    if query.get("paginate", "").lower() not in ("true", "1"):
        rows = _rows(engine, shop, column=column, start=start, end=end, states=states, after=None, limit=-1)
        return _shown(engine, shop, rows)
    size = _page_size(query.get("pageSize"))
    after = _cursor(query.get("cursor"), column=column)
    rows = _rows(engine, shop, column=column, start=start, end=end, states=states, after=after, limit=size + 1)
    return {
        "returns": _shown(engine, shop, rows[:size]),
        "nextPageUrl": _next_url(request, rows, size=size, column=column),
        "previousPageUrl": None,
    }


def _shown(engine: Engine, shop: ShopProfile, rows: list[LoopReturn]) -> list[Json]:
    shown = [drifted(views.list_row(row, shop=shop), settings=engine.switches(shop.code)) for row in rows]
    return ordered(shown, settings=engine.switches(shop.code), draw=engine.draw)


def window(start: str | None, end: str | None, *, now: datetime) -> tuple[str, str]:
    """Neither bound: the last 24 h. Only `from`: the 24 h after it. Only `to`: ignored."""
    if start is None:
        return _text(now - timedelta(hours=24)), _text(now + timedelta(seconds=1))
    first = _moment(start, field="from")
    last = _moment(end, field="to") if end is not None else first + timedelta(hours=24)
    if last - first > WINDOW_MAX:
        raise BadQueryError("to", text="The date range must not be greater than 120 days.")
    return _text(first), _text(last)


def _moment(text: str, *, field: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.replace(" 00:00", "+00:00"))
    except ValueError:
        raise BadQueryError(field, text=f"The {field} is not a valid date.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(TIME_FORMAT)


def _states(state: str | None) -> tuple[str, ...]:
    if state is None or state == "":
        return SHOWN_BY_DEFAULT
    if state not in STATES:
        raise BadQueryError("state", text="The selected state is invalid.")
    return (state,)


def _page_size(text: str | None) -> int:
    if text is None:
        return PAGE_DEFAULT
    size = whole_number(text)
    if size is None or not 1 <= size <= PAGE_MAX:
        raise BadQueryError("pageSize", text=f"The page size must be between 1 and {PAGE_MAX}.")
    return size


def _cursor(text: str | None, *, column: str) -> tuple[str, int] | None:
    if not text:
        return None
    try:
        content = json.loads(base64.b64decode(text))
        return str(content[column]), int(content.get("id", 0))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadQueryError("cursor", text="The cursor is invalid.") from None


def _next_url(request: Request, rows: list[LoopReturn], *, size: int, column: str) -> str | None:
    """Carries only the cursor and the page size: clients must send their own filters again."""
    if len(rows) <= size:
        return None
    last = rows[size - 1]
    content = {column: getattr(last, column), "id": last.id, "_pointsToNextItems": True}
    cursor = base64.b64encode(json.dumps(content).encode()).decode()
    return f"{request.base_url}?pageSize={size}&cursor={cursor.replace('=', '%3D').replace('+', '%2B')}"


def _rows(
    engine: Engine,
    shop: ShopProfile,
    *,
    column: str,
    start: str,
    end: str,
    states: tuple[str, ...],
    after: tuple[str, int] | None,
    limit: int,
) -> list[LoopReturn]:
    marks = ", ".join("?" * len(states))
    where = f"shop = ? AND {column} >= ? AND {column} <= ? AND state IN ({marks})"
    parameters: list[Any] = [shop.code, start, end, *states]
    if after is not None:
        where += f" AND ({column}, id) > (?, ?)"
        parameters += after
    sql = f"SELECT content FROM loop_return WHERE {where} ORDER BY {column}, id LIMIT ?"
    found = engine.store.rows(sql, (*parameters, limit))
    return [from_json(row["content"]) for row in found]


def return_details(engine: Engine, shop: ShopProfile, request: Request) -> Answer:
    """One object by return id, an array by order; an unknown id is an error with HTTP 200."""
    query = request.args
    if query.get("return_id"):
        number = whole_number(query["return_id"])
        found = None if number is None else engine.load(number, shop=shop.code)
        if found is None:
            return {"error": {"message": "No return found with this ID."}}, 200
        shown = drifted(views.details(found, shop=shop), settings=engine.switches(shop.code))
        return [shown] if engine.switches(shop.code).flag("loop.drift.details_as_array") else shown, 200
    for parameter, column in (("order_id", "provider_order_id"), ("order_name", "order_name")):
        if query.get(parameter):
            several = load_returns_of_order(engine.store, shop=shop.code, column=column, value=query[parameter])
            return [drifted(views.details(one, shop=shop), settings=engine.switches(shop.code)) for one in several], 200
    errors = {"return_id": ["The return id field is required."]}
    return {"message": "The given data was invalid.", "errors": errors}, 422


def shipping_notice(engine: Engine, shop: ShopProfile, request: Request) -> Answer:
    """One row per returned unit; an unparsable date silently becomes the epoch."""
    now = engine.clock.now()
    start = _day(request.args.get("from"), default=now - timedelta(days=7))
    end = _day(request.args.get("to"), default=now) + timedelta(days=1)
    rows = _rows(
        engine,
        shop,
        column="created_at",
        start=_text(start),
        end=_text(end),
        states=STATES,
        after=None,
        limit=-1,
    )
    return [line for one in rows for line in _notice_rows(one, shop=shop)], 200


def _day(text: str | None, *, default: datetime) -> datetime:
    if text is None:
        return default.replace(hour=0, minute=0, second=0)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return datetime(1970, 1, 1, tzinfo=UTC)


def _notice_rows(loop_return: LoopReturn, *, shop: ShopProfile) -> list[Json]:
    row = views.list_row(loop_return, shop=shop)
    kept = (
        "order_id order_name order_number provider_order_number state carrier label_status tracking_number currency"
        " label_updated_at label_url label_rate updated_at created_at return_method outcome destination_id"
    )
    header = {key: row[key] for key in kept.split()}
    is_delivered = loop_return.label_status == "delivered"
    closed_at = row["updated_at"] if loop_return.state == "closed" else None
    return [
        {
            "id": row["id"],
            "return_line_item_id": unit["line_item_id"],
            **header,
            "customer_email": loop_return.email,
            "title": unit["title"],
            "purchase_price": unit["price"],
            "sku": unit["sku"],
            "barcode": unit["barcode"],
            "return_reason": unit["return_reason"],
            "closed_at": closed_at,
            "date_delivered": row["label_updated_at"] if is_delivered else None,
            "destination_name": shop.destinations()[0]["name"],
        }
        for unit in row["line_items"]
    ]

"""Boxes of a drop-off network: returns of several shoppers, consolidated at a hub (loop.md 5.4 and 6)."""

import json
from typing import Any

from integrations.sandbox.loop.call import Answer, Call, Json
from integrations.sandbox.loop.engine import Engine
from integrations.sandbox.loop.model import LoopReturn
from integrations.sandbox.loop.parcels import scan_parcel
from integrations.sandbox.loop.payloads import Occasion
from integrations.sandbox.loop.processing import queue_what_is_due
from integrations.sandbox.numbers import whole_number

MISSING: Answer = ({"errors": {"code": "NOT_FOUND"}}, 404)
PAGE = 50


def drop_off(engine: Engine, loop_return: LoopReturn) -> None:
    """The shopper hands the goods over at a bar: each in a bag with a code. It counts as the carrier's scan."""
    loop_return.return_method = (loop_return.return_method or {}) | {"state": "dropped_off"}
    for unit in loop_return.live_units:
        unit.bag_barcode = f"HR{unit.line_item_id}"
    engine.save(loop_return)
    engine.log(loop_return, who="shopper", action="drop_off")
    engine.emit(loop_return, "return.updated")
    queue_what_is_due(engine, loop_return, reached="in_transit")


def consolidate(engine: Engine, loop_returns: list[LoopReturn]) -> int:
    """Everything into one box, which is on its way to the warehouse; gives Loop's number of it."""
    number = engine.store.next_number("shipment", start=47_382)
    theirs, tracking = str(210_000 + number), f"1Z{number:016d}"
    items = [item for one in loop_returns for item in _items(one, number=number, theirs=theirs, tracking=tracking)]
    engine.store.execute(
        "INSERT INTO shipment (id, shop, theirs, at, content) VALUES (?, ?, ?, ?, ?)",
        (number, loop_returns[0].shop, theirs, engine.now_text(), json.dumps(items)),
    )
    for one in loop_returns:
        one.happy_returns_shipment_id, one.consolidation_tracking = theirs, tracking
        one.return_method = (one.return_method or {}) | {"state": "shipped"}
        engine.save(one)
        engine.log(one, who="carrier", action="consolidate", content={"shipment": number})
    engine.emit(loop_returns[0], "shipment.processed", occasion=Occasion(shipment=(number, theirs)))
    return number


def deliver(engine: Engine, loop_return: LoopReturn) -> None:
    for parcel in loop_return.parcels:
        scan_parcel(engine, loop_return, parcel=parcel, status="delivered")
    loop_return.delivered_at = engine.now_text()
    loop_return.return_method = (loop_return.return_method or {}) | {"state": "delivered"}
    engine.save(loop_return)
    queue_what_is_due(engine, loop_return, reached="delivered")


def _items(loop_return: LoopReturn, *, number: int, theirs: str, tracking: str) -> list[Json]:
    method = loop_return.return_method or {}
    return [
        {
            "carrier": "UPS",
            "happy_returns_return_bag_barcodes": [unit.bag_barcode] if unit.bag_barcode else [],
            "happy_returns_rma_id": method.get("rma_id"),
            "happy_returns_shipment_id": theirs,
            "item_title": unit.title,
            "order_name": loop_return.order_name,
            "po_number": None,
            "return_id": loop_return.id,
            "shipment_id": number,
            "shipping_box_barcode": f"BOX-{loop_return.id}",
            "sku": unit.sku,
            "tracking_number": tracking,
            "variant_title": unit.option,
        }
        for unit in loop_return.live_units
    ]


# --- over the API


def list_all(call: Call) -> Answer:
    sql = "SELECT * FROM shipment WHERE shop = ? ORDER BY id"
    rows = call.engine.store.rows(f"{sql} LIMIT ? OFFSET ?", (call.shop.code, PAGE, (_page(call) - 1) * PAGE))
    total = int(call.engine.store.value("SELECT count(*) FROM shipment WHERE shop = ?", (call.shop.code,)))
    return _paged(call, [_shown(row) for row in rows], total=total), 200


def read(call: Call) -> Answer:
    """By the number of the network; Loop's own finds it as well."""
    row = _find(call)
    return MISSING if row is None else (_shown(row), 200)


def list_items(call: Call) -> Answer:
    row = _find(call)
    if row is None:
        return MISSING
    items = json.loads(row["content"])
    start = (_page(call) - 1) * PAGE
    return _paged(call, items[start : start + PAGE], total=len(items)), 200


def _find(call: Call) -> Any:
    sql = "SELECT * FROM shipment WHERE shop = ? AND (theirs = ? OR id = ?)"
    return call.engine.store.row(sql, (call.shop.code, call.parts[0], whole_number(call.parts[0])))


def _shown(row: Any) -> Json:
    items = json.loads(row["content"])
    at = row["at"].replace(" ", "T") + "+00:00"
    return {
        "loop_shipment_id": row["id"],
        "happy_returns_shipment_id": row["theirs"],
        "line_item_count": len(items),
        "return_count": len({item["return_id"] for item in items}),
        "created_at": at,
        "updated_at": at,
    }


def _page(call: Call) -> int:
    return max(whole_number(call.query(_asks_by(call)) or 1) or 1, 1)


def _asks_by(call: Call) -> str:
    return "cursor" if call.rules.text("loop.shipment_pages") == "cursor" else "page"


def _paged(call: Call, rows: list[Json], *, total: int) -> Json:
    """The pages of PHP's Laravel framework, unlike those of all other lists."""
    path, page = call.request.base_url, _page(call)
    last = max((total + PAGE - 1) // PAGE, 1)
    start = (page - 1) * PAGE
    return {
        "current_page": page,
        "data": rows,
        "first_page_url": f"{path}?page=1",
        "from": start + 1 if rows else None,
        "last_page": last,
        "last_page_url": f"{path}?page={last}",
        "next_page_url": f"{path}?{_asks_by(call)}={page + 1}" if page < last else None,
        "path": path,
        "per_page": PAGE,
        "prev_page_url": f"{path}?{_asks_by(call)}={page - 1}" if page > 1 else None,
        "to": start + len(rows) if rows else None,
        "total": total,
    }

"""The rows of a transaction as SuiteQL shows them: header, items, discount, shipping, tax, cost of goods.

Only rows of the role `item` are the document's lines; the others are written with them and never read back.
"""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from integrations.sandbox.money import cents
from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.documents import Assignment, Document, Line
from integrations.sandbox.store import Store

Json = dict[str, Any]
COLUMNS = (
    "txn", "id", "type", "seq", "uniquekey", "role", "mainline", "taxline", "iscogs", "item", "itemtype",
    "quantity", "rate", "amount", "taxrate", "taxamount", "received", "billed", "location", "isclosed",
    "createdfrom", "orderdoc", "orderline", "memo", "custom", "custcol_shopify_line_id", "detail",
    "exchangerate", "subsidiary", "posting", "lastmodifieddate", "deleted",
)  # fmt: skip
INSERT = f"INSERT INTO txn_line ({', '.join(COLUMNS)}) VALUES ({', '.join(f':{name}' for name in COLUMNS)})"
# NetSuite writes the cost of goods of these between the lines of the document (netsuite.md 5.2).
WITH_COST_ROWS = (kinds.FULFILLMENT, kinds.ITEM_RECEIPT)
BLANK: Json = dict.fromkeys(COLUMNS) | {
    "mainline": "F", "taxline": "F", "iscogs": "F", "isclosed": "F", "custom": "{}", "detail": "{}",
}  # fmt: skip


def write_lines(store: Store, document: Document) -> None:
    rows = list(_rows(document))
    for seq, row in enumerate(rows):
        row["seq"] = seq
    fresh = [row for row in rows if row["uniquekey"] is None]
    first = store.next_numbers("uniquekey", count=len(fresh), start=500_001)
    for number, row in enumerate(fresh):
        row["uniquekey"] = first + number
    for row, line in zip((row for row in rows if row["role"] == "item"), document.lines, strict=True):
        line.unique_key = row["uniquekey"]
    store.execute_many(INSERT, rows)


def _rows(document: Document) -> Iterator[Json]:
    common = BLANK | {
        "txn": document.id,
        "type": document.kind.code,
        "location": document.location,
        "createdfrom": document.created_from,
        "exchangerate": float(document.exchange_rate),
        "subsidiary": document.subsidiary,
        "posting": int(document.kind.is_posting),
        "lastmodifieddate": document.modified_at,
        "deleted": int(document.deleted),
    }
    yield common | {"role": "main", "id": 0, "mainline": "T", "amount": float(-document.total), "memo": document.memo}
    for line in document.lines:
        yield common | _line_row(document, line)
    number = document.next_line_number()
    for row in _further_rows(document):
        yield common | row | {"id": number}
        number += 1


def _line_row(document: Document, line: Line) -> Json:
    return {
        "role": "item",
        "id": line.line,
        "uniquekey": line.unique_key,
        "item": line.item,
        "itemtype": line.item_type,
        "quantity": line.quantity,
        "rate": float(line.rate),
        "amount": float(line.amount),
        "taxrate": float(line.tax_rate),
        "taxamount": float(line.tax_amount),
        "received": line.received,
        "billed": line.billed,
        "location": line.location or (document.location if document.kind.sublist == "inventory" else None),
        "isclosed": "T" if line.is_closed else "F",
        "createdfrom": line.order_doc or document.created_from,
        "orderdoc": line.order_doc,
        "orderline": line.order_line,
        "memo": line.memo,
        "custom": json.dumps(line.custom),
        "custcol_shopify_line_id": line.custom.get("custcol_shopify_line_id"),
        "detail": _detail(line),
    }


def _further_rows(document: Document) -> Iterator[Json]:
    if document.kind.has_amounts:
        yield from _amount_rows(document)
    if document.kind in WITH_COST_ROWS:
        yield from (_cost_row(line) for line in document.lines if line.is_stock)
    if document.kind == kinds.INVENTORY_TRANSFER:
        place = int(document.extra["transferLocation"])
        for line in document.lines:
            yield {
                "role": "other_end",
                "item": line.item,
                "itemtype": line.item_type,
                "quantity": line.quantity,
                "location": place,
            }


def _amount_rows(document: Document) -> Iterator[Json]:
    """A discount of the whole document, shipping and tax have rows of their own."""
    discount, tax = document.discount_total, document.tax_total
    if discount:
        item = document.discount_item
        yield {"role": "discount", "item": item, "itemtype": "Discount", "amount": float(discount)}
    if document.shipping_cost:
        carrier = document.extra.get("shipMethod")
        yield {"role": "shipping", "item": carrier, "itemtype": "ShipItem", "amount": float(document.shipping_cost)}
    if tax:
        yield {"role": "tax", "taxline": "T", "itemtype": "TaxItem", "amount": float(tax)}


def _cost_row(line: Line) -> Json:
    return {
        "role": "cogs",
        "iscogs": "T",
        "item": line.item,
        "itemtype": line.item_type,
        "quantity": -line.quantity,
        "location": line.location,
    }


def _detail(line: Line) -> str:
    """What only some lines have, so that most rows stay short."""
    detail: Json = {}
    if line.kit_member_of is not None:
        detail["kitMemberOf"] = line.kit_member_of
    if not line.is_restocked:
        detail["restock"] = False
    if line.percent is not None:
        detail["percent"] = str(line.percent)
    if line.assignments:
        detail["assignments"] = [asdict(one) for one in line.assignments]
    return json.dumps(detail) if detail else "{}"


def load_lines(store: Store, document: Document) -> list[Line]:
    rows = store.rows("SELECT * FROM txn_line WHERE txn = ? AND role = 'item' ORDER BY seq", (document.id,))
    return [_loaded(row, decimals=document.decimals) for row in rows]


def _loaded(row: sqlite3.Row, *, decimals: int) -> Line:
    line = Line(
        line=row["id"],
        item=row["item"],
        item_type=row["itemtype"],
        quantity=row["quantity"],
        rate=Decimal(str(row["rate"])),
        amount=cents(row["amount"], decimals=decimals),
        tax_rate=Decimal(str(row["taxrate"])),
        tax_amount=cents(row["taxamount"], decimals=decimals),
        location=row["location"],
        is_closed=row["isclosed"] == "T",
        order_doc=row["orderdoc"],
        order_line=row["orderline"],
        memo=row["memo"],
        custom=json.loads(row["custom"]),
        received=row["received"],
        billed=row["billed"],
        unique_key=row["uniquekey"],
        decimals=decimals,
    )
    if row["detail"] != "{}":
        _load_detail(line, json.loads(row["detail"]))
    return line


def _load_detail(line: Line, detail: Json) -> None:
    line.kit_member_of = detail.get("kitMemberOf")
    line.is_restocked = detail.get("restock", True)
    line.percent = Decimal(detail["percent"]) if "percent" in detail else None
    line.assignments = tuple(Assignment(**one) for one in detail.get("assignments", []))

"""Reading and writing transactions in the tables: the only code that touches txn, txn_line and txn_apply."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.sandbox.money import cents
from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.documents import Apply, Document, Line
from integrations.sandbox.netsuite.errors import user_error
from integrations.sandbox.store import Store

FIRST_TRANSACTION_ID = 70_001
LINK_TYPES = {
    "ItemShip": "ShipRcpt",
    "ItemRcpt": "ShipRcpt",
    "CustInvc": "OrdBill",
    "CashSale": "OrdBill",
    "CustCred": "OrdBill",
    "CashRfnd": "OrdBill",
    "RtnAuth": "SaleRet",
}


def load_document(store: Store, *, document_id: int, with_deleted: bool = False) -> Document | None:
    found = store.row("SELECT * FROM txn WHERE id = ?", (document_id,))
    if found is None or (found["deleted"] and not with_deleted):
        return None
    document = _header(found)
    lines = store.rows(
        "SELECT * FROM txn_line WHERE txn = ? AND mainline = 'F' AND taxline = 'F' ORDER BY seq",
        (document_id,),
    )
    document.lines = [_line(row) for row in lines]
    applies = store.rows("SELECT doc, line, amount FROM txn_apply WHERE txn = ? ORDER BY rowid", (document_id,))
    document.applies = [Apply(row["doc"], amount=cents(row["amount"]), line=row["line"]) for row in applies]
    return document


def _header(row: sqlite3.Row) -> Document:
    remaining = row["amountremaining"]
    return Document(
        kind=kinds.BY_CODE[row["type"]],
        entity=row["entity"],
        tran_date=date.fromisoformat(row["trandate"]),
        currency=row["currency"],
        id=row["id"],
        tran_id=row["tranid"],
        external_id=row["externalid"],
        status=row["status"],
        order_status=row["orderstatus"],
        memo=row["memo"],
        other_ref_num=row["otherrefnum"],
        exchange_rate=Decimal(str(row["exchangerate"])),
        location=row["location"],
        created_from=row["createdfrom"],
        posting_period=row["postingperiod"],
        created_at=row["createddate"],
        modified_at=row["lastmodifieddate"],
        created_by=row["createdby"],
        voided=bool(row["voided"]),
        deleted=bool(row["deleted"]),
        extra=json.loads(row["extra"]),
        amount_remaining=None if remaining is None else cents(remaining),
    )


def _line(row: sqlite3.Row) -> Line:
    return Line(
        line=row["id"],
        item=row["item"],
        item_type=row["itemtype"],
        quantity=row["quantity"],
        rate=Decimal(str(row["rate"])),
        amount=cents(row["amount"]),
        tax_rate=Decimal(str(row["taxrate"])),
        tax_amount=cents(row["taxamount"]),
        location=row["location"],
        is_closed=row["isclosed"] == "T",
        order_doc=row["orderdoc"],
        order_line=row["orderline"],
        memo=row["memo"],
        custom=json.loads(row["custom"]),
        received=row["received"],
        billed=row["billed"],
        unique_key=row["uniquekey"],
    )


def insert_document(store: Store, document: Document, *, who: str, at: str) -> None:
    """Give the document its id and number and write it. One external id serves all kinds, in any case."""
    _refuse_used_external_id(store, document)
    number = store.next_number(document.kind.code, start=1001)
    document.tran_id = document.tran_id or f"{document.kind.prefix}{number}"
    document.id = store.next_number("transaction", start=FIRST_TRANSACTION_ID)
    document.created_at = document.modified_at = at
    document.created_by = who
    columns = _columns(document)
    names = ", ".join(columns)
    marks = ", ".join("?" * len(columns))
    store.execute(f"INSERT INTO txn ({names}) VALUES ({marks})", tuple(columns.values()))
    _write_lines(store, document)


def update_document(store: Store, document: Document, *, at: str) -> None:
    _refuse_used_external_id(store, document)
    document.modified_at = at
    columns = _columns(document)
    changes = ", ".join(f"{name} = ?" for name in columns)
    store.execute(f"UPDATE txn SET {changes} WHERE id = ?", (*columns.values(), document.id))
    store.execute("DELETE FROM txn_line WHERE txn = ?", (document.id,))
    store.execute("DELETE FROM txn_apply WHERE txn = ?", (document.id,))
    store.execute("DELETE FROM txn_link WHERE nextdoc = ?", (document.id,))
    if document.deleted:
        store.execute("UPDATE txn SET deleteddate = ? WHERE id = ?", (at, document.id))
    _write_lines(store, document)


def _refuse_used_external_id(store: Store, document: Document) -> None:
    if document.external_id is None or document.deleted:
        return
    used = store.row(
        "SELECT id FROM txn WHERE lower(externalid) = lower(?) AND deleted = 0 AND id <> ?",
        (document.external_id, document.id),
    )
    if used is not None:
        raise user_error("This record already exists.")


def _columns(document: Document) -> dict[str, Any]:
    remaining = document.amount_remaining
    return {
        "id": document.id,
        "type": document.kind.code,
        "tranid": document.tran_id,
        "externalid": document.external_id,
        "trandate": document.tran_date.isoformat(),
        "status": document.status,
        "orderstatus": document.order_status,
        "entity": document.entity,
        "memo": document.memo,
        "otherrefnum": document.other_ref_num,
        "currency": document.currency,
        "exchangerate": float(document.exchange_rate),
        "subtotal": float(document.subtotal),
        "taxtotal": float(document.tax_total),
        "total": float(document.total),
        "amountremaining": None if remaining is None else float(remaining),
        "postingperiod": document.posting_period,
        "location": document.location,
        "createdfrom": document.created_from,
        "createddate": document.created_at,
        "lastmodifieddate": document.modified_at,
        "createdby": document.created_by,
        "voided": int(document.voided),
        "deleted": int(document.deleted),
        "extra": json.dumps(document.extra),
    }


LINE_COLUMNS = (
    "txn, id, type, seq, uniquekey, mainline, taxline, item, itemtype, quantity, rate, amount, taxrate, taxamount,"
    " received, billed, location, isclosed, createdfrom, orderdoc, orderline, memo, custom,"
    " custcol_shopify_line_id, lastmodifieddate, deleted"
)
LINE_SQL = f"INSERT INTO txn_line ({LINE_COLUMNS}) VALUES ({', '.join('?' * 26)})"


def _write_lines(store: Store, document: Document) -> None:
    rows = [_bare_row(store, document, number=0, seq=0, is_main=True, amount=-document.total)]
    for seq, line in enumerate(document.lines, start=1):
        if line.unique_key is None:
            line.unique_key = store.next_number("uniquekey", start=500_001)
        rows.append(_line_row(document, line, seq=seq))
    if document.tax_total:
        number = document.next_line_number()
        seq = len(document.lines) + 1
        rows.append(_bare_row(store, document, number=number, seq=seq, is_main=False, amount=document.tax_total))
    store.execute_many(LINE_SQL, rows)
    applies = [(document.id, row.doc, row.line, float(row.amount)) for row in document.applies]
    store.execute_many("INSERT INTO txn_apply (txn, doc, line, amount) VALUES (?, ?, ?, ?)", applies)
    if not document.deleted:
        _write_links(store, document)


def _line_row(document: Document, line: Line, *, seq: int) -> tuple[Any, ...]:
    return (
        document.id,
        line.line,
        document.kind.code,
        seq,
        line.unique_key,
        "F",
        "F",
        line.item,
        line.item_type,
        line.quantity,
        float(line.rate),
        float(line.amount),
        float(line.tax_rate),
        float(line.tax_amount),
        line.received,
        line.billed,
        line.location,
        "T" if line.is_closed else "F",
        line.order_doc or document.created_from,
        line.order_doc,
        line.order_line,
        line.memo,
        json.dumps(line.custom),
        line.custom.get("custcol_shopify_line_id"),
        document.modified_at,
        int(document.deleted),
    )


def _bare_row(
    store: Store, document: Document, *, number: int, seq: int, is_main: bool, amount: Decimal
) -> tuple[Any, ...]:
    """The row of the header (mainline) or of the tax, which SuiteQL shows among the lines."""
    key = store.next_number("uniquekey", start=500_001)
    marks = ("T", "F") if is_main else ("F", "T")
    numbers = (None, None, None, None, float(amount), None, None, None, None)
    tail = (document.location, "F", document.created_from, None, None, document.memo, "{}", None)
    return (
        document.id,
        number,
        document.kind.code,
        seq,
        key,
        *marks,
        *numbers,
        *tail,
        document.modified_at,
        int(document.deleted),
    )


def _write_links(store: Store, document: Document) -> None:
    links: list[tuple[Any, ...]] = []
    for line in document.lines:
        if line.order_doc is not None:
            previous_type = store.value("SELECT type FROM txn WHERE id = ?", (line.order_doc,))
            link_type = LINK_TYPES.get(document.kind.code, "Link")
            ends = (
                line.order_doc,
                line.order_line,
                previous_type,
                document.id,
                line.line,
                document.kind.code,
            )
            links.append((*ends, link_type, float(line.amount), document.modified_at))
    for row in document.applies:
        previous_type = store.value("SELECT type FROM txn WHERE id = ?", (row.doc,))
        ends = (row.doc, 0, previous_type, document.id, 0, document.kind.code)
        links.append((*ends, "Payment", float(row.amount), document.modified_at))
    store.execute_many(
        "INSERT INTO txn_link (previousdoc, previousline, previoustype, nextdoc, nextline, nexttype, linktype,"
        " foreignamount, lastmodifieddate) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        links,
    )


def record_history(
    store: Store, *, who: str, at: str, action: str, record_type: str, record_id: int, content: Any
) -> None:
    external_id = content.get("externalId") if isinstance(content, dict) else None
    store.execute(
        "INSERT INTO history (at, who, action, record_type, record_id, externalid, content)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (at, who, action, record_type, record_id, external_id, json.dumps(content)),
    )


def children_of(store: Store, *, document_id: int, codes: Sequence[str] = ()) -> list[int]:
    """Ids of live documents made from this one or applied to it."""
    rows = store.rows(
        "SELECT DISTINCT nextdoc, nexttype FROM txn_link WHERE previousdoc = ? ORDER BY nextdoc",
        (document_id,),
    )
    return [row["nextdoc"] for row in rows if not codes or row["nexttype"] in codes]

"""Reading and writing transactions in the tables: headers, applications and the links between documents."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.sandbox.money import cents
from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.documents import Apply, Document
from integrations.sandbox.netsuite.errors import user_error
from integrations.sandbox.netsuite.linerows import load_lines, write_lines
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
    document.lines = load_lines(store, document)
    applies = store.rows("SELECT doc, line, amount FROM txn_apply WHERE txn = ? ORDER BY rowid", (document_id,))
    document.applies = [
        Apply(row["doc"], amount=cents(row["amount"], decimals=document.decimals), line=row["line"]) for row in applies
    ]
    return document


def _header(row: sqlite3.Row) -> Document:
    remaining, decimals = row["amountremaining"], row["decimals"]
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
        subsidiary=row["subsidiary"],
        created_from=row["createdfrom"],
        posting_period=row["postingperiod"],
        created_at=row["createddate"],
        modified_at=row["lastmodifieddate"],
        created_by=row["createdby"],
        modified_by=row["modifiedby"] or "",
        version=row["version"],
        voided=bool(row["voided"]),
        deleted=bool(row["deleted"]),
        decimals=decimals,
        discount_item=row["discountitem"],
        discount_rate=row["discountrate"],
        shipping_cost=cents(row["shippingcost"], decimals=decimals),
        has_document_tax=bool(row["documenttax"]),
        payment=cents(row["payment"], decimals=decimals),
        extra=json.loads(row["extra"]),
        amount_remaining=None if remaining is None else cents(remaining, decimals=decimals),
    )


def insert_document(store: Store, document: Document, *, who: str, at: str) -> None:
    """Give the document its id and number and write it. One external id serves all kinds, in any case."""
    _refuse_used_external_id(store, document)
    number = store.next_number(document.kind.code, start=1001)
    document.tran_id = document.tran_id or f"{document.kind.prefix}{number}"
    document.id = store.next_number("transaction", start=FIRST_TRANSACTION_ID)
    document.created_at = document.modified_at = at
    document.created_by = document.modified_by = who
    columns = _columns(document)
    names = ", ".join(columns)
    marks = ", ".join("?" * len(columns))
    store.execute(f"INSERT INTO txn ({names}) VALUES ({marks})", tuple(columns.values()))
    _write_rest(store, document)


def update_document(store: Store, document: Document, *, at: str, who: str) -> None:
    _refuse_used_external_id(store, document)
    document.modified_at = at
    document.modified_by = who
    document.version += 1
    columns = _columns(document)
    changes = ", ".join(f"{name} = ?" for name in columns)
    store.execute(f"UPDATE txn SET {changes} WHERE id = ?", (*columns.values(), document.id))
    store.execute("DELETE FROM txn_line WHERE txn = ?", (document.id,))
    store.execute("DELETE FROM txn_apply WHERE txn = ?", (document.id,))
    store.execute("DELETE FROM txn_link WHERE nextdoc = ?", (document.id,))
    if document.deleted:
        store.execute("UPDATE txn SET deleteddate = ?, deletedby = ? WHERE id = ?", (at, who, document.id))
    _write_rest(store, document)


def save_progress(store: Store, document: Document, *, at: str | None) -> None:
    """Write only what other documents changed in this one. `at` None leaves the time of its last change alone."""
    document.modified_at = at or document.modified_at
    document.version += 1
    remaining = document.amount_remaining
    store.execute(
        "UPDATE txn SET status = ?, amountremaining = ?, lastmodifieddate = ?, version = ? WHERE id = ?",
        (
            document.status,
            None if remaining is None else float(remaining),
            document.modified_at,
            document.version,
            document.id,
        ),
    )
    store.execute_many(
        "UPDATE txn_line SET received = ?, billed = ?, lastmodifieddate = ? WHERE uniquekey = ?",
        [(line.received, line.billed, document.modified_at, line.unique_key) for line in document.lines],
    )


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
        "subsidiary": document.subsidiary,
        "createdfrom": document.created_from,
        "createddate": document.created_at,
        "lastmodifieddate": document.modified_at,
        "createdby": document.created_by,
        "modifiedby": document.modified_by,
        "version": document.version,
        "decimals": document.decimals,
        "discountitem": document.discount_item,
        "discountrate": document.discount_rate,
        "shippingcost": float(document.shipping_cost),
        "documenttax": int(document.has_document_tax),
        "payment": float(document.payment),
        "voided": int(document.voided),
        "deleted": int(document.deleted),
        "extra": json.dumps(document.extra),
    }


def _write_rest(store: Store, document: Document) -> None:
    write_lines(store, document)
    applies = [(document.id, row.doc, row.line, float(row.amount)) for row in document.applies]
    store.execute_many("INSERT INTO txn_apply (txn, doc, line, amount) VALUES (?, ?, ?, ?)", applies)
    if not document.deleted:
        _write_links(store, document)


def _write_links(store: Store, document: Document) -> None:
    types: dict[int, str] = {}
    link_type = LINK_TYPES.get(document.kind.code, "Link")
    links = [
        (
            line.order_doc,
            line.order_line,
            _type_of(store, line.order_doc, known=types),
            document.id,
            line.line,
            document.kind.code,
            link_type,
            float(line.amount),
            document.modified_at,
        )
        for line in document.lines
        if line.order_doc is not None and line.order_line is not None
    ]
    for row in document.applies:
        ends = (row.doc, 0, _type_of(store, row.doc, known=types), document.id, 0, document.kind.code)
        links.append((*ends, "Payment", float(row.amount), document.modified_at))
    store.execute_many(
        "INSERT INTO txn_link (previousdoc, previousline, previoustype, nextdoc, nextline, nexttype, linktype,"
        " foreignamount, lastmodifieddate) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        links,
    )


def _type_of(store: Store, document_id: int, *, known: dict[int, str]) -> str:
    if document_id not in known:
        known[document_id] = store.value("SELECT type FROM txn WHERE id = ?", (document_id,))
    return known[document_id]


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

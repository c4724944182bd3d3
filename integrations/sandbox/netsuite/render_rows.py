"""The rows of a record's sublists as the REST record service shows them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.commitments import quantity_committed
from integrations.sandbox.netsuite.documents import Apply, Assignment, Document, Line
from integrations.sandbox.netsuite.references import References, present

Json = dict[str, Any]
OPEN_INVOICES_MAX = 50


@dataclass(frozen=True)
class Sublist:
    """rows is asked only where the sublist is expanded: else it is a link."""

    name: str
    rows: Callable[[], list[Json]]

    def shown(self, own: str, *, expand: bool) -> Json:
        links = _self(f"{own}/{self.name}")
        if not expand:
            return {"links": links}
        items = self.rows()
        return {"links": links, "items": items, "totalResults": len(items)}


def _self(url: str) -> list[Json]:
    return [{"rel": "self", "href": url}]


APPLIES_TO = {kinds.CREDIT_MEMO: "CustInvc", kinds.CUSTOMER_PAYMENT: "CustInvc", kinds.CUSTOMER_REFUND: "CustCred"}


def lines_of(to: References, document: Document, *, own: str) -> list[Json]:
    return [_line(to, document, line, own=f"{own}/{document.kind.sublist}/{line.line}") for line in document.lines]


def _line(to: References, document: Document, line: Line, *, own: str) -> Json:
    shown: Json = {
        "links": _self(own),
        "line": line.line,
        "lineUniqueKey": line.unique_key,
        "item": to.to_item(line.item),
        "itemType": {"id": line.item_type, "refName": line.item_type},
        "description": line.memo,
        "quantity": float(line.quantity),
        "location": to.to("location", line.location),
        "orderLine": line.order_line,
        "orderDoc": to.to_transaction(line.order_doc),
        "kitMemberOf": line.kit_member_of,
        "inventoryDetail": _detail(to, line, own=own),
    }
    if document.kind.sublist == "inventory":
        shown["adjustQtyBy"] = shown.pop("quantity")
    if document.kind.has_amounts:
        shown |= _line_amounts(line, engine=to.account.settings.text("netsuite.tax_engine"))
    if document.kind in kinds.ORDERS:
        shown |= _line_progress(document, line)
    if document.kind == kinds.SALES_ORDER:
        shown["quantityCommitted"] = float(quantity_committed(to.account, document, line))
    if document.kind == kinds.ITEM_RECEIPT:
        shown["itemReceive"] = line.is_received
        if to.account.settings.text("netsuite.restock") == "accepted":
            shown["restock"] = line.is_restocked
    return present(shown | line.custom)


def _line_amounts(line: Line, *, engine: str) -> Json:
    rate = f"{line.percent:f}%" if line.percent is not None else float(round(line.rate, 8))
    shown: Json = {
        "rate": rate,
        "amount": float(line.amount),
        "taxAmount": float(line.tax_amount),
        "grossAmt": float(line.amount + line.tax_amount),
    }
    if engine == "suitetax":
        return shown | {"taxDetailsReference": _tax_reference(line)}
    return shown | {"taxRate1": float(line.tax_rate * 100)}


def _tax_reference(line: Line) -> str:
    return f"line-{line.line}"


def _line_progress(document: Document, line: Line) -> Json:
    received_name = "quantityReceived" if document.kind == kinds.RETURN_AUTHORIZATION else "quantityFulfilled"
    received = line.received if line.is_receivable else 0
    return {
        "isClosed": line.is_closed,
        "isOpen": not line.is_closed,
        received_name: float(received),
        "quantityBilled": float(line.billed),
        "quantityRemaining": float(max(line.quantity - line.received, 0)),
    }


def _detail(to: References, line: Line, *, own: str) -> Json | None:
    if not line.assignments:
        return None
    url = f"{own}/inventoryDetail"
    rows = [
        _assignment(to, one, own=f"{url}/inventoryAssignment/{number}")
        for number, one in enumerate(line.assignments, start=1)
    ]
    sublist = {"links": _self(f"{url}/inventoryAssignment"), "items": rows, "totalResults": len(rows)}
    return {"links": _self(url), "quantity": float(line.quantity), "inventoryAssignment": sublist}


def _assignment(to: References, one: Assignment, *, own: str) -> Json:
    number = {"id": one.number, "refName": one.number} if one.number else None
    return present(
        {
            "links": _self(own),
            "quantity": float(one.quantity),
            "binNumber": to.to("bin", one.bin or None),
            "toBinNumber": to.to("bin", one.to_bin or None),
            "inventoryStatus": to.to("inventoryStatus", one.status or None),
            "toInventoryStatus": to.to("inventoryStatus", one.to_status or None),
            "issueInventoryNumber": number,
        }
    )


def taxes_of(document: Document, *, own: str) -> list[Json]:
    """Under SuiteTax the tax of each row stands in a sublist of its own."""
    return [
        {
            "links": _self(f"{own}/taxDetails/{_tax_reference(line)}"),
            "taxDetailsReference": _tax_reference(line),
            "taxBasis": float(line.counted_amount),
            "taxRate": float(line.tax_rate * 100),
            "taxAmount": float(line.tax_amount),
        }
        for line in document.lines
        if line.tax_rate and line.kit_member_of is None
    ]


def applies_of(to: References, document: Document, *, own: str) -> list[Json]:
    """Rows already applied; on a credit, and on forms, the open documents too. Deposits never show."""
    applied = {row.doc: row for row in document.applies}
    docs = list(applied)
    open_type = APPLIES_TO.get(document.kind)
    if open_type and (document.kind == kinds.CREDIT_MEMO or not document.id):
        docs += [one for one in _open_documents(to, document, code=open_type) if one not in applied]
    rows = [_apply_row(to, document, doc, row=applied.get(doc), own=own) for doc in docs]
    return [row for row in rows if row.get("type") != kinds.CUSTOMER_DEPOSIT.label]


def _open_documents(to: References, document: Document, *, code: str) -> list[int]:
    rows = to.account.store.rows(
        "SELECT id FROM txn WHERE entity = ? AND type = ? AND deleted = 0 AND amountremaining > 0"
        " AND currency = ? ORDER BY id LIMIT ?",
        (document.entity, code, document.currency, OPEN_INVOICES_MAX),
    )
    return [row["id"] for row in rows]


def _apply_row(to: References, document: Document, doc: int, *, row: Apply | None, own: str) -> Json:
    target = to.account.store.row("SELECT * FROM txn WHERE id = ?", (doc,))
    is_refund = document.kind == kinds.CUSTOMER_REFUND
    usual_line = int(to.account.settings.number("netsuite.refund_apply_line")) if is_refund else 0
    line = row.line if row else usual_line
    shown: Json = {
        "links": _self(f"{own}/apply/doc={doc},line={line}"),
        "doc": to.to_transaction(doc),
        "line": line,
        "apply": row is not None,
        "amount": float(row.amount) if row else 0.0,
    }
    if target is not None:
        shown |= {
            "due": float(target["amountremaining"] or 0),
            "total": float(target["total"]),
            "refNum": target["tranid"],
            "type": kinds.BY_CODE[target["type"]].label,
            "applyDate": target["trandate"],
            "currency": to.account.store.value("SELECT symbol FROM currency WHERE id = ?", (target["currency"],)),
            "createdFrom": to.to_transaction(target["createdfrom"]),
        }
    return present(shown)

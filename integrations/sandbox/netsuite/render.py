"""Records as the REST record service shows them."""

from collections.abc import Callable
from typing import Any

from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.documents import Document, Line

Json = dict[str, Any]


def render_document(account: Account, document: Document, *, base: str, expand: bool) -> Json:
    """base: the URL of the record service, `…/services/rest/record/v1`."""
    kind = document.kind
    own = f"{base}/{kind.record_type}/{document.id}"
    shown: Json = {
        "links": [{"rel": "self", "href": own}],
        "id": str(document.id),
        "tranId": document.tran_id,
        "tranDate": document.tran_date.isoformat(),
        "createdDate": f"{document.created_at}Z",
        "lastModifiedDate": f"{document.modified_at}Z",
        "exchangeRate": float(document.exchange_rate),
        "currency": _reference(base, "currency", document.currency, name=account.profile.currency),
        "externalId": document.external_id,
        "memo": document.memo,
        "otherRefNum": document.other_ref_num,
    }
    if kind.statuses and kind != kinds.ITEM_RECEIPT:
        shown["status"] = {"id": document.status, "refName": kind.status_label(document.status)}
    if document.order_status is not None:
        label = kind.status_label(document.order_status)
        shown["orderStatus"] = {"id": document.order_status, "refName": label}
    shown |= _references(account, document, base=base)
    shown |= _amounts(document)
    shown |= {key: _extra(key, value) for key, value in document.extra.items() if key != "cancelled"}
    shown |= _sublists(account, document, base=base, own=own, expand=expand)
    return {key: value for key, value in shown.items() if value is not None}


def _reference(base: str, record_type: str, identity: int | None, *, name: str | None) -> Json | None:
    if identity is None:
        return None
    links = [{"rel": "self", "href": f"{base}/{record_type}/{identity}"}]
    return {"links": links, "id": str(identity), "refName": name or str(identity)}


def _references(account: Account, document: Document, *, base: str) -> Json:
    store = account.store
    subsidiary = account.profile.subsidiary_id
    entity_name = store.value("SELECT entityid FROM customer WHERE id = ?", (document.entity,))
    location_name = store.value("SELECT name FROM location WHERE id = ?", (document.location,))
    period_name = store.value("SELECT periodname FROM accountingperiod WHERE id = ?", (document.posting_period,))
    return {
        document.kind.entity_field: _reference(base, "customer", document.entity, name=entity_name),
        "location": _reference(base, "location", document.location, name=location_name),
        "subsidiary": _reference(base, "subsidiary", subsidiary, name=account.profile.name),
        "postingPeriod": _reference(base, "accountingPeriod", document.posting_period, name=period_name),
        "createdFrom": _source_reference(account, document, base=base),
    }


def _source_reference(account: Account, document: Document, *, base: str) -> Json | None:
    source = account.store.row("SELECT type, tranid FROM txn WHERE id = ?", (document.created_from,))
    if source is None:
        return None
    kind = kinds.BY_CODE[source["type"]]
    name = f"{kind.label} #{source['tranid']}"
    return _reference(base, kind.record_type, document.created_from, name=name)


def _amounts(document: Document) -> Json:
    if not document.kind.has_amounts:
        return {}
    shown: Json = {"total": float(document.total)}
    if document.kind.sublist == "item":
        shown |= {"subtotal": float(document.subtotal), "taxTotal": float(document.tax_total)}
    if document.amount_remaining is not None:
        shown["amountRemaining"] = float(document.amount_remaining)
        shown["amountPaid"] = float(document.total - document.amount_remaining)
    if document.kind == kinds.CREDIT_MEMO:
        shown["applied"] = float(document.applied)
        shown["unapplied"] = float(document.amount_remaining or 0)
        shown["autoApply"] = False
    return shown


def _extra(key: str, value: Any) -> Any:
    is_reference = key in ("account", "paymentOption", "paymentMethod", "transferLocation", "adjLocation")
    return {"id": str(value)} if is_reference else value


def _sublists(account: Account, document: Document, *, base: str, own: str, expand: bool) -> Json:
    shown: Json = {}
    if document.kind.sublist in ("item", "inventory"):
        name = document.kind.sublist
        shown[name] = _sublist(own, name, rows=lambda: render_lines(account, document, base=base), expand=expand)
    if document.kind.sublist == "apply" or document.kind == kinds.CREDIT_MEMO:
        rows = lambda: render_applies(account, document, base=base, own=own)  # noqa: E731
        shown["apply"] = _sublist(own, "apply", rows=rows, expand=expand)
    return shown


def _sublist(own: str, name: str, *, rows: Callable[[], list[Json]], expand: bool) -> Json:
    links = [{"rel": "self", "href": f"{own}/{name}"}]
    if not expand:
        return {"links": links}
    items = rows()
    return {"links": links, "items": items, "totalResults": len(items)}


def render_lines(account: Account, document: Document, *, base: str) -> list[Json]:
    return [_line(account, document, line, base=base) for line in document.lines]


def _line(account: Account, document: Document, line: Line, *, base: str) -> Json:
    store = account.store
    item_name = store.value("SELECT itemid FROM item WHERE id = ?", (line.item,))
    location_name = store.value("SELECT name FROM location WHERE id = ?", (line.location,))
    own = f"{base}/{document.kind.record_type}/{document.id}/{document.kind.sublist}/{line.line}"
    source = line.order_doc
    shown: Json = {
        "links": [{"rel": "self", "href": own}],
        "line": line.line,
        "lineUniqueKey": line.unique_key,
        "item": _reference(base, "inventoryItem", line.item, name=item_name),
        "itemType": {"id": line.item_type, "refName": line.item_type},
        "description": line.memo,
        "quantity": float(line.quantity),
        "location": _reference(base, "location", line.location, name=location_name),
        "orderLine": line.order_line,
        "orderDoc": {"id": str(source)} if source is not None else None,
    }
    if document.kind.sublist == "inventory":
        shown["adjustQtyBy"] = shown.pop("quantity")
    if document.kind.has_amounts:
        shown |= _line_amounts(line)
    if document.kind in (kinds.RETURN_AUTHORIZATION, kinds.SALES_ORDER):
        shown |= _line_progress(document, line)
    if document.kind == kinds.ITEM_RECEIPT:
        shown["itemReceive"] = True
    shown |= line.custom
    return {key: value for key, value in shown.items() if value is not None}


def _line_amounts(line: Line) -> Json:
    return {
        "rate": float(round(line.rate, 8)),
        "amount": float(line.amount),
        "taxRate1": float(line.tax_rate * 100),
        "taxAmount": float(line.tax_amount),
        "grossAmt": float(line.amount + line.tax_amount),
    }


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


def render_applies(account: Account, document: Document, *, base: str, own: str) -> list[Json]:
    """Rows already applied and, on a credit, the open invoices it could be applied to."""
    applied = {row.doc: row for row in document.applies}
    docs = list(applied)
    if document.kind == kinds.CREDIT_MEMO:
        open_invoices = account.store.rows(
            "SELECT id FROM txn WHERE entity = ? AND type = 'CustInvc' AND deleted = 0 AND amountremaining > 0"
            " ORDER BY id LIMIT 50",
            (document.entity,),
        )
        docs += [row["id"] for row in open_invoices if row["id"] not in applied]
    return [_apply_row(account, doc, row=applied.get(doc), base=base, own=own) for doc in docs]


def _apply_row(account: Account, doc: int, *, row: Any, base: str, own: str) -> Json:
    target = account.store.row("SELECT * FROM txn WHERE id = ?", (doc,))
    kind = kinds.BY_CODE[target["type"]] if target else kinds.INVOICE
    line = row.line if row else 0
    return {
        "links": [{"rel": "self", "href": f"{own}/apply/doc={doc},line={line}"}],
        "doc": _reference(base, kind.record_type, doc, name=target["tranid"] if target else None),
        "line": line,
        "apply": row is not None,
        "amount": float(row.amount) if row else 0.0,
        "due": float(target["amountremaining"] or 0) if target else 0.0,
        "total": float(target["total"]) if target else 0.0,
        "refNum": target["tranid"] if target else None,
        "type": kind.label,
        "applyDate": target["trandate"] if target else None,
        "currency": account.profile.currency,
    }

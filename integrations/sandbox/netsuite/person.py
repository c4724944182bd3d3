"""A person at work in NetSuite: what the warehouse and finance do there by hand."""

from collections.abc import Callable
from datetime import date
from typing import Any

from integrations.sandbox.netsuite import kinds, records
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.errors import Refusal, invalid_value, not_found
from integrations.sandbox.netsuite.fields import lower_keys
from integrations.sandbox.netsuite.ledger import load_document, record_history
from integrations.sandbox.netsuite.login_audit import LOGIN_ACTIONS
from integrations.sandbox.netsuite.periods import ensure_period, set_period

Json = dict[str, Any]
Act = Callable[[Account, Json], Json]
WHO = "person"
NOTHING: frozenset[str] = frozenset()


def act_as_person(account: Account, *, action: str, request: Json) -> Json:
    act = ACTIONS.get(action)
    if act is None:
        raise Refusal(f"no action {action!r}; known: {', '.join(sorted(ACTIONS))}")
    with account.store.transaction():
        return act(account, request)


def _record(request: Json) -> int:
    return int(request.get("record") or request.get("id") or request["rma"])


def _transform(account: Account, request: Json, *, target: kinds.Kind) -> Json:
    source = load_document(account.store, document_id=_record(request))
    if source is None:
        raise not_found()
    body = lower_keys(request.get("body") or {})
    replace = frozenset(request.get("replace") or ())
    document = records.transform(
        account,
        source_id=source.id,
        source_kind=source.kind,
        target=target,
        body=body,
        replace=replace,
        who=WHO,
    )
    return {"id": str(document.id), "type": document.kind.record_type}


def _receive(account: Account, request: Json) -> Json:
    return _transform(account, request, target=kinds.ITEM_RECEIPT)


def _credit(account: Account, request: Json) -> Json:
    return _transform(account, request, target=kinds.CREDIT_MEMO)


def _cash_refund(account: Account, request: Json) -> Json:
    return _transform(account, request, target=kinds.CASH_REFUND)


def _authorize(account: Account, request: Json) -> Json:
    return _transform(account, request, target=kinds.RETURN_AUTHORIZATION)


def _fulfill(account: Account, request: Json) -> Json:
    return _transform(account, request, target=kinds.FULFILLMENT)


def _invoice(account: Account, request: Json) -> Json:
    return _transform(account, request, target=kinds.INVOICE)


def _create(account: Account, request: Json) -> Json:
    kind = kinds.BY_RECORD_TYPE.get(str(request.get("record_type", "")).lower())
    if kind is None:
        raise invalid_value(request.get("record_type"), field="record_type")
    body = lower_keys(request.get("body") or {})
    document = records.create(account, kind=kind, body=body, replace=NOTHING, who=WHO)
    return {"id": str(document.id), "type": kind.record_type}


def _edit(account: Account, request: Json) -> Json:
    document = load_document(account.store, document_id=_record(request))
    if document is None:
        raise not_found()
    body = lower_keys(request.get("body") or {})
    replace = frozenset(request.get("replace") or ())
    records.update(account, document_id=document.id, kind=document.kind, body=body, replace=replace, who=WHO)
    return {"id": str(document.id)}


def _void(account: Account, request: Json) -> Json:
    records.void(account, document_id=_record(request), who=WHO)
    return {"id": str(_record(request))}


def _delete(account: Account, request: Json) -> Json:
    records.delete(account, document_id=_record(request), kind=None, who=WHO)
    return {"id": str(_record(request))}


def _close_lines(account: Account, request: Json) -> Json:
    """Close the named lines of an order or RMA, or all of them."""
    document = load_document(account.store, document_id=_record(request))
    if document is None:
        raise not_found()
    wanted = request.get("lines") or [line.line for line in document.lines]
    rows = [{"line": number, "isclosed": True} for number in wanted]
    body: Json = {"item": {"items": rows}}
    records.update(account, document_id=document.id, kind=document.kind, body=body, replace=NOTHING, who=WHO)
    return {"id": str(document.id)}


def _set_period(account: Account, request: Json, *, closed: bool) -> Json:
    """By a date in it (`"date": "2026-11-22"`), by id, or the current one."""
    if request.get("period"):
        period = int(request["period"])
    else:
        day = date.fromisoformat(request["date"]) if request.get("date") else account.today()
        period = ensure_period(account.store, day=day)
    set_period(account.store, period=period, closed=closed)
    return {"period": str(period), "closed": closed}


def _close_period(account: Account, request: Json) -> Json:
    return _set_period(account, request, closed=True)


def _open_period(account: Account, request: Json) -> Json:
    return _set_period(account, request, closed=False)


def _create_item(account: Account, request: Json) -> Json:
    sku = str(request["sku"])
    number = account.store.next_number("item", start=6001)
    at = account.now_text()
    account.store.execute(
        "INSERT INTO item (id, itemid, fullname, displayname, upccode, itemtype, baseprice, lastmodifieddate)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            sku,
            sku,
            str(request.get("name") or sku),
            request.get("upc"),
            str(request.get("item_type") or "InvtPart"),
            float(request.get("price") or 0),
            at,
        ),
    )
    _log_item(account, number, action="create", content=request)
    return {"id": str(number), "sku": sku}


def _set_item(account: Account, request: Json, *, inactive: bool) -> Json:
    column, value = ("itemid", request["sku"]) if request.get("sku") else ("id", request.get("item"))
    number = account.store.value(f"SELECT id FROM item WHERE {column} = ?", (value,))
    if number is None:
        raise not_found()
    mark = "T" if inactive else "F"
    account.store.execute(
        "UPDATE item SET isinactive = ?, lastmodifieddate = ? WHERE id = ?", (mark, account.now_text(), number)
    )
    _log_item(account, number, action="deactivate" if inactive else "activate", content=request)
    return {"id": str(number)}


def _deactivate_item(account: Account, request: Json) -> Json:
    return _set_item(account, request, inactive=True)


def _activate_item(account: Account, request: Json) -> Json:
    return _set_item(account, request, inactive=False)


def _log_item(account: Account, number: int, *, action: str, content: Json) -> None:
    record_history(
        account.store,
        who=WHO,
        at=account.now_text(),
        action=action,
        record_type="inventoryItem",
        record_id=number,
        content=content,
    )


ACTIONS: dict[str, Act] = {
    "receive": _receive,
    "credit": _credit,
    "cash_refund": _cash_refund,
    "authorize": _authorize,
    "fulfill": _fulfill,
    "invoice": _invoice,
    "create": _create,
    "edit": _edit,
    "void": _void,
    "delete": _delete,
    "close_rma": _close_lines,
    "close_period": _close_period,
    "open_period": _open_period,
    "create_item": _create_item,
    "deactivate_item": _deactivate_item,
    "activate_item": _activate_item,
    **LOGIN_ACTIONS,
}

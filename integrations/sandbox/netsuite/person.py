"""A person at work in NetSuite: what the warehouse and finance do there by hand."""

from collections.abc import Callable
from datetime import date
from typing import Any

from integrations.sandbox.netsuite import kinds, records
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.errors import Refusal, invalid_value, not_found
from integrations.sandbox.netsuite.fields import lower_keys
from integrations.sandbox.netsuite.ledger import load_document
from integrations.sandbox.netsuite.list_person import LIST_ACTIONS
from integrations.sandbox.netsuite.login_audit import LOGIN_ACTIONS
from integrations.sandbox.netsuite.periods import ensure_period, set_lock, set_period

Json = dict[str, Any]
Act = Callable[[Account, Json], Json]
WHO = "person"
# Who else may be said to act; each writes as an employee of its own, another connector with its own external ids.
ACTORS = ("person", "connector", "other_connector")
PREFIXES = {"other_connector": "RC", "connector": "SHOP"}
NOTHING: frozenset[str] = frozenset()


def act_as_person(account: Account, *, action: str, request: Json) -> Json:
    act = ACTIONS.get(action)
    if act is None:
        raise Refusal(f"no action {action!r}; known: {', '.join(sorted(ACTIONS))}")
    with account.store.transaction():
        return act(account, request)


def _who(request: Json) -> str:
    who = str(request.get("as") or WHO)
    if who not in ACTORS:
        raise Refusal(f"nobody is called {who!r}; known: {', '.join(ACTORS)}")
    return who


def _body(account: Account, request: Json, *, kind: kinds.Kind) -> Json:
    """What is to be written; a connector numbers its records in a way of its own unless told how."""
    body = lower_keys(request.get("body") or {})
    prefix = PREFIXES.get(_who(request))
    if prefix and "externalid" not in body:
        number = account.store.next_number(f"external_{prefix}", start=90_001)
        body["externalid"] = f"{prefix}_{kind.code}_{number}"
    return body


def _record(request: Json) -> int:
    return int(request.get("record") or request.get("id") or request["rma"])


def _transform(account: Account, request: Json, *, target: kinds.Kind) -> Json:
    source = load_document(account.store, document_id=_record(request))
    if source is None:
        raise not_found()
    replace = frozenset(request.get("replace") or ())
    document = records.transform(
        account,
        source_id=source.id,
        source_kind=source.kind,
        target=target,
        body=_body(account, request, kind=target),
        replace=replace,
        who=_who(request),
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


def _bill_by_cash(account: Account, request: Json) -> Json:
    return _transform(account, request, target=kinds.CASH_SALE)


def _pay(account: Account, request: Json) -> Json:
    return _transform(account, request, target=kinds.CUSTOMER_PAYMENT)


def _create(account: Account, request: Json) -> Json:
    kind = kinds.BY_RECORD_TYPE.get(str(request.get("record_type", "")).lower())
    if kind is None:
        raise invalid_value(request.get("record_type"), field="record_type")
    body = _body(account, request, kind=kind)
    document = records.create(account, kind=kind, body=body, replace=NOTHING, who=_who(request))
    return {"id": str(document.id), "type": kind.record_type}


def _edit(account: Account, request: Json) -> Json:
    document = load_document(account.store, document_id=_record(request))
    if document is None:
        raise not_found()
    body = lower_keys(request.get("body") or {})
    replace = frozenset(request.get("replace") or ())
    records.update(account, document_id=document.id, kind=document.kind, body=body, replace=replace, who=_who(request))
    return {"id": str(document.id)}


def _set_date(account: Account, request: Json) -> Json:
    """Move a record to another day, and so perhaps into another period."""
    return _edit(account, request | {"body": {"tranDate": str(request["date"])}})


def _approve(account: Account, request: Json) -> Json:
    return _edit(account, request | {"body": {"orderStatus": "B"}})


def _cancel(account: Account, request: Json) -> Json:
    records.cancel(account, document_id=_record(request), who=_who(request))
    return {"id": str(_record(request))}


def _void(account: Account, request: Json) -> Json:
    records.void(account, document_id=_record(request), who=_who(request))
    return {"id": str(_record(request))}


def _delete(account: Account, request: Json) -> Json:
    records.delete(account, document_id=_record(request), kind=None, who=_who(request))
    return {"id": str(_record(request))}


def _close_lines(account: Account, request: Json) -> Json:
    """Close the named lines of an order or RMA, or all of them."""
    document = load_document(account.store, document_id=_record(request))
    if document is None:
        raise not_found()
    wanted = request.get("lines") or [line.line for line in document.lines]
    rows = [{"line": number, "isclosed": True} for number in wanted]
    body: Json = {"item": {"items": rows}}
    records.update(account, document_id=document.id, kind=document.kind, body=body, replace=NOTHING, who=_who(request))
    return {"id": str(document.id)}


def _period(account: Account, request: Json) -> int:
    """By a date in it (`"date": "2026-11-22"`), by id, or the current one."""
    if request.get("period"):
        return int(request["period"])
    day = date.fromisoformat(request["date"]) if request.get("date") else account.today()
    return ensure_period(account.store, day=day)


def _set_period(account: Account, request: Json, *, closed: bool) -> Json:
    period = _period(account, request)
    set_period(account.store, period=period, closed=closed)
    return {"period": str(period), "closed": closed}


def _lock_period(account: Account, request: Json) -> Json:
    """`lock`: arlocked, aplocked, alllocked, or allownonglchange; `"locked": false` takes it away."""
    period = _period(account, request)
    lock, locked = str(request.get("lock") or "arlocked"), bool(request.get("locked", True))
    set_lock(account.store, period=period, lock=lock, locked=locked)
    return {"period": str(period), lock: locked}


def _close_period(account: Account, request: Json) -> Json:
    return _set_period(account, request, closed=True)


def _open_period(account: Account, request: Json) -> Json:
    return _set_period(account, request, closed=False)


ACTIONS: dict[str, Act] = {
    "receive": _receive,
    "credit": _credit,
    "cash_refund": _cash_refund,
    "authorize": _authorize,
    "fulfill": _fulfill,
    "invoice": _invoice,
    "cash_sale": _bill_by_cash,
    "pay": _pay,
    "create": _create,
    "edit": _edit,
    "set_date": _set_date,
    "approve": _approve,
    "cancel": _cancel,
    "void": _void,
    "delete": _delete,
    "close_rma": _close_lines,
    "close_period": _close_period,
    "open_period": _open_period,
    "lock_period": _lock_period,
    **LIST_ACTIONS,
    **LOGIN_ACTIONS,
}

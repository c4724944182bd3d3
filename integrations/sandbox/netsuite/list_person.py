"""What a person does to the lists of NetSuite: items made, put out of use and taken back."""

import json
from collections.abc import Callable
from typing import Any

from integrations.sandbox.netsuite import list_writes
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.errors import not_found
from integrations.sandbox.netsuite.ledger import record_history

Json = dict[str, Any]
WHO = "person"


def _create_item(account: Account, request: Json) -> Json:
    sku = str(request["sku"])
    number = account.store.next_number("item", start=6001)
    at = account.now_text()
    account.store.execute(
        "INSERT INTO item (id, itemid, fullname, displayname, upccode, itemtype, baseprice, lastmodifieddate,"
        " custom) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            number,
            sku,
            sku,
            str(request.get("name") or sku),
            request.get("upc"),
            str(request.get("item_type") or "InvtPart"),
            float(request.get("price") or 0),
            at,
            json.dumps({"class": str(request["category"])} if request.get("category") else {}),
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


def _write_list(account: Account, request: Json) -> Json:
    """Any list record: `record_type`, `body`, and `id` to change one."""
    record_type, body = str(request["record_type"]), dict(request.get("body") or {})
    if request.get("id"):
        number = int(request["id"])
        list_writes.change(account, record_type=record_type, identity=number, body=body, who=WHO)
    else:
        number = list_writes.create(account, record_type=record_type, body=body, who=WHO)
    return {"id": str(number), "type": record_type}


LIST_ACTIONS: dict[str, Callable[[Account, Json], Json]] = {
    "create_item": _create_item,
    "deactivate_item": _deactivate_item,
    "activate_item": _activate_item,
    "write_list": _write_list,
}

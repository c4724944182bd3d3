"""The record service on lists (items, customers, locations …), and collections of every kind."""

from collections.abc import Mapping
from typing import Any

from integrations.sandbox.netsuite import filters, list_writes, lists, permissions
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.calls import COLLECTION, Call, Reply, shown
from integrations.sandbox.netsuite.columns import columns_of
from integrations.sandbox.netsuite.errors import Refusal, method_not_allowed, not_found
from integrations.sandbox.netsuite.filters import Column
from integrations.sandbox.netsuite.paging import Page, collection, reference_item
from integrations.sandbox.netsuite.views_of_records import pick


def answer_list(account: Account, call: Call, *, record_type: str, rest: list[str]) -> Reply:
    table = lists.table_of(account, record_type)
    match (call.method, rest):
        case ("GET", []):
            only = lists.condition_of(record_type)
            return collection_of(account, call, table=table, columns=columns_of(account, table), only=only)
        case ("GET", _):
            return shown(pick(call, lists.read(account, rest=[record_type, *rest], base=call.base)))
        case ("POST", []):
            body, headers = _body(call, record_type)
            number = list_writes.create(account, record_type=record_type, body=body, who="api")
        case ("PATCH" | "PUT" | "DELETE", [identity]):
            return _change(account, call, record_type=record_type, identity=identity)
        case _:
            raise method_not_allowed()
    return _written(call, record_type, number, headers=headers)


def _change(account: Account, call: Call, *, record_type: str, identity: str) -> Reply:
    found = list_writes.find(account, record_type=record_type, identity=identity)
    if call.method == "PUT" and not identity.lower().startswith("eid:"):
        raise Refusal("PUT needs an external ID in the path: eid:<value>.", status=405, code="INVALID_REQUEST")
    if found is None and call.method != "PUT":
        raise not_found()
    if call.method == "DELETE":
        list_writes.remove(account, record_type=record_type, identity=found or 0, who="api")
        return Reply(status=204)
    body, headers = _body(call, record_type)
    if found is None:
        body = {**body, "externalId": identity[4:]}
        found = list_writes.create(account, record_type=record_type, body=body, who="api")
    else:
        list_writes.change(account, record_type=record_type, identity=found, body=body, who="api")
    return _written(call, record_type, found, headers=headers)


def _body(call: Call, record_type: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The body as sent, and the warning about names that were passed over."""
    body = call.json_object()
    mode = call.header("X-NetSuite-PropertyNameValidation", "Warning").lower()
    unknown = list_writes.check_list_names(record_type, body=body, mode=mode)
    if not unknown or mode != "warning":
        return body, {}
    return body, {"Warning": f'299 - "Unknown property names were ignored: {", ".join(unknown)}"'}


def _written(call: Call, record_type: str, number: int, *, headers: dict[str, str]) -> Reply:
    return Reply(status=204, headers={"Location": f"{call.base}/{record_type.lower()}/{number}", **headers})


def collection_of(
    account: Account, call: Call, *, table: str, columns: Mapping[str, Column], only: str = "1 = 1"
) -> Reply:
    """Ids and links only, in the order of ids. Filtering needs a permission of its own (netsuite.md 1.4)."""
    query = call.query.get("q", "")
    if query.strip():
        permissions.require(account, permissions.WORKBOOK, level="edit")
    page = Page.of(call)
    found = filters.parse(query, columns=columns)
    living = " AND deleted = 0" if table == "txn" else ""
    where = f"{only}{living} AND {found.sql}"
    total = account.store.value(f"SELECT count(*) FROM {table} WHERE {where}", found.values)
    rows = account.store.rows(
        f"SELECT id FROM {table} WHERE {where} ORDER BY id LIMIT ? OFFSET ?", (*found.values, page.limit, page.offset)
    )
    items = [reference_item(call.url, identity=row["id"]) for row in rows]
    return shown(collection(items, call=call, page=page, total=total), content_type=COLLECTION)

"""The record service on lists (items, customers, locations …), and collections of every kind."""

from collections.abc import Mapping

from integrations.sandbox.netsuite import filters, lists, permissions
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.calls import COLLECTION, Call, Reply, shown
from integrations.sandbox.netsuite.columns import columns_of
from integrations.sandbox.netsuite.errors import Refusal
from integrations.sandbox.netsuite.filters import Column
from integrations.sandbox.netsuite.paging import Page, collection, reference_item
from integrations.sandbox.netsuite.views_of_records import pick


def answer_list(account: Account, call: Call, *, record_type: str, rest: list[str]) -> Reply:
    if call.method != "GET":
        raise Refusal(f"The sandbox keeps {record_type} for reading only.", status=405, code="INVALID_REQUEST")
    table = lists.table_of(record_type)
    if not rest:
        return collection_of(account, call, table=table, columns=columns_of(account, table))
    return shown(pick(call, lists.read(account, rest=[record_type, *rest], base=call.base)))


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

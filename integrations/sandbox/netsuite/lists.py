"""Lists behind the transactions (items, customers, locations …) and the `?q=` filter of collections."""

import re
from typing import Any

from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.errors import Refusal, not_found

Json = dict[str, Any]
ITEM_TYPES = ("inventoryItem", "otherChargeSaleItem", "nonInventorySaleItem", "serviceSaleItem", "discountItem")
TABLES = {
    "customer": "customer",
    "location": "location",
    "account": "account",
    "accountingperiod": "accountingperiod",
    "subsidiary": "subsidiary",
    "currency": "currency",
    **{name.lower(): "item" for name in ITEM_TYPES},
}
SHOWN = {
    "entityid": "entityId",
    "companyname": "companyName",
    "firstname": "firstName",
    "lastname": "lastName",
    "externalid": "externalId",
    "isinactive": "isInactive",
    "itemid": "itemId",
    "displayname": "displayName",
    "upccode": "upcCode",
    "itemtype": "itemType",
    "fullname": "fullName",
    "makeinventoryavailable": "makeInventoryAvailable",
    "makeinventoryavailablestore": "makeInventoryAvailableStore",
    "usebins": "useBins",
    "locationtype": "locationType",
    "periodname": "periodName",
    "startdate": "startDate",
    "enddate": "endDate",
    "isperson": "isPerson",
    "lastmodifieddate": "lastModifiedDate",
}
HIDDEN = ("taxrate", "baseprice")
TRANSACTION_COLUMNS = {
    "externalid": "externalid",
    "tranid": "tranid",
    "otherrefnum": "otherrefnum",
    "memo": "memo",
    "id": "id",
    "entity": "entity",
    "trandate": "trandate",
}
_TERM = re.compile(r'^\s*(\w+)\s+(\w+)\s+(?:"([^"]*)"|\[([^\]]*)\]|(\S+))\s*$')


def read(account: Account, *, rest: list[str], base: str, query: str) -> Json:
    table = TABLES.get(rest[0].lower())
    if table is None:
        raise Refusal(f"Record type '{rest[0]}' was not found.", status=404, code="NONEXISTENT_ID")
    if len(rest) == 1:
        return _list(account, table=table, base=f"{base}/{rest[0]}", query=query)
    column, value = ("externalid", rest[1][4:]) if rest[1].startswith("eid:") else ("id", rest[1])
    found = account.store.row(f"SELECT * FROM {table} WHERE {column} = ?", (value,))
    if found is None:
        raise not_found()
    links = [{"rel": "self", "href": f"{base}/{rest[0]}/{found['id']}"}]
    return {"links": links} | {
        SHOWN.get(name, name): _shown(value)
        for name, value in zip(found.keys(), found, strict=True)
        if value is not None and name not in HIDDEN
    }


def _shown(value: Any) -> Any:
    return {"T": True, "F": False}.get(value, value if isinstance(value, float) else str(value))


def _list(account: Account, *, table: str, base: str, query: str) -> Json:
    columns = {row["name"]: row["name"] for row in account.store.rows(f"PRAGMA table_info({table})")}
    where, parameters = filter_of(query, columns=columns)
    found = account.store.rows(f"SELECT id FROM {table} WHERE {where} ORDER BY id LIMIT 1000", parameters)
    return collection([row["id"] for row in found], base=base, offset=0, total=len(found))


def collection(ids: list[int], *, base: str, offset: int, total: int) -> Json:
    items = [{"links": [{"rel": "self", "href": f"{base}/{one}"}], "id": str(one)} for one in ids]
    return {
        "links": [{"rel": "self", "href": base}],
        "count": len(ids),
        "hasMore": offset + len(ids) < total,
        "offset": offset,
        "totalResults": total,
        "items": items,
    }


def filter_of(query: str, *, columns: dict[str, str]) -> tuple[str, list[str]]:
    """`field OPERATOR value` terms joined by AND, as a WHERE text with its parameters."""
    terms = [term for term in re.split(r"\s+AND\s+", query) if term.strip()]
    parts: list[str] = []
    parameters: list[str] = []
    for term in terms:
        part, values = _condition(term, columns=columns)
        parts.append(part)
        parameters += values
    return " AND ".join(parts) or "1 = 1", parameters


def _condition(term: str, *, columns: dict[str, str]) -> tuple[str, list[str]]:
    found = _TERM.match(term)
    column = columns.get(found.group(1).lower()) if found else None
    if found is None or column is None:
        raise Refusal(f"Invalid query condition: {term}.", code="INVALID_PARAMETER", query_param="q")
    _, operator, quoted, several, bare = found.groups()
    value = quoted if quoted is not None else bare if bare is not None else ""
    if several is not None:
        values = [one.strip().strip('"') for one in several.split(",")]
        return f"{column} IN ({', '.join('?' * len(values))})", values
    if operator.upper() in ("IS", "EQUAL", "ON"):
        return f"lower({column}) = lower(?)", [value]
    patterns = {"CONTAIN": f"%{value}%", "START_WITH": f"{value}%"}
    if operator.upper() not in patterns:
        raise Refusal(f"Invalid operator: {operator}.", code="INVALID_PARAMETER", query_param="q")
    return f"lower({column}) LIKE lower(?)", [patterns[operator.upper()]]

"""Lists behind the transactions (items, customers, locations …) as the record service shows them."""

from typing import Any

from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.errors import no_such_record_type, not_found

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
NAMES = ("customer", "location", "account", "accountingPeriod", "subsidiary", "currency", *ITEM_TYPES)


def record_types() -> list[str]:
    return list(NAMES)


def table_of(record_type: str) -> str:
    table = TABLES.get(record_type.lower())
    if table is None:
        raise no_such_record_type(record_type)
    return table


def read(account: Account, *, rest: list[str], base: str) -> Json:
    """rest: the record type and an id or `eid:…`."""
    table = table_of(rest[0])
    column, value = ("externalid", rest[1][4:]) if rest[1].lower().startswith("eid:") else ("id", rest[1])
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

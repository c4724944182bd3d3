"""Lists behind the transactions (items, customers, locations …) as the record service shows them."""

from typing import Any

from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.errors import no_such_record_type, not_found
from integrations.sandbox.netsuite.items import BY_RECORD_TYPE, ITEM_KINDS

Json = dict[str, Any]
TABLES = {
    "customer": "customer",
    "employee": "employee",
    "location": "location",
    "account": "account",
    "accountingperiod": "accountingperiod",
    "subsidiary": "subsidiary",
    "currency": "currency",
    "bin": "bin",
    "inventorystatus": "inventorystatus",
    **dict.fromkeys(BY_RECORD_TYPE, "item"),
}
NAMES = (
    "customer", "employee", "location", "account", "accountingPeriod", "subsidiary", "currency", "bin",
    "inventoryStatus", *(kind.record_type for kind in ITEM_KINDS),
)  # fmt: skip
NEEDS = {"subsidiary": "oneworld", "bin": "bins", "inventorystatus": "inventory_status"}
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
    "binnumber": "binNumber",
    "inventoryavailable": "inventoryAvailable",
    "minimumquantity": "minimumQuantity",
    "exchangerate": "exchangeRate",
    "decimals": "currencyPrecision",
    "receivablesaccount": "receivablesAccount",
    "isbasecurrency": "isBaseCurrency",
    "timezone": "timeZone",
    "arlocked": "arLocked",
    "aplocked": "apLocked",
    "alllocked": "allLocked",
    "allownonglchange": "allowNonGLChange",
}
HIDDEN = ("taxrate", "baseprice", "login", "custom", "recordtype")


def record_types(account: Account) -> list[str]:
    return [name for name in NAMES if _is_enabled(account, name)]


def _is_enabled(account: Account, record_type: str) -> bool:
    feature = NEEDS.get(record_type.lower())
    return feature is None or account.settings.flag(f"netsuite.{feature}")


def table_of(account: Account, record_type: str) -> str:
    table = TABLES.get(record_type.lower())
    if table is None or not _is_enabled(account, record_type):
        raise no_such_record_type(record_type)
    return table


def condition_of(record_type: str) -> str:
    """Which rows of the table are of this record type: every kind of item has a name of its own."""
    kind = BY_RECORD_TYPE.get(record_type.lower())
    if kind is None:
        return "1 = 1"
    same = [one for one in ITEM_KINDS if one.code == kind.code]
    is_usual = same[0] == kind  # rows that were made without a record type
    return f"(recordtype = '{kind.record_type}'" + (
        f" OR (recordtype IS NULL AND itemtype = '{kind.code}'))" if is_usual else ")"
    )


def read(account: Account, *, rest: list[str], base: str) -> Json:
    """rest: the record type and an id or `eid:…`."""
    table = table_of(account, rest[0])
    column, value = (
        ("lower(externalid)", rest[1][4:].lower()) if rest[1].lower().startswith("eid:") else ("id", rest[1])
    )
    found = account.store.row(f"SELECT * FROM {table} WHERE {column} = ?", (value,))
    if found is None:
        raise not_found()
    links = [{"rel": "self", "href": f"{base}/{rest[0]}/{found['id']}"}]
    shown = {"links": links} | {
        SHOWN.get(name, name): _shown(value)
        for name, value in zip(found.keys(), found, strict=True)
        if value is not None and name not in HIDDEN
    }
    return shown | (_members(account, found["id"], base=base) if table == "item" else {})


def _members(account: Account, item: int, *, base: str) -> Json:
    rows = account.store.rows("SELECT * FROM itemmember WHERE parentitem = ? ORDER BY linenumber", (item,))
    if not rows:
        return {}
    items = [
        {
            "links": [],
            "line": row["linenumber"],
            "item": {"links": [], "id": str(row["item"])},
            "quantity": row["quantity"],
        }
        for row in rows
    ]
    return {"member": {"links": [], "items": items, "totalResults": len(items)}}


def _shown(value: Any) -> Any:
    return {"T": True, "F": False}.get(value, value if isinstance(value, float) else str(value))

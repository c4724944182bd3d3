"""Reading single values of a request: references, enumerations, amounts, dates, rows."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.errors import invalid_value
from integrations.sandbox.numbers import whole_number

Json = dict[str, Any]
TABLE_OF_FIELD = {
    "entity": "customer",
    "customer": "customer",
    "item": "item",
    "location": "location",
    "transferLocation": "location",
    "subsidiary": "subsidiary",
    "currency": "currency",
    "binNumber": "bin",
    "toBinNumber": "bin",
    "inventoryStatus": "inventorystatus",
    "toInventoryStatus": "inventorystatus",
}
AMOUNT_MAX = Decimal(10**12)


def reference(account: Account, *, value: Any, field: str, path: str = "") -> int:
    """The internal id in `{"id": …}`, `{"externalId": …}` or a bare id."""
    if isinstance(value, dict) and "externalId" in value and "id" not in value:
        table = TABLE_OF_FIELD.get(field, "txn")
        sql = f"SELECT id FROM {table} WHERE lower(externalid) = lower(?)"
        found = account.store.value(sql, (str(value["externalId"]),))
        if found is None:
            raise invalid_value(value["externalId"], field=field, path=path)
        return int(found)
    bare = value.get("id") if isinstance(value, dict) else value
    number = whole_number(bare)
    if number is None:
        raise invalid_value(bare, field=field, path=path)
    return number


def optional_reference(account: Account, *, value: Any, field: str, path: str = "") -> int | None:
    return None if value is None else reference(account, value=value, field=field, path=path)


def enumeration(value: Any, *, labels: dict[str, str], field: str) -> str:
    """Accepts "B", {"id": "B"} and {"refName": "Pending Receipt"}."""
    if isinstance(value, dict):
        value = value.get("id") or value.get("refName")
    by_label = {label.lower(): letter for letter, label in labels.items()}
    text = str(value)
    letter = text if text in labels else by_label.get(text.lower())
    if letter is None:
        raise invalid_value(text, field=field, path=field)
    return letter


def amount_of(value: Any, *, field: str, path: str = "") -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise invalid_value(value, field=field, path=path) from None
    if isinstance(value, bool) or not number.is_finite() or abs(number) > AMOUNT_MAX:
        raise invalid_value(value, field=field, path=path)
    return number


def whole_quantity(value: Any, *, path: str) -> int:
    number = amount_of(value, field="quantity", path=path)
    if number != int(number):
        raise invalid_value(value, field="quantity", path=path)
    return int(number)


def date_of(value: Any, *, field: str) -> date:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise invalid_value(value, field=field, path=field) from None


def truth(value: Any) -> bool:
    return value is True or str(value).lower() in ("true", "t")


def rows_of(body: Json, *, sublist: str) -> list[Json] | None:
    """The rows of a sublist; None when the request does not speak of it; [] when it empties it."""
    if sublist not in body:
        return None
    value = body[sublist]
    rows = value.get("items") if isinstance(value, dict) else value
    if rows is None:
        return []
    if not isinstance(rows, list):
        raise invalid_value(rows, field=sublist, path=f"{sublist}.items")
    return rows

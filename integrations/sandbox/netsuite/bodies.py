"""Turning request bodies into documents: references, enumerations, amounts and sublist rows."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.sandbox.money import cents
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.documents import Document, Line
from integrations.sandbox.netsuite.errors import invalid_value, missing_values
from integrations.sandbox.netsuite.kinds import RETURN_AUTHORIZATION, SALES_ORDER
from integrations.sandbox.numbers import whole_number

Json = dict[str, Any]

TABLE_OF_FIELD = {"entity": "customer", "customer": "customer", "item": "item", "location": "location"}
AMOUNT_MAX = Decimal(10**12)
KEPT_AS_SENT = ("handlingmode", "paymentoperation", "tobeemailed", "shipstatus", "custbody_loop_exchange")
KEPT_REFERENCES = (
    "account",
    "paymentoption",
    "paymentmethod",
    "transferlocation",
    "adjlocation",
    "shipmethod",
)
EXTRA_NAMES = {
    "handlingmode": "handlingMode",
    "paymentoperation": "paymentOperation",
    "tobeemailed": "toBeEmailed",
    "shipstatus": "shipStatus",
    "paymentoption": "paymentOption",
    "paymentmethod": "paymentMethod",
    "transferlocation": "transferLocation",
    "adjlocation": "adjLocation",
    "shipmethod": "shipMethod",
}


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


def apply_header(account: Account, document: Document, *, body: Json) -> None:
    if "externalid" in body:
        document.external_id = None if body["externalid"] is None else str(body["externalid"])
    for name, attribute in (("memo", "memo"), ("otherrefnum", "other_ref_num")):
        if name in body:
            setattr(document, attribute, None if body[name] is None else str(body[name]))
    if body.get("trandate") is not None:
        document.tran_date = date_of(body["trandate"], field="tranDate")
        document.posting_period = None  # follows the date unless the request names one
    if body.get("exchangerate") is not None:
        document.exchange_rate = amount_of(body["exchangerate"], field="exchangeRate")
    _apply_references(account, document, body=body)
    _apply_status(document, body=body)
    _apply_extra(account, document, body=body)


def _apply_references(account: Account, document: Document, *, body: Json) -> None:
    for name in ("entity", "customer"):
        if body.get(name) is not None:
            document.entity = reference(account, value=body[name], field=name, path=name)
    if "location" in body:
        document.location = optional_reference(account, value=body["location"], field="location", path="location")
        account.check_location(document.location, path="location")
    if body.get("postingperiod") is not None:
        document.posting_period = reference(account, value=body["postingperiod"], field="postingPeriod")
    if body.get("currency") is not None:
        currency = reference(account, value=body["currency"], field="currency", path="currency")
        if currency != account.profile.currency_id:
            raise invalid_value(currency, field="currency", path="currency")
    if body.get("createdfrom") is not None and document.created_from is None:
        document.created_from = reference(account, value=body["createdfrom"], field="createdFrom")


def _apply_status(document: Document, *, body: Json) -> None:
    if body.get("orderstatus") is None:
        return
    if document.kind in (RETURN_AUTHORIZATION, SALES_ORDER):
        letter = enumeration(body["orderstatus"], labels=document.kind.statuses, field="orderStatus")
        if letter not in ("A", "B"):  # the only two that can be written (netsuite.md 0.2, 9)
            raise invalid_value(letter, field="orderStatus", path="orderStatus")
        document.order_status = letter


def _apply_extra(account: Account, document: Document, *, body: Json) -> None:
    for name in KEPT_AS_SENT:
        if name in body:
            value = body[name]
            document.extra[EXTRA_NAMES.get(name, name)] = value.get("id") if isinstance(value, dict) else value
    for name in KEPT_REFERENCES:
        if body.get(name) is not None:
            document.extra[EXTRA_NAMES.get(name, name)] = reference(account, value=body[name], field=name)
    if "custbody_loop_return" in body:
        document.extra["custbody_loop_return"] = body["custbody_loop_return"]
    if body.get("shippingcost") and "shipMethod" not in document.extra:
        raise missing_values("Ship Via", path="shippingCost")


def apply_row(account: Account, document: Document, line: Line, *, row: Json, path: str) -> None:
    """Set on one line what a row of the request says; its tax follows its amount."""
    if row.get("item") is not None:
        line.item = reference(account, value=row["item"], field="item", path=f"{path}.item")
        line.item_type = account.item_type(line.item, path=f"{path}.item")
    if "location" in row:
        where = f"{path}.location"
        line.location = optional_reference(account, value=row["location"], field="location", path=where)
        account.check_location(line.location, path=where)
    if "description" in row:
        line.memo = None if row["description"] is None else str(row["description"])
    if "isclosed" in row:
        line.is_closed = truth(row["isclosed"])
    if "itemreceive" in row:
        line.is_received = truth(row["itemreceive"])
    if "restock" in row and account.settings.text("netsuite.restock") == "accepted":
        line.is_restocked = truth(row["restock"])
    for name in ("custcol_shopify_line_id", "custcol_return_reason"):
        if name in row:
            line.custom[name] = _plain(row[name])
    _apply_numbers(document, line, row=row, path=path)


def _plain(value: Any) -> str | None:
    inner = value.get("id") if isinstance(value, dict) else value
    return None if inner is None else str(inner)


def _apply_numbers(document: Document, line: Line, *, row: Json, path: str) -> None:
    quantity = row.get("quantity", row.get("adjustqtyby"))
    if quantity is not None:
        line.quantity = whole_quantity(quantity, path=f"{path}.quantity")
    if row.get("rate") is not None:
        line.rate = amount_of(row["rate"], field="rate", path=f"{path}.rate")
    if row.get("amount") is not None:
        line.amount = cents(amount_of(row["amount"], field="amount", path=f"{path}.amount"))
        if row.get("rate") is None and line.quantity:
            line.rate = line.amount / line.quantity
        line.tax_by_amount()
    elif quantity is not None or row.get("rate") is not None:
        line.price_by_rate()
    elif row.get("grossamt") is not None:
        # Since 2026.1 a submitted gross amount recalculates the net one (netsuite.md 4.5).
        gross = amount_of(row["grossamt"], field="grossAmt", path=f"{path}.grossAmt")
        line.amount = cents(gross / (1 + line.tax_rate))
        line.tax_by_amount()


def forget_unreceived(lines: Iterable[Line]) -> list[Line]:
    return [line for line in lines if line.is_received and line.quantity]

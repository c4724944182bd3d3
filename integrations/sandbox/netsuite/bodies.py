"""Turning request bodies into documents: references, enumerations, amounts and sublist rows."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.addresses import apply_ship_to
from integrations.sandbox.netsuite.details import apply_detail
from integrations.sandbox.netsuite.documents import Document, Line
from integrations.sandbox.netsuite.errors import invalid_value, missing_values
from integrations.sandbox.netsuite.field_types import HANDLING_MODES, PAYMENT_OPERATIONS, SHIP_STATUSES
from integrations.sandbox.netsuite.headers import apply_books_header, money_of
from integrations.sandbox.netsuite.inputs import (
    amount_of,
    date_of,
    enumeration,
    optional_reference,
    reference,
    truth,
    whole_quantity,
)
from integrations.sandbox.netsuite.items import PERCENT_TYPES

Json = dict[str, Any]

KEPT_AS_SENT = ("handlingmode", "paymentoperation", "tobeemailed", "shipstatus", "custbody_loop_exchange")
ENUMERATIONS = {
    "handlingmode": HANDLING_MODES,
    "paymentoperation": PAYMENT_OPERATIONS,
    "shipstatus": SHIP_STATUSES,
}
KEPT_REFERENCES = {
    "account": "account",
    "paymentoption": "paymentoption",
    "paymentmethod": "paymentoption",
    "transferlocation": "location",
    "adjlocation": "location",
    "shipmethod": "shipitem",
}
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
    _apply_status(account, document, body=body)
    _apply_extra(account, document, body=body)
    apply_books_header(account, document, body=body)


def _apply_references(account: Account, document: Document, *, body: Json) -> None:
    for name in ("entity", "customer"):
        if body.get(name) is not None:
            document.entity = _existing(account, body[name], field=name, table="customer")
    if "location" in body:
        document.location = optional_reference(account, value=body["location"], field="location", path="location")
        account.check_location(document.location, path="location")
    if body.get("postingperiod") is not None:
        document.posting_period = _existing(
            account, body["postingperiod"], field="postingPeriod", table="accountingperiod"
        )


def _existing(account: Account, value: Any, *, field: str, table: str) -> int:
    """An id nobody has is refused in every mode of validation, with its path (netsuite.md 2.2)."""
    found = reference(account, value=value, field=field, path=field)
    if account.store.value(f"SELECT 1 FROM {table} WHERE id = ?", (found,)) is None:
        raise invalid_value(found, field=field, path=field)
    return found


def _apply_status(account: Account, document: Document, *, body: Json) -> None:
    if body.get("orderstatus") is None or document.kind not in kinds.ORDERS:
        return
    letter = enumeration(body["orderstatus"], labels=document.kind.statuses, field="orderStatus")
    may_cancel = document.kind == kinds.RETURN_AUTHORIZATION and bool(document.id) and not document.received_any
    if letter == "C" and may_cancel and account.settings.text("netsuite.rma_cancel") == "accepted":
        document.extra["cancelled"] = True
        return
    if letter not in ("A", "B"):  # the only two that can be written (netsuite.md 0.2, 9)
        raise invalid_value(letter, field="orderStatus", path="orderStatus")
    document.order_status = letter


def _apply_extra(account: Account, document: Document, *, body: Json) -> None:
    for name in KEPT_AS_SENT:
        if name in body:
            document.extra[EXTRA_NAMES.get(name, name)] = _kept(name, body[name])
    for name, table in KEPT_REFERENCES.items():
        if body.get(name) is not None:
            shown_name = EXTRA_NAMES.get(name, name)
            document.extra[shown_name] = _existing(account, body[name], field=shown_name, table=table)
    apply_ship_to(account, document, body=body)
    if "custbody_loop_return" in body:
        document.extra["custbody_loop_return"] = body["custbody_loop_return"]
    if body.get("shippingcost") and document.extra.get("shipMethod") is None:
        raise missing_values("Ship Via", path="shippingCost")


def _kept(name: str, value: Any) -> Any:
    labels = ENUMERATIONS.get(name)
    if labels is not None and value is not None:
        return enumeration(value, labels=labels, field=EXTRA_NAMES.get(name, name))
    return value.get("id") if isinstance(value, dict) else value


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
    if "restock" in row and (document.writer == "person" or account.settings.text("netsuite.restock") == "accepted"):
        line.is_restocked = truth(row["restock"])
    for name in ("custcol_shopify_line_id", "custcol_return_reason"):
        if name in row:
            line.custom[name] = _plain(row[name])
    _apply_numbers(account, document, line, row=row, path=path)
    if row.get("inventorydetail") is not None:
        apply_detail(account, document, line, value=row["inventorydetail"], path=f"{path}.inventoryDetail")


def _plain(value: Any) -> str | None:
    inner = value.get("id") if isinstance(value, dict) else value
    return None if inner is None else str(inner)


def _apply_numbers(account: Account, document: Document, line: Line, *, row: Json, path: str) -> None:
    line.decimals = document.decimals
    quantity = row.get("quantity", row.get("adjustqtyby"))
    if quantity is not None:
        line.quantity = whole_quantity(quantity, path=f"{path}.quantity")
    if row.get("rate") is not None:
        _apply_rate(line, row["rate"], path=f"{path}.rate")
    if row.get("amount") is not None:
        line.amount = money_of(account, document, row["amount"], field="amount", path=f"{path}.amount")
        if row.get("rate") is None and line.quantity:
            line.rate = line.amount / line.quantity
        line.tax_by_amount()
    elif quantity is not None or row.get("rate") is not None:
        line.price_by_rate()
    elif row.get("grossamt") is not None and account.settings.text("netsuite.gross_amount") == "recalculates":
        # Since 2026.1 a submitted gross amount recalculates the net one (netsuite.md 4.5).
        gross = amount_of(row["grossamt"], field="grossAmt", path=f"{path}.grossAmt")
        line.amount = document.rounded(gross / (1 + line.tax_rate))
        line.tax_by_amount()


def _apply_rate(line: Line, value: Any, *, path: str) -> None:
    """A number; of a discount or markup also a share of the row before, as "-10.0%"."""
    text = str(value).strip()
    if line.item_type in PERCENT_TYPES and text.endswith("%"):
        line.percent, line.rate = amount_of(text[:-1], field="rate", path=path), Decimal(0)
        return
    line.percent, line.rate = None, amount_of(value, field="rate", path=path)


def forget_unreceived(lines: Iterable[Line]) -> list[Line]:
    return [line for line in lines if line.is_received and (line.quantity or line.kit_member_of is not None)]

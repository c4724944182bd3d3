"""The part of a header that the books care about: currency, subsidiary, discount, shipping, money that came."""

from decimal import Decimal
from typing import Any

from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.documents import Document, Line
from integrations.sandbox.netsuite.errors import invalid_value
from integrations.sandbox.netsuite.inputs import amount_of, reference
from integrations.sandbox.netsuite.items import PERCENT_TYPES
from integrations.sandbox.netsuite.wording import worded

Json = dict[str, Any]


def apply_books_header(account: Account, document: Document, *, body: Json) -> None:
    if document.kind == kinds.INVENTORY_ADJUSTMENT and document.location is None:
        document.location = document.extra.get("adjLocation")
    _apply_currency(account, document, body=body)
    _apply_subsidiary(account, document, body=body)
    if "discountitem" in body:
        value = body["discountitem"]
        document.discount_item = None if value is None else reference(account, value=value, field="discountItem")
        document.discount_rate = document.discount_rate if document.discount_item else None
        if document.discount_item and body.get("discountrate") is None and not document.discount_rate:
            sql = "SELECT rate FROM item WHERE id = ? AND itemtype = 'Discount'"
            document.discount_rate = account.store.value(sql, (document.discount_item,))
    if body.get("discountrate") is not None:
        document.discount_rate = _rate_text(body["discountrate"])
    if body.get("shippingcost") is not None:
        document.shipping_cost = money_of(account, document, body["shippingcost"], field="shippingCost")
    if body.get("payment") is not None and document.kind.is_payment:
        document.payment = money_of(account, document, body["payment"], field="payment")


def money_of(account: Account, document: Document, value: Any, *, field: str, path: str = "") -> Decimal:
    """An amount with no more places than its currency has (netsuite.md 9.2)."""
    given = amount_of(value, field=field, path=path or field)
    rounded = document.rounded(given)
    if given != rounded and account.settings.text("netsuite.extra_decimals") == "refused":
        raise worded(account, "unbalanced", path=path or field, difference=given - rounded)
    return rounded


def _rate_text(value: Any) -> str:
    text = str(value).strip()
    amount_of(text.removesuffix("%"), field="discountRate", path="discountRate")
    return text


def _apply_currency(account: Account, document: Document, *, body: Json) -> None:
    """The request's, else the customer's; a document made from another keeps that one's."""
    wanted = document.currency
    if body.get("currency") is not None:
        wanted = reference(account, value=body["currency"], field="currency", path="currency")
    elif _is_begun(document) and document.entity is not None:
        wanted = account.store.value("SELECT currency FROM customer WHERE id = ?", (document.entity,)) or wanted
    found = account.store.row("SELECT * FROM currency WHERE id = ?", (wanted,))
    is_fixed = not _is_begun(document) and wanted != document.currency
    if found is None or found["isinactive"] == "T" or is_fixed:
        raise invalid_value(wanted, field="currency", path="currency")
    if _is_begun(document) and body.get("exchangerate") is None:
        document.exchange_rate = Decimal(str(found["exchangerate"]))
    document.currency, document.decimals = wanted, found["decimals"]


def _is_begun(document: Document) -> bool:
    """A new document that comes from no other."""
    return not document.id and document.created_from is None


def _apply_subsidiary(account: Account, document: Document, *, body: Json) -> None:
    if not account.settings.flag("netsuite.oneworld"):
        document.subsidiary = None
        return
    if body.get("subsidiary") is not None:
        wanted = reference(account, value=body["subsidiary"], field="subsidiary", path="subsidiary")
        if account.store.value("SELECT id FROM subsidiary WHERE id = ? AND isinactive = 'F'", (wanted,)) is None:
            raise invalid_value(wanted, field="subsidiary", path="subsidiary")
        document.subsidiary = wanted
    elif document.subsidiary is None and document.entity is not None:
        sql = "SELECT subsidiary FROM customer WHERE id = ?"
        document.subsidiary = account.store.value(sql, (document.entity,))
    elif document.subsidiary is None and document.location is not None:
        sql = "SELECT subsidiary FROM location WHERE id = ?"
        document.subsidiary = account.store.value(sql, (document.location,))
    document.subsidiary = document.subsidiary or account.profile.subsidiary_id


def finish_amounts(account: Account, document: Document) -> None:
    """What rows take from the rows before them, and what the account's tax switches say."""
    before: Line | None = None
    since_subtotal = Decimal(0)
    for line in document.lines:
        line.decimals = document.decimals
        if line.item_type in PERCENT_TYPES:
            _price_share(line, before=before)
        elif line.item_type == "Subtotal":
            line.amount, since_subtotal = document.rounded(since_subtotal), Decimal(0)
        if line.item_type != "Subtotal":
            since_subtotal += line.counted_amount
        if line.item_type not in PERCENT_TYPES and line.item_type != "Description":
            before = line
    if not document.id:
        document.has_document_tax = account.settings.text("netsuite.tax_rounding") == "document"
    if document.writer == "api" and account.settings.text("netsuite.rest_tax") == "none":
        for line in document.lines:
            line.tax_rate, line.tax_amount = Decimal(0), document.rounded(Decimal(0))


def _price_share(line: Line, *, before: Line | None) -> None:
    """A discount takes its share of the row before it, or of the subtotal before it, and of its tax."""
    if before is None:
        return
    if line.percent is not None:
        base = before.amount if before.item_type == "Subtotal" else before.counted_amount
        line.rate = line.amount = base * line.percent / 100
        line.price_by_rate()
    line.tax_rate = before.tax_rate
    line.tax_by_amount()

"""What each kind of transaction insists on before it is saved."""

from collections.abc import Callable
from decimal import Decimal

from integrations.sandbox.money import cents
from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.derive import settled_amount
from integrations.sandbox.netsuite.documents import Apply, Document
from integrations.sandbox.netsuite.errors import invalid_value, missing_values, user_error
from integrations.sandbox.netsuite.kinds import Kind
from integrations.sandbox.netsuite.ledger import load_document
from integrations.sandbox.netsuite.transforms import creditable

NO_VALID_LINE = "You must have at least one valid line item for this transaction."
Rule = Callable[[Account, Document, Document | None], None]


def check_document(account: Account, document: Document, *, before: Document | None) -> None:
    """Raise Refusal when the document may not be saved. `before`: its saved state, None for a new one."""
    if document.kind.entity_field == "customer" and document.entity is None:
        raise missing_values("Customer", path="customer")
    if document.kind in NEED_ENTITY:
        if document.entity is None:
            raise missing_values("Customer", path="entity")
        account.check_entity(document.entity)
    for rule in RULES[document.kind]:
        rule(account, document, before)


def _check_lines(account: Account, document: Document, before: Document | None) -> None:
    if not document.lines:
        raise user_error(NO_VALID_LINE, path="item")
    for number, line in enumerate(document.lines):
        path = f"item.items[{number}]"
        account.item_type(line.item, path=f"{path}.item")
        if line.quantity < 1:
            raise invalid_value(line.quantity, field="quantity", path=f"{path}.quantity")


def _check_locations(account: Account, document: Document, before: Document | None) -> None:
    """With Multi-Location Inventory every row that moves stock needs a place."""
    for number, line in enumerate(document.lines):
        if line.is_stock and line.location is None and document.location is None:
            raise missing_values("Location", path=f"{document.kind.sublist}.items[{number}].location")


def _check_receipt(account: Account, document: Document, before: Document | None) -> None:
    source = _source(account, document)
    if account.settings.flag("netsuite.allow_overage") or source is None:
        return
    mine = {line.order_line: line.quantity for line in before.lines} if before else {}
    for number, line in enumerate(document.lines):
        origin = source.line_numbered(line.order_line)
        remaining = origin.quantity - origin.received + mine.get(line.order_line, 0) if origin else 0
        if line.quantity > remaining:
            raise user_error(
                f"The quantity received ({line.quantity}) is greater than the quantity remaining ({remaining})"
                f" on line {line.order_line}.",
                path=f"item.items[{number}].quantity",
            )


def _check_credit(account: Account, document: Document, before: Document | None) -> None:
    source = _source(account, document)
    if source is None or source.kind != kinds.RETURN_AUTHORIZATION:
        return
    mine = {line.order_line: line.quantity for line in before.lines} if before else {}
    for number, line in enumerate(document.lines):
        origin = source.line_numbered(line.order_line)
        if line.order_doc != source.id or origin is None:
            continue
        remaining = creditable(account, origin) + mine.get(line.order_line, 0)
        if line.quantity > remaining:
            raise user_error(
                f"The quantity credited ({line.quantity}) is greater than the quantity received and not yet"
                f" credited ({remaining}) on line {line.order_line}.",
                path=f"item.items[{number}].quantity",
            )


def _source(account: Account, document: Document) -> Document | None:
    if document.created_from is None:
        return None
    return load_document(account.store, document_id=document.created_from)


def _check_total(account: Account, document: Document, before: Document | None) -> None:
    if document.total < 0:
        raise user_error("The total of this transaction can not be negative.")


def _check_return_progress(account: Account, document: Document, before: Document | None) -> None:
    """A line may not shrink below what was received or credited, nor go away with it."""
    if before is None:
        return
    for number, old in enumerate(before.lines):
        new = document.line_numbered(old.line)
        used = max(old.received if old.is_stock else 0, old.billed)
        if used and (new is None or new.quantity < used or new.item != old.item):
            raise user_error(
                f"Line {old.line} has {used} received or credited and cannot be reduced below that.",
                path=f"item.items[{number}].quantity",
            )


def _check_credit_applies(account: Account, document: Document, before: Document | None) -> None:
    """A credit applies to open invoices of its own customer, never to an order."""
    _check_apply_rows(account, document, before=before, target=kinds.INVOICE)
    settled = settled_amount(account.store, document)
    if settled > document.total:
        raise user_error("The amount applied is greater than the amount of the credit.", path="apply")


def _check_refund_applies(account: Account, document: Document, before: Document | None) -> None:
    if not document.applies:
        raise user_error(NO_VALID_LINE, path="apply")
    if document.kind == kinds.CUSTOMER_REFUND:
        account_id = document.extra.get("account")
        if account_id is None:
            raise missing_values("Account", path="account")
        if account.store.value("SELECT id FROM account WHERE id = ?", (account_id,)) is None:
            raise invalid_value(account_id, field="account", path="account")
        option = document.extra.get("paymentOption")
        if option and account.store.value("SELECT id FROM paymentoption WHERE id = ?", (option,)) is None:
            raise invalid_value(option, field="paymentOption", path="paymentOption")
    target = kinds.CREDIT_MEMO if document.kind == kinds.CUSTOMER_REFUND else kinds.INVOICE
    _check_apply_rows(account, document, before=before, target=target)


def _check_apply_rows(account: Account, document: Document, *, before: Document | None, target: Kind) -> None:
    mine = {row.doc: row.amount for row in before.applies} if before and not before.voided else {}
    wanted_line = account.settings.value("netsuite.refund_apply_line")
    for number, row in enumerate(document.applies):
        path = f"apply.items[{number}]"
        credit = load_document(account.store, document_id=row.doc)
        if credit is None or credit.kind != target or credit.voided or credit.entity != document.entity:
            raise invalid_value(row.doc, field="doc", path=f"{path}.doc")
        if document.kind == kinds.CUSTOMER_REFUND and row.line != wanted_line:
            raise invalid_value(row.line, field="line", path=f"{path}.line")
        _check_apply_amount(row, remaining=_remaining(credit) + mine.get(row.doc, Decimal(0)), path=path)


def _remaining(document: Document) -> Decimal:
    return document.amount_remaining if document.amount_remaining is not None else Decimal(0)


def _check_apply_amount(row: Apply, *, remaining: Decimal, path: str) -> None:
    if row.amount <= 0 or row.amount != cents(row.amount):
        raise invalid_value(row.amount, field="amount", path=f"{path}.amount")
    if row.amount > remaining:
        raise user_error(
            f"The amount {row.amount} is greater than the amount remaining ({remaining}) on the document applied to.",
            path=f"{path}.amount",
        )


def _check_inventory(account: Account, document: Document, before: Document | None) -> None:
    if not document.lines:
        raise user_error(NO_VALID_LINE, path="inventory")
    if document.kind == kinds.INVENTORY_TRANSFER:
        to_location = document.extra.get("transferLocation")
        if to_location is None or document.location is None:
            raise missing_values("From Location", "To Location")
        account.check_location(int(to_location), path="transferLocation")
        if any(line.quantity < 1 for line in document.lines):
            raise invalid_value("", field="adjustQtyBy", path="inventory.items[0].adjustQtyBy")
    elif document.extra.get("account") is None:
        raise missing_values("Adjustment Account", path="account")


NEED_ENTITY = (*kinds.SALES, kinds.RETURN_AUTHORIZATION, *kinds.CREDITS, kinds.CUSTOMER_REFUND)
RULES: dict[Kind, tuple[Rule, ...]] = {
    kinds.SALES_ORDER: (_check_lines, _check_total),
    kinds.INVOICE: (_check_lines, _check_total),
    kinds.CASH_SALE: (_check_lines, _check_total),
    kinds.FULFILLMENT: (_check_lines, _check_locations),
    kinds.RETURN_AUTHORIZATION: (_check_lines, _check_return_progress),
    kinds.ITEM_RECEIPT: (_check_lines, _check_locations, _check_receipt),
    kinds.CREDIT_MEMO: (_check_lines, _check_locations, _check_credit, _check_total, _check_credit_applies),
    kinds.CASH_REFUND: (_check_lines, _check_locations, _check_credit, _check_total),
    kinds.CUSTOMER_REFUND: (_check_refund_applies,),
    kinds.CUSTOMER_PAYMENT: (_check_refund_applies,),
    kinds.INVENTORY_ADJUSTMENT: (_check_inventory, _check_locations),
    kinds.INVENTORY_TRANSFER: (_check_inventory, _check_locations),
}

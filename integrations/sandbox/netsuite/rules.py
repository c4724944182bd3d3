"""What each kind of transaction insists on before it is saved: lines, places, quantities."""

from collections.abc import Callable

from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.demands import check_forms, check_scripts
from integrations.sandbox.netsuite.details import check_details
from integrations.sandbox.netsuite.documents import Document
from integrations.sandbox.netsuite.errors import invalid_value, missing_values, user_error
from integrations.sandbox.netsuite.kinds import Kind
from integrations.sandbox.netsuite.ledger import load_document
from integrations.sandbox.netsuite.rules_of_money import (
    NO_VALID_LINE,
    check_credit_applies,
    check_deposit,
    check_refund,
    check_refund_method,
    check_total,
    check_unapplied_payment,
)
from integrations.sandbox.netsuite.transforms import creditable
from integrations.sandbox.netsuite.wording import worded

Rule = Callable[[Account, Document, Document | None], None]
MEMO_OF_BIN_TRANSFER_MAX = 40  # netsuite.md 4.12


def check_document(account: Account, document: Document, *, before: Document | None) -> None:
    """Raise Refusal when the document may not be saved. `before`: its saved state, None for a new one."""
    if document.kind.entity_field == "customer" and document.entity is None:
        raise missing_values("Customer", path="customer")
    if document.kind in NEED_ENTITY:
        if document.entity is None:
            raise missing_values("Customer", path="entity")
        account.check_entity(document.entity)
    check_forms(account, document)
    for rule in RULES[document.kind]:
        rule(account, document, before)
    check_scripts(account, document)


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


def _check_subsidiary(account: Account, document: Document, before: Document | None) -> None:
    """A location belongs to one subsidiary, and so must everything that happens in it (netsuite.md 4.13)."""
    if not account.settings.flag("netsuite.oneworld") or document.subsidiary is None:
        return
    places = [(document.location, "location")]
    places += [
        (line.location, f"{document.kind.sublist}.items[{number}].location")
        for number, line in enumerate(document.lines)
    ]
    checked: set[int] = set()
    for place, path in places:
        if place is None or place in checked:
            continue
        checked.add(place)
        own = account.store.value("SELECT subsidiary FROM location WHERE id = ?", (place,))
        if own is not None and own != document.subsidiary:
            raise user_error(
                f"You have entered an Invalid Field Value {place} for the following field: location.", path=path
            )


def _check_receipt(account: Account, document: Document, before: Document | None) -> None:
    source = _source(account, document)
    if account.settings.flag("netsuite.allow_overage") or source is None:
        return
    mine = {line.order_line: line.quantity for line in before.lines} if before else {}
    for number, line in enumerate(document.lines):
        if line.kit_member_of is not None:
            continue
        origin = source.line_numbered(line.order_line)
        remaining = origin.quantity - origin.received + mine.get(line.order_line, 0) if origin else 0
        if line.quantity > remaining:
            path = f"item.items[{number}].quantity"
            values = {"quantity": line.quantity, "remaining": remaining, "line": line.order_line}
            raise worded(account, "over_receipt", path=path, **values)


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
            path = f"item.items[{number}].quantity"
            values = {"quantity": line.quantity, "remaining": remaining, "line": line.order_line}
            raise worded(account, "over_credit", path=path, **values)


def _source(account: Account, document: Document) -> Document | None:
    if document.created_from is None:
        return None
    return load_document(account.store, document_id=document.created_from)


def _check_return(account: Account, document: Document, before: Document | None) -> None:
    """A line may not shrink below what was received or credited, nor go away with it."""
    if account.settings.flag("netsuite.minimum_return_quantity"):
        _check_minimum(account, document)
    for number, old in enumerate(before.lines if before else []):
        new = document.line_numbered(old.line)
        used = max(old.received if old.is_receivable else 0, old.billed)
        if used and (new is None or new.quantity < used or new.item != old.item):
            raise worded(account, "line_in_use", path=f"item.items[{number}].quantity", line=old.line, used=used)


def _check_minimum(account: Account, document: Document) -> None:
    for number, line in enumerate(document.lines):
        minimum = account.store.value("SELECT minimumquantity FROM item WHERE id = ?", (line.item,))
        if minimum and line.quantity < minimum:
            path = f"item.items[{number}].quantity"
            raise worded(account, "minimum", path=path, line=line.line, minimum=minimum)


def _check_inventory(account: Account, document: Document, before: Document | None) -> None:
    if not document.lines:
        raise user_error(NO_VALID_LINE, path="inventory")
    for number, line in enumerate(document.lines):
        account.item_type(line.item, path=f"inventory.items[{number}].item")


def _check_transfer(account: Account, document: Document, before: Document | None) -> None:
    target = document.extra.get("transferLocation")
    if target is None or document.location is None:
        raise missing_values("From Location", "To Location")
    account.check_location(int(target), path="transferLocation")
    _check_quantities(document)
    if int(target) == document.location:
        raise worded(account, "same_place", path="transferLocation")
    sql = "SELECT count(DISTINCT coalesce(subsidiary, 0)) FROM location WHERE id IN (?, ?)"
    if account.settings.flag("netsuite.oneworld") and account.store.value(sql, (document.location, target)) > 1:
        raise worded(account, "two_subsidiaries", path="transferLocation")


def _check_quantities(document: Document) -> None:
    for number, line in enumerate(document.lines):
        if line.quantity < 1:
            path = f"inventory.items[{number}].adjustQtyBy"
            raise invalid_value(line.quantity, field="adjustQtyBy", path=path)


def _check_bin_transfer(account: Account, document: Document, before: Document | None) -> None:
    if document.location is None:
        raise missing_values("Location", path="location")
    _check_quantities(document)
    if len(document.memo or "") > MEMO_OF_BIN_TRANSFER_MAX:
        raise worded(account, "memo_too_long", path="memo")
    for number, line in enumerate(document.lines):
        if not line.assignments:
            path = f"inventory.items[{number}].inventoryDetail"
            raise worded(account, "detail_missing", path=path, line=line.line)


def _check_adjustment(account: Account, document: Document, before: Document | None) -> None:
    offset = document.extra.get("account")
    if offset is None:
        raise missing_values("Adjustment Account", path="account")
    if account.store.value("SELECT id FROM account WHERE id = ?", (offset,)) is None:
        raise invalid_value(offset, field="account", path="account")
    for number, line in enumerate(document.lines):
        if line.quantity == 0:
            path = f"inventory.items[{number}].adjustQtyBy"
            raise invalid_value(line.quantity, field="adjustQtyBy", path=path)


NEED_ENTITY = (*kinds.SALES, kinds.RETURN_AUTHORIZATION, *kinds.CREDITS, kinds.CUSTOMER_REFUND)
_GOODS: tuple[Rule, ...] = (_check_lines, _check_locations, _check_subsidiary)
RULES: dict[Kind, tuple[Rule, ...]] = {
    kinds.SALES_ORDER: (_check_lines, _check_subsidiary, check_total),
    kinds.INVOICE: (_check_lines, _check_subsidiary, check_total),
    kinds.CASH_SALE: (_check_lines, _check_subsidiary, check_total),
    kinds.FULFILLMENT: (*_GOODS, check_details),
    kinds.RETURN_AUTHORIZATION: (_check_lines, _check_subsidiary, _check_return),
    kinds.ITEM_RECEIPT: (*_GOODS, _check_receipt, check_details),
    kinds.CREDIT_MEMO: (*_GOODS, _check_credit, check_total, check_credit_applies),
    kinds.CASH_REFUND: (*_GOODS, _check_credit, check_total),
    kinds.CUSTOMER_REFUND: (check_refund_method, check_refund),
    kinds.CUSTOMER_PAYMENT: (check_unapplied_payment,),
    kinds.CUSTOMER_DEPOSIT: (check_deposit,),
    kinds.INVENTORY_ADJUSTMENT: (
        _check_inventory,
        _check_adjustment,
        _check_locations,
        _check_subsidiary,
        check_details,
    ),
    kinds.INVENTORY_TRANSFER: (_check_inventory, _check_transfer, _check_locations, check_details),
    kinds.BIN_TRANSFER: (_check_inventory, _check_bin_transfer, check_details),
}

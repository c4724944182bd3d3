"""What credits, payments, deposits and refunds insist on: totals, applications, how money goes out."""

from decimal import Decimal

from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.derive import settled_amount
from integrations.sandbox.netsuite.documents import Apply, Document
from integrations.sandbox.netsuite.errors import Refusal, invalid_value, missing_values, user_error
from integrations.sandbox.netsuite.kinds import Kind
from integrations.sandbox.netsuite.ledger import load_document
from integrations.sandbox.netsuite.wording import worded

NO_VALID_LINE = "You must have at least one valid line item for this transaction."
REFUNDABLE = (kinds.CREDIT_MEMO, kinds.CUSTOMER_PAYMENT, kinds.CUSTOMER_DEPOSIT)
METHOD_FIELDS = ("paymentOption", "paymentMethod")


def check_total(account: Account, document: Document, before: Document | None) -> None:
    if document.total < 0:
        raise worded(account, "negative_total")


def check_credit_applies(account: Account, document: Document, before: Document | None) -> None:
    """A credit applies to open invoices of its own customer, never to an order."""
    _check_apply_rows(account, document, before=before, targets=(kinds.INVOICE,))
    if settled_amount(account.store, document) > document.total:
        raise worded(account, "over_credited", path="apply")


def check_unapplied_payment(account: Account, document: Document, before: Document | None) -> None:
    """A payment may stay unapplied, in whole or in part, but not be more applied than paid."""
    if not document.applies and document.payment <= 0:
        raise user_error(NO_VALID_LINE, path="apply")
    _check_apply_rows(account, document, before=before, targets=(kinds.INVOICE,))
    if document.payment and settled_amount(account.store, document) > document.payment:
        raise worded(account, "over_credited", path="apply")


def check_deposit(account: Account, document: Document, before: Document | None) -> None:
    account.check_entity(document.entity)
    if document.payment <= 0:
        raise missing_values("Payment Amount", path="payment")


def check_refund_method(account: Account, document: Document, before: Document | None) -> None:
    """A bank or clearing account, and in the field this account has how the money goes out (netsuite.md 4.8)."""
    account_id = document.extra.get("account")
    if account_id is None:
        raise missing_values("Account", path="account")
    if account.store.value("SELECT id FROM account WHERE id = ?", (account_id,)) is None:
        raise invalid_value(account_id, field="account", path="account")
    known = account.settings.text("netsuite.refund_method_field")
    given = [name for name in METHOD_FIELDS if document.extra.get(name) is not None]
    for name in given:
        if known not in ("either", name):
            raise _no_such_field(name)
        option = document.extra[name]
        if account.store.value("SELECT id FROM paymentoption WHERE id = ?", (option,)) is None:
            raise invalid_value(option, field=name, path=name)
    if not given and before is None and account.settings.flag("netsuite.refund_method_required"):
        raise missing_values("Payment Method" if known == "paymentMethod" else "Payment Option", path=known)


def _no_such_field(name: str) -> Refusal:
    return Refusal(
        f"Invalid value for the resource or sub-resource property name '{name}'. Unknown property name.",
        code="INVALID_PARAMETER",
        path=name,
    )


def check_refund(account: Account, document: Document, before: Document | None) -> None:
    if not document.applies:
        raise user_error(NO_VALID_LINE, path="apply")
    _check_apply_rows(account, document, before=before, targets=REFUNDABLE)


def _check_apply_rows(
    account: Account, document: Document, *, before: Document | None, targets: tuple[Kind, ...]
) -> None:
    mine = {row.doc: row.amount for row in before.applies} if before and not before.voided else {}
    wanted_line = account.settings.value("netsuite.refund_apply_line")
    for number, row in enumerate(document.applies):
        path = f"apply.items[{number}]"
        target = load_document(account.store, document_id=row.doc)
        if target is None or not _may_take(document, target, targets=targets):
            raise invalid_value(row.doc, field="doc", path=f"{path}.doc")
        has_key = document.kind == kinds.CUSTOMER_REFUND and target.kind == kinds.CREDIT_MEMO
        if has_key and document.writer == "api" and row.line != wanted_line:
            raise invalid_value(row.line, field="line", path=f"{path}.line")
        remaining = (target.amount_remaining or Decimal(0)) + mine.get(row.doc, Decimal(0))
        _check_apply_amount(account, document, row, remaining=remaining, path=path)


def _may_take(document: Document, target: Document, *, targets: tuple[Kind, ...]) -> bool:
    is_same = target.entity == document.entity and target.currency == document.currency
    return target.kind in targets and not target.voided and is_same


def _check_apply_amount(account: Account, document: Document, row: Apply, *, remaining: Decimal, path: str) -> None:
    if row.amount <= 0 or row.amount != document.rounded(row.amount):
        raise invalid_value(row.amount, field="amount", path=f"{path}.amount")
    if row.amount > remaining:
        raise worded(account, "over_applied", path=f"{path}.amount", amount=row.amount, remaining=remaining)

"""The apply sublists: which invoices a credit or payment is applied to, which credits a refund pays out."""

from decimal import Decimal
from typing import Any

from integrations.sandbox.money import cents
from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.documents import Apply, Document
from integrations.sandbox.netsuite.errors import user_error
from integrations.sandbox.netsuite.headers import money_of
from integrations.sandbox.netsuite.inputs import reference, rows_of, truth
from integrations.sandbox.numbers import whole_number

Json = dict[str, Any]
SHOWN_ONLY = ("refnum", "type", "due", "total", "applydate")
INVOICES_MAX = 1000


def fill_applies(account: Account, document: Document, *, body: Json, replace: bool) -> None:
    """Existing rows can only be matched, and of them only `apply` and `amount` be set (netsuite.md 2.4)."""
    rows = rows_of(body, sublist="apply")
    deposits = rows_of(body, sublist="deposit") if document.kind == kinds.CUSTOMER_REFUND else None
    if truth(body.get("autoapply")) and rows:
        raise user_error("You cannot set autoApply and rows of the apply sublist together.", path="autoApply")
    if rows is None and deposits is None:
        return
    applies = {} if replace else {row.doc: row for row in document.applies}
    for sublist, listed in (("apply", rows or []), ("deposit", deposits or [])):
        for number, row in enumerate(listed):
            lowered = {key.lower(): value for key, value in row.items()}
            _fill_row(account, document, applies, row=lowered, path=f"{sublist}.items[{number}]")
    document.applies = list(applies.values())


def _fill_row(account: Account, document: Document, applies: dict[int, Apply], *, row: Json, path: str) -> None:
    doc = reference(account, value=row.get("doc"), field="doc", path=f"{path}.doc")
    if any(name in row for name in SHOWN_ONLY):
        raise user_error("Invalid sublist operation: only apply and amount can be set.", path=path)
    applies.pop(doc, None)
    if row.get("apply") is None or truth(row["apply"]):
        amount = row.get("amount")
        if amount is None:
            given = _all_remaining(account, document, doc)
        else:
            given = money_of(account, document, amount, field="amount", path=f"{path}.amount")
        applies[doc] = Apply(doc, amount=given, line=whole_number(row.get("line")) or 0)


def _all_remaining(account: Account, document: Document, doc: int) -> Decimal:
    found = account.store.value("SELECT amountremaining FROM txn WHERE id = ?", (doc,)) or 0
    return cents(found, decimals=document.decimals)


def apply_to_open_invoices(account: Account, document: Document) -> None:
    """The credit spends itself on the customer's open invoices: the oldest first, or the returned one first."""
    left = document.total
    for row in _open_invoices(account, document):
        amount = min(left, cents(row["amountremaining"], decimals=document.decimals))
        if amount > 0:
            document.applies.append(Apply(row["id"], amount=amount))
            left -= amount


def _open_invoices(account: Account, document: Document) -> list[Any]:
    invoices = list(
        account.store.rows(
            "SELECT id, amountremaining FROM txn WHERE entity = ? AND type = 'CustInvc' AND amountremaining > 0"
            " AND deleted = 0 AND currency = ? ORDER BY trandate, id LIMIT ?",
            (document.entity, document.currency, INVOICES_MAX),
        )
    )
    if account.settings.text("netsuite.auto_apply_order") == "source":
        returned = _returned_invoice(account, document)
        invoices.sort(key=lambda row: row["id"] != returned)
    return invoices


def _returned_invoice(account: Account, document: Document) -> int | None:
    source = account.store.row("SELECT id, type, createdfrom FROM txn WHERE id = ?", (document.created_from,))
    if source is None:
        return None
    return int(source["id"]) if source["type"] == kinds.INVOICE.code else source["createdfrom"]

"""What NetSuite computes by itself: received and billed quantities, statuses, amounts remaining."""

from collections import Counter
from decimal import Decimal

from integrations.sandbox.money import ZERO, cents
from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.documents import Document, Line
from integrations.sandbox.store import Store

RECEIVING = {"SalesOrd": ("ItemShip",), "RtnAuth": ("ItemRcpt",)}
BILLING = {"SalesOrd": ("CustInvc", "CashSale"), "RtnAuth": ("CustCred", "CashRfnd")}
OPEN_OR_SETTLED = (kinds.INVOICE, kinds.CREDIT_MEMO)
USUAL_STATUS = {kinds.CASH_SALE: "B", kinds.CUSTOMER_PAYMENT: "C"}


def derive(account: Account, document: Document) -> None:
    """Fill every computed field of a document from the documents that hang on it."""
    if document.kind in kinds.ORDERS:
        _fill_progress(account, document)
    if document.kind in OPEN_OR_SETTLED or document.kind.is_payment:
        document.amount_remaining = document.total - settled_amount(account.store, document)
    if document.voided:
        document.status = "V"
        document.amount_remaining = ZERO
    else:
        document.status = _status(account, document)


def _status(account: Account, document: Document) -> str:
    if document.kind == kinds.RETURN_AUTHORIZATION:
        return return_status(account, document)
    if document.kind == kinds.SALES_ORDER:
        return order_status(document)
    remaining = document.amount_remaining or ZERO
    if document.kind in OPEN_OR_SETTLED:
        return "A" if remaining > 0 else "B"
    if document.kind == kinds.CUSTOMER_DEPOSIT:
        return "B" if remaining > 0 else "C"
    if document.kind == kinds.FULFILLMENT:
        return str(document.extra.get("shipStatus") or document.status or "C")
    return document.status or USUAL_STATUS.get(document.kind) or next(iter(document.kind.statuses), "")


def settled_amount(store: Store, document: Document) -> Decimal:
    """What payments and refunds took of it, plus what it gave to invoices itself."""
    sql = (
        "SELECT SUM(a.amount) FROM txn_apply a JOIN txn t ON t.id = a.txn"
        " WHERE a.doc = ? AND t.deleted = 0 AND t.voided = 0"
    )
    return cents(store.value(sql, (document.id,)) or 0, decimals=document.decimals) + document.applied


def _fill_progress(account: Account, document: Document) -> None:
    """Goods that are picked or packed have not left yet: only shipped fulfilments count."""
    received: Counter[int] = Counter()
    billed: Counter[int] = Counter()
    sql = (
        "SELECT l.orderline, t.type, SUM(l.quantity) AS quantity FROM txn_line l JOIN txn t ON t.id = l.txn"
        " WHERE l.orderdoc = ? AND t.deleted = 0 AND t.voided = 0 AND (t.type <> 'ItemShip' OR t.status = 'C')"
        " GROUP BY l.orderline, t.type"
    )
    for row in account.store.rows(sql, (document.id,)):
        if row["type"] in RECEIVING[document.kind.code]:
            received[row["orderline"]] += row["quantity"]
        if row["type"] in BILLING[document.kind.code]:
            billed[row["orderline"]] += row["quantity"]
    receives = document.kind != kinds.RETURN_AUTHORIZATION or account.settings.flag("netsuite.advanced_receiving")
    for line in document.lines:
        line.billed = billed[line.line]
        # What cannot be received counts as received at approval (netsuite.md 4.5).
        counts_at_once = not line.is_receivable and document.order_status != "A"
        line.received = line.quantity if counts_at_once else received[line.line] if receives else line.billed


def return_status(account: Account, document: Document) -> str:
    """The formula of netsuite.md 4.5 over the lines still open."""
    if document.extra.get("cancelled"):
        return "C"
    open_lines = [line for line in document.lines if not line.is_closed]
    if not open_lines:
        return "H"
    if document.order_status == "A":
        return "A"
    wanted, received, billed = _sums([line for line in open_lines if line.is_receivable] or open_lines)
    if not account.settings.flag("netsuite.advanced_receiving"):
        return "F" if billed == 0 else "G" if billed >= wanted else "D"
    if received == 0:
        return "B"
    if received < wanted:
        is_settled = billed >= received and account.settings.text("netsuite.status_formula") == "by_credit"
        return "D" if is_settled else "E"
    return "G" if billed >= wanted else "F"


def order_status(document: Document) -> str:
    if document.extra.get("cancelled"):
        return "C"
    open_lines = [line for line in document.lines if not line.is_closed]
    if not open_lines:
        return "H"
    if document.order_status == "A":
        return "A"
    wanted, shipped, billed = _sums(open_lines)
    goods = [line for line in open_lines if line.is_receivable]
    if goods and not any(line.received for line in goods):
        return "G" if billed >= wanted else "B"
    if shipped < wanted:
        return "D" if billed >= shipped else "E"
    return "G" if billed >= wanted else "F"


def _sums(lines: list[Line]) -> tuple[int, int, int]:
    return (
        sum(line.quantity for line in lines),
        sum(line.received for line in lines),
        sum(line.billed for line in lines),
    )

"""What NetSuite computes by itself: received and billed quantities, statuses, amounts remaining."""

from collections import Counter
from decimal import Decimal

from integrations.sandbox.money import ZERO, cents
from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.documents import Document, Line
from integrations.sandbox.store import Store

RECEIVING = {"SalesOrd": ("ItemShip",), "RtnAuth": ("ItemRcpt",)}
BILLING = {"SalesOrd": ("CustInvc", "CashSale"), "RtnAuth": ("CustCred", "CashRfnd")}


def derive(store: Store, document: Document) -> None:
    """Fill every computed field of a document from the documents that hang on it."""
    if document.kind in (kinds.SALES_ORDER, kinds.RETURN_AUTHORIZATION):
        _fill_progress(store, document)
    if document.voided:
        document.status = "V"
        document.amount_remaining = ZERO
    elif document.kind == kinds.RETURN_AUTHORIZATION:
        document.status = return_status(document)
    elif document.kind == kinds.SALES_ORDER:
        document.status = order_status(document)
    elif document.kind in (kinds.INVOICE, kinds.CREDIT_MEMO):
        document.amount_remaining = document.total - settled_amount(store, document)
        document.status = "A" if document.amount_remaining > 0 else "B"
    else:
        document.status = document.status or next(iter(document.kind.statuses), "")


def settled_amount(store: Store, document: Document) -> Decimal:
    """What payments and refunds took of it, plus what it gave to invoices itself."""
    sql = (
        "SELECT SUM(a.amount) FROM txn_apply a JOIN txn t ON t.id = a.txn"
        " WHERE a.doc = ? AND t.deleted = 0 AND t.voided = 0"
    )
    return cents(store.value(sql, (document.id,)) or 0) + document.applied


def _fill_progress(store: Store, document: Document) -> None:
    received: Counter[int] = Counter()
    billed: Counter[int] = Counter()
    sql = (
        "SELECT l.orderline, t.type, SUM(l.quantity) AS quantity FROM txn_line l JOIN txn t ON t.id = l.txn"
        " WHERE l.orderdoc = ? AND t.deleted = 0 AND t.voided = 0 GROUP BY l.orderline, t.type"
    )
    for row in store.rows(sql, (document.id,)):
        if row["type"] in RECEIVING[document.kind.code]:
            received[row["orderline"]] += row["quantity"]
        if row["type"] in BILLING[document.kind.code]:
            billed[row["orderline"]] += row["quantity"]
    for line in document.lines:
        # What cannot be received counts as received at approval (netsuite.md 4.5).
        counts_at_once = not line.is_stock and document.order_status != "A"
        line.received = line.quantity if counts_at_once else received[line.line]
        line.billed = billed[line.line]


def return_status(document: Document) -> str:
    """The formula of netsuite.md 4.5 over the lines still open."""
    if document.extra.get("cancelled"):
        return "C"
    open_lines = [line for line in document.lines if not line.is_closed]
    if not open_lines:
        return "H"
    if document.order_status == "A":
        return "A"
    wanted, received, billed = _sums([line for line in open_lines if line.is_stock] or open_lines)
    if received == 0:
        return "B"
    if received < wanted:
        return "D" if billed >= received else "E"
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
    if any(line.is_stock for line in open_lines) and not any(line.received for line in open_lines if line.is_stock):
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

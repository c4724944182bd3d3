"""What a transform starts from: the target document NetSuite would propose for a source."""

from collections.abc import Callable

from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.documents import Apply, Document, Line
from integrations.sandbox.netsuite.errors import Refusal, cannot_initialize
from integrations.sandbox.netsuite.kinds import Kind
from integrations.sandbox.netsuite.ledger import children_of

RMA = kinds.RETURN_AUTHORIZATION
Proposal = Callable[[Account, Document], list[Line]]
COPIES_DISCOUNT = (*kinds.SALES, RMA, *kinds.CREDITS)


def propose(account: Account, source: Document, *, target: Kind) -> Document:
    """Raises Refusal when NetSuite has no such transform or the source is not in a state for it."""
    lines_of = PROPOSALS.get((source.kind, target))
    if lines_of is None:
        raise Refusal(
            f"Invalid transformation from '{source.kind.record_type}' to '{target.record_type}'.",
            code="INVALID_REQUEST",
        )
    _check_source(account, source, target=target)
    document = Document(
        kind=target,
        entity=source.entity,
        tran_date=account.today(),
        currency=source.currency,
        other_ref_num=source.other_ref_num if target != kinds.ITEM_RECEIPT else None,
        exchange_rate=source.exchange_rate,
        location=source.location,
        subsidiary=source.subsidiary,
        created_from=source.id,
        decimals=source.decimals,
        has_document_tax=source.has_document_tax,
    )
    if target == RMA:
        document.order_status = account.settings.text("netsuite.default_return_status")
    if target in COPIES_DISCOUNT and account.settings.text("netsuite.order_discount_on_transform") == "copied":
        document.discount_item, document.discount_rate = source.discount_item, source.discount_rate
    document.lines = lines_of(account, source)
    if target.sublist == "apply":
        document.applies = [Apply(source.id, amount=source.amount_remaining or source.total)]
    return document


def _check_source(account: Account, source: Document, *, target: Kind) -> None:
    is_ready = not source.voided and _is_in_state(account, source, target=target)
    if not is_ready or not _fits_sale(account, source, target=target):
        raise cannot_initialize(target.record_type, source_id=source.id)


def _is_in_state(account: Account, source: Document, *, target: Kind) -> bool:
    if target.sublist == "apply":
        return (source.amount_remaining or 0) > 0
    allowed = READY.get((source.kind, target))
    if source.kind == RMA and not account.settings.flag("netsuite.advanced_receiving"):
        allowed = "DF" if target in kinds.CREDITS else ""
    # With refunds in advance the credit does not wait for the goods.
    elif source.kind == RMA and target in kinds.CREDITS and account.settings.flag("netsuite.refund_in_advance"):
        allowed = "BDEF"
    return allowed is None or (bool(source.status) and source.status in allowed)


def _fits_sale(account: Account, source: Document, *, target: Kind) -> bool:
    """What was sold by cash sale is refunded by cash refund, what was invoiced by credit memo."""
    if source.kind != RMA or target not in kinds.CREDITS or source.created_from is None:
        return True
    code = account.store.value("SELECT type FROM txn WHERE id = ?", (source.created_from,))
    if code == kinds.SALES_ORDER.code:
        bills = children_of(account.store, document_id=source.created_from, codes=("CashSale",))
        code = kinds.CASH_SALE.code if bills else kinds.INVOICE.code
    was_cash = str(code) == kinds.CASH_SALE.code
    return was_cash == (target == kinds.CASH_REFUND)


def _copied(line: Line, *, source: Document, number: int, quantity: int) -> Line:
    copied = Line(
        line=number,
        item=line.item,
        item_type=line.item_type,
        quantity=quantity,
        rate=line.rate,
        amount=line.amount,
        tax_rate=line.tax_rate,
        tax_amount=line.tax_amount,
        location=line.location,
        order_doc=source.id,
        order_line=line.line,
        memo=line.memo,
        custom=dict(line.custom),
        decimals=line.decimals,
        percent=line.percent,
    )
    if quantity != line.quantity:
        copied.price_by_rate()
    return copied


def _all_lines(account: Account, source: Document) -> list[Line]:
    open_lines = [line for line in source.lines if not line.is_closed]
    step = int(account.settings.number("netsuite.line_step"))  # numbers of lines have gaps (netsuite.md 2.4)
    return [
        _copied(line, source=source, number=1 + place * step, quantity=line.quantity)
        for place, line in enumerate(open_lines)
    ]


def _unshipped(account: Account, source: Document) -> list[Line]:
    lines = [line for line in source.lines if line.is_receivable and not line.is_closed]
    return [_copied(line, source=source, number=line.line, quantity=line.quantity - line.received) for line in lines]


def _unbilled(account: Account, source: Document) -> list[Line]:
    lines = [line for line in source.lines if not line.is_closed and line.quantity > line.billed]
    return [_copied(line, source=source, number=line.line, quantity=line.quantity - line.billed) for line in lines]


def _unreceived(account: Account, source: Document) -> list[Line]:
    """Rows with nothing left are proposed with quantity 0, so that naming them is an over-receipt."""
    lines: list[Line] = []
    for line in source.lines:
        if line.is_receivable and not line.is_closed:
            row = _copied(line, source=source, number=line.line, quantity=line.quantity - line.received)
            row.is_received = not account.settings.flag("netsuite.default_items_to_zero")
            row.is_restocked = account.settings.flag("netsuite.restock_returned_items")
            row.location = line.location or source.location
            lines.append(row)
    return lines


def _uncredited(account: Account, source: Document) -> list[Line]:
    return [
        _copied(line, source=source, number=line.line, quantity=creditable(account, line))
        for line in source.lines
        if not line.is_closed
    ]


def _no_lines(account: Account, source: Document) -> list[Line]:
    """Payments and refunds hold no items; they are applied to their source."""
    return []


def creditable(account: Account, line: Line) -> int:
    """By default only what was received may be credited (netsuite.md 0.2, 11)."""
    settings = account.settings
    is_free = settings.flag("netsuite.refund_in_advance") or not settings.flag("netsuite.advanced_receiving")
    return max((line.quantity if is_free else min(line.received, line.quantity)) - line.billed, 0)


READY = {
    (kinds.SALES_ORDER, RMA): "DEFG",
    (kinds.SALES_ORDER, kinds.FULFILLMENT): "BDE",
    (kinds.SALES_ORDER, kinds.INVOICE): "BDEF",
    (kinds.SALES_ORDER, kinds.CASH_SALE): "BDEF",
    (RMA, kinds.ITEM_RECEIPT): "BDE",
    (RMA, kinds.CREDIT_MEMO): "DEF",
    (RMA, kinds.CASH_REFUND): "DEF",
}
PROPOSALS: dict[tuple[Kind, Kind], Proposal] = {
    (kinds.SALES_ORDER, RMA): _all_lines,
    (kinds.INVOICE, RMA): _all_lines,
    (kinds.CASH_SALE, RMA): _all_lines,
    (kinds.SALES_ORDER, kinds.FULFILLMENT): _unshipped,
    (kinds.SALES_ORDER, kinds.INVOICE): _unbilled,
    (kinds.SALES_ORDER, kinds.CASH_SALE): _unbilled,
    (RMA, kinds.ITEM_RECEIPT): _unreceived,
    (RMA, kinds.CREDIT_MEMO): _uncredited,
    (RMA, kinds.CASH_REFUND): _uncredited,
    (kinds.INVOICE, kinds.CREDIT_MEMO): _all_lines,
    (kinds.CASH_SALE, kinds.CASH_REFUND): _all_lines,
    (kinds.CASH_REFUND, kinds.CREDIT_MEMO): _all_lines,
    (kinds.INVOICE, kinds.CUSTOMER_PAYMENT): _no_lines,
    (kinds.CUSTOMER_PAYMENT, kinds.CUSTOMER_REFUND): _no_lines,
    (kinds.CUSTOMER_DEPOSIT, kinds.CUSTOMER_REFUND): _no_lines,
}

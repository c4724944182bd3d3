"""The shop's connector: brings Shopify's orders, and later its exchange orders, into NetSuite."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from integrations.sandbox.money import cents
from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.documents import Apply, Document, Line
from integrations.sandbox.netsuite.kinds import Kind
from integrations.sandbox.netsuite.ledger import load_document
from integrations.sandbox.netsuite.periods import ensure_period
from integrations.sandbox.netsuite.records import save_new, update
from integrations.sandbox.shops import ShopLine, ShopOrder
from integrations.sandbox.world import SPECIAL_ITEMS

Json = dict[str, Any]
WHO = "connector"
BILLINGS = ("invoice", "cash_sale", "invoices", "none")
LINE_GAP = 3  # order lines in NetSuite are not numbered without gaps


def import_sale(account: Account, order: ShopOrder, *, billing: str) -> Json:
    """Order, fulfilment and bill of a shop order; gives the ids of the order and the bill.

    billing: invoice, cash_sale, invoices (one for each line, as goods are billed that were shipped apart) or none
    (shipped and not billed yet).
    """
    with account.store.transaction():
        earlier = _order_of(account, provider_order_id=str(order.provider_order_id))
        if earlier is not None:
            return _sale_of(account, earlier)
        customer = _customer(account, order)
        sale = _order_document(account, order, customer=customer)
        save_new(account, sale, who=WHO, body={}, check=False)
        _copy(account, sale, kind=kinds.FULFILLMENT, day=order.placed_on + timedelta(days=1))
        bills = _bill(account, sale, billing=billing, day=order.placed_on + timedelta(days=1))
        name = "cash_sale_id" if billing == "cash_sale" else "invoice_id"
        return {"sales_order_id": str(sale.id)} | ({name: str(bills[0].id)} if bills else {})


def _bill(account: Account, sale: Document, *, billing: str, day: date) -> list[Document]:
    """Invoices are paid at once, as the shop's customers pay when they order."""
    if billing == "none":
        return []
    if billing == "cash_sale":
        return [_copy(account, sale, kind=kinds.CASH_SALE, day=day)]
    parts = [[line] for line in sale.lines] if billing == "invoices" else [sale.lines]
    bills = [_copy(account, sale, kind=kinds.INVOICE, day=day, lines=lines) for lines in parts]
    for bill in bills:
        _pay(account, bill)
    return bills


def _sale_of(account: Account, sale: Document) -> Json:
    """What was imported by somebody who was cut off before it could say so."""
    bill = account.store.row(
        "SELECT id, type FROM txn WHERE createdfrom = ? AND type IN (?, ?)",
        (sale.id, kinds.INVOICE.code, kinds.CASH_SALE.code),
    )
    if bill is None:
        return {"sales_order_id": str(sale.id)}
    name = "invoice_id" if bill["type"] == kinds.INVOICE.code else "cash_sale_id"
    return {"sales_order_id": str(sale.id), name: str(bill["id"])}


def _customer(account: Account, order: ShopOrder) -> int:
    shopper = order.shopper
    number = account.store.next_number("customer", start=8801)
    name = f"C-{number} {shopper.first_name} {shopper.last_name}"
    account.store.execute(
        "INSERT INTO customer (id, entityid, firstname, lastname, email, isperson, taxrate, subsidiary, currency,"
        " datecreated) VALUES (?, ?, ?, ?, ?, 'T', ?, ?, ?, ?)",
        (
            number,
            name,
            shopper.first_name,
            shopper.last_name,
            shopper.email,
            float(order.tax_rate),
            account.profile.subsidiary_id,
            account.profile.currency_id,
            account.now_text(),
        ),
    )
    return number


def _order_document(account: Account, order: ShopOrder, *, customer: int) -> Document:
    lines = [
        _order_line(account, line, number=1 + place * LINE_GAP, tax_rate=order.tax_rate)
        for place, line in enumerate(order.lines)
    ]
    return Document(
        kind=kinds.SALES_ORDER,
        entity=customer,
        tran_date=order.placed_on,
        currency=account.profile.currency_id,
        external_id=str(order.provider_order_id),
        order_status="B",
        other_ref_num=order.name.lstrip("#"),
        location=sellable_location(account),
        lines=lines,
    )


def _order_line(account: Account, line: ShopLine, *, number: int, tax_rate: Decimal) -> Line:
    entered = Line(
        line=number,
        item=line.variant.item_id,
        item_type="InvtPart",
        quantity=len(line.units),
        rate=line.net / len(line.units),
        amount=line.net,
        tax_rate=tax_rate,
        location=sellable_location(account),
        memo=line.variant.full_title,
        custom={"custcol_shopify_line_id": str(line.provider_line_item_id)},
    )
    entered.tax_by_amount()
    return entered


def sellable_location(account: Account) -> int:
    return int(account.store.value("SELECT min(id) FROM location WHERE makeinventoryavailable = 'T'"))


def _copy(account: Account, sale: Document, *, kind: Kind, day: date, lines: Sequence[Line] | None = None) -> Document:
    """lines: all of the sale's, unless only some are named."""
    copied = Document(
        kind=kind,
        entity=sale.entity,
        tran_date=min(day, account.today()),
        currency=sale.currency,
        other_ref_num=sale.other_ref_num if kind in kinds.SALES else None,
        location=sale.location,
        created_from=sale.id,
        status="C" if kind in (kinds.CASH_SALE, kinds.FULFILLMENT) else "",
    )
    for line in sale.lines if lines is None else lines:
        copied.lines.append(
            Line(
                line=line.line,
                item=line.item,
                item_type=line.item_type,
                quantity=line.quantity,
                rate=line.rate,
                amount=line.amount,
                tax_rate=line.tax_rate,
                tax_amount=line.tax_amount,
                location=line.location,
                order_doc=sale.id,
                order_line=line.line,
                memo=line.memo,
                custom=dict(line.custom),
            )
        )
    # Bills of past months were booked while their month was open.
    copied.posting_period = ensure_period(account.store, day=copied.tran_date)
    return save_new(account, copied, who=WHO, body={}, check=False)


def _pay(account: Account, bill: Document) -> None:
    payment = Document(
        kind=kinds.CUSTOMER_PAYMENT,
        entity=bill.entity,
        tran_date=bill.tran_date,
        currency=bill.currency,
        posting_period=bill.posting_period,
        applies=[Apply(bill.id, amount=bill.total)],
    )
    save_new(account, payment, who=WHO, body={}, check=False)


def import_exchange_order(
    account: Account, *, original_order_id: str, name: str, provider_order_id: str, lines: list[Json], credit: Decimal
) -> Document | None:
    """The exchange order as a connector brings it: the replacements, and the return's worth as a discount line.

    lines: {"item_id", "price", "discount", "tax", "provider_line_item_id", "title"} per unit; credit: what Loop's
    discount covers, 0 when Loop discount is off. None when NetSuite has no original order to take the customer from.
    """
    with account.store.transaction():
        earlier = _order_of(account, provider_order_id=provider_order_id)
        if earlier is not None:
            return earlier  # brought before, by a job that was cut off before it could say so
        original = _order_of(account, provider_order_id=original_order_id)
        if original is None:
            return None
        rate = Decimal(str(account.store.value("SELECT taxrate FROM customer WHERE id = ?", (original.entity,))))
        order = Document(
            kind=kinds.SALES_ORDER,
            entity=original.entity,
            tran_date=account.today(),
            currency=original.currency,
            external_id=provider_order_id,
            order_status="B",
            other_ref_num=name.lstrip("#"),
            location=sellable_location(account),
        )
        for place, line in enumerate(lines):
            order.lines.append(_replacement(order, line, number=1 + place * LINE_GAP, tax_rate=rate))
        if credit:
            order.lines.append(_discount(order, credit))
        return save_new(account, order, who=WHO, body={}, check=False)


def add_to_order(account: Account, original_order_id: str, *, lines: list[Json]) -> None:
    """New goods of a native exchange: further lines on the order they were exchanged from."""
    with account.store.transaction():
        original = _order_of(account, provider_order_id=original_order_id)
        if original is None:
            return
        rows = [
            {
                "item": {"id": str(line["item_id"])},
                "quantity": 1,
                "rate": float(cents(line["price"]) - cents(line["discount"])),
                "location": {"id": str(original.location)},
                "custcol_shopify_line_id": str(line["provider_line_item_id"]),
            }
            for line in lines
        ]
        update(
            account,
            document_id=original.id,
            kind=kinds.SALES_ORDER,
            body={"item": {"items": rows}},
            replace=frozenset(),
            who=WHO,
        )


def _order_of(account: Account, *, provider_order_id: str) -> Document | None:
    found = account.store.value(
        "SELECT id FROM txn WHERE lower(externalid) = lower(?) AND deleted = 0", (provider_order_id,)
    )
    return load_document(account.store, document_id=found) if found else None


def _replacement(order: Document, line: Json, *, number: int, tax_rate: Decimal) -> Line:
    net = cents(line["price"]) - cents(line["discount"])
    entered = Line(
        line=number,
        item=int(line["item_id"]),
        item_type="InvtPart",
        rate=net,
        amount=net,
        tax_rate=tax_rate,
        location=order.location,
        memo=line["title"],
        custom={"custcol_shopify_line_id": str(line["provider_line_item_id"])},
    )
    entered.tax_amount = cents(line["tax"])  # the connector brings the shop's own figure
    return entered


def _discount(order: Document, credit: Decimal) -> Line:
    item = SPECIAL_ITEMS["exchange_discount"][0]
    return Line(
        line=order.next_line_number(), item=item, item_type="OthCharge", rate=-credit, amount=-credit, memo="Loop"
    )

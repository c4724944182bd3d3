"""The shop's connector: brings Shopify's orders, and later its exchange orders, into NetSuite."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from integrations.sandbox.money import cents
from integrations.sandbox.netsuite import kinds
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.addresses import add_address
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


@dataclass(frozen=True)
class SoldLine:
    """A line as it goes into NetSuite. reference: the shop's line, where the connector brings it along."""

    item: int
    title: str
    quantity: int
    amount: Decimal
    tax: Decimal
    tax_rate: Decimal
    reference: str


@dataclass(frozen=True)
class Sale:
    """An order of the shop as its connector writes it; currency: id in NetSuite."""

    order: ShopOrder
    lines: tuple[SoldLine, ...]
    billing: str  # one of BILLINGS, as `import_sale` tells
    currency: int
    is_shipped: bool = True


def import_sale(account: Account, order: ShopOrder, *, billing: str) -> Json:
    """Order, fulfilment and bill of a shop order; gives the ids of the order and the bill.

    billing: invoice, cash_sale, invoices (one for each line, as goods are billed that were shipped apart) or none
    (shipped and not billed yet).
    """
    lines = tuple(_sold_line(line, tax_rate=order.tax_rate) for line in order.lines)
    return bring_sale(account, Sale(order, lines, billing, account.profile.currency_id))


def _sold_line(line: ShopLine, *, tax_rate: Decimal) -> SoldLine:
    return SoldLine(
        item=line.variant.item_id,
        title=line.variant.full_title,
        quantity=len(line.units),
        amount=line.net,
        tax=cents(line.net * tax_rate),
        tax_rate=tax_rate,
        reference=str(line.provider_line_item_id),
    )


def bring_sale(account: Account, told: Sale) -> Json:
    """Twice is once: an order that is there already stays as it is."""
    order = told.order
    with account.store.transaction():
        earlier = _order_of(account, provider_order_id=str(order.provider_order_id))
        if earlier is not None:
            return _sale_of(account, earlier)
        sale = _order_document(account, told, customer=_customer(account, told))
        save_new(account, sale, who=WHO, body={}, check=False)
        if told.is_shipped:
            _copy(account, sale, kind=kinds.FULFILLMENT, day=order.placed_on + timedelta(days=1))
        bills = _bill(account, sale, billing=told.billing, day=order.placed_on + timedelta(days=1))
        name = "cash_sale_id" if told.billing == "cash_sale" else "invoice_id"
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


def bill_again(account: Account, told: Sale) -> Json:
    """A further bill of an order that is there, under the same number and on no order of its own."""
    with account.store.transaction():
        first = _order_of(account, provider_order_id=str(told.order.provider_order_id))
        assert first is not None, "the order is brought first"
        assert first.entity is not None, "an order has a customer"
        bill = _order_document(account, told, customer=first.entity)
        bill.kind = kinds.CASH_SALE if told.billing == "cash_sale" else kinds.INVOICE
        bill.external_id = bill.order_status = None
        bill.status = "C" if bill.kind == kinds.CASH_SALE else ""
        bill.posting_period = ensure_period(account.store, day=bill.tran_date)
        save_new(account, bill, who=WHO, body={}, check=False)
        if bill.kind == kinds.CASH_SALE:
            return {"cash_sale_id": str(bill.id)}
        _pay(account, bill)
        return {"invoice_id": str(bill.id)}


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


def _customer(account: Account, told: Sale) -> int:
    shopper = told.order.shopper
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
            float(told.order.tax_rate),
            account.profile.subsidiary_id,
            told.currency,
            account.now_text(),
        ),
    )
    if account.settings.flag("connector.addresses"):
        add_address(account, customer=number, label=f"{shopper.first_name} {shopper.last_name}, 12 Elm Row")
    return number


def _order_document(account: Account, told: Sale, *, customer: int) -> Document:
    order, currency = told.order, account.store.row("SELECT * FROM currency WHERE id = ?", (told.currency,))
    assert currency is not None, "whoever tells of a sale looks its currency up"
    lines = [_order_line(account, line, number=1 + place * LINE_GAP) for place, line in enumerate(told.lines)]
    for line in lines:
        line.decimals = currency["decimals"]
    return Document(
        kind=kinds.SALES_ORDER,
        entity=customer,
        tran_date=order.placed_on,
        currency=told.currency,
        exchange_rate=Decimal(str(currency["exchangerate"])),
        decimals=currency["decimals"],
        external_id=str(order.provider_order_id),
        order_status="B",
        other_ref_num=order.name.lstrip("#"),
        location=sellable_location(account),
        lines=lines,
    )


def _order_line(account: Account, line: SoldLine, *, number: int) -> Line:
    return Line(
        line=number,
        item=line.item,
        item_type="InvtPart",
        quantity=line.quantity,
        rate=line.amount / line.quantity,
        amount=line.amount,
        tax_rate=line.tax_rate,
        tax_amount=line.tax,
        location=sellable_location(account),
        memo=line.title,
        custom={"custcol_shopify_line_id": line.reference} if line.reference else {},
    )


def sellable_location(account: Account) -> int:
    return int(account.store.value("SELECT min(id) FROM location WHERE makeinventoryavailable = 'T'"))


def _copy(account: Account, sale: Document, *, kind: Kind, day: date, lines: Sequence[Line] | None = None) -> Document:
    """lines: all of the sale's, unless only some are named."""
    copied = Document(
        kind=kind,
        entity=sale.entity,
        tran_date=min(day, account.today()),
        currency=sale.currency,
        exchange_rate=sale.exchange_rate,
        decimals=sale.decimals,
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
                decimals=line.decimals,
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
        exchange_rate=bill.exchange_rate,
        decimals=bill.decimals,
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

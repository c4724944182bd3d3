"""A transaction in memory: header, lines and applications, as the rules work on it."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from integrations.sandbox.money import ZERO, cents
from integrations.sandbox.netsuite.items import RECEIVABLE_TYPES, STOCK_TYPES, WORTHLESS_TYPES
from integrations.sandbox.netsuite.kinds import Kind


@dataclass(frozen=True)
class Assignment:
    """One row of an inventory detail: how many lie in which bin, in which status; `to_…` where they go."""

    quantity: int
    bin: int = 0
    status: int = 0
    to_bin: int = 0
    to_status: int = 0
    number: str = ""  # of a lot or a serial number


@dataclass
class Line:
    line: int
    item: int
    item_type: str
    quantity: int = 1
    rate: Decimal = ZERO
    amount: Decimal = ZERO
    tax_rate: Decimal = Decimal(0)
    tax_amount: Decimal = ZERO
    location: int | None = None
    is_closed: bool = False
    order_doc: int | None = None
    order_line: int | None = None
    memo: str | None = None
    custom: dict[str, Any] = field(default_factory=dict)
    received: int = 0
    billed: int = 0
    unique_key: int | None = None
    is_received: bool = True  # the itemReceive mark of a receipt row; rows without it are dropped
    is_restocked: bool = True
    decimals: int = 2  # of the document's currency
    percent: Decimal | None = None  # of a discount or markup row: its share of the row before
    kit_member_of: int | None = None  # the line of the kit this row belongs to
    assignments: tuple[Assignment, ...] = ()

    @property
    def is_stock(self) -> bool:
        return self.item_type in STOCK_TYPES

    @property
    def is_receivable(self) -> bool:
        return self.item_type in RECEIVABLE_TYPES

    @property
    def counted_amount(self) -> Decimal:
        """What the row adds to the document; descriptions and subtotals only show."""
        return ZERO if self.item_type in WORTHLESS_TYPES or self.kit_member_of is not None else self.amount

    def price_by_rate(self) -> None:
        self.amount = cents(self.rate * self.quantity, decimals=self.decimals)
        self.tax_by_amount()

    def tax_by_amount(self) -> None:
        self.tax_amount = cents(self.amount * self.tax_rate, decimals=self.decimals)


@dataclass
class Apply:
    doc: int
    amount: Decimal
    line: int = 0


@dataclass
class Document:
    kind: Kind
    entity: int | None
    tran_date: date
    currency: int
    id: int = 0
    tran_id: str = ""
    external_id: str | None = None
    status: str = ""
    order_status: str | None = None
    memo: str | None = None
    other_ref_num: str | None = None
    exchange_rate: Decimal = Decimal(1)
    location: int | None = None
    subsidiary: int | None = None
    created_from: int | None = None
    posting_period: int | None = None
    created_at: str = ""
    modified_at: str = ""
    created_by: str = ""
    modified_by: str = ""
    version: int = 1
    voided: bool = False
    deleted: bool = False
    decimals: int = 2
    discount_item: int | None = None
    discount_rate: str | None = None  # "-5.00" or "-10.0%"
    shipping_cost: Decimal = ZERO
    has_document_tax: bool = False  # tax rounded once for the document, not once a line
    payment: Decimal = ZERO  # of a deposit or a payment: the money that came
    extra: dict[str, Any] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    applies: list[Apply] = field(default_factory=list)
    amount_remaining: Decimal | None = None
    writer: str = ""  # who is at it now: api, person or connector; not kept

    @property
    def received_any(self) -> bool:
        return any(line.billed or (line.received and line.is_receivable) for line in self.lines)

    def rounded(self, value: Decimal | float) -> Decimal:
        return cents(value, decimals=self.decimals)

    @property
    def subtotal(self) -> Decimal:
        return self.rounded(sum((line.counted_amount for line in self.lines), Decimal(0)))

    @property
    def discount_total(self) -> Decimal:
        if not self.discount_rate:
            return self.rounded(ZERO)
        if self.discount_rate.endswith("%"):
            return self.rounded(self.subtotal * _decimal(self.discount_rate[:-1]) / 100)
        return self.rounded(_decimal(self.discount_rate))

    @property
    def tax_total(self) -> Decimal:
        """A discount of the whole order takes its share of every line's tax with it."""
        lines = [line for line in self.lines if line.kit_member_of is None]
        tax = sum((self._line_tax(line) for line in lines), Decimal(0))
        if self.discount_rate and self.subtotal:
            tax = tax * (self.subtotal + self.discount_total) / self.subtotal
        return self.rounded(tax)

    def _line_tax(self, line: Line) -> Decimal:
        return line.counted_amount * line.tax_rate if self.has_document_tax else line.tax_amount

    @property
    def total(self) -> Decimal:
        if not self.kind.has_amounts:
            return ZERO
        if self.kind.is_payment:
            return self.payment or self.applied
        if self.kind.sublist == "apply":
            return self.applied
        return self.subtotal + self.discount_total + self.tax_total + self.rounded(self.shipping_cost)

    @property
    def applied(self) -> Decimal:
        return self.rounded(sum((row.amount for row in self.applies), Decimal(0)))

    def line_numbered(self, number: int | None) -> Line | None:
        return next((line for line in self.lines if line.line == number), None)

    def next_line_number(self) -> int:
        return max((line.line for line in self.lines), default=0) + 1


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        return ZERO

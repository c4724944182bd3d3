"""A transaction in memory: header, lines and applications, as the rules work on it."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.sandbox.money import ZERO, cents
from integrations.sandbox.netsuite.kinds import Kind


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

    @property
    def is_stock(self) -> bool:
        return self.item_type == "InvtPart"

    def price_by_rate(self) -> None:
        self.amount = cents(self.rate * self.quantity)
        self.tax_by_amount()

    def tax_by_amount(self) -> None:
        self.tax_amount = cents(self.amount * self.tax_rate)


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
    created_from: int | None = None
    posting_period: int | None = None
    created_at: str = ""
    modified_at: str = ""
    created_by: str = ""
    voided: bool = False
    deleted: bool = False
    extra: dict[str, Any] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    applies: list[Apply] = field(default_factory=list)
    amount_remaining: Decimal | None = None

    @property
    def subtotal(self) -> Decimal:
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def tax_total(self) -> Decimal:
        return sum((line.tax_amount for line in self.lines), ZERO)

    @property
    def total(self) -> Decimal:
        if not self.kind.has_amounts:
            return ZERO
        if self.kind.sublist == "apply":
            return self.applied
        return self.subtotal + self.tax_total

    @property
    def applied(self) -> Decimal:
        return sum((row.amount for row in self.applies), ZERO)

    def line_numbered(self, number: int | None) -> Line | None:
        return next((line for line in self.lines if line.line == number), None)

    def next_line_number(self) -> int:
        return max((line.line for line in self.lines), default=0) + 1

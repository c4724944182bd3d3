"""What NetSuite tells us, in our types: ids text, times aware UTC, money Decimal in the record's currency.

None means that NetSuite did not say; it leaves out fields without a value. `raw` is what was received,
with fractions as Decimal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, kw_only=True)
class RecordRef:
    """A transaction as a SuiteQL row tells it.

    record_type: as in REST paths (returnAuthorization); "unknown" for a type code we have not met.
    status: the bare letter; for an item receipt it means nothing.
    created_by: the user who made it, an id; source: by which way it came in. None where the account does not tell.
    """

    record_type: str
    internal_id: str
    external_id: str | None
    tran_id: str | None
    status: str
    last_modified: datetime | None
    type_code: str
    created_by: str | None = None
    source: str | None = None

    @property
    def name(self) -> tuple[str, str]:
        return self.record_type, self.internal_id


@dataclass(frozen=True, kw_only=True)
class Deletion:
    """A record that was deleted; record_type "unknown" for one we have no name for."""

    record_type: str
    internal_id: str
    deleted_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class TransactionLine:
    """line: the line number, neither contiguous nor from one; order_line: that of the source's line.

    quantity is absolute, since sales documents store it with the sign of their side, and whole: of what is sold in
    parts (hours, metres) quantity_exact tells more.
    quantity_committed: of an order, how many are set aside for it; None where NetSuite does not tell.
    kit_member_of: the line number of the kit this row is a part of.
    statuses: inventory statuses in which its units lie, or from which a transfer takes them.
    """

    line: int | None
    order_line: int | None
    unique_key: str | None
    item_id: str | None
    item_name: str | None
    quantity: int
    rate: Decimal | None
    amount: Decimal | None
    tax_amount: Decimal | None
    location_id: str | None
    is_closed: bool
    quantity_received: int
    quantity_billed: int
    custom: Mapping[str, Any]
    raw: Mapping[str, Any] = field(repr=False, compare=False)
    quantity_exact: Decimal = Decimal(0)
    item_type: str | None = None
    quantity_fulfilled: int = 0
    quantity_committed: int | None = None
    kit_member_of: int | None = None
    statuses: frozenset[str] = frozenset()
    order_doc_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class TaxDetail:
    """A row of SuiteTax: what was taxed at which rate, and of which line."""

    line_ref: str | None
    basis: Decimal | None
    amount: Decimal | None
    rate: Decimal | None
    raw: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class ApplyRow:
    """What of a credit, refund or payment goes to which document."""

    doc_id: str
    line: int | None
    amount: Decimal
    apply: bool


@dataclass(frozen=True, kw_only=True)
class TransactionRecord:
    """A transaction with its lines, as the record service tells it.

    status: the bare letter, "" for records without one.
    created_from_type: read off the source's display name, None when that is not among the known ones.
    currency: NetSuite's display name of it, mostly the ISO code.
    """

    record_type: str
    internal_id: str
    external_id: str | None
    tran_id: str | None
    tran_date: date | None
    status: str
    status_label: str | None
    created_from_id: str | None
    created_from_type: str | None
    entity_id: str | None
    currency: str | None
    currency_id: str | None
    location_id: str | None
    subtotal: Decimal | None
    tax_total: Decimal | None
    total: Decimal | None
    amount_remaining: Decimal | None
    other_ref_num: str | None
    memo: str | None
    last_modified: datetime | None
    created_at: datetime | None
    lines: tuple[TransactionLine, ...]
    applies: tuple[ApplyRow, ...]
    raw: Mapping[str, Any] = field(repr=False, compare=False)
    subsidiary_id: str | None = None
    exchange_rate: Decimal | None = None
    source: str | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)
    tax_details: tuple[TaxDetail, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ItemRecord:
    """sku: its name in NetSuite; found_by: what the field it was looked up by holds; category: None: not asked."""

    internal_id: str
    sku: str
    display_name: str | None
    upc: str | None
    item_type: str
    is_inactive: bool
    found_by: str = ""
    category: str | None = None


@dataclass(frozen=True, kw_only=True)
class KitMemberRecord:
    """An item that a kit is made of, and how many of it are in one kit; hours or metres may be parts."""

    kit_id: str
    item_id: str
    quantity: Decimal

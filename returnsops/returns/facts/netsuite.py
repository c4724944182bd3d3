"""What NetSuite shows around a return: documents with their lines, and what kits are made of."""

from dataclasses import dataclass
from decimal import Decimal

VOIDED = "V"  # status of a record, of whatever kind
CANCELLED = "C"  # status of a Return Authorization: nothing can be received on it, whatever its lines show


@dataclass(frozen=True)
class LineFacts:
    line: str
    order_line: str
    item_id: str
    item_name: str
    quantity: int
    rate: Decimal
    amount: Decimal
    tax_amount: Decimal
    location_id: str = ""  # a place: with its inventory status, where the rules name any
    is_closed: bool = False
    received: int = 0
    billed: int = 0
    reference: str = ""


@dataclass(frozen=True)
class RecordFacts:
    """A NetSuite transaction as mirrored."""

    internal_id: str
    record_type: str
    tran_id: str
    external_id: str
    status: str
    status_label: str
    created_from_id: str
    entity_id: str
    other_ref_num: str
    total: Decimal
    amount_remaining: Decimal
    ours: bool
    gone: bool = False
    currency: str = ""  # NetSuite's name of it; empty: not told
    account_id: str = ""  # on which it is booked, where the record tells
    link: str = ""  # of an order: what the policy's field for the original order shows (`exchange_link_field`)
    ship_to: str = ""  # the entry of the customer's address book that it goes to; empty: none, or not told
    lines: tuple[LineFacts, ...] = ()
    pays: tuple[tuple[str, Decimal], ...] = ()  # of a Customer Refund: credits by id, and what it pays of each

    @property
    def is_voided(self) -> bool:
        return self.status == VOIDED

    def names(self, loop_id: str) -> bool:
        """Whoever made it wrote down which return it is for."""
        return loop_id in (self.external_id, self.other_ref_num)


@dataclass(frozen=True)
class MemberFacts:
    """What of a kit there is one or more of in each. keeps_stock: NetSuite counts it; a service it does not."""

    item_id: str
    sku: str
    quantity: int
    keeps_stock: bool = True


@dataclass(frozen=True)
class KitFacts:
    """An item that is sold as one and kept in stock as its members (netsuite.md §4.2). None: nobody told which."""

    item_id: str
    sku: str
    members: tuple[MemberFacts, ...] = ()

    @property
    def words(self) -> str:
        """What one is made of; empty if nobody told."""
        return ", ".join(f"{one.quantity} × {one.sku}" for one in self.members)

    def holds(self, item_id: str) -> bool:
        return any(one.item_id == item_id for one in self.members)

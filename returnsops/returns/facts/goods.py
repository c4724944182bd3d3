"""The goods: units that come back, what else lay in the parcel, and what goes out in exchange."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from returnsops.lib.money import ZERO

RECEIVED = "received"  # by another system, which makes the receipts; nobody judged it here
SELLABLE, HOLD, SCRAPPED = "sellable", "hold", "scrapped"
ACCEPTED = frozenset({"sellable", "damaged", HOLD, SCRAPPED, RECEIVED})


@dataclass(frozen=True)
class UnitFacts:
    """One returned unit with Loop's amounts and what the warehouse saw."""

    unit: str
    provider_line: str
    sku: str
    title: str
    item_id: str  # NetSuite item; empty: the SKU has no mapping
    price: Decimal
    discount: Decimal
    tax: Decimal
    refund: Decimal
    refund_item: Decimal | None  # None: Loop does not split the refund
    refund_tax: Decimal | None
    removed: bool = False
    outcome: str = ""  # sellable, damaged, hold, scrapped, refused, missing, received; empty: nobody has judged it
    inspected_at: datetime | None = None
    inspection_id: int | None = None
    note: str = ""  # what the inspector wrote of it
    restocked_at: datetime | None = None  # Loop says that it put it back into the shop's stock
    is_exempt: bool = False  # sellable because of that, by exemption; set by the plan alone
    category: str | None = None  # of its item, by the field that the account names; None: nobody told yet
    is_kept: bool = False  # Loop says that the customer keeps it (policy `kept_items`)
    keeps_stock: bool = True  # of it, or of what a kit is made of; False: a service, which lies nowhere

    @property
    def worth(self) -> Decimal:
        """What the customer paid for it without tax."""
        return self.price - self.discount

    @property
    def is_accepted(self) -> bool:
        return self.outcome in ACCEPTED

    @property
    def cover(self) -> str:
        return f"unit:{self.unit}"

    @property
    def is_awaited(self) -> bool:
        """It is to come, and nobody has judged it."""
        return not self.outcome and not self.is_kept

    @property
    def stays_kept(self) -> bool:
        """The customer keeps it, and it did not come all the same."""
        return self.is_kept and not self.outcome

    @property
    def was_seen(self) -> bool:
        """A person judged it."""
        return bool(self.outcome) and not self.is_exempt

    @property
    def exempt_cover(self) -> str:
        """Beside its own on a receipt that made it sellable uninspected: so these are counted apart."""
        return f"exempt:{self.unit}"


@dataclass(frozen=True)
class FoundFacts:
    """Goods in the parcel that are not on the return. in_place_of: the unit that should have lain there."""

    found: str
    sku: str
    item_id: str  # NetSuite item; empty: the SKU has no mapping
    count: int
    found_at: datetime
    in_place_of: str = ""
    note: str = ""

    @property
    def subject(self) -> str:
        return f"found:{self.found}"

    @property
    def cover(self) -> str:
        return self.subject


@dataclass(frozen=True)
class ExchangeFacts:
    """One replacement. `total` is with `tax`, after discount."""

    exchange_id: str
    sku: str
    title: str
    item_id: str
    price: Decimal
    total: Decimal
    order_id: str
    order_name: str
    tax: Decimal = ZERO
    out_of_stock: bool = False
    item_inactive: bool = False
    keeps_stock: bool = True  # False: a service, a kit, a thing that NetSuite counts no stock of
    available: int | None = None  # how many NetSuite can sell; None: not asked, or too long ago

    @property
    def ordered_as(self) -> str:
        """What Loop calls its order for it; empty until there is one."""
        return self.order_name or self.order_id

    @property
    def cover(self) -> str:
        return f"exchange:{self.exchange_id}"

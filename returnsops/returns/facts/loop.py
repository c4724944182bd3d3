"""The return as Loop shows it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from returnsops.lib.money import ZERO


@dataclass(frozen=True)
class RefundFacts:
    gateway: str
    amount: Decimal
    currency: str = ""  # empty: not told


@dataclass(frozen=True)
class LoopFacts:
    """The return as Loop shows it. `settled_at`: when its outcomes ran, by the evidence of loop.md §7.1."""

    loop_id: str
    state: str
    outcome: str
    order_name: str
    provider_order_id: str
    created_at: datetime
    updated_at: datetime
    return_total: Decimal
    exchange_credit: Decimal
    upsell: Decimal
    refund: Decimal
    gift_card: Decimal
    fee: Decimal
    refund_shipping: Decimal = ZERO  # inside `refund`, on top of the units
    refund_shipping_tax: Decimal = ZERO
    refund_duties: Decimal = ZERO
    label_status: str = ""
    destination: str = ""  # Loop's id of the place it was sent to
    scanned_at: datetime | None = None  # when the carrier last told that the parcel moves
    before_inspection: bool = False  # Loop said so: its outcomes do not wait for the parcel
    had_label: bool = True  # False: no parcel was ever to come, as far as Loop shows
    approved_at: datetime | None = None  # the first moment not in review; None: not yet, or nothing hangs on it
    parcels: int = 0  # as many labels as Loop names; 0: it names none
    delivered_at: datetime | None = None
    settled_at: datetime | None = None
    missing_since: datetime | None = None  # Loop says that it has no such return
    refunds: tuple[RefundFacts, ...] = ()
    untold: tuple[str, ...] = ()  # amounts that Loop did not tell, by its own names; they stand as zero above

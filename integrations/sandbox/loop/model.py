"""A return as Loop knows it inside: the truth behind list rows, details and webhooks."""

import json
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from typing import Any

from integrations.sandbox.money import ZERO

Json = dict[str, Any]


@dataclass
class Unit:
    line_item_id: int
    provider_line_item_id: int
    product_id: int
    variant_id: int
    sku: str
    barcode: str
    title: str
    option: str
    price: Decimal
    discount: Decimal
    tax: Decimal
    outcome: str = "refund"  # refund | credit | exchange: what this unit turns into
    exchange_variant: int | None = None
    reason: str = "Too small"
    parent_reason: str | None = "Size"
    comment: str | None = None
    returned_at: str | None = None
    removed: bool = False
    condition: Json | None = None
    disposition: Json | None = None
    restock_location_id: int | None = None
    bag_barcode: str | None = None  # of a drop-off network
    is_kept: bool = False  # the shopper keeps it

    @property
    def worth(self) -> Decimal:
        return self.price - self.discount + self.tax


@dataclass
class Exchange:
    exchange_id: int
    product_id: int
    variant_id: int
    item_id: int
    sku: str
    title: str
    price: Decimal
    discount: Decimal
    tax: Decimal
    order_id: str | None = None
    order_name: str | None = None
    out_of_stock: bool = False
    resolution: str | None = None
    is_issued: bool = False

    @property
    def total(self) -> Decimal:
        return self.price - self.discount + self.tax


@dataclass
class Parcel:
    """A parcel on its way back, with its label once there is one."""

    id: int
    shipment_id: int
    carrier: str
    tracking_number: str
    line_item_ids: list[int] = field(default_factory=list)
    status: str | None = None  # None: no label yet
    updated_at: str | None = None
    url: str = ""
    rate_cents: int = 785


@dataclass
class LoopReturn:
    id: int
    shop: str
    scenario: str
    state: str
    created_at: str
    updated_at: str
    loop_order_id: int
    order_name: str
    order_number: str
    provider_order_id: int
    email: str
    first_name: str
    last_name: str
    currency: str
    destination_id: int
    status_page: str
    units: list[Unit] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)
    kind: str = "standard"  # or warranty
    fee: Decimal = ZERO
    bonus: Decimal = ZERO
    refund_shipping: Decimal = ZERO
    refund_shipping_tax: Decimal = ZERO
    refund_duties: Decimal = ZERO
    balance: Decimal = ZERO  # what the shopper owes after an edit; it blocks processing
    left_over_as: str = "refund"  # or credit: what of the worth no new goods took up
    tenders: list[Json] = field(default_factory=list)  # {"gateway", "amount"}: paid first with these; the rest by card
    presentment_currency: str | None = None
    presentment_rate: Decimal = Decimal(1)
    edited_at: str | None = None
    closed_at: str | None = None
    delivered_at: str | None = None
    actioned_by: str | None = None
    was_processed: bool = False
    processed_at: dict[str, str | None] = field(default_factory=dict)
    refunds: list[Json] = field(default_factory=list)
    shopify_refunds: list[Json] = field(default_factory=list)
    gift_card_issued: str | None = None
    gift_card_provider: str | None = None  # None: as the shop has it
    restock: str | None = None  # mode of this return; None: as the shop has it
    restock_status: str | None = None
    exchange_mode: str | None = None  # None: as the shop has it
    card_charged: str | None = None  # an instant exchange whose goods never came
    is_instant: bool = False
    is_gift: bool = False
    is_kept: bool = False  # the shopper keeps the goods
    is_hidden: bool = False  # deleted for good: no call finds it
    address: Json | None = None  # of the recipient of a gift
    return_method: Json | None = None
    happy_returns_shipment_id: str | None = None
    package_reference: str | None = None
    consolidation_tracking: str | None = None
    fraud_report: Json | None = None
    notes: list[Json] = field(default_factory=list)
    is_queued: bool = False
    settles_at: str | None = None  # the parcel status at which Loop processes by itself
    fails_with: str | None = None  # a processing that ends in review, with this message
    fails_at: str | None = None  # only this outcome fails, the others are issued
    walks: bool = False
    is_held: bool = False  # processing waits, however often it is asked for
    told: Json = field(default_factory=dict)  # what Loop says of it instead of its own sums (`totals`, `views`)
    netsuite: Json = field(default_factory=dict)

    def to_json(self) -> str:
        shown = {
            "carrier": self.carrier,
            "tracking_number": self.tracking_number,
            "label_status": self.label_status,
            "label_updated_at": self.label_updated_at,
        }
        return json.dumps(vars(self) | shown, default=_plain)

    @property
    def live_units(self) -> list[Unit]:
        return [unit for unit in self.units if not unit.removed]

    @property
    def label(self) -> Parcel | None:
        """The parcel that the flat fields of a return tell of."""
        return next((parcel for parcel in self.parcels if parcel.status is not None), None)

    @property
    def label_status(self) -> str | None:
        return self.label.status if self.label else None

    @property
    def label_updated_at(self) -> str | None:
        return self.label.updated_at if self.label else None

    @property
    def carrier(self) -> str | None:
        return self.parcels[0].carrier if self.parcels else None

    @property
    def tracking_number(self) -> str | None:
        return self.parcels[0].tracking_number if self.parcels else None


def _plain(value: Any) -> Any:
    """Parts as objects, money as text; asdict would copy everything first."""
    return vars(value) if is_dataclass(value) else str(value)


_MONEY = {one.name for kind in (Unit, Exchange, LoopReturn) for one in fields(kind) if one.type is Decimal}
_KNOWN = {one.name for one in fields(LoopReturn)}


def from_json(text: str) -> LoopReturn:
    content = json.loads(text)
    content["units"] = [Unit(**_with_money(unit)) for unit in content["units"]]
    content["exchanges"] = [Exchange(**_with_money(one)) for one in content["exchanges"]]
    content["parcels"] = [Parcel(**one) for one in content["parcels"]]
    return LoopReturn(**{key: value for key, value in _with_money(content).items() if key in _KNOWN})


def _with_money(content: Json) -> Json:
    return {key: Decimal(value) if key in _MONEY else value for key, value in content.items()}

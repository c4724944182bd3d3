"""A return as Loop knows it inside: the truth behind list rows, details and webhooks."""

import json
from dataclasses import asdict, dataclass, field, fields
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

    @property
    def total(self) -> Decimal:
        return self.price - self.discount + self.tax


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
    carrier: str
    tracking_number: str
    shipment_id: int
    units: list[Unit] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    fee: Decimal = ZERO
    bonus: Decimal = ZERO
    label_status: str | None = None
    label_updated_at: str | None = None
    edited_at: str | None = None
    was_processed: bool = False
    processed_at: dict[str, str | None] = field(default_factory=dict)
    refunds: list[Json] = field(default_factory=list)
    shopify_refunds: list[Json] = field(default_factory=list)
    gift_card_issued: str | None = None
    notes: list[Json] = field(default_factory=list)
    is_queued: bool = False
    settles_at: str | None = None  # the parcel status at which Loop processes by itself
    fails_with: str | None = None  # a processing that ends in review, with this message
    walks: bool = False
    netsuite: Json = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=str)

    @property
    def live_units(self) -> list[Unit]:
        return [unit for unit in self.units if not unit.removed]


_MONEY = ("price", "discount", "tax", "fee", "bonus")


def from_json(text: str) -> LoopReturn:
    content = json.loads(text)
    content["units"] = [Unit(**_with_money(unit)) for unit in content["units"]]
    content["exchanges"] = [Exchange(**_with_money(one)) for one in content["exchanges"]]
    known = {one.name for one in fields(LoopReturn)}
    return LoopReturn(**{key: value for key, value in _with_money(content).items() if key in known})


def _with_money(content: Json) -> Json:
    return {key: Decimal(value) if key in _MONEY else value for key, value in content.items()}

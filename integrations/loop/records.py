"""What Loop tells us, in our types: ids text, times aware UTC, money Decimal in major units of `currency`.

`raw` is what was received, with fractions as Decimal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from integrations.loop.fields import Fields
from integrations.loop.vocabulary import LoopState, find_unknown_keys, find_unknown_words

__all__ = ["LoopState"]


@dataclass(frozen=True, kw_only=True)
class LabelRecord:
    status: str | None
    updated_at: datetime | None
    url: str | None
    carrier: str | None
    tracking_number: str | None
    line_item_ids: tuple[str, ...]
    raw: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class LoopUnitRecord:
    """One returned unit: Loop has no quantities, two pieces of one order line are two units.

    refund_item, refund_tax: None where an old payload does not split the refund.
    """

    line_item_id: str
    provider_line_item_id: str | None
    variant_id: str | None
    product_id: str | None
    sku: str | None
    barcode: str | None
    title: str | None
    price: Decimal
    discount: Decimal
    tax: Decimal
    refund: Decimal
    refund_item: Decimal | None
    refund_tax: Decimal | None
    returned_at: datetime | None  # when it was submitted, not when it arrived
    exchange_variant: str | None
    reason: str | None
    parent_reason: str | None
    comment: str | None
    image: str | None
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def removed(self) -> bool:
        """Taken out of the return; Loop keeps the line but empties it."""
        amounts = (self.price, self.discount, self.tax, self.refund)
        return self.returned_at is None and not any(amounts)

    @property
    def is_split(self) -> bool:
        """Loop says what of the refund is item and what is tax."""
        return self.refund_item is not None and self.refund_tax is not None


@dataclass(frozen=True, kw_only=True)
class LoopExchangeRecord:
    exchange_id: str
    exchange_order_id: str | None
    exchange_order_name: str | None
    product_id: str | None
    variant_id: str | None
    sku: str | None
    title: str | None
    price: Decimal
    discount: Decimal
    tax: Decimal
    total: Decimal
    out_of_stock: bool
    out_of_stock_resolution: str | None
    kind: str | None
    raw: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class LoopRefundRecord:
    gateway: str | None
    amount: Decimal
    currency: str | None
    provider_refund_id: str | None
    raw: Mapping[str, Any] = field(repr=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class LoopReturnRecord:
    """One return, as the list, the details call or a webhook tells it.

    is_detailed: it came from details; only there, and in webhooks, refunds can be other than empty.
    updated_at: where a payload has none, the latest moment it tells of.
    An amount is None when Loop did not say it and zero would be a guess.
    edited_at: details repeat updated_at here for a return nobody ever edited.
    processed_at: which outcomes ran and when, by Loop's own key; one that did not run is not in it.
    """

    id: str
    is_detailed: bool
    state: LoopState
    raw_state: str
    was_processed: bool
    refund_before_inspection: bool
    processed_at: Mapping[str, datetime]
    created_at: datetime
    updated_at: datetime
    edited_at: datetime | None
    order_name: str | None
    provider_order_id: str | None
    customer_email: str | None
    return_type: str | None
    currency: str | None
    outcome: str | None
    return_product_total: Decimal
    return_discount_total: Decimal
    return_tax_total: Decimal
    return_total: Decimal | None
    return_credit_total: Decimal
    exchange_total: Decimal
    exchange_credit_total: Decimal | None
    upsell: Decimal
    refund: Decimal | None
    gift_card: Decimal | None
    handling_fee: Decimal
    refund_shipping_total: Decimal
    refund_shipping_tax_total: Decimal
    tracking_number: str | None
    carrier: str | None
    label_status: str | None
    label_updated_at: datetime | None
    labels: tuple[LabelRecord, ...]
    units: tuple[LoopUnitRecord, ...]
    exchanges: tuple[LoopExchangeRecord, ...]
    refunds: tuple[LoopRefundRecord, ...]
    shopify_return_id: str | None
    shopify_refund_ids: tuple[str, ...]
    destination_id: str | None
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def untold_amounts(self) -> tuple[str, ...]:
        """Amounts that decide about money and that Loop did not tell, by Loop's own names."""
        told = {"return_total": self.return_total, "refund": self.refund, "gift_card": self.gift_card}
        told |= {"exchange_credit_total": self.exchange_credit_total} if self.exchanges else {}
        return tuple(name for name, amount in told.items() if amount is None)

    def amount_under(self, key: str) -> Decimal:
        """An amount that Loop documents no key for, under the key that it is said to have. Zero: it is not told."""
        return Fields(self.raw, name="return", id_key="id").money(key)

    @property
    def worth(self) -> Decimal:
        """What the returned units are worth with tax: the header's figure, else their own summed up (loop.md §3.1)."""
        if self.return_total is not None:
            return self.return_total
        return sum((unit.price - unit.discount + unit.tax for unit in self.units), Decimal(0))

    @property
    def unknown_keys(self) -> tuple[str, ...]:
        """Keys of the payload that nothing of ours knows; their values are in raw."""
        return find_unknown_keys(self.raw)

    @property
    def unknown_words(self) -> tuple[str, ...]:
        """Words we have not met, as key=word; nothing is decided by them."""
        return find_unknown_words(self.raw)


class AssessedAs(StrEnum):
    """What Loop lets a warehouse say about a unit."""

    BACK_TO_STOCK = "back_to_stock"
    RESALE_HOLD = "resale_hold"
    RECYCLE = "recycle"
    DONATE = "donate"
    MISSING = "missing"


class GradedAs(StrEnum):
    """In what condition a unit came, in Loop's words before version 2026-10."""

    GRADE_A = "grade_a"
    GRADE_B = "grade_b"
    GRADE_C = "grade_c"
    GRADE_D = "grade_d"
    INCORRECT_ITEM = "incorrect_item"
    MISSING = "missing"
    JUNK = "junk"


@dataclass(frozen=True, kw_only=True)
class UnitGrade:
    line_item_id: str
    grade: GradedAs
    inspected_at: datetime
    description: str = ""
    graded_by: str = ""  # an e-mail address; Loop takes 100 characters
    note: str = ""
    images: tuple[str, ...] = ()  # addresses, five at most


@dataclass(frozen=True, kw_only=True)
class UnitAssessment:
    line_item_id: str
    assessed_as: AssessedAs
    inspected_at: datetime
    assessed_by: str = ""  # an e-mail address; Loop takes 100 characters
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class WebhookSubscription:
    id: str
    topic: str
    trigger: str
    url: str
    status: str
    shop_id: str = ""  # Loop's own; empty where it does not tell

    @property
    def is_active(self) -> bool:
        return self.status == "active"


@dataclass(frozen=True, kw_only=True)
class LoopDestination:
    id: str
    kind: str | None  # warehouse or donate
    name: str | None
    enabled: bool
    provider_location_id: str | None
    raw: Mapping[str, Any] = field(repr=False, compare=False)

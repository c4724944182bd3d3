"""From Loop's JSON to our records: strict in what we rely on, indifferent to keys we do not know."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from integrations.errors import UnreadableRecordError
from integrations.loop.records import (
    LabelRecord,
    LoopDestination,
    LoopExchangeRecord,
    LoopRefundRecord,
    LoopReturnRecord,
    LoopState,
    LoopUnitRecord,
    WebhookSubscription,
)
from integrations.loop.values import ZERO, Raw, first_of, read_fee, read_id, read_money, read_text, read_time

Value = TypeVar("Value")

# Webhook documentation says "needs review" for what the API calls review.
STATES = {
    "open": LoopState.OPEN,
    "review": LoopState.REVIEW,
    "needs review": LoopState.REVIEW,
    "needs_review": LoopState.REVIEW,
    "flagged": LoopState.REVIEW,
    "closed": LoopState.CLOSED,
    "cancelled": LoopState.CANCELLED,
    "canceled": LoopState.CANCELLED,
    "expired": LoopState.EXPIRED,
}


class Fields:
    """One JSON object of Loop's, read key by key; a bad value is reported with the key and the object."""

    def __init__(self, raw: object, *, name: str, id_key: str) -> None:
        if not isinstance(raw, Mapping):
            raise _unreadable(f"a {name} is not an object but {type(raw).__name__}", path="")
        self.raw: Raw = raw
        self._subject = f"{name} {raw.get(id_key)}"

    def text(self, *keys: str) -> str | None:
        return self._read(read_text, keys)

    def id(self, *keys: str) -> str | None:
        return self._read(read_id, keys)

    def money(self, *keys: str) -> Decimal:
        """Zero when absent: for amounts that are newer than some of Loop's answers."""
        amount = self._read(read_money, keys)
        return ZERO if amount is None else amount

    def fee(self, *keys: str) -> Decimal:
        amount = self._read(read_fee, keys)
        return ZERO if amount is None else amount

    def time(self, *keys: str) -> datetime | None:
        return self._read(read_time, keys)

    def flag(self, *keys: str) -> bool:
        return first_of(self.raw, *keys) in (True, 1, "1", "true")

    def rows(self, key: str) -> list[Any]:
        """The entries of a list; PHP writes one with gaps in its numbering as an object."""
        value = self.raw.get(key)
        if isinstance(value, Mapping):
            is_numbered = all(isinstance(entry, Mapping) for entry in value.values())
            return list(value.values()) if is_numbered else [value]
        return value if isinstance(value, list) else []

    def require(self, *keys: str) -> None:
        """Refuse to read on when one of these keys is missing: zero or nothing would be a guess."""
        for key in keys:
            if key not in self.raw:
                raise self.unreadable("is missing", key=key)

    def needed(self, value: Value | None, *, key: str) -> Value:
        if value is None:
            raise self.unreadable("is empty", key=key)
        return value

    def unreadable(self, what: str, *, key: str) -> UnreadableRecordError:
        return _unreadable(f"{self._subject}: {key} {what}", path=key)

    def _read(self, read: Callable[[object], Value | None], keys: tuple[str, ...]) -> Value | None:
        value = first_of(self.raw, *keys)
        try:
            return read(value)
        # A time zone that nobody knows raises a KeyError.
        except (ValueError, KeyError) as error:
            raise self.unreadable(f"cannot be read: {error}", key=keys[0]) from error


def parse_return(raw: object, *, is_detailed: bool) -> LoopReturnRecord:
    """One return of the list or of details. Raises UnreadableRecordError.

    The two calls name and type things apart (integers for text ids, reason for return_reason, times
    without a zone), and order_id means the shop's order in details but Loop's own in the list.
    """
    fields = Fields(raw, name="return", id_key="id")
    fields.require("id", "state", "return_total", "refund", "gift_card", "line_items")
    raw_state = fields.text("state") or ""
    return LoopReturnRecord(
        id=fields.needed(fields.id("id"), key="id"),
        is_detailed=is_detailed,
        state=STATES.get(raw_state.lower(), LoopState.UNKNOWN),
        raw_state=raw_state,
        was_processed=fields.flag("was_processed"),
        processed_at=_parse_processed_at(fields),
        created_at=fields.needed(fields.time("created_at"), key="created_at"),
        updated_at=fields.needed(fields.time("updated_at"), key="updated_at"),
        edited_at=fields.time("edited_at"),
        order_name=fields.text("order_name"),
        provider_order_id=fields.id("provider_order_id", *(["order_id"] if is_detailed else [])),
        customer_email=fields.text("customer_email", "customer"),
        return_type=fields.text("type"),
        currency=fields.text("currency"),
        outcome=fields.text("outcome"),
        return_product_total=fields.money("return_product_total"),
        return_discount_total=fields.money("return_discount_total"),
        return_tax_total=fields.money("return_tax_total"),
        return_total=fields.money("return_total"),
        return_credit_total=fields.money("return_credit_total"),
        exchange_total=fields.money("exchange_total"),
        exchange_credit_total=fields.money("exchange_credit_total"),
        upsell=fields.money("upsell"),
        refund=fields.money("refund"),
        gift_card=fields.money("gift_card"),
        handling_fee=fields.fee("handling_fee"),
        refund_shipping_total=fields.money("refund_shipping_total"),
        refund_shipping_tax_total=fields.money("refund_shipping_tax_total"),
        tracking_number=fields.text("tracking_number"),
        carrier=fields.text("carrier"),
        label_status=_lower(fields.text("label_status")),
        label_updated_at=fields.time("label_updated_at"),
        labels=tuple(_parse_label(row) for row in fields.rows("labels")),
        units=tuple(_parse_unit(row) for row in fields.rows("line_items")),
        exchanges=tuple(_parse_exchange(row) for row in fields.rows("exchanges")),
        refunds=tuple(_parse_refund(row) for row in fields.rows("refunds")),
        shopify_refund_ids=_parse_shopify_refund_ids(fields),
        destination_id=fields.id("destination_id"),
        raw=fields.raw,
    )


def parse_webhook_subscription(raw: object) -> WebhookSubscription:
    fields = Fields(raw, name="webhook subscription", id_key="id")
    return WebhookSubscription(
        id=fields.needed(fields.id("id"), key="id"),
        topic=fields.text("topic") or "",
        trigger=fields.text("trigger") or "",
        url=fields.text("url") or "",
        status=fields.text("status") or "",
    )


def parse_destination(raw: object) -> LoopDestination:
    fields = Fields(raw, name="destination", id_key="id")
    return LoopDestination(
        id=fields.needed(fields.id("id"), key="id"),
        kind=fields.text("type"),
        name=fields.text("name"),
        enabled=fields.flag("enabled"),
        provider_location_id=fields.id("provider_location_id"),
        raw=fields.raw,
    )


def _parse_processed_at(fields: Fields) -> dict[str, datetime]:
    # PHP writes an empty object as [].
    outcomes = fields.raw.get("outcomes_processed_at")
    if not isinstance(outcomes, Mapping):
        return {}
    read = Fields(outcomes, name=f"outcomes_processed_at of return {fields.raw.get('id')}", id_key="")
    moments = {key: read.time(key) for key in outcomes}
    return {key: moment for key, moment in moments.items() if moment is not None}


def _parse_label(raw: object) -> LabelRecord:
    fields = Fields(raw, name="label", id_key="tracking_number")
    return LabelRecord(
        status=_lower(fields.text("status")),
        updated_at=fields.time("updated_at"),
        url=fields.text("url"),
        carrier=fields.text("carrier"),
        tracking_number=fields.text("tracking_number"),
        line_item_ids=tuple(str(line_item_id) for line_item_id in fields.rows("line_items")),
        raw=fields.raw,
    )


def _parse_unit(raw: object) -> LoopUnitRecord:
    fields = Fields(raw, name="unit", id_key="line_item_id")
    fields.require("line_item_id", "price", "refund")
    refund_item, refund_tax = _parse_refund_parts(fields)
    return LoopUnitRecord(
        line_item_id=fields.needed(fields.id("line_item_id"), key="line_item_id"),
        provider_line_item_id=fields.id("provider_line_item_id"),
        variant_id=fields.id("variant_id"),
        product_id=fields.id("product_id"),
        sku=fields.text("sku"),
        barcode=fields.text("barcode"),
        title=fields.text("title", "line_item_title"),
        price=fields.money("price"),
        discount=fields.money("discount"),
        tax=fields.money("tax"),
        refund=fields.money("refund"),
        refund_item=refund_item,
        refund_tax=refund_tax,
        returned_at=fields.time("returned_at"),
        exchange_variant=fields.id("exchange_variant"),
        reason=fields.text("return_reason", "reason"),
        parent_reason=fields.text("parent_return_reason", "parent_reason"),
        comment=fields.text("return_comment", "comment"),
        image=fields.text("image"),
        raw=fields.raw,
    )


def _parse_refund_parts(fields: Fields) -> tuple[Decimal, Decimal]:
    """What of a unit's refund is item and what is tax; never guessed from the whole."""
    if fields.money("refund"):
        fields.require("refund_item", "refund_tax")
    return fields.money("refund_item"), fields.money("refund_tax")


def _parse_exchange(raw: object) -> LoopExchangeRecord:
    fields = Fields(raw, name="exchange item", id_key="exchange_id")
    return LoopExchangeRecord(
        exchange_id=fields.needed(fields.id("exchange_id"), key="exchange_id"),
        exchange_order_id=fields.id("exchange_order_id"),
        exchange_order_name=fields.text("exchange_order_name"),
        product_id=fields.id("product_id"),
        variant_id=fields.id("variant_id"),
        sku=fields.text("sku"),
        title=fields.text("title"),
        price=fields.money("price"),
        discount=fields.money("discount"),
        tax=fields.money("tax"),
        total=fields.money("total"),
        out_of_stock=fields.flag("out_of_stock"),
        raw=fields.raw,
    )


def _parse_refund(raw: object) -> LoopRefundRecord:
    fields = Fields(raw, name="refund", id_key="provider_refund_id")
    fields.require("amount")
    return LoopRefundRecord(
        gateway=fields.text("gateway"),
        amount=fields.money("amount"),
        currency=fields.text("currency"),
        provider_refund_id=fields.id("provider_refund_id"),
    )


def _parse_shopify_refund_ids(fields: Fields) -> tuple[str, ...]:
    rows = [Fields(row, name="Shopify refund", id_key="id") for row in fields.rows("shopify_refund_object")]
    ids = [row.id("provider_refund_id") for row in rows]
    return tuple(refund_id for refund_id in ids if refund_id is not None)


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _unreadable(detail: str, *, path: str) -> UnreadableRecordError:
    return UnreadableRecordError(system="loop", operation="read answer", detail=detail, family="unreadable", path=path)

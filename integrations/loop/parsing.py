"""From Loop's JSON to our records: strict in what we rely on, indifferent to keys we do not know."""

from collections.abc import Mapping
from datetime import datetime

from integrations.loop.fields import Fields, storable_object
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
from integrations.loop.values import ID_CHARS_MAX
from integrations.loop.vocabulary import STATES

# Where a payload has no updated_at (webhooks, lists of 2019), the latest of these is what it knows.
MOMENTS_TOLD = ("created_at", "edited_at", "label_updated_at")


def parse_return(raw: object, *, is_detailed: bool) -> LoopReturnRecord:
    """One return of details, of the list, or of a webhook, of any age. Raises UnreadableRecordError.

    They name and type things apart (integers for text ids, reason for return_reason, times without a
    zone), and order_id means the shop's order in details but Loop's own elsewhere. An amount that older
    payloads lack is None where a zero would be a guess, see `LoopReturnRecord.untold_amounts`.
    """
    fields = Fields(storable_object(raw, name="return"), name="return", id_key="id")
    fields.require("id", "state", "line_items", *(["updated_at"] if is_detailed else []))
    raw_state = fields.text("state") or ""
    return LoopReturnRecord(
        id=fields.needed(fields.id("id"), key="id"),
        is_detailed=is_detailed,
        state=STATES.get(raw_state.lower(), LoopState.UNKNOWN),
        raw_state=raw_state,
        was_processed=fields.flag("was_processed"),
        refund_before_inspection=fields.flag("refund_before_inspection"),
        processed_at=_parse_processed_at(fields),
        created_at=fields.needed(fields.time("created_at"), key="created_at"),
        updated_at=fields.needed(_parse_updated_at(fields), key="updated_at"),
        edited_at=fields.time("edited_at"),
        order_name=fields.text("order_name"),
        provider_order_id=fields.id("provider_order_id", *(["order_id"] if is_detailed else [])),
        customer_email=fields.text("customer_email", "customer"),
        return_type=fields.text("type"),
        currency=_parse_currency(fields),
        outcome=fields.text("outcome"),
        return_product_total=fields.money("return_product_total"),
        return_discount_total=fields.money("return_discount_total"),
        return_tax_total=fields.money("return_tax_total"),
        return_total=fields.amount("return_total"),
        return_credit_total=fields.money("return_credit_total"),
        exchange_total=fields.money("exchange_total"),
        exchange_credit_total=fields.amount("exchange_credit_total"),
        upsell=fields.money("upsell"),
        refund=fields.amount("refund"),
        gift_card=fields.amount("gift_card"),
        handling_fee=fields.fee("handling_fee"),
        refund_shipping_total=fields.money("refund_shipping_total"),
        refund_shipping_tax_total=fields.money("refund_shipping_tax_total"),
        tracking_number=fields.text("tracking_number"),
        carrier=fields.text("carrier"),
        label_status=_lower(fields.text("label_status")),
        label_updated_at=fields.time("label_updated_at"),
        labels=tuple(_parse_label(row) for row in fields.rows("labels")),
        units=tuple(_parse_unit(row) for row in fields.needed_rows("line_items")),
        exchanges=tuple(_parse_exchange(row) for row in fields.rows("exchanges")),
        refunds=tuple(_parse_refund(row) for row in fields.rows("refunds")),
        shopify_return_id=fields.id("provider_return_id"),
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
        shop_id=fields.id("shop_id") or "",
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


def _parse_updated_at(fields: Fields) -> datetime | None:
    if "updated_at" in fields.raw:
        return fields.time("updated_at")
    told = [fields.time(key) for key in MOMENTS_TOLD]
    return max((moment for moment in told if moment is not None), default=None)


def _parse_currency(fields: Fields) -> str | None:
    currency = fields.text("currency")
    if currency is None or (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        return currency and currency.upper()
    raise fields.unreadable("is not a currency of three letters", key="currency")


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
        line_item_ids=tuple(str(line_item_id)[:ID_CHARS_MAX] for line_item_id in fields.rows("line_items")),
        raw=fields.raw,
    )


def _parse_unit(raw: object) -> LoopUnitRecord:
    fields = Fields(raw, name="unit", id_key="line_item_id")
    refund = fields.needed(fields.amount("refund"), key="refund")
    return LoopUnitRecord(
        line_item_id=fields.needed(fields.id("line_item_id"), key="line_item_id"),
        provider_line_item_id=fields.id("provider_line_item_id"),
        variant_id=fields.id("variant_id"),
        product_id=fields.id("product_id"),
        sku=fields.text("sku"),
        barcode=fields.text("barcode"),
        title=fields.text("title", "line_item_title"),
        price=fields.needed(fields.amount("price"), key="price"),
        discount=fields.money("discount"),
        tax=fields.money("tax"),
        refund=refund,
        # Payloads of 2020 do not split a refund; without a refund there is nothing to split.
        refund_item=fields.amount("refund_item") if refund else fields.money("refund_item"),
        refund_tax=fields.amount("refund_tax") if refund else fields.money("refund_tax"),
        returned_at=fields.time("returned_at"),
        exchange_variant=fields.id("exchange_variant"),
        reason=fields.text("return_reason", "reason"),
        parent_reason=fields.text("parent_return_reason", "parent_reason"),
        comment=fields.text("return_comment", "comment"),
        image=fields.text("image"),
        raw=fields.raw,
    )


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
        out_of_stock_resolution=fields.text("out_of_stock_resolution"),
        kind=fields.text("type"),
        raw=fields.raw,
    )


def _parse_refund(raw: object) -> LoopRefundRecord:
    fields = Fields(raw, name="refund", id_key="provider_refund_id")
    return LoopRefundRecord(
        gateway=fields.text("gateway"),
        amount=fields.needed(fields.amount("amount"), key="amount"),
        currency=fields.text("currency"),
        provider_refund_id=fields.id("provider_refund_id"),
        raw=fields.raw,
    )


def _parse_shopify_refund_ids(fields: Fields) -> tuple[str, ...]:
    rows = [Fields(row, name="Shopify refund", id_key="id") for row in fields.rows("shopify_refund_object")]
    ids = [row.id("provider_refund_id") for row in rows]
    return tuple(refund_id for refund_id in ids if refund_id is not None)


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()

"""What webhooks carry, by topic, the keys in the documented order (loop.md 5.4)."""

import json
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.loop.model import LoopReturn, Parcel
from integrations.sandbox.loop.totals import total_up
from integrations.sandbox.loop.views import list_row, money, with_zone
from integrations.sandbox.money import ZERO
from integrations.sandbox.settings import Reading
from integrations.sandbox.shops import ShopProfile

Json = dict[str, Any]


@dataclass(frozen=True)
class Occasion:
    """What happened beside the return itself."""

    source: str | None = None
    message: str | None = None
    parcel: Parcel | None = None
    label_request: str | None = None  # as JSON
    shipment: tuple[int, str] | None = None  # a drop-off network's: Loop's number and theirs


def payloads_of(
    loop_return: LoopReturn, *, shop: ShopProfile, trigger: str, occasion: Occasion, rules: Reading
) -> dict[str, Json]:
    """Per topic what a subscription to this trigger carries; other topics on it get nothing."""
    payloads = {"return": return_payload(loop_return, shop=shop, trigger=trigger, rules=rules)}
    if trigger in ("label.created", "label.updated"):
        payloads["label"] = label_payload(loop_return, shop=shop, parcel=occasion.parcel, rules=rules)
    if trigger == "return.processing.failed":
        payloads["return.processing"] = processing_failed_payload(loop_return, occasion=occasion)
    if trigger == "restock.requested":
        payloads["restock"] = restock_payload(loop_return, shop=shop, rules=rules)
    if trigger == "giftcard.requested":
        payloads["giftcard"] = gift_card_payload(loop_return, rules=rules)
    if occasion.label_request is not None:
        payloads["label.request"] = {"topic": "label.request", "trigger": "", **_asked(occasion.label_request)}
    if occasion.shipment is not None:
        payloads["happy.returns.shipment"] = shipment_payload(occasion.shipment)
    return {topic: payload | {"trigger": trigger} for topic, payload in payloads.items()}


def _asked(text: str) -> Json:
    asked: Json = json.loads(text)
    order = "id return_id shop_id created_at addresses parcel products"
    return {key: asked[key] for key in order.split()}


def return_payload(loop_return: LoopReturn, *, shop: ShopProfile, trigger: str, rules: Reading) -> Json:
    row = list_row(loop_return, shop=shop, rules=rules)
    absent = "N/A" if rules.text("loop.before_label") == "N/A" else None
    return {
        "topic": "return",
        "trigger": trigger,
        "shop_id": shop.loop_shop_id,
        **_copied(row, "id state created_at edited_at total"),
        "order_id": loop_return.loop_order_id,
        **_copied(row, "order_name provider_order_id order_number"),
        "provider_order_number": int(loop_return.order_number) if loop_return.order_number.isdigit() else None,
        "provider_order_external_id": None,
        "provider_order_sales_channel": None,
        "customer": loop_return.email,
        "customer_detail": _customer(loop_return),
        "address": _address(loop_return, shop=shop),
        **_copied(row, "currency return_product_total return_discount_total return_tax_total return_total"),
        **_copied(row, "return_credit_total status_page_url exchange_product_total exchange_discount_total"),
        **_copied(row, "exchange_tax_total exchange_total exchange_credit_total gift_card handling_fee refund upsell"),
        "is_gift_return": loop_return.is_gift,
        "refunds": loop_return.refunds,
        "labels": row["labels"],
        "line_items": [_webhook_unit(unit) for unit in row["line_items"]],
        "exchanges": [_webhook_exchange(one) for one in row["exchanges"]],
        "happy_returns_shipment_id": loop_return.happy_returns_shipment_id,
        **_copied(row, "carrier tracking_number label_status"),
        "label_updated_at": with_zone(loop_return.label_updated_at) or absent,
        **_tail(row, rules=rules),
    }


def _copied(row: Json, names: str) -> Json:
    return {name: row[name] for name in names.split() if name in row}


def _tail(row: Json, *, rules: Reading) -> Json:
    """The end of the documented payload could not be read; these may stand there (loop.md 10, 4)."""
    if rules.text("loop.webhooks.tail") == "short":
        return {}
    return _copied(row, "outcome was_processed outcomes_processed_at updated_at label_url shopify_refund_object")


def _customer(loop_return: LoopReturn) -> Json:
    return {
        "email": loop_return.email,
        "first_name": loop_return.first_name,
        "middle_name": None,
        "last_name": loop_return.last_name,
    }


def _address(loop_return: LoopReturn, *, shop: ShopProfile) -> Json:
    """Where the order went to; of a gift, where its recipient lives."""
    name = f"{loop_return.first_name} {loop_return.last_name}"
    return {"name": name, "company": None, **shop.shopper_address(), "phone": None} | (loop_return.address or {})


def _webhook_unit(row: Json) -> Json:
    keys = (
        "line_item_id provider_line_item_id product_id variant_id sku title price discount tax refund returned_at"
        " exchange_variant return_reason parent_return_reason return_comment barcode outcome"
    )
    shown = _copied(row, keys)
    shown["return_comment"] = None if row["return_comment"] == "N/A" else row["return_comment"]
    return shown


def _webhook_exchange(row: Json) -> Json:
    keys = (
        "exchange_id product_id variant_id sku title price discount tax total out_of_stock exchange_order_id"
        " exchange_order_name"
    )
    return _copied(row, keys)


def label_payload(loop_return: LoopReturn, *, shop: ShopProfile, parcel: Parcel | None, rules: Reading) -> Json:
    shown = parcel or loop_return.parcels[0]
    return {
        "topic": "label",
        "trigger": "",
        "shop_id": str(shop.loop_shop_id),
        rules.text("loop.webhooks.label_id_key"): str(loop_return.id),
        "order_id": str(loop_return.loop_order_id),
        "provider_order_id": loop_return.provider_order_id,
        "carrier": shown.carrier,
        "tracking_number": shown.tracking_number,
        "label_status": shown.status,
        "label_updated_at": with_zone(shown.updated_at),
        "shipment_id": str(shown.shipment_id),
    }


def processing_failed_payload(loop_return: LoopReturn, *, occasion: Occasion) -> Json:
    return {
        "topic": "return.processing",
        "trigger": "",
        "return_id": loop_return.id,
        "return_state": loop_return.state,
        "message": occasion.message,
        "source": occasion.source,
    }


def restock_payload(loop_return: LoopReturn, *, shop: ShopProfile, rules: Reading) -> Json:
    """One item per unit; older documents have texts, and an object by order line instead of the list."""
    is_old = rules.text("loop.webhooks.restock_shape") == "keyed"
    items: dict[str, Json] = {}
    for unit in loop_return.live_units:
        item: Json = {
            "location_id": shop.provider_location_id,
            "variant_id": unit.variant_id,
            "inventory_item_id": unit.variant_id + 2_000_000_000,
            "available_adjustment": 1,
            "inventory_management": "shopify",
        }
        key = str(unit.provider_line_item_id if is_old else unit.line_item_id)
        if key in items:  # twins share their order line
            item["available_adjustment"] += int(items[key]["available_adjustment"])
        items[key] = {name: str(value) for name, value in item.items()} if is_old else item
    return {
        "topic": "restock",
        "trigger": "",
        "id": str(loop_return.id),
        "order_id": str(loop_return.loop_order_id),
        "provider_order_id": str(loop_return.provider_order_id),
        "restock_items": items if is_old else list(items.values()),
    }


def gift_card_payload(loop_return: LoopReturn, *, rules: Reading) -> Json:
    totals = total_up(loop_return)
    credited = [unit for unit in loop_return.live_units if unit.outcome == "credit"]
    return {
        "topic": "giftcard",
        "trigger": "",
        "id": None,
        "total_credit_issued": money(totals.gift_card),
        "gift_card_subtotal": money(sum((unit.price - unit.discount for unit in credited), ZERO)),
        "gift_card_tax": money(sum((unit.tax for unit in credited), ZERO)),
        rules.text("loop.webhooks.bonus_key"): money(loop_return.bonus),
        "currency": loop_return.currency,
        "return_id": loop_return.id,
        "email": loop_return.email,
        "first_name": loop_return.first_name,
        "last_name": loop_return.last_name,
        "external_order_id": str(loop_return.provider_order_id),
        "external_order_name": loop_return.order_name,
        "external_order_number": int(loop_return.order_number) if loop_return.order_number.isdigit() else None,
    }


def shipment_payload(shipment: tuple[int, str]) -> Json:
    number, theirs = shipment
    return {
        "topic": "happy.returns.shipment",
        "trigger": "",
        "loop_shipment_id": number,
        "happy_returns_shipment_id": theirs,
    }

"""What webhooks carry: the return, the label, a failed processing, restock and gift card (loop.md 5.4)."""

from typing import Any

from integrations.sandbox.loop.model import LoopReturn
from integrations.sandbox.loop.totals import total_up
from integrations.sandbox.loop.views import list_row, money, with_zone
from integrations.sandbox.money import ZERO
from integrations.sandbox.shops import ShopProfile

Json = dict[str, Any]


def payloads_of(loop_return: LoopReturn, *, shop: ShopProfile, trigger: str, source: str | None) -> dict[str, Json]:
    """Per topic what a subscription to this trigger carries; other topics on it get nothing."""
    payloads = {"return": webhook_payload(loop_return, shop=shop, trigger=trigger)}
    if trigger.startswith("label."):
        payloads["label"] = label_payload(loop_return, shop=shop, trigger=trigger)
    if trigger == "return.processing.failed":
        payloads["return.processing"] = processing_failed_payload(loop_return, source=source)
    if trigger == "restock.requested":
        payloads["restock"] = restock_payload(loop_return, shop=shop)
    if trigger == "giftcard.requested":
        payloads["giftcard"] = gift_card_payload(loop_return, shop=shop)
    return payloads


def webhook_payload(loop_return: LoopReturn, *, shop: ShopProfile, trigger: str) -> Json:
    row = list_row(loop_return, shop=shop)
    keys = (
        "state created_at edited_at total order_id order_name provider_order_id order_number currency"
        " return_product_total return_discount_total return_tax_total return_total return_credit_total"
        " status_page_url exchange_product_total exchange_discount_total exchange_tax_total exchange_total"
        " exchange_credit_total gift_card handling_fee refund upsell labels exchanges carrier tracking_number"
        " label_status label_updated_at"
    )
    shown = {"topic": "return", "trigger": trigger, "shop_id": shop.loop_shop_id, "id": row["id"]}
    shown |= {key: row[key] for key in keys.split()}
    shown |= {
        "order_id": loop_return.loop_order_id,
        "provider_order_number": int(loop_return.order_number),
        "provider_order_external_id": None,
        "provider_order_sales_channel": None,
        "customer": loop_return.email,
        "customer_detail": {
            "email": loop_return.email,
            "first_name": loop_return.first_name,
            "middle_name": None,
            "last_name": loop_return.last_name,
        },
        "address": _address(loop_return, shop=shop),
        "is_gift_return": False,
        "refunds": loop_return.refunds,
        "line_items": [_webhook_unit(unit) for unit in row["line_items"]],
        "happy_returns_shipment_id": None,
    }
    return shown


def _address(loop_return: LoopReturn, *, shop: ShopProfile) -> Json:
    name = f"{loop_return.first_name} {loop_return.last_name}"
    place = shop.destinations()[0]["address"] | {"address1": "12 Elm Row"}
    return {"name": name, "company": None, **place, "phone": None}


def _webhook_unit(row: Json) -> Json:
    keys = (
        "line_item_id provider_line_item_id product_id variant_id sku title price discount tax refund returned_at"
        " exchange_variant return_reason parent_return_reason return_comment barcode outcome"
    )
    shown = {key: row[key] for key in keys.split()}
    shown["return_comment"] = None if row["return_comment"] == "N/A" else row["return_comment"]
    return shown


def label_payload(loop_return: LoopReturn, *, shop: ShopProfile, trigger: str) -> Json:
    return {
        "topic": "label",
        "trigger": trigger,
        "shop_id": str(shop.loop_shop_id),
        "id": str(loop_return.id),
        "order_id": str(loop_return.loop_order_id),
        "provider_order_id": loop_return.provider_order_id,
        "carrier": loop_return.carrier,
        "tracking_number": loop_return.tracking_number,
        "label_status": loop_return.label_status,
        "label_updated_at": with_zone(loop_return.label_updated_at),
        "shipment_id": str(loop_return.shipment_id),
    }


def processing_failed_payload(loop_return: LoopReturn, *, source: str | None) -> Json:
    return {
        "topic": "return.processing",
        "trigger": "return.processing.failed",
        "return_id": loop_return.id,
        "return_state": loop_return.state,
        "message": loop_return.fails_with,
        "source": source,
    }


def restock_payload(loop_return: LoopReturn, *, shop: ShopProfile) -> Json:
    location = shop.destinations()[0]["provider_location_id"]
    items = [
        {
            "location_id": location,
            "variant_id": unit.variant_id,
            "inventory_item_id": unit.variant_id + 2_000_000_000,
            "available_adjustment": 1,
            "inventory_management": "shopify",
        }
        for unit in loop_return.live_units
    ]
    return {
        "topic": "restock",
        "trigger": "restock.requested",
        "id": str(loop_return.id),
        "order_id": str(loop_return.loop_order_id),
        "provider_order_id": str(loop_return.provider_order_id),
        "restock_items": items,
    }


def gift_card_payload(loop_return: LoopReturn, *, shop: ShopProfile) -> Json:
    totals = total_up(loop_return)
    credited = [unit for unit in loop_return.live_units if unit.outcome == "credit"]
    return {
        "topic": "giftcard",
        "trigger": "giftcard.requested",
        "id": None,
        "total_credit_issued": money(totals.gift_card),
        "gift_card_subtotal": money(sum((unit.price - unit.discount for unit in credited), ZERO)),
        "gift_card_tax": money(sum((unit.tax for unit in credited), ZERO)),
        "gift_card_bonus_credit": money(loop_return.bonus),
        "currency": loop_return.currency,
        "return_id": loop_return.id,
        "email": loop_return.email,
        "first_name": loop_return.first_name,
        "last_name": loop_return.last_name,
        "external_order_id": str(loop_return.provider_order_id),
        "external_order_name": loop_return.order_name,
        "external_order_number": int(loop_return.order_number),
    }

"""How a return looks when it is read: list row and details, each with its own quirks (loop.md 3)."""

from decimal import Decimal
from typing import Any

from integrations.sandbox.loop.model import Exchange, LoopReturn, Unit
from integrations.sandbox.loop.totals import Totals, UnitRefund, total_up
from integrations.sandbox.money import ZERO
from integrations.sandbox.shops import ShopProfile

Json = dict[str, Any]
PROCESSED_KEYS = ("return_processed", "refund_processed", "gift_card_processed", "exchange_processed")


def money(value: Decimal) -> str:
    return f"{value:.2f}"


def with_zone(moment: str | None) -> str | None:
    """Kept as `2026-06-03 14:05:11`, UTC."""
    return None if moment is None else moment.replace(" ", "T") + "+00:00"


def php_moment(moment: str | None) -> Json | None:
    return None if moment is None else {"date": f"{moment}.000000", "timezone_type": 3, "timezone": "UTC"}


def list_row(loop_return: LoopReturn, *, shop: ShopProfile) -> Json:
    totals = total_up(loop_return)
    has_label = loop_return.label_status is not None
    return {
        "id": str(loop_return.id),
        "refund_before_inspection": False,
        "state": loop_return.state,
        "was_processed": loop_return.was_processed,
        "outcomes_processed_at": {key: php_moment(loop_return.processed_at.get(key)) for key in PROCESSED_KEYS},
        "created_at": with_zone(loop_return.created_at),
        "updated_at": with_zone(loop_return.updated_at),
        "edited_at": with_zone(loop_return.edited_at),
        "total": _header(loop_return, totals.refund),
        "outcome": totals.outcome,
        "order_id": str(loop_return.loop_order_id),
        "order_name": loop_return.order_name,
        "provider_order_id": str(loop_return.provider_order_id),
        "order_number": loop_return.order_number,
        "provider_order_number": loop_return.order_number,
        "customer": loop_return.email,
        "origin_country": shop.country,
        "origin_country_code": shop.country_code,
        "multi_currency": False,
        "currency": loop_return.currency,
        **_header_amounts(loop_return, totals),
        "gift_card_order_name": None,
        "gift_card_order_id": None,
        "line_items": [_list_unit(unit, refund=_refund_of(unit, totals)) for unit in loop_return.units],
        "exchanges": [_exchange(one) for one in loop_return.exchanges],
        "carrier": loop_return.carrier if has_label else "N/A",
        "tracking_number": loop_return.tracking_number if has_label else "N/A",
        "label_status": loop_return.label_status or "N/A",
        "label_url": label_url(loop_return),
        "label_rate": 7.85 if has_label else None,
        "status_page_url": loop_return.status_page,
        "label_updated_at": with_zone(loop_return.label_updated_at) or "N/A",
        "labels": labels(loop_return),
        "destination_id": loop_return.destination_id,
        "return_method": None,
        "package_reference": None,
        "type": "standard",
        "shopify_refund_object": loop_return.shopify_refunds,
        "refund_shipping_total": "0.00",
        "refund_shipping_tax_total": "0.00",
    }


def _header(loop_return: LoopReturn, value: Decimal) -> str:
    """Cancelling zeroes the header, while the lines keep their prices (loop.md 7.4)."""
    return money(ZERO if loop_return.state == "cancelled" else value)


def _header_amounts(loop_return: LoopReturn, totals: Totals) -> Json:
    amounts = {
        "return_product_total": totals.product,
        "return_discount_total": totals.discount,
        "return_tax_total": totals.tax,
        "return_total": totals.returned,
        "return_credit_total": totals.credit,
        "exchange_product_total": totals.exchange_product,
        "exchange_discount_total": totals.exchange_discount,
        "exchange_tax_total": totals.exchange_tax,
        "exchange_total": totals.exchange,
        "exchange_credit_total": totals.exchange_credit,
        "gift_card": totals.gift_card,
        "handling_fee": totals.fee,
        "refund": totals.refund,
        "upsell": totals.upsell,
    }
    return {name: _header(loop_return, value) for name, value in amounts.items()}


def _refund_of(unit: Unit, totals: Totals) -> UnitRefund:
    return totals.unit_refunds.get(unit.line_item_id, UnitRefund())


def _list_unit(unit: Unit, *, refund: UnitRefund) -> Json:
    return {
        "line_item_id": str(unit.line_item_id),
        "provider_line_item_id": str(unit.provider_line_item_id),
        "product_id": str(unit.product_id),
        "variant_id": str(unit.variant_id),
        "sku": unit.sku,
        "barcode": unit.barcode,
        "title": f"{unit.title} - {unit.option}",
        "price": money(unit.price),
        "discount": money(unit.discount),
        "tax": money(unit.tax),
        "refund": money(refund.total),
        "refund_tax": money(refund.tax),
        "refund_item": money(refund.item),
        "returned_at": unit.returned_at,
        "exchange_variant": str(unit.exchange_variant or ""),
        "return_reason": unit.reason,
        "parent_return_reason": unit.parent_reason,
        "return_comment": unit.comment or "N/A",
        "outcome": "default",
        "provider_restock_location_id": None,
        "consolidation_tracking": None,
        "consolidation_destination_id": None,
        "condition": unit.condition,
        "disposition": unit.disposition,
    }


def _exchange(one: Exchange) -> Json:
    return {
        "exchange_id": str(one.exchange_id),
        "exchange_order_id": one.order_id,
        "exchange_order_name": one.order_name,
        "product_id": str(one.product_id),
        "variant_id": str(one.variant_id),
        "sku": one.sku,
        "type": "exchange",
        "title": one.title,
        "price": money(one.price),
        "discount": money(one.discount),
        "tax": money(one.tax),
        "total": money(one.total),
        "out_of_stock": one.out_of_stock,
        "out_of_stock_resolution": None,
    }


def label_url(loop_return: LoopReturn) -> str | None:
    if loop_return.label_status is None:
        return None
    return f"https://labels.example.com/{loop_return.tracking_number}.pdf"


def labels(loop_return: LoopReturn) -> list[Json]:
    if loop_return.label_status is None:
        return []
    return [
        {
            "status": loop_return.label_status,
            "updated_at": with_zone(loop_return.label_updated_at),
            "url": label_url(loop_return),
            "rate": 785,
            "carrier": loop_return.carrier,
            "tracking_number": loop_return.tracking_number,
            "line_items": [unit.line_item_id for unit in loop_return.live_units],
        }
    ]


def details(loop_return: LoopReturn, *, shop: ShopProfile) -> Json:
    """Like the list row, but ids are numbers, times have no zone and some names differ (loop.md 3.4)."""
    shown = list_row(loop_return, shop=shop)
    totals = total_up(loop_return)
    shown |= {
        "id": loop_return.id,
        "provider_return_id": None,
        "order_id": loop_return.provider_order_id,
        "provider_order_id": loop_return.provider_order_id,
        "order_number": None,
        "created_at": loop_return.created_at,
        "updated_at": loop_return.updated_at,
        "edited_at": loop_return.edited_at or loop_return.updated_at,
        "label_updated_at": loop_return.label_updated_at or "N/A",
        "customer_first_name": loop_return.first_name,
        "customer_last_name": loop_return.last_name,
        "customer_email": loop_return.email,
        "exchange": money(totals.exchange),
        "refunds": loop_return.refunds,
        "exchange_order_name": sorted({one.order_name for one in loop_return.exchanges if one.order_name}),
        "exchange_order_id": sorted({one.order_id for one in loop_return.exchanges if one.order_id}),
        "line_items": [_details_unit(unit, refund=_refund_of(unit, totals)) for unit in loop_return.units],
    }
    for label in shown["labels"]:
        label["updated_at"] = loop_return.label_updated_at
    return shown


def _details_unit(unit: Unit, *, refund: UnitRefund) -> Json:
    shown = _list_unit(unit, refund=refund)
    shown |= {
        "line_item_id": unit.line_item_id,
        "provider_line_item_id": unit.provider_line_item_id,
        "product_id": unit.product_id,
        "variant_id": unit.variant_id,
        "exchange_variant": unit.exchange_variant,
        "line_item_title": unit.title,
        "variant_title": unit.option,
        "image": f"https://img.example.com/{unit.product_id}.jpg",
        "reason": shown.pop("return_reason"),
        "parent_reason": shown.pop("parent_return_reason"),
    }
    return shown

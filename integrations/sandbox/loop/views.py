"""How a return looks when it is read: list row and details, each with its own quirks (loop.md 3)."""

from decimal import Decimal
from typing import Any

from integrations.sandbox.loop.model import Exchange, LoopReturn, Parcel, Unit
from integrations.sandbox.loop.totals import Totals, UnitRefund, total_up
from integrations.sandbox.money import ZERO, cents, places_of
from integrations.sandbox.settings import Reading
from integrations.sandbox.shops import ShopProfile

Json = dict[str, Any]
PROCESSED_KEYS = ("return_processed", "refund_processed", "gift_card_processed", "exchange_processed")


def money(value: Decimal) -> str:
    """Two places, as every amount of Loop's that was ever seen; a third only where the amount has one."""
    return f"{value:.2f}" if value == cents(value) else f"{value:.3f}"


def with_zone(moment: str | None) -> str | None:
    """Kept as `2026-06-03 14:05:11`, UTC."""
    return None if moment is None else moment.replace(" ", "T") + "+00:00"


def php_moment(moment: str | None) -> Json | None:
    return None if moment is None else {"date": f"{moment}.000000", "timezone_type": 3, "timezone": "UTC"}


def list_row(loop_return: LoopReturn, *, shop: ShopProfile, rules: Reading) -> Json:
    """The keys in the order in which they were captured; newer ones at the end."""
    totals = total_up(loop_return)
    shown = {
        **_identity(loop_return, totals=totals, shop=shop, rules=rules),
        **header_amounts(loop_return, totals),
        "line_items": [_list_unit(unit, refund=_refund_of(unit, totals), rules=rules) for unit in loop_return.units],
        "exchanges": [exchange_item(one, rules=rules) for one in loop_return.exchanges],
        **_parcel_fields(loop_return, rules=rules),
        "destination_id": loop_return.destination_id,
        "return_method": loop_return.return_method,
        "package_reference": loop_return.package_reference,
        "type": loop_return.kind,
        "shopify_refund_object": loop_return.shopify_refunds,
        "gift_card_presentment": _foreign(loop_return, totals.gift_card),
        "refund_shipping_total": _header(loop_return, loop_return.refund_shipping),
        "refund_shipping_tax_total": _header(loop_return, loop_return.refund_shipping_tax),
        **_duties(loop_return, rules=rules),
        **_presentment(loop_return, totals=totals, rules=rules),
    }
    return _without_untold(shown, loop_return)


def _duties(loop_return: LoopReturn, *, rules: Reading) -> Json:
    """Loop gives duties back on top, and documents no key for them (7.4)."""
    is_told = rules.text("loop.duties") == "told"
    return {"refund_duties_total": _header(loop_return, loop_return.refund_duties)} if is_told else {}


def _identity(loop_return: LoopReturn, *, totals: Totals, shop: ShopProfile, rules: Reading) -> Json:
    processed = {key: php_moment(loop_return.processed_at.get(key)) for key in PROCESSED_KEYS}
    if rules.flag("loop.shop_cash"):
        processed["shop_cash_processed"] = None
    return {
        "id": str(loop_return.id),
        "refund_before_inspection": loop_return.is_instant,
        "state": loop_return.state,
        "was_processed": loop_return.was_processed,
        "outcomes_processed_at": processed,
        "created_at": with_zone(loop_return.created_at),
        "updated_at": with_zone(loop_return.updated_at),
        "edited_at": with_zone(loop_return.edited_at),
        "total": _header(loop_return, _total(totals, rules=rules)),
        "outcome": totals.outcome,
        "order_id": str(loop_return.loop_order_id),
        "order_name": loop_return.order_name,
        "provider_order_id": str(loop_return.provider_order_id),
        "order_number": loop_return.order_number,
        "provider_order_number": loop_return.order_number,
        "customer": loop_return.email,
        "origin_country": shop.country,
        "origin_country_code": shop.country_code,
        "multi_currency": loop_return.presentment_currency is not None,
        "currency": loop_return.currency,
    }


def _total(totals: Totals, *, rules: Reading) -> Decimal:
    """What `total` is for upsell and store credit is not known (loop.md 10, 16)."""
    if rules.text("loop.total") == "owed":
        return totals.refund - totals.upsell
    if rules.text("loop.total") == "moved":
        return totals.refund + totals.gift_card + totals.upsell
    return totals.refund


def _header(loop_return: LoopReturn, value: Decimal) -> str:
    """Cancelling zeroes the header, while the lines keep their prices (loop.md 7.4)."""
    return money(ZERO if loop_return.state == "cancelled" else value)


def header_amounts(loop_return: LoopReturn, totals: Totals) -> Json:
    before = {
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
    }
    after = {"handling_fee": totals.fee, "refund": totals.refund, "upsell": totals.upsell}
    return {
        **{name: _header(loop_return, value) for name, value in before.items()},
        "gift_card_order_name": None,
        "gift_card_order_id": None,
        **{name: _header(loop_return, value) for name, value in after.items()},
    }


def _refund_of(unit: Unit, totals: Totals) -> UnitRefund:
    return totals.unit_refunds.get(unit.line_item_id, UnitRefund())


def _list_unit(unit: Unit, *, refund: UnitRefund, rules: Reading) -> Json:
    shipping = {"refund_shipping": money(refund.shipping), "refund_shipping_tax": money(refund.shipping_tax)}
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
        "outcome": _unit_outcome(unit, rules=rules),
        "provider_restock_location_id": unit.restock_location_id,
        "consolidation_tracking": None,
        "consolidation_destination_id": None,
        "condition": unit.condition,
        "disposition": unit.disposition,
        **(shipping if refund.shipping or refund.shipping_tax else {}),
    }


def _unit_outcome(unit: Unit, *, rules: Reading) -> str:
    """One word in every sample; the others are not known (loop.md 10, 3)."""
    if unit.is_kept and rules.text("loop.keep_item_marker") == "outcome":
        return "keep_item"
    return unit.outcome if rules.text("loop.unit_outcome") == "real" else "default"


def exchange_item(one: Exchange, *, rules: Reading) -> Json:
    return {
        "exchange_id": str(one.exchange_id),
        "exchange_order_id": one.order_id,
        "exchange_order_name": one.order_name,
        "product_id": str(one.product_id),
        "variant_id": str(one.variant_id),
        "sku": one.sku,
        "type": rules.text("loop.exchange_type"),
        "title": one.title,
        "price": money(one.price),
        "discount": money(one.discount),
        "tax": money(one.tax),
        "total": money(one.total),
        "out_of_stock": one.out_of_stock,
        "out_of_stock_resolution": one.resolution,
    }


def _parcel_fields(loop_return: LoopReturn, *, rules: Reading) -> Json:
    label = loop_return.label
    is_old = rules.text("loop.before_label") == "pending"  # as captures of 2020 have it
    return {
        "carrier": label.carrier if label else "" if is_old else "N/A",
        "tracking_number": label.tracking_number if label else "" if is_old else "N/A",
        "label_status": label.status if label else "pending" if is_old else "N/A",
        "label_url": label.url if label else None,
        "label_rate": _rate(label, rules=rules, is_header=True) if label else None,
        "status_page_url": loop_return.status_page,
        "label_updated_at": with_zone(label.updated_at) if label else "N/A",
        "labels": [label_row(one, rules=rules) for one in loop_return.parcels if one.status is not None],
    }


def _rate(parcel: Parcel, *, rules: Reading, is_header: bool) -> int | float:
    """The unit is not known: major units in the header and cents below it were seen (loop.md 10, 9)."""
    unit = rules.text("loop.label_rate")
    is_major = unit == "major" or (unit == "mixed" and is_header)
    return parcel.rate_cents / 100 if is_major else parcel.rate_cents


def label_row(parcel: Parcel, *, rules: Reading) -> Json:
    return {
        "status": parcel.status,
        "updated_at": with_zone(parcel.updated_at),
        "url": parcel.url,
        "rate": _rate(parcel, rules=rules, is_header=False),
        "carrier": parcel.carrier,
        "tracking_number": parcel.tracking_number,
        "line_items": parcel.line_item_ids,
    }


def details(loop_return: LoopReturn, *, shop: ShopProfile, rules: Reading) -> Json:
    """Like the list row, but ids are numbers, times have no zone and some names differ (loop.md 3.4)."""
    shown = list_row(loop_return, shop=shop, rules=rules)
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
        "refunds": _payments(loop_return),
        "exchange_order_name": sorted({one.order_name for one in loop_return.exchanges if one.order_name}),
        "exchange_order_id": sorted({one.order_id for one in loop_return.exchanges if one.order_id}),
        "line_items": [_details_unit(unit, refund=_refund_of(unit, totals), rules=rules) for unit in loop_return.units],
    }
    for label, parcel in zip(shown["labels"], [one for one in loop_return.parcels if one.status], strict=True):
        label["updated_at"] = parcel.updated_at
    return _without_untold(shown, loop_return)


def _payments(loop_return: LoopReturn) -> list[Json]:
    """As told instead, from the moment on at which there are any."""
    told: list[Json] = loop_return.told.get("refunds", loop_return.refunds)
    return told if loop_return.refunds else loop_return.refunds


def _without_untold(shown: Json, loop_return: LoopReturn) -> Json:
    """Older payloads lack amounts that newer ones have (loop.md 3.2)."""
    return {key: value for key, value in shown.items() if key not in loop_return.told.get("leaves_out", ())}


def _details_unit(unit: Unit, *, refund: UnitRefund, rules: Reading) -> Json:
    shown = _list_unit(unit, refund=refund, rules=rules)
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


# --- the shopper's currency


def in_shoppers_currency(loop_return: LoopReturn, value: Decimal) -> Decimal:
    return cents(value * loop_return.presentment_rate, decimals=places_of(loop_return.presentment_currency or ""))


def _foreign(loop_return: LoopReturn, value: Decimal) -> str | None:
    if loop_return.presentment_currency is None:
        return None
    return _header(loop_return, in_shoppers_currency(loop_return, value))


def _presentment(loop_return: LoopReturn, *, totals: Totals, rules: Reading) -> Json:
    """The copy in the shopper's currency; more of its shape than `line_items` is a guess (loop.md 10, 12)."""
    shape = rules.text("loop.presentment")
    if shape == "absent" or (shape == "foreign" and loop_return.presentment_currency is None):
        return {}
    lines = [
        in_presentment(_list_unit(unit, refund=_refund_of(unit, totals), rules=rules), loop_return=loop_return)
        for unit in loop_return.live_units  # a removed one is gone from here (loop.md 7.6)
    ]
    if shape == "lines":
        return {"presentment": {"line_items": lines}}
    amounts = in_presentment(header_amounts(loop_return, totals), loop_return=loop_return)
    currency = loop_return.presentment_currency or loop_return.currency
    return {"presentment": {"currency": currency, **amounts, "line_items": lines}}


AMOUNT_WORDS = (
    "return_product_total return_discount_total return_tax_total return_total return_credit_total"
    " exchange_product_total exchange_discount_total exchange_tax_total exchange_total exchange_credit_total"
    " gift_card handling_fee refund upsell total exchange price discount tax refund_tax refund_item refund_shipping"
    " refund_shipping_tax refund_shipping_total refund_shipping_tax_total refund_duties_total"
)
AMOUNTS = frozenset(AMOUNT_WORDS.split())


def in_presentment(row: Json, *, loop_return: LoopReturn) -> Json:
    """A row, and the rows in it, with its amounts in the shopper's currency."""
    return {key: _converted(key, value, loop_return=loop_return) for key, value in row.items()}


def _converted(key: str, value: Any, *, loop_return: LoopReturn) -> Any:
    if key in AMOUNTS and isinstance(value, str):
        return money(in_shoppers_currency(loop_return, Decimal(value)))
    if key in ("line_items", "exchanges") and value and isinstance(value[0], dict):
        return [in_presentment(row, loop_return=loop_return) for row in value]
    return value

"""The shop's orders as Loop keeps them: amounts in whole minor units, ids of 18 digits (loop.md 2.13)."""

import json
from typing import Any

from integrations.sandbox.shops import ShopLine, ShopOrder, ShopProfile
from integrations.sandbox.store import Store

Json = dict[str, Any]
FIRST_ID = 902_000_000_000_000_001


def keep_order(store: Store, shop: ShopProfile, order: ShopOrder, *, at: str) -> int:
    """An order of the shop's platform, as Loop imports it."""
    content = _describe(order, shop=shop)
    return save_order(store, shop=shop.code, content=content, at=at)


def save_order(store: Store, *, shop: str, content: Json, at: str) -> int:
    """Insert or change, by external id; gives Loop's number of it."""
    row = store.row("SELECT id FROM shop_order WHERE shop = ? AND external_id = ?", (shop, content["external_id"]))
    number = int(row["id"]) if row else FIRST_ID + store.next_number("shop_order", start=0)
    store.execute(
        "INSERT OR REPLACE INTO shop_order (id, shop, external_id, name, updated_at, content)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (number, shop, content["external_id"], content["name"], at, json.dumps(content)),
    )
    return number


def show_order(row: Any) -> Json:
    content = json.loads(row["content"])
    at = row["updated_at"].replace(" ", "T") + "+00:00"
    return {"id": row["id"], **content, "updated_at": at, "warnings": None}


def _minor(value: Any, *, currency: str) -> Json:
    return {"amount": int(value * 100), "currency_code": currency}


def _describe(order: ShopOrder, *, shop: ShopProfile) -> Json:
    units = [unit for line in order.lines for unit in line.units]
    total, tax, discount = (
        _minor(sum(amounts), currency=shop.currency)
        for amounts in (
            [unit.net + unit.tax for unit in units],
            [unit.tax for unit in units],
            [unit.discount for unit in units],
        )
    )
    return {
        "external_id": str(order.provider_order_id),
        "name": order.name,
        "sales_channel": "web",
        "customer": {
            "first_name": order.shopper.first_name,
            "last_name": order.shopper.last_name,
            "email": order.shopper.email,
        },
        "status": "active",
        "shipping_address": _address(order, shop=shop),
        "taxes_included": False,
        "total_price": total,
        "total_price_presentment": total,
        "total_discounts": discount,
        "total_taxes": tax,
        "shipping_lines": [],
        "refunds": [],
        "tags": [],
        "order_discounts": [],
        "fees": [],
        "line_items": [_line(line, shop=shop) for line in order.lines],
        "fulfillments": [_fulfilment(order)],
        "source": "shopify",
        "created_at": f"{order.placed_on.isoformat()}T00:00:00+00:00",
    }


def _address(order: ShopOrder, *, shop: ShopProfile) -> Json:
    place = shop.shopper_address()
    region, postal_code = place.pop("state"), place.pop("zip")
    name = f"{order.shopper.first_name} {order.shopper.last_name}"
    return {"name": name, **place, "region": region, "postal_code": postal_code}


def _line(line: ShopLine, *, shop: ShopProfile) -> Json:
    quantity = len(line.units)
    discount = sum(unit.discount for unit in line.units)
    tax = sum(unit.tax for unit in line.units)
    return {
        "id": FIRST_ID + line.provider_line_item_id % 10**12,
        "external_id": str(line.provider_line_item_id),
        "quantity": quantity,
        "taxable": bool(tax),
        "product": {"id": FIRST_ID + line.variant.product_id},
        "product_variant": {"id": FIRST_ID + line.variant.variant_id, "sku": line.variant.sku},
        "unit_price": _minor(line.variant.price, currency=shop.currency),
        "unit_discounts": _minor(discount / quantity, currency=shop.currency),
        "tax_lines": [{"title": "Tax", "price": _minor(tax, currency=shop.currency)}] if tax else [],
        "discounts": [],
        "duties": [],
    }


def _fulfilment(order: ShopOrder) -> Json:
    rows = [{"external_id": str(line.provider_line_item_id), "quantity": len(line.units)} for line in order.lines]
    return {
        "external_id": f"F-{order.provider_order_id}",
        "status": "success",
        "fulfilled_at": f"{order.placed_on.isoformat()}T12:00:00+00:00",
        "fulfillment_line_items": rows,
        "tracking_numbers": [],
    }

"""What a third-party label provider is asked for: addresses, parcel and goods (loop.md 2.7, 5.4)."""

from typing import Any

from integrations.sandbox.loop.model import LoopReturn, Parcel, Unit
from integrations.sandbox.money import cents
from integrations.sandbox.shops import ShopProfile

Json = dict[str, Any]
GRAMS_PER_UNIT = 450.5


def describe_request(loop_return: LoopReturn, *, parcel: Parcel, number: int, at: str, shop: ShopProfile) -> Json:
    units = [unit for unit in loop_return.units if unit.line_item_id in parcel.line_item_ids]
    return {
        "id": number,
        "return_id": loop_return.id,
        "shop_id": shop.loop_shop_id,
        "created_at": at.replace(" ", "T") + "+00:00",
        "addresses": {"origin": _origin(loop_return, shop=shop), "destination": _destination(shop)},
        "parcel": {"height": 5.0, "width": 10.9, "length": 20.2, "weight": GRAMS_PER_UNIT * len(units)},
        "products": [_product(unit, shop=shop) for unit in units],
    }


def _origin(loop_return: LoopReturn, *, shop: ShopProfile) -> Json:
    name = f"{loop_return.first_name} {loop_return.last_name}"
    return _address(shop.shopper_address() | (loop_return.address or {}), name=name)


def _destination(shop: ShopProfile) -> Json:
    return _address(shop.destinations()[0]["address"], name=f"{shop.name} returns")


def _address(place: Json, *, name: str) -> Json:
    return {
        "name": place.get("name", name),
        "company": None,
        "address1": place["address1"],
        "address2": place["address2"],
        "city": place["city"],
        "region": place["state"],
        "postal_code": place["zip"],
        "country": place["country"],
        "country_code": place["country_code"],
    }


def _product(unit: Unit, *, shop: ShopProfile) -> Json:
    amount = int(cents(unit.price - unit.discount) * 100)
    return {
        "name": unit.title,
        "sku": unit.sku,
        "hs_code": None,
        "country_of_origin": shop.country_code,
        "price": {"amount": amount, "currency": shop.currency},
    }

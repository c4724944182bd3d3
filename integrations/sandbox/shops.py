"""The shops of the sandbox world and what a shopper's order looks like before Loop or NetSuite sees it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from integrations.sandbox.catalogue import HARBOUR, NORTHWIND, Kit, Variant, build_catalogue, build_kit
from integrations.sandbox.money import ZERO, cents, share_out

Json = dict[str, Any]


@dataclass(frozen=True)
class ShopProfile:
    code: str
    name: str
    currency: str
    time_zone: str
    country: str
    country_code: str
    loop_shop_id: int
    netsuite_account: str
    first_order_number: int
    destination_id: int
    tax_rates: tuple[Decimal, ...]
    catalogue: tuple[Variant, ...]
    kit: Kit
    api_key: str = ""
    webhook_secret: str = ""

    @property
    def provider_location_id(self) -> int:
        return 65_012_000_000 + self.destination_id

    def destinations(self) -> list[Json]:
        entry = {"id": self.destination_id, "type": "warehouse", "name": f"{self.name} returns", "enabled": True}
        address = {"address1": "1 Returns Way", "address2": None, **self._town()}
        return [{**entry, "provider_location_id": self.provider_location_id, "address": address}]

    def shopper_address(self) -> Json:
        return {"address1": "12 Elm Row", "address2": None, **self._town()}

    def _town(self) -> Json:
        is_american = self.country_code == "US"
        return {
            "city": "Columbus" if is_american else "Bristol",
            "state": "OH" if is_american else "",
            "zip": "43215" if is_american else "BS1 4ST",
            "country": self.country,
            "country_code": self.country_code,
        }


NORTHWIND_SHOP = ShopProfile(
    code="northwind",
    name="Northwind Outfitters",
    currency="USD",
    time_zone="America/New_York",
    country="United States",
    country_code="US",
    loop_shop_id=5150,
    netsuite_account="7400001_SB1",
    first_order_number=20_001,
    destination_id=41_001,
    tax_rates=(Decimal("0.0725"), Decimal("0.08"), Decimal("0.0625"), Decimal(0)),
    catalogue=tuple(build_catalogue(NORTHWIND, base=1)),
    kit=build_kit(build_catalogue(NORTHWIND, base=1), base=1),
)
HARBOUR_SHOP = ShopProfile(
    code="harbour",
    name="Harbour & Co",
    currency="GBP",
    time_zone="Europe/London",
    country="United Kingdom",
    country_code="GB",
    loop_shop_id=5160,
    netsuite_account="7400002_SB1",
    first_order_number=50_001,
    destination_id=42_001,
    tax_rates=(Decimal("0.20"),),
    catalogue=tuple(build_catalogue(HARBOUR, base=2)),
    kit=build_kit(build_catalogue(HARBOUR, base=2), base=2),
)


@dataclass(frozen=True)
class Shopper:
    first_name: str
    last_name: str
    email: str


@dataclass(frozen=True)
class ShopUnit:
    """One unit of an order line, with its share of the line's discount and tax."""

    price: Decimal
    discount: Decimal
    tax: Decimal

    @property
    def net(self) -> Decimal:
        return self.price - self.discount


@dataclass(frozen=True)
class ShopLine:
    provider_line_item_id: int
    variant: Variant
    units: tuple[ShopUnit, ...]

    @property
    def net(self) -> Decimal:
        return sum((unit.net for unit in self.units), ZERO)


@dataclass(frozen=True)
class ShopOrder:
    name: str
    number: str
    provider_order_id: int
    shopper: Shopper
    placed_on: date
    tax_rate: Decimal
    lines: tuple[ShopLine, ...]


def price_line(
    variant: Variant, *, provider_line_item_id: int, quantity: int, discount: Decimal, tax_rate: Decimal
) -> ShopLine:
    """discount: of the whole line. Tax is rounded once per line, so the cents of its units can be uneven."""
    even = [variant.price] * quantity
    discounts = share_out(discount, weights=even)
    tax = cents((variant.price * quantity - discount) * tax_rate)
    taxes = share_out(tax, weights=even)
    units = tuple(ShopUnit(variant.price, discount=discounts[number], tax=taxes[number]) for number in range(quantity))
    return ShopLine(provider_line_item_id, variant=variant, units=units)

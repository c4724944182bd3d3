"""The shop's order that a return is about: what was bought, by whom, for how much."""

from datetime import timedelta
from decimal import Decimal

from integrations.sandbox.catalogue import Variant
from integrations.sandbox.loop.model import Exchange
from integrations.sandbox.making import BadScenarioError, Making
from integrations.sandbox.money import cents
from integrations.sandbox.shops import ShopLine, ShopOrder, Shopper, price_line

FIRST_NAMES = ("Dana", "Robin", "André", "Mei", "Tomás", "Ingrid", "Sam", "Priya", "Noor", "Jules")
LAST_NAMES = ("Reyes", "Okafor", "Lindqvist", "Moreau", "Patel", "Tanaka", "Novak", "O'Hara", "Silva", "Weiss")
DISCOUNTS = (Decimal(0), Decimal(0), Decimal("0.10"), Decimal("0.25"))


def make_order(making: Making) -> ShopOrder:
    draw, shop = making.draw, making.shop
    rate = draw.choice(shop.tax_rates)
    if making.params.get("tax_rate") is not None:
        rate = Decimal(str(making.params["tax_rate"]))
    number = making.engine.store.next_number(f"order {shop.code}", start=shop.first_order_number)
    provider = making.engine.store.next_number("provider_order", start=1)
    more = draw.choice((0, 0, 1))  # some orders hold goods that are not sent back
    if making.units + more > len(shop.catalogue):
        raise BadScenarioError(f"units is at most {len(shop.catalogue) - 1}, the goods of the shop")
    variants = draw.sample(shop.catalogue, making.units + more)
    if making.sells_kit:
        variants[0] = shop.kit.variant
    lines: list[ShopLine] = []
    for variant in variants:
        quantity = making.per_line if len(lines) < making.units else 1
        lines.append(_make_line(making, variant, quantity=quantity, rate=rate))
    first, last = draw.choice(FIRST_NAMES), draw.choice(LAST_NAMES)
    email = f"{first}.{last}.{number}@example.com".lower().replace("'", "").replace("é", "e").replace("á", "a")
    return ShopOrder(
        name=f"#{number}",
        number=str(number),
        provider_order_id=5_873_120_000_000 + provider * 1013,
        shopper=Shopper(first, last_name=last, email=email),
        placed_on=making.engine.clock.now().date() - timedelta(days=draw.randint(4, 21)),
        tax_rate=rate,
        lines=tuple(lines),
    )


def order_of_exchange(making: Making, original: ShopOrder, *, goods: Exchange) -> ShopOrder:
    """The exchange order as the shop's platform has it, at full value: its goods can be sent back like any."""
    variant = next(one for one in making.shop.catalogue if one.variant_id == goods.variant_id)
    name = str(goods.order_name)
    return ShopOrder(
        name=name,
        number=name,
        provider_order_id=int(str(goods.order_id)),
        shopper=original.shopper,
        placed_on=original.placed_on + timedelta(days=2),
        tax_rate=original.tax_rate,
        lines=(_make_line(making, variant, quantity=1, rate=original.tax_rate),),
    )


def _make_line(making: Making, variant: Variant, *, quantity: int, rate: Decimal) -> ShopLine:
    percent = making.draw.choice(DISCOUNTS)
    discount = cents(variant.price * quantity * percent)
    if making.params.get("discount") is not None:
        discount = cents(making.params["discount"])
    if making.is_free:
        discount = variant.price * quantity
    serial = making.engine.store.next_number("provider_line", start=1)
    return price_line(
        variant,
        provider_line_item_id=14_440_012_000_000 + serial * 37,
        quantity=quantity,
        discount=discount,
        tax_rate=rate,
    )

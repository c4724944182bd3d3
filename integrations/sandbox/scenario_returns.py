"""The return of an order: its units, new goods and parcels, as Loop enters them."""

from decimal import Decimal

from integrations.sandbox.catalogue import Variant
from integrations.sandbox.loop.engine import take_units_out
from integrations.sandbox.loop.model import Exchange, LoopReturn, Parcel, Unit
from integrations.sandbox.making import Making
from integrations.sandbox.money import ZERO, cents, share_out
from integrations.sandbox.shops import ShopLine, ShopOrder, ShopUnit

REASONS = (("Too small", "Size"), ("Too large", "Size"), ("Not as described", "Quality"), ("Changed my mind", None))
BUNDLE_SHARES = (Decimal(60), Decimal(40))  # how a bundle's price is spread over its two parts


def make_return(making: Making, order: ShopOrder, *, units: list[Unit], scenario: str) -> LoopReturn:
    engine, shop = making.engine, making.shop
    number = engine.store.next_number("return", start=110_700_001)
    now = engine.now_text()
    loop_return = LoopReturn(
        id=number,
        shop=shop.code,
        scenario=scenario,
        state="open",
        created_at=now,
        updated_at=now,
        loop_order_id=144_300_000 + number % 1_000_000,
        order_name=order.name,
        order_number=order.number,
        provider_order_id=order.provider_order_id,
        email=order.shopper.email,
        first_name=order.shopper.first_name,
        last_name=order.shopper.last_name,
        currency=shop.currency,
        destination_id=shop.destination_id,
        status_page=f"https://{shop.code}.loopreturns.com/#/return/{number:08x}",
        units=units,
    )
    for name, value in making.fields.items():
        setattr(loop_return, name, value)
    _add_exchanges(making, loop_return, tax_rate=order.tax_rate)
    take_units_out(loop_return, line_item_ids=[unit.line_item_id for unit in units[: making.removed]])
    loop_return.parcels = _make_parcels(making, loop_return)
    return loop_return


def make_units(making: Making, order: ShopOrder) -> list[Unit]:
    units: list[Unit] = []
    for line in order.lines[: making.units]:
        for sold in line.units[: int(making.params.get("returned", making.per_line))]:
            outcome = making.outcomes[min(len(units), len(making.outcomes) - 1)]
            parts = _parts(making, line, sold=sold) if making.components else [(line.variant, sold)]
            units += [_make_unit(making, line, variant, part, outcome=outcome) for variant, part in parts]
    if making.sku and units:
        units[0].sku = making.sku
    if units:
        units[0].tax += making.tax_more
    return units


def _parts(making: Making, line: ShopLine, *, sold: ShopUnit) -> list[tuple[Variant, ShopUnit]]:
    """Loop knows the parts of the bundle, the shop's order only the bundle; amounts are allocated."""
    others = [one for one in making.shop.catalogue if one.product_id != line.variant.product_id]
    variants = making.draw.sample(others, len(BUNDLE_SHARES))
    if making.sells_kit:
        variants = [part for part, _ in making.shop.kit.parts]
    shares = [share_out(amount, weights=BUNDLE_SHARES) for amount in (sold.price, sold.discount, sold.tax)]
    parts = [ShopUnit(price, discount=discount, tax=tax) for price, discount, tax in zip(*shares, strict=True)]
    return list(zip(variants, parts, strict=True))[: making.components]


def _make_unit(making: Making, line: ShopLine, variant: Variant, sold: ShopUnit, *, outcome: str) -> Unit:
    reason, parent = making.draw.choice(REASONS)
    return Unit(
        line_item_id=making.engine.store.next_number("line_item", start=387_001),
        provider_line_item_id=line.provider_line_item_id,
        product_id=variant.product_id,
        variant_id=variant.variant_id,
        sku=variant.sku,
        barcode=variant.barcode,
        title=variant.title,
        option=variant.option,
        price=sold.price,
        discount=sold.discount,
        tax=sold.tax,
        outcome=outcome,
        reason=reason,
        parent_reason=parent,
        returned_at=making.engine.now_text(),
        is_kept=bool(making.fields.get("is_kept")),
    )


# --- new goods


def _add_exchanges(making: Making, loop_return: LoopReturn, *, tax_rate: Decimal) -> None:
    for unit in loop_return.units:
        if unit.outcome == "exchange":
            other = _replacement(making, unit)
            is_even = making.exchange == "even"
            price = unit.price if is_even else other.price
            unit.exchange_variant = other.variant_id if is_even else None
            loop_return.exchanges.append(
                Exchange(
                    exchange_id=making.engine.store.next_number("exchange", start=42_098_001),
                    product_id=other.product_id,
                    variant_id=other.variant_id,
                    item_id=other.item_id,
                    sku=other.sku,
                    title=other.full_title,
                    price=price,
                    discount=unit.discount if is_even else ZERO,
                    tax=unit.tax if is_even else cents(price * tax_rate),
                    out_of_stock=len(loop_return.exchanges) < making.out_of_stock,
                )
            )


def _replacement(making: Making, unit: Unit) -> Variant:
    catalogue = making.shop.catalogue
    if making.exchange == "upsell":
        dearer = [one for one in catalogue if one.price > unit.price]
        return making.draw.choice(dearer or list(catalogue))
    if making.exchange == "cheaper":
        return min(catalogue, key=lambda one: (one.price, one.sku))
    same = [one for one in catalogue if one.product_id == unit.product_id]
    if making.fields.get("kind") == "warranty":
        return next(one for one in same if one.variant_id == unit.variant_id)
    return making.draw.choice([one for one in same if one.variant_id != unit.variant_id])


# --- parcels


def _make_parcels(making: Making, loop_return: LoopReturn) -> list[Parcel]:
    return [_make_parcel(making, loop_return, place=place) for place in range(making.parcels)]


def _make_parcel(making: Making, loop_return: LoopReturn, *, place: int) -> Parcel:
    """Units are dealt out over the parcels in turn."""
    number = loop_return.id + place * 1_000_000_000
    is_british = making.shop.country_code == "GB"
    units = loop_return.live_units[place :: making.parcels]
    return Parcel(
        id=making.engine.store.next_number("label", start=67_329_000_000_001),
        shipment_id=6_700_000_000 + number,
        carrier="Royal Mail" if is_british else "USPS",
        tracking_number=f"RM{number:09d}GB" if is_british else f"94001000{number:014d}",
        line_item_ids=[unit.line_item_id for unit in units],
    )

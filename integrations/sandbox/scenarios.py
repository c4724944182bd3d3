"""Making returns of a named kind: the shop order in NetSuite first, then the return in Loop."""

import random
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from integrations.sandbox.catalogue import Variant
from integrations.sandbox.connector import import_sale
from integrations.sandbox.loop.engine import PARCEL, Engine
from integrations.sandbox.loop.model import Exchange, LoopReturn, Unit
from integrations.sandbox.loop.shelf import save_return
from integrations.sandbox.money import ZERO, cents
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.scenario_kinds import SCENARIOS, BadScenarioError, Making
from integrations.sandbox.shops import ShopLine, ShopOrder, Shopper, price_line

Json = dict[str, Any]
FIRST_NAMES = ("Dana", "Robin", "André", "Mei", "Tomás", "Ingrid", "Sam", "Priya", "Noor", "Jules")
LAST_NAMES = ("Reyes", "Okafor", "Lindqvist", "Moreau", "Patel", "Tanaka", "Novak", "O'Hara", "Silva", "Weiss")
REASONS = (("Too small", "Size"), ("Too large", "Size"), ("Not as described", "Quality"), ("Changed my mind", None))
DISCOUNTS = (Decimal(0), Decimal(0), Decimal("0.10"), Decimal("0.25"))


@dataclass
class Scenarios:
    engine: Engine
    accounts: dict[str, Account]
    draw: random.Random

    def make(self, shop_code: str, *, scenario: str, params: Json, walks: bool = False) -> Json:
        shop = self.engine.shops.get(shop_code)
        prepare = SCENARIOS.get(scenario)
        if shop is None:
            raise BadScenarioError(f"no shop {shop_code!r}; known: {', '.join(self.engine.shops)}")
        if prepare is None:
            raise BadScenarioError(f"no scenario {scenario!r}; known: {', '.join(SCENARIOS)}")
        seed = params.get("seed")
        draw = random.Random(str(seed)) if seed is not None else self.draw
        making = Making(shop, params=params, draw=draw, engine=self.engine, parcel=_parcel(params))
        making.units = int(params.get("units", 1))
        making.per_line = int(params.get("quantity", 1))
        prepare(making)
        return self._realise(making, scenario=scenario, walks=walks)

    def _realise(self, making: Making, *, scenario: str, walks: bool) -> Json:
        order = _make_order(making)
        billing = str(making.params.get("billing", "invoice"))
        if billing not in ("invoice", "cash_sale"):
            raise BadScenarioError("billing is invoice or cash_sale")
        sale = import_sale(self.accounts[making.shop.netsuite_account], order, billing=billing)
        with self.engine.store.transaction():
            units = _make_units(making, order)
            groups = [units[:1], units[1:]] if making.in_two_returns else [units]
            made = [self._make_one(making, order, units=group, scenario=scenario) for group in groups]
            for loop_return in made:
                loop_return.walks = walks
                loop_return.netsuite = {**sale, "account": making.shop.netsuite_account}
                self._publish(making, loop_return)
        described = _described(made[-1], sale=sale)
        return described | ({"first_return_id": str(made[0].id)} if making.in_two_returns else {})

    def _make_one(self, making: Making, order: ShopOrder, *, units: list[Unit], scenario: str) -> LoopReturn:
        loop_return = _make_return(making, order, scenario=scenario)
        loop_return.units = units
        _add_exchanges(making, loop_return, tax_rate=order.tax_rate)
        if making.is_instant:
            self.engine.make_exchange_order(loop_return)
        return loop_return

    def _publish(self, making: Making, loop_return: LoopReturn) -> None:
        engine = self.engine
        save_return(engine.store, loop_return)
        engine.log(loop_return, who="shopper", action="create", content={"scenario": loop_return.scenario})
        engine.emit(loop_return, "return.created")
        if making.has_label:
            engine.make_label(loop_return)
            engine.watch_expiry(loop_return)
            if making.parcel != "created":
                engine.advance_parcel(loop_return, to=making.parcel)
        else:
            engine.queue_processing(loop_return, source=None)  # kept goods: the outcome runs at once
        if making.cancel_after_s is not None:
            content = {"return_id": loop_return.id}
            engine.jobs.add("cancel", content=content, after_s=making.cancel_after_s)
        if making.closes_unprocessed:
            engine.set_state(loop_return, state="closed", who="person")


def _parcel(params: Json) -> str:
    parcel = str(params.get("parcel", "in_transit"))
    if parcel != "created" and parcel not in PARCEL:
        raise BadScenarioError(f"parcel is created or one of {', '.join(PARCEL)}")
    return parcel


def _make_order(making: Making) -> ShopOrder:
    draw, shop = making.draw, making.shop
    rate = draw.choice(shop.tax_rates)
    if making.params.get("tax_rate") is not None:
        rate = Decimal(str(making.params["tax_rate"]))
    number = making.engine.store.next_number(f"order {shop.code}", start=shop.first_order_number)
    provider = making.engine.store.next_number("provider_order", start=1)
    more = draw.choice((0, 0, 1))  # some orders hold goods that are not sent back
    variants = draw.sample(shop.catalogue, making.units + more)
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


def _make_line(making: Making, variant: Variant, *, quantity: int, rate: Decimal) -> ShopLine:
    percent = making.draw.choice(DISCOUNTS)
    discount = cents(variant.price * quantity * percent)
    if making.params.get("discount") is not None:
        discount = cents(making.params["discount"])
    serial = making.engine.store.next_number("provider_line", start=1)
    return price_line(
        variant,
        provider_line_item_id=14_440_012_000_000 + serial * 37,
        quantity=quantity,
        discount=discount,
        tax_rate=rate,
    )


def _make_return(making: Making, order: ShopOrder, *, scenario: str) -> LoopReturn:
    engine, shop = making.engine, making.shop
    number = engine.store.next_number("return", start=110_700_001)
    now = engine.now_text()
    is_british = shop.country_code == "GB"
    return LoopReturn(
        id=number,
        shop=shop.code,
        scenario=scenario,
        state=making.state,
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
        carrier="Royal Mail" if is_british else "USPS",
        tracking_number=f"RM{number:09d}GB" if is_british else f"94001000{number:014d}",
        shipment_id=6_700_000_000 + number,
        fee=making.fee,
        bonus=making.bonus,
        settles_at=making.settles_at,
        fails_with=making.fails_with,
    )


def _make_units(making: Making, order: ShopOrder) -> list[Unit]:
    units: list[Unit] = []
    for line in order.lines[: making.units]:
        for sold in line.units[: int(making.params.get("returned", making.per_line))]:
            reason, parent = making.draw.choice(REASONS)
            serial = making.engine.store.next_number("line_item", start=387_001)
            outcome = making.outcomes[min(len(units), len(making.outcomes) - 1)]
            unit = Unit(
                line_item_id=serial,
                provider_line_item_id=line.provider_line_item_id,
                product_id=line.variant.product_id,
                variant_id=line.variant.variant_id,
                sku=line.variant.sku,
                barcode=line.variant.barcode,
                title=line.variant.title,
                option=line.variant.option,
                price=sold.price,
                discount=sold.discount,
                tax=sold.tax,
                outcome=outcome,
                reason=reason,
                parent_reason=parent,
                returned_at=making.engine.now_text(),
            )
            units.append(unit)
    units[0].sku = making.sku or units[0].sku
    units[0].tax += making.tax_more
    return units


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
                )
            )


def _replacement(making: Making, unit: Unit) -> Variant:
    if making.exchange == "upsell":
        dearer = [one for one in making.shop.catalogue if one.price > unit.price]
        return making.draw.choice(dearer or list(making.shop.catalogue))
    same = [one for one in making.shop.catalogue if one.product_id == unit.product_id]
    return making.draw.choice([one for one in same if one.variant_id != unit.variant_id])


def _described(loop_return: LoopReturn, *, sale: Json) -> Json:
    return {
        "return_id": str(loop_return.id),
        "shop": loop_return.shop,
        "scenario": loop_return.scenario,
        "order_name": loop_return.order_name,
        "provider_order_id": str(loop_return.provider_order_id),
        "tracking_number": loop_return.tracking_number,
        "units": [
            {
                "line_item_id": str(unit.line_item_id),
                "sku": unit.sku,
                "barcode": unit.barcode,
                "provider_line_item_id": str(unit.provider_line_item_id),
            }
            for unit in loop_return.units
        ],
        "netsuite": sale,
    }

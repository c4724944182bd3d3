"""Returns told to the cent: units of these goods at these prices, new goods, and the bill that NetSuite got of it.

What the scenarios draw is told here instead, so that a story can be played as it was written down.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from integrations.sandbox.catalogue import Variant
from integrations.sandbox.connector import BILLINGS, Sale, SoldLine, bill_again, bring_sale
from integrations.sandbox.inputs import BadInputError, Fields
from integrations.sandbox.loop.engine import Engine
from integrations.sandbox.loop.model import Exchange, LoopReturn, Unit
from integrations.sandbox.loop.order_shelf import keep_order
from integrations.sandbox.loop.shelf import save_return
from integrations.sandbox.loop.totals import figures_of
from integrations.sandbox.making import Making
from integrations.sandbox.money import ZERO
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.scenario_returns import make_return
from integrations.sandbox.shops import ShopLine, ShopOrder, Shopper, ShopProfile, ShopUnit

Json = dict[str, Any]
OUTCOMES = ("refund", "credit", "exchange")
PLACED_AGO = timedelta(days=5)
SHOPPER = Shopper("Robin", last_name="Moreau", email="robin.moreau@example.com")
FIRST_PRODUCT, FIRST_VARIANT = 8_124_000_000, 45_124_000_000
UNIT_COUNT_MAX = 200


@dataclass(frozen=True)
class ToldUnit:
    """line: what the teller calls its line of the order."""

    line: str
    sku: str
    title: str
    price: Decimal
    discount: Decimal
    tax: Decimal
    outcome: str
    is_kept: bool


@dataclass
class Teller:
    engine: Engine
    accounts: dict[str, Account]

    def make(self, shop: ShopProfile, body: Fields) -> Json:
        """The order, known to Loop alone, and the return of these units; `bring_bill` takes it to NetSuite."""
        units = [_read_unit(row, number=number) for number, row in enumerate(body.rows("units"), 1)]
        if not 1 <= len(units) <= UNIT_COUNT_MAX:
            raise BadInputError(f"units is a list of 1 to {UNIT_COUNT_MAX}")
        exchanges, prefix = body.rows("exchanges"), body.word("order_prefix", "#")
        making = Making(shop, params={}, draw=self.engine.draw, engine=self.engine, fields=_read_fields(body))
        making.parcels = body.count("parcels", 1, high=UNIT_COUNT_MAX)
        beside = self._find_return(body.whole("order_of"))
        body.done()
        with self.engine.store.transaction():
            order = self._make_order(shop, units, prefix=prefix, beside=beside)
            loop_return = self._make_return(making, order, units=units)
            loop_return.exchanges = [self._read_exchange(shop, row) for row in exchanges]
            self._publish(loop_return)
        return self._described(loop_return, units=units)

    def bring_bill(self, return_id: int, body: Fields) -> Json:
        """The first one comes with the sales order; further ones stand beside it, under the same number."""
        loop_return = self._find_return(return_id)
        if loop_return is None:
            raise BadInputError("name a return")
        account = self.accounts[self.engine.shops[loop_return.shop].netsuite_account]
        billing = body.word("billing", "invoice", of=BILLINGS)
        symbol = body.word("currency", loop_return.currency)
        is_first, is_shipped = not body.flag("again", False), body.flag("shipped", True)
        lines = tuple(self._read_sold(account, row) for row in body.rows("lines"))
        body.done()
        currency = account.store.value("SELECT id FROM currency WHERE symbol = ?", (symbol,))
        if currency is None or not lines:
            raise BadInputError("currency is the symbol of one NetSuite has, and lines are at least one")
        sale = Sale(_order_of(loop_return, tax_rate=lines[0].tax_rate), lines, billing, currency, is_shipped)
        return bring_sale(account, sale) if is_first else bill_again(account, sale)

    def _find_return(self, return_id: int | None) -> LoopReturn | None:
        found = self.engine.load(return_id) if return_id is not None else None
        if return_id is not None and found is None:
            raise BadInputError(f"no return {return_id}")
        return found

    def _make_order(
        self, shop: ShopProfile, units: list[ToldUnit], *, prefix: str, beside: LoopReturn | None
    ) -> ShopOrder:
        """beside: an earlier return of the same order. Lines are the same where goods and place are."""
        store = self.engine.store
        number = (
            beside.order_number if beside else store.next_number(f"order {shop.code}", start=shop.first_order_number)
        )
        known = {unit.sku: unit.provider_line_item_id for unit in beside.units} if beside else {}
        lines: list[ShopLine] = []
        for name in dict.fromkeys(unit.line for unit in units):
            same = [unit for unit in units if unit.line == name]
            parts = tuple(ShopUnit(one.price, discount=one.discount, tax=one.tax) for one in same)
            serial = known.get(same[0].sku) or 14_440_012_000_000 + store.next_number("provider_line", start=1) * 37
            lines.append(ShopLine(serial, variant=self._variant(shop, same[0].sku, same[0].title), units=parts))
        order = ShopOrder(
            name=f"{prefix}{number}",
            number=str(number),
            provider_order_id=beside.provider_order_id if beside else self._new_order_id(),
            shopper=SHOPPER,
            placed_on=self.engine.clock.now().date() - PLACED_AGO,
            tax_rate=_rate(units[0].price - units[0].discount, units[0].tax),
            lines=tuple(lines),
        )
        if beside is None:
            keep_order(store, shop, order, at=self.engine.now_text())
        return order

    def _new_order_id(self) -> int:
        return 5_873_120_000_000 + self.engine.store.next_number("provider_order", start=1) * 1013

    def _variant(self, shop: ShopProfile, sku: str, title: str) -> Variant:
        """As the shop has it, or made up: Loop knows goods that NetSuite does not."""
        known = next((one for one in shop.catalogue if one.sku == sku), None)
        if known is not None:
            return known
        store = self.engine.store
        account = self.accounts[shop.netsuite_account]
        item = account.store.value("SELECT id FROM item WHERE itemid = ?", (sku,))
        serial = store.next_number("told_variant", start=1)
        return Variant(sku, title or sku, "", ZERO, "", FIRST_PRODUCT + serial, FIRST_VARIANT + serial, item or 0)

    def _make_return(self, making: Making, order: ShopOrder, *, units: list[ToldUnit]) -> LoopReturn:
        line_of = dict(zip(dict.fromkeys(unit.line for unit in units), order.lines, strict=True))
        made = [self._make_unit(one, line_of[one.line]) for one in units]
        loop_return = make_return(making, order, units=made, scenario="told")
        for unit, told in zip(made, units, strict=True):
            unit.outcome = told.outcome
        return loop_return

    def _make_unit(self, told: ToldUnit, line: ShopLine) -> Unit:
        return Unit(
            line_item_id=self.engine.store.next_number("line_item", start=387_001),
            provider_line_item_id=line.provider_line_item_id,
            product_id=line.variant.product_id,
            variant_id=line.variant.variant_id,
            sku=told.sku,
            barcode=line.variant.barcode,
            title=told.title or line.variant.title,
            option=line.variant.option,
            price=told.price,
            discount=told.discount,
            tax=told.tax,
            returned_at=self.engine.now_text(),
            is_kept=told.is_kept,
        )

    def _read_exchange(self, shop: ShopProfile, row: Fields) -> Exchange:
        variant = self._variant(shop, row.word("sku"), row.word("title", ""))
        exchange = Exchange(
            exchange_id=self.engine.store.next_number("exchange", start=42_098_001),
            product_id=variant.product_id,
            variant_id=variant.variant_id,
            item_id=variant.item_id,
            sku=variant.sku,
            title=variant.full_title,
            price=row.money("price"),
            discount=row.money("discount"),
            tax=row.money("tax"),
            out_of_stock=row.flag("out_of_stock", False),
        )
        row.done()
        return exchange

    def _read_sold(self, account: Account, row: Fields) -> SoldLine:
        sku, quantity = row.word("sku"), row.count("quantity", 1, low=1)
        amount, tax = row.money("amount"), row.money("tax")
        item = account.store.value("SELECT id FROM item WHERE itemid = ?", (sku,))
        if item is None:
            raise BadInputError(f"NetSuite has no item {sku!r:.100}; create_item makes one")
        reference = row.word("line", "")
        row.done()
        return SoldLine(int(item), sku, quantity, amount, tax, _rate(amount, tax), reference)

    def _publish(self, loop_return: LoopReturn) -> None:
        engine = self.engine
        save_return(engine.store, loop_return)
        engine.log(loop_return, who="shopper", action="create", content={"scenario": "told"})
        engine.emit(loop_return, "return.created")

    def _described(self, loop_return: LoopReturn, *, units: list[ToldUnit]) -> Json:
        lines = {told.line: unit.provider_line_item_id for told, unit in zip(units, loop_return.units, strict=True)}
        return {
            "return_id": str(loop_return.id),
            "order_name": loop_return.order_name,
            "order_number": loop_return.order_number,
            "provider_order_id": str(loop_return.provider_order_id),
            "units": [str(unit.line_item_id) for unit in loop_return.units],
            "exchanges": [str(one.exchange_id) for one in loop_return.exchanges],
            "lines": {name: str(number) for name, number in lines.items()},
            "tracking_number": loop_return.tracking_number,
            "figures": figures_of(loop_return),
        }


def _read_unit(row: Fields, *, number: int) -> ToldUnit:
    unit = ToldUnit(
        line=row.word("line", f"line-{number}"),
        sku=row.word("sku"),
        title=row.word("title", ""),
        price=row.money("price"),
        discount=row.money("discount"),
        tax=row.money("tax"),
        outcome=row.word("outcome", "refund", of=OUTCOMES),
        is_kept=row.flag("kept", False),
    )
    row.done()
    return unit


AMOUNTS_ON_TOP = ("fee", "bonus", "refund_shipping", "refund_shipping_tax", "refund_duties")


def _read_fields(body: Fields) -> Json:
    """Of the return itself, as the model names them."""
    fields: Json = {name: body.money(name) for name in AMOUNTS_ON_TOP}
    fields["state"] = body.word("state", "open")
    fields["left_over_as"] = body.word("left_over", "refund", of=("refund", "credit"))
    fields["exchange_mode"] = body.text("exchange_mode", of=("separate", "native"))
    fields["is_instant"] = body.flag("instant", False)
    destination = body.whole("destination")
    return fields | ({"destination_id": destination} if destination else {})


def _order_of(loop_return: LoopReturn, *, tax_rate: Decimal) -> ShopOrder:
    shopper = Shopper(loop_return.first_name, last_name=loop_return.last_name, email=loop_return.email)
    placed_on = date.fromisoformat(loop_return.created_at[:10]) - PLACED_AGO
    return ShopOrder(
        loop_return.order_name,
        loop_return.order_number,
        loop_return.provider_order_id,
        shopper,
        placed_on,
        tax_rate,
        (),
    )


def _rate(net: Decimal, tax: Decimal) -> Decimal:
    return tax / net if net else Decimal(0)

"""Making returns of a named kind: the shop order in NetSuite first, then the return in Loop."""

import random
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.connector import BILLINGS, import_sale
from integrations.sandbox.loop import shipments
from integrations.sandbox.loop.engine import Engine
from integrations.sandbox.loop.model import LoopReturn, Unit
from integrations.sandbox.loop.order_shelf import keep_order
from integrations.sandbox.loop.outcomes import new_order_id, new_order_name
from integrations.sandbox.loop.parcels import start_walk
from integrations.sandbox.loop.processing import queue_what_is_due
from integrations.sandbox.loop.shelf import save_return
from integrations.sandbox.making import BadScenarioError, Making
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.scenario_kinds import prepare
from integrations.sandbox.scenario_orders import make_order, order_of_exchange
from integrations.sandbox.scenario_returns import make_return, make_units
from integrations.sandbox.shops import ShopOrder

Json = dict[str, Any]
KEPT_NOTE = "Shopper keeps the item"


@dataclass
class Scenarios:
    engine: Engine
    accounts: dict[str, Account]
    draw: random.Random

    def make(self, shop_code: str, *, scenario: str, params: Json, walks: bool = False) -> Json:
        shop = self.engine.shops.get(shop_code)
        if shop is None:
            raise BadScenarioError(f"no shop {shop_code!r}; known: {', '.join(self.engine.shops)}")
        seed = params.get("seed")
        draw = random.Random(str(seed)) if seed is not None else self.draw
        making = Making(shop, params=params, draw=draw, engine=self.engine)
        prepare(making, scenario=scenario)
        return self._realise(making, scenario=scenario, walks=walks)

    def _realise(self, making: Making, *, scenario: str, walks: bool) -> Json:
        order = make_order(making)
        sale = self._sell(making, order)
        earlier: list[LoopReturn] = []
        if making.of_exchange_order:
            earlier = [self._exchange_first(making, order, sale=sale)]
            order = order_of_exchange(making, order, goods=earlier[0].exchanges[0])
            making.outcomes, making.exchange = ("refund",), None
            sale = self._sell(making, order)
        with self.engine.store.transaction():
            units = make_units(making, order)
            groups = [units[:1], units[1:]] if making.in_two_returns else [units]
            made = [self._make_one(making, order, units=group, scenario=scenario) for group in groups]
            for loop_return in made:
                loop_return.walks = walks
                loop_return.netsuite = {**sale, "account": making.shop.netsuite_account}
                self._publish(making, loop_return)
        described = _described(made[-1], sale=sale)
        others = [*earlier, *made[:-1]]
        return described | ({"first_return_id": str(others[0].id)} if others else {})

    def _sell(self, making: Making, order: ShopOrder) -> Json:
        billing = str(making.params.get("billing", "invoice"))
        if billing not in BILLINGS:
            raise BadScenarioError(f"billing is one of {', '.join(BILLINGS)}")
        keep_order(self.engine.store, making.shop, order, at=self.engine.now_text())
        return import_sale(self.accounts[making.shop.netsuite_account], order, billing=billing)

    def _exchange_first(self, making: Making, order: ShopOrder, *, sale: Json) -> LoopReturn:
        """The earlier return whose new goods now come back: closed, its exchange order on its way as sold."""
        engine = self.engine
        making.outcomes, making.exchange = ("exchange",), "even"
        with engine.store.transaction():
            first = make_return(making, order, units=make_units(making, order)[:1], scenario="exchange")
            first.netsuite = {**sale, "account": making.shop.netsuite_account}
            first.exchanges = first.exchanges[:1]
            now, name, number = engine.now_text(), new_order_name(engine, first), new_order_id(engine)
            goods = first.exchanges[0]
            goods.is_issued, goods.order_name, goods.order_id = True, name, number
            first.state, first.was_processed, first.closed_at = "closed", True, now
            first.processed_at = {"return_processed": now, "exchange_processed": now}
            for parcel in first.parcels:
                parcel.status, parcel.updated_at = "delivered", now
            first.delivered_at = now
            save_return(engine.store, first)
            engine.log(first, who="loop", action="settle", content={"refund": "0.00", "gift_card": "0.00"})
            engine.emit(first, "return.created", "return.closed")
        return first

    def _make_one(self, making: Making, order: ShopOrder, *, units: list[Unit], scenario: str) -> LoopReturn:
        loop_return = make_return(making, order, units=units, scenario=scenario)
        if making.has_exchange_order:
            self.engine.make_exchange_order(loop_return)
        return loop_return

    def _publish(self, making: Making, loop_return: LoopReturn) -> None:
        engine = self.engine
        save_return(engine.store, loop_return)
        engine.log(loop_return, who="shopper", action="create", content={"scenario": loop_return.scenario})
        if loop_return.is_kept and engine.rules_of(loop_return).text("loop.keep_item_marker") == "note":
            engine.add_note(loop_return, content=KEPT_NOTE)
        engine.emit(loop_return, "return.created")
        queue_what_is_due(engine, loop_return, reached="immediate")
        if loop_return.return_method is not None:
            self._hand_over(making, loop_return)
        elif loop_return.parcels:
            self._send(making, loop_return)
        self._let_happen(making, loop_return)

    def _send(self, making: Making, loop_return: LoopReturn) -> None:
        """Labels, and the parcels as far as asked for; those after the first may lie behind."""
        engine = self.engine
        engine.make_label(loop_return)
        engine.watch_expiry(loop_return)
        if making.params.get("walk"):
            start_walk(engine, loop_return)
        elif making.parcel != "created":
            first, *others = loop_return.parcels
            if first.status is not None:
                engine.advance_parcel(loop_return, to=making.parcel, parcel=first)
            for parcel in others if first.status is not None else []:
                engine.advance_parcel(loop_return, to=making.parcels_behind, parcel=parcel)

    def _hand_over(self, making: Making, loop_return: LoopReturn) -> None:
        self.engine.watch_expiry(loop_return)
        if making.parcel in ("in_transit", "out_for_delivery", "delivered"):
            shipments.drop_off(self.engine, loop_return)
        if making.parcel in ("out_for_delivery", "delivered"):
            shipments.consolidate(self.engine, [loop_return])
        if making.parcel == "delivered":
            shipments.deliver(self.engine, loop_return)

    def _let_happen(self, making: Making, loop_return: LoopReturn) -> None:
        if making.is_processed:
            self.engine.queue_processing(loop_return, source=None)
        if making.closes_unprocessed:
            self.engine.set_state(loop_return, state="closed", who="person")
        for one in making.later:
            details = {key: value for key, value in one.items() if key not in ("what", "after_s")}
            self.engine.plan(loop_return, after_s=one["after_s"], what=one["what"], **details)


def _described(loop_return: LoopReturn, *, sale: Json) -> Json:
    return {
        "return_id": str(loop_return.id),
        "shop": loop_return.shop,
        "scenario": loop_return.scenario,
        "order_name": loop_return.order_name,
        "provider_order_id": str(loop_return.provider_order_id),
        "tracking_number": loop_return.tracking_number,
        "tracking_numbers": [parcel.tracking_number for parcel in loop_return.parcels],
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

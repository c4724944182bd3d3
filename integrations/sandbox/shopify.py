"""What happens in the shop after Loop made an exchange order there: the connector carries it to NetSuite."""

from dataclasses import dataclass
from typing import Any

from integrations.sandbox.connector import import_exchange_order
from integrations.sandbox.loop.engine import Engine
from integrations.sandbox.loop.model import LoopReturn
from integrations.sandbox.loop.totals import total_up
from integrations.sandbox.money import ZERO
from integrations.sandbox.netsuite.account import Account

Json = dict[str, Any]


@dataclass
class ExchangeCarrier:
    engine: Engine
    accounts: dict[str, Account]

    def __post_init__(self) -> None:
        self.engine.on_exchange_order.append(self.order_made)
        self.engine.jobs.register("exchange_order", work=self._carry, crosses=True)

    def order_made(self, loop_return: LoopReturn) -> None:
        settings = self.engine.switches(loop_return.shop)
        if settings.flag("connector.exchange_orders"):
            delay_s = settings.number("connector.exchange_delay_s")
            self.engine.jobs.add("exchange_order", content={"return_id": loop_return.id}, after_s=delay_s)

    def _carry(self, job: Json) -> None:
        loop_return = self.engine.load(int(job["return_id"]))
        if loop_return is None or loop_return.exchanges[0].order_id is None:
            return
        totals = total_up(loop_return)
        has_discount = self.engine.switches(loop_return.shop).flag("loop.loop_discount")
        first = loop_return.exchanges[0]
        import_exchange_order(
            self.accounts[self.engine.shops[loop_return.shop].netsuite_account],
            original_order_id=str(loop_return.provider_order_id),
            name=str(first.order_name),
            provider_order_id=str(first.order_id),
            lines=[
                {
                    "item_id": one.item_id,
                    "price": one.price,
                    "discount": one.discount,
                    "tax": one.tax,
                    "title": one.title,
                    "provider_line_item_id": 14_450_000_000_000 + one.exchange_id,
                }
                for one in loop_return.exchanges
            ],
            credit=totals.exchange_credit if has_discount else ZERO,
        )

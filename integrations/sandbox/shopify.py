"""What happens in the shop after Loop asked for new goods: the connector carries it to NetSuite."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from integrations.sandbox.connector import add_to_order, import_exchange_order
from integrations.sandbox.loop.engine import Engine
from integrations.sandbox.loop.model import Exchange, LoopReturn
from integrations.sandbox.loop.totals import total_up
from integrations.sandbox.money import ZERO, share_out
from integrations.sandbox.netsuite.account import Account

Json = dict[str, Any]


@dataclass
class ExchangeCarrier:
    engine: Engine
    accounts: dict[str, Account]

    def __post_init__(self) -> None:
        self.engine.on_exchange_order.append(self.order_made)
        self.engine.jobs.register("exchange_order", work=self._carry, crosses=True)

    def order_made(self, loop_return: LoopReturn, goods: list[Exchange]) -> None:
        settings = self.engine.switches(loop_return.shop)
        if settings.flag("connector.exchange_orders"):
            delay_s = settings.number("connector.exchange_delay_s")
            content = {"return_id": loop_return.id, "exchange_ids": [one.exchange_id for one in goods]}
            self.engine.jobs.add("exchange_order", content=content, after_s=delay_s)

    def _carry(self, job: Json) -> None:
        loop_return = self.engine.load(int(job["return_id"]))
        if loop_return is None:
            return
        goods = [one for one in loop_return.exchanges if one.exchange_id in job["exchange_ids"]]
        is_native = not goods or goods[0].order_id in (None, str(loop_return.provider_order_id))
        if not is_native:
            self._bring_order(loop_return, goods, name=str(goods[0].order_name), order_id=str(goods[0].order_id))
            return
        match self.engine.switches(loop_return.shop).text("connector.native_exchange"):
            case "original_order":
                add_to_order(self._account(loop_return), str(loop_return.provider_order_id), lines=_lines(goods))
            case "extra_order":
                number = f"{loop_return.provider_order_id}-{loop_return.id}"
                self._bring_order(loop_return, goods, name=f"{loop_return.order_name}-X", order_id=number)

    def _account(self, loop_return: LoopReturn) -> Account:
        return self.accounts[self.engine.shops[loop_return.shop].netsuite_account]

    def _bring_order(self, loop_return: LoopReturn, goods: list[Exchange], *, name: str, order_id: str) -> None:
        has_discount = self.engine.switches(loop_return.shop).flag("loop.loop_discount")
        import_exchange_order(
            self._account(loop_return),
            original_order_id=str(loop_return.provider_order_id),
            name=name,
            provider_order_id=order_id,
            lines=_lines(goods),
            credit=_credit_for(loop_return, goods) if has_discount else ZERO,
        )


def _credit_for(loop_return: LoopReturn, goods: list[Exchange]) -> Decimal:
    """The part of the return's worth that these of its new goods take up."""
    credit = total_up(loop_return).exchange_credit
    shares = share_out(credit, weights=[one.total for one in loop_return.exchanges])
    mine = {one.exchange_id for one in goods}
    pairs = zip(loop_return.exchanges, shares, strict=True)
    return sum((share for one, share in pairs if one.exchange_id in mine), ZERO)


def _lines(goods: list[Exchange]) -> list[Json]:
    return [
        {
            "item_id": one.item_id,
            "price": one.price,
            "discount": one.discount,
            "tax": one.tax,
            "title": one.title,
            "provider_line_item_id": 14_450_000_000_000 + one.exchange_id,
        }
        for one in goods
    ]

"""The kinds of returns by name: what sets each of them apart."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from integrations.sandbox.loop.engine import Engine
from integrations.sandbox.money import ZERO, cents
from integrations.sandbox.shops import ShopProfile

Json = dict[str, Any]


class BadScenarioError(ValueError):
    """The control API was asked for something this sandbox cannot make; says what."""


@dataclass
class Making:
    """One scenario under way: what it was asked for and what it is made from."""

    shop: ShopProfile
    params: Json
    draw: random.Random
    engine: Engine
    units: int = 1
    per_line: int = 1
    outcomes: tuple[str, ...] = ("refund",)
    fee: Decimal = ZERO
    bonus: Decimal = ZERO
    settles_at: str | None = None
    state: str = "open"
    parcel: str = "in_transit"
    sku: str | None = None
    tax_more: Decimal = ZERO
    exchange: str | None = None  # "even" or "upsell"
    fails_with: str | None = None
    cancel_after_s: float | None = None
    closes_unprocessed: bool = False
    has_label: bool = True
    is_instant: bool = False
    in_two_returns: bool = False


Preparation = Callable[[Making], None]


def _refund(making: Making) -> None:
    making.outcomes = ("refund",)


def _refund_fee(making: Making) -> None:
    making.fee = cents(making.params.get("fee", "6.95"))


def _twin_units(making: Making) -> None:
    making.units, making.per_line = 1, max(2, int(making.params.get("quantity", 2)))
    # An odd number of cents off the line makes the twins uneven, as real ones often are.
    making.params.setdefault("discount", "7.77")


def _exchange(making: Making) -> None:
    making.outcomes, making.exchange = ("exchange",), "even"


def _exchange_and_refund(making: Making) -> None:
    making.units = max(2, making.units)
    making.outcomes, making.exchange = ("exchange", "refund"), "even"


def _upsell(making: Making) -> None:
    making.outcomes, making.exchange = ("exchange",), "upsell"


def _store_credit(making: Making) -> None:
    making.outcomes = ("credit",)
    making.bonus = cents(making.params.get("bonus", "0"))


def _settled_early(making: Making) -> None:
    making.settles_at = "in_transit"


def _cancelled(making: Making) -> None:
    making.cancel_after_s = float(making.params.get("delay") or making.params.get("after_s") or 2)
    making.parcel = str(making.params.get("parcel", "created"))


def _unknown_sku(making: Making) -> None:
    making.sku = str(making.params.get("sku") or f"UNKNOWN-{making.draw.randint(1000, 9999)}")


def _differs(making: Making) -> None:
    making.tax_more = cents(making.params.get("amount", "0.03"))


def _refund_ships(making: Making) -> None:
    making.parcel = "delivered"


def _flagged(making: Making) -> None:
    making.state = "review"


def _closed_unprocessed(making: Making) -> None:
    making.closes_unprocessed = True


def _processing_fails(making: Making) -> None:
    making.fails_with = str(making.params.get("message", "Refund could not be created"))


def _keep_item(making: Making) -> None:
    making.has_label = False


def _instant_exchange(making: Making) -> None:
    _exchange(making)
    making.is_instant = True
    making.parcel = str(making.params.get("parcel", "created"))


def _second_return(making: Making) -> None:
    making.units, making.in_two_returns = max(2, making.units), True


SCENARIOS: dict[str, Preparation] = {
    "refund": _refund,
    "refund_fee": _refund_fee,
    "refund_ships": _refund_ships,
    "twin_units": _twin_units,
    "exchange": _exchange,
    "exchange_and_refund": _exchange_and_refund,
    "upsell": _upsell,
    "store_credit": _store_credit,
    "settled_early": _settled_early,
    "cancelled": _cancelled,
    "unknown_sku": _unknown_sku,
    "differs": _differs,
    "flagged": _flagged,
    "closed_unprocessed": _closed_unprocessed,
    "processing_fails": _processing_fails,
    "keep_item": _keep_item,
    "instant_exchange": _instant_exchange,
    "second_return": _second_return,
}

"""A scenario under way: what was asked for, and what the return is made from."""

import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from integrations.sandbox.loop.engine import PARCEL, Engine
from integrations.sandbox.money import ZERO, cents
from integrations.sandbox.shops import ShopProfile

Json = dict[str, Any]


class BadScenarioError(ValueError):
    """The control API was asked for something this sandbox cannot make; says what."""


@dataclass
class Making:
    shop: ShopProfile
    params: Json
    draw: random.Random
    engine: Engine
    units: int = 1
    per_line: int = 1
    outcomes: tuple[str, ...] = ("refund",)
    exchange: str | None = None  # "even", "upsell" or "cheaper"
    fields: Json = field(default_factory=dict)  # of the return, as the model has them
    parcel: str = "in_transit"
    parcels: int = 1  # 0: no label is ever made
    parcels_behind: str = "pre_transit"  # how far the others are
    sku: str | None = None
    tax_more: Decimal = ZERO
    is_free: bool = False
    sells_kit: bool = False  # the first line of the order is the shop's kit
    components: int = 0  # so many parts of a bundle come back; 0: the goods as they were sold
    out_of_stock: int = 0  # so many of the new goods
    removed: int = 0  # so many units are taken out again
    has_exchange_order: bool = False  # an instant exchange has its order from the start
    in_two_returns: bool = False
    of_exchange_order: bool = False
    closes_unprocessed: bool = False
    is_processed: bool = False
    later: list[Json] = field(default_factory=list)  # {"what", "after_s", …}: what happens by and by

    def text(self, name: str, default: str) -> str:
        return str(self.params.get(name, default))

    def money(self, name: str, default: str) -> Decimal:
        return cents(self.text(name, default))

    def number(self, name: str, default: float) -> float:
        return float(self.params.get(name, default))

    def happen(self, what: str, *, after_s: float, **details: Any) -> None:
        self.later.append({"what": what, "after_s": after_s, **details})

    def leave_parcel(self, default: str) -> None:
        """How far the parcel is unless the request says so."""
        self.parcel = checked_parcel(self.text("parcel", default))


def checked_parcel(parcel: str) -> str:
    if parcel != "created" and parcel not in PARCEL:
        raise BadScenarioError(f"parcel is created or one of {', '.join(PARCEL)}")
    return parcel

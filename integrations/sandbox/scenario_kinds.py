"""The kinds of returns by name: what sets each of them apart."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from integrations.sandbox import scenario_recipes as recipes
from integrations.sandbox.making import BadScenarioError, Making

__all__ = ["COMMON_PARAMS", "SCENARIOS", "BadScenarioError", "Kind", "Making", "describe_scenarios", "prepare"]

QUANTITY_MAX = 100  # of one order line
Preparation = Callable[[Making], None]
COMMON_PARAMS = (
    "parcel",
    "billing",
    "units",
    "quantity",
    "returned",
    "discount",
    "tax_rate",
    "seed",
    "walk",
    "fee",
    "gateway",
)


@dataclass(frozen=True)
class Kind:
    meaning: str
    prepare: Preparation
    params: tuple[str, ...] = ()  # its own, beside those every kind takes


SCENARIOS: dict[str, Kind] = {
    "refund": Kind("units of distinct order lines go back for money", recipes.refund),
    "refund_fee": Kind("the same with a handling fee, shared over item and tax", recipes.refund_fee),
    "refund_ships": Kind("the parcel is at the warehouse at once", recipes.refund_ships),
    "twin_units": Kind("several units of one order line, their cents uneven", recipes.twin_units),
    "exchange": Kind("the same product in another variant, even", recipes.exchange),
    "exchange_and_refund": Kind("one unit exchanged, the others refunded", recipes.exchange_and_refund),
    "upsell": Kind("the new goods cost more", recipes.upsell),
    "shop_now": Kind("the new goods cost less, the rest is store credit", recipes.shop_now, ("left_over", "bonus")),
    "store_credit": Kind("a gift card instead of money", recipes.store_credit, ("bonus",)),
    "settled_early": Kind("Loop settles by itself as soon as the parcel is on its way", recipes.settled_early, ("at",)),
    "cancelled": Kind("the shopper cancels after a while", recipes.cancelled, ("delay", "after_s")),
    "cancelled_late": Kind("cancelled while the parcel is on its way", recipes.cancelled_late, ("delay",)),
    "unknown_sku": Kind("Loop's SKU is one NetSuite has no item under", recipes.unknown_sku, ("sku",)),
    "differs": Kind("Loop's tax is more than NetSuite's by this much", recipes.differs, ("amount",)),
    "flagged": Kind("starts in review", recipes.flagged),
    "flagged_reviewed": Kind(
        "in review, then opened by a person", recipes.flagged_reviewed, ("delay", "processed_after")
    ),
    "closed_unprocessed": Kind("a person closed it in Loop: no outcome ever runs", recipes.closed_unprocessed),
    "keep_item": Kind("no label: the shopper keeps the goods and the outcome runs at once", recipes.keep_item),
    "instant_exchange": Kind(
        "the exchange order exists from the start; the parcel is not sent yet", recipes.instant_exchange, ("at",)
    ),
    "instant_never_shipped": Kind(
        "the same; the goods never come, it expires and the card is charged",
        recipes.instant_never_shipped,
        ("expires_after",),
    ),
    "native_exchange": Kind("new goods go on the original order", recipes.native_exchange),
    "out_of_stock": Kind(
        "new goods out of stock: refund paid, then review; completed later",
        recipes.out_of_stock,
        ("exchanged", "restocked_after"),
    ),
    "exchange_return": Kind("goods of an exchange order come back", recipes.exchange_return),
    "second_return": Kind("two returns on one order, a unit in each; adds `first_return_id`", recipes.second_return),
    "processing_fails": Kind(
        "the first processing ends in review; the next goes through", recipes.processing_fails, ("message",)
    ),
    "partly_fails": Kind("one outcome fails, the others are issued", recipes.partly_fails, ("message", "fails_at")),
    "outstanding_balance": Kind(
        "the shopper owes money, so it cannot be processed", recipes.outstanding_balance, ("balance",)
    ),
    "expired_late_delivery": Kind(
        "expires, and the parcel comes after all", recipes.expired_late_delivery, ("expires_after", "delivered_after")
    ),
    "multi_parcel": Kind("several parcels with a label each", recipes.multi_parcel, ("parcels", "behind")),
    "multi_currency": Kind("the shopper paid in another currency", recipes.multi_currency, ("currency", "rate")),
    "bundle_component": Kind(
        "a part of a bundle, whose SKU is not on the order; `kit`: in NetSuite the bundle is a kit with that part",
        recipes.bundle_component,
        ("components", "kit"),
    ),
    "kit": Kind("goods come back that NetSuite keeps in stock as the members of a kit", recipes.kit),
    "gift_return": Kind("sent back by who got it as a gift", recipes.gift_return, ("recipient",)),
    "warranty": Kind("the same goods again, under warranty", recipes.warranty),
    "removed_line": Kind("a unit is taken out again and stays listed, emptied", recipes.removed_line, ("removed",)),
    "refunded_shipping": Kind("shipping is given back on top", recipes.refunded_shipping, ("shipping", "shipping_tax")),
    "refunded_duties": Kind("duties are given back on top", recipes.refunded_duties, ("duties",)),
    "split_tender": Kind("a gift card and a card are paid back", recipes.split_tender, ("gift_card", "paypal")),
    "zero_refund": Kind("goods that cost nothing: a manual refund of 0.00", recipes.zero_refund),
    "drop_off": Kind("handed over at a bar of a drop-off network", recipes.drop_off, ("provider",)),
    "gift_card_provider": Kind("a third party issues the gift card", recipes.gift_card_provider, ("bonus",)),
    "restock_webhook": Kind("somebody else is asked to restock", recipes.restock_webhook),
}


def describe_scenarios() -> dict[str, Any]:
    kinds = [{"name": name, "meaning": kind.meaning, "params": list(kind.params)} for name, kind in SCENARIOS.items()]
    return {"scenarios": list(SCENARIOS), "described": kinds, "params_of_all": list(COMMON_PARAMS)}


def prepare(making: Making, *, scenario: str) -> None:
    """Read what every kind takes, then what sets this one apart."""
    kind = SCENARIOS.get(scenario)
    if kind is None:
        raise BadScenarioError(f"no scenario {scenario!r}; known: {', '.join(SCENARIOS)}")
    unknown = sorted(set(making.params) - set(COMMON_PARAMS) - set(kind.params))
    if unknown:
        known = ", ".join((*kind.params, *COMMON_PARAMS))
        raise BadScenarioError(f"{scenario} takes no {', '.join(unknown)}; known: {known}")
    making.leave_parcel("in_transit")
    making.units, making.per_line = int(making.params.get("units", 1)), int(making.params.get("quantity", 1))
    if making.units < 1 or not 1 <= making.per_line <= QUANTITY_MAX:
        raise BadScenarioError(f"units and quantity are at least 1, quantity at most {QUANTITY_MAX}")
    making.fields["fee"] = making.money("fee", "0")
    if making.params.get("gateway"):
        making.fields["tenders"] = [{"gateway": making.text("gateway", ""), "amount": "1000000"}]
    kind.prepare(making)

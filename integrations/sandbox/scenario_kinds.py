"""The kinds of returns by name: what sets each of them apart."""

from collections.abc import Callable
from dataclasses import dataclass

from integrations.sandbox.loop.outcomes import OUTCOMES
from integrations.sandbox.making import BadScenarioError, Making
from integrations.sandbox.money import cents

__all__ = ["COMMON_PARAMS", "SCENARIOS", "BadScenarioError", "Kind", "Making"]

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


# --- money back


def _refund(making: Making) -> None:
    making.outcomes = ("refund",)


def _refund_fee(making: Making) -> None:
    making.fields["fee"] = making.money("fee", "6.95")


def _refund_ships(making: Making) -> None:
    making.parcel = "delivered"


def _twin_units(making: Making) -> None:
    making.units, making.per_line = 1, max(2, int(making.params.get("quantity", 2)))
    # An odd number of cents off the line makes the twins uneven, as real ones often are.
    making.params.setdefault("discount", "7.77")


def _refunded_shipping(making: Making) -> None:
    making.fields["refund_shipping"] = making.money("shipping", "7.00")
    making.fields["refund_shipping_tax"] = making.money("shipping_tax", "0.51")


def _split_tender(making: Making) -> None:
    tenders = [("gift_card", making.money("gift_card", "20.00")), ("paypal", making.money("paypal", "0"))]
    making.fields["tenders"] = [{"gateway": gateway, "amount": str(part)} for gateway, part in tenders if part]


def _zero_refund(making: Making) -> None:
    making.is_free = True


def _differs(making: Making) -> None:
    making.tax_more = making.money("amount", "0.03")


def _settled_early(making: Making) -> None:
    making.fields["settles_at"] = making.text("at", "in_transit")


def _multi_currency(making: Making) -> None:
    making.fields["presentment_currency"] = making.text("currency", "CAD")
    making.fields["presentment_rate"] = cents(making.text("rate", "1.36"))


# --- new goods, store credit


def _exchange(making: Making) -> None:
    making.outcomes, making.exchange = ("exchange",), "even"


def _exchange_and_refund(making: Making) -> None:
    making.units = max(2, making.units)
    making.outcomes, making.exchange = ("exchange", "refund"), "even"


def _upsell(making: Making) -> None:
    making.outcomes, making.exchange = ("exchange",), "upsell"


def _shop_now(making: Making) -> None:
    making.outcomes, making.exchange = ("exchange",), "cheaper"
    making.fields["left_over_as"] = making.text("left_over", "credit")
    making.fields["bonus"] = making.money("bonus", "0")


def _store_credit(making: Making) -> None:
    making.outcomes = ("credit",)
    making.fields["bonus"] = making.money("bonus", "0")


def _gift_card_provider(making: Making) -> None:
    making.outcomes = ("credit",)
    making.fields["bonus"] = making.money("bonus", "10.00")
    making.fields["gift_card_provider"] = "third_party"


def _instant_exchange(making: Making) -> None:
    _exchange(making)
    making.fields["is_instant"] = making.has_exchange_order = True
    making.leave_parcel("created")


def _instant_never_shipped(making: Making) -> None:
    _instant_exchange(making)
    making.happen("expire", after_s=making.number("expires_after", 0))


def _native_exchange(making: Making) -> None:
    _exchange(making)
    making.fields["exchange_mode"] = "native"


def _warranty(making: Making) -> None:
    _exchange(making)
    making.fields["kind"] = "warranty"


def _exchange_return(making: Making) -> None:
    making.of_exchange_order = True


def _out_of_stock(making: Making) -> None:
    """Some units are exchanged, the last is refunded; one of the new goods is not there."""
    exchanged = int(making.number("exchanged", 1))
    making.units = max(exchanged + 1, making.units)
    making.outcomes, making.exchange = (*("exchange",) * exchanged, "refund"), "even"
    making.out_of_stock, making.is_processed = 1, True
    if making.params.get("restocked_after") is not None:
        making.happen("restock_item", after_s=making.number("restocked_after", 2))


# --- what goes another way


def _cancelled(making: Making) -> None:
    making.leave_parcel("created")
    delay_s = float(making.params.get("delay") or making.params.get("after_s") or 2)
    making.happen("cancel", after_s=delay_s)


def _cancelled_late(making: Making) -> None:
    making.leave_parcel("in_transit")
    making.happen("cancel", after_s=making.number("delay", 5))


def _expired_late_delivery(making: Making) -> None:
    making.leave_parcel("created")
    making.happen("expire", after_s=making.number("expires_after", 0))
    making.happen("advance", after_s=making.number("delivered_after", 2), to="delivered")


def _flagged(making: Making) -> None:
    making.fields["state"] = "review"


def _flagged_reviewed(making: Making) -> None:
    making.fields["state"] = "review"
    making.happen("review", after_s=making.number("delay", 2))
    if making.params.get("processed_after") is not None:
        making.happen("process", after_s=making.number("processed_after", 4))


def _closed_unprocessed(making: Making) -> None:
    making.closes_unprocessed = True


def _processing_fails(making: Making) -> None:
    making.fields["fails_with"] = making.text("message", "Refund could not be created")


def _partly_fails(making: Making) -> None:
    _exchange_and_refund(making)
    making.fields["fails_with"] = making.text("message", "Exchange order could not be created")
    making.fields["fails_at"] = making.text("fails_at", "exchange")
    if making.fields["fails_at"] not in OUTCOMES:
        raise BadScenarioError(f"fails_at is one of {', '.join(OUTCOMES)}")


def _outstanding_balance(making: Making) -> None:
    making.fields["balance"] = making.money("balance", "12.00")


def _keep_item(making: Making) -> None:
    making.parcels, making.fields["is_kept"], making.is_processed = 0, True, True


def _removed_line(making: Making) -> None:
    making.units, making.removed = max(2, making.units), int(making.number("removed", 1))


# --- goods, orders and parcels


def _unknown_sku(making: Making) -> None:
    making.sku = str(making.params.get("sku") or f"UNKNOWN-{making.draw.randint(1000, 9999)}")


def _bundle_component(making: Making) -> None:
    making.components = int(making.number("components", 1))
    if making.components not in (1, 2):
        raise BadScenarioError("components is 1 or 2, of the two parts a bundle has")


def _second_return(making: Making) -> None:
    making.units, making.in_two_returns = max(2, making.units), True


def _gift_return(making: Making) -> None:
    making.outcomes = ("credit",)
    making.fields["is_gift"] = True
    making.fields["address"] = {"name": making.text("recipient", "Alex Doe"), "address1": "7 Birch Lane"}


def _multi_parcel(making: Making) -> None:
    making.parcels = int(making.number("parcels", 2))
    making.units = max(making.parcels, making.units)
    making.parcels_behind = making.text("behind", "pre_transit")


def _drop_off(making: Making) -> None:
    making.parcels = 0
    making.fields["return_method"] = {
        "provider": making.text("provider", "happy_returns"),
        "method_type": "drop_off",
        "address": None,
        "state": "initiated",
        "rma_id": f"HR{making.draw.randint(100_000, 999_999)}",
        "qr_code_url": "https://labels.example.com/qr.png",
        "scheduled_at": None,
        "scannable_id": f"HRS{making.draw.randint(100_000, 999_999)}",
    }


def _restock_webhook(making: Making) -> None:
    making.fields["restock"] = "webhook"


SCENARIOS: dict[str, Kind] = {
    "refund": Kind("units of distinct order lines go back for money", _refund),
    "refund_fee": Kind("the same with a handling fee, shared over item and tax", _refund_fee),
    "refund_ships": Kind("the parcel is at the warehouse at once", _refund_ships),
    "twin_units": Kind("several units of one order line, their cents uneven", _twin_units),
    "exchange": Kind("the same product in another variant, even", _exchange),
    "exchange_and_refund": Kind("one unit exchanged, the others refunded", _exchange_and_refund),
    "upsell": Kind("the new goods cost more", _upsell),
    "shop_now": Kind("the new goods cost less, the rest is store credit", _shop_now, ("left_over", "bonus")),
    "store_credit": Kind("a gift card instead of money", _store_credit, ("bonus",)),
    "settled_early": Kind("Loop settles by itself as soon as the parcel is on its way", _settled_early, ("at",)),
    "cancelled": Kind("the shopper cancels after a while", _cancelled, ("delay", "after_s")),
    "cancelled_late": Kind("cancelled while the parcel is on its way", _cancelled_late, ("delay",)),
    "unknown_sku": Kind("Loop's SKU is one NetSuite has no item under", _unknown_sku, ("sku",)),
    "differs": Kind("Loop's tax is more than NetSuite's by this much", _differs, ("amount",)),
    "flagged": Kind("starts in review", _flagged),
    "flagged_reviewed": Kind("in review, then opened by a person", _flagged_reviewed, ("delay", "processed_after")),
    "closed_unprocessed": Kind("a person closed it in Loop: no outcome ever runs", _closed_unprocessed),
    "keep_item": Kind("no label: the shopper keeps the goods and the outcome runs at once", _keep_item),
    "instant_exchange": Kind("the exchange order exists from the start; the parcel is not sent yet", _instant_exchange),
    "instant_never_shipped": Kind(
        "the same; the goods never come, it expires and the card is charged", _instant_never_shipped, ("expires_after",)
    ),
    "native_exchange": Kind("new goods go on the original order", _native_exchange),
    "out_of_stock": Kind(
        "new goods out of stock: refund paid, then review; completed later",
        _out_of_stock,
        ("exchanged", "restocked_after"),
    ),
    "exchange_return": Kind("goods of an exchange order come back", _exchange_return),
    "second_return": Kind("two returns on one order, a unit in each; adds `first_return_id`", _second_return),
    "processing_fails": Kind(
        "the first processing ends in review; the next goes through", _processing_fails, ("message",)
    ),
    "partly_fails": Kind("one outcome fails, the others are issued", _partly_fails, ("message", "fails_at")),
    "outstanding_balance": Kind(
        "the shopper owes money, so it cannot be processed", _outstanding_balance, ("balance",)
    ),
    "expired_late_delivery": Kind(
        "expires, and the parcel comes after all", _expired_late_delivery, ("expires_after", "delivered_after")
    ),
    "multi_parcel": Kind("several parcels with a label each", _multi_parcel, ("parcels", "behind")),
    "multi_currency": Kind("the shopper paid in another currency", _multi_currency, ("currency", "rate")),
    "bundle_component": Kind("a part of a bundle, whose SKU is not on the order", _bundle_component, ("components",)),
    "gift_return": Kind("sent back by who got it as a gift", _gift_return, ("recipient",)),
    "warranty": Kind("the same goods again, under warranty", _warranty),
    "removed_line": Kind("a unit is taken out again and stays listed, emptied", _removed_line, ("removed",)),
    "refunded_shipping": Kind("shipping is given back on top", _refunded_shipping, ("shipping", "shipping_tax")),
    "split_tender": Kind("a gift card and a card are paid back", _split_tender, ("gift_card", "paypal")),
    "zero_refund": Kind("goods that cost nothing: a manual refund of 0.00", _zero_refund),
    "drop_off": Kind("handed over at a bar of a drop-off network", _drop_off, ("provider",)),
    "gift_card_provider": Kind("a third party issues the gift card", _gift_card_provider, ("bonus",)),
    "restock_webhook": Kind("somebody else is asked to restock", _restock_webhook),
}


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
    if making.units < 1 or making.per_line < 1:
        raise BadScenarioError("units and quantity are at least 1")
    making.fields["fee"] = making.money("fee", "0")
    if making.params.get("gateway"):
        making.fields["tenders"] = [{"gateway": making.text("gateway", ""), "amount": "1000000"}]
    kind.prepare(making)

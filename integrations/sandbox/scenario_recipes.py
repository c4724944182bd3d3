"""What sets each kind of return apart from a plain one, as steps of its making."""

from integrations.sandbox.loop.outcomes import OUTCOMES
from integrations.sandbox.making import BadScenarioError, Making
from integrations.sandbox.money import cents

# --- money back


def refund(making: Making) -> None:
    making.outcomes = ("refund",)


def refund_fee(making: Making) -> None:
    making.fields["fee"] = making.money("fee", "6.95")


def refund_ships(making: Making) -> None:
    making.parcel = "delivered"


def twin_units(making: Making) -> None:
    making.units, making.per_line = 1, max(2, int(making.params.get("quantity", 2)))
    # An odd number of cents off the line makes the twins uneven, as real ones often are.
    making.params.setdefault("discount", "7.77")


def refunded_shipping(making: Making) -> None:
    making.fields["refund_shipping"] = making.money("shipping", "7.00")
    making.fields["refund_shipping_tax"] = making.money("shipping_tax", "0.51")


def refunded_duties(making: Making) -> None:
    making.fields["refund_duties"] = making.money("duties", "4.20")


def split_tender(making: Making) -> None:
    tenders = [("gift_card", making.money("gift_card", "20.00")), ("paypal", making.money("paypal", "0"))]
    making.fields["tenders"] = [{"gateway": gateway, "amount": str(part)} for gateway, part in tenders if part]


def zero_refund(making: Making) -> None:
    making.is_free = True


def differs(making: Making) -> None:
    making.tax_more = making.money("amount", "0.03")


def settled_early(making: Making) -> None:
    making.fields["settles_at"] = making.text("at", "in_transit")


def multi_currency(making: Making) -> None:
    making.fields["presentment_currency"] = making.text("currency", "CAD")
    making.fields["presentment_rate"] = cents(making.text("rate", "1.36"))


# --- new goods, store credit


def exchange(making: Making) -> None:
    making.outcomes, making.exchange = ("exchange",), "even"


def exchange_and_refund(making: Making) -> None:
    making.units = max(2, making.units)
    making.outcomes, making.exchange = ("exchange", "refund"), "even"


def upsell(making: Making) -> None:
    making.outcomes, making.exchange = ("exchange",), "upsell"


def shop_now(making: Making) -> None:
    making.outcomes, making.exchange = ("exchange",), "cheaper"
    making.fields["left_over_as"] = making.text("left_over", "credit")
    making.fields["bonus"] = making.money("bonus", "0")


def store_credit(making: Making) -> None:
    making.outcomes = ("credit",)
    making.fields["bonus"] = making.money("bonus", "0")


def gift_card_provider(making: Making) -> None:
    making.outcomes = ("credit",)
    making.fields["bonus"] = making.money("bonus", "10.00")
    making.fields["gift_card_provider"] = "third_party"


def instant_exchange(making: Making) -> None:
    exchange(making)
    making.fields["is_instant"] = making.has_exchange_order = True
    making.fields["settles_at"] = making.text("at", "") or None
    making.leave_parcel("created")


def instant_never_shipped(making: Making) -> None:
    instant_exchange(making)
    making.happen("expire", after_s=making.number("expires_after", 0))


def native_exchange(making: Making) -> None:
    exchange(making)
    making.fields["exchange_mode"] = "native"


def warranty(making: Making) -> None:
    exchange(making)
    making.fields["kind"] = "warranty"


def exchange_return(making: Making) -> None:
    making.of_exchange_order = True


def out_of_stock(making: Making) -> None:
    """Some units are exchanged, the last is refunded; one of the new goods is not there."""
    exchanged = int(making.number("exchanged", 1))
    making.units = max(exchanged + 1, making.units)
    making.outcomes, making.exchange = (*("exchange",) * exchanged, "refund"), "even"
    making.out_of_stock, making.is_processed = 1, True
    if making.params.get("restocked_after") is not None:
        making.happen("restock_item", after_s=making.number("restocked_after", 2))


# --- what goes another way


def cancelled(making: Making) -> None:
    making.leave_parcel("created")
    making.happen("cancel", after_s=making.number("delay", making.number("after_s", 2)))


def cancelled_late(making: Making) -> None:
    making.leave_parcel("in_transit")
    making.happen("cancel", after_s=making.number("delay", 5))


def expired_late_delivery(making: Making) -> None:
    making.leave_parcel("created")
    making.happen("expire", after_s=making.number("expires_after", 0))
    making.happen("advance", after_s=making.number("delivered_after", 2), to="delivered")


def flagged(making: Making) -> None:
    making.fields["state"] = "review"


def flagged_reviewed(making: Making) -> None:
    making.fields["state"] = "review"
    making.happen("review", after_s=making.number("delay", 2))
    if making.params.get("processed_after") is not None:
        making.happen("process", after_s=making.number("processed_after", 4))


def closed_unprocessed(making: Making) -> None:
    making.closes_unprocessed = True


def processing_fails(making: Making) -> None:
    making.fields["fails_with"] = making.text("message", "Refund could not be created")


def partly_fails(making: Making) -> None:
    exchange_and_refund(making)
    making.fields["fails_with"] = making.text("message", "Exchange order could not be created")
    making.fields["fails_at"] = making.text("fails_at", "exchange")
    if making.fields["fails_at"] not in OUTCOMES:
        raise BadScenarioError(f"fails_at is one of {', '.join(OUTCOMES)}")


def outstanding_balance(making: Making) -> None:
    making.fields["balance"] = making.money("balance", "12.00")


def keep_item(making: Making) -> None:
    making.parcels, making.fields["is_kept"], making.is_processed = 0, True, True


def removed_line(making: Making) -> None:
    making.units, making.removed = max(2, making.units), int(making.number("removed", 1))


# --- goods, orders and parcels


def unknown_sku(making: Making) -> None:
    making.sku = str(making.params.get("sku") or f"UNKNOWN-{making.draw.randint(1000, 9999)}")


def kit(making: Making) -> None:
    making.sells_kit = True


def bundle_component(making: Making) -> None:
    making.sells_kit = bool(making.params.get("kit", False))
    making.components = int(making.number("components", 1))
    if making.components not in (1, 2):
        raise BadScenarioError("components is 1 or 2, of the two parts a bundle has")


def second_return(making: Making) -> None:
    making.units, making.in_two_returns = max(2, making.units), True


def gift_return(making: Making) -> None:
    making.outcomes = ("credit",)
    making.fields["is_gift"] = True
    making.fields["address"] = {"name": making.text("recipient", "Alex Doe"), "address1": "7 Birch Lane"}


def multi_parcel(making: Making) -> None:
    making.parcels = int(making.number("parcels", 2))
    making.units = max(making.parcels, making.units)
    making.parcels_behind = making.text("behind", "pre_transit")


def drop_off(making: Making) -> None:
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


def restock_webhook(making: Making) -> None:
    making.fields["restock"] = "webhook"

"""The script of the smoke rehearsal: forty returns of every kind the journey knows."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice
from random import Random

from returnsops.management.rehearsal.players import Part

OLD_DAYS = 45  # before the first open accounting period
REFUSES_ONE = ("refused", "sellable")
TWO_PLACES = ("sellable", "damaged")
EARLY = "loop_settled_early"

# (how often, the part); parts are dealt to the shops in turn.
CAST: list[tuple[int, Part]] = [
    (6, Part("refund")),
    (3, Part("refund", params={"units": 2}, outcomes=TWO_PLACES)),
    (3, Part("refund_fee")),
    (4, Part("refund", params={"billing": "cash_sale"})),
    (1, Part("refund", params={"billing": "cash_sale", "units": 2}, outcomes=REFUSES_ONE)),
    (3, Part("twin_units", outcomes=TWO_PLACES)),
    (2, Part("refund", params={"units": 2}, outcomes=REFUSES_ONE)),
    (1, Part("twin_units", outcomes=REFUSES_ONE)),
    (4, Part("exchange")),
    (3, Part("exchange_and_refund", outcomes=TWO_PLACES)),
    (1, Part("store_credit")),
    (2, Part("settled_early", expects_case=EARLY)),
    (2, Part("cancelled", outcomes=())),
    (1, Part("unknown_sku", params={"sku": "OLD-NAME-A"})),
    (1, Part("unknown_sku", params={"sku": "OLD-NAME-B"}, expects_case="sku_unmapped")),
    (1, Part("refund", judged_days_ago=OLD_DAYS)),
    (1, Part("refund", judged_days_ago=OLD_DAYS, expects_case="period_closed")),
    (2, Part("differs", params={"amount": "0.03"})),
]
# What else shops meet: each is complete in the end, or in a case.
FURTHER_CAST: list[tuple[int, Part]] = [
    (2, Part("refund_ships")),
    (2, Part("refund", lies_beside=2)),
    (1, Part("drop_off", is_announced=False)),
    (1, Part("multi_parcel", outcomes=TWO_PLACES, is_announced=False)),
    (1, Part("removed_line")),
    (1, Part("second_return")),
    (1, Part("split_tender")),
    (1, Part("flagged_reviewed")),
    (1, Part("processing_fails")),
    (1, Part("cancelled_late")),
    (1, Part("restock_webhook")),
    (1, Part("upsell")),
    (1, Part("shop_now")),
    (1, Part("shop_now", params={"left_over": "refund"})),
    (1, Part("store_credit", params={"bonus": "10.00"})),
    (1, Part("instant_exchange", params={"at": "delivered"})),
    (1, Part("out_of_stock", params={"restocked_after": 60})),
    (1, Part("multi_currency")),
]
SHOPS = ("northwind", "harbour")
NO_PARCEL = ("cancelled", "cancelled_late", "multi_parcel")  # theirs goes a way of its own


def deal_parts(count: int) -> Iterator[Part]:
    """The first `count` parts of the script, over and over, dealt to the shops in turn."""
    return _deal([part for often, part in CAST for _ in range(often)], count=count)


def shuffle_parts(count: int, *, seed: str) -> Iterator[Part]:
    """The whole cast in an order that the seed gives."""
    draw = Random(f"{seed}/cast")
    whole = [part for often, part in [*CAST, *FURTHER_CAST] for _ in range(often)]
    return _deal(draw.sample(whole, len(whole)), count=count)


def _deal(cast: list[Part], *, count: int) -> Iterator[Part]:
    for part, shop in zip(islice(cycle(cast), count), cycle(SHOPS), strict=False):
        parcel = {} if part.scenario in NO_PARCEL else {"parcel": "delivered"}
        yield replace(part, shop=shop, params=dict(part.params) | parcel)

"""The script of the smoke rehearsal: forty returns of every kind the journey knows."""

from collections.abc import Iterator
from itertools import cycle, islice

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
SHOPS = ("northwind", "harbour")


def deal_parts(count: int) -> Iterator[Part]:
    """The first `count` parts of the script, over and over, dealt to the shops in turn."""
    cast = [part for often, part in CAST for _ in range(often)]
    for part, shop in zip(islice(cycle(cast), count), cycle(SHOPS), strict=False):
        parcel = {} if part.scenario == "cancelled" else {"parcel": "delivered"}
        yield Part(
            part.scenario,
            shop=shop,
            params=dict(part.params) | parcel,
            outcomes=part.outcomes,
            judged_days_ago=part.judged_days_ago,
            expects_case=part.expects_case,
        )

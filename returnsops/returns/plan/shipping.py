"""Whether an exchange order can be shipped: its goods are there, and it has somewhere to go (requirement F8).

Source: netsuite.md §4.3, §5.2. Both are asked for by the policy; a person may note either and have it ordered all the
same.
"""

from collections import Counter

from returnsops.lib.money import add_up
from returnsops.returns.facts import ExchangeFacts, ReturnFacts
from returnsops.returns.plan.matching import Sale
from returnsops.returns.plan.sources import find_orders, name_of
from returnsops.returns.policy import ExchangeAddress, ExchangeStock
from returnsops.returns.problems import Problem


def find_obstacles(facts: ReturnFacts, sale: Sale, wanted: list[ExchangeFacts]) -> list[Problem]:
    return [*_too_few(facts, wanted), *_no_address(facts, sale, wanted)]


def skus_without_stock(facts: ReturnFacts, wanted: list[ExchangeFacts]) -> list[str]:
    """Of which NetSuite has not told lately how many there are."""
    return sorted({one.sku for one in _counted(facts, wanted) if one.available is None})


def address_of(facts: ReturnFacts, sale: Sale) -> str:
    """The address that the original order went to; else that of its bill. Empty: NetSuite takes the customer's own."""
    if facts.policy.exchange_address == ExchangeAddress.CUSTOMER:
        return ""
    return next((one.ship_to for one in [*find_orders(facts), sale.record] if one.ship_to), "")


def _too_few(facts: ReturnFacts, wanted: list[ExchangeFacts]) -> list[Problem]:
    counted = _counted(facts, wanted)
    needed = Counter(one.item_id for one in counted)
    found = []
    for sku in sorted({one.sku for one in counted}):
        same = [one for one in counted if one.sku == sku]
        available, need = same[0].available, needed[same[0].item_id]
        if available is not None and available < need:
            found.append(
                Problem(
                    "replacement_unavailable",
                    f"sku:{sku}",
                    f"NetSuite has {available} of {sku} to sell{_where(facts)}; this exchange needs {need}.",
                    expected=str(need),
                    found=str(available),
                    amount=add_up(one.total for one in same),
                )
            )
    return found


def _where(facts: ReturnFacts) -> str:
    place = facts.policy.exchange_location
    return f" at location {place}" if place else ""


def _counted(facts: ReturnFacts, wanted: list[ExchangeFacts]) -> list[ExchangeFacts]:
    """Those of which the stock has to be known: not where nobody asks for it, and not what a person noted."""
    if facts.policy.exchange_stock == ExchangeStock.IGNORED:
        return []
    return [
        one
        for one in wanted
        if one.keeps_stock and one.item_id and not facts.is_acknowledged("replacement_unavailable", f"sku:{one.sku}")
    ]


def _no_address(facts: ReturnFacts, sale: Sale, wanted: list[ExchangeFacts]) -> list[Problem]:
    if facts.policy.exchange_address == ExchangeAddress.CUSTOMER or address_of(facts, sale):
        return []
    original = next(iter(find_orders(facts)), sale.record)
    cause = f"{name_of(original)} shows no address of the customer's, so nobody knows where the replacement goes."
    amount = add_up(one.total for one in wanted)
    return [Problem("address_missing", f"record:{original.internal_id}", cause, amount=amount)]

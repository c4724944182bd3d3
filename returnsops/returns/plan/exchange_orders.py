"""Which orders stand for the replacements of a return: by id or name of Loop's order, never by their total (C06).

Source: loop.md §3.4, §3.7.
"""

from decimal import Decimal

from returnsops.lib.money import add_up
from returnsops.returns.facts import ExchangeFacts, RecordFacts, ReturnFacts
from returnsops.returns.policy import ExchangeForm

ENDED = ("C", "H")  # cancelled or closed: nothing of it is sent any more


def find_exchange_orders(facts: ReturnFacts) -> list[RecordFacts]:
    """Sales orders that stand for replacements of this return, by id or name of Loop's order, or because we made it."""
    return [
        order for order in facts.records_of("salesOrder") if any(_is_on(facts, one, order) for one in facts.exchanges)
    ]


def has_every_order(facts: ReturnFacts) -> bool:
    return is_native(facts) or not orders_missing(facts)


def cleared_on(facts: ReturnFacts, record: RecordFacts) -> Decimal:
    """What rows of the clearing item on an exchange's order or bill say was paid by the return (requirement C04)."""
    item = facts.policy.items.get("exchange_clearing")
    return add_up(line.amount for line in record.lines if item and line.item_id == item)


def is_native(facts: ReturnFacts) -> bool:
    """The new items are lines of the original order: the policy says so, or Loop names that very order for them."""
    if facts.policy.exchange_form == ExchangeForm.NATIVE:
        return bool(facts.exchanges)
    named = [one for one in facts.exchanges if one.ordered_as]
    return bool(named) and all(_is_original(facts, one) for one in named)


def exchange_references(exchanges: list[tuple[str, str]]) -> list[str]:
    """Under which names an exchange order may lie in NetSuite, from its (id, name) pairs in Loop."""
    texts = [text for order_id, name in exchanges for text in (order_id, name, name.lstrip("#")) if text]
    return sorted(set(texts))


def orders_for(facts: ReturnFacts, one: ExchangeFacts) -> list[RecordFacts]:
    """Orders of which this replacement is, as their names tell; more than one would send it twice."""
    standing = [order for order in find_exchange_orders(facts) if order.status not in ENDED]
    return [order for order in standing if _is_on(facts, one, order)]


def orders_missing(facts: ReturnFacts) -> list[ExchangeFacts]:
    """Replacements without an order in NetSuite. What is out of stock may come later, on an order of its own."""
    orders = find_exchange_orders(facts)
    return [one for one in facts.exchanges if not any(_is_on(facts, one, order) for order in orders)]


def _is_on(facts: ReturnFacts, one: ExchangeFacts, order: RecordFacts) -> bool:
    if _is_original(facts, one):
        return False
    made = [
        posting.their_id
        for posting in facts.postings
        if posting.kind == "exchange_order" and posting.status == "posted" and one.cover in posting.covers
    ]
    by_id = bool(one.order_id) and order.external_id == one.order_id
    by_name = bool(one.order_name) and order.other_ref_num in (one.order_name, one.order_name.lstrip("#"))
    return by_id or by_name or order.internal_id in made


def _is_original(facts: ReturnFacts, one: ExchangeFacts) -> bool:
    if one.order_id:
        return one.order_id == facts.loop.provider_order_id
    return one.order_name == facts.loop.order_name

"""Chapter 8b: the original order's number on the exchange orders that others bring (requirement F2).

Those that we create have it from the beginning (`ordering`). The field is the account's own and for nothing else, so
what somebody has entered there stays.
"""

from returnsops.returns.facts import RecordFacts, ReturnFacts
from returnsops.returns.plan.draft import Draft, PostingDue
from returnsops.returns.plan.matching import Sale
from returnsops.returns.plan.sources import find_orders
from returnsops.returns.problems import Problem

ENDED = frozenset("CH")  # of an order: cancelled or closed


def number_of_original(facts: ReturnFacts, sale: Sale) -> str:
    """Of the shop's order, where the mirror has it; else of its bill."""
    orders = find_orders(facts)
    return (orders[0] if orders else sale.record).tran_id


def write_links(draft: Draft, sale: Sale, orders: list[RecordFacts]) -> bool:
    """Gives whether every exchange order shows what it was exchanged for, as far as that is ours to write."""
    facts = draft.facts
    if not facts.policy.link_field or not facts.policy.writes("exchange_order"):
        return True
    done, taken = facts.posted_covers("exchange_link"), facts.taken_covers("exchange_link")
    bare = [one for one in orders if not one.link and one.status not in ENDED and _cover(one) not in done]
    for order in bare:
        if _cover(order) not in taken:
            draft.post(_link_due(facts, sale, order))
    return not bare


def names_no_field(draft: Draft) -> bool:
    """Rules may have been stored with a field of NetSuite's own: nothing is written there, and somebody hears of it."""
    policy = draft.facts.policy
    if not policy.exchange_link_field or policy.link_field or not policy.writes("exchange_order"):
        return False
    cause = (
        f"«{policy.exchange_link_field}» is no custom field of a transaction (custbody…), so exchange orders do not "
        "get the number of the original order."
    )
    return draft.problem(Problem("mapping_missing", "policy:exchange_link_field", cause))


def _cover(order: RecordFacts) -> str:
    return f"part:link:{order.internal_id}"


def _link_due(facts: ReturnFacts, sale: Sale, order: RecordFacts) -> PostingDue:
    return PostingDue(
        kind="exchange_link",
        system="netsuite",
        request={
            "operation": "update",
            "target_type": "salesOrder",
            "target_id": order.internal_id,
            "body": {facts.policy.link_field: number_of_original(facts, sale)},
        },
        covers=frozenset({_cover(order)}),
        serial_key=f"{facts.account_id}:{order.internal_id}",
    )

"""What the customer still waits for. Everything that leads there goes first."""

from returnsops.returns.facts import ReturnFacts
from returnsops.returns.plan.draft import Promise
from returnsops.returns.plan.exchange_orders import has_every_order


def promise_of(facts: ReturnFacts) -> Promise:
    """A promise is kept when the exchange order is in NetSuite, or when Loop has paid; the rest is for the books."""
    if facts.exchanges and not has_every_order(facts):
        return Promise.EXCHANGE
    return Promise.RESTOCK if facts.loop.settled_at else Promise.REFUND

"""Whose turn it is: promises first, then age, and nobody waits for ever.

A posting's turn is the age of its return plus an allowance: a restock of noon lets refunds of the next six hours and
exchanges of the next eight go before it, and none after that. So one column gives the order, and nothing starves.
"""

from datetime import datetime, timedelta

from returnsops.posting.models import Posting

ALLOWANCE = {
    Posting.Promise.EXCHANGE: timedelta(0),
    Posting.Promise.REFUND: timedelta(hours=2),
    Posting.Promise.RESTOCK: timedelta(hours=8),
}


def turn_at(promise: str, *, waiting_since: datetime) -> datetime:
    return waiting_since + ALLOWANCE[Posting.Promise(promise)]

"""Concurrency: every REST call counts, of whatever kind, against what the account has left (netsuite.md 7)."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.errors import Refusal

Json = dict[str, object]


def limit_of(account: Account) -> int:
    """Our share: what was reserved for the integration, or what the account has and others leave."""
    number = account.settings.number
    reserved = int(number("netsuite.integration_share"))
    return reserved or max(int(number("netsuite.concurrency") - number("netsuite.busy_elsewhere")), 0)


@contextmanager
def one_call(account: Account, *, is_write: bool) -> Iterator[None]:
    """Hold one place while the call runs, and take as long as the profile says."""
    with account.lock:
        if account.in_flight >= limit_of(account):
            raise too_many()
        account.in_flight += 1
    try:
        low, high = account.settings.span(f"netsuite.latency_s.{'write' if is_write else 'read'}")
        if high:
            time.sleep(random.uniform(low, high))
        yield
    finally:
        with account.lock:
            account.in_flight -= 1


def too_many() -> Refusal:
    return Refusal("Concurrent request limit exceeded. Request blocked.", status=429, code="CONCURRENCY_LIMIT_EXCEEDED")


def governance(account: Account) -> Json:
    """The answer of governanceLimits."""
    total = int(account.settings.number("netsuite.concurrency"))
    reserved = int(account.settings.number("netsuite.integration_share"))
    shown: Json = {
        "accountConcurrencyLimit": total,
        "accountUnallocatedConcurrencyLimit": max(total - reserved, 0),
        "integrationLimitType": "integrationSpecific" if reserved else "accountLimit",
    }
    return shown | ({"integrationConcurrencyLimit": reserved} if reserved else {})

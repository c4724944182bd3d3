"""A few people and one shop; everything else is built by the functions of `tests.builders`."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from integrations.doors import forget_doors
from integrations.models import Shop
from returnsops.people.models import Role, User
from tests.builders import make_shop, make_user
from tests.transaction_guard import TransactionGuard

# No test is timed: a busy machine must not fail one. The same examples every time, so that red means a change.
hypothesis_settings.register_profile(
    "house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.register_profile(
    "thorough",
    deadline=None,
    max_examples=5_000,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("house")

# The algorithm of production, without its price: it is dear on purpose, and tests make and check thousands.
Argon2PasswordHasher.time_cost, Argon2PasswordHasher.memory_cost, Argon2PasswordHasher.parallelism = 1, 8, 1


@pytest.fixture(scope="session")
def watches_transactions() -> Iterator[TransactionGuard]:
    with TransactionGuard().installed() as guard:
        yield guard


@pytest.fixture(autouse=True)
def no_call_in_a_transaction(watches_transactions: TransactionGuard) -> Iterator[TransactionGuard]:
    """Fails the test even if the code took the error for one of those it may swallow."""
    yield watches_transactions
    watches_transactions.fail_if_any()


@pytest.fixture(autouse=True)
def no_shop_is_remembered() -> None:
    """The web process keeps shops for seconds; tests make theirs anew."""
    forget_doors()


@pytest.fixture
def shop(db: None) -> Shop:
    """Fern, where ReturnsOps writes everything."""
    return make_shop()


@pytest.fixture
def ada(shop: Shop) -> User:
    """Works in the warehouse."""
    return make_user(Role.WAREHOUSE, shop, username="ada")


@pytest.fixture
def finn(shop: Shop) -> User:
    """Works in finance."""
    return make_user(Role.FINANCE, shop, username="finn")


@pytest.fixture
def fay(shop: Shop) -> User:
    """The second pair of eyes in finance."""
    return make_user(Role.FINANCE, shop, username="fay")


@pytest.fixture
def dana(shop: Shop) -> User:
    """Looks after SKU mappings."""
    return make_user(Role.DATA, shop, username="dana")

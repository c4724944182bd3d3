"""A few people and one shop; everything else is built by the functions of `tests.builders`."""

import gc
from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.db import connection
from django.test import TransactionTestCase, override_settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker

from integrations.doors import forget_doors
from integrations.models import Shop
from returnsops.people.models import Role, User
from tests.builders import make_shop, make_user
from tests.database import DATA_DIR
from tests.template_database import copy_template, empty_tables, remove_copy
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

# Programs and tests once loaded are hundreds of thousands of objects that stay: looking through them again and again
# for garbage is for nothing.
gc.set_threshold(100_000, 20, 100)


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-crash", action="store_true", help="play each crash with each lost answer (tests/journey)")
    parser.addoption("--stops", type=int, default=2, help="so many workers under load are stopped (tests/journey)")


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """In the place of pytest-django's own, which migrates an empty database for every process."""
    name = connection.settings_dict["TEST"]["NAME"]
    with django_db_blocker.unblock():
        copy_template(name, turns=DATA_DIR / "template")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_tables)
        yield
    with django_db_blocker.unblock():
        remove_copy(name)


@pytest.fixture(scope="session", autouse=True)
def static_files_are_looked_for_when_asked() -> Iterator[None]:
    """Else each client of a test looks at all of them first, which takes longer than its call."""
    with override_settings(WHITENOISE_AUTOREFRESH=True):
        yield


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

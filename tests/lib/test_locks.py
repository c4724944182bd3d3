"""A turn is held by one, and let go of at once by whoever ends."""

import time
from collections.abc import Iterator

import psycopg
import pytest
from django.db import OperationalError, connection
from django_q.models import OrmQ

from returnsops.lib.locks import _number_of, try_lock
from returnsops.lib.nudge import nudge

WORDS = ("turn", "sweep")
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def other() -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Somebody else at the same database."""
    params = {key: connection.get_connection_params()[key] for key in ("host", "user", "dbname")}
    with psycopg.connect(**params, autocommit=True) as there:
        yield there


def can_take(other: psycopg.Connection[tuple[object, ...]]) -> bool:
    found = other.execute("SELECT pg_try_advisory_lock(%s)", [_number_of(WORDS)]).fetchone()
    assert found
    return bool(found[0])


def test_lock_is_held_by_one_also_within_a_process_and_given_back(
    other: psycopg.Connection[tuple[object, ...]],
) -> None:
    with try_lock(*WORDS) as first, try_lock(*WORDS) as second:
        assert (first, second) == (True, False)
        assert not can_take(other)

    assert can_take(other)
    with try_lock(*WORDS) as again:
        assert not again


def test_lock_of_who_dies_is_free_at_once(other: psycopg.Connection[tuple[object, ...]]) -> None:
    assert can_take(other)
    other.close()

    with try_lock(*WORDS) as is_ours:
        assert is_ours


def test_lock_is_free_when_the_database_went_away_meanwhile(other: psycopg.Connection[tuple[object, ...]]) -> None:
    with pytest.raises(OperationalError):
        _lose_the_database_while_we_hold_it(other)

    assert can_take(other)
    connection.close()


def _lose_the_database_while_we_hold_it(other: psycopg.Connection[tuple[object, ...]]) -> None:
    with try_lock(*WORDS) as is_ours:
        assert is_ours
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
        connection.cursor().execute("SELECT 1")


def test_lock_outlives_a_nudge_by_a_connection_past_its_age(other: psycopg.Connection[tuple[object, ...]]) -> None:
    with try_lock(*WORDS) as is_ours:
        connection.close_at = time.monotonic() - 1
        nudge("plans")
        assert (is_ours, can_take(other)) == (True, False)

    assert OrmQ.objects.count() == 1
    assert can_take(other)


def test_lock_that_was_lost_meanwhile_is_told(
    other: psycopg.Connection[tuple[object, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    with try_lock(*WORDS):
        connection.close()
        other.execute("SET lock_timeout = '5s'")
        other.execute("SELECT pg_advisory_lock(%s)", [_number_of(WORDS)])  # the server may take a moment to see us go

    assert "«turn sweep» was lost" in caplog.text

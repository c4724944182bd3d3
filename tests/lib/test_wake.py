"""An alarm wakes by messages of the database and by threads, and says like any query when the database is away."""

from collections.abc import Iterator
from contextlib import closing
from threading import Timer

import psycopg
import pytest
from django.db import InterfaceError, OperationalError, connection

from returnsops.lib.wake import Alarm

LONG_S = 20.0
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def alarm() -> Iterator[Alarm]:
    with closing(Alarm("bells")) as one:
        yield one


@pytest.fixture
def other() -> Iterator[psycopg.Cursor[tuple[object, ...]]]:
    """Somebody else at the same database."""
    params = {key: connection.get_connection_params()[key] for key in ("host", "user", "dbname")}
    with psycopg.connect(**params, autocommit=True) as there:
        yield there.cursor()


def own_backend() -> int:
    connection.ensure_connection()
    return int(connection.connection.info.backend_pid)


def test_message_wakes_who_waits(alarm: Alarm, other: psycopg.Cursor[tuple[object, ...]]) -> None:
    alarm.wait(0.0)

    other.execute("SELECT pg_notify('bells', 'seven')")

    assert alarm.wait(LONG_S) == {("bells", "seven")}


def test_thread_wakes_who_waits(alarm: Alarm) -> None:
    Timer(0.05, alarm.ring).start()

    assert alarm.wait(LONG_S) == set()


def test_database_that_goes_away_is_told_as_by_a_query_and_heard_again_when_it_is_back(
    alarm: Alarm, other: psycopg.Cursor[tuple[object, ...]]
) -> None:
    alarm.wait(0.0)
    other.execute("SELECT pg_terminate_backend(%s, 5000)", [own_backend()])

    with pytest.raises((OperationalError, InterfaceError)):
        alarm.wait(LONG_S)

    connection.close()
    alarm.wait(0.0)
    other.execute("SELECT pg_notify('bells', 'again')")
    assert alarm.wait(LONG_S) == {("bells", "again")}


def test_connection_that_is_closed_already_is_told_the_same_way(alarm: Alarm) -> None:
    alarm.wait(0.0)
    connection.connection.close()

    with pytest.raises((OperationalError, InterfaceError)):
        alarm.wait(LONG_S)

    connection.close()
    assert alarm.wait(0.0) == set()

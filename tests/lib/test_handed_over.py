"""A database that only reads is away for whoever writes; what is a fault of ours stays one."""

from collections.abc import Iterator

import pytest
from django.db import InternalError, OperationalError, connection

from returnsops.lib.nudge import nudge

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def handed_over() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    yield
    connection.close()


@pytest.mark.usefixtures("handed_over")
def test_write_says_that_the_database_is_away() -> None:
    with pytest.raises(OperationalError, match="read-only"):
        nudge("doubts", 7)


@pytest.mark.usefixtures("handed_over")
def test_connection_that_is_new_writes_again() -> None:
    connection.close()

    nudge("doubts", 7)


def test_fault_of_ours_is_no_database_that_is_away() -> None:
    with pytest.raises(InternalError), connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE internal_error; END $$")


def test_connection_is_watched_once_however_often_it_is_made() -> None:
    connection.ensure_connection()
    connection.close()
    connection.ensure_connection()

    assert [one.__name__ for one in connection.execute_wrappers] == ["tell_as_away"]

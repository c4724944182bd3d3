"""In which clock SuiteQL keeps its times."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from integrations.errors import ConfigurationError, RejectedError
from integrations.netsuite import suiteql
from integrations.netsuite.database_clock import DatabaseClock
from integrations.netsuite.options import AccountOptions
from integrations.netsuite.parsing import parse_transaction
from integrations.netsuite.records import TransactionRecord

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
CHANGED = datetime(2026, 11, 21, 17, 0, 5, tzinfo=UTC)
PACIFIC = timedelta(hours=-8)


class Account:
    """Two clocks and one record; counts how often it is asked."""

    def __init__(self, *, sysdate: datetime, lastmod: datetime | None, readable: bool = True) -> None:
        self.sysdate, self.lastmod, self.readable = sysdate, lastmod, readable
        self.asked = 0

    def query(self, sql: str, params: Sequence[str] = ()) -> Iterator[dict[str, str]]:
        self.asked += 1
        if sql == suiteql.DATABASE_TIME:
            return iter([{"now": f"{self.sysdate:%Y-%m-%dT%H:%M:%S}"}])
        row = {"id": "7", "type": "CustCred", "lastmod": f"{self.lastmod:%Y-%m-%dT%H:%M:%S}"} if self.lastmod else {}
        return iter([row] if row else [])

    def get_record(self, record_type: str, internal_id: str) -> TransactionRecord | None:
        if not self.readable:
            raise RejectedError(system="netsuite", operation="get", detail="Permission Violation", family="permission")
        body = {"id": internal_id, "lastModifiedDate": f"{CHANGED:%Y-%m-%dT%H:%M:%SZ}"}
        return parse_transaction(body, record_type=record_type)

    def server_time(self) -> datetime:
        return NOW


def offset_of(account: Account) -> timedelta:
    return DatabaseClock(account, AccountOptions()).offset()


@pytest.mark.parametrize(
    ("sysdate", "lastmod", "expected"),
    [
        (NOW + PACIFIC, CHANGED + PACIFIC, PACIFIC),
        (
            NOW + timedelta(hours=5, minutes=30),
            CHANGED + timedelta(hours=5, minutes=30),
            timedelta(hours=5, minutes=30),
        ),
        # The clock runs five hours ahead of the server's, the records do not.
        (NOW + timedelta(hours=5), CHANGED, timedelta(0)),
        (NOW + timedelta(days=40), CHANGED + PACIFIC, PACIFIC),
        # The record is from summer.
        (NOW + PACIFIC, CHANGED + timedelta(hours=-7), PACIFIC),
        # Nothing to compare by, or a record that changed between the two readings.
        (NOW + PACIFIC, None, PACIFIC),
        (NOW + PACIFIC, CHANGED + timedelta(minutes=-97), PACIFIC),
    ],
)
def test_difference_is_read_off_a_record_before_the_clocks(
    sysdate: datetime, lastmod: datetime | None, expected: timedelta
) -> None:
    assert offset_of(Account(sysdate=sysdate, lastmod=lastmod)) == expected


def test_record_the_role_may_not_read_says_nothing() -> None:
    assert offset_of(Account(sysdate=NOW + PACIFIC, lastmod=CHANGED, readable=False)) == PACIFIC


def test_difference_that_no_zone_explains_is_not_believed() -> None:
    with pytest.raises(ConfigurationError, match="enter its zone"):
        offset_of(Account(sysdate=NOW + timedelta(days=2), lastmod=None))


def test_difference_is_measured_once_in_a_while() -> None:
    account = Account(sysdate=NOW, lastmod=None)
    clock = DatabaseClock(account, AccountOptions())

    assert clock.from_database("2026-11-22T08:00:00") == NOW
    assert clock.to_database(NOW) == "2026-11-22 08:00:00"
    assert account.asked == 2


def in_zone(name: str) -> tuple[DatabaseClock, Account]:
    account = Account(sysdate=NOW, lastmod=None)
    return DatabaseClock(account, AccountOptions(database_time_zone=name)), account


@pytest.mark.parametrize(
    ("shown", "moment"),
    [
        ("2026-11-22T00:00:00", NOW),
        ("2026-07-01T00:00:00", datetime(2026, 7, 1, 7, tzinfo=UTC)),  # summer time
    ],
)
def test_zone_from_the_settings_knows_summer_and_is_not_measured(shown: str, moment: datetime) -> None:
    clock, account = in_zone("America/Los_Angeles")

    assert clock.from_database(shown) == moment
    assert clock.to_database(moment) == shown.replace("T", " ")
    assert account.asked == 0


def test_hour_that_comes_twice_hides_nothing() -> None:
    clock, _ = in_zone("America/Los_Angeles")
    summer_ends = datetime(2026, 11, 1, 9, tzinfo=UTC)

    for minutes in range(-120, 121, 10):
        since = summer_ends + timedelta(minutes=minutes)
        asked = clock.to_database(since)
        for later in range(0, 181, 10):
            changed = (since + timedelta(minutes=later)).astimezone(clock._zone)
            assert f"{changed:%Y-%m-%d %H:%M:%S}" >= asked


def test_zone_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="is not a time zone"):
        in_zone("Pacific Time")

"""The clock behind SuiteQL. NetSuite does not say in which zone it keeps times (netsuite.md §5.1, §13 U5).

A zone from the settings is exact, changes of summer time included. Without one the difference to UTC is measured.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from integrations.errors import ConfigurationError, RejectedError, TemporaryError
from integrations.netsuite import suiteql
from integrations.netsuite.options import AccountOptions
from integrations.netsuite.records import TransactionRecord

# Shorter than the overlap of a watermark: what is missed in the first minutes of winter time is read once more.
OFFSET_VALID_S = 600.0
OFFSET_STEP = timedelta(minutes=15)
OFFSET_MAX = timedelta(hours=14)
HOUR = timedelta(hours=1)

SHOWN_FORMAT = "%Y-%m-%dT%H:%M:%S"
ASKED_FORMAT = "%Y-%m-%d %H:%M:%S"


class Calls(Protocol):
    def query(self, sql: str, params: Sequence[str] = ()) -> Iterator[dict[str, str]]: ...

    def get_record(self, record_type: str, internal_id: str) -> TransactionRecord | None: ...

    def server_time(self) -> datetime: ...


class DatabaseClock:
    def __init__(self, calls: Calls, options: AccountOptions) -> None:
        self._calls = calls
        self._zone = read_zone(options.database_time_zone)
        self._given = options.database_utc_offset
        self._measured = timedelta(0)
        self._valid_until = 0.0
        self._lock = threading.Lock()

    def to_database(self, moment: datetime) -> str:
        """A moment as the database writes it, or an hour earlier where winter time is near: its hour comes twice."""
        if self._zone is None:
            return f"{moment.astimezone(UTC) + self.offset():{ASKED_FORMAT}}"
        local, later = moment.astimezone(self._zone), (moment + 2 * HOUR).astimezone(self._zone)
        comes_twice = (later.utcoffset() or timedelta(0)) < (local.utcoffset() or timedelta(0))
        return f"{local - HOUR if comes_twice else local:{ASKED_FORMAT}}"

    def from_database(self, text: str | None) -> datetime | None:
        """Aware UTC. Raises UnreadableRecordError for what is no time."""
        if not text:
            return None
        shown = read_shown(text)
        if self._zone:
            return shown.replace(tzinfo=self._zone).astimezone(UTC)
        return shown.replace(tzinfo=UTC) - self.offset()

    def offset(self) -> timedelta:
        """What the clock shows minus UTC, now."""
        if self._given is not None:
            return self._given
        with self._lock:
            if time.monotonic() >= self._valid_until:
                self._measured = self._measure()
                self._valid_until = time.monotonic() + OFFSET_VALID_S
            return self._measured

    def _measure(self) -> timedelta:
        """By one record, told both by SuiteQL and in UTC; by the two clocks where there is none.

        Clocks may disagree for other reasons than their zone, a record cannot. But it may be from the other half of the
        year: when both ways differ by an hour, the clocks are right.
        """
        by_record = self._difference_of_record()
        by_clocks = self._difference_of_clocks()
        if by_record is None or abs(by_clocks - by_record) == HOUR:
            return _plausible(by_clocks)
        return _plausible(by_record)

    def _difference_of_record(self) -> timedelta | None:
        codes = list(suiteql.RECORD_TYPES)
        rows = list(self._calls.query(suiteql.NEWEST.format(types=suiteql.placeholders(codes)), codes))
        if not rows or not rows[0].get("lastmod"):
            return None
        row = rows[0]
        try:
            record = self._calls.get_record(suiteql.RECORD_TYPES[row["type"]], row["id"])
        except RejectedError:  # the role may not read this kind of record, which says nothing about the clock
            return None
        if record is None or record.last_modified is None:
            return None
        difference = read_shown(row["lastmod"]).replace(tzinfo=UTC) - record.last_modified
        step = _to_step(difference)
        # A record that changed between the two readings differs by some odd minutes.
        return step if abs(difference - step) < timedelta(minutes=2) and abs(step) <= OFFSET_MAX else None

    def _difference_of_clocks(self) -> timedelta:
        rows = list(self._calls.query(suiteql.DATABASE_TIME))
        shown = rows[0].get("now") if rows else None
        if shown is None:
            detail = "the database does not tell its time"
            raise TemporaryError(system="netsuite", operation="measure clock offset", detail=detail)
        return _to_step(read_shown(shown).replace(tzinfo=UTC) - self._calls.server_time())


def read_zone(name: str) -> ZoneInfo | None:
    """Raises ConfigurationError for a name that is no time zone."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        detail = f"«{name}» is not a time zone; give a name such as America/Los_Angeles, or leave it empty"
        raise ConfigurationError(system="netsuite", operation="read options", detail=detail) from error


def read_shown(text: str) -> datetime:
    """A time as we ask the database to write it, without a zone. Raises UnreadableRecordError."""
    try:
        return datetime.strptime(text, SHOWN_FORMAT)  # noqa: DTZ007
    except ValueError as error:
        raise suiteql.unreadable_row(str(error)) from error


def _to_step(difference: timedelta) -> timedelta:
    return round(difference / OFFSET_STEP) * OFFSET_STEP


def _plausible(offset: timedelta) -> timedelta:
    if abs(offset) <= OFFSET_MAX:
        return offset
    detail = (
        f"the database's clock differs from UTC by {offset}, which no time zone does; enter its zone in the account"
    )
    raise ConfigurationError(system="netsuite", operation="measure clock offset", detail=detail)

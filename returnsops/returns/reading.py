"""Reading many records of an account: several at a time, each thread on a lane of its own."""

import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from django.db import connections

from integrations.connections import netsuite_client
from integrations.errors import ConfigurationError, IntegrationError, RejectedError, TemporaryError
from integrations.models import NetSuiteAccount
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.lanes import share_lane
from integrations.netsuite.records import TransactionRecord

READERS = 6
EACH_MIN = 8  # a reader opens a connection to the database, which costs as much as several records
ALONE_MAX = 8  # so few are read in turn: threads would cost more than they save
FOR_S = 20.0  # of all that is asked for at once: a task has 90 s, and what was read has to be written
BROKEN_MAX = 2  # a record that NetSuite cannot show by a fault of its own tells of itself; two in a row, of NetSuite

Name = tuple[str, str]  # record type and internal id
Failures = dict[Name, IntegrationError]


@dataclass
class Reading:
    """What NetSuite said of each, None where it has none of that type and id; and what could not be read.

    unasked: those of the failed that were not asked for any more, since another's failure stopped the reading.
    """

    read: dict[Name, TransactionRecord | None] = field(default_factory=dict)
    failed: Failures = field(default_factory=dict)
    unasked: set[Name] = field(default_factory=set)
    stopped_by: IntegrationError | None = None

    @property
    def records(self) -> list[TransactionRecord]:
        return [record for record in self.read.values() if record]

    @property
    def missed(self) -> list[Name]:
        return [name for name, record in self.read.items() if record is None]

    @property
    def passing(self) -> list[IntegrationError]:
        """What is worth another try: a connection that fails, not a record that cannot be read."""
        return [error for error in self.failed.values() if not isinstance(error, RejectedError)]

    @property
    def shows_connection(self) -> bool:
        """Whether what failed is the fault of single records: others were answered, or nothing stopped the reading."""
        return self.stopped_by is None or bool(self.read) or len(self.passing) < len(self.failed)

    @property
    def may_ask_on(self) -> bool:
        """Whether it can be asked what is gone: it also can where only some records are not shown, between others."""
        return self.stopped_by is None or (bool(self.records) and may_be_of_one(self.stopped_by))

    def raise_failure(self) -> None:
        """Unless the connection works; a wrong secret or too many calls at once are told in any case."""
        error = self.stopped_by
        if error and (not self.shows_connection or isinstance(error, ConfigurationError) or error.status == 429):
            raise error

    def leave_missed(self) -> None:
        """As if those that were not there had not been asked for."""
        assert self.stopped_by, "else there is no need to"
        for name in self.missed:
            del self.read[name]
            self.failed[name] = self.stopped_by
            self.unasked.add(name)


@dataclass
class _Brake:
    """Shared by all threads of a reading: when the connection fails, none of them goes on."""

    until: float  # monotonic
    known_broken: Collection[Name] = ()
    broken: int = 0
    error: IntegrationError | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def stops(self) -> IntegrationError | None:
        """Why nothing more is to be asked for."""
        if self.error is None and time.monotonic() > self.until:
            detail = f"There was no time for all of it within {FOR_S:.0f} s; the rest is asked for next."
            self.error = TemporaryError(operation="read records", detail=detail)
        return self.error

    def note_answer(self) -> None:
        with self.lock:
            self.broken = 0

    def note_failure(self, name: Name, error: IntegrationError) -> None:
        if name in self.known_broken and may_be_of_one(error):
            return
        with self.lock:
            self.broken += 1
            if self.error is None and (not may_be_of_one(error) or self.broken >= BROKEN_MAX):
                self.error = error


def may_be_of_one(error: IntegrationError) -> bool:
    return not isinstance(error, ConfigurationError) and (error.status or 0) >= 500


def no_matter() -> None:
    """For those whom nobody watches."""


def read_records(
    account: NetSuiteAccount,
    names: Collection[Name],
    *,
    known_broken: Collection[Name] = (),
    show_life: Callable[[], None] = no_matter,
) -> Reading:
    """Each once, the first ones first. One that cannot be read keeps no other from being read; a connection that fails
    stops all, so that it costs one time-out. What there is no time for within `FOR_S` is left as not asked for.

    known_broken: that NetSuite fails to show one of these is no news, and says nothing of the connection.
    show_life: called after every answer, by any thread.
    Raises ConfigurationError when there is no client for this account. Threads do nothing but calls.
    """
    client, brake = netsuite_client(account), _Brake(time.monotonic() + FOR_S, known_broken)
    asked = deque(dict.fromkeys(names))

    def read() -> Reading:
        return _read_in_turn(account, client, asked, brake=brake, show_life=show_life)

    if len(asked) <= ALONE_MAX:
        return read()
    readers = min(READERS, -(-len(asked) // EACH_MIN))
    with ThreadPoolExecutor(readers, thread_name_prefix="read") as pool:
        parts = [one.result() for one in [pool.submit(_read_in_thread, read) for _ in range(readers)]]
    whole = Reading(stopped_by=brake.error)
    for part in parts:
        whole.read |= part.read
        whole.failed |= part.failed
        whole.unasked |= part.unasked
    return whole


def _read_in_thread(read: Callable[[], Reading]) -> Reading:
    """Holding a lane takes a connection to the database, which must not outlive the thread."""
    try:
        return read()
    finally:
        connections.close_all()


def _read_in_turn(
    account: NetSuiteAccount,
    client: NetSuiteClient,
    asked: deque[Name],
    *,
    brake: _Brake,
    show_life: Callable[[], None],
) -> Reading:
    reading = Reading()
    with share_lane(account.pk):
        for name in _one_by_one(asked):
            if stopped_by := brake.stops():
                reading.failed[name] = stopped_by
                reading.unasked.add(name)
                continue
            try:
                reading.read[name] = client.get_record(*name)
                brake.note_answer()
            except RejectedError as error:
                reading.failed[name] = error
                brake.note_answer()
            except IntegrationError as error:
                reading.failed[name] = error
                brake.note_failure(name, error)
            show_life()
    reading.stopped_by = brake.error
    return reading


def _one_by_one(asked: deque[Name]) -> Iterator[Name]:
    """Whoever is free takes the next: one slow answer holds up nothing else."""
    while True:
        try:
            name = asked.popleft()
        except IndexError:
            return
        yield name

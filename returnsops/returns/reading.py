"""Reading many records of an account: several at a time, each thread on a lane of its own."""

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from django.db import connections

from integrations.connections import netsuite_client
from integrations.errors import IntegrationError, RejectedError
from integrations.models import NetSuiteAccount
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.lanes import share_lane
from integrations.netsuite.records import TransactionRecord

READERS = 6
ALONE_MAX = 6  # so few are read in turn: threads would cost more than they save

Name = tuple[str, str]  # record type and internal id
Failures = dict[Name, IntegrationError]


@dataclass
class Reading:
    """What NetSuite said of each, None where it has none of that type and id; and what could not be read."""

    read: dict[Name, TransactionRecord | None] = field(default_factory=dict)
    failed: Failures = field(default_factory=dict)

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


def read_records(account: NetSuiteAccount, names: Collection[Name]) -> Reading:
    """Each once, the first ones first. One that cannot be read keeps no other from being read.

    Raises ConfigurationError when there is no client for this account. Threads do nothing but calls.
    """
    client = netsuite_client(account)
    asked = list(dict.fromkeys(names))
    if len(asked) <= ALONE_MAX:
        return _read_in_turn(account, client, asked)
    slices = [asked[start::READERS] for start in range(min(READERS, len(asked)))]
    with ThreadPoolExecutor(len(slices), thread_name_prefix="read") as pool:
        parts = list(pool.map(lambda part: _read_in_thread(account, client, part), slices))
    whole = Reading()
    for part in parts:
        whole.read |= part.read
        whole.failed |= part.failed
    return whole


def _read_in_thread(account: NetSuiteAccount, client: NetSuiteClient, names: list[Name]) -> Reading:
    """Holding a lane takes a connection to the database, which must not outlive the thread."""
    try:
        return _read_in_turn(account, client, names)
    finally:
        connections.close_all()


def _read_in_turn(account: NetSuiteAccount, client: NetSuiteClient, names: list[Name]) -> Reading:
    reading = Reading()
    with share_lane(account.pk):
        for name in names:
            try:
                reading.read[name] = client.get_record(*name)
            except IntegrationError as error:
                reading.failed[name] = error
    return reading

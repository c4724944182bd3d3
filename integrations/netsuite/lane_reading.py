"""One lane for one read: the rules of the book in as few statements as it takes, since reads are many."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Self

from django.conf import settings
from django.db import connection
from django.db.models import F

from integrations.models import LaneLimit
from integrations.netsuite.lane_book import hours_told, kept_for_reading, open_book
from integrations.netsuite.lane_hours import hours_at
from integrations.netsuite.lane_limit import usable

# One free lane, if there is one for reading: of those kept for it, or of those that senders do not want.
TAKE_TO_READ = """
    UPDATE integrations_lane AS lane
    SET leased_by = %(holder)s, leased_until = clock_timestamp() + %(lease)s, for_reading = true
    FROM (
        SELECT id, leased_by FROM integrations_lane
        WHERE account_id = %(account)s AND (leased_until IS NULL OR leased_until <= clock_timestamp())
        ORDER BY number LIMIT 1
    ) AS free, (
        SELECT count(*) AS busy, count(*) FILTER (WHERE for_reading) AS reading FROM integrations_lane
        WHERE account_id = %(account)s AND leased_until > clock_timestamp()
    ) AS used, (
        SELECT COALESCE(sum(wanted), 0) AS wanted FROM integrations_lanedemand
        WHERE account_id = %(account)s AND NOT for_reading AND until > clock_timestamp()
    ) AS senders
    WHERE lane.id = free.id AND used.busy < %(allowed)s
      AND used.reading < GREATEST(%(kept)s, %(allowed)s - senders.wanted)
    RETURNING free.leased_by <> ''
"""

# What says how many may be leased for reading. A lease that a crash of the database forgets is taken again, and who
# asks for one asks again: nobody waits for the disk.
RULES = """
    SELECT set_config('synchronous_commit', 'off', true), lim.count, lim.kept_for_reading, lim.held_to,
           lim.grows_at <= clock_timestamp(), clock_timestamp(), account.time_zone, ARRAY(
               SELECT json_build_object('weekdays', weekdays, 'starts', starts, 'ends', ends, 'lanes', lanes)
               FROM integrations_lanehours WHERE account_id = lim.account_id) {more}
    FROM integrations_lanelimit lim JOIN integrations_netsuiteaccount account ON account.id = lim.account_id
    WHERE lim.account_id = %s {lock}
"""
# The lock of `open_book` with no more than this needs: reads are many.
LOCK_TO_READ = RULES.format(more="", lock="FOR NO KEY UPDATE OF lim")
# Who waits looks often, and locks only what it may well get.
LOOK_TO_READ = RULES.format(
    more="""
        , (SELECT count(*) FROM integrations_lane
           WHERE account_id = lim.account_id AND leased_until > clock_timestamp()),
        (SELECT count(*) FROM integrations_lane
         WHERE account_id = lim.account_id AND leased_until > clock_timestamp() AND for_reading),
        (SELECT COALESCE(sum(wanted), 0) FROM integrations_lanedemand
         WHERE account_id = lim.account_id AND NOT for_reading AND until > clock_timestamp())
    """,
    lock="",
)
ASK_TO_READ = """
    INSERT INTO integrations_lanedemand (account_id, holder, for_reading, wanted, until)
    SELECT %(account)s, %(holder)s, true, 1, clock_timestamp() + %(lease)s
    FROM (SELECT set_config('synchronous_commit', 'off', true)) AS lazily
    ON CONFLICT (account_id, holder) DO UPDATE SET until = EXCLUDED.until
"""
GIVE_BACK = """
    UPDATE integrations_lane SET leased_by = '', leased_until = NULL
    FROM (SELECT set_config('synchronous_commit', 'off', true)) AS lazily
    WHERE account_id = %s AND leased_by = %s
"""


class Rules(NamedTuple):
    """The columns of RULES. may_grow: NetSuite refused calls as too many, a while ago; one more may be tried."""

    lanes: int
    kept: int
    held_to: int | None
    may_grow: bool | None
    now: datetime
    time_zone: str
    hours: list[dict[str, Any]]

    @classmethod
    def of(cls, row: Sequence[Any]) -> Self:
        return cls(*row[1 : 1 + len(cls._fields)])

    def for_reading(self, account_pk: int) -> tuple[int, int]:
        """How many lanes may be used, and how many of them are kept for reading."""
        limit = LaneLimit(account_id=account_pk, count=self.lanes, kept_for_reading=self.kept, held_to=self.held_to)
        row = hours_at(self.now, map(hours_told, self.hours), time_zone=self.time_zone)
        allowed = usable(limit, row.lanes if row else self.lanes)
        return allowed, kept_for_reading(limit, allowed=allowed, now=self.now)


def take_to_read(account_pk: int, holder: str) -> bool:
    """Lease one lane for reading, if there is one to be had. In a transaction, which holds the lanes still."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_TO_READ, [account_pk])
        locked = cursor.fetchone()
        if locked is None or Rules.of(locked).may_grow:
            with open_book(account_pk):  # which makes the lanes of an account that never had any, and more of them
                cursor.execute(LOCK_TO_READ, [account_pk])
            locked = cursor.fetchone()
        allowed, kept = Rules.of(locked).for_reading(account_pk)
        values: dict[str, Any] = {
            "account": account_pk,
            "holder": holder,
            "lease": settings.LANE_LEASE,
            "allowed": allowed,
            "kept": kept,
        }
        cursor.execute(TAKE_TO_READ, values)
        taken = cursor.fetchone()
    if taken and taken[0]:
        LaneLimit.objects.filter(pk=account_pk).update(abandoned=F("abandoned") + 1)
    return taken is not None


def may_take_to_read(account_pk: int) -> bool:
    """Whether there seems to be one just now. Nothing is held: another may be faster."""
    with connection.cursor() as cursor:
        cursor.execute(LOOK_TO_READ, [account_pk])
        found = cursor.fetchone()
    if found is None or Rules.of(found).may_grow:
        return True
    allowed, kept = Rules.of(found).for_reading(account_pk)
    busy, reading, wanted = found[-3:]
    return bool(busy < allowed and reading < max(kept, allowed - wanted))


def ask_to_read(account_pk: int, holder: str) -> None:
    """Say that somebody waits to read, for as long as a lease: senders leave it what is kept for that."""
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"account": account_pk, "holder": holder, "lease": settings.LANE_LEASE}
        cursor.execute(ASK_TO_READ, values)


def give_back(account_pk: int, holder: str) -> None:
    """Everything that this holder has."""
    with connection.cursor() as cursor:
        cursor.execute(GIVE_BACK, [account_pk, holder])

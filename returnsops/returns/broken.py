"""Reading on past records that NetSuite fails to show, and noting what came of it.

Several of them side by side look like an outage. So others that it has shown before are asked for: when it answers
those, the fault is of the records, and the rest is read as if nothing had been.
"""

import logging
from collections.abc import Callable, Collection

from integrations.errors import RejectedError
from integrations.models import NetSuiteAccount
from returnsops.returns.known_records import NEVER_READ
from returnsops.returns.models import NetSuiteRecord
from returnsops.returns.reading import Name, Reading, may_be_of_one, no_matter, read_records
from returnsops.returns.unreadable import forget_read, note_refusal, set_aside_broken

logger = logging.getLogger(__name__)

WITNESSES = 2


def read_past_broken(
    account: NetSuiteAccount,
    names: Collection[Name],
    *,
    known_broken: Collection[Name],
    show_life: Callable[[], None] = no_matter,
) -> Reading:
    """Like `read_records`; but what stops the reading is the connection, never records that cannot be shown."""
    reading = read_records(account, names, known_broken=known_broken, show_life=show_life)
    error = reading.stopped_by
    if error is None or not may_be_of_one(error) or not _is_answered(account, reading):
        return reading
    rest = reading.unasked
    others = read_records(account, [name for name in names if name in rest], known_broken=rest, show_life=show_life)
    asked = {name: failure for name, failure in reading.failed.items() if name not in rest}
    return Reading(reading.read | others.read, asked | others.failed, others.unasked, others.stopped_by)


def _is_answered(account: NetSuiteAccount, reading: Reading) -> bool:
    """Where nothing else was ever read, it is enough that nothing else was to be read now."""
    read_before = NetSuiteRecord.objects.filter(account=account, gone_at=None).exclude(kept_digest="")
    others = read_before.exclude(internal_id__in=[one for _, one in reading.failed]).exclude(record_type__in=NEVER_READ)
    names = list(others.order_by("-fetched_at", "-pk").values_list("record_type", "internal_id")[:WITNESSES])
    if not names:
        return not reading.unasked
    told = read_records(account, names)
    return bool(told.read) or len(told.passing) < len(told.failed)


def note_outcome(account: NetSuiteAccount, reading: Reading) -> bool:
    """One that we may not read, or that NetSuite cannot show, keeps no other from being read.

    Gives whether nothing that failed is worth waiting for. Raises when the connection fails.
    """
    for name, error in reading.failed.items():
        if isinstance(error, RejectedError):
            logger.warning("%s %s of %s cannot be read: %s", *name, account, error)
            note_refusal(account, name, error)
    forget_read(account, reading)
    given_up = set_aside_broken(account, reading)
    waited_for = {name for name, error in reading.failed.items() if not isinstance(error, RejectedError)} - given_up
    if waited_for:
        reading.raise_failure()
    return not waited_for

"""What of a NetSuite account could not be read, and why: kept until it was read, and a case as long (`progress`).

A no about one record is noted under its name. A right that is missing hides or refuses a whole kind, and is noted once
for the kind; once it is back, what was hidden meanwhile is asked for at once. A record that NetSuite fails to show,
while it answers everything else, is set aside after a few tries: nothing waits for it any more, and it is asked for
again every hour.
"""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from integrations.errors import IntegrationError, RejectedError
from integrations.models import NetSuiteAccount, SyncCursor, UnreadRecord
from returnsops.lib.locks import lock_until_commit
from returnsops.returns.mirror import hint_records
from returnsops.returns.models import LoopReturn
from returnsops.returns.reading import Failures, Name, Reading
from returnsops.returns.streams import main_stream

NOTED_MAX = 200  # of each sort
REASON_CHARS_MAX = 300
BROKEN_TRIES = 3  # then it is set aside
PERMISSION = "permission"  # the family of a refusal for want of a right
CHANGES, FAMILIES = "what changed", "what belongs to returns"  # queries over the whole account
HIDDEN = "NetSuite says that one of them does not exist, and shows no others of its kind either."
NO_REASON = "NetSuite gives no reason."


def missing_rights(account: NetSuiteAccount) -> QuerySet[UnreadRecord]:
    """Kinds of records and queries."""
    return account.unread.filter(lacks_right=True).order_by("name")


def unreadable_records(account: NetSuiteAccount) -> QuerySet[UnreadRecord]:
    """Single records, and queries that are refused for another reason. What is only tried again is not among them."""
    return account.unread.filter(lacks_right=False, reason__gt="").order_by("name")


def noted_names(account: NetSuiteAccount) -> list[Name]:
    """The single records that could not be read."""
    names = unreadable_records(account).exclude(name=CHANGES).values_list("name", flat=True)
    parts = [name.split(" ") for name in names]
    return [(kind, internal_id) for kind, internal_id in (part for part in parts if len(part) == 2)]


def lacks_right(error: RejectedError) -> bool:
    return error.family == PERMISSION or error.status == 403


def note_refusal(account: NetSuiteAccount, name: Name, error: RejectedError) -> None:
    if lacks_right(error):
        note_missing_right(account, name[0], error.detail)
    else:
        note_unreadable(account, _key(name), error)


def note_missing_right(account: NetSuiteAccount, what: str, why: str) -> None:
    """what: a record type, or one of the queries above."""
    _note(account, what, why, lacks_right=True)


def note_unreadable(account: NetSuiteAccount, name: str, error: IntegrationError) -> bool:
    """Gives whether it is noted: where too much is noted already, nobody would ask for it again."""
    return _note(account, name, error.detail, lacks_right=False)


@transaction.atomic
def _note(account: NetSuiteAccount, name: str, why: str, *, lacks_right: bool) -> bool:
    _take_turn(account)
    noted = missing_rights(account) if lacks_right else unreadable_records(account)
    if not _has_room(noted, name):
        return False
    values = {"reason": (why or NO_REASON)[:REASON_CHARS_MAX], "lacks_right": lacks_right}
    UnreadRecord.objects.update_or_create(account=account, name=name, defaults=values)
    return True


def set_aside_broken(account: NetSuiteAccount, reading: Reading) -> set[Name]:
    """Count what NetSuite failed to show by a fault of its own. Gives what nothing waits for any more.

    While nothing else is answered either, it is an outage, and no fault of single records.
    """
    if not reading.shows_connection:
        return set()
    asked = {name: error for name, error in reading.failed.items() if name not in reading.unasked}
    broken = {name: error for name, error in asked.items() if _is_broken(error)}
    tired_of = [name for name in broken if _count_try(account, _key(name)) >= BROKEN_TRIES]
    return {name for name in tired_of if note_unreadable(account, _key(name), broken[name])}


def note_not_shown(account: NetSuiteAccount, failed: Failures) -> None:
    """Single records that somebody waits for, of a NetSuite that answers."""
    for name, error in failed.items():
        if isinstance(error, RejectedError):
            note_refusal(account, name, error)
    set_aside_broken(account, Reading(failed=failed))


@transaction.atomic
def _count_try(account: NetSuiteAccount, name: str) -> int:
    _take_turn(account)
    if not _has_room(account.unread.filter(reason=""), name):
        return 0
    row, _ = UnreadRecord.objects.get_or_create(account=account, name=name)
    UnreadRecord.objects.filter(pk=row.pk).update(tries=F("tries") + 1)
    return row.tries + 1


def forget_read(account: NetSuiteAccount, reading: Reading, *queries: str) -> None:
    """What was answered is no longer unreadable, and a kind of which one was shown is in sight.

    queries: those that were answered.
    """
    in_sight = {kind for (kind, _), record in reading.read.items() if record}
    forget(account, {*(_key(name) for name in reading.read), *in_sight, *queries})


@transaction.atomic
def forget(account: NetSuiteAccount, names: Collection[str]) -> None:
    known = account.unread.filter(name__in=names)
    lost_at = min(known.filter(lacks_right=True).values_list("noted_at", flat=True), default=None)
    known.delete()
    if lost_at:
        _ask_for_what_was_hidden(account, since=lost_at)


def _ask_for_what_was_hidden(account: NetSuiteAccount, *, since: datetime) -> None:
    """The right is back: what changed meanwhile, and the returns that were put off."""
    SyncCursor.objects.filter(stream=main_stream(account), watermark__gt=since).update(watermark=since)
    put_off = LoopReturn.objects.filter(shop__account=account, records_hinted_at__gt=timezone.now())
    hint_records(list(put_off.values_list("pk", flat=True)))


def _key(name: Name) -> str:
    return " ".join(name)


def _is_broken(error: IntegrationError) -> bool:
    return (error.status or 0) >= 500


def _take_turn(account: NetSuiteAccount) -> None:
    """Several processes note at the same time, and all count what is noted."""
    lock_until_commit("unread", str(account.pk))


def _has_room(noted: QuerySet[UnreadRecord], name: str) -> bool:
    """Beyond NOTED_MAX only what is noted already is noted anew."""
    return noted.count() < NOTED_MAX or noted.filter(name=name).exists()

"""What of a NetSuite account could not be read, and why: kept until it was read, and a case as long (`progress`).

A no about one record is noted under its name. A right that is missing hides or refuses a whole kind, and is noted once
for the kind. A record that NetSuite fails to show, while it answers everything else, is set aside after a few tries:
nothing waits for it any more, and it is asked for again every hour.
"""

from collections.abc import Callable, Collection, Iterable

from django.db import transaction
from django.utils import timezone

from integrations.errors import IntegrationError, RejectedError
from integrations.models import NetSuiteAccount, SyncCursor
from returnsops.returns.reading import Name, Reading

NOTED_MAX = 200
REASON_CHARS_MAX = 300
BROKEN_TRIES = 3  # then it is set aside
PERMISSION = "permission"  # the family of a refusal for want of a right
CHANGES, FAMILIES = "what changed", "what belongs to returns"  # queries over the whole account
HIDDEN = "NetSuite says that one of them does not exist, and shows no others of its kind either."

Noted = dict[str, str]


def stream_of(account: NetSuiteAccount) -> str:
    return f"netsuite:{account.account_id}"


def refused_stream(account: NetSuiteAccount) -> str:
    """Under it stand the kinds of records, and the queries, for which a right is missing."""
    return f"{stream_of(account)} refused"


def broken_stream(account: NetSuiteAccount) -> str:
    """Under it stands how often NetSuite failed to show a record."""
    return f"{stream_of(account)} broken"


def lacks_right(error: RejectedError) -> bool:
    return error.family == PERMISSION or error.status == 403


def note_refusal(account: NetSuiteAccount, name: Name, error: RejectedError) -> None:
    if lacks_right(error):
        note_missing_right(account, name[0], error.detail)
    else:
        note_unreadable(account, " ".join(name), error)


def note_missing_right(account: NetSuiteAccount, what: str, why: str) -> None:
    """what: a record type, or one of the queries above."""
    _change(refused_stream(account), lambda noted: noted | {what: why[:REASON_CHARS_MAX]})


def note_unreadable(account: NetSuiteAccount, name: str, error: IntegrationError) -> bool:
    """Gives whether it is noted: where too much is noted already, nobody would ask for it again."""
    return name in _change(stream_of(account), lambda noted: noted | {name: error.detail[:REASON_CHARS_MAX]})


def set_aside_broken(account: NetSuiteAccount, reading: Reading) -> set[Name]:
    """Count what NetSuite failed to show by a fault of its own. Gives what nothing waits for any more.

    While nothing else is answered either, it is an outage, and no fault of single records.
    """
    if not reading.shows_connection:
        return set()
    asked = {name: error for name, error in reading.failed.items() if name not in reading.unasked}
    broken = {name: error for name, error in asked.items() if _is_broken(error)}
    if not broken:
        return set()
    stream = broken_stream(account)
    tries = _change(stream, lambda noted: noted | {_key(name): _one_more(noted, name) for name in broken})
    tired_of = [name for name in broken if int(tries.get(_key(name), "0")) >= BROKEN_TRIES]
    return {name for name in tired_of if note_unreadable(account, _key(name), broken[name])}


def forget_read(account: NetSuiteAccount, reading: Reading, *queries: str) -> None:
    """What was answered is no longer unreadable, and a kind of which one was shown is in sight.

    queries: those that were answered.
    """
    in_sight = {kind for (kind, _), record in reading.read.items() if record}
    forget(account, {*(_key(name) for name in reading.read), *in_sight, *queries})


@transaction.atomic
def forget(account: NetSuiteAccount, keys: Collection[str]) -> None:
    streams = [stream_of(account), refused_stream(account), broken_stream(account)]
    noted = SyncCursor.objects.filter(stream__in=streams, unreadable__has_any_keys=sorted(keys))
    for cursor in noted.select_for_update(no_key=True).order_by("pk"):
        left = {other: why for other, why in cursor.unreadable.items() if other not in keys}
        SyncCursor.objects.filter(pk=cursor.pk).update(unreadable=left)


def noted_names(account: NetSuiteAccount) -> list[Name]:
    """The single records that could not be read."""
    cursor = SyncCursor.objects.filter(stream=stream_of(account)).first()
    parts = [key.split(" ") for key in sorted(cursor.unreadable) if key != CHANGES] if cursor else []
    return [(kind, internal_id) for kind, internal_id in (part for part in parts if len(part) == 2)]


def _key(name: Name) -> str:
    return " ".join(name)


def _one_more(noted: Noted, name: Name) -> str:
    return str(int(noted.get(_key(name), "0")) + 1)


def _is_broken(error: IntegrationError) -> bool:
    return (error.status or 0) >= 500


@transaction.atomic
def _change(stream: str, change: Callable[[Noted], Noted]) -> Noted:
    """Several processes note at the same time. Beyond NOTED_MAX only what is noted already is noted anew."""
    SyncCursor.objects.get_or_create(stream=stream, defaults={"watermark": timezone.now()})
    cursor = SyncCursor.objects.select_for_update(no_key=True).get(stream=stream)
    noted: Noted = cursor.unreadable
    changed = _bounded(noted, change(noted))
    if changed != noted:
        SyncCursor.objects.filter(pk=cursor.pk).update(unreadable=changed)
    return changed


def _bounded(before: Noted, after: Noted) -> Noted:
    new: Iterable[str] = [key for key in after if key not in before]
    kept = {*before, *list(new)[: max(0, NOTED_MAX - len(before))]}
    return {key: why for key, why in after.items() if key in kept}

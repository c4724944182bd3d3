"""What changed in NetSuite: by the time of change, every minute; by looking at each record, every night.

Changes are asked for over the whole account, since a role cannot be told of ours alone. Known records that changed are
read again, new ones that were made from a known one are read as well, everything else is passed over.
"""

import time
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.connections import netsuite_client, watched
from integrations.errors import RejectedError
from integrations.models import NetSuiteAccount, SyncCursor
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.records import RecordRef
from integrations.netsuite.sources import find_sources
from returnsops.lib.upsert import among_texts
from returnsops.returns.broken import note_outcome, read_past_broken
from returnsops.returns.bulk import note_makers
from returnsops.returns.gone import really_gone
from returnsops.returns.known_records import (
    CHANGED_BY_CHILDREN,
    SALE_TYPES,
    Known,
    can_be_told_by_now,
    ids_of_ours,
    is_left_to_rest,
    known_among,
    shows_effect_of,
    tells_news,
    was_read_early,
)
from returnsops.returns.mirror import apply_records, hint_records, mark_gone
from returnsops.returns.models import LoopReturn, NetSuiteRecord
from returnsops.returns.reading import Name, read_records
from returnsops.returns.replan import ask_for_plan, hold_returns
from returnsops.returns.streams import main_stream
from returnsops.returns.sweeps import UNSETTLED
from returnsops.returns.unreadable import (
    CHANGES,
    forget,
    forget_read,
    lacks_right,
    missing_rights,
    note_missing_right,
    note_unreadable,
    noted_names,
)

# What belongs to returns. Fulfilments tell nothing we need and are the most of all.
WATCHED_TYPES = (
    "salesOrder", "invoice", "cashSale", "returnAuthorization", "itemReceipt", "creditMemo", "cashRefund",
    "customerRefund",
)  # fmt: skip
# Of these only our own belong to returns, and an account makes many others.
STOCK_TYPES = ("inventoryTransfer", "inventoryAdjustment")
READ_FOR_S = 15.0
GAP_MAX = timedelta(hours=6)  # what changed within may be looked through in one task, however busy the account is
AT_ONCE_MAX = 30


def mirror_changes(account: NetSuiteAccount, *, for_s: float = READ_FOR_S) -> int:
    """Read what changed since the last time, by NetSuite's own clock. Gives how many records were read.

    The watermark moves once everything of the window was read, or set aside; what was read by then is not read again.
    Raises the errors of `integrations.errors`.
    """
    try:
        read = _mirror_changes(account, for_s=for_s)
    except RejectedError as error:
        if lacks_right(error):
            note_missing_right(account, CHANGES, error.detail)
        else:
            note_unreadable(account, CHANGES, error)
        raise
    forget(account, {CHANGES})
    return read


def read_set_aside(account: NetSuiteAccount, *, for_s: float = READ_FOR_S) -> int:
    """Ask once more for what could not be read. Gives how many were read.

    Raises the errors of `integrations.errors`.
    """
    names = noted_names(account)
    if not names:
        return 0
    with watched(account):
        client = netsuite_client(account)
        refs = client.statuses_of([internal_id for _, internal_id in names])
        read, _ = read_refs(account, client, refs, for_s=for_s, once_more=names)
        shown = {ref.internal_id for ref in refs}
        gone = really_gone(account, client, [name for name in names if name[1] not in shown])
    mark_gone(account, gone)
    forget(account, {" ".join(name) for name in names if name[1] in gone} | _told_by_now(account, refs))
    return read


def look_for_rights(account: NetSuiteAccount) -> int:
    """Ask for one record of each kind that the role may not see: shown, the right is back. Gives how many are.

    Raises the errors of `integrations.errors`.
    """
    kinds = list(missing_rights(account).values_list("name", flat=True))
    standing = NetSuiteRecord.objects.filter(account=account, record_type__in=kinds, gone_at=None)
    newest = standing.order_by("record_type", "-pk").distinct("record_type")
    names = list(newest.values_list("record_type", "internal_id"))
    if not names:
        return 0
    with watched(account):
        reading = read_records(account, names)
    forget_read(account, reading)
    return len(kinds) - missing_rights(account).count()


def _told_by_now(account: NetSuiteAccount, refs: Iterable[RecordRef]) -> set[str]:
    """Names of those that another read meanwhile, so that nobody asks for them. A parent may be asked for its child."""
    named = {ref.internal_id: ref for ref in refs if ref.record_type not in CHANGED_BY_CHILDREN}
    known = known_among(account, named)
    return {f"{named[one].record_type} {one}" for one, row in known.items() if not _is_to_be_read(named[one], row)}


def _mirror_changes(account: NetSuiteAccount, *, for_s: float) -> int:
    with watched(account):
        client = netsuite_client(account)
        server_now = client.server_time()
        cursor, is_new = SyncCursor.objects.get_or_create(
            stream=main_stream(account), defaults={"watermark": server_now}
        )
        if is_new:
            return 0
        if cursor.watermark < server_now - GAP_MAX:
            _leap(account, cursor, to=server_now - GAP_MAX)
        since = cursor.watermark - cursor.overlap
        refs = client.changed_since(since, WATCHED_TYPES)
        read, is_whole = read_refs(account, client, refs, for_s=for_s)
        is_whole &= _look_for_deletions(account, client, since=since)
    if is_whole:
        # A right that came back meanwhile has set it further back, and what it hid is still to be read.
        moved = SyncCursor.objects.filter(pk=cursor.pk, watermark=cursor.watermark)
        moved.update(watermark=server_now, swept_at=timezone.now())
    return read


def _leap(account: NetSuiteAccount, cursor: SyncCursor, *, to: datetime) -> None:
    """So much may have changed that a task could never look through it: in its place each open return is read. What
    changed around others is found at night."""
    leapt = SyncCursor.objects.filter(pk=cursor.pk, watermark=cursor.watermark)
    if leapt.update(watermark=to):
        hint_records(list(LoopReturn.objects.filter(UNSETTLED, shop__account=account).values_list("pk", flat=True)))
    cursor.watermark = to


def read_refs(
    account: NetSuiteAccount,
    client: NetSuiteClient,
    refs: Iterable[RecordRef],
    *,
    for_s: float,
    once_more: Collection[Name] = (),
) -> tuple[int, bool]:
    """Read those that tell news and belong to us. Gives how many, and whether all were read or set aside.

    once_more: those that were set aside and are asked for all the same, whoever they belong to; others wait for their
    hour.
    """
    named = {ref.internal_id: ref for ref in refs if ref.record_type != "unknown"}
    known = known_among(account, named)
    sources = find_sources(client, named.keys() - known.keys())
    _hint_new_sales(account, [ref for ref in named.values() if ref.internal_id not in known])
    ours = _ours_among(account, {source for found in sources.values() for source in found})
    made_by_us = ids_of_ours(account, named.values())
    resting = {one for one, ref in named.items() if is_left_to_rest(ref, known.get(one), is_ours=one in made_by_us)}
    wanted = {
        internal_id: ref.record_type
        for internal_id, ref in named.items()
        if internal_id not in resting
        and (sources.get(internal_id, set()) & ours or _is_to_be_read(ref, known.get(internal_id)))
    }
    wanted = _parents_of(account, wanted, sources, named) | wanted
    wanted |= {one: kind for kind, one in once_more if one in named and one not in known}
    set_aside = {*noted_names(account)}
    left_out = {internal_id for kind, internal_id in set_aside.difference(once_more)}
    wanted = {internal_id: kind for internal_id, kind in wanted.items() if internal_id not in left_out}
    deadline = time.monotonic() + for_s
    names = [(record_type, one) for one, record_type in sorted(wanted.items(), key=lambda item: int(item[0]))]
    begun, read, are_settled = 0, 0, True
    while begun < len(names) and time.monotonic() < deadline:
        batch = names[begun : begun + AT_ONCE_MAX]
        parents = {one: sources.get(one, set()) & ours for _, one in batch}
        done, is_settled = _read_batch(account, client, batch, parents, known_broken=set_aside)
        begun, read, are_settled = begun + len(batch), read + done, are_settled and is_settled
    note_makers(account, [ref for ref in named.values() if ref.internal_id in wanted])
    return read, are_settled and begun >= len(wanted)


def _parents_of(
    account: NetSuiteAccount, wanted: dict[str, str], sources: dict[str, set[str]], named: dict[str, RecordRef]
) -> dict[str, str]:
    """What a child changes in its source need not move the time of the source (netsuite.md §13 U7)."""
    made = NetSuiteRecord.objects.filter(account=account, internal_id__in=among_texts(wanted)).exclude(
        created_from_id=""
    )
    pairs = [*made.values_list("internal_id", "created_from_id")]
    pairs += [(internal_id, source) for internal_id in wanted for source in sources.get(internal_id, ())]
    children: dict[str, list[RecordRef]] = {}
    for internal_id, source in pairs:
        children.setdefault(source, []).append(named[internal_id])
    known = known_among(account, children)
    parents = NetSuiteRecord.objects.filter(
        account=account, internal_id__in=among_texts(children), record_type__in=CHANGED_BY_CHILDREN
    )
    return {
        one: record_type
        for one, record_type in parents.values_list("internal_id", "record_type")
        if not all(shows_effect_of(child, known.get(one)) for child in children[one])
    }


def _is_to_be_read(ref: RecordRef, known: Known | None) -> bool:
    """One that was read early waits until it is worth it: this change stays within the overlap so long."""
    if known is None:
        return False
    return known.told_at is None or tells_news(ref, known) or (was_read_early(known) and can_be_told_by_now(known))


def _read_batch(
    account: NetSuiteAccount,
    client: NetSuiteClient,
    names: list[Name],
    parents: dict[str, set[str]],
    *,
    known_broken: Collection[Name],
) -> tuple[int, bool]:
    """parents: by internal id, those of its sources that belong to returns.

    Gives how many were read, and whether nothing of the others is worth waiting for. Raises when the connection fails.
    """
    started_at = timezone.now()
    reading = read_past_broken(account, names, known_broken=known_broken)
    mark_gone(account, really_gone(account, client, reading.missed))
    apply_records(account, reading.records, fetched_at=started_at)
    for record in reading.records:
        _give_to_returns(account, record.internal_id, parents[record.internal_id])
    return len(reading.read), note_outcome(account, reading)


@transaction.atomic
def _give_to_returns(account: NetSuiteAccount, internal_id: str, parents: set[str]) -> None:
    """A new record belongs to the returns that hold what it was made from."""
    if not parents:
        return
    record = NetSuiteRecord.objects.get(account=account, internal_id=internal_id)
    holders = LoopReturn.objects.filter(
        records__account=account, records__internal_id__in=among_texts(parents), shop__account=account
    )
    new = list(holders.exclude(records=record).distinct())
    hold_returns([row.pk for row in new])  # as everywhere: first the returns, then what belongs to them
    for row in new:
        row.records.add(record)
    ask_for_plan(row.pk for row in new)


def _ours_among(account: NetSuiteAccount, internal_ids: set[str]) -> set[str]:
    rows = NetSuiteRecord.objects.filter(
        account=account, internal_id__in=among_texts(internal_ids), returns__isnull=False
    )
    return set(rows.values_list("internal_id", flat=True))


def _hint_new_sales(account: NetSuiteAccount, refs: list[RecordRef]) -> None:
    """An order or bill that came only now, for returns that wait for it; found by the shop's own id of the order."""
    named = {ref.external_id for ref in refs if ref.record_type in SALE_TYPES and ref.external_id}
    names = among_texts(named)
    by_order = Q(provider_order_id__in=names) | Q(order_name__in=names) | Q(exchange_items__exchange_order_id__in=names)
    returns = LoopReturn.objects.filter(by_order, shop__account=account).exclude(
        stage__in=[LoopReturn.Stage.SETTLED, LoopReturn.Stage.ENDED]
    )
    if named:
        hint_records(set(returns.values_list("pk", flat=True)))


def _look_for_deletions(account: NetSuiteAccount, client: NetSuiteClient, *, since: datetime) -> bool:
    """Where the role may read what was deleted, it is known within a minute; the record itself has the last word.

    Gives whether none of them is worth waiting for.
    """
    deleted = {one.internal_id for one in client.deletions_since(since, (*WATCHED_TYPES, *STOCK_TYPES)) or ()}
    standing = NetSuiteRecord.objects.filter(account=account, internal_id__in=among_texts(deleted), gone_at=None)
    named = list(standing.values_list("record_type", "internal_id")) if deleted else []
    missed, is_settled = ask_by_id(account, named)
    mark_gone(account, [internal_id for _, internal_id in missed])
    return is_settled


def ask_by_id(account: NetSuiteAccount, names: Collection[Name]) -> tuple[list[Name], bool]:
    """Of these, those of which NetSuite says itself that it has them not; and whether the others were answered, or are
    set aside. What was set aside before has its hour.
    """
    set_aside = {*noted_names(account)} if names else set()
    reading = read_past_broken(account, [name for name in names if name not in set_aside], known_broken=())
    return reading.missed, note_outcome(account, reading)

"""What changed in NetSuite: by the time of change, every minute; by looking at each record, every night.

Changes are asked for over the whole account, since a role cannot be told of ours alone. Known records that changed are
read again, new ones that were made from a known one are read as well, everything else is passed over.
"""

import logging
import time
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from integrations.connections import netsuite_client, watched
from integrations.errors import RejectedError
from integrations.models import NetSuiteAccount, SyncCursor
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.records import RecordRef
from integrations.netsuite.sources import find_sources
from returnsops.returns.bulk import note_makers
from returnsops.returns.known_records import (
    CHANGED_BY_CHILDREN,
    Known,
    can_be_told_by_now,
    known_among,
    tells_news,
    was_read_early,
)
from returnsops.returns.mirror import apply_records, hint_records, mark_gone
from returnsops.returns.models import LoopReturn, NetSuiteRecord
from returnsops.returns.replan import ask_for_plan

logger = logging.getLogger(__name__)

# What belongs to returns. Fulfilments tell nothing we need and are the most of all.
WATCHED_TYPES = (
    "salesOrder", "invoice", "cashSale", "returnAuthorization", "itemReceipt", "creditMemo", "cashRefund",
    "customerRefund",
)  # fmt: skip
# Of these only our own belong to returns, and an account makes many others.
STOCK_TYPES = ("inventoryTransfer", "inventoryAdjustment")
SALE_TYPES = frozenset({"salesOrder", "invoice", "cashSale"})
READ_FOR_S = 15.0
NOTED_MAX = 200


def stream_of(account: NetSuiteAccount) -> str:
    return f"netsuite:{account.account_id}"


def mirror_changes(account: NetSuiteAccount, *, for_s: float = READ_FOR_S) -> int:
    """Read what changed since the last time, by NetSuite's own clock. Gives how many records were read.

    The watermark moves once everything of the window was read; what was read by then is known and not read again.
    Raises the errors of `integrations.errors`.
    """
    with watched(account):
        client = netsuite_client(account)
        server_now = client.server_time()
        cursor, is_new = SyncCursor.objects.get_or_create(stream=stream_of(account), defaults={"watermark": server_now})
        if is_new:
            return 0
        since = cursor.watermark - cursor.overlap
        refs = client.changed_since(since, WATCHED_TYPES)
        read, is_whole = read_refs(account, client, refs, for_s=for_s)
        _look_for_deletions(account, client, since=since)
    if is_whole:
        moved = SyncCursor.objects.filter(pk=cursor.pk, watermark__lte=server_now)
        moved.update(watermark=server_now, swept_at=timezone.now())
    return read


def read_refs(
    account: NetSuiteAccount, client: NetSuiteClient, refs: Iterable[RecordRef], *, for_s: float
) -> tuple[int, bool]:
    """Read those that tell news and belong to us. Gives how many, and whether there was time for all."""
    named = {ref.internal_id: ref for ref in refs if ref.record_type != "unknown"}
    known = known_among(account, named)
    sources = find_sources(client, named.keys() - known.keys())
    _hint_new_sales(account, [ref for ref in named.values() if ref.internal_id not in known])
    ours = _ours_among(account, {source for found in sources.values() for source in found})
    wanted = {
        internal_id: ref.record_type
        for internal_id, ref in named.items()
        if sources.get(internal_id, set()) & ours or _is_to_be_read(ref, known.get(internal_id))
    }
    wanted = _parents_of(account, wanted, sources) | wanted
    deadline = time.monotonic() + for_s
    read = 0
    for internal_id, record_type in sorted(wanted.items(), key=lambda item: int(item[0])):
        if time.monotonic() > deadline:
            break
        parents = sources.get(internal_id, set()) & ours
        read += _read_one(account, client, record_type, internal_id, parents=parents)
    note_makers(account, [ref for ref in named.values() if ref.internal_id in wanted])
    return read, read >= len(wanted)


def _parents_of(account: NetSuiteAccount, wanted: dict[str, str], sources: dict[str, set[str]]) -> dict[str, str]:
    """What a child changes in its source need not move the time of the source (netsuite.md §13 U7)."""
    known = NetSuiteRecord.objects.filter(account=account, internal_id__in=wanted).exclude(created_from_id="")
    ids = set(known.values_list("created_from_id", flat=True))
    ids |= {source for internal_id in wanted for source in sources.get(internal_id, ())}
    parents = NetSuiteRecord.objects.filter(account=account, internal_id__in=ids, record_type__in=CHANGED_BY_CHILDREN)
    return dict(parents.values_list("internal_id", "record_type"))


def _is_to_be_read(ref: RecordRef, known: Known | None) -> bool:
    """One that was read early waits until it is worth it: this change stays within the overlap so long."""
    if known is None:
        return False
    return tells_news(ref, known) or (was_read_early(known) and can_be_told_by_now(known))


def _read_one(
    account: NetSuiteAccount, client: NetSuiteClient, record_type: str, internal_id: str, *, parents: set[str]
) -> int:
    """One that we may not read, or cannot, keeps no other from being read."""
    started_at = timezone.now()
    try:
        record = client.get_record(record_type, internal_id)
    except RejectedError as error:
        logger.warning("%s %s of %s cannot be read: %s", record_type, internal_id, account, error)
        _note_unreadable(account, f"{record_type} {internal_id}", error)
        return 1
    if record is None:
        mark_gone(account, [internal_id])
        return 1
    apply_records(account, [record], fetched_at=started_at)
    _forget_unreadable(account, f"{record_type} {internal_id}")
    _give_to_returns(account, internal_id, parents)
    return 1


@transaction.atomic
def _give_to_returns(account: NetSuiteAccount, internal_id: str, parents: set[str]) -> None:
    """A new record belongs to the returns that hold what it was made from."""
    if not parents:
        return
    record = NetSuiteRecord.objects.get(account=account, internal_id=internal_id)
    holders = LoopReturn.objects.filter(
        records__account=account, records__internal_id__in=parents, shop__account=account
    )
    new = holders.exclude(records=record).distinct()
    for row in new:
        row.records.add(record)
    ask_for_plan(row.pk for row in new)


def _ours_among(account: NetSuiteAccount, internal_ids: set[str]) -> set[str]:
    rows = NetSuiteRecord.objects.filter(account=account, internal_id__in=internal_ids, returns__isnull=False)
    return set(rows.values_list("internal_id", flat=True))


def _hint_new_sales(account: NetSuiteAccount, refs: list[RecordRef]) -> None:
    """An order or bill that came only now, for returns that wait for it; found by the shop's own id of the order."""
    named = {ref.external_id for ref in refs if ref.record_type in SALE_TYPES and ref.external_id}
    by_order = Q(provider_order_id__in=named) | Q(order_name__in=named) | Q(exchange_items__exchange_order_id__in=named)
    returns = LoopReturn.objects.filter(by_order, shop__account=account).exclude(
        stage__in=[LoopReturn.Stage.SETTLED, LoopReturn.Stage.ENDED]
    )
    if named:
        hint_records(set(returns.values_list("pk", flat=True)))


def _look_for_deletions(account: NetSuiteAccount, client: NetSuiteClient, *, since: datetime) -> None:
    """Where the role may read what was deleted, it is known within a minute; the record itself has the last word."""
    deleted = {one.internal_id for one in client.deletions_since(since, (*WATCHED_TYPES, *STOCK_TYPES)) or ()}
    if deleted:
        standing = NetSuiteRecord.objects.filter(account=account, internal_id__in=deleted, gone_at=None)
        mark_gone(account, ask_by_id(client, standing.values_list("record_type", "internal_id")))


def ask_by_id(client: NetSuiteClient, named: Iterable[tuple[str, str]]) -> list[str]:
    """Of these (record type, id), those of which NetSuite says itself that it has them not."""
    return [internal_id for record_type, internal_id in named if client.get_record(record_type, internal_id) is None]


def _note_unreadable(account: NetSuiteAccount, name: str, error: RejectedError) -> None:
    cursor, _ = SyncCursor.objects.get_or_create(stream=stream_of(account), defaults={"watermark": timezone.now()})
    if len(cursor.unreadable) < NOTED_MAX:
        SyncCursor.objects.filter(pk=cursor.pk).update(unreadable=cursor.unreadable | {name: error.detail[:300]})


def _forget_unreadable(account: NetSuiteAccount, name: str) -> None:
    cursor = SyncCursor.objects.filter(stream=stream_of(account), unreadable__has_key=name).first()
    if cursor:
        left = {other: why for other, why in cursor.unreadable.items() if other != name}
        SyncCursor.objects.filter(pk=cursor.pk).update(unreadable=left)

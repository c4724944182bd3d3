"""Mirrors: fetch, then write (`returnsops.returns.bulk`).

A hint (webhook, sweep, posting) says «look»; the fetched object is the truth. Older never overwrites newer; with the
same `updated_at` the later fetch wins.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import DataError, transaction
from django.utils import timezone

from integrations.connections import loop_client, netsuite_client, watched
from integrations.errors import UnreadableRecordError
from integrations.loop.records import LoopReturnRecord
from integrations.models import NetSuiteAccount, Shop
from integrations.netsuite.records import RecordRef, TransactionRecord
from returnsops.lib import clock
from returnsops.lib.nudge import nudge
from returnsops.returns.bulk import note_makers, returns_with, upsert_records, upsert_returns
from returnsops.returns.gone import really_gone
from returnsops.returns.known_records import CHANGED_BY_CHILDREN, NEVER_READ, is_in_doubt, known_among
from returnsops.returns.models import LoopReturn, NetSuiteRecord
from returnsops.returns.plan.exchange_orders import exchange_references
from returnsops.returns.replan import ask_for_plan
from returnsops.returns.sku_mapping import look_up_items, look_up_sold_items

logger = logging.getLogger(__name__)

SALE_TYPES = ("salesOrder", "invoice", "cashSale")
GENERATIONS_MAX = 6  # order → invoice → authorization → receipt → credit → refund
CHILD_TYPES = frozenset({"itemReceipt", "creditMemo", "cashRefund", "customerRefund"})


# --- Loop ------------------------------------------------------------------------------------------


def fetch_return(
    shop: Shop, loop_id: str, *, hinted_at: datetime | None = None, in_background: bool = False
) -> LoopReturn | None:
    """Fetch one return from Loop and mirror it. A fetch later than the hint has already answered it.

    in_background: nobody waits for it, so it leaves a share of the calls to those who do.
    Raises the errors of `integrations.errors`. None: Loop knows no such return.
    """
    known = LoopReturn.objects.filter(shop=shop, loop_id=loop_id).first()
    if known and hinted_at and known.fetched_at > hinted_at:
        return known
    started_at = timezone.now()
    with watched(shop):
        record = loop_client(shop, in_background=in_background).get_return(loop_id)
    if record is None:
        return None
    require_distinct_parts(record)
    try:
        return apply_return(shop, record, fetched_at=started_at)
    except DataError as error:
        raise unstorable(loop_id, error) from error


def waits_for_details(row: LoopReturn) -> bool:
    """The list hides refunds: a return known by it alone is not planned before its details are here."""
    if row.is_detailed or row.created_at < row.shop.start_from:
        return False
    LoopReturn.objects.filter(pk=row.pk).update(look_again_at=None)
    LoopReturn.objects.filter(pk=row.pk, fetch_due_at=None).update(fetch_due_at=timezone.now())
    return True


def require_distinct_parts(record: LoopReturnRecord) -> None:
    """Ids of units are taken to be unique (loop.md 3.3). Two of one id would become one row, and one unit be lost."""
    ids = [
        *(("unit", one.line_item_id) for one in record.units),
        *(("new item", one.exchange_id) for one in record.exchanges),
    ]
    twice = [f"{kind} {part_id}" for (kind, part_id), times in Counter(ids).items() if times > 1]
    if twice:
        detail = f"return {record.id}: {', '.join(twice[:5])} is there more than once"
        raise UnreadableRecordError(system="loop", operation="mirror return", detail=detail, family="unreadable")


def unstorable(loop_id: str, error: DataError) -> UnreadableRecordError:
    """A value that no column of ours can hold, such as an amount of twenty digits."""
    detail = f"return {loop_id}: {str(error).splitlines()[0]}"
    return UnreadableRecordError(system="loop", operation="mirror return", detail=detail, family="unreadable")


def apply_return(shop: Shop, record: LoopReturnRecord, *, fetched_at: datetime) -> LoopReturn:
    """Write what Loop said at `fetched_at` (when the call began). Older news changes nothing."""
    with transaction.atomic():
        done = upsert_returns(shop, [record], fetched_at=fetched_at)
        row = LoopReturn.objects.select_related("shop").get(shop=shop, loop_id=record.id)
        if row.pk in done.pks.values() and (row.pk in done.new or _wants_records(row, record)):
            hint_records([row.pk])
            row.refresh_from_db(fields=["records_hinted_at"])
    return row


def _wants_records(row: LoopReturn, record: LoopReturnRecord) -> bool:
    """NetSuite has something to tell that we have not got: the sale, or an exchange order that now has a name."""
    if not row.records_fetched_at or not row.records.filter(record_type__in=SALE_TYPES).exists():
        return True
    wanted = {one.exchange_order_id for one in record.exchanges if one.exchange_order_id}
    return bool(wanted) and not row.records.filter(external_id__in=wanted).exists()


# --- NetSuite --------------------------------------------------------------------------------------


def hint_records(return_pks: Iterable[int]) -> None:
    """Say that NetSuite should be read for these returns."""
    pks = list(return_pks)
    LoopReturn.objects.filter(pk__in=pks).update(records_hinted_at=timezone.now())
    for pk in pks:
        nudge("records", pk)


def fetch_records(row: LoopReturn) -> None:
    """Read from NetSuite everything that belongs to this return's order, and items for SKUs without a mapping.

    Raises the errors of `integrations.errors`. One read answers all hints given before it began.
    """
    if row.records_fetched_at and row.records_hinted_at and row.records_fetched_at > row.records_hinted_at:
        return
    started_at = timezone.now()
    account = row.shop.account
    with watched(account):
        has_items = look_up_items(row.shop, _skus_of(row))
        refs = _find_family(row)
        told = _read_family(row, refs)
        look_up_sold_items(account, told.records)
    apply_records(account, told.records, fetched_at=started_at)
    note_makers(account, refs)
    mark_gone(account, told.gone)
    with transaction.atomic():
        has_news = _give_records(row, [ref.internal_id for ref in refs])
        is_first = not LoopReturn.objects.filter(pk=row.pk, records_fetched_at__isnull=False).exists()
        LoopReturn.objects.filter(pk=row.pk).update(records_fetched_at=started_at)
        if has_news or has_items or is_first:
            ask_for_plan([row.pk])


def _give_records(row: LoopReturn, internal_ids: list[str]) -> bool:
    """Note that these belong to the return. Gives whether it did not hold all of them before."""
    found = NetSuiteRecord.objects.filter(account=row.shop.account, internal_id__in=internal_ids)
    new = list(found.exclude(returns=row))
    row.records.add(*new)
    return bool(new)


def fetch_record(account: NetSuiteAccount, record_type: str, internal_id: str) -> TransactionRecord | None:
    """Read one record and mirror it; one that is gone is marked so. Raises the errors of `integrations.errors`."""
    started_at = timezone.now()
    with watched(account):
        record = netsuite_client(account).get_record(record_type, internal_id)
    if record:
        apply_records(account, [record], fetched_at=started_at)
    else:
        mark_gone(account, [internal_id])
    return record


def apply_records(account: NetSuiteAccount, records: Iterable[TransactionRecord], *, fetched_at: datetime) -> None:
    """Write records as NetSuite showed them, and ask for new plans of the returns that hold them."""
    upsert_records(account, records, fetched_at=fetched_at)


def mark_gone(account: NetSuiteAccount, internal_ids: Iterable[str]) -> None:
    with transaction.atomic():
        gone = NetSuiteRecord.objects.filter(account=account, internal_id__in=list(internal_ids), gone_at=None)
        pks = list(gone.values_list("pk", flat=True))
        gone.update(gone_at=clock.now())
        ask_for_plan(returns_with(pks))


def _find_family(row: LoopReturn) -> list[RecordRef]:
    """The sale under any of its names, and the descendants of all we know, generation by generation."""
    client = netsuite_client(row.shop.account)
    refs = {ref.internal_id: ref for ref in client.find_sales(_references_of(row))}
    standing = set(row.records.filter(gone_at=None).values_list("internal_id", flat=True))
    asked: set[str] = set()
    for _ in range(GENERATIONS_MAX):
        parents = (refs.keys() | standing) - asked
        if not parents:
            break
        found = client.find_children(parents)
        refs |= {ref.internal_id: ref for ref in found if ref.record_type not in NEVER_READ}
        asked |= parents
    return list(refs.values())


@dataclass(frozen=True)
class Told:
    """What the records themselves said, of those that were asked."""

    records: list[TransactionRecord]
    gone: list[str]


def _read_family(row: LoopReturn, refs: list[RecordRef]) -> Told:
    """Read what is in doubt; what has not changed since it was read is known. The first time everything is read.

    What a child changes in its source need not move the time of the source (netsuite.md §13 U7): when one of them came,
    changed or went, the sources are read as well.
    """
    client = netsuite_client(row.shop.account)
    known = known_among(row.shop.account, [ref.internal_id for ref in refs]) if row.records_fetched_at else {}
    doubted = [ref.name for ref in refs if is_in_doubt(ref, known.get(ref.internal_id))]
    asked = dict.fromkeys([*doubted, *_unseen(row, refs)])
    if any(record_type in CHILD_TYPES for record_type, _ in asked):
        asked |= dict.fromkeys(ref.name for ref in refs if ref.record_type in CHANGED_BY_CHILDREN)
    read = {name: client.get_record(*name) for name in asked}
    missed = [name for name, record in read.items() if record is None]
    return Told(
        records=[record for record in read.values() if record], gone=really_gone(row.shop.account, client, missed)
    )


def _unseen(row: LoopReturn, refs: list[RecordRef]) -> list[tuple[str, str]]:
    """Records of this return that no longer turn up among its order's. Only NetSuite itself says what is gone."""
    standing = row.records.filter(gone_at=None)
    unseen = standing.exclude(internal_id__in=[ref.internal_id for ref in refs])
    return list(unseen.values_list("record_type", "internal_id"))


def _references_of(row: LoopReturn) -> list[str]:
    """Under which names the order and its exchange orders may lie in NetSuite (loop.md §7.12)."""
    own = [row.provider_order_id, row.order_name, row.order_name.lstrip("#")]
    exchanges = list(row.exchange_items.values_list("exchange_order_id", "exchange_order_name"))
    return sorted({name for name in [*own, *exchange_references(exchanges)] if name})


def _skus_of(row: LoopReturn) -> set[str]:
    skus = {*row.lines.values_list("sku", flat=True), *row.exchange_items.values_list("sku", flat=True)}
    return {sku for sku in skus if sku}

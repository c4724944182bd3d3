"""Mirrors: fetch, then write (`returnsops.returns.bulk`).

A hint (webhook, sweep, posting) says «look»; the fetched object is the truth. Older never overwrites newer; with the
same `updated_at` the later fetch wins.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import DataError, transaction
from django.db.models import F, Q
from django.utils import timezone

from integrations.connections import loop_client, watched
from integrations.errors import UnreadableRecordError
from integrations.loop.records import LoopReturnRecord
from integrations.models import NetSuiteAccount, Shop
from integrations.netsuite.records import TransactionRecord
from returnsops.lib import clock
from returnsops.lib.upsert import among, among_texts
from returnsops.returns.bulk import returns_with, upsert_records, upsert_returns
from returnsops.returns.models import LoopReturn, NetSuiteRecord
from returnsops.returns.replan import ask_for_plan
from returnsops.returns.turns import ring

logger = logging.getLogger(__name__)

SALE_TYPES = ("salesOrder", "invoice", "cashSale")


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


def hint_records(return_pks: Iterable[int], *, after: timedelta = timedelta(0)) -> None:
    """Say that NetSuite should be read for these returns: now, or when that much time has passed.

    Those of an account are read together (`families.fetch_due_records`). What is due already is not put off.
    """
    rows, now = LoopReturn.objects.filter(pk__in=among(return_pks)), timezone.now()
    if after:
        unread = Q(records_fetched_at=None) | Q(records_fetched_at__lte=F("records_hinted_at"))
        rows.exclude(unread, records_hinted_at__lte=now).update(records_hinted_at=now + after)
    elif rows.update(records_hinted_at=now):
        for account in NetSuiteAccount.objects.filter(shops__returns__in=rows.order_by()).distinct():
            ring("records", account.pk)


def apply_records(account: NetSuiteAccount, records: Iterable[TransactionRecord], *, fetched_at: datetime) -> None:
    """Write records as NetSuite showed them, and ask for new plans of the returns that hold them."""
    upsert_records(account, records, fetched_at=fetched_at)


def mark_gone(account: NetSuiteAccount, internal_ids: Iterable[str]) -> None:
    with transaction.atomic():
        gone = NetSuiteRecord.objects.filter(account=account, internal_id__in=among_texts(internal_ids), gone_at=None)
        pks = list(gone.values_list("pk", flat=True))
        gone.update(gone_at=clock.now())
        ask_for_plan(returns_with(pks))


@transaction.atomic
def doubt_records(account: NetSuiteAccount, internal_ids: Iterable[str]) -> None:
    """Something changed them, whatever their time of change says: the next look reads them."""
    doubted = NetSuiteRecord.objects.filter(account=account, internal_id__in=among_texts(internal_ids))
    pks = list(doubted.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    NetSuiteRecord.objects.filter(pk__in=among(pks)).update(told_at=None)

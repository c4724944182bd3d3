"""Mirrors: fetch, then write (`returnsops.returns.bulk`).

A hint (webhook, sweep, posting) says «look»; the fetched object is the truth. Older never overwrites newer; with the
same `updated_at` the later fetch wins.
"""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import DataError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from integrations.bells import ring
from integrations.connections import loop_client, watched
from integrations.errors import UnreadableRecordError
from integrations.loop.records import LoopReturnRecord
from integrations.models import NetSuiteAccount, Shop
from integrations.netsuite.records import TransactionRecord
from returnsops.lib import clock
from returnsops.lib.fixed_query import FixedQuery, slots
from returnsops.lib.upsert import among, among_texts
from returnsops.returns.bulk import returns_with, upsert_records, upsert_returns
from returnsops.returns.models import LoopReturn, NetSuiteRecord
from returnsops.returns.replan import ask_for_plan, hold_returns

logger = logging.getLogger(__name__)

SALE_TYPES = ("salesOrder", "invoice", "cashSale")
# NetSuite has something to tell of these that we have not got.
WITHOUT_SALE = FixedQuery(
    lambda: (
        LoopReturn.objects.filter(pk__in=slots("pks"))
        .filter(
            Q(records_fetched_at=None)
            | ~Exists(NetSuiteRecord.objects.filter(returns=OuterRef("pk"), record_type__in=SALE_TYPES))
        )
        .order_by()
        .values("pk")
    )
)


# --- Loop ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fetched:
    """One return as Loop showed it. at: when the call began."""

    record: LoopReturnRecord
    at: datetime


def fetch_return(
    shop: Shop, loop_id: str, *, hinted_at: datetime | None = None, in_background: bool = False
) -> LoopReturn | None:
    """Fetch one return from Loop and mirror it. A fetch later than the hint has already answered it.

    in_background: nobody waits for it, so it leaves a share of the calls to those who do.
    Raises the errors of `integrations.errors`. None: Loop knows no such return; one that we know is asked for again.
    """
    if hinted_at:
        known = LoopReturn.objects.filter(shop=shop, loop_id=loop_id, fetched_at__gt=hinted_at).first()
        if known:
            return known
    fetched = read_return(shop, loop_id, in_background=in_background)
    if fetched is None:
        doubt_return(shop, loop_id)
        return None
    return apply_fetched(shop, fetched)


def read_return(shop: Shop, loop_id: str, *, in_background: bool = False) -> Fetched | None:
    """Fetch one return and write nothing. Raises the errors of `integrations.errors`. None: Loop knows no such one."""
    started_at = timezone.now()
    with watched(shop):
        record = loop_client(shop, in_background=in_background).get_return(loop_id)
    if record is None:
        return None
    require_distinct_parts(record)
    return Fetched(record, started_at)


def doubt_return(shop: Shop, loop_id: str) -> None:
    """Loop says that it has no such return. If we know it, one answer proves nothing: the sweep goes into it."""
    known = LoopReturn.objects.filter(shop=shop, loop_id=loop_id, missing_since=None, fetch_due_at=None)
    known.update(fetch_due_at=timezone.now())


def apply_fetched(shop: Shop, fetched: Fetched) -> LoopReturn:
    """Raises UnreadableRecordError for what no column of ours can hold."""
    try:
        return apply_return(shop, fetched.record, fetched_at=fetched.at)
    except DataError as error:
        raise unstorable(fetched.record.id, error) from error


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
    apply_returns(shop, [Fetched(record, fetched_at)])
    return LoopReturn.objects.select_related("shop").get(shop=shop, loop_id=record.id)


@transaction.atomic
def apply_returns(shop: Shop, fetched: Sequence[Fetched]) -> None:
    """The same for several, all or none."""
    moments = {one.record.id: one.at for one in fetched}
    done = upsert_returns(shop, [one.record for one in fetched], fetched_at=moments)
    orders = {
        done.pks[one.record.id]: [new.exchange_order_id for new in one.record.exchanges if new.exchange_order_id]
        for one in fetched
        if one.record.id in done.pks
    }
    unread = {row.pk for row in WITHOUT_SALE.ask(pks=list(orders))}
    wanting = [pk for pk, ids in orders.items() if pk in unread or not _holds_one_of(pk, ids)]
    if wanting:
        hint_records(wanting)


def _holds_one_of(return_pk: int, order_ids: Collection[str]) -> bool:
    """Or none is waited for: exchange orders have a name once they are made."""
    return not order_ids or NetSuiteRecord.objects.filter(returns=return_pk, external_id__in=order_ids).exists()


# --- NetSuite --------------------------------------------------------------------------------------


def hint_records(return_pks: Iterable[int], *, after: timedelta = timedelta(0)) -> None:
    """Say that NetSuite should be read for these returns: now, or when that much time has passed.

    Those of an account are read together (`families.fetch_due_records`). What is due already is not put off.
    """
    pks, now = set(return_pks), timezone.now()
    if not pks:
        return
    rows = LoopReturn.objects.filter(pk__in=among(pks))
    with transaction.atomic(savepoint=False):
        hold_returns(pks)
        if after:
            unread = Q(records_fetched_at=None) | Q(records_fetched_at__lte=F("records_hinted_at"))
            rows.exclude(unread, records_hinted_at__lte=now).update(records_hinted_at=now + after)
        elif rows.update(records_hinted_at=now):
            _ring_for_records(rows)


def _ring_for_records(rows: QuerySet[LoopReturn]) -> None:
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

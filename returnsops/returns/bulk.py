"""Writing mirrors, one record or a thousand: few statements per batch, older never over newer.

Every row of `models.mirror` that Loop or NetSuite fills is written here and nowhere else.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.utils import timezone

from integrations.loop.records import LoopReturnRecord
from integrations.models import NetSuiteAccount, Shop
from integrations.netsuite.records import RecordRef, TransactionRecord
from returnsops.lib.upsert import among, upsert_rows
from returnsops.returns.columns import Row, exchange_rows, line_rows, record_row, return_row, told_at, unit_rows
from returnsops.returns.digest import digest_of
from returnsops.returns.models import ExchangeItem, LoopReturn, NetSuiteLine, NetSuiteRecord, ReturnLine
from returnsops.returns.replan import ask_for_plan

BATCH_ROWS = 500
# Details may lag behind the list for a moment: those older than the row that asked for them do not answer it.
ANSWERS_THE_LIST = Q(listed_at=None) | Q(listed_at__lte=F("updated_at"))
PUT_OFF_BY = timedelta(seconds=30)  # what is due later than this waits for another try, and asks for no newer details

Record = TypeVar("Record")


@dataclass
class Upserted:
    """Primary keys by the other side's id, of what was written; what was older than ours is not in it."""

    pks: dict[str, int] = field(default_factory=dict)
    new: set[int] = field(default_factory=set)


def upsert_returns(
    shop: Shop, records: Iterable[LoopReturnRecord], *, fetched_at: datetime | Mapping[str, datetime] | None = None
) -> Upserted:
    """Write what Loop said at `fetched_at` (when the call began), batch by batch, each in a transaction of its own.

    A row of the list never overwrites details, which hold more; it asks for them to be fetched again instead. What is
    known by the list alone is planned once its details are there; a return older than the shop's start never is.
    fetched_at: by the return's id where a call was made for each.
    """
    done = Upserted()
    moment = fetched_at or timezone.now()
    for batch in _batches(_newest_of_each(records)):
        moments = moment if isinstance(moment, Mapping) else {record.id: moment for record in batch}
        with transaction.atomic():
            _upsert_returns(shop, batch, done, fetched_at=moments)
    return done


def _upsert_returns(
    shop: Shop, records: list[LoopReturnRecord], done: Upserted, *, fetched_at: Mapping[str, datetime]
) -> None:
    detailed = _hold_returns(shop, [record.id for record in records])
    _ask_for_details(
        {detailed[record.id].pk: record for record in records if not record.is_detailed and record.id in detailed},
        due_at=timezone.now(),  # details fetched while the list was read may be older than this row of it
    )
    rows = [
        (record, return_row(shop, record, fetched_at=fetched_at[record.id]))
        for record in records
        if record.is_detailed or record.id not in detailed
    ]
    told_again = {
        record.id: detailed[record.id].pk
        for record, row in rows
        if record.id in detailed and row["kept_digest"] == detailed[record.id].digest
    }
    done.pks |= _note_told_again(told_again, fetched_at=fetched_at)
    news = [record for record, _ in rows if record.id not in told_again]
    written = upsert_rows(
        LoopReturn,
        [row for record, row in rows if record.id not in told_again],
        key=("shop_id", "loop_id"),
        newer_by=("updated_at", "fetched_at"),
    )
    pks = {loop_id: pk for (_, loop_id), pk in written.pks.items()}
    won = {pks[record.id]: record for record in news if record.id in pks}
    _write_units(won, new=written.new)
    _write_exchanges(won, new=written.new)
    _say_what_follows(shop, won)
    done.pks |= pks
    done.new |= written.new


def _newest_of_each(records: Iterable[LoopReturnRecord]) -> list[LoopReturnRecord]:
    """Pages shift while they are read, so one return may come twice: its newest news counts, of equal ones the last."""
    newest: dict[str, LoopReturnRecord] = {}
    for record in records:
        former = newest.get(record.id)
        if former is None or record.updated_at >= former.updated_at:
            newest[record.id] = record
    return list(newest.values())


@dataclass(frozen=True)
class Held:
    """What stands in a row of ours. digest: empty where nothing may be taken for unchanged."""

    pk: int
    digest: str


def _hold_returns(shop: Shop, loop_ids: list[str]) -> dict[str, Held]:
    """The known ones, held in the order of their keys like everywhere else; gives those known in detail."""
    held = LoopReturn.objects.select_for_update(no_key=True).filter(shop=shop, loop_id__in=loop_ids).order_by("pk")
    rows = held.values_list("pk", "loop_id", "is_detailed", "missing_since", "kept_digest")
    return {loop_id: Held(pk, "" if missing else digest) for pk, loop_id, known, missing, digest in rows if known}


def _note_told_again(pks: dict[str, int], *, fetched_at: Mapping[str, datetime]) -> dict[str, int]:
    """Details that say what they said before: only when they were fetched is new. Nobody has to plan anew."""
    told_at: dict[datetime, list[int]] = {}
    for loop_id, pk in pks.items():
        told_at.setdefault(fetched_at[loop_id], []).append(pk)
    for moment, told in told_at.items():
        answered = LoopReturn.objects.filter(pk__in=among(told), fetched_at__lte=moment)
        still_due = Case(When(_is_answered_by(moment), then=None), default=F("fetch_due_at"))
        answered.update(fetched_at=moment, fetch_due_at=still_due)
    return pks


def _is_answered_by(fetched_at: datetime | F) -> Q:
    asked_before = Q(fetch_due_at__lte=fetched_at) | Q(fetch_due_at__gt=timezone.now() + PUT_OFF_BY)
    return ANSWERS_THE_LIST & asked_before


def _ask_for_details(hints: dict[int, LoopReturnRecord], *, due_at: datetime) -> None:
    """The row is remembered, so that one which Loop tells otherwise in details costs one fetch and no more."""
    rows = [
        LoopReturn(pk=pk, fetch_due_at=due_at, listed_digest=digest_of(record), listed_at=record.updated_at)
        for pk, record in hints.items()
    ]
    LoopReturn.objects.bulk_update(rows, ["fetch_due_at", "listed_digest", "listed_at"], batch_size=100)


def _write_units(won: dict[int, LoopReturnRecord], *, new: Collection[int]) -> None:
    """A unit that is no longer listed was taken out of the return; its row and its history stay (loop.md §7.6)."""
    rows = [row for pk, record in won.items() for row in unit_rows(pk, record.units)]
    written = upsert_rows(ReturnLine, rows, key=("loop_return_id", "line_item_id"))
    if known := won.keys() - new:
        live = ReturnLine.objects.filter(loop_return__in=among(known), removed=False)
        live.exclude(pk__in=among(written.pks.values())).update(removed=True)


def _write_exchanges(won: dict[int, LoopReturnRecord], *, new: Collection[int]) -> None:
    rows = [row for pk, record in won.items() for row in exchange_rows(pk, record.exchanges)]
    written = upsert_rows(ExchangeItem, rows, key=("loop_return_id", "exchange_id"))
    if known := won.keys() - new:
        live = ExchangeItem.objects.filter(loop_return__in=among(known))
        live.exclude(pk__in=among(written.pks.values())).delete()


def _say_what_follows(shop: Shop, won: dict[int, LoopReturnRecord]) -> None:
    """Details answer every hint given before; a row of the list asks for details, unless nothing is ever posted."""
    if detailed := [pk for pk, record in won.items() if record.is_detailed]:
        answered = LoopReturn.objects.filter(_is_answered_by(F("fetched_at")), pk__in=among(detailed))
        answered.update(fetch_due_at=None)
        ask_for_plan(detailed)
    if listed := {pk: record for pk, record in won.items() if not record.is_detailed}:
        postable = [pk for pk, record in listed.items() if record.created_at >= shop.start_from]
        LoopReturn.objects.filter(pk__in=among(postable)).update(fetch_due_at=timezone.now())
        LoopReturn.objects.filter(pk__in=among(listed.keys() - set(postable))).update(stage=LoopReturn.Stage.ENDED)


# --- NetSuite --------------------------------------------------------------------------------------


def upsert_records(
    account: NetSuiteAccount, records: Iterable[TransactionRecord], *, fetched_at: datetime | None = None
) -> Upserted:
    """Write records as NetSuite showed them, and ask for new plans of the returns that hold them."""
    done = Upserted()
    moment = fetched_at or timezone.now()
    shop_codes = list(account.shops.values_list("code", flat=True))
    for batch in _batches(list({record.internal_id: record for record in records}.values())):
        with transaction.atomic():
            _upsert_records(account, batch, done, fetched_at=moment, shop_codes=shop_codes)
    return done


def _upsert_records(
    account: NetSuiteAccount,
    records: list[TransactionRecord],
    done: Upserted,
    *,
    fetched_at: datetime,
    shop_codes: list[str],
) -> None:
    rows = {
        record.internal_id: record_row(account, record, fetched_at=fetched_at, shop_codes=shop_codes)
        for record in records
    }
    known = _note_records_told_again(account, rows, fetched_at=fetched_at)
    done.pks |= known
    news = [row for internal_id, row in rows.items() if internal_id not in known]
    if not news:
        return
    written = upsert_rows(NetSuiteRecord, news, key=("account_id", "internal_id"), newer_by=("fetched_at",))
    pks = {internal_id: pk for (_, internal_id), pk in written.pks.items()}
    won = {pks[record.internal_id]: record for record in records if record.internal_id in pks}
    _write_lines(won, reference_field=account.line_reference_field)
    _tell_people_apart(NetSuiteRecord.objects.filter(pk__in=among(won)))
    ask_for_plan(returns_with(won))
    done.pks |= pks
    done.new |= written.new


def _note_records_told_again(account: NetSuiteAccount, rows: dict[str, Row], *, fetched_at: datetime) -> dict[str, int]:
    """Hold the known ones, in the order of their keys like everywhere else. Of those that say what they said before
    only the moment is new: gives them."""
    held = NetSuiteRecord.objects.select_for_update(no_key=True).filter(account=account, internal_id__in=list(rows))
    standing = held.order_by("pk").values_list("internal_id", "pk", "gone_at", "kept_digest")
    known = {
        internal_id: pk
        for internal_id, pk, gone_at, digest in standing
        if gone_at is None and digest == rows[internal_id]["kept_digest"]
    }
    if known:
        answered = NetSuiteRecord.objects.filter(pk__in=among(known.values()), fetched_at__lt=fetched_at)
        answered.update(fetched_at=fetched_at, told_at=told_at(fetched_at))
    return known


def note_makers(account: NetSuiteAccount, refs: Iterable[RecordRef]) -> None:
    """Who made them over there, which only queries tell."""
    makers: dict[str, list[str]] = {}
    for ref in refs:
        if ref.created_by:
            makers.setdefault(ref.created_by, []).append(ref.internal_id)
    for made_by, internal_ids in makers.items():
        unknown = NetSuiteRecord.objects.filter(account=account, made_by="", internal_id__in=internal_ids)
        if unknown.update(made_by=made_by):
            _tell_people_apart(NetSuiteRecord.objects.filter(account=account, internal_id__in=internal_ids))


def name_unread(account: NetSuiteAccount, refs: Collection[RecordRef]) -> None:
    """The numbers of documents that we made and nobody read: a query tells them as well."""
    if refs:
        numbers = {ref.internal_id: ref.tran_id for ref in refs if ref.tran_id}
        rows = NetSuiteRecord.objects.filter(account=account, internal_id__in=numbers, kept_digest="", tran_id="")
        named = [NetSuiteRecord(pk=pk, tran_id=numbers[one]) for pk, one in rows.values_list("pk", "internal_id")]
        NetSuiteRecord.objects.bulk_update(named, ["tran_id"])


def _tell_people_apart(records: QuerySet[NetSuiteRecord]) -> None:
    """No external id, no interface, and a user is named: made by hand."""
    by_hand = records.filter(origin=NetSuiteRecord.Origin.FOREIGN).exclude(made_by="")
    by_hand.update(origin=NetSuiteRecord.Origin.PERSON)


def _write_lines(won: dict[int, TransactionRecord], *, reference_field: str) -> None:
    lines = [row for pk, record in won.items() for row in line_rows(pk, record.lines, reference_field=reference_field)]
    written = upsert_rows(NetSuiteLine, lines, key=("record_id", "line"))
    NetSuiteLine.objects.filter(record__in=among(won)).exclude(pk__in=among(written.pks.values())).delete()


def returns_with(record_pks: Iterable[int]) -> list[int]:
    """The returns that hold these records."""
    return list(LoopReturn.objects.filter(records__in=among(record_pks)).values_list("pk", flat=True).distinct())


def _batches(records: Sequence[Record]) -> Iterator[list[Record]]:
    for start in range(0, len(records), BATCH_ROWS):
        yield list(records[start : start + BATCH_ROWS])

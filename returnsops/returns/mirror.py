"""Mirrors: fetch, then write. Every row of `models.mirror` is written here and nowhere else.

A hint (webhook, sweep, posting) says «look»; the fetched object is the truth. Older never overwrites newer; with the
same `updated_at` the later fetch wins.
"""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from integrations.connections import loop_client, netsuite_client, watched
from integrations.loop.records import LoopReturnRecord, LoopUnitRecord
from integrations.models import NetSuiteAccount, Shop
from integrations.netsuite.records import RecordRef, TransactionLine, TransactionRecord
from returnsops.lib.nudge import nudge
from returnsops.returns.models import ExchangeItem, LoopReturn, NetSuiteLine, NetSuiteRecord, ReturnLine
from returnsops.returns.plan.exchanging import exchange_references
from returnsops.returns.replan import ask_for_plan
from returnsops.returns.sku_mapping import look_up_items, look_up_sold_items

logger = logging.getLogger(__name__)

SALE_TYPES = ("salesOrder", "invoice", "cashSale")
GENERATIONS_MAX = 4  # order → invoice → authorization → receipt or credit → refund
OUR_PREFIX = "loop-"


# --- Loop ------------------------------------------------------------------------------------------


def fetch_return(shop: Shop, loop_id: str, *, hinted_at: datetime | None = None) -> LoopReturn | None:
    """Fetch one return from Loop and mirror it. A fetch later than the hint has already answered it.

    Raises the errors of `integrations.errors`. None: Loop knows no such return.
    """
    known = LoopReturn.objects.filter(shop=shop, loop_id=loop_id).first()
    if known and hinted_at and known.fetched_at > hinted_at:
        return known
    started_at = timezone.now()
    with watched(shop):
        record = loop_client(shop).get_return(loop_id)
    return apply_return(shop, record, fetched_at=started_at) if record else None


def apply_return(shop: Shop, record: LoopReturnRecord, *, fetched_at: datetime) -> LoopReturn:
    """Write what Loop said at `fetched_at` (when the call began). Older news changes nothing."""
    with transaction.atomic():
        row, is_new = LoopReturn.objects.select_for_update(no_key=True).get_or_create(
            shop=shop, loop_id=record.id, defaults=_columns_of(record) | {"fetched_at": fetched_at}
        )
        stale = record.updated_at < row.updated_at or (
            record.updated_at == row.updated_at and fetched_at < row.fetched_at
        )
        if stale and not is_new:
            return row
        LoopReturn.objects.filter(pk=row.pk).update(**_columns_of(record), fetched_at=fetched_at)
        _write_units(row, record.units)
        _write_exchanges(row, record)
        ask_for_plan([row.pk])
        if is_new or _wants_records(row, record):
            hint_records([row.pk])
    row.refresh_from_db()
    return row


def _columns_of(record: LoopReturnRecord) -> dict[str, object]:
    numbers = {record.tracking_number, *(label.tracking_number for label in record.labels)}
    return {
        "state": record.state.value,
        "outcome": record.outcome or "",
        "order_name": record.order_name or "",
        "provider_order_id": record.provider_order_id or "",
        "customer_email": record.customer_email or "",
        "currency": record.currency or "",
        "return_total": record.worth,
        "tracking_numbers": sorted(number for number in numbers if number),
        "label_status": record.label_status or "",
        "delivered_at": record.label_updated_at if record.label_status == "delivered" else None,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "raw": record.raw,
    }


def _write_units(row: LoopReturn, units: tuple[LoopUnitRecord, ...]) -> None:
    """A unit that is no longer listed was taken out of the return; its row and its history stay (loop.md §7.6)."""
    row.lines.exclude(line_item_id__in=[unit.line_item_id for unit in units]).update(removed=True)
    for position, unit in enumerate(units, start=1):
        ReturnLine.objects.update_or_create(
            loop_return=row,
            line_item_id=unit.line_item_id,
            defaults={
                "provider_line_item_id": unit.provider_line_item_id or "",
                "position": position,
                "sku": unit.sku or "",
                "barcode": unit.barcode or "",
                "title": unit.title or "",
                "image_url": unit.image or "",
                "reason": unit.reason or "",
                "comment": unit.comment or "",
                "exchange_variant": unit.exchange_variant or "",
                "removed": unit.removed,
                **{name: getattr(unit, name) for name in UNIT_AMOUNTS},
            },
        )


UNIT_AMOUNTS = ("price", "discount", "tax", "refund", "refund_item", "refund_tax")


def _write_exchanges(row: LoopReturn, record: LoopReturnRecord) -> None:
    row.exchange_items.exclude(exchange_id__in=[one.exchange_id for one in record.exchanges]).delete()
    for one in record.exchanges:
        ExchangeItem.objects.update_or_create(
            loop_return=row,
            exchange_id=one.exchange_id,
            defaults={
                "sku": one.sku or "",
                "title": one.title or "",
                "total": one.total,
                "exchange_order_id": one.exchange_order_id or "",
                "exchange_order_name": one.exchange_order_name or "",
            },
        )


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
        look_up_items(row.shop, _skus_of(row))
        records = _read_family(account, _references_of(row))
        look_up_sold_items(account, records)
        gone = _find_gone(row, records)
    apply_records(account, records, fetched_at=started_at)
    mark_gone(account, gone)
    with transaction.atomic():
        mirrored = NetSuiteRecord.objects.filter(
            account=account, internal_id__in=[record.internal_id for record in records]
        )
        row.records.add(*mirrored)
        LoopReturn.objects.filter(pk=row.pk).update(records_fetched_at=started_at)
        ask_for_plan([row.pk])


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
    with transaction.atomic():
        touched = []
        for record in sorted(records, key=lambda record: record.internal_id):
            row = _write_record(account, record, fetched_at=fetched_at)
            if row:
                touched.append(row.pk)
        ask_for_plan(_returns_with(touched))


def mark_gone(account: NetSuiteAccount, internal_ids: Iterable[str]) -> None:
    with transaction.atomic():
        gone = NetSuiteRecord.objects.filter(account=account, internal_id__in=list(internal_ids), gone_at=None)
        pks = list(gone.values_list("pk", flat=True))
        gone.update(gone_at=timezone.now())
        ask_for_plan(_returns_with(pks))


def _returns_with(record_pks: list[int]) -> list[int]:
    return list(LoopReturn.objects.filter(records__in=record_pks).values_list("pk", flat=True).distinct())


def _write_record(
    account: NetSuiteAccount, record: TransactionRecord, *, fetched_at: datetime
) -> NetSuiteRecord | None:
    natural_key = {"account": account, "internal_id": record.internal_id}
    same = NetSuiteRecord.objects.filter(**natural_key)
    known = same.select_for_update(no_key=True).first()
    if known and known.fetched_at > fetched_at:
        return None
    is_ours = (record.external_id or "").startswith(OUR_PREFIX)
    values = {
        "record_type": record.record_type,
        "external_id": record.external_id or "",
        "tran_id": record.tran_id or "",
        "tran_date": record.tran_date,
        "status": record.status,
        "status_label": record.status_label or "",
        "created_from_id": record.created_from_id or "",
        "entity_id": record.entity_id or "",
        "other_ref_num": record.other_ref_num or "",
        "total": record.total,
        "tax_total": record.tax_total,
        "amount_remaining": record.amount_remaining,
        "last_modified": record.last_modified,
        "fetched_at": fetched_at,
        "gone_at": None,
        "origin": NetSuiteRecord.Origin.OURS if is_ours else NetSuiteRecord.Origin.FOREIGN,
        "raw": record.raw,
    }
    row, is_new = (known, False) if known else same.get_or_create(**natural_key, defaults=values)
    if not is_new:
        same.update(**values)
    row.lines.all().delete()
    NetSuiteLine.objects.bulk_create([_line_row(row, line, account) for line in record.lines])
    return row


def _line_row(row: NetSuiteRecord, line: TransactionLine, account: NetSuiteAccount) -> NetSuiteLine:
    reference = line.custom.get(account.line_reference_field, "") if account.line_reference_field else ""
    return NetSuiteLine(
        record=row,
        line=str(line.line or ""),
        order_line=str(line.order_line or ""),
        item_id=line.item_id or "",
        item_name=line.item_name or "",
        quantity=line.quantity,
        rate=line.rate,
        amount=line.amount,
        tax_amount=line.tax_amount,
        location_id=line.location_id or "",
        is_closed=line.is_closed,
        quantity_received=line.quantity_received,
        quantity_billed=line.quantity_billed,
        reference=str(reference or ""),
    )


def _read_family(account: NetSuiteAccount, references: list[str]) -> list[TransactionRecord]:
    """The sale under any of its names, then its descendants, generation by generation."""
    client = netsuite_client(account)
    refs: dict[str, RecordRef] = {ref.internal_id: ref for ref in client.find_sales(references)}
    newest = set(refs)
    for _ in range(GENERATIONS_MAX):
        credits = [one for one in newest if refs[one].record_type == "creditMemo"]
        found = client.find_children(newest) if newest else []
        found += client.find_refunds_of_credits(credits) if credits else []
        fresh = {ref.internal_id: ref for ref in found if ref.internal_id not in refs}
        refs |= fresh
        newest = set(fresh)
    wanted = [ref for ref in refs.values() if ref.record_type not in ("unknown", "itemFulfillment")]
    read = [client.get_record(ref.record_type, ref.internal_id) for ref in wanted]
    return [record for record in read if record]


def _find_gone(row: LoopReturn, records: list[TransactionRecord]) -> list[str]:
    """Records of this return that no longer turn up among its order's, and that NetSuite says do not exist."""
    found = {record.internal_id for record in records}
    missing = row.records.filter(gone_at=None).exclude(internal_id__in=found)
    client = netsuite_client(row.shop.account)
    known = list(missing.values_list("record_type", "internal_id"))
    return [internal_id for record_type, internal_id in known if client.get_record(record_type, internal_id) is None]


def _references_of(row: LoopReturn) -> list[str]:
    """Under which names the order and its exchange orders may lie in NetSuite (loop.md §7.12)."""
    own = [row.provider_order_id, row.order_name, row.order_name.lstrip("#")]
    exchanges = list(row.exchange_items.values_list("exchange_order_id", "exchange_order_name"))
    return sorted({name for name in [*own, *exchange_references(exchanges)] if name})


def _skus_of(row: LoopReturn) -> set[str]:
    skus = {*row.lines.values_list("sku", flat=True), *row.exchange_items.values_list("sku", flat=True)}
    return {sku for sku in skus if sku}

"""What of a fetched record stands in which column: the only place that knows, for one record as for a thousand."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from integrations.loop.records import LoopExchangeRecord, LoopReturnRecord, LoopUnitRecord
from integrations.models import NetSuiteAccount, Shop
from integrations.netsuite.records import TransactionLine, TransactionRecord
from returnsops.lib import clock
from returnsops.returns.digest import digest_of, digest_of_rows
from returnsops.returns.models import NetSuiteRecord
from returnsops.returns.places import place_at

Row = dict[str, Any]
OUR_PREFIX = "loop-"
UNIT_AMOUNTS = ("price", "discount", "tax", "refund", "refund_item", "refund_tax")


def return_row(shop: Shop, record: LoopReturnRecord, *, fetched_at: datetime) -> Row:
    """A return that Loop shows is not missing there."""
    told = _told_of_return(record)
    parts = [*unit_rows(0, record.units), *exchange_rows(0, record.exchanges)]
    kept_digest = digest_of_rows([told, *parts]) if record.is_detailed else ""
    return told | {"shop_id": shop.pk, "fetched_at": fetched_at, "missing_since": None, "kept_digest": kept_digest}


def _told_of_return(record: LoopReturnRecord) -> Row:
    numbers = {record.tracking_number, *(label.tracking_number for label in record.labels)}
    return {
        "loop_id": record.id,
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
        "is_detailed": record.is_detailed,
        "seen_digest": digest_of(record),
    }


def unit_rows(return_pk: int, units: tuple[LoopUnitRecord, ...]) -> list[Row]:
    return [_unit_row(return_pk, unit, position=position) for position, unit in enumerate(units, start=1)]


def _unit_row(return_pk: int, unit: LoopUnitRecord, *, position: int) -> Row:
    return {
        "loop_return_id": return_pk,
        "line_item_id": unit.line_item_id,
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
    }


def exchange_rows(return_pk: int, exchanges: tuple[LoopExchangeRecord, ...]) -> list[Row]:
    return [
        {
            "loop_return_id": return_pk,
            "exchange_id": one.exchange_id,
            "sku": one.sku or "",
            "title": one.title or "",
            "total": one.total,
            "exchange_order_id": one.exchange_order_id or "",
            "exchange_order_name": one.exchange_order_name or "",
        }
        for one in exchanges
    ]


def record_row(
    account: NetSuiteAccount, record: TransactionRecord, *, fetched_at: datetime, shop_codes: Collection[str]
) -> Row:
    """A record that NetSuite shows is not gone."""
    told = _told_of_record(record) | {"origin": _origin_of(record, shop_codes)}
    kept_digest = digest_of_rows([told, *line_rows(0, record.lines, reference_field=account.line_reference_field)])
    return told | {
        "account_id": account.pk,
        "fetched_at": fetched_at,
        "told_at": told_at(fetched_at),
        "gone_at": None,
        "kept_digest": kept_digest,
    }


def told_at(fetched_at: datetime) -> datetime:
    """A moment of ours in the time in which NetSuite dates its changes: another one only where a sandbox is visited."""
    return fetched_at + clock.offset()


def _told_of_record(record: TransactionRecord) -> Row:
    return {
        "internal_id": record.internal_id,
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
        "raw": record.raw,
    }


def _origin_of(record: TransactionRecord, shop_codes: Collection[str]) -> str:
    """By the external id: ours has one of our shops in it, another connector's is whatever that one writes. What came
    in through an interface was made by a program as well, id or not (netsuite.md §8).
    """
    external_id = (record.external_id or "").lower()
    if is_our_id(external_id, shop_codes):
        return NetSuiteRecord.Origin.OURS
    return NetSuiteRecord.Origin.CONNECTOR if external_id or record.source else NetSuiteRecord.Origin.FOREIGN


def is_our_id(external_id: str, shop_codes: Collection[str]) -> bool:
    """Whether we gave this id to a document; NetSuite may have changed its case."""
    return external_id.lower().startswith(tuple(f"{OUR_PREFIX}{code}-" for code in shop_codes))


def line_rows(record_pk: int, lines: tuple[TransactionLine, ...], *, reference_field: str) -> list[Row]:
    """reference_field: the line field that holds the shop's own id of the line; empty if there is none.

    A line without a number, as a receipt's may be, is known by its place, so that none of several is lost
    (netsuite.md §13 U2).
    """
    return [
        _line_row(record_pk, line, name=str(line.line or f"row {place}"), reference_field=reference_field)
        for place, line in enumerate(lines, start=1)
    ]


def _line_row(record_pk: int, line: TransactionLine, *, name: str, reference_field: str) -> Row:
    reference = line.custom.get(reference_field, "") if reference_field else ""
    return {
        "record_id": record_pk,
        "line": name,
        "order_line": str(line.order_line or ""),
        "item_id": line.item_id or "",
        "item_name": line.item_name or "",
        "quantity": line.quantity,
        "rate": line.rate,
        "amount": line.amount,
        "tax_amount": line.tax_amount,
        "location_id": place_at(line.location_id or "", line.statuses),
        "is_closed": line.is_closed,
        "quantity_received": line.quantity_received,
        "quantity_billed": line.quantity_billed,
        "reference": str(reference or ""),
    }

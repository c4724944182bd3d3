"""Rows per second into the mirror: a window of Loop's list at once, and the simple alternative row by row."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from django.utils import timezone

from integrations.loop.parsing import parse_return
from integrations.loop.records import LoopReturnRecord
from integrations.models import Shop
from returnsops.management.bench.webhooks import FIRST_RETURN
from returnsops.returns.bulk import upsert_returns
from returnsops.returns.columns import return_row, unit_rows
from returnsops.returns.models import LoopReturn, ReturnLine

ROUNDS = 5
UNITS = 2
IN_BULK = 3_000
ROW_BY_ROW = 100
ROWS_PER_RETURN = 1 + UNITS
FIRST_CHANGE = datetime(2026, 6, 3, 14, 5, 11, tzinfo=UTC)


def measure_mirror(shop: Shop) -> dict[str, float | int]:
    """Each round writes new returns and then changes all of them, ours and the alternative in turns."""
    bulk, single = [], []
    for number in range(ROUNDS):
        first = number * (IN_BULK + ROW_BY_ROW)
        bulk.append(_rows_per_s(shop, write_in_bulk, first=first, count=IN_BULK))
        single.append(_rows_per_s(shop, write_row_by_row, first=first + IN_BULK, count=ROW_BY_ROW))
    return {
        "rounds": ROUNDS,
        "bulk_rows_per_s": round(median(bulk)),
        "row_by_row_per_s": round(median(single)),
        "ratio": round(median(one / other for one, other in zip(bulk, single, strict=True)), 1),
    }


def write_in_bulk(shop: Shop, records: list[LoopReturnRecord]) -> None:
    upsert_returns(shop, records)


def write_row_by_row(shop: Shop, records: list[LoopReturnRecord]) -> None:
    """As one would write it at first."""
    fetched_at = timezone.now()
    for record in records:
        values = dict(return_row(shop, record, fetched_at=fetched_at))
        key = {name: values.pop(name) for name in ("shop_id", "loop_id")}
        row, _ = LoopReturn.objects.update_or_create(**key, defaults=values)
        for unit in unit_rows(row.pk, record.units):
            values = dict(unit)
            key = {name: values.pop(name) for name in ("loop_return_id", "line_item_id")}
            ReturnLine.objects.update_or_create(**key, defaults=values)


def _rows_per_s(shop: Shop, write: Callable[[Shop, list[LoopReturnRecord]], None], *, first: int, count: int) -> float:
    created, changed = (make_records(first, count, changed_after=after) for after in (0, 1))
    started = time.monotonic()
    write(shop, created)
    write(shop, changed)
    return 2 * count * ROWS_PER_RETURN / (time.monotonic() - started)


def make_records(first: int, count: int, *, changed_after: int) -> list[LoopReturnRecord]:
    """count rows of Loop's list, as parsed; changed_after: hours, so that a later row is a newer one."""
    rows = [loop_row(FIRST_RETURN + number, changed_after=changed_after) for number in range(first, first + count)]
    return [parse_return(row, is_detailed=False) for row in rows]


def loop_row(number: int, *, units: int = UNITS, changed_after: int = 0) -> dict[str, Any]:
    """A row of Loop's list: an open refund of so many units at 32.00 + 2.56."""
    changed = FIRST_CHANGE + timedelta(hours=changed_after)
    return {
        "id": str(number),
        "state": "open",
        "was_processed": False,
        "outcomes_processed_at": {"return_processed": None, "refund_processed": None},
        "created_at": FIRST_CHANGE.isoformat(),
        "updated_at": changed.isoformat(),
        "total": "69.12",
        "outcome": "refund",
        "order_id": str(144_000_000 + number),
        "order_name": f"#{number}",
        "provider_order_id": str(5_873_000_000_000 + number),
        "customer": "pat@example.com",
        "currency": "USD",
        "return_product_total": "64.00",
        "return_discount_total": "0.00",
        "return_tax_total": "5.12",
        "return_total": "69.12",
        "return_credit_total": "0.00",
        "gift_card": "0.00",
        "handling_fee": "0.00",
        "refund": "69.12",
        "carrier": "USPS",
        "tracking_number": f"94001{number}",
        "label_status": "in_transit",
        "line_items": [_unit(number * 10 + unit) for unit in range(units)],
        "exchanges": [],
    }


def _unit(number: int) -> dict[str, Any]:
    return {
        "line_item_id": str(number),
        "provider_line_item_id": str(14_440_000_000_000 + number),
        "variant_id": "45123450001",
        "sku": f"BOOT-{number % 40}",
        "title": "Boot - Red / 42",
        "price": "32.00",
        "discount": "0.00",
        "tax": "2.56",
        "refund": "34.56",
        "refund_item": "32.00",
        "refund_tax": "2.56",
        "returned_at": "2026-06-03 14:05:11",
        "return_reason": "Too small",
        "parent_return_reason": "Size",
        "return_comment": "N/A",
        "outcome": "default",
    }

"""Mirrors: older never over newer, nothing lost, and every change asks for a new plan."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Shop
from returnsops.returns import mirror
from returnsops.returns.models import LoopReturn, NetSuiteLine, NetSuiteRecord
from tests.builders import (
    details_payload,
    make_netsuite,
    make_record,
    make_return,
    make_rma,
    make_sale,
    make_unit,
    transaction_of,
    unit_payload,
)

pytestmark = pytest.mark.django_db
EARLIER = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
LATER = EARLIER + timedelta(minutes=1)


def mirrored(fetched_at: datetime, **changes: Any) -> LoopReturn:
    return make_return(fetched_at=fetched_at, **changes)


def test_newer_news_is_written(shop: Shop) -> None:
    mirrored(EARLIER)

    row = mirrored(LATER, state="closed", updated_at="2026-11-18 10:00:30")

    assert (row.state, LoopReturn.objects.count()) == ("closed", 1)


def test_older_news_changes_nothing_however_late_it_comes(shop: Shop) -> None:
    mirrored(EARLIER, state="closed", updated_at="2026-11-18 09:00:00")

    row = mirrored(LATER, state="open", updated_at="2026-11-18 08:00:00")

    assert row.state == "closed"


@pytest.mark.parametrize(("second_fetch", "expected"), [(LATER, "closed"), (EARLIER - timedelta(seconds=1), "open")])
def test_of_two_with_the_same_time_the_later_fetch_wins(shop: Shop, second_fetch: datetime, expected: str) -> None:
    mirrored(EARLIER, state="open")

    assert mirrored(second_fetch, state="closed").state == expected


def test_same_id_in_two_shops_is_two_returns(shop: Shop) -> None:
    other = Shop.objects.create(code="moss", name="Moss", currency="EUR", account=shop.account, start_from=EARLIER)

    assert make_return(shop) != make_return(other)


def test_every_piece_of_news_asks_for_a_plan(shop: Shop) -> None:
    mirrored(EARLIER)
    LoopReturn.objects.update(look_again_at=None, plan_attempts=2)

    row = mirrored(LATER, label_status="delivered")

    assert row.look_again_at is not None
    assert row.plan_attempts == 0


def test_what_is_told_again_unchanged_is_noted_and_plans_nothing(shop: Shop) -> None:
    mirrored(EARLIER)
    LoopReturn.objects.update(look_again_at=None, fetch_due_at=EARLIER)

    row = mirrored(LATER)

    row.refresh_from_db()
    assert (row.fetched_at, row.fetch_due_at, row.look_again_at) == (LATER, None, None)


def test_unit_that_is_listed_empty_or_not_at_all_is_removed_and_kept(shop: Shop) -> None:
    mirrored(EARLIER, lines=3)
    empty = unit_payload(387002, price="0", discount="0", tax="0", refund="0", returned_at=None)

    row = mirrored(LATER, line_items=[unit_payload(387001), empty])

    assert list(row.lines.values_list("line_item_id", "removed")) == [
        ("387001", False),
        ("387002", True),
        ("387003", True),
    ]


def test_unit_that_comes_back_is_live_again(shop: Shop) -> None:
    mirrored(EARLIER, lines=2)
    mirrored(EARLIER + timedelta(seconds=1), lines=1)

    row = mirrored(LATER, lines=2)

    assert not row.lines.filter(removed=True).exists()


def test_every_tracking_number_finds_the_return(shop: Shop) -> None:
    label = {"tracking_number": "1Z999", "status": "in_transit", "line_items": [387001]}

    row = mirrored(EARLIER, labels=[label])

    assert row.tracking_numbers == ["1Z999", "9400100000000000000001"]


def test_fresh_return_asks_netsuite(shop: Shop) -> None:
    assert mirrored(EARLIER).records_hinted_at is not None


def test_exchange_order_that_got_its_name_asks_netsuite_again(shop: Shop) -> None:
    row = mirrored(EARLIER)
    make_record(row, make_sale([make_unit()]))
    LoopReturn.objects.update(records_hinted_at=None)
    exchange = {"exchange_id": 1, "sku": "BOOT-43", "total": "77.76", "exchange_order_id": 61001}

    assert mirrored(LATER, exchanges=[exchange]).records_hinted_at is not None


def test_record_read_later_replaces_its_lines(shop: Shop) -> None:
    row = mirrored(EARLIER)
    rma = make_rma(make_sale([make_unit(1), make_unit(2)]))
    make_record(row, rma, fetched_at=EARLIER)

    make_record(row, replace(rma, lines=(replace(rma.lines[0], received=1),)), fetched_at=LATER)

    record = NetSuiteRecord.objects.get()
    assert [line.quantity_received for line in record.lines.all()] == [1]


def test_no_line_without_a_number_of_its_own_is_lost(shop: Shop) -> None:
    receipt = transaction_of(make_sale([make_unit()], "itemReceipt"))
    lines = tuple(replace(receipt.lines[0], line=None, order_line=number) for number in (3, 6))

    for _ in range(2):
        mirror.apply_records(shop.account, [replace(receipt, lines=lines)], fetched_at=timezone.now())

    assert list(NetSuiteLine.objects.values_list("order_line", flat=True)) == ["3", "6"]


@pytest.mark.parametrize(("statuses", "place"), [({"3"}, "31/3"), ({"1", "3"}, "31/several"), (set(), "31")])
def test_line_is_kept_at_its_place_with_its_inventory_status(shop: Shop, statuses: set[str], place: str) -> None:
    receipt = transaction_of(make_sale([make_unit()], "itemReceipt"))
    line = replace(receipt.lines[0], location_id="31", statuses=frozenset(statuses))

    mirror.apply_records(shop.account, [replace(receipt, lines=(line,))], fetched_at=timezone.now())

    assert NetSuiteLine.objects.get().location_id == place


def test_record_read_earlier_changes_nothing(shop: Shop) -> None:
    row = mirrored(EARLIER)
    memo = make_netsuite("creditMemo", "8201")
    make_record(row, replace(memo, status="B"), fetched_at=LATER)

    make_record(row, replace(memo, status="A"), fetched_at=EARLIER)

    assert NetSuiteRecord.objects.get().status == "B"


def test_our_records_are_told_from_those_of_others(shop: Shop) -> None:
    row = mirrored(EARLIER)

    ours = make_record(row, make_netsuite("creditMemo", "1", external_id="loop-fern-1-credit-1"))
    foreign = make_record(row, make_netsuite("creditMemo", "2", external_id="celigo-9"))

    assert (ours.origin, foreign.origin) == ("ours", "connector")


def test_record_that_is_gone_is_marked_and_its_returns_are_planned_anew(shop: Shop) -> None:
    row = mirrored(EARLIER)
    make_record(row, make_netsuite("creditMemo", "8201"))
    LoopReturn.objects.update(look_again_at=None)

    mirror.mark_gone(shop.account, ["8201"])

    row.refresh_from_db()
    assert NetSuiteRecord.objects.get().gone_at is not None
    assert row.look_again_at is not None


def test_unknown_state_of_loop_is_kept_as_unknown(shop: Shop) -> None:
    row = mirrored(EARLIER, **details_payload(state="teleported"))

    assert (row.state, row.raw["state"]) == ("unknown", "teleported")

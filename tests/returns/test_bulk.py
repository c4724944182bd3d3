"""A thousand rows at once are written exactly like one: the same fields, older never over newer, few statements."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext
from hypothesis import Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from integrations.loop.parsing import parse_return
from integrations.loop.records import LoopReturnRecord
from integrations.models import Shop
from returnsops.lib.upsert import storable
from returnsops.returns import mirror
from returnsops.returns.bulk import upsert_records, upsert_returns
from returnsops.returns.models import ExchangeItem, LoopReturn, NetSuiteLine, NetSuiteRecord, ReturnLine
from tests.builders import (
    CREATED,
    details_payload,
    make_netsuite,
    make_return,
    make_rma,
    make_sale,
    make_shop,
    make_unit,
    transaction_of,
    unit_payload,
)

EARLY = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)


def told(loop_id: int = 110700123, *, is_detailed: bool = True, **changes: Any) -> LoopReturnRecord:
    return parse_return(details_payload(loop_id=str(loop_id), **changes), is_detailed=is_detailed)


def rows_of(shop: Shop) -> list[Any]:
    """Everything mirrored of a shop, without keys and times of our own."""
    ours = ("id", "shop", "loop_return", "fetch_due_at", "look_again_at", "records_hinted_at", "records")
    returns = LoopReturn.objects.filter(shop=shop).order_by("loop_id")
    return [
        [
            {name: value for name, value in model_to_dict(row).items() if name not in ours}
            for row in (one, *one.lines.all(), *one.exchange_items.all())
        ]
        for one in returns
    ]


texts = st.text(max_size=12)
amounts = st.decimals("0", "99999", places=2).map(str)
units = st.builds(
    lambda number, sku, title, price, is_gone: unit_payload(
        number, sku=sku, title=title, price=price, returned_at=None if is_gone else "2026-11-16 09:30:00"
    ),
    st.integers(1, 4), texts, texts, amounts, st.booleans(),
)  # fmt: skip
exchanges = st.builds(
    lambda number, sku, total, order: {"exchange_id": number, "sku": sku, "total": total, "exchange_order_id": order},
    st.integers(1, 3), texts, amounts, st.none() | st.integers(1, 9),
)  # fmt: skip
told_returns = st.builds(
    lambda number, second, state, name, rows, new: told(
        number,
        state=state,
        order_name=name,
        updated_at=f"2026-11-18 10:00:{second:02}",
        line_items=list({row["line_item_id"]: row for row in rows}.values()),
        exchanges=list({row["exchange_id"]: row for row in new}.values()),
    ),
    st.integers(1, 5), st.integers(0, 59), st.sampled_from(["open", "closed", "review", "odd"]), texts,
    st.lists(units, max_size=4), st.lists(exchanges, max_size=3),
)  # fmt: skip


class BulkEqualsSingle(TestCase):
    @hypothesis_settings(max_examples=8, phases=[Phase.explicit, Phase.generate])
    @given(
        news=st.lists(
            st.lists(told_returns, min_size=1, max_size=5, unique_by=lambda one: one.id), min_size=1, max_size=2
        )
    )
    def test_any_news_in_any_order_leaves_the_same_rows(self, news: list[list[LoopReturnRecord]]) -> None:
        bulk, single = make_shop("fern"), make_shop("moss")

        for number, batch in enumerate(news):
            fetched_at = EARLY + timedelta(minutes=number)
            upsert_returns(bulk, batch, fetched_at=fetched_at)
            for record in batch:
                mirror.apply_return(single, record, fetched_at=fetched_at)

        assert rows_of(bulk) == rows_of(single)


@pytest.mark.django_db
def test_a_thousand_at_once_equal_a_thousand_one_by_one(shop: Shop) -> None:
    other = make_shop("moss")
    news = [
        told(number, line_items=[unit_payload(number * 10), unit_payload(number * 10 + 1)]) for number in range(1, 1001)
    ]

    done = upsert_returns(shop, news, fetched_at=EARLY)
    for record in news[::100]:
        mirror.apply_return(other, record, fetched_at=EARLY)

    assert len(done.new) == 1000
    LoopReturn.objects.filter(shop=shop).exclude(loop_id__in=[record.id for record in news[::100]]).delete()
    assert rows_of(shop) == rows_of(other)


@pytest.mark.django_db
def test_return_that_comes_twice_in_one_batch_is_written_as_its_newest_with_its_own_units(shop: Shop) -> None:
    newer = told(updated_at="2026-11-18 10:00:02", line_items=[unit_payload(1)])
    older = told(updated_at="2026-11-18 10:00:01", line_items=[unit_payload(2)])

    upsert_returns(shop, [newer, older], fetched_at=EARLY)

    assert list(ReturnLine.objects.values_list("line_item_id", flat=True)) == ["1"]


@pytest.mark.django_db
@pytest.mark.parametrize("count", [3, 200])
def test_number_of_statements_does_not_grow_with_the_rows(shop: Shop, count: int) -> None:
    news = [told(number, line_items=[unit_payload(number)]) for number in range(1, count + 1)]

    with CaptureQueriesContext(connection) as seen:
        upsert_returns(shop, news, fetched_at=EARLY)

    asked_for_plans = min(count, 50)  # one row of the task queue each
    assert len(seen) <= 20 + asked_for_plans


@pytest.mark.django_db
def test_row_of_the_list_asks_for_details_and_overwrites_none(shop: Shop) -> None:
    known = make_return(shop, refunds=[{"gateway": "manual", "amount": "1.00"}], fetched_at=EARLY)

    upsert_returns(shop, [told(is_detailed=False, state="closed", updated_at="2026-11-19 10:00:00")])

    known.refresh_from_db()
    assert (known.state, known.is_detailed, known.raw["refunds"][0]["amount"]) == ("open", True, "1.00")
    assert known.fetch_due_at is not None


@pytest.mark.django_db
def test_details_answer_what_was_asked_before_their_fetch_and_nothing_later(shop: Shop) -> None:
    row = make_return(shop, fetched_at=EARLY)

    LoopReturn.objects.update(fetch_due_at=EARLY + timedelta(seconds=5))
    upsert_returns(shop, [told()], fetched_at=EARLY + timedelta(seconds=4))
    row.refresh_from_db()
    assert row.fetch_due_at is not None

    upsert_returns(shop, [told()], fetched_at=EARLY + timedelta(seconds=6))
    row.refresh_from_db()
    assert row.fetch_due_at is None


@pytest.mark.django_db
def test_history_older_than_the_start_is_ended_and_newer_waits_for_details(shop: Shop) -> None:
    Shop.objects.update(start_from=CREATED)
    shop.refresh_from_db()

    upsert_returns(
        shop,
        [
            told(1, is_detailed=False, created_at=f"{CREATED - timedelta(seconds=1):%Y-%m-%d %H:%M:%S}"),
            told(2, is_detailed=False),
        ],
    )

    old, new = LoopReturn.objects.order_by("loop_id")
    assert (old.stage, old.fetch_due_at, old.look_again_at) == ("ended", None, None)
    assert (new.stage, new.fetch_due_at is not None, new.look_again_at) == ("new", True, None)


@pytest.mark.django_db
def test_text_no_column_can_hold_is_shortened_or_cleaned_and_the_row_is_kept(shop: Shop) -> None:
    odd = "\x00half \ud83d of a pair" + "x" * 400

    upsert_returns(shop, [told(line_items=[unit_payload(title=odd)])])

    line = ReturnLine.objects.get()
    assert "half " in line.title
    assert len(line.title) == 300
    assert len(line.loop_return.raw["line_items"][0]["title"]) > 400


def test_text_for_the_database_loses_only_what_it_cannot_store() -> None:
    assert storable(json.dumps("a\x00b")) == '"ab"'
    assert storable(json.dumps("a\\u0000b")) == json.dumps("a\\u0000b")
    assert storable('"half \ud83d"') == '"half \ufffd"'


@pytest.mark.django_db(transaction=True)
def test_two_who_bring_the_same_returns_at_once_both_end_and_the_newer_stands() -> None:
    shop = make_shop()

    def bring(second: int) -> None:
        try:
            numbers = range(1, 41) if second % 2 else range(40, 0, -1)
            moment = f"2026-11-18 10:00:{second:02}"
            news = [told(number, updated_at=moment, line_items=[unit_payload(number)]) for number in numbers]
            upsert_returns(shop, news, fetched_at=EARLY + timedelta(seconds=second))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(bring, range(8)))

    assert LoopReturn.objects.count() == ReturnLine.objects.count() == 40
    assert set(LoopReturn.objects.values_list("updated_at__second", flat=True)) == {7}


@pytest.mark.django_db
def test_records_are_written_with_their_lines_and_lines_that_went_are_gone(shop: Shop) -> None:
    row = make_return(shop)
    sale = make_sale([make_unit(1), make_unit(2)])
    rma = make_rma(sale)
    news = [transaction_of(one) for one in (sale, rma, make_netsuite("creditMemo", "9001"))]

    upsert_records(shop.account, news, fetched_at=EARLY)
    row.records.set(NetSuiteRecord.objects.all())
    LoopReturn.objects.update(look_again_at=None)
    shorter = [transaction_of(make_rma(make_sale([make_unit(1)])))]
    upsert_records(shop.account, shorter, fetched_at=EARLY + timedelta(seconds=1))

    row.refresh_from_db()
    assert NetSuiteRecord.objects.count() == 3
    assert NetSuiteLine.objects.filter(record__record_type="returnAuthorization").count() == 1
    assert row.look_again_at is not None


@pytest.mark.django_db
def test_replacement_that_went_is_gone(shop: Shop) -> None:
    exchange = {"exchange_id": 1, "sku": "BOOT-43", "total": "77.76"}
    make_return(shop, exchanges=[exchange], fetched_at=EARLY)

    make_return(shop, fetched_at=EARLY + timedelta(seconds=1))

    assert not ExchangeItem.objects.exists()

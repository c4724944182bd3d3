"""Who is read from NetSuite again, and how often."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import Shop, SyncCursor
from returnsops.returns.models import LoopReturn
from returnsops.returns.streams import main_stream
from returnsops.returns.sweeps import hint_stale_records
from tests.builders import make_record, make_return, make_sale, make_unit

EXCHANGE = {"exchange_id": 1, "sku": "BOOT-43", "total": "77.76", "exchange_order_id": 61001}


def read_ago(row: LoopReturn, *, seconds: int, stage: str, changed_ago: timedelta) -> None:
    now = timezone.now()
    LoopReturn.objects.filter(pk=row.pk).update(
        records_fetched_at=now - timedelta(seconds=seconds),
        records_hinted_at=now - timedelta(seconds=seconds),
        updated_at=now - changed_ago,
        stage=stage,
    )


@pytest.mark.parametrize(
    ("seconds", "changed_ago", "is_read"),
    [
        (20, timedelta(minutes=1), True),
        (10, timedelta(minutes=1), False),
        (90, timedelta(hours=1), False),
        (150, timedelta(hours=1), True),
        (600, timedelta(days=2), False),
        (2000, timedelta(days=2), True),
    ],
)
def test_longer_silence_is_read_more_rarely(shop: Shop, seconds: int, changed_ago: timedelta, *, is_read: bool) -> None:
    read_ago(make_return(shop=shop), seconds=seconds, stage="waiting", changed_ago=changed_ago)

    assert hint_stale_records() == int(is_read)


def test_settled_return_is_not_read_again(shop: Shop) -> None:
    read_ago(make_return(shop=shop), seconds=100_000, stage="settled", changed_ago=timedelta(days=1))

    assert hint_stale_records() == 0


def test_hint_given_is_not_given_again_at_once(shop: Shop) -> None:
    read_ago(make_return(shop=shop), seconds=3_000, stage="waiting", changed_ago=timedelta(days=2))

    assert [hint_stale_records(), hint_stale_records()] == [1, 0]


@pytest.mark.parametrize(
    ("has_sale", "awaits_order", "is_read"),
    [(True, False, False), (True, True, True), (False, False, True)],
    ids=["told by the watermark", "exchange order under a name of its own", "no sale"],
)
def test_where_changes_are_followed_only_what_they_cannot_tell_is_read_often(
    shop: Shop, *, has_sale: bool, awaits_order: bool, is_read: bool
) -> None:
    now = timezone.now()
    SyncCursor.objects.create(stream=main_stream(shop.account), watermark=now, swept_at=now)
    row = make_return(shop=shop, exchanges=[EXCHANGE] if awaits_order else [])
    if has_sale:
        make_record(row, make_sale([make_unit(1)]))
    read_ago(row, seconds=20, stage="waiting", changed_ago=timedelta(minutes=1))

    assert hint_stale_records() == int(is_read)

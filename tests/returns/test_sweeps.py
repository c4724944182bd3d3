"""Who is read from NetSuite again, and how often."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.models import Shop
from returnsops.returns.models import LoopReturn
from returnsops.returns.sweeps import hint_stale_records
from tests.builders import make_return


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

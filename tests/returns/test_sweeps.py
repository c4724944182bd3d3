"""Who is read again, and how often: returns of Loop by windows, what belongs to them in NetSuite by need."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from integrations.errors import RejectedError
from integrations.loop.records import LoopReturnRecord
from integrations.models import Shop, SyncCursor
from returnsops.lib import clock
from returnsops.returns import backfill, sweeps
from returnsops.returns.models import LoopReturn
from returnsops.returns.progress import mirror_problems
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


# --- Loop ------------------------------------------------------------------------------------------


class Lists:
    """Loop's list without a row in it. windows: what it was asked for."""

    def __init__(self) -> None:
        self.windows: list[tuple[datetime, datetime]] = []
        self.refusal: RejectedError | None = None

    def list_returns(self, *, window_from: datetime, window_to: datetime, **_: object) -> list[LoopReturnRecord]:
        if self.refusal:
            raise self.refusal
        self.windows.append((window_from, window_to))
        return []


@pytest.fixture
def lists(monkeypatch: pytest.MonkeyPatch) -> Lists:
    one = Lists()
    monkeypatch.setattr(backfill, "loop_client", lambda shop, **_: one)
    return one


def test_watermark_of_a_clock_that_went_ahead_hides_nothing(shop: Shop, lists: Lists) -> None:
    cursor = backfill.cursor_of(shop)
    SyncCursor.objects.update(watermark=clock.now() + timedelta(hours=1))

    before = clock.now()
    sweeps.sweep_loop(shop)

    cursor.refresh_from_db()
    assert lists.windows
    assert {window_from <= before < window_to for window_from, window_to in lists.windows} == {True}
    assert before < cursor.watermark <= clock.now()


def test_list_that_loop_refuses_is_told_until_a_sweep_went_through(shop: Shop, lists: Lists) -> None:
    lists.refusal = RejectedError(system="loop", operation="list_returns", status=403, detail="Not allowed.")

    with pytest.raises(RejectedError):
        sweeps.sweep_loop(shop)
    (problem,) = mirror_problems(shop)
    assert (problem.code, problem.cause, problem.words) == (
        "unreadable_record", "Loop does not tell what changed.", "Not allowed.",
    )  # fmt: skip

    lists.refusal = None
    sweeps.sweep_loop(shop)
    assert mirror_problems(shop) == []

"""What stands still without a word becomes a case (requirement Z24), and is none where the reason is known."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from exceptions import overdue
from exceptions.cases import CONNECTION, sync_source
from exceptions.models import Case
from exceptions.overdue import GAP, LATE, VERY_LATE, watched_since
from integrations.models import InboundEvent, NetSuiteAccount, Shop, SyncCursor
from returnsops import tick
from returnsops.posting.models import Pause, Posting, PostingAttempt
from returnsops.returns.models import LoopReturn
from returnsops.returns.problems import Problem
from returnsops.returns.streams import main_stream
from tests.builders import make_due, make_posting, make_return, make_shop

pytestmark = pytest.mark.django_db
A_MINUTE = timedelta(minutes=1)


def overdue_problems(shop: Shop) -> list[Problem]:
    return overdue.overdue_problems(shop, watched=timezone.now() - LATE)


@pytest.fixture(autouse=True)
def watch(db: None) -> SyncCursor:
    """It has gone on for a while."""
    now = timezone.now()
    return SyncCursor.objects.create(stream="watch:overdue", watermark=now - LATE, swept_at=now)


@pytest.fixture
def row(shop: Shop) -> LoopReturn:
    made = make_return(shop)
    LoopReturn.objects.update(fetch_due_at=None, records_hinted_at=None, fetched_at=timezone.now() - VERY_LATE)
    return made


def wait_to_be_sent(row: LoopReturn, ago: timedelta) -> None:
    make_posting(row)
    Posting.objects.update(not_before=timezone.now() - ago)


def stay_in_doubt(row: LoopReturn, ago: timedelta) -> None:
    make_posting(row)
    Posting.objects.update(status="uncertain", uncertain_since=timezone.now() - ago)


def stay_unread(row: LoopReturn, ago: timedelta) -> None:
    make_posted(row)
    PostingAttempt.objects.create(
        posting=Posting.objects.get(), number=1, started_at=timezone.now() - ago, duration_s=1.0, request={},
        outcome="posted",
    )  # fmt: skip


def send_a_webhook(row: LoopReturn, ago: timedelta) -> None:
    at = timezone.now() - ago
    InboundEvent.objects.create(
        shop=row.shop, digest="d" * 64, signed=True, raw=b"{}", verdict="waiting", received_at=at, last_received_at=at
    )


def wait_for_details(row: LoopReturn, ago: timedelta) -> None:
    LoopReturn.objects.update(fetch_due_at=timezone.now() - ago)


def wait_for_records(row: LoopReturn, ago: timedelta) -> None:
    LoopReturn.objects.update(records_hinted_at=timezone.now() - ago, records_fetched_at=None)


def sweep_loop(row: LoopReturn, ago: timedelta) -> None:
    sweep(row.shop, ago)


def sweep_netsuite(row: LoopReturn, ago: timedelta) -> None:
    sweep(row.shop.account, ago)


def sweep(owner: Shop | NetSuiteAccount, ago: timedelta) -> None:
    at = timezone.now() - ago
    SyncCursor.objects.create(stream=main_stream(owner), watermark=at, swept_at=at)


def pause(row: LoopReturn, *, ended_at: datetime | None) -> None:
    Pause.objects.create(
        account=row.shop.account, key="flow:rma", code="flow_stopped", reason="Unknown words.",
        opened_at=timezone.now(), ended_at=ended_at,
    )  # fmt: skip


def make_posted(row: LoopReturn) -> Posting:
    posting = make_posting(row, make_due("receipt", covers=["unit:2"]))
    now = timezone.now()
    Posting.objects.filter(pk=posting.pk).update(status="posted", their_id="9001", posted_at=now, not_before=now)
    return posting


@pytest.mark.parametrize(
    ("begin", "told"),
    [
        (wait_to_be_sent, "Documents that wait to be sent to NetSuite: 1, the oldest since"),
        (stay_in_doubt, "Documents sent to NetSuite of which nobody knows what came: 1"),
        (stay_unread, "Documents made in NetSuite and not read back: 1"),
        (send_a_webhook, "Webhooks of Loop that nobody looked at: 1"),
        (wait_for_details, "Returns that wait for their details from Loop: 1"),
        (wait_for_records, "Returns that wait for what NetSuite holds of them: 1"),
        (sweep_loop, "What changed in Loop was last read"),
        (sweep_netsuite, "What changed in NetSuite was last read"),
    ],
)
def test_what_stands_still_for_an_hour_is_told(
    row: LoopReturn, begin: Callable[[LoopReturn, timedelta], None], told: str
) -> None:
    begin(row, LATE + A_MINUTE)

    assert [problem.cause[: len(told)] for problem in overdue_problems(row.shop)] == [told]


@pytest.mark.parametrize("begin", [wait_to_be_sent, stay_in_doubt, stay_unread, send_a_webhook, wait_for_details])
def test_what_waits_for_less_is_not(row: LoopReturn, begin: Callable[[LoopReturn, timedelta], None]) -> None:
    begin(row, LATE - A_MINUTE)

    assert overdue_problems(row.shop) == []


def test_in_a_backlog_that_moves_only_what_stands_for_a_day_is_told(row: LoopReturn) -> None:
    wait_to_be_sent(row, LATE + A_MINUTE)
    make_posted(row)
    assert overdue_problems(row.shop) == []

    Posting.objects.filter(status="pending").update(not_before=timezone.now() - VERY_LATE)

    (problem,) = overdue_problems(row.shop)
    assert problem.subject == "sending to NetSuite"


def test_who_stopped_or_does_not_answer_is_the_reason(row: LoopReturn) -> None:
    wait_to_be_sent(row, LATE + A_MINUTE)
    NetSuiteAccount.objects.update(failing_since=timezone.now(), next_probe_at=timezone.now())

    assert overdue_problems(Shop.objects.get()) == []


def test_what_waited_for_a_connection_or_a_pause_has_an_hour_from_then(row: LoopReturn) -> None:
    wait_to_be_sent(row, VERY_LATE)
    sync_source(row.shop, CONNECTION, [Problem("connection_down", "netsuite:A", "NetSuite has not answered.")])
    sync_source(row.shop, CONNECTION, [])
    assert overdue_problems(row.shop) == []

    Case.objects.update(closed_at=timezone.now() - LATE)
    assert len(overdue_problems(row.shop)) == 1

    pause(row, ended_at=timezone.now())
    assert overdue_problems(row.shop) == []


def test_what_is_told_already_stays_so_while_a_connection_is_down(row: LoopReturn) -> None:
    wait_to_be_sent(row, LATE + A_MINUTE)
    tick.sweep_overdue()
    NetSuiteAccount.objects.update(failing_since=timezone.now(), next_probe_at=timezone.now())

    tick.sweep_overdue()

    assert Case.objects.get().status == Case.Status.OPEN


def test_case_ends_once_it_moves(row: LoopReturn) -> None:
    wait_to_be_sent(row, LATE + A_MINUTE)
    tick.sweep_overdue()
    assert Case.objects.get().code == "work_overdue"

    Posting.objects.update(status="posted", their_id="9001", posted_at=timezone.now())
    tick.sweep_overdue()

    assert Case.objects.get().status == Case.Status.CLOSED


def test_what_is_paused_or_lacks_a_right_is_told_as_that(row: LoopReturn) -> None:
    wait_to_be_sent(row, LATE + A_MINUTE)
    sweep_netsuite(row, LATE + A_MINUTE)
    Posting.objects.update(hinges_on=["flow:rma"])
    pause(row, ended_at=None)
    row.shop.account.unread.create(name="what changed", lacks_right=True, reason="No right.")

    assert overdue_problems(row.shop) == []


def test_who_was_switched_off_has_an_hour_for_what_waited_meanwhile(row: LoopReturn, watch: SyncCursor) -> None:
    wait_to_be_sent(row, VERY_LATE)
    SyncCursor.objects.filter(pk=watch.pk).update(swept_at=timezone.now() - GAP - A_MINUTE)

    tick.sweep_overdue()

    assert not Case.objects.exists()
    assert timezone.now() - watched_since() < A_MINUTE


def test_watch_without_a_gap_is_as_old_as_it_was(watch: SyncCursor) -> None:
    assert watched_since() == watch.watermark


def test_shop_that_breaks_the_look_hides_no_other_shop(row: LoopReturn, monkeypatch: pytest.MonkeyPatch) -> None:
    wait_to_be_sent(row, LATE + A_MINUTE)
    broken = make_shop("alder")
    find = overdue.overdue_problems

    def break_for_one(shop: Shop, *, watched: datetime) -> list[Problem]:
        assert shop != broken, "a fault of ours"
        return find(shop, watched=watched)

    monkeypatch.setattr(tick, "overdue_problems", break_for_one)

    tick.sweep_overdue()

    assert Case.objects.get().shop == row.shop

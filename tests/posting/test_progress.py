"""The progress of a drain: what is counted, over which span, and when nobody can tell how long it takes."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import CharField
from django.db.models.functions import Cast
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from integrations.models import NetSuiteAccount, Shop
from integrations.netsuite.lanes import ensure_lanes
from returnsops.people.models import User
from returnsops.posting.models import Pause, Posting, PostingAttempt
from returnsops.posting.progress import Drain, State, drain_of, drains_of
from returnsops.returns.models import LoopReturn
from tests.builders import make_account, make_due, make_posting, make_return, make_shop
from tests.query_plans import explained

Status = Posting.Status
PROGRESS_QUERIES = 5
LANE_QUERIES = 3  # for each account


def put(row: LoopReturn, count: int = 1, *, written_ago: timedelta = timedelta(minutes=2), **columns: Any) -> None:
    """Postings of this return as they would stand there, written a while ago."""
    first = Posting.objects.count()
    for number in range(first, first + count):
        due = make_due(covers=[f"unit:{number}"], serial_key=f"a:{number}")
        posting = make_posting(row, due)
        Posting.objects.filter(pk=posting.pk).update(**{"created_at": timezone.now() - written_ago} | columns)


def put_done(row: LoopReturn, count: int, *, ago: timedelta) -> None:
    put(row, count, status=Status.POSTED, their_id=Cast("pk", CharField()), posted_at=timezone.now() - ago)


@pytest.fixture
def account(shop: Shop) -> NetSuiteAccount:
    return shop.account


def test_an_empty_outbox_is_empty(account: NetSuiteAccount) -> None:
    drain = drain_of(account)

    assert (drain.state, drain.waiting, drain.since, drain.time_left) == (State.EMPTY, 0, None, None)


def test_done_is_counted_by_minute_quarter_and_backlog(row: LoopReturn, account: NetSuiteAccount) -> None:
    put_done(row, 2, ago=timedelta(seconds=20))
    put_done(row, 1, ago=timedelta(minutes=5))
    put_done(row, 1, ago=timedelta(minutes=20))
    put_done(row, 1, ago=timedelta(minutes=40))
    put(row, 3, written_ago=timedelta(minutes=30))

    done = drain_of(account).done

    assert (done.minute, done.quarter, done.since) == (2, 3, 4)


def test_what_is_left_is_told_by_shop_and_status(row: LoopReturn, account: NetSuiteAccount) -> None:
    put(row, 2)
    put(row, 1, status=Status.SENDING, sending_since=timezone.now())
    put(make_return(make_shop("moss", account=account), loop_id="7"), 1)

    drain = drain_of(account)

    left = [(one.shop.code, one.status, one.count) for one in drain.left]
    assert left == [("fern", "pending", 2), ("fern", "sending", 1), ("moss", "pending", 1)]
    assert (drain.waiting, drain.count(Status.SENDING)) == (4, 1)


def test_time_to_empty_follows_the_pace_of_the_last_minute(row: LoopReturn, account: NetSuiteAccount) -> None:
    put_done(row, 3, ago=timedelta(seconds=20))
    put(row, 6)

    drain = drain_of(account)

    assert (drain.state, drain.per_minute) == (State.MOVING, 3)
    assert drain.time_left == timedelta(minutes=2)


def test_a_young_backlog_is_measured_over_its_own_age(row: LoopReturn, account: NetSuiteAccount) -> None:
    put_done(row, 4, ago=timedelta(seconds=5))
    put(row, 4, written_ago=timedelta(seconds=20))

    pace = drain_of(account).per_minute

    assert pace is not None
    assert 6 < pace <= 12, "four in twenty seconds, or a little more on a busy machine"


def test_nobody_can_tell_when_nothing_moves(row: LoopReturn, account: NetSuiteAccount) -> None:
    put_done(row, 3, ago=timedelta(minutes=5))
    put(row, 6, written_ago=timedelta(minutes=10))

    drain = drain_of(account)

    assert (drain.state, drain.time_left) == (State.STANDING, None)


def test_a_stopped_account_has_no_time_to_empty(row: LoopReturn, account: NetSuiteAccount) -> None:
    put_done(row, 3, ago=timedelta(seconds=5))
    put(row, 1)
    account.paused_at = timezone.now()

    drain = drain_of(account)

    assert (drain.state, drain.time_left) == (State.STOPPED, None)


def test_an_account_that_does_not_answer_says_so(row: LoopReturn, account: NetSuiteAccount) -> None:
    put(row, 1)
    account.failing_since = account.next_probe_at = timezone.now()

    assert drain_of(account).state == State.DOWN


def test_what_was_refused_waits_for_a_person_and_not_for_a_lane(row: LoopReturn, account: NetSuiteAccount) -> None:
    put(row, 2, status=Status.REJECTED, refusal={"family": "period_closed"})
    put(row, 1, status=Status.REJECTED, refusal={"family": "unknown_words"})

    drain = drain_of(account)

    assert (drain.state, drain.waiting, drain.since) == (State.EMPTY, 0, None)
    assert drain.refused == (("period_closed", 2), ("unknown_words", 1))


def test_what_is_paused_waits_for_a_person_too(row: LoopReturn, account: NetSuiteAccount, finn: User) -> None:
    put(row, 2, hinges_on=["flow:rma", "shop:fern"])
    put(row, 1, hinges_on=["flow:credit", "shop:fern"])
    pause(account, "flow:rma", by=finn)

    drain = drain_of(account)

    assert (drain.state, drain.waiting, drain.held.all) == (State.STANDING, 1, 2)
    assert [(one.key, count) for one, count in drain.held.by_pause] == [("flow:rma", 2)]


def test_one_behind_two_pauses_is_counted_once(row: LoopReturn, account: NetSuiteAccount, finn: User) -> None:
    put(row, 2, hinges_on=["flow:rma", "shop:fern"])
    for key in ("flow:rma", "shop:fern"):
        pause(account, key, by=finn)

    drain = drain_of(account)

    assert (drain.state, drain.waiting, drain.held.all) == (State.PAUSED, 0, 2)


def pause(account: NetSuiteAccount, key: str, *, by: User) -> None:
    Pause.objects.create(
        account=account, key=key, code=Pause.Code.BY_PERSON, reason="Counting", opened_at=timezone.now(), opened_by=by
    )


def test_tries_that_failed_lately_are_counted_by_outcome(row: LoopReturn, account: NetSuiteAccount) -> None:
    put(row, 1)
    note_tries(row, "put_back", "put_back", "uncertain", "posted", at=timezone.now())
    note_tries(row, "put_back", at=timezone.now() - timedelta(minutes=16))

    assert drain_of(account).troubles == (("put_back", 2), ("uncertain", 1))


def note_tries(row: LoopReturn, *outcomes: str, at: datetime) -> None:
    posting = row.postings.get()
    for outcome in outcomes:
        PostingAttempt.objects.create(
            posting=posting, number=1, started_at=at, duration_s=0.1, request={}, outcome=outcome
        )


def test_a_person_sees_the_postings_of_their_shops_only(row: LoopReturn, account: NetSuiteAccount) -> None:
    put(row, 2)
    moss = make_shop("moss", account=account)
    put(make_return(moss, loop_id="7"), 1)

    (drain,) = drains_of([account], shops=[moss])

    assert drain.waiting == 1


def test_lanes_in_use_are_counted(account: NetSuiteAccount) -> None:
    ensure_lanes(account, count=4)
    lane = account.lanes.filter(number=1)
    lane.update(leased_by="x", leased_until=timezone.now() + timedelta(minutes=1))

    lanes = drain_of(account).lanes

    assert (lanes.in_use, lanes.planned) == (1, 4)


def test_more_accounts_cost_only_the_look_at_their_lanes(row: LoopReturn, shop: Shop, account: NetSuiteAccount) -> None:
    others = [make_account(str(number)) for number in range(3)]
    put(row, 2)
    drains_of([account, *others], shops=[shop])  # makes the rows of lanes that are not there yet

    with assertNumQueries(PROGRESS_QUERIES + LANE_QUERIES * 4):
        drains: list[Drain] = drains_of([account, *others], shops=[shop])

    assert [one.waiting for one in drains] == [2, 0, 0, 0]


def test_no_count_looks_at_what_is_done_long_ago(row: LoopReturn, account: NetSuiteAccount) -> None:
    put(row, 1)
    put_done_long_ago(row, 3_000)

    with explained("posting_posting") as plans:
        drain_of(account)

    assert len(plans) == 3
    assert [plan for plan in plans if "Seq Scan" in plan] == []


def put_done_long_ago(row: LoopReturn, count: int) -> None:
    """So many that reading all of them would be a mistake, and the database knows it."""
    values = {field.attname: getattr(row.postings.get(), field.attname) for field in Posting._meta.concrete_fields}
    values |= {"id": None, "status": Status.POSTED, "posted_at": timezone.now() - timedelta(days=9)}
    Posting.objects.bulk_create(
        [
            Posting(**values | {"number": number, "external_id": f"old-{number}", "their_id": str(number)})
            for number in range(2, count + 2)
        ],
        batch_size=1_000,
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE posting_posting")

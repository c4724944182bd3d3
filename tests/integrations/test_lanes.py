"""Lanes: never more calls than there are, for readers and senders; fewer after a 429; others by the hour."""

import threading
import time
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time

import pytest
from django.db import connections

from integrations.errors import TemporaryError
from integrations.models import Lane, LaneDemand, LaneHours, LaneLimit, NetSuiteAccount
from integrations.netsuite import lanes
from integrations.netsuite.lane_book import LaneBook, share_evenly
from integrations.netsuite.lane_hours import find_overlap, hours_at
from integrations.netsuite.lane_reading import ask_to_read, may_take_to_read
from integrations.netsuite.lanes import (
    Lease,
    ensure_lanes,
    fenced,
    hold_lane,
    lanes_in_use,
    note_too_many,
    renew_lease,
    set_lanes,
    share_lane,
    under_lease,
)
from returnsops.people.models import AuditEvent
from tests.builders import make_account, make_shop

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def account(db: None) -> NetSuiteAccount:
    account = make_shop().account
    ensure_lanes(account, count=5)
    return account


def lease_of(account: NetSuiteAccount, name: str, *, wanted: int, in_use: int = 0) -> Lease:
    lease = Lease(account.pk, name)
    renew_lease(lease, wanted=wanted, in_use=in_use)
    return lease


def let_leases_end() -> None:
    Lane.objects.exclude(leased_until=None).update(leased_until=datetime(2020, 1, 1, tzinfo=UTC))


def test_two_senders_share_alike_and_never_have_more_than_there_are(account: NetSuiteAccount) -> None:
    first = lease_of(account, "first", wanted=9)
    second = lease_of(account, "second", wanted=9)
    assert (first.held, second.held) == (5, 0)

    renew_lease(first, wanted=9, in_use=0)
    renew_lease(second, wanted=9, in_use=0)

    assert sorted([first.held, second.held]) == [2, 3]
    assert lanes_in_use(account.pk).in_use == 5


def test_lane_of_a_call_in_flight_is_kept_until_the_call_ends(account: NetSuiteAccount) -> None:
    first = lease_of(account, "first", wanted=5)
    second = lease_of(account, "second", wanted=5)

    renew_lease(first, wanted=5, in_use=5)
    assert (first.held, first.usable in (2, 3)) == (5, True)
    renew_lease(second, wanted=5, in_use=0)
    assert second.held == 0


def test_idle_sender_gives_everything_back(account: NetSuiteAccount) -> None:
    lease = lease_of(account, "one", wanted=5)

    renew_lease(lease, wanted=0, in_use=0)

    assert (lease.held, lanes_in_use(account.pk).in_use) == (0, 0)


def test_lane_of_a_dead_sender_is_taken_over_and_counted(account: NetSuiteAccount) -> None:
    lease_of(account, "dead", wanted=3)
    let_leases_end()
    LaneLimit.objects.get(pk=account.pk).account.lane_demands.all().delete()

    lease = lease_of(account, "heir", wanted=5)

    assert lease.held == 5
    assert lanes_in_use(account.pk).abandoned == 3


def test_sender_that_slept_keeps_what_nobody_took(account: NetSuiteAccount) -> None:
    lease = lease_of(account, "sleeper", wanted=5)
    let_leases_end()

    renew_lease(lease, wanted=5, in_use=0)

    assert (lease.held, lanes_in_use(account.pk).abandoned) == (5, 0)


def test_no_call_begins_on_a_lease_that_ran_out(account: NetSuiteAccount) -> None:
    lease = lease_of(account, "sleeper", wanted=1)
    with under_lease(lease), fenced():
        pass
    lease.until = time.monotonic()

    with pytest.raises(TemporaryError, match="ran out"), under_lease(lease), fenced():
        pass
    with pytest.raises(TemporaryError), fenced():
        pass


def test_reader_gets_a_lane_of_a_drain_at_the_end_of_a_call(account: NetSuiteAccount) -> None:
    drain = lease_of(account, "drain", wanted=9, in_use=5)
    assert not may_take_to_read(account.pk)
    ask_to_read(account.pk, "reader")

    renew_lease(drain, wanted=9, in_use=4)

    assert (drain.held, drain.usable) == (4, 4)
    assert lanes._take_lane_to_read(account.pk, "reader")
    assert lanes_in_use(account.pk).in_use == 5


@pytest.mark.parametrize("refused", [0, 1])
@pytest.mark.parametrize("kept", [0, 1, 2])
@pytest.mark.parametrize("reading", [0, 1, 2])
@pytest.mark.parametrize(("wanted", "in_use"), [(0, 0), (2, 2), (3, 1), (9, 3), (9, 5)])
def test_who_looks_for_a_lane_to_read_sees_what_the_lock_would_show(
    account: NetSuiteAccount, wanted: int, in_use: int, reading: int, kept: int, refused: int
) -> None:
    for number in range(reading):
        lanes._take_lane_to_read(account.pk, f"reader {number}")
    lease_of(account, "drain", wanted=wanted, in_use=in_use)
    set_lanes(account, 5, by=None, kept_for_reading=kept)
    for _ in range(refused):
        note_too_many(account.pk, words="too many")

    seen = may_take_to_read(account.pk)

    assert seen == lanes._take_lane_to_read(account.pk, "one more")


def test_reader_that_gave_up_holds_up_no_drain(account: NetSuiteAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "WAIT_S_MAX", 0.0)
    drain = lease_of(account, "drain", wanted=9, in_use=5)
    with pytest.raises(TemporaryError, match="No lane"), hold_lane(account.pk):
        pass

    renew_lease(drain, wanted=9, in_use=4)

    assert drain.usable == 5


def test_readers_take_no_more_than_is_kept_while_senders_have_work(
    account: NetSuiteAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "WAIT_S_MAX", 0.0)
    lease_of(account, "drain", wanted=9, in_use=0)
    Lane.objects.update(leased_by="", leased_until=None)

    with hold_lane(account.pk), pytest.raises(TemporaryError), hold_lane(account.pk):
        pass


def test_readers_alone_use_every_lane(account: NetSuiteAccount) -> None:
    with hold_lane(account.pk), hold_lane(account.pk), hold_lane(account.pk), hold_lane(account.pk):
        assert lanes_in_use(account.pk).in_use_for_reading == 4


def test_account_of_which_nobody_said_how_many_has_five(shop: object) -> None:
    account = NetSuiteAccount.objects.get()
    LaneLimit.objects.all().delete()
    Lane.objects.all().delete()

    with hold_lane(account.pk):
        assert lanes_in_use(account.pk).allowed == 5


def test_each_refused_call_takes_one_lane_away_from_everybody(account: NetSuiteAccount) -> None:
    lease = lease_of(account, "drain", wanted=4)
    note_too_many(account.pk, words="Concurrent request limit exceeded")
    note_too_many(account.pk, words="Request blocked")

    renew_lease(lease, wanted=4, in_use=0)

    use = lanes_in_use(account.pk)
    assert (lease.held, use.allowed, use.refused) == (2, 2, 2)
    assert use.held_because == "Request blocked"


def test_nobody_begins_a_call_after_the_last_lane_was_refused(account: NetSuiteAccount) -> None:
    lease = lease_of(account, "drain", wanted=1)
    note_too_many(account.pk, words="too many")

    renew_lease(lease, wanted=1, in_use=0)

    assert (lease.usable, lanes_in_use(account.pk).allowed) == (0, 0)
    assert not lanes._take_lane_to_read(account.pk, "reader")
    LaneLimit.objects.update(grows_at=NOW)
    renew_lease(lease, wanted=1, in_use=0)
    assert lanes_in_use(account.pk).allowed == 1


def test_lanes_grow_back_though_nobody_sends(account: NetSuiteAccount) -> None:
    with hold_lane(account.pk):
        note_too_many(account.pk, words="too many")
    seen = may_take_to_read(account.pk)
    LaneLimit.objects.update(grows_at=NOW)

    assert (seen, may_take_to_read(account.pk)) == (False, True)
    with hold_lane(account.pk):
        assert lanes_in_use(account.pk).allowed == 1


def test_person_sets_lanes_while_they_are_in_use(account: NetSuiteAccount) -> None:
    lease = lease_of(account, "drain", wanted=9, in_use=5)

    set_lanes(account, 2, by=None, kept_for_reading=0, reason="month end")
    renew_lease(lease, wanted=9, in_use=1)

    assert (lease.held, lanes_in_use(account.pk).allowed) == (2, 2)
    event = AuditEvent.objects.get(action="set lanes")
    assert event.before == {"lanes": 5, "kept_for_reading": 1}
    assert (event.after, event.reason) == ({"lanes": 2, "kept_for_reading": 0}, "month end")


# --- By the hour ------------------------------------------------------------------------------------


def hours(days: list[int], starts: int, ends: int, *, count: int = 2) -> LaneHours:
    return LaneHours(weekdays=days, starts=clock_time(starts), ends=clock_time(ends), lanes=count, why="peak")


def test_hours_hold_in_the_time_zone_of_the_account() -> None:
    evening = hours([4], 18, 22)  # Fridays

    assert hours_at(datetime(2026, 11, 21, 3, 0, tzinfo=UTC), [evening], time_zone="America/Los_Angeles") is evening
    assert hours_at(datetime(2026, 11, 20, 19, 0, tzinfo=UTC), [evening], time_zone="America/Los_Angeles") is None


def test_hours_go_over_midnight_and_over_sunday() -> None:
    night = hours([6], 22, 6)

    assert hours_at(datetime(2026, 11, 23, 5, 59, tzinfo=UTC), [night], time_zone="UTC") is night
    assert hours_at(datetime(2026, 11, 23, 6, 0, tzinfo=UTC), [night], time_zone="UTC") is None


def test_overlapping_hours_are_found() -> None:
    night, morning, noon = hours([0, 6], 22, 6), hours([0], 5, 9), hours([0], 12, 13)

    assert find_overlap([night, noon, morning]) == (night, morning)
    assert find_overlap([hours([1], 5, 9), noon]) is None


def test_hours_overrule_the_number_that_was_set(account: NetSuiteAccount) -> None:
    LaneHours.objects.create(
        account=account, weekdays=list(range(7)), starts="00:00", ends="00:00", lanes=7, why="sale"
    )

    lease = lease_of(account, "drain", wanted=9)

    assert (lease.held, lanes_in_use(account.pk).planned, lanes_in_use(account.pk).count) == (7, 7, 5)
    with pytest.raises(TemporaryError), _no_wait(), hold_lane(account.pk):
        pass


@pytest.mark.parametrize(
    ("pool", "wants", "shares"),
    [
        (5, {"a": 9, "b": 9}, {"a": 3, "b": 2}),
        (5, {"a": 1, "b": 9}, {"a": 1, "b": 4}),
        (0, {"a": 3}, {"a": 0}),
        (9, {"a": 2, "b": 3}, {"a": 2, "b": 3}),
    ],
)
def test_shares_are_even_and_none_is_more_than_wanted(pool: int, wants: dict[str, int], shares: dict[str, int]) -> None:
    assert share_evenly(pool, wants) == shares


class _no_wait:
    def __enter__(self) -> None:
        self._kept, lanes.WAIT_S_MAX = lanes.WAIT_S_MAX, 0.0

    def __exit__(self, *_: object) -> None:
        lanes.WAIT_S_MAX = self._kept


@pytest.mark.django_db(transaction=True)
def test_many_threads_never_hold_more_lanes_than_there_are() -> None:
    account = make_shop().account
    ensure_lanes(account, count=3)
    most, now, lock = 0, 0, threading.Lock()

    def read() -> None:
        nonlocal most, now
        for _ in range(5):
            with hold_lane(account.pk):
                with lock:
                    now += 1
                    most = max(most, now)
                time.sleep(0.005)
                with lock:
                    now -= 1
        connections.close_all()

    readers = [threading.Thread(target=read) for _ in range(8)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()

    assert 1 <= most <= 3
    assert lanes_in_use(account.pk).abandoned == 0


# --- Several calls on one lane ---------------------------------------------------------------------


def test_calls_in_a_row_share_one_lane_that_is_given_back_at_their_end(account: NetSuiteAccount) -> None:
    with share_lane(account.pk):
        assert lanes_in_use(account.pk).in_use == 0
        holders: list[str] = []
        for _ in range(3):
            with hold_lane(account.pk):
                holders += Lane.objects.exclude(leased_by="").values_list("leased_by", flat=True)

    assert len(holders) == 3
    assert len(set(holders)) == 1
    assert lanes_in_use(account.pk).in_use == 0


def test_shared_lane_is_given_to_others_after_a_while(
    account: NetSuiteAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "SHARED_FOR_S", 0.0)
    monkeypatch.setattr(lanes, "POLL_S", 0.0)
    with share_lane(account.pk):
        with hold_lane(account.pk):
            before = Lane.objects.exclude(leased_by="").get().leased_by
        with hold_lane(account.pk):
            after = Lane.objects.exclude(leased_by="").get().leased_by

    assert before != after


def test_calls_to_another_account_have_lanes_of_their_own(account: NetSuiteAccount) -> None:
    other = make_account(account_id="7654321")

    with share_lane(account.pk), hold_lane(account.pk), hold_lane(other.pk):
        assert lanes_in_use(account.pk).in_use == lanes_in_use(other.pk).in_use == 1


@pytest.mark.parametrize("lanes", [1, 2])
def test_what_does_not_divide_goes_round(account: NetSuiteAccount, lanes: int) -> None:
    """A sender without a lane keeps what it has claimed: beside the backlog of another that would be for hours."""
    set_lanes(account, lanes, by=None, kept_for_reading=0)
    demands = [LaneDemand(account=account, holder=name, wanted=9) for name in "abc"]
    limit = LaneLimit.objects.get(pk=account.pk)

    books = [LaneBook(limit, NOW + timedelta(seconds=second), lanes, [], demands) for second in range(60)]

    assert [any(book.share_of(name) for book in books) for name in "abc"] == [True, True, True]
    assert all(sum(book.share_of(name) for name in "abc") == lanes for book in books)

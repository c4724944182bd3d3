"""Runs: one per interval, step by step, going on where somebody died; nights and weeks by the shop's own clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from integrations.errors import RejectedError, TemporaryError
from integrations.models import Shop, SyncRun
from integrations.turns import is_turn_of, one_at_a_time
from returnsops.returns import schedule
from returnsops.returns.background import work_in_background
from returnsops.returns.comparison import is_doubtful
from returnsops.returns.errors import DoubtfulAnswerError
from returnsops.returns.progress import mirror_problems, sync_progress, time_left
from returnsops.returns.runs import STEP_MAX, STEP_MIN, Tally, next_step, open_run, runs_to_work_on, work_on
from tests.builders import make_shop

START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
Window = tuple[datetime, datetime]


def make_run(kind: str = "import", *, days: int = 7, interval: str = "first") -> SyncRun:
    return open_run(
        "loop:fern", kind, interval, window_from=START, window_to=START + timedelta(days=days), step=DAY
    )  # fmt: skip


def reader(seen: list[Window], *, dies_at: int = 0) -> Callable[[SyncRun, datetime, datetime], Tally]:
    """Reads two rows a step; dies_at: at which step it fails, once."""

    def read(run: SyncRun, window_from: datetime, window_to: datetime) -> Tally:
        if dies_at and len(seen) == dies_at:
            seen.append((window_from, window_from))
            raise TemporaryError(system="loop", operation="list", detail="away")
        seen.append((window_from, window_to))
        return Tally(seen=2, changed=1)

    return read


@pytest.mark.django_db
def test_whole_stretch_is_read_without_gaps_and_longer_steps_follow_quick_ones() -> None:
    seen: list[Window] = []

    run = work_on(make_run().pk, reader(seen), for_s=60)

    assert seen == [(START, START + DAY), (START + DAY, START + 3 * DAY), (START + 3 * DAY, START + 7 * DAY)]
    assert run is not None
    assert (run.finished_at is not None, run.rows_seen, run.rows_changed, run.share_done) == (True, 6, 3, 1.0)


@pytest.mark.django_db
def test_who_fails_leaves_the_run_where_its_last_whole_step_ended() -> None:
    run = make_run()
    seen: list[Window] = []

    with pytest.raises(TemporaryError):
        work_on(run.pk, reader(seen, dies_at=1), for_s=60)
    run.refresh_from_db()
    assert (run.position, run.rows_seen, run.leased_until) == (START + DAY, 2, None)
    assert "away" in run.failure

    work_on(run.pk, reader(seen), for_s=60)
    run.refresh_from_db()
    assert (run.finished_at is not None, run.failure) == (True, "")
    assert sorted(window for window in seen if window[0] != window[1])[0][0] == START


@pytest.mark.django_db
def test_who_is_killed_holds_the_run_until_the_lease_ends_and_too_long_a_step_is_halved() -> None:
    run = make_run()
    SyncRun.objects.update(leased_until=timezone.now() + timedelta(minutes=1), tries=2)
    seen: list[Window] = []
    assert work_on(run.pk, reader(seen), for_s=60) is None

    SyncRun.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    work_on(run.pk, reader(seen), for_s=60)

    assert seen[0] == (START, START + DAY / 2)


@pytest.mark.django_db
def test_time_given_is_kept_and_the_rest_is_for_the_next_one() -> None:
    run = make_run()

    assert work_on(run.pk, reader([]), for_s=0) is not None

    run.refresh_from_db()
    assert (run.position, list(runs_to_work_on())) == (START, [run])


@pytest.mark.django_db
def test_window_that_holds_too_much_is_asked_for_in_halves() -> None:
    seen: list[timedelta] = []

    def read(run: SyncRun, window_from: datetime, window_to: datetime) -> Tally:
        seen.append(window_to - window_from)
        if window_to - window_from > timedelta(hours=6):
            raise RejectedError(system="loop", operation="list", detail="too much", family="too_many_pages")
        return Tally(seen=1)

    run = work_on(make_run(days=1).pk, read, for_s=60)

    assert run is not None
    assert run.finished_at is not None
    assert seen[:3] == [DAY, DAY / 2, DAY / 4]


@pytest.mark.django_db
def test_answer_that_is_not_believed_ends_the_run_and_is_told_until_one_is(shop: Shop) -> None:
    def doubt(run: SyncRun, window_from: datetime, window_to: datetime) -> Tally:
        raise DoubtfulAnswerError("Of 9 returns that we know, Loop no longer shows 9.")

    work_on(make_run("comparison", interval="1").pk, doubt, for_s=60)
    assert [problem.code for problem in mirror_problems(shop)] == ["mirror_doubtful"]

    work_on(make_run("comparison", interval="2").pk, reader([]), for_s=60)
    assert mirror_problems(shop) == []


@pytest.mark.django_db
def test_interval_has_one_run_however_many_open_it() -> None:
    assert {make_run().pk for _ in range(3)} == {make_run().pk}


@pytest.mark.django_db
def test_progress_tells_rate_and_time_left(shop: Shop) -> None:
    run = make_run()
    SyncRun.objects.update(position=START + timedelta(days=3.5), rows_seen=900, worked_s=90)

    (shown,) = sync_progress([shop])

    run.refresh_from_db()
    assert (shown.done, shown.rows_per_s, shown.left_words) == (50, 10, "2 min")
    assert time_left(run) == timedelta(seconds=90)


@pytest.mark.parametrize(("took_s", "expected"), [(0.1, 2 * DAY), (10, DAY), (60, DAY / 2)])
def test_step_follows_the_time_it_took(took_s: float, expected: timedelta) -> None:
    assert next_step(DAY, took_s=took_s) == expected
    assert next_step(STEP_MAX, took_s=0) == STEP_MAX
    assert next_step(STEP_MIN, took_s=99) == STEP_MIN


@pytest.mark.parametrize(
    ("known", "missing", "expected"), [(9, 5, False), (9, 6, True), (12, 6, False), (100, 51, True)]
)
def test_more_than_half_of_more_than_a_few_is_doubtful(known: int, missing: int, *, expected: bool) -> None:
    assert is_doubtful(known=known, missing=missing) is expected


@pytest.mark.parametrize(
    ("moment", "night", "week"),
    [
        ("2026-11-18T08:59:00+00:00", "2026-11-17 01:00", "2026-11-15 02:00"),  # 00:59 in Los Angeles
        ("2026-11-18T09:00:00+00:00", "2026-11-18 01:00", "2026-11-15 02:00"),
        ("2026-11-22T09:59:00+00:00", "2026-11-22 01:00", "2026-11-15 02:00"),  # Sunday, 01:59
        ("2026-11-22T10:00:00+00:00", "2026-11-22 01:00", "2026-11-22 02:00"),
    ],
)
def test_night_and_week_begin_by_the_clock_on_the_wall(moment: str, night: str, week: str) -> None:
    at, zone = datetime.fromisoformat(moment), "America/Los_Angeles"

    assert f"{schedule.night_of(at, zone):%Y-%m-%d %H:%M}" == night
    assert f"{schedule.week_of(at, zone):%Y-%m-%d %H:%M}" == week


@pytest.mark.django_db
def test_new_shop_gets_its_history_and_the_first_night_comes_after_it(shop: Shop) -> None:
    schedule.open_due_runs()
    assert [run.kind for run in SyncRun.objects.all()] == ["import"]

    past = timezone.now() - timedelta(days=8)
    SyncRun.objects.update(finished_at=past, window_to=past)
    schedule.open_due_runs()
    schedule.open_due_runs()
    assert sorted(run.kind for run in SyncRun.objects.all()) == ["comparison", "import", "nightly", "weekly"]


@pytest.mark.django_db
def test_turn_is_taken_once_per_interval_and_by_one_at_a_time() -> None:
    assert [is_turn_of("a", DAY), is_turn_of("a", DAY)] == [True, False]

    with one_at_a_time("b") as first, one_at_a_time("b") as second:
        assert (first, second) == (True, False)
    with one_at_a_time("b") as again:
        assert again


@pytest.mark.django_db
def test_background_leaves_what_there_is_no_time_for(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[int] = []
    monkeypatch.setattr(schedule, "open_due_runs", lambda: opened.append(1))

    work_in_background(show_life=lambda: None, for_s=0)

    assert opened == []


@pytest.mark.django_db
def test_run_that_fails_holds_up_no_other(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_shop("moss")
    window = {"window_from": START, "window_to": START + DAY, "step": DAY}
    failing = open_run(f"loop:{shop.code}", "nightly", "one", **window)  # type: ignore[arg-type]
    healthy = [open_run(f"loop:{other.code}", "nightly", name, **window) for name in "ab"]  # type: ignore[arg-type]

    def read(owner: Shop, *_: object) -> Tally:
        if owner == shop:
            raise TemporaryError(system="loop", operation="list", detail="away")
        return Tally(seen=1)

    monkeypatch.setattr(schedule, "_read_step", read)
    for _ in healthy:
        schedule.work_on_next_run(for_s=5)
    with pytest.raises(TemporaryError):
        schedule.work_on_next_run(for_s=5)

    assert list(SyncRun.objects.filter(finished_at=None)) == [failing]

"""What cannot be read, or is told in two ways, stays visible until it was read; nothing is passed over in silence."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.errors import RejectedError, UnreadableRecordError
from integrations.loop import reading
from integrations.loop.parsing import parse_return
from integrations.loop.records import LoopReturnRecord
from integrations.models import Shop, SyncCursor, SyncRun
from returnsops.lib import clock
from returnsops.returns import backfill, comparison, mirror, schedule, sweeps
from returnsops.returns.models import LoopReturn
from returnsops.returns.progress import mirror_problems
from returnsops.returns.runs import Tally
from returnsops.returns.streams import main_stream
from tests.builders import details_payload, make_return, unit_payload

pytestmark = pytest.mark.django_db


class Loop:
    """What Loop answers about single returns: a payload, nothing, or a refusal."""

    def __init__(self) -> None:
        self.answers: dict[str, dict[str, Any] | RejectedError | None] = {}
        self.asked: list[str] = []

    def get_return(self, return_id: str) -> LoopReturnRecord | None:
        self.asked.append(return_id)
        answer = self.answers.get(return_id)
        if isinstance(answer, RejectedError):
            raise answer
        return parse_return(answer, is_detailed=True) if answer else None


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Loop:
    one = Loop()
    monkeypatch.setattr(mirror, "loop_client", lambda shop, **_: one)
    return one


def garbled() -> UnreadableRecordError:
    return UnreadableRecordError(system="loop", operation="get_return", detail="return 7: refund is missing")


def listed(loop_id: str = "7", **changes: Any) -> LoopReturnRecord:
    return parse_return(details_payload(loop_id=loop_id, **changes), is_detailed=False)


def catch_up(shop: Shop, *records: LoopReturnRecord) -> int:
    return backfill.catch_up(shop, list(records), fetched_at=timezone.now()).changed


def noted(shop: Shop) -> dict[str, str]:
    return dict(SyncCursor.objects.get(stream=main_stream(shop)).unreadable)


def test_known_return_that_can_no_longer_be_read_stays_noted_until_it_was(shop: Shop, loop: Loop) -> None:
    make_return(shop, loop_id="7")
    catch_up(shop, listed(state="closed", updated_at="2026-11-19 10:00:00"))
    loop.answers["7"] = garbled()

    sweeps.fetch_due_details(shop)
    backfill.forget_what_was_read(shop)
    assert list(noted(shop)) == ["7"]
    assert [one.code for one in mirror_problems(shop)] == ["unreadable_record"]
    assert loop.asked == ["7"], "asked again after a while, not at once"

    loop.answers["7"] = details_payload(loop_id="7", state="closed", updated_at="2026-11-19 10:00:00")
    LoopReturn.objects.update(fetch_due_at=timezone.now())
    sweeps.fetch_due_details(shop)
    backfill.forget_what_was_read(shop)
    assert noted(shop) == {}
    assert LoopReturn.objects.get().state == "closed"


def ask_again(shop: Shop) -> None:
    LoopReturn.objects.update(fetch_due_at=timezone.now())
    sweeps.fetch_due_details(shop, for_s=2)


def stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def is_awaited() -> bool:
    due_at = LoopReturn.objects.get().fetch_due_at
    return due_at is not None and due_at > timezone.now()


def test_news_that_details_do_not_have_yet_are_asked_for_again(shop: Shop, loop: Loop) -> None:
    make_return(shop, loop_id="7")

    catch_up(shop, listed(state="closed", updated_at=stamp(clock.now())))
    sweeps.fetch_due_details(shop)

    assert loop.asked == ["7"]
    assert is_awaited()


@pytest.mark.parametrize("is_known", [True, False])
def test_details_behind_the_list_are_awaited_and_a_person_hears_of_it_when_they_stay_behind(
    shop: Shop, loop: Loop, *, is_known: bool
) -> None:
    moment = clock.now()
    before = stamp(moment - timedelta(hours=8))
    loop.answers["7"] = details_payload(loop_id="7", updated_at=before)
    if is_known:
        make_return(shop, loop_id="7", updated_at=before)

    catch_up(shop, listed(state="cancelled", updated_at=stamp(moment)))
    sweeps.fetch_due_details(shop, for_s=2)
    assert loop.asked == ["7"], "not again and again in one go"
    assert is_awaited()
    assert not SyncCursor.objects.exclude(unreadable={}).exists()

    long_ago = moment - timedelta(minutes=11)
    LoopReturn.objects.filter(listed_at=None).update(updated_at=long_ago)
    LoopReturn.objects.exclude(listed_at=None).update(listed_at=long_ago)
    ask_again(shop)
    assert "older than the list" in noted(shop)["7"]

    loop.answers["7"] = details_payload(loop_id="7", state="cancelled", updated_at=stamp(moment))
    ask_again(shop)
    backfill.forget_what_was_read(shop)
    assert (noted(shop), LoopReturn.objects.get().state) == ({}, "cancelled")


def test_webhook_whose_details_are_behind_the_list_does_not_answer_it(shop: Shop, loop: Loop) -> None:
    make_return(shop, loop_id="7")
    catch_up(shop, listed(state="cancelled", updated_at=stamp(clock.now())))

    make_return(shop, loop_id="7", label_status="delivered")

    assert LoopReturn.objects.get().fetch_due_at is not None


def test_return_that_is_listed_and_has_no_details_is_told_until_loop_is_known_to_have_none(
    shop: Shop, loop: Loop
) -> None:
    catch_up(shop, listed(updated_at=stamp(clock.now() - timedelta(hours=1))))

    sweeps.fetch_due_details(shop, for_s=2)
    assert "has no details" in noted(shop)["7"]

    comparison.mark_missing(shop, ["7"])
    backfill.forget_what_was_read(shop)
    assert noted(shop) == {}


@pytest.mark.parametrize("label_status", ["in_transit", "delivered"])
def test_return_that_a_webhook_read_meanwhile_is_noted_no_longer(shop: Shop, loop: Loop, label_status: str) -> None:
    make_return(shop, loop_id="7")
    backfill.note_unread_return(shop, "7", garbled())

    make_return(shop, loop_id="7", label_status=label_status)

    backfill.forget_what_was_read(shop)
    assert noted(shop) == {}


def test_unit_listed_twice_loses_no_unit_in_silence(shop: Shop, loop: Loop) -> None:
    twins: dict[str, Any] = {"line_items": [unit_payload(1), unit_payload(1, sku="OTHER")]}
    loop.answers["7"] = details_payload(loop_id="7", **twins)

    catch_up(shop, listed(**twins), listed("8"))

    assert list(LoopReturn.objects.values_list("loop_id", flat=True)) == ["8"]
    assert "unit 1 is there more than once" in noted(shop)["7"]


def test_row_of_which_details_know_nothing_is_noted(shop: Shop, loop: Loop) -> None:
    backfill._try_in_detail(shop, garbled())

    assert list(noted(shop)) == ["7"]


def test_return_that_cannot_be_read_keeps_no_other_from_being_compared(
    shop: Shop, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "read_window", lambda *_, **__: Tally())
    make_return(shop, loop_id="7")
    make_return(shop, loop_id="8")
    loop.answers["7"] = garbled()
    run = SyncRun(started_at=clock.now())

    tally = comparison.compare_ids(shop, run, clock.now() - timedelta(days=300), clock.now())

    assert tally.missing == 1
    assert list(LoopReturn.objects.filter(missing_since=None).values_list("loop_id", flat=True)) == ["7"]
    assert list(noted(shop)) == ["7"]


def comparison_of_today() -> SyncRun:
    return SyncRun.objects.get(kind="comparison")


def test_known_return_that_loop_denies_is_compared_soon_and_not_taken_for_missing(shop: Shop, loop: Loop) -> None:
    row = make_return(shop, loop_id="7")

    assert mirror.fetch_return(shop, "7") is None
    sweeps.fetch_due_details(shop, for_s=2)

    row.refresh_from_db()
    assert row.missing_since is None
    assert is_awaited()
    assert loop.asked == ["7", "7"]
    assert comparison_of_today().window_from < row.created_at < comparison_of_today().window_to
    assert not SyncCursor.objects.exclude(unreadable={}).exists(), "a person hears of it when it is known what it is"


def test_comparison_that_a_denied_return_asked_for_marks_it(
    shop: Shop, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "read_window", lambda *_, **__: Tally())
    row = make_return(shop, loop_id="7")
    mirror.fetch_return(shop, "7")
    sweeps.fetch_due_details(shop, for_s=2)

    schedule.work_on_next_run(for_s=60)

    row.refresh_from_db()
    assert row.missing_since is not None
    assert row.fetch_due_at is None


def test_several_that_loop_denies_share_one_comparison_a_day(shop: Shop, loop: Loop) -> None:
    for loop_id in ("7", "8"):
        make_return(shop, loop_id=loop_id)
        mirror.fetch_return(shop, loop_id)
        sweeps.fetch_due_details(shop, for_s=2)

    assert comparison_of_today().finished_at is None


def test_person_hears_of_a_denied_return_that_the_comparison_did_not_mark(shop: Shop, loop: Loop) -> None:
    make_return(shop, loop_id="7")
    mirror.fetch_return(shop, "7")
    sweeps.fetch_due_details(shop, for_s=2)

    SyncRun.objects.update(finished_at=clock.now())
    ask_again(shop)

    assert "has no details" in noted(shop)["7"]


def test_while_loop_seems_to_hide_everything_no_return_is_noted_by_itself(shop: Shop, loop: Loop) -> None:
    make_return(shop, loop_id="7")
    mirror.fetch_return(shop, "7")
    sweeps.fetch_due_details(shop, for_s=2)

    SyncRun.objects.update(finished_at=clock.now(), failure="Nothing was marked as missing.")
    ask_again(shop)

    assert is_awaited()
    assert not SyncCursor.objects.exclude(unreadable={}).exists()


def test_unknown_return_that_loop_denies_asks_for_no_comparison(shop: Shop, loop: Loop) -> None:
    mirror.fetch_return(shop, "7")
    sweeps.fetch_due_details(shop, for_s=2)

    assert not SyncRun.objects.exists()


def test_what_is_wrong_with_a_unit_names_the_return(shop: Shop) -> None:
    told: list[UnreadableRecordError] = []
    row = details_payload(loop_id="7")
    row["line_items"][0]["price"] = "a lot"

    list(reading._parse_rows([row, details_payload(loop_id="8")], on_unreadable=told.append))

    assert told[0].detail.startswith("return 7: unit 387001: price cannot be read")


def test_more_than_can_be_noted_are_told_of_as_others(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backfill, "UNREADABLE_MAX", 2)

    for name in ("1", "2", "3", "4"):
        backfill.note_unread_return(shop, name, garbled())
    assert list(noted(shop)) == ["1", "2", "others"]
    backfill.forget_what_was_read(shop)
    assert "others" in noted(shop)

    make_return(shop, loop_id="1")
    backfill.forget_what_was_read(shop)
    assert list(noted(shop)) == ["2"]


def test_one_row_in_a_thousand_that_cannot_be_mirrored_keeps_no_other_out(shop: Shop, loop: Loop) -> None:
    rows = [listed(str(number)) for number in range(1, 1001)]
    twins: dict[str, Any] = {"line_items": [unit_payload(1), unit_payload(1)]}
    rows[500] = listed("501", **twins)
    loop.answers["501"] = details_payload(loop_id="501", **twins)

    catch_up(shop, *rows)

    assert LoopReturn.objects.count() == 999
    assert list(noted(shop)) == ["501"]

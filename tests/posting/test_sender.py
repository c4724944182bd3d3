"""Claim, commit, call, record: what every answer means, and what a crash at any line leaves behind."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone

from integrations.connections import FAILURES_MAX, note_failure
from integrations.errors import (
    ConfigurationError,
    IntegrationError,
    RejectedError,
    TemporaryError,
    UncertainError,
)
from integrations.models import LaneLimit, NetSuiteAccount
from returnsops.lib import clock
from returnsops.posting.claim import ATTEMPTS_MAX, Source, claim_from, claim_postings
from returnsops.posting.models import Posting, PostingAttempt
from returnsops.posting.record_answer import RETRY_AFTER_S_MAX, TOLD_WITHIN, Answer, record_answer, try_call
from returnsops.posting.sender import Sender
from returnsops.posting.settle import give_up_dead_leases, settle
from returnsops.posting.wire import Call, netsuite_body
from returnsops.returns.models import LoopReturn
from returnsops.returns.replan import ask_for_plan, expect_news
from returnsops.tasks import look_at_return
from tests.builders import make_due, make_posting, make_return
from tests.posting.conftest import DOWN, LOST, FakeLoop, FakeNetSuite

pytestmark = pytest.mark.django_db
CLOSED = RejectedError(
    system="netsuite",
    operation="create",
    status=400,
    code="USER_ERROR",
    detail="Period closed.",
    family="period_closed",
)

CROWDED = TemporaryError(system="netsuite", operation="query", status=429, detail="Concurrent request limit exceeded.")
WOKEN_WITHIN_S = 20.0  # less than a sender waits by itself in the test of it


@pytest.fixture(autouse=True)
def nobody_waits_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("returnsops.posting.sender.POLL_S", 0.05)
    monkeypatch.setattr("returnsops.posting.desk.LOOK_AGAIN_S", 0.05)


def send() -> None:
    Sender(threads=1).drain()


def only() -> Posting:
    return Posting.objects.get()


def answer(posting: Posting, *, their_id: str = "", error: IntegrationError | None = None) -> None:
    record_answer(posting, Answer(posting.request, timezone.now(), 0.1, their_id=their_id, error=error))


def test_sent_posting_holds_their_id_and_asks_for_a_plan(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row)

    send()

    posting = only()
    row.refresh_from_db()
    assert (posting.status, posting.their_id, posting.adopted) == ("posted", "9001", False)
    assert row.look_again_at is not None
    assert netsuite.calls == ["loop-fern-110700123-rma-1"]


def test_nothing_is_claimed_from_a_destination_where_nothing_waits(
    row: LoopReturn, netsuite: FakeNetSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_posting(row)
    asked: list[str] = []

    def claim(source: Source, claimer: str, *, count: int) -> list[Posting]:
        asked.append(source.system)
        return claim_from(source, claimer, count=count)

    monkeypatch.setattr("returnsops.posting.desk.claim_from", claim)

    send()

    assert (asked, netsuite.calls) == (["netsuite"], ["loop-fern-110700123-rma-1"])


def test_plan_waits_a_little_for_what_is_read_back_anyway(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row, make_due("rma"))
    LoopReturn.objects.update(look_again_at=None)
    asked_at = clock.now()

    Sender(threads=1).drain()

    row.refresh_from_db()
    assert row.look_again_at
    assert asked_at < row.look_again_at <= clock.now() + TOLD_WITHIN


def test_plan_does_not_wait_where_the_next_document_may_follow_at_once(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row, make_due("receipt"))
    LoopReturn.objects.update(look_again_at=None)

    Sender(threads=1).drain()

    row.refresh_from_db()
    assert row.look_again_at
    assert row.look_again_at <= clock.now()


def test_news_that_is_expected_puts_no_plan_off(row: LoopReturn) -> None:
    soon = clock.now() + timedelta(seconds=1)
    LoopReturn.objects.update(look_again_at=soon)

    expect_news([row.pk], within=timedelta(minutes=1))

    row.refresh_from_db()
    assert row.look_again_at == soon


def test_every_try_is_kept(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row)
    netsuite.failures = [DOWN]
    send()
    Posting.objects.update(not_before=clock.now())
    NetSuiteAccount.objects.update(next_probe_at=None)

    send()

    tries = only().tries.all()
    assert [(one.number, one.outcome) for one in tries] == [(1, "put_back"), (2, "posted")]
    assert "Down for maintenance" in tries[0].answer


def test_temporary_failure_is_put_back_with_a_growing_wait(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row)
    netsuite.failures = [DOWN]

    send()

    posting = only()
    assert (posting.status, posting.attempts, posting.claimed_by) == ("pending", 1, "")
    assert posting.not_before > clock.now()


def test_look_without_room_is_repeated_and_gives_nothing_back(
    row: LoopReturn, netsuite: FakeNetSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 4):
        make_posting(
            make_return(row.shop, loop_id=str(number)),
            make_due(covers=[f"unit:{number}"], serial_key=f"7:{number}"),
        )
    netsuite.queries_refused = [CROWDED, CROWDED]
    given_back: list[Posting] = []
    monkeypatch.setattr("returnsops.posting.desk.put_back", lambda postings: given_back.extend(postings))

    send()

    assert not given_back
    assert {one.status for one in Posting.objects.all()} == {"posted"}
    assert netsuite.queries.count("external ids") == 3
    assert {one.attempts for one in Posting.objects.all()} == {1}


def test_no_room_is_an_answer_and_ends_an_outage(row: LoopReturn) -> None:
    account = row.shop.account
    for _ in range(FAILURES_MAX):
        note_failure(account, DOWN)
    account.refresh_from_db()
    assert account.down_since

    note_failure(account, CROWDED)

    account.refresh_from_db()
    assert account.down_since is None


def test_lanes_of_refused_calls_are_given_up_before_another_call_begins(
    row: LoopReturn, netsuite: FakeNetSuite
) -> None:
    for number in range(1, 6):
        make_posting(
            make_return(row.shop, loop_id=str(number)),
            make_due(covers=[f"unit:{number}"], serial_key=f"7:{number}"),
        )
    netsuite.failures = [CROWDED, CROWDED]

    Sender(threads=4).drain()

    limit = LaneLimit.objects.get()
    assert (limit.refused, limit.ceiling, limit.held_to) == (2, 3, 2)
    assert sorted(one.status for one in Posting.objects.all()) == ["pending", "pending", "posted", "posted", "posted"]


def test_their_own_waiting_time_is_kept(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row)
    netsuite.failures = [TemporaryError(system="netsuite", operation="create", status=429, retry_after_s=90.0)]

    send()

    assert only().not_before > clock.now() + timedelta(seconds=80)


@pytest.mark.parametrize("retry_after_s", [86_400.0, 1e30, float("inf")])
def test_nobody_makes_a_posting_wait_for_days(row: LoopReturn, netsuite: FakeNetSuite, retry_after_s: float) -> None:
    make_posting(row)
    netsuite.failures = [TemporaryError(system="netsuite", operation="create", status=503, retry_after_s=retry_after_s)]

    send()

    assert (only().status, [one.outcome for one in only().tries.all()]) == ("pending", ["put_back"])
    assert only().not_before <= clock.now() + timedelta(seconds=RETRY_AFTER_S_MAX)


ODD = "No \x00 \ud800 room"  # both may stand in JSON, and in no text of PostgreSQL


def test_refusal_in_characters_that_cannot_be_stored_is_kept_all_the_same(
    row: LoopReturn, netsuite: FakeNetSuite
) -> None:
    make_posting(row)
    netsuite.failures = [RejectedError(system="netsuite", operation="create", status=400, detail=ODD, body=ODD)]

    send()

    assert only().status == "rejected"
    assert only().refusal is not None
    assert "room" in only().refusal["detail"]  # type: ignore[index]


def test_look_that_fails_in_characters_that_cannot_be_stored_ends_no_sender(
    row: LoopReturn, netsuite: FakeNetSuite
) -> None:
    make_posting(row)
    netsuite.queries_refused = [TemporaryError(system="netsuite", operation="query", status=503, detail=ODD, body=ODD)]

    send()

    row.shop.account.refresh_from_db()
    assert "room" in row.shop.account.failure


def test_passing_reasons_come_to_an_end(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row, attempts=ATTEMPTS_MAX - 1)
    netsuite.failures = [DOWN]

    send()

    posting = only()
    assert posting.status == "rejected"
    assert posting.refusal is not None
    assert posting.refusal["family"] == "gave_up"


def test_refusal_keeps_their_words(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row)
    netsuite.failures = [CLOSED]

    send()

    posting = only()
    assert posting.status == "rejected"
    assert posting.refusal == {
        "family": "period_closed", "path": "", "status": 400, "code": "USER_ERROR", "detail": "Period closed.",
    }  # fmt: skip


def test_refused_credentials_stop_the_account(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row)
    netsuite.failures = [ConfigurationError(system="netsuite", operation="create", status=401, detail="Invalid login")]

    send()

    account = NetSuiteAccount.objects.get()
    assert only().status == "pending"
    assert account.paused_at is not None
    assert "Invalid login" in account.paused_reason
    assert claim_postings("me", count=1) == []


def test_lost_answer_is_not_resent(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row)
    netsuite.failures = [LOST]

    send()
    send()

    assert only().status == "uncertain"
    assert len(netsuite.calls) == 1


def test_already_exists_is_looked_up_not_refused(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row)
    netsuite.transform_record("invoice", "7001", "returnAuthorization", {"externalId": "loop-fern-110700123-rma-1"})

    send()
    settle(only())

    assert (only().status, only().their_id, only().adopted) == ("posted", "9001", True)


def test_loop_is_asked_to_process(row: LoopReturn, loop: FakeLoop) -> None:
    request = {"operation": "process", "return_id": "110700123"}
    make_posting(row, make_due("loop_process", covers=["part:settlement:1"], system="loop", request=request))

    send()

    assert (only().status, only().their_id) == ("posted", "110700123")
    assert loop.calls == [("process", "110700123")]


@pytest.mark.parametrize(
    ("request_", "call"),
    [({"operation": "note", "content": "Box crushed"}, "add_note"), ({"operation": "flag"}, "flag_return")],
)
def test_loop_is_given_a_note_and_a_flag(row: LoopReturn, loop: FakeLoop, request_: dict[str, str], call: str) -> None:
    due = make_due(f"loop_{request_['operation']}", covers=["part:1"], system="loop",
                   request=request_ | {"return_id": "110700123"})  # fmt: skip
    make_posting(row, due)

    send()

    assert only().status == "posted"
    assert [words[0] for words in loop.calls] == [call]


def test_loop_is_told_every_refused_unit_in_one_call(row: LoopReturn, loop: FakeLoop) -> None:
    request = {"operation": "remove", "units": ["387001", "387002"], "return_id": "110700123"}
    make_posting(row, make_due("loop_remove", covers=["part:settlement:1"], system="loop", request=request))

    send()

    assert loop.calls == [("remove", "110700123", "387001", "387002")]


# --- Crashes ----------------------------------------------------------------------------------------


def test_crash_after_the_claim_ends_in_doubt_not_in_a_second_try(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: Callable[[timedelta], None]
) -> None:
    make_posting(row)
    claim_postings("killed", count=1)

    let_pass(settings.SENDING_LEASE + timedelta(seconds=1))
    give_up_dead_leases()

    assert only().status == "uncertain"
    assert claim_postings("me", count=1) == []


def test_call_that_is_still_young_keeps_its_claim(row: LoopReturn) -> None:
    make_posting(row)
    claim_postings("alive", count=1)

    give_up_dead_leases()

    assert only().status == "sending"


def test_crash_after_the_call_is_adopted(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: Callable[[timedelta], None]
) -> None:
    make_posting(row)
    (posting,) = claim_postings("killed", count=1)
    netsuite.transform_record("invoice", "7001", "returnAuthorization", {"externalId": posting.external_id})

    let_pass(settings.SENDING_LEASE + timedelta(seconds=1))
    give_up_dead_leases()
    settle(only())

    assert (only().status, only().their_id) == ("posted", "9001")
    assert len(netsuite.records) == 1


def test_posting_that_kills_its_sender_three_times_is_set_aside(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: Callable[[timedelta], None]
) -> None:
    make_posting(row)
    for _ in range(3):
        LoopReturn.objects.update(look_again_at=None)
        assert len(claim_postings("killed", count=1)) == 1
        let_pass(settings.SENDING_LEASE + timedelta(seconds=1))
        give_up_dead_leases()
        let_pass(settings.NETSUITE_COMMIT_WINDOW)
        settle(only())

    posting = only()
    assert posting.status == "rejected"
    assert posting.refusal is not None
    assert posting.refusal["family"] == "set_aside"


def test_bug_in_one_call_is_in_doubt_and_does_not_stop_the_sender(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row)
    make_posting(make_return(row.shop, loop_id="2"), make_due(serial_key="7002", covers=["unit:2"]))
    netsuite.failures = [ZeroDivisionError("a bug")]

    send()

    assert sorted(Posting.objects.values_list("status", flat=True)) == ["posted", "uncertain"]


def test_late_answer_does_not_undo_what_somebody_decided_meanwhile(row: LoopReturn) -> None:
    make_posting(row)
    (posting,) = claim_postings("slow", count=1)
    Posting.objects.update(status="uncertain", uncertain_since=clock.now())

    answer(posting, their_id="9009")

    assert only().status == "uncertain"
    assert only().tries.get().outcome == "overtaken"


@pytest.mark.parametrize("late", [DOWN, LOST, CLOSED, None])
def test_late_answer_does_not_take_the_posting_from_who_sends_it_now(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: Callable[[timedelta], None], late: IntegrationError | None
) -> None:
    make_posting(row)
    (old,) = claim_postings("cut off from the database", count=1)
    let_pass(settings.SENDING_LEASE + timedelta(seconds=1))
    give_up_dead_leases()
    let_pass(settings.NETSUITE_COMMIT_WINDOW)
    settle(only())
    LoopReturn.objects.update(look_again_at=None)
    assert claim_postings("another", count=1) == [old]

    answer(old, their_id="" if late else "9001", error=late)

    assert (only().status, only().claimed_by) == ("sending", "another"), "its call is still out"
    assert "overtaken" in only().tries.values_list("outcome", flat=True)


def test_what_comes_back_unsent_waits_for_a_plan_where_one_was_made_meanwhile(
    row: LoopReturn, let_pass: Callable[[timedelta], None]
) -> None:
    make_posting(row)
    (posting,) = claim_postings("me", count=1)
    ask_for_plan([row.pk])
    look_at_return(row.pk)  # wants no such posting, but it is on its way

    answer(posting, error=CROWDED)
    let_pass(timedelta(minutes=10))
    assert claim_postings("me", count=1) == []

    look_at_return(row.pk)
    assert only().status == "voided"


def test_answer_that_the_database_could_not_take_is_written_when_it_is_back(
    row: LoopReturn, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_posting(row)
    (posting,) = claim_postings("me", count=1)
    answer = Answer(posting.request, timezone.now(), 0.1, their_id="9001")
    write = PostingAttempt.objects.bulk_create
    monkeypatch.setattr(PostingAttempt.objects, "bulk_create", _go_away)
    with pytest.raises(OperationalError):
        record_answer(posting, answer)

    monkeypatch.setattr(PostingAttempt.objects, "bulk_create", write)
    record_answer(posting, answer)

    assert (only().status, [one.outcome for one in only().tries.all()]) == ("posted", ["posted"])


def _go_away(rows: object) -> None:
    raise OperationalError("the database is shutting down")


@pytest.mark.parametrize(("error", "within"), [(CLOSED, timedelta(0)), (LOST, TOLD_WITHIN)])
def test_what_went_wrong_is_planned_soon_so_that_people_see_it(
    row: LoopReturn, error: IntegrationError, within: timedelta
) -> None:
    make_posting(row)
    (posting,) = claim_postings("me", count=1)

    answer(posting, error=error)

    row.refresh_from_db()
    assert row.look_again_at
    assert row.look_again_at <= clock.now() + within


def test_second_answer_to_the_same_posting_changes_nothing(row: LoopReturn) -> None:
    make_posting(row)
    (first,) = claim_postings("me", count=1)
    second = Posting.objects.get(pk=first.pk)

    answer(first, their_id="9001")
    answer(second, error=LOST)

    assert (only().status, only().their_id) == ("posted", "9001")


@pytest.mark.parametrize("error", [DOWN, LOST, CLOSED])
def test_failed_call_comes_back_as_a_value(error: IntegrationError) -> None:
    failing = FakeNetSuite(failures=[error])
    call = Call("loop-fern-1-rma-1", make_due().request, failing)  # type: ignore[arg-type]

    assert try_call(call, armed_at=timezone.now()).error is error


def test_what_lay_armed_for_too_long_is_not_begun(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    """The machine stood still, or others had the lanes: by now it may be withdrawn, or another sender may have it."""
    call = Call("loop-fern-1-rma-1", make_due().request, netsuite)  # type: ignore[arg-type]

    answered = try_call(call, armed_at=timezone.now() - settings.SENDING_LEASE / 2)

    assert isinstance(answered.error, TemporaryError)
    assert netsuite.calls == []


# --- The wire ---------------------------------------------------------------------------------------


def test_every_record_we_make_carries_our_external_id() -> None:
    assert netsuite_body(make_due().request, "loop-fern-1-rma-1")["externalId"] == "loop-fern-1-rma-1"


def test_update_of_a_record_carries_no_external_id() -> None:
    request = {"operation": "update", "body": {"item": {"items": [{"line": 1, "isClosed": True}]}}}

    assert netsuite_body(request, "x") == request["body"]


def test_amounts_go_out_as_numbers_and_nothing_else_does() -> None:
    request = {
        "operation": "create",
        "body": {"memo": "12.50", "item": {"items": [{"amount": "-6.95", "rate": "0.1"}]}},
    }

    body = netsuite_body(request, "x")

    assert body["memo"] == "12.50"
    assert body["item"]["items"] == [{"amount": -6.95, "rate": 0.1}]


def test_uncertain_error_is_no_temporary_one() -> None:
    assert not issubclass(UncertainError, TemporaryError)


@pytest.mark.django_db(transaction=True)
def test_waiting_sender_is_woken_for_new_work(
    row: LoopReturn, netsuite: FakeNetSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("returnsops.posting.sender.POLL_S", 30.0)
    sender = Sender(threads=1)
    listens, is_posted = threading.Event(), threading.Event()
    tend = sender._tend

    def tend_and_tell() -> None:
        tend()
        listens.set()
        if Posting.objects.filter(status="posted").exists():
            is_posted.set()
            sender.stop()

    def plan() -> None:
        listens.wait(WOKEN_WITHIN_S)
        make_posting(row)
        connection.close()
        if not is_posted.wait(WOKEN_WITHIN_S):
            sender.stop()

    monkeypatch.setattr(sender, "_tend", tend_and_tell)
    planner = threading.Thread(target=plan)
    planner.start()
    sender._alarm.ring()  # so that its first round does not wait
    sender.run()
    planner.join()

    assert is_posted.is_set()

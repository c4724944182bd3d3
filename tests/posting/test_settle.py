"""A lost answer ends by looking; so does a refusal that may mean that the record is there already."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.utils import timezone

from integrations.errors import AlreadyExistsError, DoubtfulRefusalError, RejectedError, TemporaryError, UncertainError
from integrations.models import NetSuiteAccount
from integrations.netsuite.records import RecordRef
from returnsops.lib import clock
from returnsops.posting.look import Found
from returnsops.posting.models import Posting
from returnsops.posting.sender import Sender
from returnsops.posting.settle import adopt_found, postings_in_doubt, settle, settle_doubts
from returnsops.returns.models import LoopReturn
from tests.builders import (
    details_payload,
    make_account,
    make_due,
    make_netsuite,
    make_posting,
    make_record,
    make_return,
    make_shop,
)
from tests.posting.conftest import LOST, FakeLoop, FakeNetSuite

pytestmark = pytest.mark.django_db
GRADE_B = {"subject": "item", "title": "Grade b", "grade": "b"}  # as Loop has it from 2026-10
WINDOW = settings.NETSUITE_COMMIT_WINDOW


def only() -> Posting:
    return Posting.objects.get()


def in_doubt(row: LoopReturn, kind: str = "rma", **changes: Any) -> Posting:
    columns = {"status": "uncertain", "uncertain_since": clock.now(), "attempts": 1, "doubted": True}
    return make_posting(row, make_due(kind, **changes), **columns)


def asked_loop(row: LoopReturn) -> Posting:
    request = {"operation": "process", "return_id": row.loop_id}
    return in_doubt(
        row, "loop_process", system="loop", request=request, serial_key="loop", covers=["part:settlement:1"]
    )


def test_doubts_of_another_account_are_not_looked_for_in_this_one(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    """There they would be surely absent, and go out a second time."""
    own = in_doubt(row)
    elsewhere = make_return(make_shop("moss", account=make_account("7654321")), loop_id="110700999")
    other = in_doubt(elsewhere, serial_key="7654321:7001")
    Posting.objects.update(uncertain_since=timezone.now() - 2 * WINDOW)

    settle_doubts(row.shop.account)

    assert dict(Posting.objects.values_list("pk", "status")) == {own.pk: "pending", other.pk: "uncertain"}


def test_note_whose_answer_was_lost_is_looked_for_among_the_notes(
    row: LoopReturn, loop: FakeLoop, let_pass: Callable[[timedelta], None]
) -> None:
    request = {"operation": "note", "return_id": row.loop_id, "content": "Box crushed"}
    in_doubt(row, "loop_note", system="loop", request=request, serial_key="loop", covers=["part:note:1"])
    loop.notes = ["Something else"]

    settle(only())
    before = only().status
    loop.notes.append("Box crushed")
    let_pass(WINDOW / 4)
    settle(only())

    assert (before, only().status, only().their_id) == ("uncertain", "posted", row.loop_id)


def test_note_that_is_not_there_is_written_again_after_the_window(row: LoopReturn, loop: FakeLoop) -> None:
    request = {"operation": "note", "return_id": row.loop_id, "content": "Box crushed"}
    in_doubt(row, "loop_note", system="loop", request=request, serial_key="loop", covers=["part:note:1"])
    Posting.objects.update(uncertain_since=timezone.now() - WINDOW)

    settle(only())

    assert only().status == "pending"


def test_judgements_of_which_one_is_not_there_are_told_again(row: LoopReturn, loop: FakeLoop) -> None:
    loop.payload = details_payload(loop_id=row.loop_id)
    first, second = loop.payload["line_items"]
    first |= {"condition": {"condition_category": "grade_b", "note": "Heel torn off"}}
    posting = told_loop(row, "loop_grade", unit=str(first["line_item_id"]))
    (item,) = posting.request["items"]
    items = [item, item | {"unit": str(second["line_item_id"])}]
    Posting.objects.update(request=posting.request | {"items": items}, uncertain_since=timezone.now() - WINDOW)

    settle(only())

    assert only().status == "pending"


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("loop_grade", {"condition": {"condition_category": "grade_b", "note": "Heel torn off"}}),
        ("loop_grade", {"condition": {"condition_category": GRADE_B, "note": "Heel torn off"}}),
        ("loop_assess", {"disposition": {"disposition_outcome": "donate", "note": "Heel torn off"}}),
    ],
)
def test_judgement_whose_answer_was_lost_shows_beside_its_unit(
    row: LoopReturn, loop: FakeLoop, let_pass: Callable[[timedelta], None], kind: str, part: dict[str, Any]
) -> None:
    loop.payload = details_payload(loop_id=row.loop_id)
    (unit, *_) = loop.payload["line_items"]
    told_loop(row, kind, unit=str(unit["line_item_id"]))

    settle(only())
    before = only().status
    unit |= part
    let_pass(WINDOW / 40)
    settle(only())

    assert (before, only().status, only().adopted_from) == ("uncertain", "posted", "ours")


def test_judgement_that_is_not_there_is_soon_told_again(
    row: LoopReturn, loop: FakeLoop, let_pass: Callable[[timedelta], None]
) -> None:
    loop.payload = details_payload(loop_id=row.loop_id)
    told_loop(row, "loop_grade", unit=str(loop.payload["line_items"][0]["line_item_id"]))

    settle(only())
    let_pass(WINDOW / 10)
    settle(only())

    assert only().status == "pending"


@pytest.mark.parametrize("kind", ["loop_grade", "loop_assess"])
def test_same_word_with_another_note_is_what_an_earlier_inspection_told(
    row: LoopReturn, loop: FakeLoop, let_pass: Callable[[timedelta], None], kind: str
) -> None:
    loop.payload = details_payload(loop_id=row.loop_id)
    (unit, *_) = loop.payload["line_items"]
    unit |= {"condition": {"condition_category": "grade_b"}, "disposition": {"disposition_outcome": "donate"}}
    told_loop(row, kind, unit=str(unit["line_item_id"]))

    settle(only())
    let_pass(WINDOW / 10)
    settle(only())

    assert only().status == "pending"


def told_loop(row: LoopReturn, kind: str, *, unit: str) -> Posting:
    word = "grade_b" if kind == "loop_grade" else "donate"
    seen_at, note = "2026-11-20T15:05:00+00:00", "Heel torn off"
    items = [{"unit": unit, "word": word, "inspected_at": seen_at, "note": note}]
    request = {"operation": kind.removeprefix("loop_"), "return_id": row.loop_id, "items": items}
    return in_doubt(row, kind, system="loop", request=request, serial_key="loop", covers=[f"seen:{unit}:1"])


def test_found_under_our_external_id_is_adopted(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    posting = in_doubt(row)
    netsuite.transform_record("invoice", "7001", "returnAuthorization", {"externalId": posting.external_id})

    settle(posting)

    assert (only().status, only().their_id, only().adopted_from) == ("posted", "9001", "ours")


def test_not_found_inside_the_window_proves_nothing(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: Callable[[timedelta], None]
) -> None:
    in_doubt(row)

    for _ in range(3):
        let_pass(WINDOW / 4)
        settle(only())

    assert only().status == "uncertain"
    assert netsuite.calls == []


def test_look_that_began_inside_the_window_proves_nothing(
    row: LoopReturn, let_pass: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What NetSuite commits while the answer is on its way was not in it."""
    request = {"operation": "update", "target_type": "creditMemo", "target_id": "9001", "body": {"memo": "x"}}
    in_doubt(row, "credit_fix", request=request)
    monkeypatch.setattr("returnsops.posting.settle.fetch_record", lambda *_: let_pass(timedelta(seconds=50)))

    let_pass(WINDOW - timedelta(seconds=40))
    settle(only())
    assert only().status == "uncertain"

    let_pass(timedelta(minutes=5))
    settle(only())
    assert only().status == "pending", "this look began after it"


def test_absent_after_the_window_is_sent_again_under_the_same_external_id(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: Callable[[timedelta], None]
) -> None:
    posting = in_doubt(row)

    let_pass(WINDOW)
    settle(only())
    assert only().status == "pending"
    LoopReturn.objects.update(look_again_at=None)
    Sender(threads=1).drain()

    assert netsuite.calls == [posting.external_id]
    assert only().status == "posted"


def test_what_is_sent_again_is_looked_for_anew_since_a_person_may_have_made_it_meanwhile(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: Callable[[timedelta], None]
) -> None:
    in_doubt(row)
    Posting.objects.update(looked_at=timezone.now())

    let_pass(WINDOW)
    settle(only())

    assert (only().status, only().looked_at) == ("pending", None)


@pytest.mark.parametrize("age", [WINDOW, WINDOW / 4])
def test_who_looked_with_an_old_row_ends_no_later_doubt(
    row: LoopReturn, netsuite: FakeNetSuite, age: timedelta
) -> None:
    """Put back by somebody else, sent again, and its answer lost again, while this one was at its look."""
    in_doubt(row)
    Posting.objects.update(uncertain_since=timezone.now() - age)
    old = only()
    later = timezone.now()
    Posting.objects.update(claim=uuid4(), uncertain_since=later, not_before=later, attempts=2)

    settle(old)

    assert (only().status, only().uncertain_since, only().not_before) == ("uncertain", later, later)


def test_late_commit_inside_the_window_is_adopted(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: Callable[[timedelta], None]
) -> None:
    posting = in_doubt(row)
    let_pass(WINDOW / 2)
    settle(only())

    netsuite.transform_record("invoice", "7001", "returnAuthorization", {"externalId": posting.external_id})
    let_pass(WINDOW / 2)
    settle(only())

    assert (only().status, only().their_id) == ("posted", "9001")


def test_lost_answer_of_a_done_call_makes_one_record(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row)
    netsuite.loses_answers = 1

    Sender(threads=1).drain()
    NetSuiteAccount.objects.update(next_probe_at=None)
    settle(only())

    assert only().status == "posted"
    assert len(netsuite.records) == 1


def test_our_external_id_on_another_kind_of_record_is_refused(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    posting = in_doubt(row)
    netsuite.create_record("salesOrder", {"externalId": posting.external_id})

    settle(posting)

    assert only().status == "rejected"
    assert only().refusal["family"] == "other_content"  # type: ignore[index]


def test_looking_too_often_is_not_needed(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    settle(in_doubt(row))

    assert only() not in postings_in_doubt()


def test_doubt_that_goes_on_for_ever_comes_to_an_end(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: Callable[[timedelta], None]
) -> None:
    in_doubt(row)
    Posting.objects.update(attempts=20)

    let_pass(WINDOW)
    settle(only())

    assert only().status == "rejected"
    assert only().refusal["family"] == "gave_up"  # type: ignore[index]


def test_settled_posting_is_left_alone(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    posting = make_posting(row)

    settle(posting)

    assert only().status == "pending"


def test_loop_that_settled_took_our_word(row: LoopReturn, loop: FakeLoop) -> None:
    posting = asked_loop(row)
    loop.payload = details_payload(
        state="closed", updated_at="2026-11-20 10:00:00", refunds=[{"gateway": "shopify_payments", "amount": "155.52"}]
    )

    settle(posting)

    row.refresh_from_db()
    assert only().status == "posted"
    assert row.state == "closed"


def test_loop_that_paid_and_shows_the_return_as_open_took_our_word(row: LoopReturn, loop: FakeLoop) -> None:
    posting = asked_loop(row)
    loop.payload = details_payload(was_processed=True, outcomes_processed_at=["2026-11-20 10:00:00"])

    settle(posting)

    assert only().status == "posted"


def test_return_that_loop_does_not_show_is_asked_for_again_after_the_window(row: LoopReturn, loop: FakeLoop) -> None:
    asked_loop(row)
    Posting.objects.update(uncertain_since=timezone.now() - WINDOW)

    settle(only())

    assert only().status == "pending"


def test_loop_that_did_not_settle_is_asked_again_after_the_window(
    row: LoopReturn, loop: FakeLoop, let_pass: Callable[[timedelta], None]
) -> None:
    asked_loop(row)
    loop.payload = details_payload()
    settle(only())
    assert only().status == "uncertain"

    let_pass(WINDOW)
    settle(only())

    assert only().status == "pending"


@pytest.mark.parametrize(
    ("operation", "state", "status"),
    [
        ("process", "closed", "posted"),
        ("process", "cancelled", "posted"),  # nothing is left to ask for
        ("process", "review", "uncertain"),
        ("process", "expired", "uncertain"),
        ("flag", "review", "posted"),
        ("flag", "expired", "uncertain"),
    ],
)
def test_review_shows_a_flag_and_no_settlement(
    row: LoopReturn, loop: FakeLoop, operation: str, state: str, status: str
) -> None:
    """A person or a rule of Loop may have put it there before our word came; then nobody was asked to settle."""
    posting = asked_loop(row)
    Posting.objects.update(request=posting.request | {"operation": operation})
    loop.payload = details_payload(state=state)

    settle(only())

    assert only().status == status


@pytest.mark.parametrize(("after_s", "status"), [(1, "posted"), (0, "posted"), (-60, "uncertain")])
def test_review_that_begins_after_our_word_is_what_came_of_it(
    row: LoopReturn, loop: FakeLoop, after_s: int, status: str
) -> None:
    asked_loop(row)
    Posting.objects.update(armed_at=timezone.now())
    began_at = clock.now() + timedelta(seconds=after_s)
    loop.payload = details_payload(state="review", updated_at=f"{began_at:%Y-%m-%d %H:%M:%S}")

    settle(only())

    assert only().status == status


@pytest.mark.parametrize("ahead_s", [-300, -10, 10, 300])
@pytest.mark.parametrize(("after_s", "status"), [(2, "posted"), (-3, "uncertain"), (-60, "uncertain")])
def test_review_is_dated_by_the_clock_of_loop(
    row: LoopReturn, loop: FakeLoop, ahead_s: int, after_s: int, status: str
) -> None:
    asked_loop(row)
    Posting.objects.update(armed_at=timezone.now())
    began_at = clock.now() + timedelta(seconds=ahead_s + after_s)
    loop.answered_at = timezone.now() + timedelta(seconds=ahead_s)
    loop.payload = details_payload(state="review", updated_at=f"{began_at:%Y-%m-%d %H:%M:%S}")

    settle(only())

    assert only().status == status


def test_doubt_stays_when_netsuite_does_not_answer_the_look(
    row: LoopReturn, netsuite: FakeNetSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    posting = in_doubt(row)
    monkeypatch.setattr(netsuite, "find_by_external_ids", _raise_lost)

    with pytest.raises(type(LOST)):
        settle(posting)

    assert only().status == "uncertain"


def _raise_lost(external_ids: object) -> None:
    raise LOST


def test_line_that_stood_there_before_is_not_the_one_whose_answer_was_lost(
    row: LoopReturn, netsuite: FakeNetSuite
) -> None:
    rounding = {"item": {"id": "902"}, "quantity": 1, "rate": "0.01", "amount": "0.01"}
    credit = make_posting(
        row, make_due("credit", request=make_due().request | {"body": {"item": {"items": [rounding]}}})
    )
    credit_id = netsuite.make_for(credit)
    credit.delete()
    update = {"operation": "update", "target_type": "returnAuthorization", "target_id": credit_id}
    body = {"body": {"item": {"items": [rounding]}}, "lines_like_it": 1}
    in_doubt(row, "credit_fix", request=update | body, serial_key="9001", covers=["part:rounding:1"])

    settle(only())
    before = only().status
    netsuite.change(credit_id, lines=2 * netsuite.records[credit_id].lines)
    Posting.objects.update(not_before=timezone.now())
    settle(only())

    assert (before, only().status) == ("uncertain", "posted")


def test_clock_of_the_sender_makes_no_doubt_old(
    row: LoopReturn, netsuite: FakeNetSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_posting(row, not_before=timezone.now() - WINDOW)
    netsuite.failures.append(LOST)

    with monkeypatch.context() as patch:
        put_clock_off(patch, -WINDOW)
        Sender(threads=1).drain()
    settle(only())

    assert only().status == "uncertain"


def test_clock_of_who_looks_makes_no_doubt_old(
    row: LoopReturn, netsuite: FakeNetSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_posting(row)
    netsuite.failures.append(LOST)
    Sender(threads=1).drain()

    put_clock_off(monkeypatch, WINDOW)
    settle(only())

    assert only().status == "uncertain"


def put_clock_off(patch: pytest.MonkeyPatch, off: timedelta) -> None:
    """Of this machine; the database has one of its own."""
    right = timezone.now
    patch.setattr(timezone, "now", lambda: right() + off)


def test_slow_look_for_one_update_keeps_no_other_from_being_looked_for(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    passed, looked = [0.0], list[str]()

    def fetch(account: object, kind: str, internal_id: str) -> None:
        looked.append(internal_id)
        passed[0] += 60.0
        raise LOST

    for number in ("1", "2"):
        request = {"operation": "update", "target_type": "creditMemo", "target_id": number, "body": {"memo": "x"}}
        other = make_return(row.shop, loop_id=number)
        in_doubt(other, "credit_fix", request=request, serial_key=number, covers=[f"part:{number}"])
    monkeypatch.setattr("returnsops.posting.settle.fetch_record", fetch)
    monkeypatch.setattr("returnsops.posting.settle.time.monotonic", lambda: passed[0])

    for _ in range(2):
        let_pass(timedelta(minutes=5))
        settle_doubts(row.shop.account)

    assert looked == ["1", "2"]


def test_what_a_job_may_still_do_is_not_absent(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: Callable[[timedelta], None]
) -> None:
    job = "/services/rest/async/v1/job/5"
    make_posting(row)
    netsuite.failures.append(UncertainError(system="netsuite", detail="not done yet", job=job))
    netsuite.running.add(job)
    Sender(threads=1).drain()

    let_pass(4 * WINDOW)
    settle(only())
    assert only().status == "uncertain"

    netsuite.running.clear()
    settle(only())
    assert only().status == "uncertain", "it may have been made after the look"
    settle(only())
    assert (only().status, only().job) == ("pending", "")
    assert [one.outcome for one in only().tries.all()] == ["uncertain", "job_ended"]


def test_what_a_job_made_at_last_is_ours(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: Callable[[timedelta], None]
) -> None:
    posting = make_posting(row)
    netsuite.failures.append(UncertainError(system="netsuite", detail="not done yet", job="5"))
    Sender(threads=1).drain()

    let_pass(4 * WINDOW)
    settle(only())
    netsuite.make_for(posting)
    settle(only())

    assert (only().status, only().adopted_from) == ("posted", "ours")


# --- A refusal that may mean «there already» ---------------------------------------------------------

NO = RejectedError(
    system="netsuite", operation="transform", detail="Nothing is left to receive.", family="nothing_left"
)
SCRIPT_SAYS = RejectedError(
    system="netsuite", operation="create", detail="SSS_ERROR: this document already exists", family="script"
)
EXISTS = AlreadyExistsError(system="netsuite", operation="create", detail="This record already exists.")


def test_refusal_after_a_lost_answer_is_looked_into_and_found_to_be_a_success(
    row: LoopReturn, netsuite: FakeNetSuite
) -> None:
    posting = make_posting(row, doubted=True)
    netsuite.failures.append(NO)
    Sender(threads=1).drain()
    assert (only().status, only().refusal["family"]) == ("uncertain", "nothing_left")  # type: ignore[index]

    netsuite.make_for(posting)
    settle(only())

    assert (only().status, only().adopted_from, only().refusal) == ("posted", "ours", None)


def test_refusal_after_a_lost_answer_stands_once_the_window_is_past(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: Callable[[timedelta], None]
) -> None:
    make_posting(row, doubted=True)
    netsuite.failures.append(NO)
    Sender(threads=1).drain()

    let_pass(WINDOW / 2)
    settle(only())
    assert only().status == "uncertain"
    let_pass(WINDOW / 2)
    settle(only())

    assert (only().status, only().refusal["family"]) == ("rejected", "nothing_left")  # type: ignore[index]
    assert len(netsuite.calls) == 1


def test_refusal_with_no_answer_lost_before_stands_at_once(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row)
    netsuite.failures.append(NO)

    Sender(threads=1).drain()

    assert only().status == "rejected"


@pytest.mark.parametrize("words", [EXISTS, SCRIPT_SAYS])
def test_words_that_it_exists_are_a_refusal_when_nothing_of_ours_is_there(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: Callable[[timedelta], None], words: RejectedError
) -> None:
    make_posting(row)
    netsuite.failures.append(words)
    Sender(threads=1).drain()
    settle(only())
    assert only().status == "uncertain"

    let_pass(WINDOW / 15)
    settle(only())

    assert (only().status, only().refusal["family"]) == ("rejected", words.family)  # type: ignore[index]


@pytest.mark.parametrize("words", [EXISTS, SCRIPT_SAYS])
def test_words_that_it_exists_are_a_success_when_ours_is_there(
    row: LoopReturn, netsuite: FakeNetSuite, words: RejectedError
) -> None:
    posting = make_posting(row)
    netsuite.make_for(posting)
    netsuite.failures.append(words)

    Sender(threads=1).drain()
    settle(only())

    assert (only().status, only().adopted_from) == ("posted", "ours")


@pytest.mark.parametrize("family", ["script", "unknown"])
def test_refusal_by_what_runs_after_the_saving_is_a_success(
    row: LoopReturn, netsuite: FakeNetSuite, family: str
) -> None:
    make_posting(row)
    netsuite.fails_after.append(
        RejectedError(system="netsuite", operation="transform", detail="Pick a channel.", family=family)
    )

    Sender(threads=1).drain()
    settle(only())

    assert (only().status, only().adopted_from) == ("posted", "ours")
    assert "Pick a channel." in only().tries.first().answer  # type: ignore[union-attr]


@pytest.mark.parametrize(("was_processed", "status"), [(True, "posted"), (False, "rejected")])
def test_words_of_loop_that_may_be_a_refusal_are_looked_into(
    row: LoopReturn, loop: FakeLoop, let_pass: Callable[[timedelta], None], was_processed: bool, status: str
) -> None:
    request = {"operation": "process", "return_id": row.loop_id}
    make_posting(row, make_due("loop_process", system="loop", request=request, serial_key="loop"))
    loop.failures.append(DoubtfulRefusalError(system="loop", status=200, detail="Return is being processed."))
    Sender(threads=1).drain()
    assert only().status == "uncertain"

    loop.payload = details_payload(was_processed=was_processed)
    let_pass(WINDOW / 10)
    settle(only())

    assert (only().status, len(loop.calls)) == (status, 1)


def test_words_that_it_exists_are_about_what_somebody_else_made(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    posting = make_posting(row, ROWS)
    netsuite.make_for(posting, externalId="celigo-7")
    netsuite.failures.append(SCRIPT_SAYS)

    Sender(threads=1).drain()
    settle(only())

    assert (only().status, only().their_id, only().adopted_from) == ("posted", "9001", "connector")


def test_stranger_is_not_adopted_while_ours_may_still_come(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    posting = in_doubt(row, request=ROWS.request)
    netsuite.make_for(posting, externalId="celigo-7")

    settle(only())

    assert only().status == "uncertain"


ROWS = make_due(
    request=make_due().request
    | {"body": {"item": {"items": [{"orderLine": 3, "item": {"id": "501"}, "quantity": 1, "location": {"id": "31"}}]}}}
)


def test_what_lies_under_our_id_with_other_content_is_refused_and_says_what_differs(
    row: LoopReturn, netsuite: FakeNetSuite
) -> None:
    posting = in_doubt(row, request=ROWS.request)
    netsuite.make_for(posting)
    (line,) = netsuite.records["9001"].lines
    netsuite.change("9001", lines=(replace(line, quantity=2, location_id="14"),))

    settle(only())

    refusal = only().refusal or {}
    assert (only().status, refusal["family"]) == ("rejected", "other_content")
    assert refusal["differences"] == ["line 3 holds 2, 1 were sent", "line 3 is at location 14, not location 31"]
    assert refusal["record"] == "9001"
    assert only().tries.last().outcome == "rejected"  # type: ignore[union-attr]


def test_all_doubts_of_an_account_are_looked_for_by_one_query(
    shop: Any, row: LoopReturn, netsuite: FakeNetSuite
) -> None:
    for number in range(3):
        due = make_due("receipt", covers=[f"unit:{number}"], serial_key=f"rma {number}")
        posting = make_posting(row, due)
        Posting.objects.filter(pk=posting.pk).update(
            status="uncertain", uncertain_since=clock.now(), doubted=True, not_before=clock.now()
        )

    assert settle_doubts(row.shop.account) == 3

    assert netsuite.queries == ["external ids"]


def test_record_is_adopted_by_one_posting_only(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    first = make_posting(row, ROWS, status="posted", their_id="9001", posted_at=clock.now())
    second = make_posting(row, make_due("receipt", covers=["unit:2"], serial_key="other"))
    netsuite.make_for(second)
    Posting.objects.filter(pk=second.pk).update(status="uncertain", uncertain_since=clock.now(), doubted=True)

    settle(Posting.objects.get(pk=second.pk))

    second.refresh_from_db()
    assert first.their_id == "9001"
    assert (second.status, (second.refusal or {})["family"]) == ("rejected", "other_content")


def test_record_of_another_account_with_the_same_number_is_another(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    elsewhere = make_return(make_shop("moss", account=make_account("7654321")), loop_id="110700999")
    make_posting(
        elsewhere, make_due(serial_key="7654321:7001"), status="posted", their_id="9001", posted_at=clock.now()
    )
    own = in_doubt(row)
    netsuite.make_for(own)

    settle(own)

    assert (own.status, own.their_id) == ("posted", "9001")


def test_record_that_one_posting_adopts_stands_in_no_others_way(row: LoopReturn) -> None:
    refusal = {"family": "foreign_record", "record": "8009", "detail": "It differs."}
    other = make_posting(row, make_due("receipt", covers=["unit:2"], serial_key="other"))
    Posting.objects.filter(pk=other.pk).update(status="rejected", refusal=refusal, looked_at=clock.now())
    first = make_posting(row, status="sending", sending_since=timezone.now())
    ref = RecordRef(
        record_type="returnAuthorization", internal_id="8009", external_id=None, tran_id="RMA12", status="B",
        last_modified=None, type_code="",
    )  # fmt: skip

    assert adopt_found(first, Found(ref, is_ours=False)) == "adopted"

    other.refresh_from_db()
    assert (other.status, other.looked_at) == ("pending", None)


# --- What is not what it looks like ----------------------------------------------------------------


def test_record_that_names_another_return_of_the_order_is_not_adopted(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    """The other connector authorized the other return; ours is still to be authorized (I8)."""
    sibling = make_return(row.shop, loop_id="110700124")
    rows = {"item": {"items": [{"orderLine": 3, "item": {"id": "501"}, "quantity": 1}]}}
    posting = make_posting(row, make_due(request=make_due().request | {"body": rows}))
    theirs = netsuite.make_for(posting, externalId=sibling.loop_id)

    Sender(threads=1).drain()

    posting.refresh_from_db()
    assert (posting.status, posting.adopted_from) == ("posted", "")
    assert posting.their_id != theirs


def test_record_that_a_lost_right_hides_is_not_taken_for_deleted(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    for number in ("1", "2", "3"):
        make_record(row, make_netsuite("creditMemo", number))
    request = {"operation": "update", "target_type": "creditMemo", "target_id": "1", "body": {"memo": "x"}}
    in_doubt(row, "credit_apply", request=request)
    netsuite.is_blind = True

    with pytest.raises(TemporaryError):
        settle(only())

    assert only().status == "uncertain"
    assert not row.records.filter(gone_at__isnull=False).exists()

"""The outbox follows the plan; what may be over there already is never changed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from integrations.models import NetSuiteAccount
from returnsops.lib import clock
from returnsops.posting.models import Posting
from returnsops.posting.outbox import (
    JOB_WAITS_AT_MOST,
    enqueue,
    external_id,
    retry,
    retry_others_refused_for,
    why_no_cancel,
)
from returnsops.posting.record_answer import JOB_ENDED
from returnsops.returns.models import LoopReturn
from returnsops.returns.plan import PostingDue
from tests.builders import make_due, make_posting

pytestmark = pytest.mark.django_db
CORRECTED = {
    "operation": "transform",
    "source_type": "invoice",
    "source_id": "7001",
    "body": {"tranDate": "2026-12-01"},
}


def put(posting: Posting, **columns: object) -> Posting:
    Posting.objects.filter(pk=posting.pk).update(**columns)
    return Posting.objects.get(pk=posting.pk)


def covers_of(posting: Posting) -> set[str]:
    return set(posting.covers.filter(live=True).values_list("unit", flat=True))


def test_posting_has_its_external_id_and_covers_before_the_first_try(row: LoopReturn) -> None:
    (posting,) = enqueue(row, [make_due(covers=["unit:387001", "unit:387002"])])

    assert posting.external_id == "loop-fern-110700123-rma-1"
    assert (posting.status, posting.attempts) == ("pending", 0)
    assert covers_of(posting) == {"unit:387001", "unit:387002"}


def test_external_id_is_lower_case_without_underscores() -> None:
    assert external_id("fern", "R12", "customer_refund", 2) == "loop-fern-r12-customer-refund-2"


def test_same_plan_again_changes_nothing(row: LoopReturn) -> None:
    enqueue(row, [make_due()])

    assert enqueue(row, [make_due()]) == []
    assert Posting.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "pending"),
        ({"record": "8010"}, "rejected"),
        ({"family": "script"}, "rejected"),
        ({"is_shared": True}, "rejected"),  # of each of them a person says apart what it stands for
    ],
)
def test_only_what_was_refused_for_the_record_that_was_explained_is_tried_again(
    row: LoopReturn, changes: dict[str, object], status: str
) -> None:
    explained = make_posting(row)
    refusal = {"family": "foreign_record", "record": "8009", "detail": "It differs."}
    other = make_posting(row, make_due("receipt", covers=["unit:2"], serial_key="other"))
    put(other, status="rejected", refusal=refusal | changes)
    put(explained, status="rejected", refusal=refusal)

    retry_others_refused_for("8009", beside=explained)

    other.refresh_from_db()
    explained.refresh_from_db()
    assert (other.status, explained.status) == (status, "rejected")


def test_what_a_person_wants_again_frees_only_what_was_deleted(row: LoopReturn) -> None:
    deleted = put(make_posting(row), status="posted", their_id="8001", posted_at=clock.now())
    stands = make_posting(row, make_due("receipt", covers=["unit:2"], serial_key="other"))
    put(stands, status="posted", their_id="8101", posted_at=clock.now())

    (again,) = enqueue(row, [replace(make_due(), replaces=(deleted.external_id,))])

    assert (again.external_id, covers_of(again)) == ("loop-fern-110700123-rma-2", {"unit:387001"})
    assert (covers_of(deleted), covers_of(stands)) == (set(), {"unit:2"})


def test_what_is_no_longer_wanted_is_withdrawn_and_frees_its_units(row: LoopReturn) -> None:
    posting = make_posting(row)

    enqueue(row, [])

    assert put(posting).status == "voided"
    assert covers_of(posting) == set()


def test_next_one_after_a_withdrawal_has_the_next_number(row: LoopReturn) -> None:
    make_posting(row)
    enqueue(row, [])

    (posting,) = enqueue(row, [make_due()])

    assert posting.external_id.endswith("-rma-2")


def test_new_content_keeps_the_external_id(row: LoopReturn) -> None:
    posting = make_posting(row)

    enqueue(row, [make_due(request=CORRECTED)])

    changed = put(posting)
    assert (changed.external_id, changed.request) == (posting.external_id, CORRECTED)
    assert changed.content_hash != posting.content_hash


def test_corrected_refusal_is_sent_again_under_the_same_external_id(row: LoopReturn) -> None:
    posting = make_posting(row, status="rejected", attempts=3, refusal={"family": "period_closed"})

    enqueue(row, [make_due(request=CORRECTED)])

    again = put(posting)
    assert (again.status, again.attempts, again.refusal) == ("pending", 0, None)
    assert again.external_id == posting.external_id


def test_refusal_stands_while_its_content_stays_the_same(row: LoopReturn) -> None:
    posting = make_posting(row, status="rejected", refusal={"family": "period_closed"})

    enqueue(row, [make_due()])

    assert put(posting).status == "rejected"


@pytest.mark.parametrize("status", ["sending", "uncertain", "posted"])
def test_what_may_be_over_there_is_neither_changed_nor_withdrawn(row: LoopReturn, status: str) -> None:
    now = clock.now()
    posting = make_posting(
        row, status=status, sending_since=now, uncertain_since=now, posted_at=now, their_id="1" * (status == "posted")
    )

    enqueue(row, [])

    assert put(posting).status == status
    assert covers_of(posting) == {"unit:387001"}


def test_second_posting_for_units_in_flight_is_refused_by_the_database(row: LoopReturn) -> None:
    make_posting(row, status="sending", sending_since=clock.now())

    with pytest.raises(IntegrityError, match="nothing_is_covered_twice"), transaction.atomic():
        enqueue(row, [make_due(request=CORRECTED)])


def test_units_may_move_between_two_waiting_postings(row: LoopReturn) -> None:
    one, two = {"body": {"place": "14"}}, {"body": {"place": "33"}}
    enqueue(
        row, [make_due("receipt", covers=["unit:1"], request=one), make_due("receipt", covers=["unit:2"], request=two)]
    )

    enqueue(
        row,
        [
            make_due("receipt", covers=["unit:2"], request=one | {"n": 1}),
            make_due("receipt", covers=["unit:1"], request=two),
        ],
    )

    held = {posting.request["body"]["place"]: covers_of(posting) for posting in row.postings.filter(status="pending")}
    assert held == {"14": {"unit:2"}, "33": {"unit:1"}}


def test_same_content_for_other_units_covers_the_other_units(row: LoopReturn) -> None:
    """Two twins of one order line call for the same document, letter for letter."""
    posting = make_posting(row, make_due("receipt", covers=["unit:1"]))

    enqueue(row, [make_due("receipt", covers=["unit:2"])])

    (standing,) = row.postings.exclude(status="voided")
    assert covers_of(standing) == {"unit:2"}
    assert standing == posting


def test_retry_sends_the_same_again(row: LoopReturn) -> None:
    posting = make_posting(row, status="rejected", attempts=5)

    assert retry(posting)

    again = put(posting)
    assert (again.status, again.attempts, again.content_hash) == ("pending", 0, posting.content_hash)


def test_only_what_is_refused_can_be_retried(row: LoopReturn) -> None:
    posting = make_posting(row, status="rejected")
    put(posting, status="pending")

    assert not retry(posting)
    assert not retry(put(posting))


def handed_in(row: LoopReturn, *, ago: timedelta = timedelta(minutes=20), mode: str = "async") -> Posting:
    """A job of NetSuite's whose name was lost with the answer. No look has found what it makes."""
    NetSuiteAccount.objects.update(write_mode=mode)
    posting = make_posting(row, attempts=1, doubted=True)
    posting.tries.create(number=1, started_at=timezone.now() - ago, duration_s=1.0, request={}, outcome="uncertain")
    return put(posting)


@pytest.mark.parametrize("wanted", [[], [make_due(request=CORRECTED)], [make_due(covers=["unit:387002"])]])
def test_what_may_wait_as_a_job_is_neither_withdrawn_nor_changed(row: LoopReturn, wanted: list[PostingDue]) -> None:
    """The plan wants something else, and NetSuite may still do what it was told."""
    posting = handed_in(row)

    enqueue(row, wanted)

    kept = put(posting)
    assert (kept.status, kept.request, covers_of(kept)) == ("uncertain", posting.request, {"unit:387001"})
    assert list(row.postings.exclude(pk=posting.pk).values_list("covers__unit", flat=True)) == [
        unit for due in wanted for unit in due.covers - {"unit:387001"}
    ]


def test_what_may_wait_as_a_job_keeps_no_other_from_its_source(row: LoopReturn) -> None:
    posting = handed_in(row)
    other = make_posting(row, make_due("receipt", covers=["unit:2"]))
    put(other, status="sending", sending_since=clock.now(), serial_key=posting.serial_key)

    enqueue(row, [])

    assert put(posting).status == "uncertain"


def test_what_may_wait_as_a_job_is_sent_again_while_it_is_wanted(row: LoopReturn) -> None:
    """Under the same key, which NetSuite does once."""
    posting = handed_in(row)

    enqueue(row, [make_due()])

    assert put(posting).status == "pending"


@pytest.mark.parametrize(
    ("ago", "mode", "refusal"),
    [
        (JOB_WAITS_AT_MOST, "async", None),
        (timedelta(minutes=20), "sync", None),
        (timedelta(minutes=20), "async", {"family": "period_closed"}),  # an answer under its key
    ],
)
def test_what_surely_waits_as_no_job_is_withdrawn(
    row: LoopReturn, ago: timedelta, mode: str, refusal: dict[str, str] | None
) -> None:
    posting = handed_in(row, ago=ago, mode=mode)
    put(posting, refusal=refusal)

    enqueue(row, [])

    assert put(posting).status == "voided"


@pytest.mark.parametrize("family", ["set_aside", "gave_up"])
@pytest.mark.parametrize("status", ["rejected", "pending"])  # pending: a person retried it
def test_what_was_given_up_may_wait_as_a_job_all_the_same(row: LoopReturn, family: str, status: str) -> None:
    """No answer of NetSuite's ended it, but our patience."""
    posting = put(handed_in(row), status=status, refusal={"family": family, "detail": "No answer after 12 tries."})

    enqueue(row, [make_due(request=CORRECTED)])

    kept = put(posting)
    assert (kept.status, kept.request, kept.refusal, kept.attempts) == ("uncertain", posting.request, None, 0)
    assert why_no_cancel(posting) == "It may be over there already."


@pytest.mark.parametrize("family", ["set_aside", "gave_up"])
def test_what_was_given_up_and_is_wanted_as_it_is_stays_with_its_person(row: LoopReturn, family: str) -> None:
    posting = put(handed_in(row), status="rejected", refusal={"family": family})

    enqueue(row, [make_due()])

    assert (put(posting).status, put(posting).refusal) == ("rejected", {"family": family})


@pytest.mark.parametrize("family", ["set_aside", "gave_up"])
def test_what_was_given_up_is_withdrawn_once_it_waits_as_no_job(row: LoopReturn, family: str) -> None:
    posting = put(handed_in(row, ago=JOB_WAITS_AT_MOST), status="rejected", refusal={"family": family})

    enqueue(row, [])

    assert put(posting).status == "voided"


def test_job_that_was_seen_to_end_is_waited_for_no_longer(row: LoopReturn) -> None:
    posting = handed_in(row)
    posting.tries.create(number=1, started_at=timezone.now(), duration_s=0.0, request={}, outcome=JOB_ENDED)

    enqueue(row, [])

    assert put(posting).status == "voided"


def test_what_may_wait_as_a_job_is_cancelled_by_nobody(row: LoopReturn) -> None:
    posting = handed_in(row)
    assert why_no_cancel(posting) == "It may be over there already."

    posting.tries.update(started_at=timezone.now() - JOB_WAITS_AT_MOST)
    assert why_no_cancel(posting) == ""

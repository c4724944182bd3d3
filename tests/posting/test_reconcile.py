"""A lost answer ends by looking; a posted record is compared with what was sent."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings

from integrations.models import NetSuiteAccount
from integrations.netsuite.records import TransactionRecord
from returnsops.lib import clock
from returnsops.posting import reconcile
from returnsops.posting.models import Posting
from returnsops.posting.reconcile import compare_record
from returnsops.posting.sender import Sender
from returnsops.returns.models import LoopReturn
from tests.builders import details_payload, make_due, make_posting
from tests.posting.conftest import LOST, FakeLoop, FakeNetSuite, make_netsuite_record

pytestmark = pytest.mark.django_db
WINDOW = settings.NETSUITE_COMMIT_WINDOW


def only() -> Posting:
    return Posting.objects.get()


def in_doubt(row: LoopReturn, kind: str = "rma", **changes: Any) -> Posting:
    return make_posting(row, make_due(kind, **changes), status="uncertain", uncertain_since=clock.now(), attempts=1)


def asked_loop(row: LoopReturn) -> Posting:
    request = {"operation": "process", "return_id": row.loop_id}
    return in_doubt(
        row, "loop_process", system="loop", request=request, serial_key="loop", covers=["part:settlement:1"]
    )


def test_found_under_our_external_id_is_adopted(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    posting = in_doubt(row)
    netsuite.transform_record("invoice", "7001", "returnAuthorization", {"externalId": posting.external_id})

    reconcile.settle(posting)

    assert (only().status, only().their_id, only().adopted) == ("posted", "9001", True)


def test_not_found_inside_the_window_proves_nothing(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: Callable[[timedelta], None]
) -> None:
    in_doubt(row)

    for _ in range(3):
        let_pass(WINDOW / 4)
        reconcile.settle(only())

    assert only().status == "uncertain"
    assert netsuite.calls == []


def test_absent_after_the_window_is_sent_again_under_the_same_external_id(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: Callable[[timedelta], None]
) -> None:
    posting = in_doubt(row)

    let_pass(WINDOW)
    reconcile.settle(only())
    assert only().status == "pending"
    LoopReturn.objects.update(look_again_at=None)
    Sender(threads=1).drain()

    assert netsuite.calls == [posting.external_id]
    assert only().status == "posted"


def test_late_commit_inside_the_window_is_adopted(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: Callable[[timedelta], None]
) -> None:
    posting = in_doubt(row)
    let_pass(WINDOW / 2)
    reconcile.settle(only())

    netsuite.transform_record("invoice", "7001", "returnAuthorization", {"externalId": posting.external_id})
    let_pass(WINDOW / 2)
    reconcile.settle(only())

    assert (only().status, only().their_id) == ("posted", "9001")


def test_lost_answer_of_a_done_call_makes_one_record(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row)
    netsuite.loses_answers = 1

    Sender(threads=1).drain()
    NetSuiteAccount.objects.update(next_probe_at=None)
    reconcile.settle(only())

    assert only().status == "posted"
    assert len(netsuite.records) == 1


def test_our_external_id_on_another_kind_of_record_is_refused(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    posting = in_doubt(row)
    netsuite.create_record("salesOrder", {"externalId": posting.external_id})

    reconcile.settle(posting)

    assert only().status == "rejected"
    assert only().refusal["family"] == "other_content"  # type: ignore[index]


def test_looking_too_often_is_not_needed(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    reconcile.settle(in_doubt(row))

    assert only() not in reconcile.postings_in_doubt()


def test_doubt_that_goes_on_for_ever_comes_to_an_end(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: Callable[[timedelta], None]
) -> None:
    in_doubt(row)
    Posting.objects.update(attempts=20)

    let_pass(WINDOW)
    reconcile.settle(only())

    assert only().status == "rejected"
    assert only().refusal["family"] == "gave_up"  # type: ignore[index]


def test_settled_posting_is_left_alone(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    posting = make_posting(row)

    reconcile.settle(posting)

    assert only().status == "pending"


def test_loop_that_settled_took_our_word(row: LoopReturn, loop: FakeLoop) -> None:
    posting = asked_loop(row)
    loop.payload = details_payload(
        state="closed", updated_at="2026-11-20 10:00:00", refunds=[{"gateway": "shopify_payments", "amount": "155.52"}]
    )

    reconcile.settle(posting)

    row.refresh_from_db()
    assert only().status == "posted"
    assert row.state == "closed"


def test_loop_that_did_not_settle_is_asked_again_after_the_window(
    row: LoopReturn, loop: FakeLoop, let_pass: Callable[[timedelta], None]
) -> None:
    asked_loop(row)
    loop.payload = details_payload()
    reconcile.settle(only())
    assert only().status == "uncertain"

    let_pass(WINDOW)
    reconcile.settle(only())

    assert only().status == "pending"


# --- Read back --------------------------------------------------------------------------------------

SENT: dict[str, Any] = {
    "operation": "transform",
    "source_id": "7001",
    "target_type": "returnAuthorization",
    "body": {"item": {"items": [{"orderLine": 3, "item": {"id": "501"}, "quantity": 2, "location": {"id": "31"}}]}},
}


def held(request: dict[str, Any], **changes: Any) -> TransactionRecord:
    """The record that NetSuite makes of this request, then changed."""
    body = request["body"] | {"externalId": "loop-1"}
    record = make_netsuite_record(request["target_type"], "9001", body, request.get("source_id"))
    return replace(record, **changes)


def with_rows(*rows: dict[str, Any]) -> dict[str, Any]:
    return SENT | {"body": {"item": {"items": list(rows)}}}


def test_record_that_holds_what_was_sent_does_not_differ() -> None:
    assert compare_record(SENT, held(SENT), "loop-1") == []


def test_external_id_may_differ_in_case() -> None:
    assert compare_record(SENT, held(SENT, external_id="LOOP-1"), "loop-1") == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"external_id": None}, "external id is empty"),
        ({"created_from_id": "7002"}, "it was made from 7002, not from 7001"),
        ({"lines": ()}, "it holds 0 units, 2 were sent"),
    ],
)
def test_difference_is_told_as_a_sentence(changes: dict[str, Any], words: str) -> None:
    assert compare_record(SENT, held(SENT, **changes), "loop-1") == [words]


def test_units_at_another_place_are_told() -> None:
    record = held(SENT)
    moved = replace(record, lines=(replace(record.lines[0], location_id="14"),))

    assert compare_record(SENT, moved, "loop-1") == ["it is at location 14, not 31"]


def test_missing_record_is_told() -> None:
    assert compare_record(SENT, None, "loop-1") == ["NetSuite says it does not exist"]


def test_amount_of_an_item_is_compared() -> None:
    request = with_rows({"orderLine": 1, "item": {"id": "501"}, "quantity": 1, "amount": "65.56"})
    record = held(request)
    other = replace(record, lines=(replace(record.lines[0], amount=Decimal("72.00")),))

    assert compare_record(request, record, "loop-1") == []
    assert compare_record(request, other, "loop-1") == ["item 501 has amount 72.00, 65.56 was sent"]


def test_two_lines_of_one_item_are_compared_together() -> None:
    request = with_rows(
        {"orderLine": 1, "item": {"id": "501"}, "quantity": 1, "amount": "65.56"},
        {"orderLine": 2, "item": {"id": "501"}, "quantity": 1, "amount": "60.00"},
    )

    assert compare_record(request, held(request), "loop-1") == []


def test_line_at_netsuites_own_price_beside_a_priced_one_of_the_same_item_is_no_difference() -> None:
    request = with_rows(
        {"orderLine": 1, "item": {"id": "501"}, "quantity": 1, "amount": "65.56"},
        {"orderLine": 2, "item": {"id": "501"}, "quantity": 1},
    )
    record = held(request)
    priced = replace(record, lines=(record.lines[0], replace(record.lines[1], amount=Decimal("72.00"))))

    assert compare_record(request, priced, "loop-1") == []


def test_rows_that_said_no_are_not_expected() -> None:
    request = with_rows(
        {"orderLine": 1, "itemReceive": True, "quantity": 1, "location": {"id": "14"}},
        {"orderLine": 2, "itemReceive": False},
    )

    assert compare_record(request, held(request), "loop-1") == []


def test_read_back_mirrors_the_record_and_asks_for_a_plan(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row)
    Sender(threads=1).drain()
    LoopReturn.objects.update(look_again_at=None)

    reconcile.read_back(only())

    row.refresh_from_db()
    assert only().read_back_at is not None
    assert only().differences == []
    assert row.records.get().internal_id == "9001"
    assert row.look_again_at is not None


def test_read_back_of_a_record_that_is_gone_is_a_difference(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row)
    Sender(threads=1).drain()
    netsuite.records.clear()

    reconcile.read_back(only())

    assert only().differences == ["NetSuite says it does not exist"]


def test_read_back_is_done_once(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row)
    Sender(threads=1).drain()
    reconcile.read_back(only())
    netsuite.records.clear()

    reconcile.read_back(only())

    assert only().differences == []


def test_doubt_stays_when_netsuite_does_not_answer_the_look(
    row: LoopReturn, netsuite: FakeNetSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    posting = in_doubt(row)
    monkeypatch.setattr(netsuite, "find_by_external_ids", _raise_lost)

    with pytest.raises(type(LOST)):
        reconcile.settle(posting)

    assert only().status == "uncertain"


def _raise_lost(external_ids: object) -> None:
    raise LOST


def test_parts_of_a_kit_are_not_counted_as_units() -> None:
    body = {"externalId": "x", "item": {"items": [{"quantity": 1, "itemReceive": True}]}}
    record = make_netsuite_record("itemReceipt", "9001", body, "77")
    parts = tuple(replace(record.lines[0], line=number, kit_member_of=1) for number in (2, 3))
    request = {"operation": "transform", "source_id": "77", "target_type": "itemReceipt", "body": body}

    assert compare_record(request, replace(record, lines=record.lines + parts), "x") == []
    twice = replace(record, lines=(*record.lines, replace(parts[0], kit_member_of=None)))
    assert compare_record(request, twice, "x") == ["it holds 2 units, 1 were sent"]

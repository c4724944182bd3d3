"""What was posted is read back: compared with what was sent, and mirrored with what changed by it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from integrations.errors import RejectedError, TemporaryError
from returnsops.lib import clock
from returnsops.posting.models import Posting
from returnsops.posting.read_back import read_back, read_back_due
from returnsops.posting.sender import Sender
from returnsops.returns.gone import really_gone
from returnsops.returns.models import LoopReturn, NetSuiteRecord
from returnsops.returns.unreadable import note_unreadable, noted_names
from tests.builders import make_due, make_posting, make_record, make_rma, make_sale, make_unit
from tests.posting.conftest import DOWN, FakeNetSuite

pytestmark = pytest.mark.django_db


def only() -> Posting:
    return Posting.objects.get()


def test_read_back_mirrors_the_record_and_asks_for_a_plan(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row)
    Sender(threads=1).drain()
    LoopReturn.objects.update(look_again_at=None)

    read_back(only())

    row.refresh_from_db()
    assert only().read_back_at is not None
    assert only().differences == []
    assert row.records.get().internal_id == "9001"
    assert row.look_again_at is not None


def test_read_back_of_a_record_that_is_gone_is_a_difference(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row)
    Sender(threads=1).drain()
    netsuite.records.clear()

    read_back(only())

    assert only().differences == ["NetSuite says it does not exist"]


def test_read_back_is_done_once(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    make_posting(row)
    Sender(threads=1).drain()
    read_back(only())
    netsuite.records.clear()

    read_back(only())

    assert only().differences == []


def posted_receipts(
    row: LoopReturn, netsuite: FakeNetSuite, count: int, *, ago: timedelta = timedelta(minutes=1)
) -> list[Posting]:
    """Receipts of one authorization, as the sender left them a while ago."""
    request = make_due().request | {"source_type": "returnAuthorization", "target_type": "itemReceipt"}
    postings = []
    for number in range(count):
        due = make_due("receipt", covers=[f"unit:{number}"], request=request | {"place": number})
        posting = make_posting(row, due)
        their_id = netsuite.make_for(posting)
        Posting.objects.filter(pk=posting.pk).update(status="posted", their_id=their_id, posted_at=clock.now() - ago)
        postings.append(Posting.objects.get(pk=posting.pk))
    return postings


def test_all_that_is_due_is_read_at_once_and_a_shared_parent_once(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    posted_receipts(row, netsuite, 5)

    assert read_back_due(row.shop.account) == 5

    assert sorted(netsuite.reads) == ["7001", *(f"900{number}" for number in range(1, 6))]
    assert not Posting.objects.filter(read_back_at=None).exists()
    assert row.records.count() == 5


def test_receipt_that_nothing_waits_for_is_read_back_once_its_second_is_over(
    row: LoopReturn, netsuite: FakeNetSuite
) -> None:
    posted_receipts(row, netsuite, 1, ago=timedelta(seconds=1))
    assert read_back_due(row.shop.account) == 0

    Posting.objects.update(posted_at=clock.now() - settings.RECORD_REST)

    assert read_back_due(row.shop.account) == 1


def test_all_is_read_back_as_soon_as_the_last_of_it_is_posted(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    receipt, refund = posted_receipts(row, netsuite, 2, ago=timedelta(seconds=1))
    apply = {"body": {"apply": {"items": [{"doc": {"id": "8001"}, "amount": "10"}]}}}
    refund.request |= {"source_type": "", "source_id": "", **apply}
    Posting.objects.filter(pk=refund.pk).update(kind="customer_refund", request=refund.request, status="pending")
    assert read_back_due(row.shop.account) == 0

    Posting.objects.filter(pk=refund.pk).update(status="posted")

    assert read_back_due(row.shop.account) == 2
    assert {receipt.their_id, refund.their_id, "8001"} <= set(netsuite.reads)


def test_receipt_is_read_back_at_once_when_another_is_to_be_made_of_its_authorization(
    row: LoopReturn, netsuite: FakeNetSuite
) -> None:
    posted_receipts(row, netsuite, 1, ago=timedelta(0))
    make_posting(row, make_due("receipt", covers=["unit:2"]))

    assert read_back_due(row.shop.account) == 1
    assert netsuite.reads == ["7001", "9001"]


def test_receipt_is_left_while_its_credit_is_on_the_way_but_not_for_ever(
    row: LoopReturn, netsuite: FakeNetSuite
) -> None:
    posted_receipts(row, netsuite, 1, ago=2 * settings.RECORD_REST)
    make_posting(row, make_due("credit", covers=["unit:0"]))
    assert read_back_due(row.shop.account) == 0

    Posting.objects.filter(kind="receipt").update(posted_at=clock.now() - 3 * settings.RECORD_REST)

    assert read_back_due(row.shop.account) == 1
    assert netsuite.reads == ["7001", "9001"]  # with what it was made from: one without the other would seem to differ


def test_authorization_that_a_receipt_brings_soon_is_not_asked_for_behind_the_credit(
    row: LoopReturn, netsuite: FakeNetSuite
) -> None:
    credit, _ = posted_receipts(row, netsuite, 2, ago=timedelta(seconds=1))
    Posting.objects.filter(pk=credit.pk).update(kind="credit")
    LoopReturn.objects.update(records_hinted_at=None)

    assert read_back_due(row.shop.account) == 1

    row.refresh_from_db()
    assert row.records_hinted_at is None


def test_authorization_behind_a_credit_is_left_to_the_next_look(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    rma = make_record(row, make_rma(make_sale([make_unit(1)])))
    NetSuiteRecord.objects.update(told_at=clock.now())
    credit = posted_receipts(row, netsuite, 1)[0]
    Posting.objects.update(kind="credit", request=credit.request | {"source_id": rma.internal_id})
    LoopReturn.objects.update(records_hinted_at=None)

    read_back_due(row.shop.account)

    row.refresh_from_db()
    rma.refresh_from_db()
    assert netsuite.reads == ["9001"]
    assert rma.told_at is None
    assert row.records_hinted_at is not None
    assert row.records_hinted_at > timezone.now()


def test_one_that_cannot_be_read_holds_up_no_other(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    posted_receipts(row, netsuite, 3)
    netsuite.unreadable["9002"] = DOWN
    account = row.shop.account

    for _ in range(6):
        read_back_due(account)

    account.refresh_from_db()
    assert account.failing_since is None, "one record that NetSuite cannot show is no outage"
    assert list(Posting.objects.filter(read_back_at=None).values_list("their_id", flat=True)) == ["9002"]


def test_record_that_we_may_not_read_is_told(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    posted_receipts(row, netsuite, 1)
    netsuite.unreadable["9001"] = RejectedError(system="netsuite", operation="get", detail="You need the right.")

    read_back_due(row.shop.account)

    assert only().differences == ["it cannot be read: You need the right."]


def test_record_that_could_not_be_read_is_told_of_no_longer_once_it_is_read_back(
    row: LoopReturn, netsuite: FakeNetSuite
) -> None:
    posted_receipts(row, netsuite, 1)
    account = row.shop.account
    note_unreadable(account, "itemReceipt 9001", DOWN)

    read_back_due(account)

    assert noted_names(account) == []


def test_record_hidden_with_all_others_of_its_kind_is_not_taken_for_deleted(
    row: LoopReturn, netsuite: FakeNetSuite
) -> None:
    posted_receipts(row, netsuite, 2)
    read_back(Posting.objects.get(their_id="9001"))
    netsuite.records.clear()
    netsuite.is_blind = True

    read_back(Posting.objects.get(their_id="9002"))

    assert not row.records.filter(gone_at__isnull=False).exists()
    assert Posting.objects.get(their_id="9002").read_back_at is None


def test_record_that_only_one_answer_leaves_out_is_not_taken_for_deleted(
    row: LoopReturn, netsuite: FakeNetSuite
) -> None:
    missed = [("itemReceipt", "9001"), ("itemReceipt", "9002")]
    posted_receipts(row, netsuite, 1)

    assert really_gone(row.shop.account, netsuite, missed) == ["9002"]  # type: ignore[arg-type]


FORBIDDEN = RejectedError(system="netsuite", operation="get", status=403, detail="You need the right.")


def test_receipt_whose_authorization_may_not_be_read_is_read_back_and_leaves_it_to_the_next_look(
    row: LoopReturn, netsuite: FakeNetSuite
) -> None:
    rma = make_record(row, make_rma(make_sale([make_unit(1)])))
    NetSuiteRecord.objects.update(told_at=clock.now())
    request = posted_receipts(row, netsuite, 1)[0].request
    Posting.objects.update(request=request | {"source_id": rma.internal_id})
    netsuite.change("9001", created_from_id=rma.internal_id)
    LoopReturn.objects.update(records_hinted_at=None)
    netsuite.unreadable[rma.internal_id] = FORBIDDEN

    assert read_back_due(row.shop.account) == 1

    row.refresh_from_db()
    rma.refresh_from_db()
    assert only().read_back_at is not None
    assert only().differences == []
    assert (rma.told_at, row.records_hinted_at is None) == (None, False)


def test_those_that_cannot_be_read_are_asked_once_and_newer_ones_come_to_their_turn(
    row: LoopReturn, netsuite: FakeNetSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("returnsops.posting.read_back.AT_ONCE_MAX", 1)
    posted_receipts(row, netsuite, 3)
    netsuite.unreadable["9001"] = DOWN

    assert read_back_due(row.shop.account) == 3

    assert netsuite.reads.count("9001") == 1
    assert list(Posting.objects.filter(read_back_at=None).values_list("their_id", flat=True)) == ["9001"]


def test_two_side_by_side_that_cannot_be_read_hold_up_no_other(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: Callable[[timedelta], None]
) -> None:
    posted_receipts(row, netsuite, 4)
    netsuite.unreadable |= {"9001": DOWN, "9002": DOWN}

    with pytest.raises(TemporaryError):
        read_back_due(row.shop.account)
    let_pass(timedelta(minutes=1))
    read_back_due(row.shop.account)

    unread = Posting.objects.filter(read_back_at=None).order_by("pk")
    assert list(unread.values_list("their_id", flat=True)) == ["9001", "9002"]
    row.shop.account.refresh_from_db()
    assert row.shop.account.failing_since is None, "the others were shown"


def test_outage_is_raised_and_costs_few_calls(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    posted_receipts(row, netsuite, 5)
    netsuite.unreadable |= dict.fromkeys(["7001", *netsuite.records], DOWN)

    with pytest.raises(TemporaryError):
        read_back_due(row.shop.account)

    assert len(netsuite.reads) == 2
    row.shop.account.refresh_from_db()
    assert row.shop.account.failing_since is not None


def test_what_was_read_back_is_never_noted_without_the_doubts_that_follow(
    row: LoopReturn, netsuite: FakeNetSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted_receipts(row, netsuite, 1)
    Posting.objects.update(kind="credit")

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("returnsops.posting.read_back.hint_records", die)
    with pytest.raises(KeyboardInterrupt):
        read_back_due(row.shop.account)

    assert only().read_back_at is None


def test_what_there_was_no_time_for_is_asked_for_again_and_life_is_shown(
    row: LoopReturn, netsuite: FakeNetSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung, lives = list[tuple[object, ...]](), list[int]()
    monkeypatch.setattr("returnsops.posting.read_back.ring", lambda *what: rung.append(what))
    monkeypatch.setattr("returnsops.posting.read_back.READ_FOR_S", 0.0)
    posted_receipts(row, netsuite, 1)

    read_back_due(row.shop.account)
    assert rung == [("read_back", row.shop.account.pk)]

    monkeypatch.setattr("returnsops.posting.read_back.READ_FOR_S", 10.0)
    read_back_due(row.shop.account, show_life=lambda: lives.append(1))
    assert len(rung) == 1
    assert len(lives) >= len(netsuite.reads)

"""A record that NetSuite does not show, and a fault of ours, hold up what they are about and no other posting."""

from collections.abc import Callable, Collection
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from integrations.errors import (
    ConfigurationError,
    IntegrationError,
    RejectedError,
    TemporaryError,
    UnreadableRecordError,
)
from integrations.netsuite.records import RecordRef
from returnsops.posting import settle as settle_room
from returnsops.posting.models import Pause, Posting
from returnsops.posting.sender import Sender
from returnsops.posting.settle import settle_doubts
from returnsops.posting.sought import seek
from returnsops.returns.models import LoopReturn
from returnsops.returns.progress import mirror_problems
from tests.builders import make_due, make_posting, make_return
from tests.posting.conftest import DOWN, FakeNetSuite
from tests.posting.test_settle import in_doubt

pytestmark = pytest.mark.django_db
LetPass = Callable[[timedelta], None]
FORBIDDEN = RejectedError(
    system="netsuite", operation="get", status=403, detail="You need the right.", family="permission"
)
SLOW = TemporaryError(system="netsuite", operation="get", detail="No answer within 60 s")
BUG = ZeroDivisionError("a bug, met by this one alone")


def two_in_doubt(row: LoopReturn) -> tuple[Posting, Posting]:
    first = in_doubt(row)
    return first, in_doubt(make_return(row.shop, loop_id="2"), covers=["unit:2"], serial_key="2")


def two_waiting(row: LoopReturn) -> tuple[Posting, Posting]:
    first = make_posting(row)
    other = make_posting(make_return(row.shop, loop_id="2"), make_due(covers=["unit:2"], serial_key="2"))
    Posting.objects.filter(pk=other.pk).update(request=other.request | {"source_id": "7002"})
    return first, other


def breaking_for(posting: Posting, room: ModuleType, name: str) -> Callable[..., Any]:
    """The function of this name, with a bug that only this posting meets, or what it asks for."""
    function = getattr(room, name)

    def broken(*given: Any, **named: Any) -> Any:
        result = function(*given, **named)
        if posting in given or Posting.objects.get(pk=posting.pk).request in given:
            raise BUG
        return result

    return broken


def send() -> None:
    LoopReturn.objects.update(look_again_at=None)
    Sender(threads=1).drain()


def state(posting: Posting) -> str:
    posting.refresh_from_db()
    return posting.status


# --- Of a lost answer ------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [DOWN, FORBIDDEN, SLOW, BUG])
def test_lost_answer_whose_record_is_not_shown_keeps_no_other_from_being_settled(
    row: LoopReturn, netsuite: FakeNetSuite, failure: Exception
) -> None:
    unlucky, other = two_in_doubt(row)
    netsuite.unreadable[netsuite.make_for(unlucky)] = failure
    netsuite.make_for(other)

    settle_doubts(row.shop.account)

    assert (state(unlucky), state(other)) == ("uncertain", "posted")
    assert unlucky.not_before > timezone.now(), "the others come first"


def test_doubt_after_a_refusal_ends_although_a_stranger_beside_it_is_not_shown(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: LetPass
) -> None:
    unlucky, other = two_in_doubt(row)
    Posting.objects.update(doubted=False)
    Posting.objects.filter(pk=other.pk).update(request=other.request | {"source_id": "7002"})
    netsuite.unreadable[netsuite.make_for(unlucky, externalId="connector-1")] = DOWN

    let_pass(settings.NETSUITE_COMMIT_WINDOW)
    settle_doubts(row.shop.account)

    assert (state(unlucky), state(other)) == ("uncertain", "pending")


def test_lost_answer_whose_record_is_shown_again_is_settled(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: LetPass
) -> None:
    posting = in_doubt(row)
    internal_id = netsuite.make_for(posting)
    netsuite.unreadable[internal_id] = DOWN
    settle_doubts(row.shop.account)

    del netsuite.unreadable[internal_id]
    let_pass(settings.NETSUITE_COMMIT_WINDOW)
    settle_doubts(row.shop.account)

    assert (state(posting), posting.their_id, posting.adopted_from) == ("posted", internal_id, "ours")


@pytest.mark.parametrize(("failure", "code"), [(DOWN, "unreadable_record"), (FORBIDDEN, "reading_refused")])
def test_record_without_which_a_doubt_cannot_end_is_told(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: LetPass, failure: IntegrationError, code: str
) -> None:
    netsuite.unreadable[netsuite.make_for(in_doubt(row))] = failure

    for _ in range(3):
        settle_doubts(row.shop.account)
        let_pass(timedelta(minutes=5))

    assert [one.code for one in mirror_problems(row.shop.account)] == [code]


def test_one_record_that_is_not_shown_is_no_outage(row: LoopReturn, netsuite: FakeNetSuite, let_pass: LetPass) -> None:
    netsuite.unreadable[netsuite.make_for(in_doubt(row))] = DOWN

    for _ in range(5):
        settle_doubts(row.shop.account)
        let_pass(timedelta(minutes=5))

    row.shop.account.refresh_from_db()
    assert row.shop.account.next_probe_at is None


@pytest.mark.parametrize("breaks", ["returnsops.posting.settle.holds_update", "returnsops.posting.settle.mark_posted"])
def test_lost_answer_that_breaks_us_keeps_no_other_from_being_settled(
    row: LoopReturn, netsuite: FakeNetSuite, monkeypatch: pytest.MonkeyPatch, breaks: str
) -> None:
    """Also where each is looked for by a call of its own, and where what was found is taken over."""
    broken, other = two_in_doubt(row)
    update = {"operation": "update", "target_type": "returnAuthorization", "target_id": netsuite.make_for(broken)}
    Posting.objects.filter(pk=broken.pk).update(request=update | {"body": {"memo": "x"}}, kind="exchange_link")
    netsuite.change(update["target_id"], raw={"memo": "x"})
    netsuite.make_for(other)
    monkeypatch.setattr(breaks, breaking_for(broken, settle_room, breaks.rpartition(".")[2]))

    settle_doubts(row.shop.account)

    assert (state(broken), state(other)) == ("uncertain", "posted")
    assert broken.not_before > timezone.now(), "the others come first"


# --- Before the first try --------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [DOWN, FORBIDDEN, SLOW, BUG])
def test_stranger_that_is_not_shown_keeps_no_other_posting_from_being_sent(
    row: LoopReturn, netsuite: FakeNetSuite, failure: Exception
) -> None:
    unlucky, other = two_waiting(row)
    netsuite.unreadable[netsuite.make_for(unlucky, externalId="connector-1")] = failure

    send()

    assert state(other) == "posted"
    assert netsuite.calls == [other.external_id], "what may be there already is not sent"
    assert unlucky.tries.count() == 1


def test_query_that_is_refused_holds_up_only_what_it_was_asked_for(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: LetPass, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the role may read documents, but not what links a refund to its credit."""
    applied = {"doc": {"id": "8201"}, "line": 1, "apply": True, "amount": "9.00"}
    body = {"customer": {"id": "8801"}, "account": {"id": "217"}, "apply": {"items": [applied]}}
    request = {"operation": "create", "target_type": "customerRefund", "body": body}
    refund = make_posting(row, make_due("customer_refund", request=request, serial_key="8201", covers=["part:1"]))
    other = make_posting(make_return(row.shop, loop_id="2"), make_due(covers=["unit:2"], serial_key="2"))
    monkeypatch.setattr(netsuite, "find_refunds_of_credits", _refuse)

    for _ in range(20):
        send()
        assert state(other) == "posted"
        let_pass(timedelta(minutes=5))

    assert (state(refund), netsuite.calls) == ("rejected", [other.external_id])
    assert refund.refusal is not None
    assert (refund.refusal["family"], refund.refusal["detail"]) == ("gave_up", FORBIDDEN.detail)


def show_garbled(netsuite: FakeNetSuite, posting: Posting, monkeypatch: pytest.MonkeyPatch) -> None:
    """The query tells one row that nobody can read, wherever it is among the answers."""
    find = netsuite.find_by_external_ids

    def read(external_ids: Collection[str]) -> list[RecordRef]:
        if posting.external_id in external_ids:
            raise UnreadableRecordError(system="netsuite", operation="query", detail="«soon» is no time")
        return find(external_ids)

    monkeypatch.setattr(netsuite, "find_by_external_ids", read)


def test_garbled_row_of_one_keeps_no_other_from_being_sent(
    row: LoopReturn, netsuite: FakeNetSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    garbled, other = two_waiting(row)
    show_garbled(netsuite, garbled, monkeypatch)

    send()

    assert (state(other), netsuite.calls, garbled.tries.count()) == ("posted", [other.external_id], 1)


def test_garbled_row_of_one_keeps_no_other_from_being_settled(
    row: LoopReturn, netsuite: FakeNetSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    garbled, other = two_in_doubt(row)
    netsuite.make_for(other)
    show_garbled(netsuite, garbled, monkeypatch)

    settle_doubts(row.shop.account)

    assert (state(garbled), state(other)) == ("uncertain", "posted")


def _refuse(credit_ids: object) -> None:
    raise FORBIDDEN


def test_stranger_that_may_not_be_read_is_told_at_once_and_stops_nothing_that_is_written(
    row: LoopReturn, netsuite: FakeNetSuite
) -> None:
    posting = make_posting(row)
    netsuite.unreadable[netsuite.make_for(posting, externalId="connector-1")] = FORBIDDEN

    send()

    assert [one.code for one in mirror_problems(row.shop.account)] == ["reading_refused"]
    assert not Pause.objects.exists(), "only reading is refused"


def test_stranger_that_is_never_shown_comes_to_an_end(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: LetPass
) -> None:
    posting = make_posting(row)
    netsuite.unreadable[netsuite.make_for(posting, externalId="connector-1")] = DOWN

    for _ in range(20):
        send()
        let_pass(timedelta(minutes=5))

    assert (state(posting), netsuite.calls) == ("rejected", [])
    assert posting.refusal is not None
    assert (posting.refusal["family"], posting.refusal["detail"]) == ("gave_up", DOWN.detail)


def test_refused_credentials_stop_the_account_whatever_was_looked_for(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    posting = make_posting(row)
    refused = ConfigurationError(system="netsuite", operation="get", status=401)
    netsuite.unreadable[netsuite.make_for(posting, externalId="connector-1")] = refused

    send()

    row.shop.account.refresh_from_db()
    assert row.shop.account.paused_at is not None
    assert posting.tries.count() == 0


def assert_set_aside_after_three_tries(
    broken: Posting, other: Posting, netsuite: FakeNetSuite, let_pass: LetPass
) -> None:
    """While the other goes out by the first of them."""
    for _ in range(3):
        send()
        assert state(other) == "posted"
        let_pass(timedelta(minutes=5))

    assert (state(broken), netsuite.calls) == ("rejected", [other.external_id])
    assert broken.refusal is not None
    assert (broken.refusal["family"], str(BUG) in broken.refusal["detail"]) == ("set_aside", True)


def test_posting_that_breaks_its_sender_before_the_look_is_set_aside_and_the_others_go(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: LetPass, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, other = two_waiting(row)

    def break_down(postings: list[Posting]) -> Any:
        if broken in postings:
            raise BUG
        return seek(postings)

    monkeypatch.setattr("returnsops.posting.desk.seek", break_down)

    assert_set_aside_after_three_tries(broken, other, netsuite, let_pass)


def test_record_that_breaks_us_when_it_is_taken_over_ends_no_sender(
    row: LoopReturn, netsuite: FakeNetSuite, let_pass: LetPass, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, other = two_waiting(row)
    netsuite.make_for(broken)
    monkeypatch.setattr("returnsops.posting.settle.mark_posted", breaking_for(broken, settle_room, "mark_posted"))

    assert_set_aside_after_three_tries(broken, other, netsuite, let_pass)

"""Sampling by risk: what a shop's rules trust is not read back, says so, and keeps nobody waiting."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from integrations.models import NetSuiteAccount
from returnsops.lib import clock
from returnsops.posting import sampling
from returnsops.posting.facts import load_facts
from returnsops.posting.models import Posting, PostingAttempt
from returnsops.posting.present import show_posting
from returnsops.posting.read_back import postings_to_read_back, read_back_due
from returnsops.posting.sampling import is_in_share
from returnsops.returns.models import LoopReturn, NetSuiteRecord
from returnsops.returns.place_names import PlaceNames
from returnsops.returns.plan import plan_return
from tests.builders import (
    make_due,
    make_facts,
    make_policy,
    make_posting,
    make_return,
    make_unit,
    with_receipts,
    with_rma,
)
from tests.posting.conftest import FakeNetSuite

pytestmark = pytest.mark.django_db

NUMBERS = count(110_800_000)
ALMOST_NONE = "0.000001"


@pytest.fixture(autouse=True)
def proven_after_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "FLAWLESS_MIN", 2)


@pytest.fixture
def trusting(row: LoopReturn) -> LoopReturn:
    """A return of a shop that trusts what is without a risk, and that has sent enough of it well."""
    make_policy(row.shop, read_back="by_risk", read_back_share=ALMOST_NONE)
    prove(row, "receipt")
    return row


def prove(row: LoopReturn, kind: str, *, flaw: str = "") -> None:
    """Two documents of another return that were read back; flaw: how the later one differed."""
    other = make_return(row.shop, loop_id=str(next(NUMBERS)))
    for number, differences in enumerate([[], [flaw] if flaw else []]):
        posting = make_posting(other, make_due(kind, covers=[f"unit:{kind}{number}"], request=request_of(number)))
        columns = {"status": "posted", "their_id": f"5{other.pk}0{number}", "posted_at": clock.now()}
        read_back_at = clock.now() - timedelta(minutes=5 - number)
        Posting.objects.filter(pk=posting.pk).update(**columns, read_back_at=read_back_at, differences=differences)


def request_of(number: int) -> dict[str, Any]:
    source = {"source_type": "returnAuthorization", "target_type": "itemReceipt"}
    return make_due().request | source | {"place": number}


def post(row: LoopReturn, netsuite: FakeNetSuite, kind: str = "receipt", **columns: Any) -> Posting:
    posting = make_posting(row, make_due(kind, covers=[f"unit:{kind}"], request=request_of(7)))
    sent = {"status": "posted", "their_id": netsuite.make_for(posting), "attempts": 1}
    posted_at = clock.now() - timedelta(minutes=1)
    Posting.objects.filter(pk=posting.pk).update(**sent | {"posted_at": posted_at} | columns)
    return Posting.objects.get(pk=posting.pk)


def look(row: LoopReturn, posting: Posting) -> Posting:
    read_back_due(row.shop.account)
    return Posting.objects.get(pk=posting.pk)


def test_every_document_is_read_back_unless_the_shop_says_otherwise(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    prove(row, "receipt")

    assert look(row, post(row, netsuite)).read_back_at is not None


def test_trusted_receipt_is_not_read_but_what_it_changed_is(trusting: LoopReturn, netsuite: FakeNetSuite) -> None:
    posting = look(trusting, post(trusting, netsuite))

    assert (posting.trusted_at is None, posting.read_back_at) == (False, None)
    assert netsuite.reads == ["7001"], "the authorization alone, for which the closing of lines waits"
    assert not postings_to_read_back(posted_before=clock.now()).exists()
    record = trusting.records.get(internal_id=posting.their_id)
    assert (record.external_id, record.origin, record.kept_digest) == (posting.external_id, "ours", "")


def test_trusted_document_says_so_and_no_plan_waits_for_it(trusting: LoopReturn, netsuite: FakeNetSuite) -> None:
    posting = look(trusting, post(trusting, netsuite))

    (fact,) = load_facts(trusting).postings

    assert (fact.read_back, fact.trusted) == (True, True)
    assert show_posting(posting, PlaceNames(posting.account))["is_trusted"] is True


def test_step_names_what_was_trusted() -> None:
    units = (make_unit(1, "sellable"), make_unit(2, "sellable"))
    facts = with_receipts(with_rma(make_facts(units=units)))
    trusted = tuple(replace(one, trusted=one.kind == "receipt") for one in facts.postings)

    (told,) = [one.detail for one in plan_return(replace(facts, postings=trusted)).steps if one.code == "receipt"]
    (plain,) = [one.detail for one in plan_return(facts).steps if one.code == "receipt"]

    assert told == f"{plain}; trusted, not read back"


@pytest.mark.parametrize("kind", ["rma", "credit", "cash_refund", "customer_refund", "credit_fix", "exchange_order"])
def test_money_and_what_a_plan_waits_for_is_always_read_back(
    kind: str, trusting: LoopReturn, netsuite: FakeNetSuite
) -> None:
    prove(trusting, kind)

    assert look(trusting, post(trusting, netsuite, kind)).read_back_at is not None


@pytest.mark.parametrize(
    "columns",
    [{"adopted_from": "connector"}, {"doubted": True}],
    ids=["adopted", "an answer was lost"],
)
def test_what_did_not_go_smoothly_is_read_back(
    columns: dict[str, Any], trusting: LoopReturn, netsuite: FakeNetSuite
) -> None:
    assert look(trusting, post(trusting, netsuite, **columns)).read_back_at is not None


def test_what_was_refused_before_a_person_sent_it_again_is_read_back(
    trusting: LoopReturn, netsuite: FakeNetSuite
) -> None:
    posting = post(trusting, netsuite, attempts=1)
    for outcome in ("rejected", "posted"):
        PostingAttempt.objects.create(
            posting=posting, number=1, started_at=clock.now(), duration_s=1, request={}, outcome=outcome
        )

    assert look(trusting, posting).read_back_at is not None


def test_batch_of_which_nothing_is_read_says_nothing_of_the_connection(
    trusting: LoopReturn, netsuite: FakeNetSuite
) -> None:
    prove(trusting, "transfer")
    posting = post(trusting, netsuite, "transfer")
    failing_since = clock.now() - timedelta(minutes=5)
    NetSuiteAccount.objects.update(failing_since=failing_since, next_probe_at=failing_since)

    assert look(trusting, posting).trusted_at is not None

    account = NetSuiteAccount.objects.get()
    assert (netsuite.reads, account.failing_since, account.next_probe_at) == ([], failing_since, failing_since)


def test_first_documents_of_a_kind_are_read_back(trusting: LoopReturn, netsuite: FakeNetSuite) -> None:
    assert look(trusting, post(trusting, netsuite, "transfer")).read_back_at is not None


def test_one_that_differed_ends_the_trust_in_its_kind(trusting: LoopReturn, netsuite: FakeNetSuite) -> None:
    prove(trusting, "transfer", flaw="quantity")

    assert look(trusting, post(trusting, netsuite, "transfer")).read_back_at is not None


def test_return_with_a_difference_is_read_back_whole(trusting: LoopReturn, netsuite: FakeNetSuite) -> None:
    differing = post(trusting, netsuite, "credit", read_back_at=clock.now(), differences=["amount"])
    assert differing.differences

    assert look(trusting, post(trusting, netsuite)).read_back_at is not None


def test_share_is_stable_and_about_as_large_as_it_says() -> None:
    names = [f"loop-fern-{number}-receipt-1" for number in range(4000)]

    chosen = [one for one in names if is_in_share(one, Decimal("0.1"))]

    assert chosen == [one for one in names if is_in_share(one, Decimal("0.1"))]
    assert 340 < len(chosen) < 460
    assert not any(is_in_share(one, Decimal(0)) for one in names)
    assert all(is_in_share(one, Decimal(1)) for one in names)


def test_what_was_read_before_keeps_what_it_told(trusting: LoopReturn, netsuite: FakeNetSuite) -> None:
    posting = post(trusting, netsuite)
    NetSuiteRecord.objects.create(
        account=trusting.shop.account, internal_id=posting.their_id, record_type="itemReceipt", tran_id="IR77",
        fetched_at=clock.now(), kept_digest="read", raw={"id": "1"},
    )  # fmt: skip

    look(trusting, posting)

    assert trusting.records.get(internal_id=posting.their_id).tran_id == "IR77"

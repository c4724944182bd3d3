"""«Adopt this record» and «post it again»: facts of a person, and what the outbox makes of them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction

from exceptions import actions
from exceptions.cases import sync_cases
from exceptions.models import CaseMember
from integrations.models import Shop
from returnsops.lib import clock
from returnsops.people.models import AuditEvent, Role, User
from returnsops.posting.models import Posting, PostingCover
from returnsops.posting.outbox import enqueue
from returnsops.returns.errors import NotPossibleError
from returnsops.returns.models import LoopReturn, NetSuiteRecord, Override
from returnsops.returns.plan import PostingDue
from returnsops.returns.problems import Problem
from tests.builders import make_due, make_posting, make_return, make_user

pytestmark = pytest.mark.django_db
FOUND = {"family": "foreign_record", "record": "8009", "detail": "It differs."}


@pytest.fixture
def row(shop: Shop) -> LoopReturn:
    row = make_return(shop)
    LoopReturn.objects.update(look_again_at=None)
    return row


def case_about(posting: Posting, code: str, subject: str = "record:8009") -> CaseMember:
    row = posting.loop_return
    sync_cases(row, [Problem(code, subject, "Look at it.", posting=posting.external_id)])
    return CaseMember.objects.get(loop_return=row, left_at=None)


def refused(row: LoopReturn) -> Posting:
    return make_posting(row, status="rejected", refusal=FOUND, attempts=1, looked_at=clock.now())


def posted(row: LoopReturn, **record: Any) -> Posting:
    NetSuiteRecord.objects.create(
        account=row.shop.account, internal_id="9001", record_type="returnAuthorization", raw={},
        fetched_at=clock.now(), **record,
    )  # fmt: skip
    return make_posting(row, status="posted", their_id="9001", posted_at=clock.now())


def plan_wants(row: LoopReturn, *wanted: PostingDue) -> None:
    with transaction.atomic():
        enqueue(row, wanted)


def test_chosen_record_is_kept_as_a_fact_with_its_author(row: LoopReturn, finn: User) -> None:
    posting = refused(row)

    actions.adopt(case_about(posting, "foreign_record"), record="8009", by=finn, reason="The connector was quicker")

    override = Override.objects.get()
    assert (override.kind, override.subject, override.value) == ("adopt", posting.external_id, "8009")
    assert AuditEvent.objects.filter(actor=finn, action="chose to adopt").count() == 1
    row.refresh_from_db()
    assert row.look_again_at is not None


@pytest.mark.parametrize("record", ["RMA12", "", "80 09"])
def test_record_is_named_by_its_internal_id(row: LoopReturn, finn: User, record: str) -> None:
    with pytest.raises(NotPossibleError, match="no internal id"):
        actions.adopt(case_about(refused(row), "foreign_record"), record=record, by=finn, reason="why")


def test_who_may_not_correct_may_neither_adopt_nor_post_again(row: LoopReturn, shop: Shop) -> None:
    viewer = make_user(Role.CARE, shop)
    member = case_about(refused(row), "foreign_record")

    with pytest.raises(PermissionDenied):
        actions.adopt(member, record="8009", by=viewer, reason="why")
    with pytest.raises(PermissionDenied):
        actions.post_again(member, by=viewer, reason="why")


def test_chosen_record_makes_the_refused_posting_go_again_and_be_looked_for(row: LoopReturn) -> None:
    posting = refused(row)
    due = make_due()

    plan_wants(row, make_due(request=due.request | {"adopt": "8009"}))

    posting.refresh_from_db()
    assert (posting.status, posting.request["adopt"], posting.looked_at) == ("pending", "8009", None)


def test_noting_that_it_is_no_double_lets_ours_go(row: LoopReturn, finn: User) -> None:
    posting = refused(row)

    actions.acknowledge(case_about(posting, "foreign_record"), by=finn, reason="Another parcel of the same order")

    posting.refresh_from_db()
    assert (posting.status, posting.looked_at) == ("pending", None)


def refused_beside(row: LoopReturn, **more: object) -> Posting:
    """Another posting of the return, refused for the same record."""
    due = make_due("receipt", covers=["unit:387002"], serial_key="other")
    return make_posting(row, due, status="rejected", refusal=FOUND | more, attempts=1, looked_at=clock.now())


@pytest.mark.parametrize("act", [actions.acknowledge, actions.retry])
def test_what_is_said_of_a_record_lets_all_go_that_were_refused_for_it(
    row: LoopReturn, finn: User, act: Callable[..., None]
) -> None:
    first, second = refused(row), refused_beside(row)

    act(case_about(first, "foreign_record"), by=finn, reason="It is about another parcel")

    for posting in (first, second):
        posting.refresh_from_db()
        assert (posting.status, posting.looked_at) == ("pending", None)


@pytest.mark.parametrize("refusal", [{"record": "8010"}, {"is_shared": True}])
def test_what_was_refused_for_something_else_stays_refused(
    row: LoopReturn, finn: User, refusal: dict[str, object]
) -> None:
    first, other = refused(row), refused_beside(row, **refusal)

    actions.acknowledge(case_about(first, "foreign_record"), by=finn, reason="It is about another parcel")

    other.refresh_from_db()
    assert other.status == "rejected"


def test_what_lies_under_our_id_is_not_withdrawn(row: LoopReturn) -> None:
    posting = make_posting(row, status="rejected", refusal=FOUND | {"family": "other_content"}, attempts=1)

    plan_wants(row)

    posting.refresh_from_db()
    assert posting.status == "rejected"
    assert posting.covers.filter(live=True).exists()


def test_deleted_record_is_posted_again_under_the_next_number_only(row: LoopReturn, finn: User) -> None:
    former = posted(row, gone_at=clock.now())
    member = case_about(former, "record_gone", f"posting:{former}")

    actions.post_again(member, by=finn, reason="Deleted by mistake")
    assert PostingCover.objects.filter(posting=former, live=True).exists()  # until it is planned again
    plan_wants(row, make_due(replaces=(former.external_id,)))

    again = Posting.objects.exclude(pk=former.pk).get()
    assert (again.number, again.external_id) == (2, former.external_id[:-1] + "2")
    assert list(PostingCover.objects.filter(live=True).values_list("posting", flat=True)) == [again.pk]


def test_record_that_stands_is_not_posted_again(row: LoopReturn, finn: User) -> None:
    former = posted(row)

    with pytest.raises(NotPossibleError, match="there again"):
        actions.post_again(case_about(former, "record_gone", f"posting:{former}"), by=finn, reason="why")


def test_nothing_else_frees_what_a_posted_record_covers(row: LoopReturn) -> None:
    posted(row, gone_at=clock.now())

    with pytest.raises(Exception, match="nothing_is_covered_twice"):
        plan_wants(row, make_due())

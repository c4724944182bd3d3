"""What a pause holds, and that it holds nothing else."""

import pytest
from django.db import IntegrityError
from django.db.models import F

from integrations.models import Shop
from returnsops.lib import clock
from returnsops.posting.claim import claim_postings, claimable
from returnsops.posting.models import Pause, Posting
from returnsops.posting.pauses import find_pause, pauses_of, postings_on_their_way
from returnsops.returns.models import LoopReturn
from tests.builders import make_account, make_due, make_posting, make_shop

pytestmark = pytest.mark.django_db

RECEIPT = ("account", "flow:receipt", "flow:receipt@fern", "period:2026-09", "shop:fern", "type:itemReceipt")


def make_pause(shop: Shop, key: str, **columns: object) -> Pause:
    values: dict[str, object] = {"code": "period_closed", "reason": "for a test", "opened_at": clock.now()}
    return Pause.objects.create(account=shop.account, key=key, **values | columns)


def waiting(row: LoopReturn) -> Posting:
    return make_posting(row, make_due("receipt", hinges_on=RECEIPT))


@pytest.mark.parametrize("key", RECEIPT)
def test_posting_waits_while_anything_it_hinges_on_is_paused(row: LoopReturn, key: str) -> None:
    waiting(row)
    pause = make_pause(row.shop, key)

    assert claim_postings("me", count=1) == []

    Pause.objects.filter(pk=pause.pk).update(ended_at=clock.now())
    assert len(claim_postings("me", count=1)) == 1


@pytest.mark.parametrize("key", ["flow:credit", "period:2026-10", "shop:other", "flow:receipt@other"])
def test_pause_of_something_else_holds_nothing(row: LoopReturn, key: str) -> None:
    waiting(row)
    make_pause(row.shop, key)

    assert len(claim_postings("me", count=1)) == 1


def test_pause_of_another_account_holds_nothing(row: LoopReturn) -> None:
    waiting(row)
    make_pause(make_shop("moss", account=make_account("7654321")), "account")

    assert len(claim_postings("me", count=1)) == 1


def test_pause_is_found_while_it_lives_and_in_its_account(shop: Shop) -> None:
    other = make_shop("moss", account=make_account("7654321"))
    theirs = make_pause(other, "account")
    make_pause(shop, "account", ended_at=clock.now())

    assert (find_pause(shop.account, "account"), pauses_of(shop.account)) == (None, [])
    assert (find_pause(other.account, "account"), pauses_of(other.account)) == (theirs, [theirs])


@pytest.mark.parametrize(
    ("status", "count"),
    [("pending", 1), ("sending", 1), ("uncertain", 1), ("posted", 0), ("rejected", 0), ("voided", 0)],
)
def test_what_goes_on_without_anybodys_doing_is_on_its_way(row: LoopReturn, status: str, count: int) -> None:
    posting = waiting(row)
    now = clock.now()
    columns = {"sending_since": now, "uncertain_since": now, "their_id": "9001", "posted_at": now}
    Posting.objects.filter(pk=posting.pk).update(status=status, **columns)

    assert postings_on_their_way().count() == count


def test_what_is_paused_waits_for_a_person_and_is_not_on_its_way(row: LoopReturn) -> None:
    waiting(row)
    make_pause(row.shop, "flow:receipt")

    assert not postings_on_their_way().exists()


def test_probe_goes_first_and_alone(row: LoopReturn) -> None:
    probe, other = waiting(row), make_posting(row, make_due("receipt", covers=["unit:9"], hinges_on=RECEIPT))
    Posting.objects.filter(pk=other.pk).update(serial_key="another source")
    pause = make_pause(row.shop, "period:2026-09", probe=probe)

    assert claim_postings("me", count=9) == [probe]

    Posting.objects.filter(pk=probe.pk).update(status="pending", sending_since=None)
    make_pause(row.shop, "shop:fern")
    assert claim_postings("me", count=9) == [], "the probe of one pause is held by another"
    assert pause.probe == probe


def test_one_live_pause_per_key(row: LoopReturn) -> None:
    make_pause(row.shop, "account")

    with pytest.raises(IntegrityError, match="one_live_pause"):
        make_pause(row.shop, "account")


def test_pauses_cost_a_claim_no_query_of_their_own(row: LoopReturn, django_assert_num_queries: object) -> None:
    waiting(row)
    for month in range(1, 10):
        make_pause(row.shop, f"period:2026-0{month}")

    with django_assert_num_queries(1):  # type: ignore[operator]
        assert not list(claimable().annotate(held=F("pk")))

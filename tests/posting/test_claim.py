"""Which posting goes next, and that nobody gets one twice."""

import threading
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone

from integrations.models import NetSuiteAccount, Shop
from returnsops.lib import clock
from returnsops.posting.claim import (
    Source,
    arm_postings,
    claim_from,
    claim_postings,
    claimable,
    keep_claims,
    note_looked,
    put_back,
    put_back_dead_claims,
    put_off,
    take_back,
)
from returnsops.posting.models import Posting
from returnsops.returns.models import LoopReturn
from returnsops.returns.plan.draft import Promise
from returnsops.returns.replan import ask_for_plan, begin_next_plan, expect_news
from returnsops.tasks import look_at_return
from tests.builders import make_account, make_due, make_posting, make_return, make_shop

pytestmark = pytest.mark.django_db


def claimed_ids(count: int = 9) -> list[str]:
    return [posting.external_id for posting in claim_postings("me", count=count)]


def test_claim_marks_before_any_call(row: LoopReturn) -> None:
    posting = make_posting(row)

    (claimed,) = claim_postings("host:1", count=1)

    assert claimed == posting
    assert (claimed.status, claimed.attempts, claimed.claimed_by) == ("sending", 1, "host:1")
    assert claimed.sending_since is not None


def test_claimed_posting_is_not_claimed_again(row: LoopReturn) -> None:
    make_posting(row)

    assert len(claimed_ids()) == 1
    assert claimed_ids() == []


def test_waiting_time_is_kept(row: LoopReturn) -> None:
    make_posting(row, not_before=timezone.now() + timedelta(seconds=5))

    assert claimed_ids() == []


@pytest.mark.parametrize("minutes", [0, -5])
def test_posting_whose_return_awaits_a_plan_is_not_claimed(row: LoopReturn, minutes: int) -> None:
    make_posting(row)
    LoopReturn.objects.update(look_again_at=clock.now() + timedelta(minutes=minutes))

    assert claimed_ids() == []


def test_deadline_still_to_come_holds_nothing_up(row: LoopReturn) -> None:
    make_posting(row)
    LoopReturn.objects.update(look_again_at=clock.now() + timedelta(minutes=5))

    assert len(claimed_ids()) == 1


def test_one_at_a_time_per_source_document(row: LoopReturn) -> None:
    first = make_posting(row, make_due("receipt", covers=["unit:1"]))
    make_posting(row, make_due("receipt", covers=["unit:2"]))

    assert claimed_ids() == [first.external_id]


def test_lost_answer_holds_up_its_source_document(row: LoopReturn) -> None:
    make_posting(row, make_due("receipt", covers=["unit:1"]), status="uncertain", uncertain_since=clock.now())
    make_posting(row, make_due("credit", covers=["unit:1"]))

    assert claimed_ids() == []


def waiting(shop: Shop, number: int, *, created: str, promise: Promise) -> Posting:
    row = make_return(shop, loop_id=str(number), created_at=created)
    return make_posting(row, make_due(promise=promise, serial_key=str(number), covers=[f"unit:{number}"]))


def test_promises_go_first_then_age(shop: Shop) -> None:
    waiting(shop, 1, created="2026-11-18 09:00:00", promise=Promise.RESTOCK)
    waiting(shop, 2, created="2026-11-18 12:00:00", promise=Promise.EXCHANGE)
    waiting(shop, 3, created="2026-11-18 09:30:00", promise=Promise.REFUND)
    waiting(shop, 4, created="2026-11-18 08:30:00", promise=Promise.REFUND)

    assert claimed_ids() == [f"loop-fern-{number}-rma-1" for number in (4, 3, 2, 1)]


def test_restock_is_not_overtaken_for_ever(shop: Shop) -> None:
    waiting(shop, 1, created="2026-11-18 09:00:00", promise=Promise.RESTOCK)
    waiting(shop, 2, created="2026-11-18 17:30:00", promise=Promise.EXCHANGE)

    assert claimed_ids(1) == ["loop-fern-1-rma-1"]


def test_paused_account_keeps_its_own_postings_only(row: LoopReturn) -> None:
    make_posting(row)
    make_posting(row, make_due("loop_process", covers=["part:settlement:1"], system="loop", serial_key="loop:1"))
    NetSuiteAccount.objects.update(paused_at=timezone.now())

    assert claimed_ids() == ["loop-fern-110700123-loop-process-1"]


def test_paused_shop_keeps_what_is_for_loop(row: LoopReturn) -> None:
    make_posting(row, make_due("loop_process", covers=["part:settlement:1"], system="loop", serial_key="loop:1"))
    Shop.objects.update(paused_at=timezone.now())

    assert claimed_ids() == []


def test_dead_endpoint_is_left_alone_until_its_probe(row: LoopReturn) -> None:
    make_posting(row)
    NetSuiteAccount.objects.update(next_probe_at=timezone.now() + timedelta(seconds=30))
    assert claimed_ids() == []

    NetSuiteAccount.objects.update(next_probe_at=timezone.now() - timedelta(seconds=1))

    assert len(claimed_ids()) == 1


def claim_only(row: LoopReturn) -> list[Posting]:
    """Claimed and not armed yet."""
    return claim_from(Source("netsuite", row.shop.account_id, (row.shop_id,)), "me", count=1)


def test_claimed_posting_that_a_new_plan_does_not_want_is_not_armed(row: LoopReturn) -> None:
    """A person withdrew an approval, or corrected an inspection, while it lay on a desk."""
    make_posting(row)
    claimed = claim_only(row)

    ask_for_plan([row.pk])
    look_at_return(row.pk)

    assert arm_postings(claimed) == []
    assert Posting.objects.get().status == "voided"


def claim_four(row: LoopReturn) -> list[Posting]:
    """Of four documents, claimed and not armed."""
    for number in range(4):
        make_posting(row, make_due(covers=[f"unit:{number}"], serial_key=f"1234567_SB1:{number}"))
    return claim_from(Source("netsuite", row.shop.account_id, (row.shop_id,)), "me", count=4)


def test_what_waits_for_a_plan_since_it_was_claimed_is_not_armed(row: LoopReturn) -> None:
    claimed = claim_four(row)
    LoopReturn.objects.update(look_again_at=clock.now() - timedelta(minutes=1))

    assert arm_postings(claimed) == []
    assert not Posting.objects.exclude(armed_at=None).exists()


@pytest.mark.parametrize("stop", ["paused_at", "next_probe_at"])
def test_what_was_claimed_before_its_connection_was_stopped_is_not_armed(row: LoopReturn, stop: str) -> None:
    """But for the one call that asks whether it is back."""
    claimed = claim_four(row)
    NetSuiteAccount.objects.update(**{stop: timezone.now() + timedelta(minutes=1)})

    assert arm_postings(claimed) == []
    assert arm_postings(claimed[:1], is_probe=True) == claimed[:1]


def test_only_what_is_named_and_surely_not_sent_is_taken_back(row: LoopReturn) -> None:
    """Another was adopted while it was claimed; the last is not named."""
    armed, unarmed, adopted, _ = claim_four(row)
    arm_postings([armed])
    Posting.objects.filter(pk=adopted.pk).update(status="posted", their_id="9001", posted_at=timezone.now())

    take_back([armed.pk, unarmed.pk, adopted.pk])

    assert set(Posting.objects.filter(status="pending").values_list("pk", "attempts")) == {(unarmed.pk, 0)}


def test_only_dead_claims_that_were_not_armed_are_put_back_and_their_try_counts(row: LoopReturn) -> None:
    """Another was adopted while it was claimed; the last is held on to by its sender."""
    dead, armed, adopted, kept = claim_four(row)
    arm_postings([armed])
    Posting.objects.filter(pk=adopted.pk).update(status="posted", their_id="9001", posted_at=timezone.now())
    Posting.objects.update(sending_since=timezone.now() - settings.CLAIM_LEASE - timedelta(seconds=1))
    keep_claims([armed, kept])

    put_back_dead_claims()

    assert {one.pk: (one.status, one.attempts) for one in Posting.objects.all()} == {
        dead.pk: ("pending", 1),
        armed.pk: ("sending", 1),
        adopted.pk: ("posted", 1),
        kept.pk: ("sending", 1),
    }
    assert Posting.objects.filter(pk=armed.pk, sending_since__lt=timezone.now() - settings.CLAIM_LEASE).exists()


def test_moment_of_a_look_is_noted(row: LoopReturn) -> None:
    looked_for, other, *_ = claim_four(row)

    note_looked([looked_for])

    assert [one.pk for one in Posting.objects.exclude(looked_at=None)] == [looked_for.pk]


def test_only_what_is_for_the_destination_is_claimed(row: LoopReturn) -> None:
    own = make_posting(row)
    make_posting(row, make_due("loop_note", system="loop", covers=["part:note:1"], serial_key="loop:1"))
    elsewhere = make_shop("moss", account=make_account("7654321"))
    make_posting(make_return(elsewhere, loop_id="110700999"), make_due(serial_key="7654321:7001"))

    assert claim_from(Source("netsuite", row.shop.account_id, (row.shop_id,)), "me", count=9) == [own]


def test_what_is_put_off_is_tried_a_little_later_and_no_other(row: LoopReturn) -> None:
    named, other, *_ = claim_four(row)
    put_back([other])

    put_off([named])

    assert set(Posting.objects.filter(status="pending").values_list("pk", "attempts")) == {(named.pk, 0), (other.pk, 0)}
    assert [one.pk for one in Posting.objects.filter(not_before__gt=timezone.now())] == [named.pk]


def test_no_more_is_claimed_than_asked_for_of_all_destinations_together(row: LoopReturn) -> None:
    make_posting(row)
    make_posting(row, make_due("loop_note", system="loop", covers=["part:note:1"], serial_key="loop:1"))

    assert len(claimed_ids(count=1)) == 1
    assert len(claimed_ids(count=2)) == 1


def test_armed_posting_that_a_new_plan_does_not_want_is_planned_anew_when_it_comes_back(row: LoopReturn) -> None:
    make_posting(row)
    claimed = arm_postings(claim_only(row))
    ask_for_plan([row.pk])
    look_at_return(row.pk)

    put_back(claimed)

    assert claimed_ids() == []
    look_at_return(row.pk)
    assert Posting.objects.get().status == "voided"


def test_who_slept_through_the_end_of_a_claim_does_nothing_to_the_next_one(row: LoopReturn) -> None:
    """Also when it claimed the posting again itself: what it looked for before may not be what is sent now."""
    make_posting(row)
    old = claim_only(row)
    Posting.objects.update(sending_since=timezone.now() - settings.CLAIM_LEASE - timedelta(seconds=1))
    put_back_dead_claims()
    new = claim_only(row)
    assert old == new

    note_looked(old)
    put_back(old)

    assert arm_postings([*old, *new]) == new
    put_back(old)
    posting = Posting.objects.get()
    assert (posting.status, posting.looked_at) == ("sending", None)
    assert posting.armed_at == new[0].armed_at
    assert old[0].armed_at is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("one_source", [True, False])
def test_two_claimers_never_get_the_same_nor_two_of_one_source(one_source: bool) -> None:
    row = make_return(make_shop())
    for number in range(12):
        serial_key = "7001" if one_source else f"70{number}"
        make_posting(row, make_due("receipt", covers=[f"unit:{number}"], serial_key=serial_key))
    got: list[list[str]] = []
    start = threading.Barrier(3)

    def claim() -> None:
        start.wait()
        got.append([posting.external_id for posting in claim_postings("me", count=12)])
        connections.close_all()

    claimers = [threading.Thread(target=claim) for _ in range(3)]
    for claimer in claimers:
        claimer.start()
    for claimer in claimers:
        claimer.join()

    claimed = [external_id for one in got for external_id in one]
    assert len(claimed) == len(set(claimed)) == (1 if one_source else 12)
    assert Posting.objects.filter(status="sending").count() == len(claimed)
    assert claimable().count() == 0


def test_answer_about_a_return_whose_plan_was_given_up_lets_none_of_its_others_go(row: LoopReturn) -> None:
    make_posting(row)
    LoopReturn.objects.update(look_again_at=None, plan_attempts=3)
    before = claimed_ids()

    expect_news([row.pk], within=timedelta(seconds=3))

    assert (before, claimed_ids()) == ([], [])
    assert begin_next_plan(latest=False) == (row.pk, row.shop.code, row.provider_order_id)


@pytest.mark.parametrize("look_again_in", [None, timedelta(minutes=5)])
def test_answer_about_a_planned_return_waits_for_the_news(row: LoopReturn, look_again_in: timedelta | None) -> None:
    make_posting(row)
    LoopReturn.objects.update(look_again_at=look_again_in and clock.now() + look_again_in, plan_attempts=0)

    expect_news([row.pk], within=timedelta(seconds=30))

    row.refresh_from_db()
    assert row.look_again_at
    assert clock.now() < row.look_again_at <= clock.now() + timedelta(seconds=30)
    assert len(claimed_ids()) == 1

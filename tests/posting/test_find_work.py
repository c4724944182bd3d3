"""Where anything waits to be sent: so that a sender claims nowhere else."""

from datetime import timedelta
from itertools import product

import pytest
from django.db import connection
from django.utils import timezone

from returnsops.posting.claim import claim_from, find_work, open_sources
from returnsops.posting.models import Posting
from returnsops.posting.outbox import enqueue
from returnsops.returns.models import LoopReturn
from tests.builders import make_due, make_posting


def loop_posting(row: LoopReturn) -> Posting:
    return make_posting(row, make_due("loop_process", covers=["part:settlement:1"], system="loop", serial_key="loop:1"))


def test_destinations_are_named_as_senders_name_them(row: LoopReturn) -> None:
    make_posting(row, make_due())
    loop_posting(row)

    assert find_work() == {("netsuite", row.shop.account_id), ("loop", row.shop_id)}


@pytest.mark.parametrize("change", [{"not_before": timezone.now() + timedelta(hours=1)}, {"status": "rejected"}])
def test_what_may_not_go_yet_is_no_work(row: LoopReturn, change: dict[str, object]) -> None:
    make_posting(row, make_due(), **change)

    assert find_work() == set()


@pytest.mark.parametrize("change", [{"look_again_at": timezone.now() - timedelta(minutes=1)}, {"plan_attempts": 1}])
def test_what_waits_for_its_plan_is_no_work(row: LoopReturn, change: dict[str, object]) -> None:
    make_posting(row, make_due())
    assert find_work()

    LoopReturn.objects.update(**change)

    assert find_work() == set()


@pytest.mark.parametrize(("status", "is_work"), [("sending", False), ("uncertain", False), ("posted", True)])
def test_what_waits_for_a_sibling_of_its_source_is_no_work(row: LoopReturn, status: str, is_work: bool) -> None:
    now = timezone.now()
    times = {"sending_since": now, "uncertain_since": now, "posted_at": now, "their_id": "1"}
    make_posting(row, make_due(covers=["unit:1"]), status=status, **times)
    make_posting(row, make_due(covers=["unit:2"]))

    assert bool(find_work()) is is_work


def test_nothing_can_be_claimed_where_no_work_is_told_of(row: LoopReturn) -> None:
    """Whatever keeps a posting back: a sender that is told of no work claims nothing."""
    now = timezone.now()
    times = {"sending_since": now, "uncertain_since": now, "posted_at": now, "their_id": "1"}
    one = make_posting(row, make_due(covers=["unit:1"]))
    other = make_posting(row, make_due(covers=["unit:2"]), **times)
    claimed = told = 0
    for status, of_other, look_again_at, attempts, not_before in product(
        ("pending", "rejected"),
        ("pending", "sending", "uncertain", "posted"),
        (None, now - timedelta(minutes=1), now + timedelta(minutes=1)),
        (0, 1),
        (now - timedelta(minutes=1), now + timedelta(minutes=1)),
    ):
        Posting.objects.filter(pk=one.pk).update(**times, status=status, not_before=not_before)
        Posting.objects.filter(pk=other.pk).update(status=of_other, not_before=now + timedelta(hours=1))
        LoopReturn.objects.update(look_again_at=look_again_at, plan_attempts=attempts)
        is_told = bool(find_work())
        is_claimed = any(claim_from(source, "sender", count=1) for source in open_sources())
        assert is_told or not is_claimed, (status, of_other, look_again_at, attempts, not_before)
        claimed, told = claimed + is_claimed, told + is_told

    assert claimed == told == 4  # nothing is paused, so one look is as good as the other


def test_senders_hear_where_there_is_something_to_send_and_nothing_else(
    row: LoopReturn, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("returnsops.posting.outbox.notify", lambda channel, payload: told.append(payload))
    assert connection.in_atomic_block

    enqueue(row, [make_due()])
    enqueue(row, [make_due()])
    Posting.objects.update(status="rejected")
    enqueue(row, [make_due()])

    assert told == [f"netsuite:{row.shop.account_id}"] * 2

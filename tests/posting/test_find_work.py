"""Where anything waits to be sent: so that a sender claims nowhere else."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from returnsops.posting.claim import find_work
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

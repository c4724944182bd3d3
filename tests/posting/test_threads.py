"""What the sender's threads and claims are for: nobody has all of them, and nothing is kept that nobody sends."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone

from integrations.connections import note_success
from integrations.loop.budget import ShopBudget
from integrations.models import NetSuiteAccount, Shop
from integrations.netsuite.lanes import set_lanes
from returnsops.posting import sender as sender_room
from returnsops.posting.claim import keep_claims, put_back_dead_claims
from returnsops.posting.desk import needs_look
from returnsops.posting.gates import BudgetGate
from returnsops.posting.models import Posting
from returnsops.posting.record_answer import record_answers
from returnsops.posting.sender import Sender
from returnsops.returns.models import LoopReturn
from tests.builders import make_account, make_due, make_posting, make_return, make_shop
from tests.posting.conftest import FakeNetSuite

pytestmark = pytest.mark.django_db
BACKLOG = 60


class SlowNetSuite(FakeNetSuite):
    def transform_record(
        self,
        source_type: str,
        source_id: str,
        target_type: str,
        body: Mapping[str, Any],
        *,
        replace: Sequence[str] = (),
    ) -> str:
        time.sleep(0.02)
        return super().transform_record(source_type, source_id, target_type, body, replace=replace)


@pytest.mark.parametrize("is_looked_for", [True, False])
def test_backlog_of_one_account_leaves_threads_to_another(
    row: LoopReturn, monkeypatch: pytest.MonkeyPatch, is_looked_for: bool
) -> None:
    """Though it may make more calls at once than there are threads."""
    slow = SlowNetSuite()
    monkeypatch.setattr("returnsops.posting.sender.netsuite_client", lambda account, **_: slow)
    monkeypatch.setattr("returnsops.posting.sender.POLL_S", 0.05)
    set_lanes(row.shop.account, 8, by=None)
    looked_at, long_ago = timezone.now(), timezone.now() - timedelta(days=30)
    for number in range(BACKLOG):
        due = make_due(covers=[f"unit:{number}"], serial_key=f"7:{number}")
        make_posting(make_return(row.shop, loop_id=str(1000 + number)), due, looked_at=looked_at, turn_at=long_ago)
    other = make_return(make_shop("moss", account=make_account("7654321")), loop_id="5")
    urgent = make_posting(
        other, make_due(covers=["unit:x"], serial_key="other"), looked_at=looked_at if is_looked_for else None
    )

    Sender(threads=4).drain()

    assert Posting.objects.filter(status="posted").count() == BACKLOG + 1
    assert slow.calls.index(urgent.external_id) < BACKLOG / 2


@pytest.mark.parametrize(
    ("ago", "needs"),
    [
        (timedelta(seconds=10), False),
        (timedelta(minutes=2), True),
        (-timedelta(minutes=15), True),  # a machine looked whose clock is ahead, nobody knows when
    ],
)
def test_look_is_good_for_a_minute(row: LoopReturn, ago: timedelta, needs: bool) -> None:
    assert needs_look(make_posting(row, looked_at=timezone.now() - ago)) is needs


def test_sender_that_lost_sight_of_a_claim_keeps_it_no_longer(
    row: LoopReturn, netsuite: FakeNetSuite, monkeypatch: pytest.MonkeyPatch, let_pass: Callable[[timedelta], None]
) -> None:
    """The database went away while a look was written down; the sender lives, and goes on with others."""
    monkeypatch.setattr(sender_room, "CLAIMS_EVERY_S", 0.0)
    monkeypatch.setattr(sender_room, "DATABASE_AWAY_S", 0.0)
    monkeypatch.setattr(sender_room, "connection", ConnectionOfTheTest)
    monkeypatch.setattr(sender_room, "note_success", _go_away_once(note_success))
    lost = make_posting(row)
    sender = Sender(threads=1)
    _go_on(sender, until=lambda: _status_of(lost) == "sending" and not sender._is_busy())

    let_pass(settings.CLAIM_LEASE + timedelta(seconds=1))
    make_posting(make_return(row.shop, loop_id="2"), make_due(covers=["unit:2"], serial_key="2"))
    keep_claims([one for desk in sender._desks.values() for one in desk.claimed])
    put_back_dead_claims()

    assert _status_of(lost) == "pending"
    _go_on(sender, until=lambda: Posting.objects.filter(status="posted").count() == 2)
    sender._wind_up()


@pytest.mark.django_db(transaction=True)
def test_answer_waits_for_a_database_that_only_reads(
    row: LoopReturn, netsuite: FakeNetSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It handed over to another while the call was out: a new connection leads to that one."""
    write, refused = record_answers, list[Exception]()

    def hand_over_first(answers: Any) -> None:
        if not refused:
            with connection.cursor() as cursor:
                cursor.execute("SET default_transaction_read_only = on")
        try:
            write(answers)
        except Exception as error:
            refused.append(error)
            raise

    monkeypatch.setattr(sender_room, "record_answers", hand_over_first)
    monkeypatch.setattr(sender_room, "DATABASE_AWAY_S", 0.0)
    posting = make_posting(row)

    Sender(threads=1).drain()

    assert (_status_of(posting), len(refused)) == ("posted", 1)


def test_shop_that_is_added_while_a_sender_runs_is_sent_for(row: LoopReturn, netsuite: FakeNetSuite) -> None:
    first = make_posting(row)
    sender = Sender(threads=1)
    _go_on(sender, until=lambda: _status_of(first) == "posted")

    moss = make_return(make_shop("moss", account=row.shop.account), loop_id="2")
    later = make_posting(moss, make_due(covers=["unit:2"], serial_key="2"))
    _go_on(sender, until=lambda: _status_of(later) == "posted")
    sender._wind_up()


def test_sender_heeds_a_call_limit_that_was_lowered_while_it_runs(row: LoopReturn) -> None:
    ShopBudget(row.shop).take()
    gate = BudgetGate(row.shop.pk)
    assert gate.pay(5) == 5

    Shop.objects.update(calls_per_minute=10)

    assert gate.pay(5) == 1


class ConnectionOfTheTest:
    """Which stays, and whose transaction is none of the sender's."""

    in_atomic_block = False

    @staticmethod
    def close() -> None: ...


def _go_away_once(go_on: Callable[[NetSuiteAccount], None]) -> Callable[[NetSuiteAccount], None]:
    gone: list[str] = []

    def write(account: NetSuiteAccount) -> None:
        if not gone:
            gone.append("terminating connection due to administrator command")
            raise OperationalError(*gone)
        go_on(account)

    return write


def _go_on(sender: Sender, *, until: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 30
    while not until():
        assert time.monotonic() < give_up_at, "nothing came of it"
        LoopReturn.objects.update(look_again_at=None)
        sender._due.clear()
        sender._round(wait_s=0.01)


def _status_of(posting: Posting) -> str:
    return Posting.objects.get(pk=posting.pk).status

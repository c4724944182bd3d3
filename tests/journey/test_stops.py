"""Stopping a worker under load leaves nothing half done; one whose queue hangs gets another queue. Real processes."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Count, F, Q, QuerySet

from integrations.models import Lane
from returnsops.posting.models import Posting
from returnsops.posting.record_answer import DIED
from returnsops.returns.models import LoopReturn
from tests.journey.stage import Stage
from tests.journey.workers import POLL_S, STOP_LIMIT_S, Worker, wait_until

pytestmark = pytest.mark.journey

RETURNS_PER_STOP = 8
LIMIT_S = 240.0
OWED_WITHIN_S = 60.0
SLOW_S, CALLS_AFTER_S = 12.0, 3.0  # the sandbox stands still, or ends, only when the slow calls have ended


def test_stops_under_load_end_in_time_with_nothing_half_done(
    stage: Stage, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    stage.ask("settings", {"netsuite": {"latency_s": {"write": [0.3, 1.0]}}})
    took = [stop_under_load(stage, tmp_path / str(number)) for number in range(pytestconfig.getoption("stops"))]

    assert max(took) < STOP_LIMIT_S
    assert left_to_a_lease() == []


def left_to_a_lease() -> list[str]:
    """Of which nobody told what came of a try. That one was put back, as it lay ready for too long, was told."""
    told = Posting.objects.annotate(told=Count("tries"), died=Count("tries", filter=Q(tries__outcome=DIED)))
    return list(told.filter(Q(attempts__gt=F("told")) | Q(died__gt=0)).values_list("external_id", flat=True))


def stop_under_load(stage: Stage, folder: Path) -> float:
    """Gives how long it took to stop."""
    folder.mkdir()
    owe_authorizations(stage, count=RETURNS_PER_STOP)
    before = posted()
    with Worker(folder, senders=2) as worker:
        wait_until(
            lambda: posted() >= before + 2 and calls_in_flight().exists(),
            limit_s=LIMIT_S, what="postings in full flow", worker=worker,
        )  # fmt: skip
        processes = family_of(worker.process_id)
        took = worker.stop()
        assert worker.exit_code == 0, worker.said()[-4000:]
    sys.stdout.write(f"stopped within {took:.1f} s\n")  # «-s» shows it
    assert [one for one in processes if Path(f"/proc/{one}").exists()] == []
    assert not Posting.objects.filter(status__in=["sending", "uncertain"]).exists(), worker.said()[-4000:]
    assert not Lane.objects.exclude(leased_until=None).exists()
    assert not LoopReturn.objects.filter(plan_attempts__gt=0).exists()
    assert held_by_netsuite(stage) == held_by_us()
    return took


def owe_authorizations(stage: Stage, *, count: int) -> None:
    """Returns that are mirrored and planned, so that the outbox is full and nothing is sent yet."""
    body = {"shop": "northwind", "scenario": "refund", "params": {"parcel": "in_transit"}}
    for _ in range(count):
        stage.ask("loop/returns", body)
    stage.shops.add("northwind")
    owed = Posting.objects.filter(status="pending")
    give_up_at = time.monotonic() + OWED_WITHIN_S  # what was read a moment ago rests for seconds
    while time.monotonic() < give_up_at:
        stage.mirror_and_plan()
        if owed.count() >= count:
            return
        time.sleep(POLL_S)
    raise AssertionError(f"only {owed.count()} of {count} postings are owed after {OWED_WITHIN_S:.0f} s")


def calls_in_flight() -> QuerySet[Posting]:
    return Posting.objects.filter(status="sending").exclude(armed_at=None)


def family_of(process_id: int) -> list[int]:
    """The worker, its queue and senders, and whatever those have begun: each may lead a session of its own."""
    return [process_id, *(one for child in children_of(process_id) for one in family_of(child))]


def children_of(process_id: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()]


def posted() -> int:
    return Posting.objects.filter(status="posted").count()


def held_by_netsuite(stage: Stage) -> dict[str, str]:
    accounts: dict[str, Any] = stage.ask("dump", method="GET")["netsuite"]
    documents = [one for account in accounts.values() for one in account["transactions"]]
    return {one["externalid"]: one["id"] for one in documents if str(one["externalid"]).startswith("loop-")}


def held_by_us() -> dict[str, str]:
    """As we believe: posted, and so with their id."""
    return dict(Posting.objects.filter(status="posted", system="netsuite").values_list("external_id", F("their_id")))


def test_queue_is_replaced_when_one_process_of_it_freezes(stage: Stage, tmp_path: Path) -> None:
    with Worker(tmp_path) as worker:
        wait_until(lambda: bool(queue_of(worker)), limit_s=LIMIT_S, what="a queue", worker=worker)
        wait_until((tmp_path / "heartbeat").exists, limit_s=LIMIT_S, what="a first heartbeat", worker=worker)
        (hung,) = queue_of(worker)
        stage.ask("settings", {"loop": {"latency_s": [SLOW_S, SLOW_S]}})
        wait_until(lambda: freeze_in_a_call(tmp_path), limit_s=LIMIT_S, what="a task in a call", worker=worker)

        wait_until(lambda: queue_of(worker) not in ([], [hung]), limit_s=LIMIT_S, what="another queue", worker=worker)
        stage.ask("settings", {"loop": {"latency_s": [0, 0]}})
        body = {"shop": "northwind", "scenario": "refund", "params": {"parcel": "in_transit"}}
        loop_id = stage.ask("loop/returns", body)["return_id"]
        wait_until(
            LoopReturn.objects.filter(loop_id=loop_id).exists, limit_s=LIMIT_S, what="work goes on", worker=worker
        )


def freeze_in_a_call(folder: Path) -> bool:
    """One process of the queue, the other goes on. A task that is still in hand after a while makes a call."""
    hands = set((folder / "heartbeat-tasks").glob("*"))
    time.sleep(CALLS_AFTER_S)
    for hand in hands:
        if hand.exists():
            os.kill(int(hand.name), signal.SIGSTOP)
            return True
    return False


def queue_of(worker: Worker) -> list[int]:
    """The process that leads the queue; it leads a session of its own."""
    return [one for one in children_of(worker.process_id) if b"qcluster" in Path(f"/proc/{one}/cmdline").read_bytes()]

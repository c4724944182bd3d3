"""What kills whoever touches it is set aside after three tries, while everything else goes on. Real processes."""

from pathlib import Path

import pytest

from exceptions.models import Case
from integrations.inbox import LOOKS_MAX, receive
from integrations.loop.signature import sign_body
from integrations.models import InboundEvent
from returnsops import tasks
from returnsops.posting.models import Posting
from returnsops.posting.record_answer import DEATHS_MAX
from returnsops.returns.models import LoopReturn
from tests.journey.stage import Stage
from tests.journey.workers import Worker, wait_until

pytestmark = pytest.mark.journey

LIMIT_S = 300.0
DEADLY = "return.deadly"


def test_posting_webhook_and_plan_that_kill_are_set_aside_while_the_rest_flows_on(stage: Stage, tmp_path: Path) -> None:
    posting_killer, plan_killer, *innocent = make_returns(stage, count=5)
    send_webhook(stage, DEADLY, innocent[0])
    send_webhook(stage, "return.updated", innocent[1])
    killers = {
        "posting": f"loop-northwind-{posting_killer}-rma-1",
        "plan": plan_killer,
        "webhook": DEADLY,
    }

    with Worker(tmp_path, killers=killers) as worker:
        wait_until(lambda: len(cases()) == 3, limit_s=LIMIT_S, what="three cases", worker=worker)
        wait_until(lambda: are_authorized(innocent), limit_s=LIMIT_S, what="the others", worker=worker)
        said = worker.said()

    assert cases() == {"posting_set_aside", "plan_failed", "event_unreadable"}
    deadly = Posting.objects.get(external_id=killers["posting"])
    assert (deadly.status, deadly.attempts, deadly.tries.filter(outcome="died").count()) == ("rejected", 3, DEATHS_MAX)
    assert InboundEvent.objects.get(verdict="unreadable").failure.startswith(f"{LOOKS_MAX} workers")
    assert LoopReturn.objects.get(loop_id=plan_killer).plan_attempts == tasks.PLAN_ATTEMPTS_MAX
    assert InboundEvent.objects.filter(verdict="read").count() == 1
    assert "faulty failed; the others go on" in said


def make_returns(stage: Stage, *, count: int) -> list[str]:
    body = {"shop": "northwind", "scenario": "refund", "params": {"parcel": "in_transit"}}
    return [str(stage.ask("loop/returns", body)["return_id"]) for _ in range(count)]


def send_webhook(stage: Stage, trigger: str, return_id: str) -> None:
    secret = stage.ask("world", method="GET")["loop_shops"][0]["webhook_secret"]
    body = f'{{"topic":"return","trigger":"{trigger}","id":"{return_id}"}}'.encode()
    assert receive("northwind", body, sign_body(secret, body)).is_believed


def cases() -> set[str]:
    return set(Case.objects.exclude(status=Case.Status.CLOSED).values_list("code", flat=True))


def are_authorized(loop_ids: list[str]) -> bool:
    posted = Posting.objects.filter(loop_return__loop_id__in=loop_ids, kind="rma", status="posted")
    return posted.count() == len(loop_ids)

"""From Loop's webhook to the Return Authorization in NetSuite while nothing else is to do, outside calls apart."""

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median, quantiles
from typing import Any

from integrations.models import InboundEvent, Shop
from returnsops.lib.errors import ProcessError
from returnsops.lib.processes import Processes
from returnsops.management.bench.sales import SandboxDesk
from returnsops.management.bench.spans import Call, covered_s
from returnsops.posting.models import Posting

WARM_UP = 3  # returns before the measured ones: programs open their connections, log in
POLL_S = 0.05
LIMIT_S = 30.0
CALM_S = (0.6, 1.2)  # until everything about the last return is done; uneven, so as not to keep step with the tick


@dataclass(frozen=True)
class Passage:
    """Of one return. total: from the webhook's arrival to the end of NetSuite's work; outside: under calls of ours."""

    total_ms: float
    outside_ms: float

    @property
    def own_ms(self) -> float:
        return self.total_ms - self.outside_ms


def measure_latency(processes: Processes, *, desk: SandboxDesk, shop: Shop, count: int) -> dict[str, Any]:
    """The whole stack is running and has nothing to do."""
    draw = random.Random("bench")
    passages = []
    for number in range(WARM_UP + count):
        processes.watch(draw.uniform(*CALM_S))
        desk.new_calls()
        passage = _pass_one(processes, desk=desk, shop=shop)
        if number >= WARM_UP:
            passages.append(passage)
    own = [one.own_ms for one in passages]
    return {
        "returns": count,
        "median_ms": round(median(own)),
        "p99_ms": round(quantiles(own, n=100, method="inclusive")[98]) if count > 1 else round(own[0]),
        "outside_median_ms": round(median(one.outside_ms for one in passages)),
        "total_median_ms": round(median(one.total_ms for one in passages)),
    }


def _pass_one(processes: Processes, *, desk: SandboxDesk, shop: Shop) -> Passage:
    """Raises ProcessError when no Return Authorization comes of it."""
    asked_at = datetime.now(UTC)
    params = {"parcel": "created", "walk": False}
    made = desk.post("loop/returns", {"shop": shop.code, "scenario": "refund", "params": params})
    _wait_until_posted(processes, loop_id=made["return_id"])
    calls = desk.new_calls()
    arrived = _arrival(shop, since=asked_at)
    there = _authorized(calls, since=arrived)
    return Passage((there - arrived) * 1000, covered_s(calls, begin=arrived, end=there) * 1000)


def _wait_until_posted(processes: Processes, *, loop_id: str) -> None:
    give_up_at = time.monotonic() + LIMIT_S
    posted = Posting.objects.filter(loop_return__loop_id=loop_id, kind="rma", status=Posting.Status.POSTED)
    while not posted.exists():
        if time.monotonic() > give_up_at:
            raise ProcessError(f"Return {loop_id} had no Return Authorization within {LIMIT_S:.0f} s.")
        processes.watch(POLL_S)


def _arrival(shop: Shop, *, since: datetime) -> float:
    events = InboundEvent.objects.filter(shop=shop, received_at__gte=since - timedelta(milliseconds=1))
    first = events.order_by("received_at").first()
    if first is None:
        raise ProcessError("The return came without a webhook, by a sweep.")
    return first.received_at.timestamp()


def _authorized(calls: list[Call], *, since: float) -> float:
    ends = [call.ended for call in calls if call.operation == "transform returnAuthorization" and call.ended > since]
    if not ends:
        raise ProcessError("The sandbox's log has no transform to a Return Authorization.")
    return min(ends)

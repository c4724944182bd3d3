"""The stage of a journey test: make returns, let the system work until nothing moves, look into the sandbox's books."""

import time
import uuid
from collections import deque
from typing import Any

import requests

from exceptions.models import Case, CaseMember
from integrations import connections
from integrations.models import NetSuiteAccount, Shop
from returnsops import tasks, tick
from returnsops.lib.nudge import RowId
from returnsops.management.rehearsal.books import Family, group_by_order
from returnsops.people.models import User
from returnsops.posting import claim
from returnsops.posting.sender import Sender
from returnsops.returns import mirror, sweeps
from returnsops.returns.inspection import UnitOutcome, record_units
from returnsops.returns.models import LoopReturn

ROUNDS_MAX = 80
SOON_S, WAIT_S, WAITS_MAX = 1.0, 0.02, 100  # the sandbox looks every few milliseconds what is due
SETTINGS = {
    "loop": {"process_delay_s": [0.0, 0.05], "was_processed_delay_s": 0.05, "rate_limit_per_minute": 100_000},
    "connector": {"exchange_delay_s": 0.05},
}
TIMEOUT_S = 60


class Stage:
    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.shops: set[str] = set()
        self.queue: deque[tuple[str, RowId]] = deque()

    def reset(self) -> None:
        self.ask("reset", {})
        self.ask("settings", SETTINGS)

    def close(self) -> None:
        self.session.close()
        for _, client in connections._clients.values():
            client.close()

    def ask(self, path: str, body: dict[str, Any] | None = None, *, method: str = "POST") -> Any:
        answer = self.session.request(method, f"{self.url}/_sandbox/{path}", json=body, timeout=TIMEOUT_S)
        assert answer.ok, answer.text
        return answer.json()

    def note(self, roof: str, what: str, row_id: RowId, **options: object) -> None:
        """In the place of the task queue: remember what was asked for."""
        self.queue.append((what, row_id))

    def make(self, scenario: str, *, shop: str = "northwind", **params: object) -> LoopReturn:
        """A return, delivered unless told otherwise, found by the sweep and planned."""
        return self.make_several(1, scenario, shop=shop, **params)[0]

    def make_several(self, count: int, scenario: str, *, shop: str = "northwind", **params: object) -> list[LoopReturn]:
        params = {"parcel": "delivered"} | params
        self.shops.add(shop)
        body = {"shop": shop, "scenario": scenario, "params": params}
        made = [self.ask("loop/returns", body)["return_id"] for _ in range(count)]
        self.run()
        return [LoopReturn.objects.get(shop__code=shop, loop_id=loop_id) for loop_id in made]

    def judge(self, loop_return: LoopReturn, *outcomes: str, by: str = "ada", **values: Any) -> None:
        lines = loop_return.lines.filter(removed=False)
        units = [
            UnitOutcome(line.line_item_id, outcome, uuid.uuid4(), note=f"seen {outcome}", **values)
            for line, outcome in zip(lines, outcomes, strict=True)
        ]
        record_units(loop_return, units, by=self.person(by))

    def run(self) -> None:
        """Let everything work until nothing moves: tasks and sender, and only then what the sweeps find.

        A sweep costs more than all else, so it waits for what the sandbox is about to do.
        """
        for _ in range(ROUNDS_MAX):
            if self.work_through_queue() + self.send():
                continue
            self.let_the_sandbox_work()
            if not self.sweep():
                return

    def let_the_sandbox_work(self) -> None:
        """Until it has nothing to do, or only what is too far away to wait for."""
        for _ in range(WAITS_MAX):
            next_in_s = self.ask("health", method="GET")["next_job_in_s"]
            if next_in_s is None or next_in_s > SOON_S:
                return
            time.sleep(next_in_s + WAIT_S)

    def send(self) -> int:
        """A sender starts threads and connections, so only for something to send."""
        return Sender(threads=2).drain() if claim.claimable().exists() else 0

    def sweep(self) -> int:
        moved = 0
        for shop in Shop.objects.filter(code__in=self.shops, paused_at=None):
            with tasks.one_failure_delays_no_other("sweep"):
                moved += sweeps.sweep_loop(shop)
        mirror.hint_records(self.waiting_for_records())
        return moved + self.work_through_queue()

    def mirror_and_plan(self) -> None:
        """One round of everything but sending."""
        for shop in Shop.objects.filter(code__in=self.shops):
            sweeps.sweep_loop(shop)
            sweeps.fetch_due_details(shop)
        mirror.hint_records(self.waiting_for_records())
        tick.sweep_plans()
        self.work_through_queue()

    def work_through_queue(self) -> int:
        before = self.footprint()
        while self.queue:
            tasks.look(*self.queue.popleft())
        return int(self.footprint() != before)

    def footprint(self) -> list[tuple[object, ...]]:
        """What tells whether anything moved: the plans, by hash."""
        return list(LoopReturn.objects.order_by("pk").values_list("pk", "plan_hash", "state"))

    def waiting_for_records(self) -> list[int]:
        open_returns = LoopReturn.objects.filter(sweeps.UNSETTLED).exclude(stage=LoopReturn.Stage.NEEDS_PERSON)
        return list(open_returns.values_list("pk", flat=True))

    # --- Looking ---

    def books(self, loop_return: LoopReturn) -> Family:
        """NetSuite's documents of this return's order, by the sandbox's own account."""
        account_id = loop_return.shop.account.account_id
        dump = self.ask("dump", method="GET")
        families = group_by_order(dump["netsuite"][account_id]["transactions"], account_id=account_id)
        return families[loop_return.provider_order_id]

    def loop_log(self, loop_return: LoopReturn) -> list[dict[str, Any]]:
        log = self.ask("dump", method="GET")["loop"][loop_return.shop.code]["log"]
        return [row for row in log if str(row["return_id"]) == loop_return.loop_id]

    def person(self, username: str) -> User:
        return User.objects.get(username=username)

    def member(self, loop_return: LoopReturn, code: str) -> CaseMember:
        return CaseMember.objects.get(loop_return=loop_return, case__code=code, left_at=None)

    def cases(self, loop_return: LoopReturn) -> list[str]:
        open_cases = CaseMember.objects.filter(loop_return=loop_return, left_at=None)
        return list(open_cases.exclude(case__status=Case.Status.CLOSED).values_list("case__code", flat=True))

    def forget_outage(self) -> None:
        """As if the time until the next probe had passed."""
        Shop.objects.update(next_probe_at=None)
        NetSuiteAccount.objects.update(next_probe_at=None)


def places(documents: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """(location, units) per receipt."""
    return sorted((line["location"], line["quantity"]) for one in documents for line in one["lines"])

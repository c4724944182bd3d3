"""What came of a run: the judge asks the books, and the last line tells all of it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from exceptions.models import Case
from returnsops.management.chaos.people import People
from returnsops.management.chaos.progress import cases_by_return, find_stuck, worst_wait_for_case
from returnsops.management.chaos.run import Run
from returnsops.management.chaos.sandbox_control import SandboxControl
from returnsops.management.commands.connect_sandbox import LANES
from returnsops.management.rehearsal.books import CallTally, Known, Verdict, check_books, check_calls
from returnsops.people.audit import find_broken_link

FINDINGS_SHOWN = 60


@dataclass
class Judge:
    """Asks the books, as often as wanted."""

    control: SandboxControl
    people: People
    tally: CallTally
    verdict: Verdict = field(default_factory=Verdict)

    def is_well(self) -> bool:
        self.tally.read_on(self.control.get)
        people, cases = self.people.warehouse, cases_by_return()
        self.verdict = check_books(self.control.read_dump(), Known(people.passed, cases, found=people.found))
        check_calls(self.tally, lanes=LANES, verdict=self.verdict)
        broken = find_broken_link()
        self.verdict.note("broken_audit_chain", int(broken is not None), f"from event {broken} on")
        return self.verdict.promises_kept()


def describe_outcome(runs: list[Run], judge: Judge, *, say: Callable[[str], object]) -> dict[str, Any]:
    """The last line; what was found and what is stuck is said before."""
    verdict, tally, killer = judge.verdict, judge.tally, runs[-1].killer
    stuck = find_stuck()
    for line in [*verdict.findings[:FINDINGS_SHOWN], *stuck]:
        say(line)
    acts = [act for run in runs for act in run.meddlers.done]
    moments = sum((run.struck for run in runs), Counter[str]())
    open_cases = Case.objects.exclude(status=Case.Status.CLOSED).values_list("code", flat=True)
    return {
        "is_well": verdict.promises_kept() and not stuck,
        "returns": sum(run.made for run in runs),
        "settled": verdict.settled,
        **verdict.as_json(),
        "sellable_by_exemption": verdict.exempt,
        "stuck": len(stuck),
        "open_cases": dict(Counter(open_cases)),
        "faults": dict(tally.faults),
        "moments": dict(moments),
        "kills": dict(killer.count),
        "restarts": dict(killer.restarts),
        "meddled": dict(Counter(act.name for act in acts)),
        "calls": tally.calls,
        "calls_by_operation": dict(tally.by_operation.most_common()),
        "calls_abandoned": tally.abandoned,
        "most_at_once": tally.most_at_once(),
        "seconds_to_settle": max(run.settled_in_s for run in runs),
        "worst_seconds_to_case": worst_wait_for_case(acts),
        "connections_resumed": judge.people.resumed,
    }

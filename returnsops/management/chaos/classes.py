"""What is thrown at the system, by class: standing faults at their rates, switches, and what happens at moments."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

COMMIT_WINDOW_S = 8  # for NetSuite's 15 minutes; whatever the sandbox does late, it does well within
SENDING_LEASE_S = 12
LANE_LEASE_S = 6
LANES_HELD_S = 0.6  # calls take a tenth of what they take at NetSuite
PROBE_AFTER_MAX_S = 5
READ_AGAIN_AFTER_S = 0.1
FAILED_READ_REST_S = 1
LOOP_REFUSED_WAIT_S = 1
LOOP_CALLS_PER_MINUTE = 3000  # for Loop's 300, as minutes are shorter
LATE_COMMIT_S = 4.0
LATE_ANSWER_S = 3.0
SLOW_BODY_S = 1.5
OUTAGE_S = 4.0
BURST_S = 3.0
ALONE = 5  # a class of its own strikes so much more often


@dataclass(frozen=True)
class Rule:
    """A standing fault of the sandbox at a rate of the calls it fits."""

    system: str
    kind: str
    rate: float
    operation: str | None = None
    seconds: float | None = None

    def as_json(self, *, seed: str, times: int = 1) -> Json:
        """times: how much more often than beside all the others."""
        given = {"operation": self.operation, "seconds": self.seconds}
        said = {key: value for key, value in given.items() if value is not None}
        return {"system": self.system, "kind": self.kind, "rate": min(1.0, self.rate * times), "seed": seed, **said}


@dataclass(frozen=True)
class FaultClass:
    """moments: what happens at single moments, and after how many returns again; see `moments.py`.

    meddled: the share of returns on which somebody acts in NetSuite by hand.
    """

    meaning: str
    rules: tuple[Rule, ...] = ()
    switches: Json = field(default_factory=dict)
    moments: tuple[tuple[str, int], ...] = ()
    meddled: float = 0.0
    kills: bool = False
    restarts: bool = False


def _on_writes(kind: str, *, rate: float, seconds: float | None = None) -> tuple[Rule, ...]:
    """On everything that changes something over there."""
    asked = (("netsuite", "transform"), ("netsuite", "create"), ("netsuite", "update"), ("loop", "process"))
    return tuple(Rule(system, kind, rate, operation, seconds) for system, operation in (*asked, ("loop", "remove")))


CLASSES: dict[str, FaultClass] = {
    "answers_lost": FaultClass(
        "the work is done and the line drops",
        rules=(*_on_writes("drop_after_commit", rate=0.03), Rule("netsuite", "reset_headers", 0.005)),
    ),
    "late_commits": FaultClass(
        f"the line drops and the work is done {LATE_COMMIT_S:.0f} s later",
        rules=_on_writes("late_commit", rate=0.02, seconds=LATE_COMMIT_S),
    ),
    "too_many": FaultClass(
        f"429, single and for {BURST_S:.0f} s",
        rules=(Rule("netsuite", "429", 0.005), Rule("loop", "429", 0.005)),
        moments=(("burst of 429", 50),),
    ),
    "errors_before": FaultClass(
        "500, 502, 504 and dropped lines before anything is done",
        rules=(
            Rule("netsuite", "500_before", 0.01),
            Rule("netsuite", "http_502_html", 0.005),
            Rule("netsuite", "http_504_html", 0.005),
            Rule("netsuite", "drop_before", 0.005),
            Rule("loop", "500_before", 0.01),
            Rule("loop", "drop_before", 0.005),
        ),
    ),
    "errors_after": FaultClass("500 although the work is done", rules=_on_writes("500_after", rate=0.02)),
    "outages": FaultClass(
        f"503 pages for {OUTAGE_S:.0f} s, of one account or shop",
        rules=(Rule("netsuite", "http_503_text", 0.003),),
        moments=(("outage of NetSuite", 100), ("outage of Loop", 150)),
    ),
    "broken_answers": FaultClass(
        "half of the JSON, a wrong content type, success without the id",
        rules=(
            Rule("netsuite", "truncate", 0.01),
            Rule("netsuite", "wrong_content_type", 0.003),
            Rule("netsuite", "no_location", 0.02, "transform"),
            Rule("netsuite", "no_location", 0.02, "create"),
            Rule("loop", "truncate", 0.01),
        ),
    ),
    "slow_answers": FaultClass(
        "bodies that trickle, answers long after the work",
        rules=(
            Rule("netsuite", "slow_body", 0.005, seconds=SLOW_BODY_S),
            Rule("netsuite", "late_answer", 0.005, seconds=LATE_ANSWER_S),
            Rule("loop", "late_answer", 0.005, seconds=LATE_ANSWER_S),
        ),
    ),
    "webhooks": FaultClass(
        "lost, doubled, late, shuffled, empty, cut off and wrongly signed webhooks",
        switches={
            "loop.webhooks": {
                "drop_rate": 0.1,
                "duplicate_rate": 0.1,
                "delay_s": [0.0, 2.0],
                "reorder": True,
                "empty_rate": 0.02,
                "truncate_rate": 0.02,
                "wrong_signature_rate": 0.02,
            }
        },
    ),
    "tokens": FaultClass(
        "access tokens that live 20 s, and are forgotten on the way",
        switches={"netsuite.token_lifetime_s": 20},
        moments=(("tokens forgotten", 40),),
    ),
    "people": FaultClass("somebody acts in NetSuite by hand, or another connector does", meddled=0.08),
    "kills": FaultClass("SIGKILL of queue workers, senders, web processes and whole workers", kills=True),
    "database": FaultClass("the database restarts, every other time by a crash", restarts=True),
}


def describe_classes() -> list[str]:
    return [line for name, one in CLASSES.items() for line in _describe(name, one)]


def _describe(name: str, one: FaultClass) -> list[str]:
    lines = [f"{name}: {one.meaning}"]
    for rule in one.rules:
        lines.append(f"    {rule.rate:6.1%} of {rule.system} {rule.operation or 'calls'}: {rule.kind}")
    for switch, value in one.switches.items():
        lines.append(f"    {switch} = {value}")
    for moment, every in one.moments:
        lines.append(f"    {moment}: about once in {every} returns")
    if one.meddled:
        lines.append(f"    {one.meddled:6.1%} of the returns")
    return lines

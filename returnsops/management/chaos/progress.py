"""How far a run is, and what is stuck in it and why: asked of our own tables, for the eye and for the end only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from exceptions.models import Case, CaseMember
from returnsops.management.chaos.meddling import Act
from returnsops.posting.models import PostingAttempt
from returnsops.posting.pauses import postings_on_their_way
from returnsops.returns.models import LoopReturn

DONE = (LoopReturn.Stage.SETTLED, LoopReturn.Stage.ENDED)
STUCK_SHOWN = 50
NOT_ABOUT_RETURNS = ("loop_settled_early",)  # which comes by itself, whatever fails


@dataclass(frozen=True)
class Progress:
    """known: returns mirrored. done: settled or ended. in_case: not done, and a person is told. on_the_way: postings
    that nothing holds back."""

    known: int
    done: int
    in_case: int
    on_the_way: int

    @property
    def finished(self) -> int:
        return self.done + self.in_case

    def since(self, earlier: "Progress") -> "Progress":
        """Without what had come to an end before."""
        return Progress(
            self.known - earlier.known, self.done - earlier.done, self.in_case - earlier.in_case, self.on_the_way
        )

    def stands_still(self, expected: int) -> bool:
        return self.finished >= expected and not self.on_the_way


def look_at_progress() -> Progress:
    known = LoopReturn.objects.count()
    done = LoopReturn.objects.filter(stage__in=DONE).count()
    in_case = LoopReturn.objects.filter(_in_open_case()).exclude(stage__in=DONE).count()
    return Progress(known, done, in_case, postings_on_their_way().count())


def _in_open_case() -> Exists:
    members = CaseMember.objects.filter(loop_return=OuterRef("pk"), left_at=None)
    return Exists(members.exclude(case__status=Case.Status.CLOSED))


def cases_by_return() -> dict[str, set[str]]:
    """Codes of the open cases of each Loop return: all that the checker hears of our tables."""
    found: dict[str, set[str]] = {}
    members = CaseMember.objects.filter(left_at=None).exclude(case__status=Case.Status.CLOSED)
    for loop_id, code in members.values_list("loop_return__loop_id", "case__code"):
        found.setdefault(loop_id, set()).add(code)
    return found


def worst_wait_for_case(acts: Iterable[Act]) -> float:
    """Seconds from a refusal, or from what another hand did, until the return was in a case; where it came to one."""
    refused = PostingAttempt.objects.filter(outcome="rejected").values_list(
        "posting__loop_return__loop_id", "started_at"
    )
    failures = [*refused, *((act.return_id, datetime.fromtimestamp(act.at, UTC)) for act in acts)]
    joined: dict[str, list[datetime]] = {}
    members = CaseMember.objects.exclude(case__code__in=NOT_ABOUT_RETURNS)
    for loop_id, at in members.values_list("loop_return__loop_id", "joined_at"):
        joined.setdefault(loop_id, []).append(at)
    waits = [
        min(((at - failed_at) for at in joined.get(loop_id, []) if at >= failed_at), default=timedelta(0))
        for loop_id, failed_at in failures
    ]
    return round(max(waits, default=timedelta(0)).total_seconds(), 1)


def find_stuck() -> list[str]:
    """Returns that are neither done nor in a case, in words."""
    rows: QuerySet[LoopReturn] = LoopReturn.objects.exclude(stage__in=DONE).exclude(_in_open_case())
    return [_describe(row) for row in rows.order_by("pk")[:STUCK_SHOWN]]


def _describe(row: LoopReturn) -> str:
    steps = [
        f"{step['code']} {step['state']} ({step['detail']})" for step in row.plan.get("steps", []) if _is_open(step)
    ]
    postings = [f"{one} is {one.status} after {one.attempts} tries" for one in row.postings.exclude(status="posted")]
    again = f", planned again at {row.look_again_at:%H:%M:%S}" if row.look_again_at else ""
    return f"return {row.loop_id} is stuck as {row.stage}{again}: {'; '.join([*steps, *postings]) or 'no step is open'}"


def _is_open(step: dict[str, str]) -> bool:
    return step["state"] not in ("done", "not_needed")

"""What a plan is made of, and the sheet on which the chapters of the plan write."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from returnsops.lib.canonical import content_hash
from returnsops.returns.facts import ReturnFacts
from returnsops.returns.plan.kinds import POSTING_KINDS
from returnsops.returns.plan.undone import chosen_record, replaced_by
from returnsops.returns.problems import KINDS, Problem
from returnsops.returns.problems.kinds import ACKNOWLEDGE


class StepState(StrEnum):
    DONE = "done"
    DUE = "due"  # on its way out: in the outbox
    WAITING = "waiting"  # for something that is not late
    BLOCKED = "blocked"  # by a problem
    NOT_NEEDED = "not_needed"


class Promise(StrEnum):
    EXCHANGE = "exchange"
    REFUND = "refund"
    RESTOCK = "restock"  # nobody waits


class Lane(StrEnum):
    LOOP = "loop"
    WAREHOUSE = "warehouse"
    NETSUITE = "netsuite"
    EXCHANGE = "exchange"


@dataclass(frozen=True)
class Step:
    """One step as a person sees it: what, how far, and in words what it waits for."""

    code: str
    title: str
    lane: Lane
    state: StepState
    detail: str = ""
    due_at: datetime | None = None
    records: tuple[str, ...] = ()  # NetSuite internal ids that met it


@dataclass(frozen=True)
class PostingDue:
    """A document or action that may be sent now.

    request: {"operation": …, …} as `returnsops.posting.wire` sends it; content is hashed, so equal plans post once.
    covers: the units or parts of the settlement it stands for; no two live postings of a kind share one.
    promise: what the customer waits for, so whose turn it is; said by `promise.py` for the whole return.
    """

    kind: str
    system: str
    request: dict[str, Any]
    covers: frozenset[str]
    serial_key: str
    replaces: tuple[str, ...] = ()  # external ids of what a person deleted over there and wants again
    hinges_on: tuple[str, ...] = ()  # names of `returnsops.returns.plan.hinges`: if one of them is paused, it waits
    promise: Promise = Promise.RESTOCK

    @property
    def content_hash(self) -> str:
        return content_hash(self.request)


class Verdict(StrEnum):
    """On a record that ReturnsOps would have made, and another system makes (policy `shadow`)."""

    ALIKE = "alike"
    DIFFERS = "differs"
    NOBODY = "nobody"  # the other system has made none yet
    UNABLE = "unable"  # we could not have said what to post


@dataclass(frozen=True)
class Difference:
    """aspect: units, amount or place; ours and theirs in words."""

    aspect: str
    ours: str
    theirs: str


@dataclass(frozen=True)
class Agreement:
    """kind: of record, as in the policy. wanted: what ours would hold, in words. records: internal ids of theirs."""

    kind: str
    verdict: Verdict
    wanted: str
    differences: tuple[Difference, ...] = ()
    records: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    steps: tuple[Step, ...]
    postings: tuple[PostingDue, ...]
    problems: tuple[Problem, ...]
    look_again_at: datetime | None
    stage: str
    agreements: tuple[Agreement, ...] = ()

    def hash(self) -> str:
        """Leaves out now, the next look and what depends on the month of now, so an unchanged situation has an
        unchanged hash."""
        postings = [replace(one, hinges_on=()) for one in self.postings]
        return content_hash([self.steps, postings, self.problems, self.stage, self.agreements])


@dataclass
class Draft:
    """The sheet. Chapters write on it in order, each as far as the facts carry."""

    facts: ReturnFacts
    steps: list[Step] = field(default_factory=list)
    postings: list[PostingDue] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)
    agreements: list[Agreement] = field(default_factory=list)

    def step(self, code: str, state: StepState, detail: str = "", *, due_at: datetime | None = None,
             records: tuple[str, ...] = ()) -> None:  # fmt: skip
        title, lane = STEPS[code]
        self.steps.append(Step(code, title, lane, state, detail, due_at, records))

    def hold_step(self, kind: str, state: StepState, detail: str) -> None:
        """What a posting of this kind was to do stands still."""
        code, going_on = POSTING_KINDS[kind].step, (StepState.DUE, StepState.WAITING)
        self.steps = [
            replace(step, state=state, detail=detail) if step.code == code and step.state in going_on else step
            for step in self.steps
        ]

    def post(self, posting: PostingDue) -> None:
        """With what a person said about it: which record stands for it, and that it comes in a deleted one's place."""
        chosen = chosen_record(self.facts, posting.kind, posting.covers)
        replaces = replaced_by(self.facts, posting.kind, posting.covers)
        request = posting.request | ({"adopt": chosen} if chosen else {})
        self.postings.append(replace(posting, request=request, replaces=replaces))

    def problem(self, problem: Problem) -> bool:
        """Note a problem unless a person has said that it needs nothing more. Gives whether it stands.

        Two of the same code and subject would be one case, so they become one problem, with the words of both.
        """
        may_be_noted = ACKNOWLEDGE in KINDS[problem.code].actions
        if may_be_noted and self.facts.is_acknowledged(problem.code, problem.subject):
            return False
        known = next((place for place, one in enumerate(self.problems) if one.is_like(problem)), None)
        if known is None:
            self.problems.append(problem)
        else:
            self.problems[known] = self.problems[known].joined_with(problem)
        return True

    def is_late(self, since: datetime, limit: timedelta) -> bool:
        """Has `limit` passed since then? If not, the plan asks to be made again at that moment."""
        deadline = self.deadline(since, limit)
        if self.facts.now >= deadline:
            return True
        self.moments.append(deadline)
        return False

    def waits_too_long(self, code: str, words: str, *, since: datetime, limit: timedelta) -> bool:
        """Write a step that waits until `limit` has passed, and is blocked from then on. Gives whether it is, for the
        problem to be told."""
        late = self.is_late(since, limit)
        self.step(code, StepState.BLOCKED if late else StepState.WAITING, words, due_at=self.deadline(since, limit))
        return late

    def deadline(self, since: datetime, limit: timedelta) -> datetime:
        return since + limit * self.facts.deadline_scale


STEPS: dict[str, tuple[str, Lane]] = {
    "request": ("Return requested", Lane.LOOP),
    "sale": ("Original order found", Lane.NETSUITE),
    "rma": ("Return Authorization", Lane.NETSUITE),
    "arrival": ("Parcel arrives", Lane.WAREHOUSE),
    "inspection": ("Units inspected", Lane.WAREHOUSE),
    "found": ("Goods not on the return", Lane.WAREHOUSE),
    "told": ("Judgement told to Loop", Lane.LOOP),
    "restock": ("Restocked by Loop", Lane.LOOP),
    "receipt": ("Item Receipt", Lane.NETSUITE),
    "shelve": ("Units at their places", Lane.NETSUITE),
    "amount": ("Amounts compared", Lane.NETSUITE),
    "credit": ("Credit Memo", Lane.NETSUITE),
    "settle": ("Loop settles", Lane.LOOP),
    "exchange": ("Exchange order linked", Lane.EXCHANGE),
    "apply": ("Value of the exchange settled", Lane.NETSUITE),
    "refund": ("Refund recorded", Lane.NETSUITE),
    "close_rma": ("Return Authorization closed", Lane.NETSUITE),
    "proof": ("Read back and complete", Lane.NETSUITE),
}

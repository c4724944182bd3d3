"""What if a shop followed other rules: its returns planned under them, and nothing written (requirement Z7)."""

import time
from dataclasses import dataclass
from datetime import timedelta

from integrations.models import Shop
from returnsops.lib import clock
from returnsops.posting.facts import facts_under, load_facts
from returnsops.posting.rewinding import MILESTONES, rewind
from returnsops.returns.facts import ReturnFacts
from returnsops.returns.models import LoopReturn
from returnsops.returns.place_names import PlaceNames
from returnsops.returns.plan import Plan, PostingDue, plan_return
from returnsops.returns.plan.kinds import words_of
from returnsops.returns.policy import Policy
from returnsops.returns.problems import KINDS

LOOK_MAX = 200  # returns in one step
LOOK_FOR_S = 5.0
RETURNS_MAX = 10_000  # in all steps together, the newest first


@dataclass(frozen=True)
class Difference:
    """One return whose plan would be another one; words: what would change, each a sentence."""

    loop_return: LoopReturn
    words: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """looked: returns planned twice in this step. next_pk: where the next step begins; None: at the end.

    total: returns of these days; to_look_at: of them, those that are tried, which are the newest.
    """

    differences: tuple[Difference, ...]
    looked: int
    total: int
    next_pk: int | None

    @property
    def to_look_at(self) -> int:
        return min(self.total, RETURNS_MAX)


def replay(shop: Shop, draft: Policy, *, days: int, below_pk: int | None = None, looked_before: int = 0) -> Step:
    """Plan the shop's returns of the last days under its rules and under the draft, newest first.

    Raises nothing for bad data. It stops after LOOK_MAX returns or LOOK_FOR_S seconds and says where to go on; with
    RETURNS_MAX looked at, earlier steps included, there is no next one.
    """
    since = clock.now() - timedelta(days=days)
    rows = LoopReturn.objects.filter(shop=shop, created_at__gte=since).select_related("shop__account").order_by("-pk")
    total = rows.count()
    left = rows if below_pk is None else rows.filter(pk__lt=below_pk)
    differences: list[Difference] = []
    names = PlaceNames(shop.account)
    deadline, looked, last_pk = time.monotonic() + LOOK_FOR_S, 0, None
    for row in left[: LOOK_MAX + 1]:
        if looked_before + looked >= RETURNS_MAX:
            break
        if looked == LOOK_MAX or (looked and time.monotonic() > deadline):
            return Step(tuple(differences), looked, total, next_pk=last_pk)
        facts = load_facts(row)
        words = compare_rules(facts, facts_under(row, draft, known=facts))
        differences += [Difference(row, tuple(map(names.put_into, words)))] if words else []
        looked, last_pk = looked + 1, row.pk
    return Step(tuple(differences), looked, total, next_pk=None)


def compare_rules(facts: ReturnFacts, under_draft: ReturnFacts) -> tuple[str, ...]:
    """What would be otherwise now, and what would have been before each document that is posted by now; each once."""
    told = dict.fromkeys(compare_plans(plan_return(facts), plan_return(under_draft)), "")
    for (became, before), (_, drafted) in zip(rewind(facts), rewind(under_draft), strict=True):
        former = plan_return(before)
        if any(due.kind in MILESTONES[became] for due in former.postings):  # else not all is known of that moment
            words = compare_plans(former, plan_return(drafted))
            told |= {one: f"Before it was {became}: " for one in words if one not in told}
    return tuple(f"{moment}{words}" for words, moment in told.items())


def compare_plans(former: Plan, later: Plan) -> tuple[str, ...]:
    """What would be otherwise: documents first, then problems, then steps that would wait for something else."""
    found = [*_compare_postings(former, later), *_compare_problems(former, later)]
    return tuple(found or _compare_steps(former, later))


def _compare_postings(former: Plan, later: Plan) -> list[str]:
    before, after = _by_name(former), _by_name(later)
    found = [f"The {name} would not be sent." for name in before if name not in after]
    found += [f"The {name} would be sent." for name in after if name not in before]
    changed = [name for name, hashes in after.items() if name in before and before[name] != hashes]
    return found + [f"The {name} would have other content." for name in changed]


def _by_name(plan: Plan) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for due in sorted(plan.postings, key=_content_of):
        found.setdefault(words_of(due.kind), []).append(_content_of(due))
    return found


def _content_of(due: PostingDue) -> str:
    return due.content_hash


def _compare_problems(former: Plan, later: Plan) -> list[str]:
    before = {(one.code, one.subject): one for one in former.problems}
    after = {(one.code, one.subject): one for one in later.problems}
    gone = [f"No case any more: {KINDS[code].title}." for code, subject in before if (code, subject) not in after]
    return gone + [f"A case: {one.cause}" for key, one in after.items() if key not in before]


def _compare_steps(former: Plan, later: Plan) -> list[str]:
    before = {one.code: one for one in former.steps}
    return [
        f"{one.title}: {one.detail or one.state}"
        for one in later.steps
        if one.code not in before or (before[one.code].state, before[one.code].detail) != (one.state, one.detail)
    ]

"""What the warehouse saw, told to Loop beside each unit: its grade, what becomes of it, and the inspector's words (D5).

Off unless the policy says in which words. In Loop it moves neither stock nor money, and telling it twice is harmless
(loop.md §2.8). It comes before Loop is asked to settle and before a flag, so that whoever looks there sees it; but what
Loop refuses, and what takes too long, holds up no money.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from returnsops.returns.facts import PostingFacts, ReturnFacts, UnitFacts
from returnsops.returns.plan.draft import Draft, PostingDue, StepState
from returnsops.returns.policy import WRONG_ITEM

GRADE, ASSESS = "loop_grade", "loop_assess"
OPERATIONS = {GRADE: "grade", ASSESS: "assess"}
AT_ONCE_MAX = 20  # loop.md §2.8
WAITED_FOR = timedelta(minutes=15)
LIVE_STATES = frozenset({"open", "review"})


@dataclass(frozen=True)
class Told:
    """One unit in Loop's word, as one inspection saw it."""

    unit: str
    word: str
    seen_at: datetime
    cover: str
    note: str


def tell_judgements(draft: Draft, units: Sequence[UnitFacts]) -> None:
    """units: as they were judged, whatever the books make of them."""
    facts = draft.facts
    wanted = [(kind, one) for kind in OPERATIONS for one in _to_tell(facts, units, kind)]
    if not wanted:
        return
    for kind in OPERATIONS:
        covered = facts.taken_covers(kind)
        left = [one for name, one in wanted if name == kind and one.cover not in covered]
        for some in _batches(facts, kind, left):
            draft.post(_due(facts, kind, some))
    is_told = all(one.cover in facts.posted_covers(kind) for kind, one in wanted)
    draft.step("told", StepState.DONE if is_told else StepState.DUE, _words_of([kind for kind, _ in wanted]))


def is_being_told(draft: Draft) -> bool:
    """Something that should be in Loop before anybody there acts on the return is still on its way."""
    facts = draft.facts
    wanted = [(kind, one) for kind in OPERATIONS for one in _to_tell(facts, facts.live_units, kind)]
    moving = [one.seen_at for kind, one in wanted if not _is_through(facts, kind, one)]
    return bool(moving) and not draft.is_late(max(moving), WAITED_FOR)


def _to_tell(facts: ReturnFacts, units: Sequence[UnitFacts], kind: str) -> Iterator[Told]:
    """Every judgement that the policy has a word for, whether or not Loop knows it already."""
    words: Mapping[str, str] = facts.policy.grades if kind == GRADE else facts.policy.assessments
    for unit in units if words and _may_tell(facts) else ():
        seen_as = _seen_as(facts, unit, words)
        if seen_as in words and unit.inspected_at and unit.was_seen and not unit.removed:
            suffix = f":{WRONG_ITEM}" if seen_as == WRONG_ITEM else ""
            cover = f"seen:{unit.unit}:{unit.inspection_id}{suffix}"
            yield Told(unit.unit, str(words[seen_as]), unit.inspected_at, cover, words_on(facts, unit))


def words_on(facts: ReturnFacts, unit: UnitFacts) -> str:
    """What the inspector wrote of the unit, and of what lay in its place."""
    return ". ".join(filter(None, [unit.note, *(one.note for one in facts.found if one.in_place_of == unit.unit)]))


def _may_tell(facts: ReturnFacts) -> bool:
    """Of a return that Loop has, and that is not over there, unless the policy says that Loop takes that too."""
    if facts.loop.created_at < facts.start_from or facts.loop.missing_since or facts.loop.state == "unknown":
        return False
    return facts.policy.grades_when_ended or facts.loop.state in LIVE_STATES


def _seen_as(facts: ReturnFacts, unit: UnitFacts, words: Mapping[str, str]) -> str:
    is_swapped = not unit.is_accepted and any(one.in_place_of == unit.unit for one in facts.found)
    return WRONG_ITEM if is_swapped and WRONG_ITEM in words else unit.outcome


def _is_through(facts: ReturnFacts, kind: str, told: Told) -> bool:
    """Loop knows it, has refused it, or a person has cancelled it."""
    about = [one for one in facts.postings if one.kind == kind and told.cover in one.covers]
    return any(one.status in ("posted", "rejected") or _is_cancelled(facts, one) for one in about)


def _is_cancelled(facts: ReturnFacts, posting: PostingFacts) -> bool:
    return facts.override("cancel", posting.external_id) is not None


def _batches(facts: ReturnFacts, kind: str, told: Sequence[Told]) -> Iterator[Sequence[Told]]:
    """What was refused or cancelled stays with what it went with: nothing that was judged later waits for it."""
    by_fate: dict[str, list[Told]] = {}
    for one in told:
        by_fate.setdefault(_stuck_in(facts, kind, one), []).append(one)
    for some in by_fate.values():
        for start in range(0, len(some), AT_ONCE_MAX):
            yield some[start : start + AT_ONCE_MAX]


def _stuck_in(facts: ReturnFacts, kind: str, told: Told) -> str:
    """The posting about it that Loop refused or a person cancelled; empty: there is none."""
    about = (one for one in facts.postings if one.kind == kind and told.cover in one.covers)
    return next((one.external_id for one in about if one.status == "rejected" or _is_cancelled(facts, one)), "")


def _due(facts: ReturnFacts, kind: str, told: Sequence[Told]) -> PostingDue:
    """In a queue of its own: an answer to it that is long in coming keeps no settlement back."""
    items = [
        {"unit": one.unit, "word": one.word, "inspected_at": one.seen_at.isoformat()}
        | ({"note": one.note} if one.note else {})
        for one in told
    ]
    return PostingDue(
        kind=kind,
        system="loop",
        request={"operation": OPERATIONS[kind], "return_id": facts.loop.loop_id, "items": items},
        covers=frozenset(one.cover for one in told),
        serial_key=f"loop:{facts.shop_code}:{facts.loop.loop_id}:told",
    )


def _words_of(kinds: Sequence[str]) -> str:
    counts = {"graded": kinds.count(GRADE), "assessed": kinds.count(ASSESS)}
    return ", ".join(f"{count} {done}" for done, count in counts.items() if count)

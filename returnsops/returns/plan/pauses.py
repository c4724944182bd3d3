"""What stands still: the steps behind it wait, and a cause that a refusal told is one case for all of them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from returnsops.returns.facts import PauseFacts, PostingFacts, ReturnFacts
from returnsops.returns.plan.draft import Draft, PostingDue, StepState
from returnsops.returns.plan.hinges import own_date
from returnsops.returns.plan.kinds import words_of
from returnsops.returns.problems import Problem

# Of a pause that a refusal made: what waits for it, beside what happened.
WHAT_WAITS = {
    "period_closed": "Every document dated in it waits.",
    "right_missing": "Every document of this kind waits.",
    "feature_off": "Every document of this kind waits.",
    "flow_stopped": "All documents of this flow wait, before there are more.",
}


def note_pauses(draft: Draft) -> None:
    """Call it last: it looks at all postings the plan wants, with what each hinges on."""
    for due in draft.postings:
        for pause in _pauses_of(draft.facts, due):
            _hold_step(draft, due, pause)
            if not pause.by:
                draft.problem(_problem_of(draft, due, pause))


def _pauses_of(facts: ReturnFacts, due: PostingDue) -> list[PauseFacts]:
    """Those of causes last, since theirs are the words a person has to act on."""
    found = [pause for pause in facts.pauses if pause.key in due.hinges_on]
    return sorted(found, key=lambda pause: (not pause.by, pause.key))


def _hold_step(draft: Draft, due: PostingDue, pause: PauseFacts) -> None:
    words = f"paused by {pause.by}: {pause.reason}" if pause.by else f"waits: {_start_small(pause.reason)}"
    draft.hold_step(due.kind, StepState.WAITING if pause.by else StepState.BLOCKED, words)
    if pause.key.startswith("period:") and not own_date(due.request):
        draft.moments.append(_next_month(draft.facts))  # then it is booked in another period


def _problem_of(draft: Draft, due: PostingDue, pause: PauseFacts) -> Problem:
    facts = draft.facts
    posting = _standing(facts, due)
    if posting is None:
        draft.moments.append(facts.now)  # it gets its external id only now: say so in the next plan
    return Problem(
        pause.code,
        pause.key,
        f"{pause.reason} {WHAT_WAITS[pause.code]}",
        amount=facts.loop.return_total,
        posting=posting.external_id if posting else "",
        words=pause.words,
        detail=(("Waits", words_of(due.kind)), ("Dated", own_date(due.request))),
    )


def _standing(facts: ReturnFacts, due: PostingDue) -> PostingFacts | None:
    """The posting in the outbox that is meant by what the plan wants."""
    return next(
        (one for one in facts.postings if one.kind == due.kind and one.can_change and one.covers & due.covers), None
    )


def _next_month(facts: ReturnFacts) -> datetime:
    zone = ZoneInfo(facts.account_time_zone)
    first = facts.now.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    later = (first + timedelta(days=32)).replace(day=1)
    return later.astimezone(facts.now.tzinfo)


def _start_small(sentence: str) -> str:
    """In the middle of a line; names like NetSuite keep their capital."""
    first = sentence.split(" ", 1)[0]
    small = first.lower() if first in ("The",) else first
    return sentence.replace(first, small, 1).rstrip(".")

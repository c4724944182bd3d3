"""What a person cancelled before it was sent is not sent, whatever it would hold by now, until a person lets it go."""

from returnsops.lib.money import ZERO
from returnsops.returns.facts import PostingFacts, ReturnFacts
from returnsops.returns.plan.draft import Draft, PostingDue, StepState
from returnsops.returns.plan.kinds import POSTING_KINDS, words_of
from returnsops.returns.problems import Problem


def hold_cancelled(draft: Draft) -> None:
    """Call it when all postings are on the sheet."""
    held = [(due, found) for due in draft.postings if (found := _cancelled(draft.facts, due))]
    for due, _ in held:
        draft.postings.remove(due)
    noted = []
    for due, posting in held:
        if draft.problem(_problem(draft.facts, posting)):
            draft.hold_step(due.kind, StepState.BLOCKED, f"cancelled: {_reason_of(draft.facts, posting)}")
        else:
            noted.append(due)
    for due in noted:
        if not any(POSTING_KINDS[one.kind].step == POSTING_KINDS[due.kind].step for one in draft.postings):
            draft.hold_step(due.kind, StepState.NOT_NEEDED, "cancelled, as a person noted")


def _cancelled(facts: ReturnFacts, due: PostingDue) -> PostingFacts | None:
    """By what it covers: a later document for the same units or money is the same decision, by whichever kind."""
    same = (one for one in facts.postings if _is_one_decision(one.kind, due.kind) and one.covers & due.covers)
    return next((one for one in same if facts.override("cancel", one.external_id) is not None), None)


def _is_one_decision(kind: str, other: str) -> bool:
    decides = POSTING_KINDS[kind].decides
    return kind == other or (bool(decides) and decides == POSTING_KINDS[other].decides)


def _reason_of(facts: ReturnFacts, posting: PostingFacts) -> str:
    return str(facts.override("cancel", posting.external_id))


def _problem(facts: ReturnFacts, posting: PostingFacts) -> Problem:
    """What only tells Loop something may stay untold for good, so a person can note that and be done with it."""
    only_tells = POSTING_KINDS[posting.kind].only_tells
    return Problem(
        "remark_cancelled" if only_tells else "posting_cancelled",
        f"posting:{posting.external_id}",
        f"The {words_of(posting.kind)} of return {facts.loop.loop_id} was cancelled before it was sent: "
        f"{_reason_of(facts, posting)}",
        amount=ZERO if only_tells else facts.loop.return_total,
        posting=posting.external_id,
    )

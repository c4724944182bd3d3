"""What a shop's rules trust is told where a person would take it for compared (policy `read_back`)."""

from dataclasses import replace

from returnsops.returns.facts import ReturnFacts
from returnsops.returns.plan.draft import Step, StepState

WORDS = "trusted, not read back"


def tell_trust(facts: ReturnFacts, step: Step) -> Step:
    """The step as it is, and which of its documents nobody compared with what was sent."""
    trusted = {one.their_id for one in facts.postings if one.trusted and one.status == "posted"}
    unread = trusted & set(step.records)
    if step.state != StepState.DONE or not unread:
        return step
    is_all = len(unread) == len(step.records)
    words = WORDS if is_all else f"{len(unread)} of {len(step.records)} documents {WORDS}"
    return replace(step, detail=f"{step.detail}; {words}" if step.detail else words)

"""A part of settling: hand a return over to the people in Loop, by a note and then a flag, once and never again.

A flag takes no reason, so the note comes first. A person there who is done with it opens the return again; were it
flagged anew, both would go round for ever. Source: loop.md §2.5, §2.6, §7.14.
"""

from textwrap import shorten

from returnsops.returns.facts import ReturnFacts
from returnsops.returns.plan.draft import Draft, PostingDue, StepState
from returnsops.returns.plan.telling import is_being_told, words_on

NOTE_CHARS_MAX = 250  # loop.md §2.6: fewer than 255
ASKED = "Loop cannot remove exchange lines: please edit and settle by hand."


def hand_over(draft: Draft) -> None:
    """Units of an exchange were not accepted: Loop cannot take them out, so a person settles the return there."""
    facts = draft.facts
    if not facts.taken("loop_note"):
        draft.post(_due(facts, kind="loop_note", operation="note", content=_note_text(facts)))
    elif _may_flag(facts) and not is_being_told(draft):
        draft.post(_due(facts, kind="loop_flag", operation="flag"))
    is_told = facts.posted("loop_note") and (facts.posted("loop_flag") or facts.loop.state == "review")
    words = "a person settles it in Loop" + ("; a note there says why" if is_told else "; a note and a flag go there")
    draft.step("settle", StepState.BLOCKED, words)


def _may_flag(facts: ReturnFacts) -> bool:
    """Once, and not what is in review already."""
    return bool(facts.posted("loop_note")) and not facts.taken("loop_flag") and facts.loop.state != "review"


def _note_text(facts: ReturnFacts) -> str:
    """What is asked of them stands first, the inspector's words last: what does not fit is cut from the end."""
    refused = facts.unaccepted_units
    units = ", ".join(f"{unit.sku} ({unit.outcome})" for unit in refused)
    notes = "; ".join(f"{unit.sku}: {words}" for unit in refused if (words := words_on(facts, unit)))
    text = f"{ASKED} Not accepted by the warehouse: {units}. {notes}"
    return shorten(text, NOTE_CHARS_MAX, placeholder="…", break_on_hyphens=False)


def _due(facts: ReturnFacts, *, kind: str, operation: str, content: str = "") -> PostingDue:
    request = {"operation": operation, "return_id": facts.loop.loop_id} | ({"content": content} if content else {})
    return PostingDue(
        kind=kind,
        system="loop",
        request=request,
        covers=frozenset({f"part:{operation}:{facts.loop.loop_id}"}),
        serial_key=f"loop:{facts.shop_code}:{facts.loop.loop_id}",
    )

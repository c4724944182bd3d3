"""What a person undid in NetSuite stays undone, unless a person says: post it again. And what they chose to adopt."""

from dataclasses import replace

from returnsops.returns.facts import PostingFacts, ReturnFacts

AS_NOTED = "deleted in NetSuite, as a person noted"
UNDONE = "undone"  # in place of «posted»: it stands for nothing any more


def is_gone(facts: ReturnFacts, posting: PostingFacts) -> bool:
    """Our mirror knows the record, and it was deleted or voided."""
    return any(one.internal_id == posting.their_id and (one.gone or one.is_voided) for one in facts.records)


def is_given_up(facts: ReturnFacts, posting: PostingFacts) -> bool:
    """It was deleted or voided, and a person noted that it stays so."""
    noted = facts.is_acknowledged("record_gone", f"posting:{posting.external_id}")
    return noted and posting.status == "posted" and is_gone(facts, posting)


def given_up(facts: ReturnFacts, *kinds: str) -> tuple[PostingFacts, ...]:
    return tuple(one for one in facts.postings if one.kind in kinds and is_given_up(facts, one))


def leave_out_undone(facts: ReturnFacts) -> ReturnFacts:
    """The same facts, in which what was deleted and is wanted again takes and covers nothing."""
    if not any(one.kind == "post_again" for one in facts.overrides):
        return facts
    postings = tuple(replace(one, status=UNDONE) if _is_undone(facts, one) else one for one in facts.postings)
    return replace(facts, postings=postings)


def _is_undone(facts: ReturnFacts, posting: PostingFacts) -> bool:
    wanted_again = facts.override("post_again", posting.external_id) == posting.their_id
    return posting.status == "posted" and wanted_again and is_gone(facts, posting)


def replaced_by(facts: ReturnFacts, kind: str, covers: frozenset[str]) -> tuple[str, ...]:
    """External ids of what a posting of this kind comes in the place of."""
    undone = [one for one in facts.postings if one.kind == kind and one.status == UNDONE and one.covers & covers]
    return tuple(one.external_id for one in undone)


def chosen_record(facts: ReturnFacts, kind: str, covers: frozenset[str]) -> str:
    """The record that a person said to take in the place of such a posting; empty if none."""
    for one in facts.postings:
        if one.kind == kind and one.status in ("pending", "rejected") and one.covers & covers:
            choice = facts.override("adopt", one.external_id)
            if choice:
                return choice
    return ""


def came_back(facts: ReturnFacts, posting: PostingFacts) -> PostingFacts | None:
    """The successor of a posting whose record was said to be deleted, and shows again beside it."""
    if facts.override("post_again", posting.external_id) is None or posting.status != "posted":
        return None
    successors = [one for one in facts.postings if one.kind == posting.kind and one.number > posting.number]
    return next((one for one in successors if one.is_taken and one.covers & posting.covers), None)

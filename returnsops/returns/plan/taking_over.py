"""A return that another system had brought to its end before ReturnsOps was to write its records (requirement C09).

Its documents differ from ours in what does not matter any more, such as the location of a line, so no look would adopt
them. If everything adds up, nothing is left to do.
"""

from collections.abc import Iterable
from dataclasses import replace

from returnsops.returns.facts import PostingFacts, RecordFacts, ReturnFacts
from returnsops.returns.plan.authorization import REFUNDED
from returnsops.returns.plan.draft import Draft
from returnsops.returns.plan.kinds import POSTING_KINDS
from returnsops.returns.plan.matching import Sale
from returnsops.returns.plan.sale import find_sale
from returnsops.returns.plan.standing_in import alike_authorizations, alike_siblings, find_their_authorization
from returnsops.returns.policy import RECORD_KINDS, Ownership


def left_to_others(facts: ReturnFacts) -> ReturnFacts | None:
    """The same facts under rules that only watch; None where ReturnsOps has begun, or nobody else seems to have ended.

    Whether it all adds up the plan of these facts tells.
    """
    if has_begun(facts.postings) or not facts.loop.settled_at or not facts.records_read or not _writes_any(facts):
        return None
    facts = facts.in_order()
    sale = find_sale(Draft(facts))
    rma = find_their_authorization(facts, sale) if sale else None
    if sale is None or rma is None or not _is_surely_of_this(facts, rma, sale) or not _is_ended(facts, rma):
        return None
    written = [kind for kind in RECORD_KINDS if facts.policy.writes(kind)]
    watched = facts.policy.ownership | dict.fromkeys(written, Ownership.OBSERVE)
    return replace(facts, policy=replace(facts.policy, ownership=watched))


def has_begun(postings: Iterable[PostingFacts]) -> bool:
    """Whether ReturnsOps made anything of the return, or may have; what only tells Loop something makes nothing."""
    return any(one.is_taken and not POSTING_KINDS[one.kind].only_tells for one in postings)


def _writes_any(facts: ReturnFacts) -> bool:
    return any(facts.policy.writes(kind) for kind in RECORD_KINDS)


def _is_surely_of_this(facts: ReturnFacts, rma: RecordFacts, sale: Sale) -> bool:
    """It names the return; or it holds exactly its units, and there is one like it for each return of the order that
    asks for these."""
    if rma.names(facts.loop.loop_id):
        return True
    alike = alike_authorizations(facts, sale)
    return rma in alike and len(alike) == 1 + len(alike_siblings(facts))


def _is_ended(facts: ReturnFacts, rma: RecordFacts) -> bool:
    credits = facts.records_of("creditMemo", "cashRefund")
    return rma.status == REFUNDED and any(one.created_from_id == rma.internal_id for one in credits)

"""What the Item Receipts of a return hold, by line of its Return Authorization, whoever was to have the units."""

from collections import Counter

from returnsops.returns.facts import PostingFacts, ReturnFacts
from returnsops.returns.plan.undone import is_gone


def held_by_receipts(facts: ReturnFacts) -> Counter[str]:
    """Of ours that stand."""
    held: Counter[str] = Counter()
    for posting in facts.postings:
        is_ours = posting.kind == "receipt" and not posting.is_theirs
        if is_ours and posting.status == "posted" and not is_gone(facts, posting):
            held.update(_held_by(facts, posting))
    return held


def _held_by(facts: ReturnFacts, receipt: PostingFacts) -> Counter[str]:
    """As NetSuite shows it; before it is read, as it was sent."""
    record = facts.record(receipt.their_id)
    rows = receipt.body.get("item", {}).get("items", [])
    found: Counter[str] = Counter()
    for line in record.lines if record else ():
        found[line.order_line] += line.quantity
    for row in rows if record is None else ():
        found[str(row["orderLine"])] += row.get("quantity", 0)
    return found

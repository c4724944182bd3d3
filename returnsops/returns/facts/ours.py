"""What only we know: our postings, what people decided, what stands still, what other returns of the order take."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from returnsops.lib.canonical import content_hash
from returnsops.lib.money import add_up

MARK_CHARS = 8
IN_FLIGHT_OR_DONE = frozenset({"sending", "uncertain", "posted"})


@dataclass(frozen=True)
class PostingFacts:
    external_id: str
    kind: str
    number: int
    status: str
    their_id: str
    covers: frozenset[str]
    request: dict[str, object]
    refusal: dict[str, object] | None = None
    differences: tuple[str, ...] = ()
    posted_at: datetime | None = None
    uncertain_since: datetime | None = None
    read_back: bool = True  # the mirror shows what it did
    trusted: bool = False  # by the shop's rules: it was not compared with what was sent

    @property
    def is_theirs(self) -> bool:
        """No posting of ours: a record of another system that stands in for one, by policy."""
        return not self.external_id

    @property
    def mark(self) -> str:
        """Tells what differed once from what differs now."""
        return content_hash(self.differences)[:MARK_CHARS]

    @property
    def can_change(self) -> bool:
        """Surely nothing of it is over there."""
        return self.status in ("pending", "rejected") and self.uncertain_since is None

    @property
    def body(self) -> dict[str, Any]:
        """Of the document that was sent; an action in Loop has none."""
        body = self.request.get("body")
        return body if isinstance(body, dict) else {}

    @property
    def applied(self) -> Decimal:
        """What it was to use of other documents."""
        return add_up(Decimal(row["amount"]) for row in self.body["apply"]["items"])

    @property
    def is_taken(self) -> bool:
        """What it covers may be over there already, so no other posting may cover it."""
        return self.status in IN_FLIGHT_OR_DONE


@dataclass(frozen=True)
class OverrideFacts:
    kind: str
    subject: str
    value: str
    author: int
    said_at: datetime | None = None  # None: it holds for whatever came


@dataclass(frozen=True)
class ApprovalFacts:
    subject: str
    seen_hash: str


@dataclass(frozen=True)
class PauseFacts:
    """Something that stands still (`returnsops.posting.pauses`). by: who stopped it; empty: a refusal did."""

    key: str
    code: str
    reason: str
    by: str = ""
    words: str = ""
    probe: str = ""  # external id of the posting that may go first


@dataclass(frozen=True)
class ClaimFacts:
    """Units of a bill's line that another return of the same order is about to take, not to be seen in NetSuite yet."""

    source_id: str
    line: str
    quantity: int


@dataclass(frozen=True)
class SiblingFacts:
    """Another return of the same order. units: lines of the shop's order, or SKUs, one a unit.

    Without any it has ended: then only what names it is its own.
    """

    loop_id: str
    is_earlier: bool
    units: tuple[str, ...]

"""What is true of one return: the only thing `plan_return` looks at.

Amounts are Decimal in `ReturnFacts.currency`, quantities whole units, times aware UTC, ids text.
`returnsops.posting.facts` loads them; nothing here touches the database.

The shapes lie beside this file, by who tells them. All are imported from here: a chapter of the plan takes several at
once, and must not care who told them.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from returnsops.returns.facts.goods import (
    ACCEPTED,
    HOLD,
    RECEIVED,
    SCRAPPED,
    SELLABLE,
    ExchangeFacts,
    FoundFacts,
    UnitFacts,
)
from returnsops.returns.facts.loop import LoopFacts, RefundFacts
from returnsops.returns.facts.netsuite import CANCELLED, VOIDED, KitFacts, LineFacts, MemberFacts, RecordFacts
from returnsops.returns.facts.ours import (
    IN_FLIGHT_OR_DONE,
    ApprovalFacts,
    ClaimFacts,
    OverrideFacts,
    PauseFacts,
    PostingFacts,
    SiblingFacts,
)
from returnsops.returns.policy import Policy

__all__ = [
    "ACCEPTED",
    "CANCELLED",
    "HOLD",
    "IN_FLIGHT_OR_DONE",
    "RECEIVED",
    "SCRAPPED",
    "SELLABLE",
    "VOIDED",
    "ApprovalFacts",
    "ClaimFacts",
    "ExchangeFacts",
    "FoundFacts",
    "KitFacts",
    "LineFacts",
    "LoopFacts",
    "MemberFacts",
    "OverrideFacts",
    "PauseFacts",
    "PostingFacts",
    "RecordFacts",
    "RefundFacts",
    "ReturnFacts",
    "SiblingFacts",
    "UnitFacts",
]


@dataclass(frozen=True)
class ReturnFacts:
    now: datetime
    shop_code: str
    currency: str  # of this return
    account_id: str
    account_time_zone: str
    refund_apply_line: int
    start_from: datetime
    policy: Policy
    loop: LoopFacts
    units: tuple[UnitFacts, ...]
    found: tuple[FoundFacts, ...] = ()
    exchanges: tuple[ExchangeFacts, ...] = ()
    records: tuple[RecordFacts, ...] = ()
    records_read: bool = False  # NetSuite has been asked since the return was first seen
    arrived_at: datetime | None = None  # first scan at our own dock
    postings: tuple[PostingFacts, ...] = ()
    overrides: tuple[OverrideFacts, ...] = ()
    approvals: tuple[ApprovalFacts, ...] = ()
    claims: tuple[ClaimFacts, ...] = ()
    pauses: tuple[PauseFacts, ...] = ()
    kits: tuple[KitFacts, ...] = ()  # among the items of units and found goods, and on sales that name other items
    siblings: tuple[SiblingFacts, ...] = ()  # known where another system's records have to be told apart
    deadline_scale: float = 1.0  # on every deadline of the policy, for demos and tests
    shop_currency: str = ""  # of the limits in the policy; empty: the same

    def in_order(self) -> "ReturnFacts":
        """The same facts in one order, so that how they were loaded cannot change a plan."""
        records = sorted(self.records, key=lambda one: _as_number(one.internal_id))
        return replace(
            self,
            units=tuple(sorted(self.units, key=lambda one: _as_number(one.unit))),
            found=tuple(sorted(self.found, key=lambda one: _as_number(one.found))),
            exchanges=tuple(sorted(self.exchanges, key=lambda one: _as_number(one.exchange_id))),
            records=tuple(replace(one, lines=_lines_in_order(one)) for one in records),
            postings=tuple(sorted(self.postings, key=lambda one: (one.kind, one.number))),
            overrides=tuple(sorted(self.overrides, key=lambda one: (one.kind, one.subject))),
            approvals=tuple(sorted(self.approvals, key=lambda one: (one.subject, one.seen_hash))),
            claims=tuple(sorted(self.claims, key=lambda one: (one.source_id, one.line, one.quantity))),
            pauses=tuple(sorted(self.pauses, key=lambda one: one.key)),
            kits=tuple(sorted((_members_in_order(one) for one in self.kits), key=lambda one: _as_number(one.item_id))),
            siblings=tuple(sorted(self.siblings, key=lambda one: one.loop_id)),
        )

    def date_of(self, moment: datetime) -> date:
        """The calendar day at the account: a document dated in UTC can land in a closed period at month end."""
        return moment.astimezone(ZoneInfo(self.account_time_zone)).date()

    @property
    def live_units(self) -> tuple[UnitFacts, ...]:
        return tuple(unit for unit in self.units if not unit.removed)

    @property
    def accepted_units(self) -> tuple[UnitFacts, ...]:
        return tuple(unit for unit in self.live_units if unit.is_accepted)

    @property
    def is_kept(self) -> bool:
        """The customer keeps all of it: nothing is to come, so nothing is authorised or received."""
        if not self.live_units or any(unit.outcome for unit in self.live_units):
            return False
        return self.is_noted_as_kept or all(unit.is_kept for unit in self.live_units)

    @property
    def is_noted_as_kept(self) -> bool:
        """A person said that no parcel is to come."""
        return self.is_acknowledged("no_parcel", f"return:{self.loop.loop_id}")

    @property
    def credited_units(self) -> tuple[UnitFacts, ...]:
        return (*self.accepted_units, *self.kept_units)

    @property
    def kept_units(self) -> tuple[UnitFacts, ...]:
        """Credited without coming: all of them, or those beside units that come."""
        return self.live_units if self.is_kept else tuple(unit for unit in self.live_units if unit.stays_kept)

    @property
    def unaccepted_units(self) -> tuple[UnitFacts, ...]:
        """Judged and not taken: refused or missing. A unit Loop removed at our word still counts here."""
        return tuple(unit for unit in self.units if unit.outcome and not unit.is_accepted)

    @property
    def is_here(self) -> bool:
        """The warehouse has it: scanned at the dock, or a unit of it was judged, or something else lay in it."""
        return self.arrived_at is not None or bool(self.found) or any(unit.was_seen for unit in self.units)

    @property
    def all_judged(self) -> bool:
        """Something was to come, and all of that was judged."""
        return not self.is_kept and bool(self.live_units) and not any(unit.is_awaited for unit in self.live_units)

    @property
    def is_instant(self) -> bool:
        """The exchange order exists before anything came back, so nobody can ask Loop to wait (loop.md §7.8)."""
        has_order = any(one.order_id or one.order_name for one in self.exchanges)
        return bool(self.exchanges) and (self.loop.before_inspection or (has_order and self.loop.settled_at is None))

    def posted(self, kind: str) -> PostingFacts | None:
        """The posting of this kind that is over there, if any."""
        return next((one for one in self.postings if one.kind == kind and one.status == "posted"), None)

    def taken(self, kind: str) -> PostingFacts | None:
        return next((one for one in self.postings if one.kind == kind and one.is_taken), None)

    def taken_covers(self, kind: str) -> frozenset[str]:
        covers: set[str] = set()
        for posting in self.postings:
            if posting.kind == kind and posting.is_taken:
                covers |= posting.covers
        return frozenset(covers)

    def posted_covers(self, kind: str) -> frozenset[str]:
        covers: set[str] = set()
        for posting in self.postings:
            if posting.kind == kind and posting.status == "posted":
                covers |= posting.covers
        return frozenset(covers)

    @property
    def live_siblings(self) -> tuple[SiblingFacts, ...]:
        """Other returns of the order that some record of another system may be for."""
        return tuple(one for one in self.siblings if one.units)

    @property
    def credit_memo(self) -> RecordFacts | None:
        """The Credit Memo of this return as NetSuite shows it; None: not posted, or not read yet."""
        credit = self.posted("credit")
        return self.record(credit.their_id) if credit else None

    def record(self, internal_id: str) -> RecordFacts | None:
        return next((one for one in self.records if one.internal_id == internal_id and not one.gone), None)

    def kit(self, item_id: str) -> KitFacts | None:
        return next((one for one in self.kits if one.item_id == item_id), None)

    def records_of(self, *record_types: str) -> tuple[RecordFacts, ...]:
        return tuple(one for one in self.records if one.record_type in record_types and not one.gone)

    def override(self, kind: str, *subjects: str) -> str | None:
        """The standing override of the first of these subjects that has one."""
        for subject in subjects:
            for one in self.overrides:
                if one.kind == kind and one.subject == subject:
                    return one.value
        return None

    def corrected_date(self, kind: str, *, came_at: datetime) -> str | None:
        """The date that a person gave to documents of this kind; it says nothing of goods that came after that."""
        for one in self.overrides:
            is_of_goods = one.said_at is None or came_at <= one.said_at
            if one.kind == "tran_date" and one.subject in (kind, "all") and is_of_goods:
                return one.value
        return None

    def is_acknowledged(self, code: str, subject: str) -> bool:
        """Has a person noted this problem, so that it needs nothing more?"""
        return self.override("acknowledge", f"{code} {subject}") is not None

    def is_approved(self, subject: str, seen_hash: str) -> bool:
        return ApprovalFacts(subject, seen_hash) in self.approvals


def _lines_in_order(record: RecordFacts) -> tuple[LineFacts, ...]:
    return tuple(sorted(record.lines, key=lambda one: _as_number(one.line)))


def _members_in_order(kit: KitFacts) -> KitFacts:
    return replace(kit, members=tuple(sorted(kit.members, key=lambda one: _as_number(one.item_id))))


def _as_number(text: str) -> tuple[int, str]:
    """Ids are text; shorter ones come first, as their numbers would."""
    return (len(text), text)

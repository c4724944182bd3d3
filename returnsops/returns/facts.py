"""What is true of one return: the only thing `plan_return` looks at.

Amounts are Decimal in `ReturnFacts.currency`, quantities whole units, times aware UTC, ids text.
`returnsops.posting.facts` loads them; nothing here touches the database.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from returnsops.lib.canonical import content_hash
from returnsops.lib.money import ZERO
from returnsops.returns.policy import Policy

RECEIVED = "received"  # by another system, which makes the receipts; nobody judged it here
SELLABLE, HOLD, SCRAPPED = "sellable", "hold", "scrapped"
ACCEPTED = frozenset({"sellable", "damaged", HOLD, SCRAPPED, RECEIVED})
IN_FLIGHT_OR_DONE = frozenset({"sending", "uncertain", "posted"})


@dataclass(frozen=True)
class UnitFacts:
    """One returned unit with Loop's amounts and what the warehouse saw."""

    unit: str
    provider_line: str
    sku: str
    title: str
    item_id: str  # NetSuite item; empty: the SKU has no mapping
    price: Decimal
    discount: Decimal
    tax: Decimal
    refund: Decimal
    refund_item: Decimal | None  # None: Loop does not split the refund
    refund_tax: Decimal | None
    removed: bool = False
    outcome: str = ""  # sellable, damaged, hold, scrapped, refused, missing, received; empty: nobody has judged it
    inspected_at: datetime | None = None
    inspection_id: int | None = None
    restocked_at: datetime | None = None  # Loop says that it put it back into the shop's stock
    is_exempt: bool = False  # sellable because of that, by exemption; set by the plan alone
    is_kept: bool = False  # Loop says that the customer keeps it (policy `kept_items`)

    @property
    def worth(self) -> Decimal:
        """What the customer paid for it without tax."""
        return self.price - self.discount

    @property
    def is_accepted(self) -> bool:
        return self.outcome in ACCEPTED

    @property
    def cover(self) -> str:
        return f"unit:{self.unit}"

    @property
    def was_seen(self) -> bool:
        """A person judged it."""
        return bool(self.outcome) and not self.is_exempt

    @property
    def exempt_cover(self) -> str:
        """Beside its own on a receipt that made it sellable uninspected: so these are counted apart."""
        return f"exempt:{self.unit}"


@dataclass(frozen=True)
class FoundFacts:
    """Goods in the parcel that are not on the return. in_place_of: the unit that should have lain there."""

    found: str
    sku: str
    item_id: str  # NetSuite item; empty: the SKU has no mapping
    count: int
    found_at: datetime
    in_place_of: str = ""

    @property
    def subject(self) -> str:
        return f"found:{self.found}"

    @property
    def cover(self) -> str:
        return self.subject


@dataclass(frozen=True)
class MemberFacts:
    """What of a kit there is one or more of in each. keeps_stock: NetSuite counts it; a service it does not."""

    item_id: str
    sku: str
    quantity: int
    keeps_stock: bool = True


@dataclass(frozen=True)
class KitFacts:
    """An item that is sold as one and kept in stock as its members (netsuite.md §4.2). None: nobody told which."""

    item_id: str
    sku: str
    members: tuple[MemberFacts, ...] = ()

    @property
    def words(self) -> str:
        """What one is made of; empty if nobody told."""
        return ", ".join(f"{one.quantity} × {one.sku}" for one in self.members)

    def holds(self, item_id: str) -> bool:
        return any(one.item_id == item_id for one in self.members)


@dataclass(frozen=True)
class ExchangeFacts:
    """One replacement. `total` is with `tax`, after discount."""

    exchange_id: str
    sku: str
    title: str
    item_id: str
    price: Decimal
    total: Decimal
    order_id: str
    order_name: str
    tax: Decimal = ZERO
    out_of_stock: bool = False
    item_inactive: bool = False
    keeps_stock: bool = True  # False: a service, a kit, a thing that NetSuite counts no stock of
    available: int | None = None  # how many NetSuite can sell; None: not asked, or too long ago

    @property
    def ordered_as(self) -> str:
        """What Loop calls its order for it; empty until there is one."""
        return self.order_name or self.order_id

    @property
    def cover(self) -> str:
        return f"exchange:{self.exchange_id}"


@dataclass(frozen=True)
class RefundFacts:
    gateway: str
    amount: Decimal
    currency: str = ""  # empty: not told


@dataclass(frozen=True)
class LoopFacts:
    """The return as Loop shows it. `settled_at`: when its outcomes ran, by the evidence of loop.md §7.1."""

    loop_id: str
    state: str
    outcome: str
    order_name: str
    provider_order_id: str
    created_at: datetime
    updated_at: datetime
    return_total: Decimal
    exchange_credit: Decimal
    upsell: Decimal
    refund: Decimal
    gift_card: Decimal
    fee: Decimal
    refund_shipping: Decimal = ZERO  # inside `refund`, on top of the units
    refund_shipping_tax: Decimal = ZERO
    refund_duties: Decimal = ZERO
    label_status: str = ""
    destination: str = ""  # Loop's id of the place it was sent to
    scanned_at: datetime | None = None  # when the carrier last told that the parcel moves
    before_inspection: bool = False  # Loop said so: its outcomes do not wait for the parcel
    had_label: bool = True  # False: no parcel was ever to come, as far as Loop shows
    approved_at: datetime | None = None  # the first moment not in review; None: not yet, or nothing hangs on it
    parcels: int = 0  # as many labels as Loop names; 0: it names none
    delivered_at: datetime | None = None
    settled_at: datetime | None = None
    missing_since: datetime | None = None  # Loop says that it has no such return
    refunds: tuple[RefundFacts, ...] = ()
    untold: tuple[str, ...] = ()  # amounts that Loop did not tell, by its own names; they stand as zero above


@dataclass(frozen=True)
class LineFacts:
    line: str
    order_line: str
    item_id: str
    item_name: str
    quantity: int
    rate: Decimal
    amount: Decimal
    tax_amount: Decimal
    location_id: str = ""
    is_closed: bool = False
    received: int = 0
    billed: int = 0
    reference: str = ""


@dataclass(frozen=True)
class RecordFacts:
    """A NetSuite transaction as mirrored."""

    internal_id: str
    record_type: str
    tran_id: str
    external_id: str
    status: str
    status_label: str
    created_from_id: str
    entity_id: str
    other_ref_num: str
    total: Decimal
    amount_remaining: Decimal
    ours: bool
    gone: bool = False
    currency: str = ""  # NetSuite's name of it; empty: not told
    account_id: str = ""  # on which it is booked, where the record tells
    link: str = ""  # of an order: what the policy's field for the original order shows (`exchange_link_field`)
    ship_to: str = ""  # the entry of the customer's address book that it goes to; empty: none, or not told
    lines: tuple[LineFacts, ...] = ()
    pays: tuple[tuple[str, Decimal], ...] = ()  # of a Customer Refund: credits by id, and what it pays of each


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
    def can_change(self) -> bool:
        """Surely nothing of it is over there."""
        return self.status in ("pending", "rejected") and self.uncertain_since is None

    @property
    def body(self) -> dict[str, Any]:
        """Of the document that was sent; an action in Loop has none."""
        body = self.request.get("body")
        return body if isinstance(body, dict) else {}

    @property
    def is_taken(self) -> bool:
        """What it covers may be over there already, so no other posting may cover it."""
        return self.status in IN_FLIGHT_OR_DONE


@dataclass(frozen=True)
class ClaimFacts:
    """Units of a bill's line that another return of the same order is about to take, not to be seen in NetSuite yet."""

    source_id: str
    line: str
    quantity: int


@dataclass(frozen=True)
class SiblingFacts:
    """Another return of the same order that has not ended. units: lines of the shop's order, or SKUs, one a unit."""

    loop_id: str
    is_earlier: bool
    units: tuple[str, ...]


@dataclass(frozen=True)
class OverrideFacts:
    kind: str
    subject: str
    value: str
    author: int


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

    def hash_without_now(self) -> str:
        """Without pauses too: they are facts of the account and keep their own history."""
        return content_hash(replace(self, now=self.loop.created_at, pauses=()))

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
        noted = self.is_acknowledged("no_parcel", f"return:{self.loop.loop_id}")
        return noted or all(unit.is_kept for unit in self.live_units)

    @property
    def credited_units(self) -> tuple[UnitFacts, ...]:
        return self.live_units if self.is_kept else self.accepted_units

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
        return bool(self.live_units) and all(unit.outcome for unit in self.live_units)

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

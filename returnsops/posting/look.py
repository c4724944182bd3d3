"""Look before post: what of a posting is in NetSuite already, made by us or by somebody else (netsuite.md §9.1).

Pure HTTP, so it runs in the sender's threads: no database here. What the database knows of others' claims comes in with
each `Sought` (`returnsops.posting.sought`).
"""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from integrations.errors import ConfigurationError, IntegrationError, RejectedError, TemporaryError
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.parsing import read_ref_id
from integrations.netsuite.records import RecordRef, TransactionLine, TransactionRecord
from returnsops.lib.money import add_up
from returnsops.posting.verify import find_differences, find_unit_differences, held_lines, sent_rows
from returnsops.returns.facts import CANCELLED, VOIDED
from returnsops.returns.plan.kinds import POSTING_KINDS
from returnsops.returns.plan.tender_matching import Part, candidates_for, read_rows
from returnsops.returns.reading import Failures, Name

CLOCKS_DIFFER = timedelta(minutes=10)
READ_FOR_S = 20.0  # of all records of one look: others wait for it


@dataclass(frozen=True)
class Sought:
    """One posting as the look needs it.

    explained: internal ids that are no strangers: held by another posting, or noted as such by a person.
    siblings: Loop's ids of the other returns of the order. What another connector made for one of them may name it.
    own_prefixes: how external ids begin that we gave for other returns of this account.
    references: under which names an exchange order of somebody else may lie.
    sale_id: the bill behind an authorization, since a credit may be made from either.
    since: before this moment nobody can have made a record for this return.
    is_told_apart: a person said that a record which may stand for several postings does not stand for this one.
    """

    external_id: str
    kind: str
    request: dict[str, Any]
    explained: frozenset[str] = frozenset()
    siblings: frozenset[str] = frozenset()
    own_prefixes: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    sale_id: str = ""
    since: datetime | None = None
    is_told_apart: bool = False

    @property
    def own_prefix(self) -> str:
        """Of every external id that this return's postings of this kind have had."""
        return self.external_id.rpartition("-")[0] + "-"

    @property
    def chosen(self) -> str:
        """The record that a person said to take in the place of ours."""
        return str(self.request.get("adopt", ""))

    @property
    def sources(self) -> tuple[str, ...]:
        """What a stand-in would have been made from, or applied to."""
        if self.request["operation"] == "transform":
            also = (self.sale_id,) if self.kind in ("credit", "cash_refund") and self.sale_id else ()
            return (str(self.request["source_id"]), *also)
        rows = self.request["body"].get("apply", {}).get("items", [])
        return tuple(str(row["doc"]["id"]) for row in rows)


@dataclass(frozen=True)
class Found:
    """What stands over there in the place of a posting. No differences: it is what we would post.

    is_shared: it may as well stand in the place of another posting of the return.
    """

    ref: RecordRef
    is_ours: bool
    differences: tuple[str, ...] = ()
    record: TransactionRecord | None = field(default=None, repr=False)
    is_shared: bool = False

    @property
    def is_same(self) -> bool:
        return not self.differences


@dataclass
class Look:
    """What NetSuite holds in the place of each that was looked for, by external id.

    found: what it holds. failed: nothing is known of these, since a record that may be theirs is not shown, or a query
    for it is refused. In the place of all others there is nothing.
    unread: the records that are not shown.
    """

    found: dict[str, Found] = field(default_factory=dict)
    failed: dict[str, IntegrationError] = field(default_factory=dict)
    unread: Failures = field(default_factory=dict)

    def knows(self, sought: Sought) -> bool:
        return sought.external_id in self.found or sought.external_id in self.failed

    def take(self, sought: Sought, judge: Callable[[], Found | None]) -> None:
        """NetSuite has answered a query just now. So a failure is about this one, unless it refuses us as a whole."""
        try:
            found = judge()
        except IntegrationError as error:
            if isinstance(error, ConfigurationError) or error.status == 429:
                raise
            self.failed[sought.external_id] = error
        else:
            self.found |= {sought.external_id: found} if found else {}


class _Records:
    """The records of one look, each asked for once."""

    def __init__(self, client: NetSuiteClient, unread: Failures) -> None:
        self._client = client
        self._read: dict[Name, TransactionRecord | None] = {}
        self._unread = unread
        self._until = time.monotonic() + READ_FOR_S

    def get(self, record_type: str, internal_id: str) -> TransactionRecord | None:
        name = (record_type, internal_id)
        if name in self._unread:
            raise self._unread[name]
        if name not in self._read:
            self._read[name] = self._ask_for(name)
        return self._read[name]

    def _ask_for(self, name: Name) -> TransactionRecord | None:
        if time.monotonic() > self._until:
            raise TemporaryError(operation="look", detail=f"There was no time for all of it within {READ_FOR_S:.0f} s.")
        try:
            return self._client.get_record(*name)
        except IntegrationError as error:
            self._unread[name] = error
            raise


def look_first(client: NetSuiteClient, wanted: Sequence[Sought]) -> Look:
    """Ours, the records that a person chose, and what others made in the place of ours.

    One query for all external ids, one for what was made from their sources; a record is read only where one was found.
    Raises the errors of `integrations.errors`; then nothing is known, and nothing was changed.
    """
    look = look_for_ours(client, [one for one in wanted if not one.chosen])
    records = _Records(client, look.unread)
    for one in wanted:
        if one.chosen:
            look.take(one, partial(_judge_chosen, records, one))
    strangers = _find_candidates(client, look, [one for one in wanted if not look.knows(one)])
    for one in wanted:
        if not look.knows(one):
            look.take(one, partial(_find_stranger, records, one, strangers))
    return look


def look_for_ours(client: NetSuiteClient, wanted: Sequence[Sought]) -> Look:
    """Those that are there under our external id, compared with what we send."""
    look = Look()
    if not wanted:
        return look
    records = _Records(client, look.unread)
    refs = {
        (ref.external_id or "").lower(): ref for ref in client.find_by_external_ids([o.external_id for o in wanted])
    }
    for one in wanted:
        if one.external_id in refs:
            look.take(one, partial(_judge_ours, records, one, refs[one.external_id]))
    return look


def _judge_ours(records: _Records, sought: Sought, ref: RecordRef) -> Found:
    if ref.record_type != sought.request["target_type"]:
        words = f"external id {sought.external_id} is on a {ref.record_type} ({ref.tran_id or ref.internal_id})"
        return Found(ref, is_ours=True, differences=(words,))
    record = records.get(ref.record_type, ref.internal_id)
    if record and record.status == VOIDED:  # a person undid it: it was ours all the same
        return Found(ref, is_ours=True, record=record)
    differences = find_differences(sought.request, record, external_id=sought.external_id)
    return Found(ref, is_ours=True, differences=tuple(differences), record=record)


def _judge_chosen(records: _Records, sought: Sought) -> Found:
    """A person said that it stands for ours. It must be of the kind, live, free, and hold the same units."""
    record_type = sought.request["target_type"]
    record = records.get(record_type, sought.chosen)
    ref = _ref_of(record) if record else _absent_ref(record_type, sought.chosen)
    differences = find_unit_differences(sought.request, record)
    if sought.chosen in sought.explained:
        differences = ["it stands for another posting already", *differences]
    return Found(ref, is_ours=False, differences=tuple(differences), record=record)


def _ref_of(record: TransactionRecord) -> RecordRef:
    return RecordRef(
        record_type=record.record_type,
        internal_id=record.internal_id,
        external_id=record.external_id,
        tran_id=record.tran_id,
        status=record.status,
        last_modified=record.last_modified,
        type_code="",
        source=record.source,
    )


def _absent_ref(record_type: str, internal_id: str) -> RecordRef:
    return RecordRef(
        record_type=record_type,
        internal_id=internal_id,
        external_id=None,
        tran_id=None,
        status="",
        last_modified=None,
        type_code="",
    )


# --- Strangers -------------------------------------------------------------------------------------


def _find_stranger(records: _Records, sought: Sought, refs: Collection[RecordRef]) -> Found | None:
    """Of those that stand in its place, the one that is most like it."""
    matches = []
    for ref in refs:
        if _may_stand_in(sought, ref):
            record = records.get(ref.record_type, ref.internal_id)
            if record and not _names_sibling(sought, record) and _overlaps(sought, record):
                matches.append(_judge_stranger(sought, ref, record))
    return min(matches, key=lambda match: len(match.differences), default=None)


def _find_candidates(client: NetSuiteClient, look: Look, wanted: Sequence[Sought]) -> list[RecordRef]:
    """As few queries as there are ways in which a stranger can be tied to what we are about to make.

    One that is refused, as for want of a right, says nothing of what the others are asked for.
    """
    made = [one for one in wanted if POSTING_KINDS[one.kind].stand_ins]
    types = sorted({name for one in made for name in POSTING_KINDS[one.kind].stand_ins})
    refunds = [one for one in wanted if one.kind == "customer_refund"]
    orders = [one for one in wanted if one.references]
    asked: list[tuple[list[Sought], Callable[[], list[RecordRef]]]] = [
        (made, lambda: client.find_made_from({source for one in made for source in one.sources}, types)),
        (refunds, lambda: client.find_refunds_of_credits({source for one in refunds for source in one.sources})),
        (orders, lambda: client.find_sales(sorted({name for one in orders for name in one.references}))),
    ]
    refs: list[RecordRef] = []
    for those, ask in asked:
        try:
            refs += ask() if those else []
        except RejectedError as error:
            look.failed |= {one.external_id: error for one in those}
    return list({ref.internal_id: ref for ref in refs}.values())


def _may_stand_in(sought: Sought, ref: RecordRef) -> bool:
    """By what the reference alone tells."""
    external_id = (ref.external_id or "").lower()
    of_another = external_id.startswith(sought.own_prefixes) and not external_id.startswith(sought.own_prefix)
    if ref.internal_id in sought.explained or of_another or ref.status == VOIDED:
        return False
    if ref.record_type == "returnAuthorization" and ref.status == CANCELLED:
        return False
    return ref.record_type in (POSTING_KINDS[sought.kind].stand_ins or (sought.request["target_type"],))


def _names_sibling(sought: Sought, record: TransactionRecord) -> bool:
    return not sought.siblings.isdisjoint({record.external_id, record.other_ref_num})


def _overlaps(sought: Sought, record: TransactionRecord) -> bool:
    """Whether it is about the same units or the same money. Others of a sale may have their own."""
    if sought.kind == "customer_refund":
        return _may_be_refund(sought, record)
    if sought.kind == "exchange_order":
        return bool({record.other_ref_num, record.external_id} & set(sought.references))
    if record.created_from_id not in sought.sources or _is_older(sought, record):
        return False
    if sought.kind in ("rma", "receipt") or record.created_from_id == sought.request["source_id"]:
        return _shares_lines(sought, held_lines(record))
    return _shares_items(sought, held_lines(record))


def _may_be_refund(sought: Sought, record: TransactionRecord) -> bool:
    """Of the same credit, and for all that account and amount tell not of another payment of the return (E3)."""
    if not any(row.doc_id in sought.sources and row.apply for row in record.applies):
        return False
    candidates = _payments_it_may_be(sought, record)
    return _payment_of(sought) in candidates and not (len(candidates) > 1 and sought.is_told_apart)


def _payments_it_may_be(sought: Sought, record: TransactionRecord) -> list[Part]:
    paid = add_up(row.amount for row in record.applies if row.doc_id in sought.sources and row.apply)
    refund = Part(read_ref_id(record.raw.get("account")) or "", paid)
    return candidates_for(refund, [_payment_of(sought), *read_rows(sought.request.get("beside", []))])


def _payment_of(sought: Sought) -> Part:
    body = sought.request["body"]
    amount = add_up(Decimal(str(row["amount"])) for row in body["apply"]["items"])
    return Part(str((body.get("account") or {}).get("id", "")), amount)


def _judge_stranger(sought: Sought, ref: RecordRef, record: TransactionRecord) -> Found:
    """One that may as well stand for another payment is never taken by itself, whatever it holds."""
    differences = find_differences(sought.request, record)
    rivals = []
    if sought.kind == "customer_refund":
        rivals = _payments_it_may_be(sought, record)
        rivals.remove(_payment_of(sought))
    differences += [f"it may as well be the payment of {one.amount} on account {one.account}" for one in rivals]
    return Found(ref, is_ours=False, differences=tuple(differences), record=record, is_shared=bool(rivals))


def _is_older(sought: Sought, record: TransactionRecord) -> bool:
    """Made before the return was asked for: it is about other units of the same lines."""
    return bool(sought.since and record.created_at and record.created_at < sought.since - CLOCKS_DIFFER)


def _shares_lines(sought: Sought, lines: Collection[TransactionLine]) -> bool:
    """By the source's lines, where the record names them; a closed line of which nothing came in takes nothing."""
    live = [line for line in lines if not line.is_closed or line.quantity_received]
    wanted = {str(row["orderLine"]) for row in sent_rows(sought.request) if "orderLine" in row}
    if any(line.order_line is not None for line in live):
        return any(str(line.order_line) in wanted for line in live)
    return _shares_items(sought, live) or (bool(live) and not _items_of(sought))


def _shares_items(sought: Sought, lines: Collection[TransactionLine]) -> bool:
    return any(line.item_id in _items_of(sought) for line in lines)


def _items_of(sought: Sought) -> set[str]:
    """Of the units alone: a fee or a difference has no line at the source."""
    rows = [row for row in sent_rows(sought.request) if "orderLine" in row and "item" in row]
    return {str(row["item"]["id"]) for row in rows}

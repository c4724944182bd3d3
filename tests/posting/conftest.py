"""A NetSuite and a Loop that do what a test tells them, in the place of the clients."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from integrations import http
from integrations.errors import AlreadyExistsError, TemporaryError, UncertainError
from integrations.loop.beside import LoopNote, parse_note
from integrations.loop.client import LoopClient
from integrations.loop.parsing import parse_return
from integrations.loop.records import LoopReturnRecord
from integrations.models import Shop
from integrations.netsuite.options import AccountOptions
from integrations.netsuite.parsing import read_statuses
from integrations.netsuite.records import RecordRef, TransactionLine, TransactionRecord
from returnsops.lib import clock
from returnsops.posting.models import Posting
from returnsops.returns.models import LoopReturn
from tests.builders import make_return

DOWN = TemporaryError(system="netsuite", operation="create", status=503, detail="Down for maintenance")
LOST = UncertainError(system="netsuite", operation="create", detail="No answer within 180 s")


@dataclass
class FakeNetSuite:
    """Makes what it is asked for, unless `failures` has something to raise first.

    loses_answers: the next so many records are made and the answer is lost.
    fails_after: the next records are made and answered by these.
    """

    failures: list[Exception] = field(default_factory=list)
    loses_answers: int = 0
    fails_after: list[Exception] = field(default_factory=list)
    records: dict[str, TransactionRecord] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    unreadable: dict[str, Exception] = field(default_factory=dict)
    is_blind: bool = False  # the role lost its rights: nothing is shown by any query
    queries_refused: list[Exception] = field(default_factory=list)
    options: AccountOptions = field(default_factory=AccountOptions)
    running: set[str] = field(default_factory=set)

    def is_job_running(self, job: str) -> bool:
        return job in self.running

    def transform_record(
        self,
        source_type: str,
        source_id: str,
        target_type: str,
        body: Mapping[str, Any],
        *,
        replace: Sequence[str] = (),
    ) -> str:
        return self._make(target_type, body, source_id=source_id)

    def create_record(self, record_type: str, body: Mapping[str, Any], *, replace: Sequence[str] = ()) -> str:
        return self._make(record_type, body, source_id=None)

    def preview_record(self, record_type: str, body: Mapping[str, Any]) -> TransactionRecord | None:
        return None

    def find_by_external_ids(self, external_ids: Collection[str]) -> list[RecordRef]:
        self.queries.append("external ids")
        if self.queries_refused:
            raise self.queries_refused.pop(0)
        return [_ref_of(one) for one in self.records.values() if one.external_id in external_ids]

    def statuses_of(self, ids: Collection[str]) -> list[RecordRef]:
        self.queries.append("ids")
        return [_ref_of(one) for one in self.records.values() if one.internal_id in ids and not self.is_blind]

    def find_made_from(self, source_ids: Collection[str], types: Sequence[str]) -> list[RecordRef]:
        self.queries.append("made from")
        found = [one for one in self.records.values() if one.created_from_id in source_ids]
        return [_ref_of(one) for one in found if one.record_type in types]

    def find_refunds_of_credits(self, credit_ids: Collection[str]) -> list[RecordRef]:
        self.queries.append("refunds")
        return [_ref_of(one) for one in self.records.values() if {row.doc_id for row in one.applies} & {*credit_ids}]

    def find_sales(self, references: Sequence[str]) -> list[RecordRef]:
        self.queries.append("sales")
        return [_ref_of(one) for one in self.records.values() if one.other_ref_num in references]

    def get_record(self, record_type: str, internal_id: str) -> TransactionRecord | None:
        self.reads.append(internal_id)
        if internal_id in self.unreadable:
            raise self.unreadable[internal_id]
        return self.records.get(internal_id)

    def make_for(self, posting: Posting, **body: Any) -> str:
        """What this posting would make, made by nobody in particular; body: other than sent, such as its externalId."""
        request = posting.request
        internal_id = str(9000 + len(self.records) + 1)
        made = {"externalId": posting.external_id, **request["body"], **body}
        source_id = request.get("source_id")
        self.records[internal_id] = make_netsuite_record(request["target_type"], internal_id, made, source_id)
        return internal_id

    def change(self, internal_id: str, **changes: Any) -> None:
        self.records[internal_id] = replace(self.records[internal_id], **changes)

    def _make(self, record_type: str, body: Mapping[str, Any], *, source_id: str | None) -> str:
        http.require_no_transaction(f"make {record_type}")
        external_id = str(body["externalId"])
        self.calls.append(external_id)
        if self.failures:
            raise self.failures.pop(0)
        if any(one.external_id == external_id for one in self.records.values()):
            raise AlreadyExistsError(system="netsuite", operation="create", detail="This record already exists.")
        internal_id = str(9000 + len(self.records) + 1)
        self.records[internal_id] = make_netsuite_record(record_type, internal_id, body, source_id)
        if self.fails_after:
            raise self.fails_after.pop(0)
        if self.loses_answers:
            self.loses_answers -= 1
            raise LOST
        return internal_id


def _ref_of(record: TransactionRecord) -> RecordRef:
    return RecordRef(
        record_type=record.record_type,
        internal_id=record.internal_id,
        external_id=record.external_id,
        tran_id=record.tran_id,
        status=record.status,
        last_modified=None,
        type_code="",
    )


def make_netsuite_record(
    record_type: str, internal_id: str, body: Mapping[str, Any], source_id: str | None
) -> TransactionRecord:
    sublist = body.get("item") or body.get("inventory") or {}
    rows = [row for row in sublist.get("items", []) if row.get("itemReceive", True)]
    lines = tuple(
        TransactionLine(
            line=number,
            order_line=row.get("orderLine"),
            unique_key=None,
            item_id=str(row.get("item", {}).get("id", "501")),
            item_name="BOOT-42",
            quantity=abs(int(row["quantity"] if "quantity" in row else row["adjustQtyBy"])),
            rate=None,
            amount=Decimal(str(row["amount"])) if "amount" in row else None,
            tax_amount=None,
            location_id=str(row["location"]["id"]) if "location" in row else None,
            is_closed=False,
            quantity_received=0,
            quantity_billed=0,
            custom={},
            raw={name: row[name] for name in ("inventoryDetail",) if name in row},
            statuses=read_statuses(row),
        )
        for number, row in enumerate(rows, start=1)
    )
    return TransactionRecord(
        record_type=record_type,
        internal_id=internal_id,
        external_id=str(body["externalId"]),
        tran_id=f"T{internal_id}",
        tran_date=None,
        status="B",
        status_label="Pending Receipt",
        created_from_id=source_id,
        created_from_type=None,
        entity_id="8801",
        currency="USD",
        currency_id="1",
        location_id=None,
        subtotal=None,
        tax_total=None,
        total=None,
        amount_remaining=None,
        other_ref_num=None,
        memo=None,
        last_modified=None,
        created_at=None,
        lines=lines,
        applies=(),
        raw={},
    )


class FakeLoop(LoopClient):
    """Says yes, unless `failures` has something to raise first. `payload` is the return as details tell it."""

    def __init__(self) -> None:
        self.failures: list[Exception] = []
        self.calls: list[tuple[str, ...]] = []
        self.payload: dict[str, Any] | None = None
        self.notes: list[str] = []
        self.answered_at: datetime | None = None

    def list_notes(self, return_id: str) -> tuple[LoopNote, ...]:
        http.require_no_transaction("list_notes")
        return tuple(parse_note({"id": number, "content": one}) for number, one in enumerate(self.notes, 1))

    def process_return(self, return_id: str, *, details: Mapping[str, str] | None = None) -> None:
        self._act("process", return_id)

    def remove_units(self, return_id: str, line_item_ids: Sequence[str]) -> None:
        self._act("remove", return_id, *line_item_ids)

    def get_return(self, return_id: str) -> LoopReturnRecord | None:
        http.require_no_transaction("get_return")
        return None if self.payload is None else parse_return(self.payload, is_detailed=True)

    def _act(self, *words: str, **_: Any) -> None:
        http.require_no_transaction(words[0])
        self.calls.append(words)
        if self.failures:
            raise self.failures.pop(0)


@pytest.fixture
def netsuite(monkeypatch: pytest.MonkeyPatch) -> FakeNetSuite:
    fake = FakeNetSuite()
    for room in (
        "returnsops.posting.sender",
        "returnsops.posting.settle",
        "returnsops.posting.read_back",
        "returnsops.returns.one_record",
        "returnsops.returns.reading",
    ):
        monkeypatch.setattr(f"{room}.netsuite_client", lambda account, **_: fake)
    return fake


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> FakeLoop:
    fake = FakeLoop()
    for room in ("returnsops.posting.sender", "returnsops.posting.settle", "returnsops.returns.mirror"):
        monkeypatch.setattr(f"{room}.loop_client", lambda shop, **_: fake)
    return fake


@pytest.fixture
def let_pass(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Let time pass, real and business time alike, for this machine and the database."""
    passed = timedelta(0)
    real_now = timezone.now

    def jump(span: timedelta) -> None:
        nonlocal passed
        passed += span
        monkeypatch.setattr(timezone, "now", lambda: real_now() + passed)
        monkeypatch.setattr(clock, "shared_now", timezone.now)

    return jump


@pytest.fixture
def row(shop: Shop) -> LoopReturn:
    """A mirrored return whose plan is made and wants nothing just now."""
    row = make_return(shop, fetched_at=datetime.now(UTC) - timedelta(hours=1))
    LoopReturn.objects.filter(pk=row.pk).update(look_again_at=None)
    row.refresh_from_db()
    return row

"""A record that NetSuite cannot show keeps no other waiting; a right that is missing is told with its name."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from integrations.errors import IntegrationError, RejectedError, TemporaryError
from integrations.models import NetSuiteAccount, Shop, SyncCursor, UnreadRecord
from integrations.netsuite.records import Deletion, RecordRef, TransactionRecord
from returnsops.lib import clock
from returnsops.returns import families, record_changes
from returnsops.returns.models import LoopReturn, NetSuiteRecord
from returnsops.returns.progress import mirror_problems
from returnsops.returns.record_changes import look_for_rights, mirror_changes, read_set_aside
from returnsops.returns.streams import main_stream
from returnsops.returns.unreadable import (
    BROKEN_TRIES,
    NOTED_MAX,
    note_missing_right,
    note_unreadable,
    unreadable_records,
)
from tests.builders import make_netsuite, make_record, make_return, transaction_of

pytestmark = pytest.mark.django_db
BROKEN = TemporaryError(system="netsuite", operation="get", status=500, detail="An unexpected error has occurred.")
NO_ANSWER = TemporaryError(system="netsuite", operation="get", detail="ReadTimeout")
FORBIDDEN = RejectedError(
    system="netsuite",
    operation="get",
    status=403,
    family="permission",
    detail="You need the 'Item Receipt' permission.",
)

NO_SUCH_FIELD = RejectedError(
    system="netsuite", operation="query", status=400, family="invalid_request", detail="Field 'x' was not found."
)


@dataclass
class NetSuite:
    """Receipts that all changed a minute ago. failures: what is raised for one of them, or for the query."""

    ids: list[str]
    failures: dict[str, Exception] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    changed_at: datetime = field(default_factory=lambda: clock.now() - timedelta(minutes=1))

    def server_time(self) -> datetime:
        return clock.now()

    def changed_since(self, since: datetime, types: Sequence[str]) -> list[RecordRef]:
        if "query" in self.failures:
            raise self.failures["query"]
        return self.statuses_of(self.ids)

    def statuses_of(self, ids: Collection[str]) -> list[RecordRef]:
        return [
            RecordRef(
                record_type="itemReceipt", internal_id=one, external_id=None, tran_id=f"IR{one}", status="",
                last_modified=self.changed_at, type_code="ItemRcpt",
            )
            for one in ids
            if one in self.ids
        ]  # fmt: skip

    def deletions_since(self, since: datetime, types: Sequence[str]) -> list[Deletion]:
        return [Deletion(record_type="itemReceipt", internal_id=one, deleted_at=None) for one in self.deleted]

    def query(self, sql: str, params: Sequence[str]) -> list[dict[str, str]]:
        """Nothing was made from anything."""
        return []

    def get_record(self, record_type: str, internal_id: str) -> TransactionRecord | None:
        if internal_id in self.failures:
            raise self.failures[internal_id]
        self.read.append(internal_id)
        return transaction_of(make_netsuite("itemReceipt", internal_id)) if internal_id in self.ids else None


@pytest.fixture
def row(shop: Shop) -> LoopReturn:
    return make_return(shop)


@pytest.fixture
def netsuite(row: LoopReturn, monkeypatch: pytest.MonkeyPatch) -> NetSuite:
    """It knows what we know: 40 receipts, more than are read at once."""
    fake = NetSuite([str(9001 + number) for number in range(40)])
    for internal_id in fake.ids:
        make_record(row, make_netsuite("itemReceipt", internal_id))
    NetSuiteRecord.objects.update(last_modified=clock.now() - timedelta(days=1), told_at=clock.now(), origin="foreign")
    for room in (record_changes, families):
        monkeypatch.setattr(room, "netsuite_client", lambda account, **_: fake)
    monkeypatch.setattr("returnsops.returns.reading.netsuite_client", lambda account, **_: fake)
    watermark = clock.now() - timedelta(hours=1)
    SyncCursor.objects.create(stream=main_stream(row.shop.account), watermark=watermark)
    return fake


def watermark_of(account: NetSuiteAccount) -> datetime:
    return SyncCursor.objects.get(stream=main_stream(account)).watermark


def told(account: NetSuiteAccount) -> list[tuple[str, str]]:
    return [(one.code, one.subject.removeprefix(f"{main_stream(account)} ")) for one in mirror_problems(account)]


def test_record_that_fails_keeps_no_other_from_being_read_in_the_same_pass(row: LoopReturn, netsuite: NetSuite) -> None:
    netsuite.failures["9003"] = BROKEN

    assert mirror_changes(row.shop.account) == 39

    assert set(netsuite.read) == {*netsuite.ids} - {"9003"}
    assert told(row.shop.account) == [], "once is bad luck"


def test_record_that_fails_again_and_again_is_set_aside_named_and_waited_for_no_longer(
    row: LoopReturn, netsuite: NetSuite
) -> None:
    netsuite.failures["9003"] = BROKEN
    account, before = row.shop.account, watermark_of(row.shop.account)

    for _ in range(BROKEN_TRIES - 1):
        mirror_changes(account)
    assert watermark_of(account) == before, "it may have been an accident, so this window is asked for again"
    mirror_changes(account)

    assert watermark_of(account) > before
    assert told(account) == [("unreadable_record", "itemReceipt 9003")]
    account.refresh_from_db()
    assert account.failing_since is None, "no outage"


def test_two_alone_that_fail_side_by_side_are_set_aside_as_well(row: LoopReturn, netsuite: NetSuite) -> None:
    netsuite.ids = ["9003", "9004"]
    netsuite.failures |= {"9003": BROKEN, "9004": BROKEN}
    account = row.shop.account

    for _ in range(BROKEN_TRIES):
        NetSuiteAccount.objects.update(next_probe_at=None, failing_since=None)
        with suppress(TemporaryError):
            mirror_changes(account)

    assert told(account) == [("unreadable_record", "itemReceipt 9003"), ("unreadable_record", "itemReceipt 9004")]


def test_two_that_fail_side_by_side_keep_no_third_from_being_read(row: LoopReturn, netsuite: NetSuite) -> None:
    netsuite.ids = ["9003", "9004", "9005"]
    netsuite.failures |= {"9003": BROKEN, "9004": BROKEN}
    account, before = row.shop.account, watermark_of(row.shop.account)

    for _ in range(BROKEN_TRIES):
        mirror_changes(account)

    assert "9005" in netsuite.read
    assert watermark_of(account) > before
    assert [subject for _, subject in told(account)] == ["itemReceipt 9003", "itemReceipt 9004"]
    account.refresh_from_db()
    assert account.failing_since is None, "no outage"


def test_what_was_set_aside_is_not_asked_for_every_minute(row: LoopReturn, netsuite: NetSuite) -> None:
    account = row.shop.account
    note_unreadable(account, "itemReceipt 9003", BROKEN)

    mirror_changes(account)

    assert set(netsuite.read) == {*netsuite.ids} - {"9003"}


def test_those_set_aside_keep_none_of_them_from_being_read_again(row: LoopReturn, netsuite: NetSuite) -> None:
    account = row.shop.account
    for internal_id in ("9003", "9004", "9005"):
        note_unreadable(account, f"itemReceipt {internal_id}", BROKEN)
    netsuite.failures |= {"9003": BROKEN, "9004": BROKEN}

    assert read_set_aside(account) == 1

    assert [subject for _, subject in told(account)] == ["itemReceipt 9003", "itemReceipt 9004"]


def test_outage_that_answers_queries_is_told_of_no_single_record(row: LoopReturn, netsuite: NetSuite) -> None:
    netsuite.failures |= dict.fromkeys(netsuite.ids, BROKEN)
    account = row.shop.account

    for _ in range(2 * BROKEN_TRIES):
        NetSuiteAccount.objects.update(next_probe_at=None)
        with pytest.raises(TemporaryError):
            mirror_changes(account)

    assert told(account) == []
    account.refresh_from_db()
    assert account.failing_since is not None


def test_missing_answer_is_no_fault_of_a_record(row: LoopReturn, netsuite: NetSuite) -> None:
    netsuite.failures |= dict.fromkeys(netsuite.ids, NO_ANSWER)

    for _ in range(BROKEN_TRIES + 1):
        NetSuiteAccount.objects.update(next_probe_at=None, failing_since=None)
        with pytest.raises(TemporaryError):
            mirror_changes(row.shop.account)

    assert told(row.shop.account) == []


def test_what_was_set_aside_is_asked_for_again_and_its_case_ends(row: LoopReturn, netsuite: NetSuite) -> None:
    netsuite.failures["9003"] = BROKEN
    account = row.shop.account
    for _ in range(BROKEN_TRIES):
        mirror_changes(account)
    assert read_set_aside(account) == 0

    netsuite.failures.clear()
    assert read_set_aside(account) == 1

    assert told(account) == []
    assert read_set_aside(account) == 0


def test_what_was_set_aside_and_deleted_is_gone(row: LoopReturn, netsuite: NetSuite) -> None:
    account = row.shop.account
    note_unreadable(account, "itemReceipt 9003", BROKEN)
    netsuite.ids.remove("9003")

    read_set_aside(account)

    assert told(account) == []
    assert NetSuiteRecord.objects.get(internal_id="9003").gone_at is not None


def test_refused_kind_is_one_problem_that_names_the_right(row: LoopReturn, netsuite: NetSuite) -> None:
    netsuite.failures |= dict.fromkeys(netsuite.ids, FORBIDDEN)
    account, before = row.shop.account, watermark_of(row.shop.account)

    mirror_changes(account)

    (problem,) = mirror_problems(account)
    assert (problem.code, problem.subject) == ("reading_refused", f"{main_stream(account)} itemReceipt")
    assert problem.detail == (("Right of the role", "Transactions › Item Receipt: View"),)
    assert "Item Receipt" in problem.cause
    assert problem.words == FORBIDDEN.detail
    assert watermark_of(account) > before

    netsuite.failures.clear()
    mirror_changes(account)
    assert told(account) == []


def test_refused_query_is_told_until_it_is_answered(row: LoopReturn, netsuite: NetSuite) -> None:
    account = row.shop.account
    netsuite.failures["query"] = FORBIDDEN

    with pytest.raises(RejectedError):
        mirror_changes(account)
    (problem,) = mirror_problems(account)
    assert (problem.code, problem.subject) == ("reading_refused", f"{main_stream(account)} what changed")
    assert problem.detail == (("Right of the role", "Reports › SuiteAnalytics Workbook: Edit"),)

    netsuite.failures.clear()
    mirror_changes(account)
    assert told(account) == []


def test_refusal_of_the_query_that_is_no_missing_right_is_told_as_what_it_is(
    row: LoopReturn, netsuite: NetSuite
) -> None:
    account = row.shop.account
    netsuite.failures["query"] = NO_SUCH_FIELD

    with pytest.raises(RejectedError):
        mirror_changes(account)
    (problem,) = mirror_problems(account)
    assert (problem.code, problem.subject) == ("unreadable_record", f"{main_stream(account)} what changed")
    assert (problem.cause, problem.words) == ("NetSuite does not tell what changed.", NO_SUCH_FIELD.detail)
    assert read_set_aside(account) == 0, "it is no record"

    netsuite.failures.clear()
    mirror_changes(account)
    assert told(account) == []


@pytest.mark.parametrize(
    ("failure", "names"),
    [(FORBIDDEN, []), (BROKEN, ["itemReceipt 9003"]), (NO_SUCH_FIELD, ["itemReceipt 9003"])],
    ids=["forbidden, though others of its kind are shown", "broken", "refused"],
)
def test_deleted_record_that_is_not_shown_keeps_nothing_waiting(
    failure: IntegrationError, names: list[str], row: LoopReturn, netsuite: NetSuite
) -> None:
    account, before = row.shop.account, watermark_of(row.shop.account)
    netsuite.ids.remove("9003")
    netsuite.deleted = ["9003", "9004"]
    netsuite.failures["9003"] = failure

    for _ in range(BROKEN_TRIES):
        mirror_changes(account)

    assert watermark_of(account) > before
    assert [subject for _, subject in told(account)] == names
    account.refresh_from_db()
    assert account.failing_since is None


def test_deleted_record_is_gone_once_it_says_so_itself(row: LoopReturn, netsuite: NetSuite) -> None:
    netsuite.ids.remove("9003")
    netsuite.deleted = ["9003", "9004"]

    mirror_changes(row.shop.account)

    assert [*NetSuiteRecord.objects.exclude(gone_at=None).values_list("internal_id", flat=True)] == ["9003"]


def test_what_was_read_by_another_way_is_told_of_no_longer(row: LoopReturn, netsuite: NetSuite) -> None:
    account = row.shop.account
    note_unreadable(account, "itemReceipt 9003", BROKEN)
    NetSuiteRecord.objects.filter(internal_id="9003").update(last_modified=netsuite.changed_at)

    read_set_aside(account)

    assert told(account) == []
    assert netsuite.read == []


def test_what_belongs_to_no_return_any_more_is_asked_for_and_its_case_ends(row: LoopReturn, netsuite: NetSuite) -> None:
    account = row.shop.account
    note_unreadable(account, "itemReceipt 5555", BROKEN)
    netsuite.ids.append("5555")

    read_set_aside(account)

    assert told(account) == []


def test_what_is_noted_has_a_bound(row: LoopReturn) -> None:
    account = row.shop.account
    for number in range(3):
        note_missing_right(account, f"kind{number}", "no")
    UnreadRecord.objects.bulk_create(
        UnreadRecord(account=account, name=f"itemReceipt {number}", reason="no") for number in range(NOTED_MAX)
    )

    assert not note_unreadable(account, "itemReceipt 9999", BROKEN)
    assert note_unreadable(account, "itemReceipt 7", BROKEN)

    noted = dict(unreadable_records(account).values_list("name", "reason"))
    assert (len(noted), noted["itemReceipt 7"]) == (NOTED_MAX, BROKEN.detail)


def test_what_there_is_no_room_to_note_is_waited_for(
    row: LoopReturn, netsuite: NetSuite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set aside without a name it would never be asked for again."""
    account, before = row.shop.account, watermark_of(row.shop.account)
    monkeypatch.setattr("returnsops.returns.unreadable.NOTED_MAX", 1)
    note_unreadable(account, "itemReceipt 5555", BROKEN)
    netsuite.failures["9003"] = BROKEN

    for _ in range(BROKEN_TRIES + 1):
        with suppress(TemporaryError):
            mirror_changes(account)

    assert watermark_of(account) == before


def test_right_that_is_given_back_brings_what_it_hid_at_once(row: LoopReturn, netsuite: NetSuite) -> None:
    account = row.shop.account
    netsuite.failures |= dict.fromkeys(netsuite.ids, FORBIDDEN)
    mirror_changes(account)
    lost_at = clock.now() - timedelta(hours=3)
    UnreadRecord.objects.update(noted_at=lost_at)  # and the changes were followed all the while
    put_off = clock.now() + timedelta(minutes=5)
    LoopReturn.objects.filter(pk=row.pk).update(records_hinted_at=put_off)
    assert look_for_rights(account) == 0
    assert netsuite.read == []

    netsuite.failures.clear()
    assert look_for_rights(account) == 1

    assert told(account) == []
    row.refresh_from_db()
    assert row.records_hinted_at is not None
    assert row.records_hinted_at < put_off
    assert watermark_of(account) == lost_at
    mirror_changes(account)
    assert {*netsuite.read} == {*netsuite.ids}


def test_right_that_comes_back_while_changes_are_read_is_not_forgotten_at_their_end(
    row: LoopReturn, netsuite: NetSuite
) -> None:
    account, lost_at = row.shop.account, clock.now() - timedelta(hours=3)
    note_missing_right(account, "itemReceipt", "no")
    UnreadRecord.objects.update(noted_at=lost_at)

    mirror_changes(account)

    assert watermark_of(account) == lost_at

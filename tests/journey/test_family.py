"""What belongs to a return is read when it may have changed, and only then."""

from datetime import timedelta

import pytest

from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.records import TransactionRecord
from returnsops.lib import clock
from returnsops.returns import families, known_records, mirror
from returnsops.returns.models import LoopReturn, NetSuiteRecord
from tests.journey.stage import Stage
from tests.journey.test_mirrors import act_in_netsuite

pytestmark = pytest.mark.journey
Calls = list[tuple[str, str]]
both_ways = pytest.mark.parametrize("bumped", [True, False])  # whether a child moves the time of its source (U7)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """What NetSuite is asked: (type of record, id), or ("query", its text)."""
    made: Calls = []
    get, query = NetSuiteClient.get_record, NetSuiteClient.query

    def get_record(client: NetSuiteClient, record_type: str, internal_id: str) -> TransactionRecord | None:
        made.append((record_type, internal_id))
        return get(client, record_type, internal_id)

    def ask(client: NetSuiteClient, sql: str, params: list[str] = []) -> object:  # noqa: B006
        made.append(("query", sql))
        return query(client, sql, params)

    monkeypatch.setattr(NetSuiteClient, "get_record", get_record)
    monkeypatch.setattr(NetSuiteClient, "query", ask)
    return made


def let_a_minute_pass() -> None:
    """As if everything in the mirror had been read a minute after it last changed."""
    NetSuiteRecord.objects.update(told_at=clock.now() + timedelta(minutes=1))


def fetch(row: LoopReturn) -> LoopReturn:
    mirror.hint_records([row.pk])
    families.fetch_records(LoopReturn.objects.select_related("shop__account").get(pk=row.pk))
    return row


def read_by(calls: Calls) -> set[str]:
    return {kind for kind, _ in calls if kind != "query"}


def received(row: LoopReturn) -> int:
    return sum(row.records.get(record_type="returnAuthorization").lines.values_list("quantity_received", flat=True))


def test_quiet_family_is_asked_about_by_three_queries_and_not_read(stage: Stage, calls: Calls) -> None:
    row = stage.make("refund", parcel="in_transit")
    let_a_minute_pass()
    calls.clear()

    fetch(row)

    assert [kind for kind, _ in calls] == ["query"] * 3


@pytest.mark.parametrize("is_over", [True, False])
def test_what_was_read_within_the_second_of_its_change_is_read_once_more_when_that_is_over(
    stage: Stage, calls: Calls, monkeypatch: pytest.MonkeyPatch, *, is_over: bool
) -> None:
    monkeypatch.setattr(known_records, "CLOCKS_DIFFER", timedelta(0) if is_over else timedelta(minutes=1))
    row = stage.make("refund", parcel="in_transit")
    let_a_minute_pass()
    rma = row.records.get(record_type="returnAuthorization")
    assert rma.last_modified
    NetSuiteRecord.objects.filter(pk=rma.pk).update(told_at=rma.last_modified - timedelta(seconds=1))
    calls.clear()

    fetch(row)

    assert read_by(calls) == ({"returnAuthorization"} if is_over else set())


def test_payment_of_the_customer_is_read_once(stage: Stage, calls: Calls) -> None:
    row = stage.make("refund", parcel="in_transit")
    calls.clear()

    fetch(row)

    assert row.records.filter(record_type="customerPayment").exists()
    assert "customerPayment" not in read_by(calls)


@both_ways
def test_receipt_of_a_person_shows_in_its_authorization_at_the_next_look(stage: Stage, *, bumped: bool) -> None:
    stage.ask("settings", {"netsuite": {"rma_bumped_by_children": bumped}})
    row = stage.make("refund", parcel="in_transit")
    let_a_minute_pass()

    act_in_netsuite(stage, row, "receive", stage.books(row).rmas[0]["id"])
    fetch(row)

    assert row.records.filter(record_type="itemReceipt").count() == 1
    assert received(row) == 1


@both_ways
def test_receipt_that_a_person_deleted_shows_in_its_authorization_as_well(stage: Stage, *, bumped: bool) -> None:
    stage.ask("settings", {"netsuite": {"rma_bumped_by_children": bumped}})
    row = stage.make("refund", parcel="in_transit")
    act_in_netsuite(stage, row, "receive", stage.books(row).rmas[0]["id"])
    fetch(row)
    let_a_minute_pass()

    act_in_netsuite(stage, row, "delete", stage.books(row).receipts[0]["id"])
    fetch(row)

    assert row.records.get(record_type="itemReceipt").gone_at is not None
    assert received(row) == 0


def test_sibling_of_the_same_order_holds_what_the_mirror_knew_already(stage: Stage, calls: Calls) -> None:
    row = stage.make("refund", parcel="in_transit")
    let_a_minute_pass()
    row.records.clear()
    calls.clear()

    fetch(row)

    assert {*row.records.values_list("record_type", flat=True)} >= {"salesOrder", "invoice", "returnAuthorization"}
    assert read_by(calls) == set()

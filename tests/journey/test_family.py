"""What belongs to a return is read when it may have changed, and only then."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from integrations import turns
from integrations.errors import IntegrationError, RejectedError, TemporaryError
from integrations.models import SyncCursor
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.records import RecordRef, TransactionRecord
from returnsops import tasks, tick
from returnsops.lib import clock
from returnsops.returns import families, known_records, mirror
from returnsops.returns.models import LoopReturn, NetSuiteRecord
from returnsops.returns.progress import mirror_problems
from returnsops.returns.unreadable import BROKEN_TRIES
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


@pytest.mark.parametrize("is_sold", [True, False])
def test_order_of_another_shop_with_the_same_name_is_no_sale_of_the_return(stage: Stage, *, is_sold: bool) -> None:
    """Two shops of an account count from the same number, and only one of them has its order in NetSuite yet."""
    other, row = stage.make_several(2, "refund", parcel="in_transit")
    own = set(row.records.values_list("internal_id", flat=True))
    order_id = row.provider_order_id if is_sold else row.provider_order_id[:-4] + "0000"
    row.records.clear()
    LoopReturn.objects.filter(pk=row.pk).update(order_name=other.order_name, provider_order_id=order_id)

    fetch(row)

    assert set(row.records.values_list("internal_id", flat=True)) == (own if is_sold else set())


def by_type(row: LoopReturn) -> list[tuple[str, str]]:
    return sorted(row.records.values_list("record_type", "internal_id"))


def test_many_returns_are_read_by_the_queries_of_one_and_told_apart(stage: Stage, calls: Calls) -> None:
    rows = stage.make_several(3, "refund", parcel="in_transit")
    held = [by_type(row) for row in rows]
    for row in rows:
        row.records.clear()
    let_a_minute_pass()
    calls.clear()

    families.fetch_records(*LoopReturn.objects.select_related("shop__account").filter(pk__in=[row.pk for row in rows]))

    queries = [kind for kind, _ in calls].count("query")
    assert queries <= 1 + 2 * 3  # the sales, and three generations
    assert [by_type(row) for row in rows] == held
    assert held[0] != held[1]


def test_hinted_returns_of_an_account_are_read_by_one_task(stage: Stage) -> None:
    rows = stage.make_several(3, "refund", parcel="in_transit")
    stage.queue.clear()
    SyncCursor.objects.filter(stream__startswith="bell:").delete()

    mirror.hint_records([row.pk for row in rows])

    account = rows[0].shop.account
    assert [*stage.queue] == [("records", account.pk)]
    assert families.due_for_records(account).count() == 3
    tasks.look(*stage.queue.popleft())
    assert not families.due_for_records(account).exists()


def test_hint_for_later_is_found_when_its_time_has_come(stage: Stage) -> None:
    row = stage.make("refund", parcel="in_transit")
    account = row.shop.account
    mirror.hint_records([row.pk], after=timedelta(hours=1))
    tick.sweep_records()
    assert ("records", account.pk) not in stage.queue

    LoopReturn.objects.update(records_hinted_at=timezone.now())
    SyncCursor.objects.filter(stream__startswith="bell:").delete()
    tick.sweep_records()

    assert ("records", account.pk) in stage.queue


def test_return_that_cannot_be_read_holds_up_no_other_and_is_tried_again_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = stage.make_several(2, "refund", parcel="in_transit")
    find = NetSuiteClient.find_sales_by_reference

    def refuse_one(client: NetSuiteClient, references: Collection[str]) -> dict[str, list[RecordRef]]:
        if broken.provider_order_id in references:
            raise RejectedError(system="netsuite", operation="query", detail="Invalid or unsupported search")
        return find(client, references)

    monkeypatch.setattr(NetSuiteClient, "find_sales_by_reference", refuse_one)
    mirror.hint_records([broken.pk, sound.pk])

    assert families.fetch_due_records(sound.shop.account) == 2

    broken.refresh_from_db()
    sound.refresh_from_db()
    assert sound.records_fetched_at
    assert sound.records_hinted_at
    assert sound.records_fetched_at > sound.records_hinted_at
    assert broken.records_hinted_at
    assert broken.records_hinted_at > timezone.now()
    (problem,) = mirror_problems(sound.shop.account)
    assert (problem.code, problem.words) == ("unreadable_record", "Invalid or unsupported search")
    assert broken.loop_id in problem.cause

    monkeypatch.setattr(NetSuiteClient, "find_sales_by_reference", find)
    LoopReturn.objects.update(records_hinted_at=timezone.now())
    families.fetch_due_records(sound.shop.account)
    assert mirror_problems(sound.shop.account) == []


def test_record_that_cannot_be_read_holds_up_only_the_return_it_belongs_to(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = stage.make_several(2, "refund", parcel="in_transit")
    rma = broken.records.get(record_type="returnAuthorization")
    get = NetSuiteClient.get_record

    def refuse_one(client: NetSuiteClient, record_type: str, internal_id: str) -> TransactionRecord | None:
        if internal_id == rma.internal_id:
            raise RejectedError(system="netsuite", operation="get", detail="You need the right.")
        return get(client, record_type, internal_id)

    monkeypatch.setattr(NetSuiteClient, "get_record", refuse_one)
    both = NetSuiteRecord.objects.filter(record_type="returnAuthorization")
    mirror.doubt_records(rma.account, both.values_list("internal_id", flat=True))
    mirror.hint_records([broken.pk, sound.pk])

    families.fetch_due_records(rma.account)

    broken.refresh_from_db()
    assert broken.records_hinted_at
    assert broken.records_hinted_at > timezone.now()
    assert not sound.records.filter(told_at=None).exists()
    assert [one.record_type for one in broken.records.filter(told_at=None)] == ["returnAuthorization"]


def test_what_our_posting_changed_a_moment_ago_is_left_to_rest(stage: Stage, calls: Calls, settings: Settings) -> None:
    row = stage.make("refund", parcel="in_transit")
    rma = row.records.get(record_type="returnAuthorization")
    mirror.doubt_records(rma.account, [rma.internal_id])
    settings.RECORD_REST = timedelta(hours=1)
    calls.clear()

    fetch(row)

    row.refresh_from_db()
    assert "returnAuthorization" not in read_by(calls)
    assert row.records_hinted_at
    assert row.records_hinted_at > timezone.now()


def let_fail(monkeypatch: pytest.MonkeyPatch, failures: dict[str, IntegrationError]) -> None:
    get = NetSuiteClient.get_record

    def fail(client: NetSuiteClient, record_type: str, internal_id: str) -> TransactionRecord | None:
        if internal_id in failures:
            raise failures[internal_id]
        return get(client, record_type, internal_id)

    monkeypatch.setattr(NetSuiteClient, "get_record", fail)


def test_record_that_netsuite_fails_to_show_is_no_outage_and_delays_only_its_return(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = stage.make_several(2, "refund", parcel="in_transit")
    rma = broken.records.get(record_type="returnAuthorization")
    error = TemporaryError(system="netsuite", operation="get", status=500, detail="An unexpected error occurred.")
    let_fail(monkeypatch, {rma.internal_id: error})
    both = NetSuiteRecord.objects.filter(record_type="returnAuthorization")

    for _ in range(6):
        mirror.doubt_records(rma.account, both.values_list("internal_id", flat=True))
        mirror.hint_records([broken.pk, sound.pk])
        families.fetch_due_records(rma.account)

    broken.refresh_from_db()
    rma.account.refresh_from_db()
    assert rma.account.failing_since is None
    assert broken.records_hinted_at
    assert broken.records_hinted_at > timezone.now()
    assert [one.record_type for one in broken.records.filter(told_at=None)] == ["returnAuthorization"]
    assert not sound.records.filter(told_at=None).exists()


def test_two_returns_side_by_side_that_cannot_be_read_hold_up_no_other(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    *broken, sound = stage.make_several(3, "refund", parcel="in_transit")
    rmas = NetSuiteRecord.objects.filter(record_type="returnAuthorization")
    error = TemporaryError(system="netsuite", operation="get", status=500, detail="An unexpected error occurred.")
    let_fail(monkeypatch, {one.records.get(pk__in=rmas).internal_id: error for one in broken})
    mirror.doubt_records(sound.shop.account, rmas.values_list("internal_id", flat=True))
    mirror.hint_records([one.pk for one in broken])
    mirror.hint_records([sound.pk])

    families.fetch_due_records(sound.shop.account)

    assert not sound.records.filter(told_at=None).exists()
    sound.shop.account.refresh_from_db()
    assert sound.shop.account.failing_since is None


def test_return_whose_first_read_is_refused_is_told_until_it_was_read(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = stage.make("refund", parcel="in_transit")
    rma = row.records.get(record_type="returnAuthorization")
    account = rma.account
    mirror.doubt_records(account, [rma.internal_id])
    LoopReturn.objects.update(records_fetched_at=None)
    failures: dict[str, IntegrationError] = {
        rma.internal_id: RejectedError(system="netsuite", operation="get", status=403, detail="You need the right.")
    }
    let_fail(monkeypatch, failures)

    fetch(row)
    assert [(one.code, one.subject) for one in mirror_problems(account)] == [
        ("reading_refused", f"netsuite:{account.account_id} returnAuthorization")
    ]

    failures.clear()
    fetch(row)
    assert mirror_problems(account) == []


@pytest.mark.parametrize("broken", [["returnAuthorization"], ["salesOrder", "invoice"]])
def test_return_whose_first_read_fails_again_and_again_is_told_until_it_was_read(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, settings: Settings, broken: list[str]
) -> None:
    row = stage.make("refund", parcel="in_transit")
    account = row.shop.account
    ids = list(row.records.filter(record_type__in=broken).values_list("internal_id", flat=True))
    mirror.doubt_records(account, ids)
    LoopReturn.objects.update(records_fetched_at=None)
    error = TemporaryError(system="netsuite", operation="get", status=500, detail="An unexpected error occurred.")
    failures: dict[str, IntegrationError] = dict.fromkeys(ids, error)
    let_fail(monkeypatch, failures)

    for _ in range(BROKEN_TRIES):
        assert mirror_problems(account) == []
        fetch(row)
    assert [(one.code, one.words) for one in mirror_problems(account)] == [
        ("unreadable_record", "An unexpected error occurred.") for _ in broken
    ]
    row.refresh_from_db()
    assert row.records_hinted_at
    assert row.records_hinted_at > timezone.now() + settings.FAILED_READ_REST

    failures.clear()
    fetch(row)
    assert mirror_problems(account) == []


def test_payment_that_may_not_be_read_keeps_no_return_waiting(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    row = stage.make("refund", parcel="in_transit")
    payment = row.records.get(record_type="customerPayment")
    refusal = RejectedError(system="netsuite", operation="get", status=403, detail="You need the right.")
    let_fail(monkeypatch, {payment.internal_id: refusal})
    payment.delete()
    LoopReturn.objects.update(records_fetched_at=None)

    fetch(row)

    row.refresh_from_db()
    assert row.records_fetched_at is not None


def test_hint_that_came_while_the_turn_was_ours_rings_although_nothing_was_read(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = stage.make("refund", parcel="in_transit")
    rung: list[tuple[object, ...]] = []
    monkeypatch.setattr(families, "ring", lambda *what: rung.append(what))
    monkeypatch.setattr(families, "fetch_records", lambda *_, **__: pytest.fail("nothing was due yet"))

    @contextmanager
    def hinted_at_its_end(name: str) -> Iterator[bool]:
        with turns.one_at_a_time(name) as is_ours:
            yield is_ours
            LoopReturn.objects.update(records_hinted_at=timezone.now(), records_fetched_at=None)

    LoopReturn.objects.update(records_hinted_at=None)
    monkeypatch.setattr(families, "one_at_a_time", hinted_at_its_end)

    assert families.fetch_due_records(row.shop.account) == 0

    assert rung == [("records", row.shop.account.pk)]

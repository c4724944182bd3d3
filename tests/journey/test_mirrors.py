"""What no event told us is found all the same: in Loop by content and by id, in NetSuite by change and at night."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from exceptions.models import Case
from integrations.models import NetSuiteAccount, Shop, SyncCursor, SyncRun
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.records import RecordRef
from integrations.sandbox.server import Served
from returnsops import tasks, tick
from returnsops.lib import clock
from returnsops.returns import mirror, schedule, sweeps
from returnsops.returns.families import due_for_records
from returnsops.returns.models import LoopReturn, NetSuiteRecord
from returnsops.returns.record_changes import GAP_MAX, mirror_changes
from returnsops.returns.runs import open_run
from returnsops.returns.streams import main_stream
from tests.journey.stage import Stage

pytestmark = pytest.mark.journey


def shop_named(code: str = "northwind") -> Shop:
    return Shop.objects.select_related("account").get(code=code)


def run_of(kind: str, owner: Shop | NetSuiteAccount, *, interval: str = "now", back_days: int = 3) -> SyncRun:
    now = clock.now()
    return open_run(
        main_stream(owner), kind, interval,
        window_from=now - timedelta(days=back_days), window_to=now + timedelta(minutes=1), step=timedelta(days=7),
    )  # fmt: skip


def work_through(run: SyncRun) -> SyncRun:
    schedule.work_on_run(run, for_s=60, on_step=lambda _: None)
    run.refresh_from_db()
    return run


def act(stage: Stage, row: LoopReturn, action: str, **body: object) -> None:
    stage.ask(f"loop/returns/{row.loop_id}/{action}", body)


def act_in_netsuite(stage: Stage, row: LoopReturn, action: str, record: str, **body: object) -> None:
    stage.ask("netsuite/act", {"account": row.shop.account.account_id, "action": action, "record": record} | body)


# --- Loop ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("action", "state"), [("cancel", "cancelled"), ("flag", "review"), ("expire", "expired")])
def test_state_that_no_webhook_told_is_found_by_the_sweep(stage: Stage, action: str, state: str) -> None:
    row = stage.make("refund", parcel="in_transit")

    act(stage, row, action)
    sweeps.sweep_loop(row.shop)
    stage.work_through_queue()

    row.refresh_from_db()
    assert row.state == state


def test_change_that_moves_no_time_is_found_by_content_and_fetched_once(stage: Stage) -> None:
    row = stage.make("refund", parcel="in_transit")
    stage.ask("settings", {"loop": {"drift": {"silent_updates": True}}})

    before = row.updated_at
    act(stage, row, "edit", fee="5.00")
    found = [sweeps.sweep_loop(row.shop)]
    stage.work_through_queue()
    found += [sweeps.sweep_loop(row.shop), sweeps.sweep_loop(row.shop)]

    row.refresh_from_db()
    assert row.updated_at == before
    assert row.raw["handling_fee"] == "5.00"
    assert found == [1, 0, 0]


def take_out(served: Served, rows: list[LoopReturn]) -> list[tuple[Any, ...]]:
    """Delete returns in Loop for good, as no API can; gives what it takes to put them back."""
    store = served.sandbox.loop_store
    taken = []
    with store.transaction():
        for row in rows:
            taken += [tuple(one) for one in store.rows("SELECT * FROM loop_return WHERE id = ?", (int(row.loop_id),))]
            store.execute("DELETE FROM loop_return WHERE id = ?", (int(row.loop_id),))
    return taken


def put_back(served: Served, taken: list[tuple[Any, ...]]) -> None:
    store = served.sandbox.loop_store
    with store.transaction():
        for values in taken:
            store.execute(f"INSERT INTO loop_return VALUES ({', '.join('?' * len(values))})", values)


def test_deleted_return_is_a_case_until_loop_has_it_again(stage: Stage, served: Served) -> None:
    gone, kept = stage.make("refund", parcel="in_transit"), stage.make("refund", parcel="in_transit")
    taken = take_out(served, [gone])

    run = work_through(run_of("comparison", gone.shop))
    stage.run()
    assert (run.rows_seen, run.rows_missing, run.failure) == (2, 1, "")
    assert (stage.cases(gone), stage.cases(kept)) == (["missing_in_loop"], [])

    put_back(served, taken)
    work_through(run_of("comparison", gone.shop, interval="later"))
    stage.run()
    gone.refresh_from_db()
    assert (gone.missing_since, stage.cases(gone)) == (None, [])


def test_deleted_return_that_a_webhook_still_told_of_does_not_wait_for_sunday(stage: Stage, served: Served) -> None:
    gone, kept = stage.make("refund", parcel="in_transit"), stage.make("refund", parcel="in_transit")
    take_out(served, [gone])

    mirror.fetch_return(gone.shop, gone.loop_id)
    sweeps.fetch_due_details(gone.shop)
    schedule.work_on_next_run(for_s=60)
    stage.run()

    assert (stage.cases(gone), stage.cases(kept)) == (["missing_in_loop"], [])


def test_loop_that_suddenly_shows_nothing_is_not_believed(stage: Stage, served: Served) -> None:
    rows = stage.make_several(7, "refund", parcel="in_transit")
    taken = take_out(served, rows)

    run = work_through(run_of("comparison", rows[0].shop))
    tick.sweep_connections()

    assert "Nothing was marked" in run.failure
    assert not LoopReturn.objects.filter(missing_since__isnull=False).exists()
    assert Case.objects.filter(code="mirror_doubtful", shop=rows[0].shop, status="open").count() == 1

    put_back(served, taken)
    work_through(run_of("comparison", rows[0].shop, interval="later"))
    tick.sweep_connections()
    assert not Case.objects.filter(code="mirror_doubtful").exclude(status="closed").exists()


def test_return_we_never_heard_of_comes_in_by_the_comparison(stage: Stage) -> None:
    known = stage.make("refund", parcel="in_transit")
    made = stage.ask("loop/returns", {"shop": "northwind", "scenario": "refund", "params": {}})

    work_through(run_of("comparison", known.shop))
    stage.work_through_queue()

    assert LoopReturn.objects.get(loop_id=made["return_id"]).is_detailed


def test_history_is_mirrored_from_the_list_and_neither_planned_nor_fetched_one_by_one(stage: Stage) -> None:
    for _ in range(4):
        stage.ask("loop/returns", {"shop": "northwind", "scenario": "twin_units", "params": {"parcel": "delivered"}})
    Shop.objects.update(start_from=clock.now() + timedelta(days=1))

    run = work_through(schedule.open_import(shop_named()))

    rows = list(LoopReturn.objects.filter(shop__code="northwind"))
    assert (run.rows_seen, run.rows_changed, len(rows)) == (4, 4, 4)
    assert {(row.stage, row.is_detailed, row.look_again_at, row.fetch_due_at) for row in rows} == {
        ("ended", False, None, None)
    }
    assert {row.lines.count() for row in rows} == {2}


def test_history_that_may_be_posted_for_is_planned_once_its_details_are_here(stage: Stage) -> None:
    made = stage.ask("loop/returns", {"shop": "northwind", "scenario": "refund", "params": {"parcel": "in_transit"}})

    work_through(schedule.open_import(shop_named()))
    row = LoopReturn.objects.get(loop_id=made["return_id"])
    assert (row.is_detailed, row.planned_at) == (False, None)

    stage.shops.add("northwind")
    stage.run()
    row.refresh_from_db()
    assert row.is_detailed
    assert len(stage.books(row).rmas) == 1


# --- NetSuite --------------------------------------------------------------------------------------


def make_watched(stage: Stage) -> LoopReturn:
    """A return whose account's changes are followed from now on, as if they had been for days."""
    row = stage.make("refund")
    mirror_changes(row.shop.account)
    SyncCursor.objects.filter(stream=main_stream(row.shop.account)).update(watermark=clock.now())
    return row


@pytest.mark.parametrize("bumped", [True, False])
def test_receipt_a_person_made_is_found_and_belongs_to_the_return(stage: Stage, *, bumped: bool) -> None:
    stage.ask("settings", {"netsuite": {"rma_bumped_by_children": bumped}})
    row = make_watched(stage)

    act_in_netsuite(stage, row, "receive", stage.books(row).rmas[0]["id"])
    mirror_changes(row.shop.account)

    receipt = row.records.get(record_type="itemReceipt")
    rma = row.records.get(record_type="returnAuthorization")
    assert receipt.origin != NetSuiteRecord.Origin.OURS
    assert sum(rma.lines.values_list("quantity_received", flat=True)) == 1


def test_what_has_nothing_to_do_with_returns_is_passed_over_and_what_is_known_is_not_read_twice(stage: Stage) -> None:
    row = make_watched(stage)
    act_in_netsuite(stage, row, "receive", stage.books(row).rmas[0]["id"])
    stage.ask("loop/returns", {"shop": "northwind", "scenario": "refund", "params": {}})  # brings a sale of its own

    read = [mirror_changes(row.shop.account), mirror_changes(row.shop.account)]

    assert read[0] >= 2
    assert read[1] == 0


def test_after_a_long_stop_each_open_return_is_read_and_not_all_that_changed_meanwhile(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a busy account that is more than a task has time for, and the next one would begin at the same place."""
    row = make_watched(stage)
    account, stream = row.shop.account, SyncCursor.objects.filter(stream=main_stream(row.shop.account))
    changed_since, asked = NetSuiteClient.changed_since, list[datetime]()

    def note(client: NetSuiteClient, since: datetime, types: Sequence[str]) -> list[RecordRef]:
        asked.append(since)
        return changed_since(client, since, types)

    monkeypatch.setattr(NetSuiteClient, "changed_since", note)
    stream.update(watermark=clock.now() - timedelta(days=3))
    LoopReturn.objects.update(records_hinted_at=None)

    mirror_changes(account)
    assert asked[0] > clock.now() - GAP_MAX - timedelta(hours=1)
    assert [one.pk for one in due_for_records(account)] == [row.pk]

    LoopReturn.objects.update(records_hinted_at=None)
    mirror_changes(account)
    assert not due_for_records(account).exists(), "once"


@pytest.mark.parametrize("action", ["delete", "void"])
def test_document_a_person_undid_is_found_at_night(stage: Stage, action: str) -> None:
    row = stage.make("refund", parcel="delivered")
    stage.judge(row, "sellable")
    stage.run()
    credit = stage.books(row).credits[0]
    for refund in stage.books(row).refunds:
        act_in_netsuite(stage, row, "delete", refund["id"])

    act_in_netsuite(stage, row, action, credit["id"])
    run = work_through(run_of("records", row.shop.account))
    stage.work_through_queue()

    record = row.records.get(record_type="creditMemo")
    assert run.failure == ""
    assert (record.gone_at is not None, record.status == "V") == (action == "delete", action == "void")
    assert "record_gone" in stage.cases(row)


def test_netsuite_that_suddenly_shows_nothing_is_not_believed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = stage.make_several(6, "refund", parcel="in_transit")
    monkeypatch.setattr(NetSuiteClient, "statuses_of", lambda self, ids: [])

    run = work_through(run_of("records", rows[0].shop.account))

    assert "Nothing was marked" in run.failure
    assert not NetSuiteRecord.objects.filter(gone_at__isnull=False).exists()


def test_everything_is_read_by_the_background_worker_alone(stage: Stage) -> None:
    made = stage.ask("loop/returns", {"shop": "northwind", "scenario": "refund", "params": {"parcel": "in_transit"}})

    for _ in range(3):
        SyncCursor.objects.filter(stream__startswith="job:").update(swept_at=None)
        tasks.look_at_background(None)
        stage.work_through_queue()

    row = LoopReturn.objects.get(loop_id=made["return_id"])
    assert row.planned_at is not None
    assert SyncRun.objects.get(stream=main_stream(row.shop), kind="import").finished_at is not None

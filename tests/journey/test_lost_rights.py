"""A role that loses a right hides records, all of a kind. None of them is taken for deleted."""

from collections.abc import Collection
from contextlib import suppress

import pytest

from integrations.errors import RejectedError
from integrations.models import SyncRun
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.records import RecordRef, TransactionRecord
from returnsops.returns import families, mirror, schedule
from returnsops.returns.models import LoopReturn, NetSuiteRecord
from returnsops.returns.progress import mirror_problems
from returnsops.returns.record_changes import look_for_rights, mirror_changes
from returnsops.returns.runs import STUCK_TRIES
from tests.journey.stage import Stage
from tests.journey.test_family import let_a_minute_pass
from tests.journey.test_mirrors import run_of, work_through

pytestmark = pytest.mark.journey


def credited(stage: Stage) -> LoopReturn:
    row = stage.make("refund", parcel="delivered")
    stage.judge(row, "sellable")
    stage.run()
    assert row.records.filter(record_type="creditMemo").exists()
    return row


@pytest.mark.parametrize("lost", ["Credit Memo", "Return Authorization", "Item Receipt", "Credit Memo: Edit"])
def test_hidden_records_stand_and_the_missing_right_is_told(stage: Stage, lost: str) -> None:
    row = credited(stage)
    account = row.shop.account
    let_a_minute_pass()
    stage.ask("settings", {"netsuite": {"missing_permissions": [lost]}})
    SyncRun.objects.all().delete()
    run = run_of("records", account)

    mirror_changes(account)
    with suppress(RejectedError):
        mirror.hint_records([row.pk])
        families.fetch_records(LoopReturn.objects.get(pk=row.pk))
    for _ in range(3 * STUCK_TRIES):
        with suppress(RejectedError):
            schedule.work_on_next_run(for_s=5)

    run.refresh_from_db()
    account.refresh_from_db()
    assert not NetSuiteRecord.objects.filter(gone_at__isnull=False).exists()
    assert run.finished_at
    is_hidden_from_queries = ":" not in lost
    told = [one.code for one in mirror_problems(account)]
    assert told == ["reading_refused"][:is_hidden_from_queries]

    stage.ask("settings", {"netsuite": {"missing_permissions": []}})
    look_for_rights(account)
    assert mirror_problems(account) == []


def hide(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """NetSuite has no record of this kind, as it says of what a role may not see (netsuite.md §5.1)."""
    get, statuses_of = NetSuiteClient.get_record, NetSuiteClient.statuses_of

    def get_other(client: NetSuiteClient, record_type: str, internal_id: str) -> TransactionRecord | None:
        return None if record_type == kind else get(client, record_type, internal_id)

    def statuses_of_others(client: NetSuiteClient, ids: Collection[str]) -> list[RecordRef]:
        return [ref for ref in statuses_of(client, ids) if ref.record_type != kind]

    monkeypatch.setattr(NetSuiteClient, "get_record", get_other)
    monkeypatch.setattr(NetSuiteClient, "statuses_of", statuses_of_others)


def test_few_records_that_are_said_not_to_exist_are_not_taken_for_deleted_at_night(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = stage.make_several(3, "refund", parcel="in_transit")[0].shop.account
    hide(monkeypatch, "returnAuthorization")

    run = work_through(run_of("records", account))

    assert run.failure == ""
    assert not NetSuiteRecord.objects.filter(gone_at__isnull=False).exists()
    assert [one.code for one in mirror_problems(account)] == ["reading_refused"]


def test_changed_record_that_only_one_answer_leaves_out_is_not_taken_for_deleted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    rma = stage.make("refund", parcel="in_transit").records.get(record_type="returnAuthorization")
    mirror_changes(rma.account)
    mirror.doubt_records(rma.account, [rma.internal_id])
    monkeypatch.setattr(NetSuiteClient, "get_record", lambda *_: None)

    mirror_changes(rma.account)

    rma.refresh_from_db()
    assert rma.gone_at is None

"""A role that loses a right hides records, all of a kind. None of them is taken for deleted."""

from contextlib import suppress

import pytest

from integrations.errors import RejectedError
from integrations.models import SyncRun
from returnsops.returns import families, mirror, schedule
from returnsops.returns.models import LoopReturn, NetSuiteRecord
from returnsops.returns.progress import mirror_problems
from returnsops.returns.record_changes import look_for_rights, mirror_changes
from returnsops.returns.runs import STUCK_TRIES
from tests.journey.stage import Stage
from tests.journey.test_mirrors import run_of

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

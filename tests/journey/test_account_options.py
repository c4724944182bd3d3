"""What is not documented is a setting of the account and a switch of the sandbox: the journey works both ways."""

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from integrations.credentials import store_secret, unseal
from integrations.models import AccessToken, Credential, NetSuiteAccount
from integrations.netsuite import jobs
from integrations.netsuite.tba import LET_IN
from returnsops.posting.models import Posting, PostingAttempt
from returnsops.posting.settle import settle
from returnsops.returns.mirror import fetch_return
from tests.journey.stage import Stage

pytestmark = pytest.mark.journey


def returned(stage: Stage) -> str:
    """One unit, refunded from end to end. Gives how far it came."""
    plain = stage.make("refund")
    stage.judge(plain, "sellable")
    stage.run()
    plain.refresh_from_db()
    return plain.stage


def refusals() -> list[str]:
    return list(Posting.objects.filter(status="rejected").values_list("refusal__detail", flat=True))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ({"receipt_key": "line", "refund_apply_line": 0}, {"receipt_key": "line", "refund_apply_line": 0}),
        ({"receipt_key": "line", "refund_apply_line": 0}, {"receipt_key": "both", "has_forms": True}),
        ({"sql_time_zone": "America/Los_Angeles"}, {"receipt_key": "both", "sends_order_doc": True}),
        ({"async_location": "absolute", "async_delay_s": [0.0, 0.02]}, {"write_mode": "async", "memo_chars_max": 20}),
    ],
)
def test_return_is_settled_either_way(stage: Stage, theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    stage.ask("settings", {"netsuite": theirs})
    NetSuiteAccount.objects.update(**ours)

    assert (returned(stage), refusals()) == ("settled", [])


def test_job_that_waits_longer_than_any_call_is_not_taken_for_absent(
    stage: Stage, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile the return is cancelled: what the job makes at last is ours, and is closed."""
    settings.NETSUITE_COMMIT_WINDOW = timedelta(0)
    monkeypatch.setattr(jobs, "JOB_WAIT_S", 0.1)
    stage.ask("settings", {"netsuite": {"async_delay_s": [3600, 3600]}})
    NetSuiteAccount.objects.update(write_mode="async")
    cancelled = stage.make("refund", parcel="created")
    stage.ask(f"loop/returns/{cancelled.loop_id}/cancel", {})
    fetch_return(cancelled.shop, cancelled.loop_id)

    settle(Posting.objects.get())
    stage.run()
    before = Posting.objects.get().status
    stage.ask("settings", {"netsuite": {"async_delay_s": [0, 0]}})
    stage.ask("clock", {"advance_seconds": 3600})
    stage.let_the_sandbox_work()
    settle(Posting.objects.get())
    stage.run()

    assert before == "uncertain"
    assert [one["status_label"] for one in stage.books(cancelled).rmas] == ["Closed"]


def test_document_of_a_job_that_a_person_deleted_before_any_look_is_told(
    stage: Stage, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NetSuite keeps what a job came to under its key, so we learn which number it had."""
    settings.NETSUITE_COMMIT_WINDOW = timedelta(0)
    monkeypatch.setattr(jobs, "JOB_WAIT_S", 0.0)
    NetSuiteAccount.objects.update(write_mode="async")
    undone = stage.make("refund", parcel="in_transit")
    (made,) = stage.books(undone).rmas
    assert Posting.objects.get().status == "uncertain"

    account = undone.shop.account.account_id
    stage.ask("netsuite/act", {"account": account, "action": "delete", "record": made["id"]})
    monkeypatch.setattr(jobs, "JOB_WAIT_S", 5.0)
    for _ in range(2):  # the job has ended; then its document is not there
        settle(Posting.objects.get())
    stage.run()

    assert (Posting.objects.get().their_id, stage.cases(undone)) == (made["id"], ["record_gone"])
    assert stage.books(undone).rmas == []


@pytest.mark.parametrize("theirs", [{"receipt_key": "line"}, {"refund_apply_line": 0}])
def test_wrong_setting_is_refused_and_seen(stage: Stage, theirs: dict[str, Any]) -> None:
    stage.ask("settings", {"netsuite": theirs})

    assert returned(stage) == "needs_person"
    assert len(refusals()) == 1


def test_account_without_forms_is_asked_once(stage: Stage) -> None:
    stage.ask("settings", {"netsuite": {"create_form": False}})
    NetSuiteAccount.objects.update(has_forms=True)

    returned(stage)

    assert "no_forms" in NetSuiteAccount.objects.get(account_id=first_account(stage)["account_id"]).profile


def test_token_based_access_does_all_the_same(stage: Stage) -> None:
    for row in stage.ask("world", method="GET")["netsuite_accounts"]:
        account = NetSuiteAccount.objects.get(account_id=row["account_id"])
        store_secret(account, Credential.Kind.NETSUITE_CONSUMER_SECRET, row["tba"]["consumer_secret"])
        store_secret(account, Credential.Kind.NETSUITE_TOKEN_ID, row["tba"]["token_id"])
        store_secret(account, Credential.Kind.NETSUITE_TOKEN_SECRET, row["tba"]["token_secret"])
        NetSuiteAccount.objects.filter(pk=account.pk).update(auth="tba", client_id=row["tba"]["consumer_key"])

    assert (returned(stage), refusals()) == ("settled", [])
    assert {unseal(one.sealed) for one in AccessToken.objects.exclude(sealed="")} == {LET_IN}


def test_token_is_shared_and_kept_sealed(stage: Stage) -> None:
    returned(stage)

    token = AccessToken.objects.exclude(sealed="").get()
    tries = "".join(map(str, PostingAttempt.objects.values_list("answer", "request")))
    assert token.ends_at is not None
    assert "sandbox." not in token.sealed + tries


def first_account(stage: Stage) -> dict[str, Any]:
    account: dict[str, Any] = stage.ask("world", method="GET")["netsuite_accounts"][0]
    return account

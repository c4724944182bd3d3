"""What a check says about a NetSuite account that is set up well, badly, or not at all."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from integrations.credentials import store_secret
from integrations.discovery.check import check_account
from integrations.models import ConnectionProfile, Credential, NetSuiteAccount
from integrations.netsuite.certificates import make_certificate
from integrations.profile import AccountProfile, Severity, account_profile
from returnsops.returns.connection_checks import check_connection, read_configured
from tests.discovery.sandbox import Sandbox

CALLS_MAX = 60


def check(account: NetSuiteAccount) -> AccountProfile:
    profile = check_account(account, read_configured(account))
    assert profile is not None
    return profile


def words(profile: AccountProfile, severity: Severity) -> str:
    return "\n".join(f"{one.words} {one.todo}" for one in profile.of(severity))


def test_a_healthy_account_has_nothing_that_blocks(sandbox: Sandbox, account: NetSuiteAccount) -> None:
    sandbox.make_return()

    profile = check(account)

    assert words(profile, Severity.BLOCKS) == ""
    assert words(profile, Severity.WARNS) == ""
    fine = words(profile, Severity.FINE)
    assert "Log-in works." in fine
    assert "Every location, item and account that the policies name exists and fits." in fine
    assert "Orders are billed as invoices" in fine
    assert profile.calls <= CALLS_MAX


def test_what_was_found_is_kept(account: NetSuiteAccount) -> None:
    profile = check(account)

    assert account_profile(account) == profile


def test_nothing_is_written_over_there(sandbox: Sandbox, account: NetSuiteAccount) -> None:
    sandbox.make_return()
    before = sandbox.transactions(account.account_id)

    check(account)

    assert sandbox.transactions(account.account_id) == before


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("Item Receipt", "The role lacks Item Receipt: Edit. Add it under Setup › Users/Roles"),
        ("SuiteAnalytics Workbook", "The role lacks SuiteAnalytics Workbook: Edit."),
        ("Credit Memo: Create", "The role lacks Credit Memo: "),
    ],
)
def test_a_missing_right_is_named_with_the_way_to_it(
    sandbox: Sandbox, account: NetSuiteAccount, missing: str, said: str
) -> None:
    sandbox.turn(missing_permissions=[missing])

    profile = check(account)

    assert said in words(profile, Severity.BLOCKS)


def test_without_suiteql_the_rest_is_still_asked(sandbox: Sandbox, account: NetSuiteAccount) -> None:
    sandbox.make_return()
    sandbox.turn(missing_permissions=["SuiteAnalytics Workbook"])

    profile = check(account)

    assert profile.facts.suiteql is False
    assert profile.facts.access["invoice"] == "edit"
    assert profile.facts.locations is None


def test_a_refused_log_in_is_said_once_and_stops_the_account(account: NetSuiteAccount) -> None:
    store_secret(
        account, Credential.Kind.NETSUITE_PRIVATE_KEY,
        make_certificate("other", now=timezone.now(), kind="ec").private_pem,
    )  # fmt: skip

    profile = check(account)

    assert [one.code for one in profile.of(Severity.BLOCKS)] == ["log_in"]
    assert "certificate id, private key or the role" in words(profile, Severity.BLOCKS)
    account.refresh_from_db()
    assert account.paused_at is not None


def test_a_stopped_account_is_checked_and_stays_stopped(account: NetSuiteAccount) -> None:
    account.paused_at = timezone.now()
    account.save()

    profile = check(account)

    assert words(profile, Severity.BLOCKS) == ""
    account.refresh_from_db()
    assert account.paused_at is not None


def test_a_refused_log_in_keeps_what_was_known(sandbox: Sandbox, account: NetSuiteAccount) -> None:
    known = check(account).facts
    Credential.objects.filter(account=account).update(retired_at=timezone.now())

    profile = check(account)

    assert profile.facts == known
    assert "has no NetSuite private key" in profile.of(Severity.BLOCKS)[0].evidence


def test_an_account_that_does_not_answer_is_asked_twice_at_most(account: NetSuiteAccount) -> None:
    account.base_url = "http://127.0.0.1:9"
    account.save()

    profile = check(account)

    assert "NetSuite gives no answer." in words(profile, Severity.BLOCKS)
    assert profile.calls == 2


def test_a_difference_to_the_last_check_is_told(sandbox: Sandbox, account: NetSuiteAccount) -> None:
    sandbox.turn(create_form=False)
    first = check(account)

    sandbox.turn(create_form=True)
    second = check(account)

    assert (first.changes, first.compared_with) == ((), None)
    assert "Create-form became available." in second.changes
    assert second.compared_with == first.checked_at


def test_one_check_at_a_time(account: NetSuiteAccount) -> None:
    check(account)
    running = {"started_at": timezone.now().isoformat()}
    ConnectionProfile.objects.update(progress=running)

    assert check_connection(account) is None

    died = {"started_at": (timezone.now() - timedelta(minutes=10)).isoformat()}
    ConnectionProfile.objects.update(progress=died)
    assert check_connection(account) is not None


def test_certificate_that_ends_soon_is_warned_about(account: NetSuiteAccount) -> None:
    account.certificate_expires_at = timezone.now() + timedelta(days=20)
    account.save()

    assert "The certificate of NetSuite 7400001_SB1 ends within 30 days" in words(check(account), Severity.WARNS)


def test_setting_that_the_account_does_not_know_is_named(account: NetSuiteAccount) -> None:
    account.line_reference_field = "custcol_not_there"
    account.subsidiary_id = "77"
    account.save()

    blocks = words(check(account), Severity.BLOCKS)

    assert "Order lines have no field custcol_not_there" in blocks
    assert "The account has no subsidiary 77. Choose one of:" in blocks


def test_another_program_that_writes_the_same_is_told(sandbox: Sandbox, account: NetSuiteAccount) -> None:
    for _ in range(3):
        sandbox.make_return()
    sandbox.authorize_by_connector(account.account_id, mark="celigo-ra-")

    profile = check(account)

    blocks = words(profile, Severity.BLOCKS)
    assert "Two writers of Return Authorizations: ReturnsOps is set to write them, and «celigo-ra-…»" in blocks
    assert "set «ownership.rma» to «observe»" in blocks
    assert profile.facts.advanced_receiving is True


def test_closed_period_of_today_is_told(sandbox: Sandbox, account: NetSuiteAccount) -> None:
    sandbox.act(account.account_id, "close_period")

    assert "which holds today, is closed" in words(check(account), Severity.BLOCKS)


def test_command_tells_a_healthy_account(sandbox: Sandbox, account: NetSuiteAccount) -> None:
    sandbox.make_return()
    out = StringIO()

    call_command("check_connection", account=[account.account_id], stdout=out)

    text = out.getvalue()
    assert "NetSuite 7400001_SB1" in text
    assert "Does not work" not in text
    assert "Log-in works." in text
    assert "questions in" in text


def test_command_fails_for_a_broken_one_and_says_who_mends_it(sandbox: Sandbox, account: NetSuiteAccount) -> None:
    sandbox.turn(missing_permissions=["Item Receipt"])
    out = StringIO()

    with pytest.raises(CommandError, match="Something blocks: NetSuite 7400001_SB1"):
        call_command("check_connection", account=[account.account_id], stdout=out)

    text = out.getvalue()
    assert "Does not work" in text
    assert "Ask the NetSuite administrator: Add it under Setup ›" in text


def test_command_gives_json_to_programs(account: NetSuiteAccount) -> None:
    out = StringIO()

    call_command("check_connection", account=[account.account_id], json=True, stdout=out)

    found = json.loads(out.getvalue())["NetSuite 7400001_SB1"]
    assert found["facts"]["suiteql"] is True
    assert {"code", "severity", "words", "who", "todo", "evidence"} <= set(found["findings"][0])


def test_command_names_what_there_is(account: NetSuiteAccount) -> None:
    with pytest.raises(
        CommandError, match="No account or shop is called 999. Known: 7400001_SB1, 7400002_SB1, harbour, northwind"
    ):
        call_command("check_connection", account=["999"])

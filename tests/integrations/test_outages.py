"""When calls that fail are an outage, and when it is over (I7)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.connections import (
    FAILING_FOR,
    FAILURES_MAX,
    FAILURES_MIN,
    PROBE_AFTER,
    begin_probe,
    note_failure,
    note_success,
    resume_connection,
    watched,
)
from integrations.errors import NoCallsLeftError, RejectedError, TemporaryError
from integrations.models import NetSuiteAccount, Shop

pytestmark = pytest.mark.django_db
NO_ANSWER = TemporaryError(system="netsuite", operation="create", status=503, detail="Down for maintenance")


@pytest.fixture
def account(shop: Shop) -> NetSuiteAccount:
    return shop.account


def fail(account: NetSuiteAccount, *, times: int) -> None:
    for _ in range(times):
        note_failure(account, NO_ANSWER)
    account.refresh_from_db()


def test_a_few_calls_that_fail_at_once_are_bad_luck(account: NetSuiteAccount) -> None:
    fail(account, times=FAILURES_MAX - 1)

    assert account.down_since is None
    with watched(account):
        pass


def test_many_in_a_row_are_an_outage_at_once(account: NetSuiteAccount) -> None:
    fail(account, times=FAILURES_MAX)

    assert account.down_since is not None
    with pytest.raises(TemporaryError, match="is down, asked again at"), watched(account):
        pass


def test_an_answer_in_between_begins_the_count_anew(account: NetSuiteAccount) -> None:
    fail(account, times=FAILURES_MAX - 1)
    note_success(account)
    fail(account, times=FAILURES_MAX - 1)

    assert account.down_since is None


def test_a_no_is_an_answer_too(account: NetSuiteAccount) -> None:
    fail(account, times=FAILURES_MAX)

    note_failure(account, RejectedError(system="netsuite", operation="create", status=400, detail="No."))

    account.refresh_from_db()
    assert (account.down_since, account.failures) == (None, 0)


CHANGED = TemporaryError(
    system="netsuite", operation="create", status=400, code="RCRD_HAS_BEEN_CHANGED", detail="Record has been changed"
)


def test_a_document_that_somebody_else_is_at_is_no_outage(account: NetSuiteAccount) -> None:
    fail(account, times=FAILURES_MIN)
    for _ in range(FAILURES_MAX):
        note_failure(account, CHANGED)

    account.refresh_from_db()
    assert (account.down_since, account.failures) == (None, 0)


def test_a_page_in_front_that_refuses_is_no_answer(account: NetSuiteAccount) -> None:
    blocked = TemporaryError(system="netsuite", operation="get invoice", status=403, detail="HTTP 403")
    for _ in range(FAILURES_MAX):
        note_failure(account, blocked)

    account.refresh_from_db()
    assert account.down_since is not None


def test_a_quiet_connection_is_down_when_nothing_else_came_for_a_while(account: NetSuiteAccount) -> None:
    fail(account, times=FAILURES_MIN - 2)
    NetSuiteAccount.objects.update(failing_since=timezone.now() - FAILING_FOR)

    fail(account, times=1)
    assert account.down_since is None

    fail(account, times=1)
    assert account.down_since is not None


def test_the_first_probe_comes_soon_and_the_next_ones_later_and_later(account: NetSuiteAccount) -> None:
    fail(account, times=FAILURES_MAX)
    assert account.next_probe_at is not None
    assert account.next_probe_at - timezone.now() <= PROBE_AFTER

    NetSuiteAccount.objects.update(failing_since=timezone.now() - timedelta(seconds=40), next_probe_at=timezone.now())
    assert begin_probe(account)
    fail(account, times=1)

    assert account.next_probe_at - timezone.now() > timedelta(seconds=35)


def test_only_one_probes(account: NetSuiteAccount) -> None:
    fail(account, times=FAILURES_MAX)
    NetSuiteAccount.objects.update(next_probe_at=timezone.now())

    assert [begin_probe(account), begin_probe(account)] == [True, False]


@pytest.mark.parametrize("end", [note_success, resume_connection])
def test_when_it_is_over_the_count_begins_anew(account: NetSuiteAccount, end: object) -> None:
    fail(account, times=FAILURES_MAX)

    assert callable(end)
    end(account)

    account.refresh_from_db()
    assert (account.failing_since, account.failures, account.failure, account.next_probe_at) == (None, 0, "", None)


def test_calls_of_ours_that_are_used_up_say_nothing_of_the_other_side(shop: Shop) -> None:
    for _ in range(FAILURES_MAX):
        note_failure(shop, TemporaryError(system="loop", operation="get_return", status=502))
    note_failure(shop, NoCallsLeftError(system="loop", operation="wait for the call budget", status=429))

    shop.refresh_from_db()
    assert shop.down_since is not None
    assert begin_probe(shop), "nobody called, so the next one may"

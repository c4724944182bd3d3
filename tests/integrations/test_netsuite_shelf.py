"""One log-in for all processes of an account, and one refusal."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests
import responses
from django.db import connection, connections
from django.utils import timezone

from integrations.connections import resume_connection
from integrations.errors import ConfigurationError, TemporaryError
from integrations.models import AccessToken, NetSuiteAccount
from integrations.netsuite import auth
from integrations.netsuite.assertion import ClientCredentials
from integrations.netsuite.auth import TokenSource
from integrations.netsuite.shared_shelf import SharedShelf
from integrations.netsuite.shelf import KeptToken, MemoryShelf, Shelf, hold_for_s
from tests.builders import make_account

TOKEN_URL = "https://acct.example.com/services/rest/auth/oauth2/v1/token"
GRANT = {"access_token": "token-1", "expires_in": 3600, "token_type": "Bearer"}
REFUSAL = ConfigurationError(system="netsuite", operation="get_token", detail="No such certificate.")


@pytest.fixture
def account(db: None) -> NetSuiteAccount:
    return make_account()


@pytest.fixture(params=["memory", "shared"])
def shelf(request: pytest.FixtureRequest, account: NetSuiteAccount) -> Shelf:
    return MemoryShelf() if request.param == "memory" else SharedShelf(account.pk, digest="d")


def kept(text: str = "token-1") -> KeptToken:
    return KeptToken(text=text, renew_at=time.time() + 3000, ends_at=time.time() + 3600)


def source(credentials: ClientCredentials, account: NetSuiteAccount) -> TokenSource:
    """A process of its own, as far as tokens go."""
    return TokenSource(credentials, shelf=SharedShelf(account.pk, digest=credentials.digest))


def test_turn_is_given_to_one_at_a_time(shelf: Shelf) -> None:
    shown = shelf.look()
    turn = shelf.take_turn(shown)

    assert turn
    assert shelf.take_turn(shown) == ""

    shelf.end_turn(turn)
    assert shelf.take_turn(shelf.look())


def test_turn_is_not_given_on_what_has_changed_since(shelf: Shelf) -> None:
    shown = shelf.look()
    shelf.put(kept())

    assert shelf.take_turn(shown) == ""


def test_token_that_was_replaced_is_not_dropped(shelf: Shelf) -> None:
    shelf.put(kept("new"))
    shelf.drop("old")
    assert shelf.look().token is not None

    shelf.drop("new")
    assert shelf.look().token is None


def test_new_token_ends_a_refusal(shelf: Shelf) -> None:
    shelf.hold(REFUSAL)
    refused = shelf.look().refusal
    shelf.put(kept())

    assert refused is not None
    assert refused.detail == "No such certificate."
    assert shelf.look().refusal is None


def test_fewer_than_five_refusals_fall_into_half_an_hour() -> None:
    waits = [hold_for_s(number) for number in range(1, 8)]
    starts = [sum(waits[:number]) for number in range(8)]

    assert all(starts[number + 4] - starts[number] >= 1800 for number in range(4))


@pytest.mark.django_db
def test_token_lies_there_sealed_and_for_these_credentials_only(account: NetSuiteAccount) -> None:
    SharedShelf(account.pk, digest="d").put(kept("secret-token"))

    assert "secret-token" not in str(AccessToken.objects.values().get())
    assert SharedShelf(account.pk, digest="another key").look().token is None


def test_token_whose_key_is_gone_is_asked_for_anew(account: NetSuiteAccount, settings: object) -> None:
    shelf = SharedShelf(account.pk, digest="d")
    shelf.put(kept())
    AccessToken.objects.update(sealed="sealed with a lost key")

    assert shelf.look().token is None


def test_second_process_takes_the_first_ones_token(
    wire: responses.RequestsMock, credentials: ClientCredentials, account: NetSuiteAccount
) -> None:
    wire.post(TOKEN_URL, json=GRANT)

    tokens = [source(credentials, account).get_token() for _ in range(5)]

    assert tokens == ["token-1"] * 5
    assert len(wire.calls) == 1


def test_five_processes_with_a_wrong_key_fail_one_log_in(
    wire: responses.RequestsMock, credentials: ClientCredentials, account: NetSuiteAccount
) -> None:
    wire.post(TOKEN_URL, status=401, json={"error": "invalid_client", "error_description": "No such certificate."})

    for _ in range(5):
        with pytest.raises(ConfigurationError, match="No such certificate"):
            source(credentials, account).get_token()
    assert len(wire.calls) == 1


def test_resuming_the_account_lets_it_log_in_at_once(
    wire: responses.RequestsMock, credentials: ClientCredentials, account: NetSuiteAccount
) -> None:
    wire.post(TOKEN_URL, status=401, json={})
    wire.post(TOKEN_URL, json=GRANT)
    with pytest.raises(ConfigurationError):
        source(credentials, account).get_token()

    resume_connection(account)

    assert source(credentials, account).get_token() == "token-1"


def test_old_token_serves_while_another_process_logs_in(
    wire: responses.RequestsMock, credentials: ClientCredentials, account: NetSuiteAccount
) -> None:
    shelf = SharedShelf(account.pk, digest=credentials.digest)
    shelf.put(KeptToken(text="old", renew_at=time.time() - 1, ends_at=time.time() + 500))
    assert shelf.take_turn(shelf.look())

    assert source(credentials, account).get_token() == "old"


def test_nobody_waits_for_ever_for_a_log_in_that_hangs(
    credentials: ClientCredentials, account: NetSuiteAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "TURN_WAIT_S", 0.05)
    shelf = SharedShelf(account.pk, digest=credentials.digest)
    assert shelf.take_turn(shelf.look())

    with pytest.raises(TemporaryError, match="another process"):
        source(credentials, account).get_token()


def test_turn_of_a_killed_process_ends_by_itself(
    wire: responses.RequestsMock, credentials: ClientCredentials, account: NetSuiteAccount
) -> None:
    shelf = SharedShelf(account.pk, digest=credentials.digest)
    assert shelf.take_turn(shelf.look())
    AccessToken.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    wire.post(TOKEN_URL, json=GRANT)

    assert source(credentials, account).get_token() == "token-1"


def test_failed_try_gives_the_turn_back(
    wire: responses.RequestsMock, credentials: ClientCredentials, account: NetSuiteAccount
) -> None:
    wire.post(TOKEN_URL, status=503, body="<html>")
    wire.post(TOKEN_URL, json=GRANT)
    with pytest.raises(TemporaryError):
        source(credentials, account).get_token()

    assert source(credentials, account).get_token() == "token-1"


@pytest.mark.django_db(transaction=True)
def test_many_processes_at_once_log_in_once(wire: responses.RequestsMock, credentials: ClientCredentials) -> None:
    account, asked = make_account(), threading.Event()

    def grant_slowly(_: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        assert not connection.in_atomic_block, "no transaction may be open while NetSuite is asked"
        asked.wait(0.2)
        return 200, {}, '{"access_token": "token-1", "expires_in": "3600"}'

    def one_process(_: int) -> str:
        try:
            return source(credentials, account).get_token()
        finally:
            connections.close_all()

    wire.add_callback(responses.POST, TOKEN_URL, callback=grant_slowly)
    with ThreadPoolExecutor(6) as threads:
        tokens = set(threads.map(one_process, range(6)))

    assert tokens == {"token-1"}
    assert len(wire.calls) == 1

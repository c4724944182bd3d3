"""No secret of an account comes out in an error, a log line or a table, whichever way a call goes wrong."""

import json
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
import requests
import responses

from integrations.connections import netsuite_client, note_failure
from integrations.credentials import store_secret
from integrations.errors import IntegrationError
from integrations.models import AccessToken, Credential, NetSuiteAccount
from integrations.netsuite.assertion import ClientCredentials
from integrations.netsuite.client import NetSuiteClient
from tests.builders import make_account

BASE = "http://127.0.0.1:9"
TOKEN_URL = f"{BASE}/services/rest/auth/oauth2/v1/token"
TRANSFORM = f"{BASE}/services/rest/record/v1/invoice/1/!transform/creditMemo"
BEARER = "bearer-" + "x" * 40
TBA = {
    Credential.Kind.NETSUITE_CONSUMER_SECRET: "consumer/secret+" + "c" * 30,
    Credential.Kind.NETSUITE_TOKEN_ID: "token-id-" + "i" * 30,
    Credential.Kind.NETSUITE_TOKEN_SECRET: "token/secret+" + "s" * 30,
}
Reply = tuple[int, dict[str, str], str]


def everything_sent(request: requests.PreparedRequest) -> str:
    headers = dict(request.headers)
    return json.dumps({"headers": headers, "body": str(request.body), "url": request.url})


def echo(status: int) -> Callable[[requests.PreparedRequest], Reply]:
    """A server that answers with all it was sent."""

    def answer(request: requests.PreparedRequest) -> Reply:
        seen.append(everything_sent(request))
        detail = {"o:errorCode": "USER_ERROR", "detail": f"You sent {request.headers.get('Authorization')}"}
        body = {"title": "x", "sent": everything_sent(request), "o:errorDetails": [detail]}
        return status, {"X-N-OperationId": "op-1"}, json.dumps(body)

    return answer


def echo_at_log_in(request: requests.PreparedRequest) -> Reply:
    seen.append(everything_sent(request))
    return 400, {}, json.dumps({"error": "invalid_grant", "error_description": f"bad assertion {request.body!r}"})


def grant(request: requests.PreparedRequest) -> Reply:
    return 200, {}, json.dumps({"access_token": BEARER, "expires_in": 3600})


def break_off(request: requests.PreparedRequest) -> Reply:
    seen.append(everything_sent(request))
    raise requests.ConnectionError(f"lost while sending {request.headers['Authorization']}")


seen: list[str] = []


@pytest.fixture
def account(db: None, credentials: ClientCredentials) -> NetSuiteAccount:
    seen.clear()
    account = make_account(base_url=BASE)
    store_secret(account, Credential.Kind.NETSUITE_PRIVATE_KEY, credentials.private_key_pem)
    for kind, secret in TBA.items():
        store_secret(account, kind, secret)
    account.lanes.create(number=1)
    return account


def secrets_of(account: NetSuiteAccount, key: str) -> set[str]:
    """What must not show, and every spelling of it."""
    plain = {BEARER, *TBA.values(), *(line for line in key.splitlines() if len(line) > 20 and "KEY" not in line)}
    for sent in seen:
        header = json.loads(sent)["headers"].get("Authorization", "")
        plain |= {part.partition("=")[2].strip('",') for part in header.split() if part.startswith("oauth_signature=")}
        body = json.loads(sent)["body"]
        plain |= {body.partition("client_assertion=")[2].partition("&")[0]} if "client_assertion=" in body else set()
    return {spelt for secret in plain if secret for spelt in (secret, quote(secret, safe=""))}


def fail(client: NetSuiteClient) -> str:
    with pytest.raises(IntegrationError) as raised:
        client.transform_record("invoice", "1", "creditMemo", {"memo": "x"}, replace=["item"])
    error = raised.value
    return " ".join([str(error), repr(error), json.dumps(vars(error), default=str), repr(error.__context__)])


@pytest.mark.parametrize("auth", ["oauth2", "tba"])
@pytest.mark.parametrize(
    "reply", [echo(400), echo(401), echo(403), echo(404), echo(429), echo(500), echo(302), echo(503), break_off]
)
def test_refused_or_lost_call_shows_no_secret(
    account: NetSuiteAccount,
    credentials: ClientCredentials,
    caplog: pytest.LogCaptureFixture,
    auth: str,
    reply: Callable[[requests.PreparedRequest], Reply],
) -> None:
    account.auth = auth
    account.save()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire, caplog.at_level(logging.DEBUG):
        wire.add_callback(responses.POST, TOKEN_URL, callback=grant)
        wire.add_callback(responses.POST, TRANSFORM, callback=reply)
        shown = fail(netsuite_client(account)) + caplog.text

    assert seen
    assert not [secret for secret in secrets_of(account, credentials.private_key_pem) if secret in shown]


def test_refused_log_in_shows_no_assertion(
    account: NetSuiteAccount, credentials: ClientCredentials, caplog: pytest.LogCaptureFixture
) -> None:
    with responses.RequestsMock() as wire, caplog.at_level(logging.DEBUG):
        wire.add_callback(responses.POST, TOKEN_URL, callback=echo_at_log_in)
        shown = fail(netsuite_client(account)) + caplog.text

    secrets = secrets_of(account, credentials.private_key_pem)
    assert any(secret.startswith("ey") for secret in secrets), "the assertion itself is among what must not show"
    assert not [secret for secret in secrets if secret in shown]


def test_tables_hold_no_secret_in_the_clear(account: NetSuiteAccount, credentials: ClientCredentials) -> None:
    with responses.RequestsMock() as wire:
        wire.add_callback(responses.POST, TOKEN_URL, callback=grant)
        wire.add_callback(responses.POST, TRANSFORM, callback=echo(401))
        with pytest.raises(IntegrationError) as raised:
            netsuite_client(account).transform_record("invoice", "1", "creditMemo", {})
        note_failure(account, raised.value)

    rows: list[Any] = [model.objects.values() for model in (NetSuiteAccount, Credential, AccessToken)]
    text = str([list(row) for row in rows])
    assert "paused_reason" in text
    assert not [secret for secret in secrets_of(account, credentials.private_key_pem) if secret in text]

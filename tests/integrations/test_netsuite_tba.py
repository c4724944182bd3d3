"""Token-based access: the exact signature, computed here a second time from the specification."""

import base64
import hashlib
import hmac
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest
import requests
import responses
import time_machine

from integrations.errors import ConfigurationError, TemporaryError, UncertainError
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.options import AccountOptions
from integrations.netsuite.shelf import KeptToken, MemoryShelf
from integrations.netsuite.tba import TokenBasedAccess, TokenSecrets
from integrations.sandbox.sandbox import Options
from integrations.sandbox.server import Served

BASE = "https://1234567-sb1.suitetalk.api.netsuite.com"
RECORDS = f"{BASE}/services/rest/record/v1"
SECRETS = TokenSecrets(
    account_id="1234567-sb1", consumer_key="ck-1", consumer_secret="cs&1", token_id="tk-1", token_secret="ts/1"
)


@pytest.fixture
def client() -> Iterator[NetSuiteClient]:
    client = NetSuiteClient(BASE, TokenBasedAccess(SECRETS), options=AccountOptions())
    yield client
    client.close()


def read_header(request: requests.PreparedRequest) -> dict[str, str]:
    scheme, _, rest = request.headers["Authorization"].partition(" ")
    assert scheme == "OAuth"
    return {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', rest)}


def enc(text: str) -> str:
    return quote(text, safe="-._~")


def base_string(request: requests.PreparedRequest, header: dict[str, str]) -> str:
    parts = urlsplit(str(request.url))
    signed = [(name, value) for name, value in header.items() if name not in ("realm", "oauth_signature")]
    pairs = sorted((enc(name), enc(value)) for name, value in [*parse_qsl(parts.query), *signed])
    address = f"{parts.scheme}://{parts.netloc}{unquote(parts.path)}"
    return "&".join([str(request.method), enc(address), enc("&".join(f"{name}={value}" for name, value in pairs))])


def signature(text: str) -> str:
    key = f"{enc(SECRETS.consumer_secret)}&{enc(SECRETS.token_secret)}"
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def test_transform_is_signed_as_documented(wire: responses.RequestsMock, client: NetSuiteClient) -> None:
    path = f"{RECORDS}/returnAuthorization/90211/!transform/creditMemo"
    wire.post(path, status=204, headers={"Location": f"{RECORDS}/creditMemo/9"})

    client.transform_record("returnAuthorization", "90211", "creditMemo", {"memo": "x"}, replace=["item", "apply"])

    request = wire.calls[0].request
    header = read_header(request)
    text = base_string(request, header)
    assert header["realm"] == "1234567_SB1"
    assert {name: header[name] for name in ("oauth_signature_method", "oauth_version", "oauth_token")} == {
        "oauth_signature_method": "HMAC-SHA256",
        "oauth_version": "1.0",
        "oauth_token": "tk-1",
    }
    assert len(header["oauth_nonce"]) >= 6
    assert header["oauth_timestamp"].isdecimal()
    assert "%2F%21transform%2F" in text, "the ! has to be encoded in what is signed"
    assert "replace%3Ditem%252Capply" in text
    assert header["oauth_signature"] == signature(text)


def test_known_vector() -> None:
    """The base string written out by hand, so that the test does not repeat a fault of the code above."""
    access = TokenBasedAccess(SECRETS)
    url = f"{RECORDS}/invoice/1/!transform/creditMemo"

    header = access.permit("POST", url, {"replace": "item"}).headers["Authorization"]

    found = {name: unquote(value) for name, value in re.findall(r'(\w+)="([^"]*)"', header)}
    text = (
        "POST&https%3A%2F%2F1234567-sb1.suitetalk.api.netsuite.com%2Fservices%2Frest%2Frecord%2Fv1%2Finvoice%2F1"
        "%2F%21transform%2FcreditMemo&oauth_consumer_key%3Dck-1%26oauth_nonce%3D" + found["oauth_nonce"]
        + "%26oauth_signature_method%3DHMAC-SHA256%26oauth_timestamp%3D" + found["oauth_timestamp"]
        + "%26oauth_token%3Dtk-1%26oauth_version%3D1.0%26replace%3Ditem"
    )  # fmt: skip
    key = b"cs%261&ts%2F1"
    assert found["oauth_signature"] == base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()


def test_every_call_is_signed_anew(wire: responses.RequestsMock, client: NetSuiteClient) -> None:
    wire.get(re.compile(".*serverTime"), json={"serverTime": "2026-11-22T08:00:00Z"})

    client.server_time()
    client.server_time()

    first, second = (read_header(call.request) for call in wire.calls)
    assert first["oauth_nonce"] != second["oauth_nonce"]


def test_refused_signature_is_not_repeated_and_stops_the_account(
    wire: responses.RequestsMock, client: NetSuiteClient
) -> None:
    wire.get(re.compile(".*serverTime"), status=401, json={"title": "Unauthorized", "o:errorCode": "INVALID_LOGIN"})

    for _ in range(5):
        with pytest.raises(ConfigurationError):
            client.server_time()
    assert len(wire.calls) == 1


@pytest.mark.parametrize(("date", "words"), [("07:50:00", "600 s ahead"), ("08:09:00", "540 s behind")])
def test_clock_that_is_off_is_named(
    wire: responses.RequestsMock, client: NetSuiteClient, date: str, words: str
) -> None:
    headers = {"Date": f"Sun, 22 Nov 2026 {date} GMT"}
    wire.get(re.compile(".*serverTime"), status=401, json={"o:errorCode": "INVALID_LOGIN"}, headers=headers)

    with (
        time_machine.travel("2026-11-22T08:00:00Z", tick=False),
        pytest.raises(ConfigurationError, match=words),
    ):
        client.server_time()


def test_secrets_are_not_shown() -> None:
    permit = TokenBasedAccess(SECRETS).permit("GET", RECORDS, {})

    shown = repr(SECRETS) + repr(permit)
    assert not [secret for secret in (*SECRETS.hidden, *permit.secrets) if secret in shown]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    running = Served(Options(seed="tokens"))
    running.start()
    yield running
    running.stop()


def ask_at_once(served: Served, secrets: TokenSecrets, *, count: int = 10) -> list[str]:
    """What comes of so many calls that begin together; and the user stays unlocked."""
    client = NetSuiteClient(served.url, TokenBasedAccess(secrets))
    barrier = threading.Barrier(count)

    def ask(_: int) -> str:
        barrier.wait(timeout=60)
        try:
            client.server_time()
        except ConfigurationError as error:
            return type(error).__name__
        return "let in"

    with ThreadPoolExecutor(count) as pool:
        came = list(pool.map(ask, range(count)))
    client.close()
    return came


@pytest.mark.parametrize(("is_right", "outcome", "failures"), [(True, "let in", 0), (False, "ConfigurationError", 1)])
def test_many_calls_at_once_fail_to_log_in_once(served: Served, is_right: bool, outcome: str, failures: int) -> None:
    """Five failed log-ins lock the user for half an hour."""
    account = next(iter(served.sandbox.accounts.values()))
    account.login_trail.clear()
    profile = account.profile
    secrets = TokenSecrets(
        account_id=profile.account_id, consumer_key=profile.client_id, consumer_secret=profile.consumer_secret,
        token_id=profile.token_id, token_secret=profile.token_secret if is_right else "wrong",
    )  # fmt: skip

    assert ask_at_once(served, secrets) == [outcome] * 10
    assert len(account.login_trail) == failures


def test_call_without_an_answer_keeps_nobody_waiting(wire: responses.RequestsMock, client: NetSuiteClient) -> None:
    address = f"{RECORDS}/invoice/5"
    wire.get(address, body=requests.ConnectionError("reset"))
    wire.get(address, status=404, json={"o:errorDetails": [{"o:errorCode": "NONEXISTENT_ID"}], "title": "x"})

    with pytest.raises(TemporaryError):
        client.get_record("invoice", "5")
    assert client.get_record("invoice", "5") is None


class TornShelf(MemoryShelf):
    """Our database is away once the call has ended."""

    def put(self, token: KeptToken) -> None:
        raise TemporaryError(operation="share", detail="Our database does not answer")

    def end_turn(self, turn: str) -> None:
        raise TemporaryError(operation="share", detail="Our database does not answer")


def test_what_was_done_stays_done_though_it_cannot_be_noted(wire: responses.RequestsMock) -> None:
    """A write that was carried out is no «surely not done», and a lost answer stays one."""
    wire.post(f"{RECORDS}/salesOrder", status=204, headers={"Location": f"{RECORDS}/salesOrder/9"})
    wire.post(f"{RECORDS}/invoice", body=requests.ConnectionError("reset"))

    assert NetSuiteClient(BASE, TokenBasedAccess(SECRETS, shelf=TornShelf())).create_record("salesOrder", {}) == "9"
    with pytest.raises(UncertainError):
        NetSuiteClient(BASE, TokenBasedAccess(SECRETS, shelf=TornShelf())).create_record("invoice", {})

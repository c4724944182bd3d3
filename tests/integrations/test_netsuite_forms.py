"""Previews: what a record would be, on accounts that can tell and on those that cannot."""

import json
from collections.abc import Callable

import pytest
import responses

from integrations.errors import ConfigurationError, RejectedError
from integrations.netsuite.assertion import ClientCredentials
from integrations.netsuite.auth import TokenSource
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.options import AccountOptions

BASE = "https://acct.example.com"
RECORDS = f"{BASE}/services/rest/record/v1"
TRANSFORM = f"{RECORDS}/returnAuthorization/90211/!transform/creditMemo"
FORM = {"total": 48.0, "item": {"items": [{"orderLine": 4, "quantity": 1}]}}
Make = Callable[..., NetSuiteClient]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def client(wire: responses.RequestsMock, credentials: ClientCredentials, said: list[str]) -> NetSuiteClient:
    wire.post(f"{BASE}/services/rest/auth/oauth2/v1/token", json={"access_token": "token-1"})
    options = AccountOptions(has_forms=True)
    return NetSuiteClient(BASE, TokenSource(credentials), options=options, note_no_forms=said.append)


def test_form_is_asked_for_as_documented_and_without_our_id(
    wire: responses.RequestsMock, client: NetSuiteClient, said: list[str]
) -> None:
    wire.post(TRANSFORM, json=FORM)

    form = client.preview_transform(
        "returnAuthorization", "90211", "creditMemo", {"externalId": "loop-1", "memo": "x"}, replace=["item"]
    )

    request = wire.calls[1].request
    assert form is not None
    assert (form.internal_id, [line.order_line for line in form.lines]) == ("", [4])
    assert request.headers["Accept"] == "application/vnd.oracle.resource+json; type=create-form"
    assert "expandSubResources=true" in str(request.url)
    assert "replace=item" in str(request.url)
    assert json.loads(request.body or "") == {"memo": "x"}
    assert said == []


def test_account_without_forms_is_not_asked(credentials: ClientCredentials) -> None:
    client = NetSuiteClient(BASE, TokenSource(credentials), options=AccountOptions(has_forms=False))

    assert client.preview_record("customerRefund", {}) is None


@pytest.mark.parametrize(
    ("status", "detail"),
    [
        (400, {"o:errorCode": "INVALID_HEADER", "o:errorHeader": "Accept", "detail": "Invalid Accept header."}),
        (406, {"detail": "Not Acceptable"}),
    ],
)
def test_refused_wish_for_a_form_is_remembered(
    wire: responses.RequestsMock, client: NetSuiteClient, said: list[str], status: int, detail: dict[str, str]
) -> None:
    wire.post(TRANSFORM, status=status, json={"title": "x", "o:errorDetails": [detail]})

    assert client.preview_transform("returnAuthorization", "90211", "creditMemo") is None
    assert said == [f"HTTP {status}: {detail['detail']}"]


def test_refused_transform_is_a_refusal_and_no_lack_of_forms(
    wire: responses.RequestsMock, client: NetSuiteClient, said: list[str]
) -> None:
    detail = {"o:errorCode": "USER_ERROR", "detail": "You can not initialize creditMemo: invalid reference 90211."}
    wire.post(TRANSFORM, status=400, json={"title": "x", "o:errorDetails": [detail]})

    with pytest.raises(RejectedError) as raised:
        client.preview_transform("returnAuthorization", "90211", "creditMemo")
    assert (raised.value.family, said) == ("source_not_ready", [])


def test_record_made_instead_of_a_form_is_deleted(
    wire: responses.RequestsMock, client: NetSuiteClient, said: list[str]
) -> None:
    wire.post(TRANSFORM, status=204, headers={"Location": f"{RECORDS}/creditmemo/90544"})
    gone = wire.delete(f"{RECORDS}/creditMemo/90544", status=204)

    assert client.preview_transform("returnAuthorization", "90211", "creditMemo") is None
    assert gone.call_count == 1
    assert said == ["HTTP 204: "]


@pytest.mark.parametrize("location", [f"{RECORDS}/creditmemo/90544", ""])
def test_record_made_and_not_deleted_stops_the_account(
    wire: responses.RequestsMock, client: NetSuiteClient, location: str
) -> None:
    wire.post(TRANSFORM, status=204, headers={"Location": location} if location else {})
    if location:
        wire.delete(f"{RECORDS}/creditMemo/90544", status=400, json={"title": "In use"})

    with pytest.raises(ConfigurationError, match="Delete it by hand"):
        client.preview_transform("returnAuthorization", "90211", "creditMemo")

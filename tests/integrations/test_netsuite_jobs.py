"""Writes as asynchronous jobs: the exact calls, and what every way in which a job can end means."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import responses

from integrations.errors import RejectedError, TemporaryError, UncertainError
from integrations.netsuite import jobs
from integrations.netsuite.assertion import ClientCredentials
from integrations.netsuite.auth import TokenSource
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.jobs import NAMESPACE, idempotency_key
from integrations.netsuite.options import AccountOptions, WriteMode

BASE = "https://acct.example.com"
TOKEN_URL = f"{BASE}/services/rest/auth/oauth2/v1/token"
RECORDS = f"{BASE}/services/rest/record/v1"
ORDERS = f"{RECORDS}/salesOrder"
JOB, OTHER = "/services/rest/async/v1/job/5", "/services/rest/async/v1/job/6"
EXTERNAL_ID = "loop-fern-1-so-1"
BODY = {"externalId": EXTERNAL_ID}


@pytest.fixture
def client(
    wire: responses.RequestsMock, credentials: ClientCredentials, monkeypatch: pytest.MonkeyPatch
) -> Iterator[NetSuiteClient]:
    monkeypatch.setattr(jobs, "POLL_AFTER_S", 0.0)
    monkeypatch.setattr(jobs, "JOB_WAIT_S", 0.2)
    wire.post(TOKEN_URL, json={"access_token": "token-1"})
    client = NetSuiteClient(BASE, TokenSource(credentials), options=AccountOptions(write_mode=WriteMode.ASYNC))
    yield client
    client.close()


def refusal(text: str, *, code: str = "USER_ERROR") -> dict[str, Any]:
    return {"status": 400, "title": "Bad Request", "o:errorDetails": [{"o:errorCode": code, "detail": text}]}


def accept(wire: responses.RequestsMock, *, job: str = JOB) -> None:
    wire.post(ORDERS, status=202, headers={"Location": job, "Preference-Applied": "respond-async"})


def conflict(wire: responses.RequestsMock, *, job: str = JOB) -> None:
    body = refusal("Conflict", code="IDEMPOTENCY_ERROR")
    wire.post(ORDERS, status=400, json=body, headers={"Location": f"{BASE}{job}"})


def job_ends(wire: responses.RequestsMock, *, job: str = JOB, progress: str = "succeeded") -> None:
    wire.get(f"{BASE}{job}", json={"completed": True, "id": "5", "progress": progress})
    wire.get(f"{BASE}{job}/task", json={"items": [{"links": [{"rel": "self", "href": f"{BASE}{job}/task/1"}]}]})
    wire.get(f"{BASE}{job}/task/1", json={"completed": True, "progress": progress})


def keys(wire: responses.RequestsMock) -> list[str]:
    return [call.request.headers["X-NetSuite-Idempotency-Key"] for call in wire.calls if call.request.url == ORDERS]


def test_job_is_asked_for_polled_and_its_record_given(wire: responses.RequestsMock, client: NetSuiteClient) -> None:
    accept(wire)
    wire.get(f"{BASE}{JOB}", json={"completed": False, "progress": "pending"})
    job_ends(wire)
    wire.get(f"{BASE}{JOB}/task/1/result", status=204, headers={"Location": f"{ORDERS}/77200"})

    assert client.create_record("salesOrder", BODY) == "77200"

    sent = wire.calls[1].request
    assert sent.headers["Prefer"] == "respond-async"
    assert sent.headers["X-NetSuite-Idempotency-Key"] == str(idempotency_key(EXTERNAL_ID))
    assert sent.headers["X-NetSuite-PropertyNameValidation"] == "Error"
    assert json.loads(sent.body or "") == BODY
    assert [call.request.method for call in wire.calls[2:]] == ["GET"] * 5


def test_key_is_the_same_in_every_process() -> None:
    assert str(idempotency_key("LOOP-FERN-1-SO-1")) == str(idempotency_key(EXTERNAL_ID))
    assert idempotency_key(EXTERNAL_ID).version == 5
    assert str(NAMESPACE) == "7a1f6c1e-5d0b-4c39-9a6e-3f1d2b8e4c70", "another namespace would make every job twice"
    assert idempotency_key("") != idempotency_key("")


def test_change_has_the_key_it_is_given(wire: responses.RequestsMock, client: NetSuiteClient) -> None:
    wire.patch(f"{ORDERS}/7", status=202, headers={"Location": JOB})
    job_ends(wire)
    wire.get(f"{BASE}{JOB}/task/1/result", status=204)

    client.update_record("salesOrder", "7", {"memo": "x"}, key="loop-fern-1-close-1")

    assert wire.calls[1].request.headers["X-NetSuite-Idempotency-Key"] == str(idempotency_key("loop-fern-1-close-1"))


def test_key_used_before_leads_to_the_first_job(wire: responses.RequestsMock, client: NetSuiteClient) -> None:
    conflict(wire)
    job_ends(wire)
    wire.get(f"{BASE}{JOB}/task/1/result", status=204, headers={"Location": f"{ORDERS}/77200"})

    assert client.create_record("salesOrder", BODY) == "77200"
    assert len(keys(wire)) == 1


def test_refusal_of_the_job_is_a_refusal(wire: responses.RequestsMock, client: NetSuiteClient) -> None:
    accept(wire)
    job_ends(wire, progress="failed")
    wire.get(f"{BASE}{JOB}/task/1/result", status=400, json=refusal("The period is closed: closed period."))

    with pytest.raises(RejectedError) as raised:
        client.create_record("salesOrder", BODY)
    assert raised.value.family == "period_closed"


def test_retry_after_a_refusal_is_a_new_job(wire: responses.RequestsMock, client: NetSuiteClient) -> None:
    conflict(wire)
    job_ends(wire, progress="failed")
    wire.get(f"{BASE}{JOB}/task/1/result", status=400, json=refusal("The period is closed."))
    accept(wire, job=OTHER)
    job_ends(wire, job=OTHER)
    wire.get(f"{BASE}{OTHER}/task/1/result", status=204, headers={"Location": f"{ORDERS}/77200"})

    assert client.create_record("salesOrder", BODY) == "77200"
    first, second = keys(wire)
    assert first != second


def test_job_that_takes_too_long_is_uncertain(wire: responses.RequestsMock, client: NetSuiteClient) -> None:
    accept(wire)
    wire.get(f"{BASE}{JOB}", json={"completed": False})

    with pytest.raises(UncertainError, match="not done yet"):
        client.create_record("salesOrder", BODY)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
def test_job_that_cannot_be_looked_at_is_uncertain(
    wire: responses.RequestsMock, client: NetSuiteClient, status: int
) -> None:
    accept(wire)
    wire.get(f"{BASE}{JOB}", status=status, json={"title": "no", "o:errorCode": "X"})
    if status == 401:
        wire.post(TOKEN_URL, json={"access_token": "token-2"})

    with pytest.raises(UncertainError):
        client.create_record("salesOrder", BODY)


@pytest.mark.parametrize(("progress", "status"), [("succeeded", 404), ("succeeded", 429), ("failed", 500), ("", 400)])
def test_result_that_does_not_fit_is_uncertain(
    wire: responses.RequestsMock, client: NetSuiteClient, progress: str, status: int
) -> None:
    accept(wire)
    job_ends(wire, progress=progress)
    wire.get(f"{BASE}{JOB}/task/1/result", status=status, json=refusal("no"))

    with pytest.raises(UncertainError):
        client.create_record("salesOrder", BODY)


@pytest.mark.parametrize("location", ["", "/services/rest/async/v1/job/", f"{ORDERS}/7"])
def test_accepted_without_a_job_is_uncertain(
    wire: responses.RequestsMock, client: NetSuiteClient, location: str
) -> None:
    wire.post(ORDERS, status=202, headers={"Location": location} if location else {})

    with pytest.raises(UncertainError, match="no job"):
        client.create_record("salesOrder", BODY)


def test_account_that_answers_at_once_all_the_same_is_understood(
    wire: responses.RequestsMock, client: NetSuiteClient
) -> None:
    wire.post(ORDERS, status=204, headers={"Location": f"{ORDERS}/77200"})

    assert client.create_record("salesOrder", BODY) == "77200"


def test_refused_submission_is_a_refusal(wire: responses.RequestsMock, client: NetSuiteClient) -> None:
    wire.post(ORDERS, status=400, json=refusal("Please enter value(s) for: Location."))

    with pytest.raises(RejectedError) as raised:
        client.create_record("salesOrder", BODY)
    assert raised.value.family == "missing_field"


@pytest.mark.parametrize(
    ("status", "body", "running"),
    [
        (200, {"completed": False, "progress": "pending"}, True),
        (200, {"completed": True, "progress": "succeeded"}, False),
        (200, [], True),
        (404, refusal("Record does not exist.", code="NONEXISTENT_ID"), False),
    ],
)
def test_job_runs_until_it_says_that_it_ended_or_is_not_known_any_more(
    wire: responses.RequestsMock, client: NetSuiteClient, status: int, body: Any, running: bool
) -> None:
    wire.get(f"{BASE}{JOB}", status=status, json=body)

    assert client.is_job_running(JOB) is running


def test_missing_page_of_a_gateway_says_nothing_of_the_job(
    wire: responses.RequestsMock, client: NetSuiteClient
) -> None:
    wire.get(f"{BASE}{JOB}", status=404, body="<html>Not found</html>")

    with pytest.raises(TemporaryError):
        client.is_job_running(JOB)


def test_job_that_takes_longer_is_named(wire: responses.RequestsMock, client: NetSuiteClient) -> None:
    accept(wire)
    wire.get(f"{BASE}{JOB}", json={"completed": False, "progress": "pending"})

    with pytest.raises(UncertainError) as raised:
        client.create_record("salesOrder", BODY)

    assert raised.value.job == JOB

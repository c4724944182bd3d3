"""Whatever goes wrong is told in one shape."""

import logging
from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.exceptions import ValidationError
from rest_framework.test import APIClient

from returnsops.api import throttling
from returnsops.api.errors import api_error
from returnsops.api.parsers import BODY_BYTES_MAX
from returnsops.api.views import returns
from returnsops.returns.models import LoopReturn
from tests.api.conftest import API, client_of_tool

JSON = "application/json"


def send(client: APIClient, row: LoopReturn, body: Any, *, content_type: str = JSON) -> Any:
    return client.generic("POST", f"{API}/returns/{row.pk}/inspections/", body, content_type=content_type)


def shape_of(answer: Any) -> tuple[int, str]:
    body = answer.json()
    assert list(body) == ["message", "code", "extra"]
    assert body["message"]
    assert isinstance(body["extra"], dict)
    return answer.status_code, body["code"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid"),
        (b"{", 400, "parse_error"),
        (b"[]", 400, "invalid"),
        (b'"x"', 400, "invalid"),
        (b"null", 400, "invalid"),
        (b'{"units": [{"line_item_id": "\\ud800"}]}', 400, "invalid"),
        (b"\xff\xfe", 400, "parse_error"),
        (b'{"units": NaN}', 400, "parse_error"),
        (b"[" * 200_000, 400, "parse_error"),
        (b" " * (BODY_BYTES_MAX + 1), 413, "too_large"),
    ],
)
def test_body_that_cannot_be_read(tool: APIClient, row: LoopReturn, body: bytes, status: int, code: str) -> None:
    answer = send(tool, row, body)

    assert shape_of(answer) == (status, code)


def test_other_kinds_of_body_are_refused(tool: APIClient, row: LoopReturn) -> None:
    answer = send(tool, row, b"<x/>", content_type="text/xml")

    assert shape_of(answer) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "address", ["", "nothing/", "returns", "returns/x/", "cases/1/delete/", "returns/1/../../admin"]
)
def test_unknown_address(tool: APIClient, address: str) -> None:
    assert shape_of(tool.get(f"{API}/{address}")) == (404, "not_found")


def test_unknown_address_tells_strangers_nothing(db: None) -> None:
    assert shape_of(APIClient().get(f"{API}/nothing/")) == (401, "not_authenticated")


def test_row_that_is_not_there_does_not_name_our_tables(tool: APIClient) -> None:
    answer = tool.get(f"{API}/cases/1/")

    assert shape_of(answer) == (404, "not_found")
    assert "Case matches" not in answer.json()["message"]


def test_wrong_method(tool: APIClient) -> None:
    answer = tool.post(f"{API}/returns/", {})

    assert shape_of(answer) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


def test_kind_of_answer_that_we_do_not_have(tool: APIClient) -> None:
    assert shape_of(tool.get(f"{API}/returns/", headers={"Accept": "text/csv"})) == (406, "not_acceptable")


def test_too_many_requests(tool: APIClient, settings: Settings) -> None:
    settings.API_RATE = "2/min"

    answers = [tool.get(f"{API}/returns/") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert shape_of(answers[2]) == (429, "throttled")
    assert 1 <= answers[2].json()["extra"]["retry_after_s"] <= 60
    assert answers[2].headers["Retry-After"]


def test_keys_are_counted_apart(tool: APIClient, row: LoopReturn, settings: Settings) -> None:
    settings.API_RATE = "1/min"
    tool.get(f"{API}/returns/")

    assert client_of_tool(row.shop, name="crm").get(f"{API}/returns/").status_code == 200


def test_rate_has_a_default(settings: Settings) -> None:
    assert throttling.PerCallerThrottle().rate == throttling.RATE_DEFAULT


def test_fault_of_ours_is_logged_and_told_in_general_words(
    tool: APIClient, row: LoopReturn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError("a secret of the machine room")

    monkeypatch.setattr(returns, "record_seen", fail)
    tool.raise_request_exception = False
    body = {
        "units": [
            {"line_item_id": "387001", "outcome": "sellable", "client_id": "6f0f3c52-6f0a-4c7e-9a51-2f7f5c1d9e10"}
        ]
    }

    with caplog.at_level(logging.ERROR):
        answer = tool.post(f"{API}/returns/{row.pk}/inspections/", body)

    assert shape_of(answer) == (500, "fault")
    assert "secret" not in answer.content.decode()
    assert "a secret of the machine room" in caplog.text


@pytest.mark.parametrize(
    ("detail", "message"),
    [
        ("wrong", "wrong"),
        ({"a": ["bad"]}, "a: bad"),
        ({"units": [{}, {"outcome": ["bad"]}]}, "units.1.outcome: bad"),
        ({"units": {1: {"outcome": ["bad"]}}}, "units.1.outcome: bad"),
        ({"non_field_errors": ["bad"]}, "bad"),
    ],
)
def test_message_is_the_first_complaint(detail: Any, message: str) -> None:
    answer = api_error(ValidationError(detail), {})

    assert answer.data["message"] == message
    assert answer.data["code"] == "invalid"

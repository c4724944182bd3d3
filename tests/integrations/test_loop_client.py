import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from responses import matchers

from integrations.errors import (
    ConfigurationError,
    DoubtfulRefusalError,
    IntegrationError,
    RejectedError,
    TemporaryError,
    UncertainError,
    UnreadableRecordError,
)
from integrations.loop.client import LoopClient
from integrations.loop.reading import OWN_CURRENCY
from integrations.loop.records import AssessedAs, LoopState, UnitAssessment

API = "https://loop.example.com/api/v1"
DETAILS = f"{API}/warehouse/return/details"
LIST = f"{API}/warehouse/return/list"
PROCESS = f"{API}/warehouse/return/110700123/process"
FROM = datetime(2026, 11, 1, tzinfo=UTC)
TO = datetime(2026, 11, 22, 8, 30, 0, 125000, tzinfo=UTC)

Details = dict[str, Any]


@pytest.fixture
def details(fixture_json: Callable[[str], Any]) -> Details:
    return json.loads(json.dumps(fixture_json("loop/details__refund.json"), default=str))  # type: ignore[no-any-return]


@pytest.fixture
def row(fixture_json: Callable[[str], Any]) -> Details:
    body: Details = fixture_json("loop/list__exchange.json")
    return body


def query_of(call: responses.Call) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(call.request.url or "").query).items()}


def test_details_are_asked_for_by_id_with_the_raw_key(
    wire: responses.RequestsMock, loop: LoopClient, details: Details
) -> None:
    wire.get(DETAILS, json=details, match=[matchers.query_param_matcher({"return_id": "110700123"} | OWN_CURRENCY)])

    record = loop.get_return("110700123")

    assert record is not None
    assert (record.id, record.is_detailed) == ("110700123", True)
    assert wire.calls[0].request.headers["X-Authorization"] == "loop-key"


def test_details_may_come_as_an_array(wire: responses.RequestsMock, loop: LoopClient, details: Details) -> None:
    wire.get(DETAILS, json=[{**details, "id": 7}, details])

    record = loop.get_return("110700123")

    assert record is not None
    assert record.id == "110700123"


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"error": {"message": "No return found with this ID."}}),
        (404, {"errors": {"code": "NOT_FOUND"}}),
        (200, []),
    ],
)
def test_unknown_return_is_none(wire: responses.RequestsMock, loop: LoopClient, status: int, body: object) -> None:
    wire.get(DETAILS, json=body, status=status)

    assert loop.get_return("1") is None


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, '{"error": {"message": "Something broke.", "code": "UNEXPECTED_ERROR"}}', RejectedError),
        (404, "<html>no such page</html>", TemporaryError),
        (200, "<html>sign in</html>", TemporaryError),
        (200, '{"id": 1107', TemporaryError),
        (503, "down for maintenance", TemporaryError),
        (302, "", TemporaryError),
        (301, "", ConfigurationError),
        (401, '{"errors": "Unauthorized."}', ConfigurationError),
    ],
)
def test_what_looks_like_gone_and_is_not(
    wire: responses.RequestsMock, loop: LoopClient, status: int, body: str, error: type[IntegrationError]
) -> None:
    wire.get(DETAILS, body=body, status=status)

    with pytest.raises(error):
        loop.get_return("110700123")


def test_answer_about_another_return_is_refused(
    wire: responses.RequestsMock, loop: LoopClient, details: Details
) -> None:
    wire.get(DETAILS, json=details)

    with pytest.raises(UnreadableRecordError, match="110700123"):
        loop.get_return("5")


def test_pages_are_followed_with_our_own_filters(wire: responses.RequestsMock, loop: LoopClient, row: Details) -> None:
    cursor = base64.b64encode(b'{"updated_at":"2026-11-12 16:30:40","_pointsToNextItems":true}').decode()
    next_url = f"https://elsewhere.example.com/list?pageSize=250&cursor={cursor.replace('=', '%3D')}"
    wire.get(LIST, json={"returns": [row], "nextPageUrl": next_url})
    wire.get(LIST, json={"returns": [{**row, "id": "2"}], "nextPageUrl": None})

    found = list(loop.list_returns(window_from=FROM, window_to=TO, state=LoopState.REVIEW, rereads_ties=False))

    filters = {
        "from": "2026-11-01T00:00:00.000Z",
        "to": "2026-11-22T08:30:00.125Z",
        "filter": "updated_at",
        "paginate": "true",
        "pageSize": "250",
        "state": "review",
    }
    assert [record.id for record in found] == ["110700124", "2"]
    assert [query_of(call) for call in wire.calls] == [filters, {**filters, "cursor": cursor}]


def test_bare_array_is_the_whole_window(wire: responses.RequestsMock, loop: LoopClient, row: Details) -> None:
    wire.get(LIST, json=[row])

    assert len(list(loop.list_returns(window_from=FROM, window_to=TO))) == 1
    assert "state" not in query_of(wire.calls[0])


def test_listing_ends_on_an_empty_page(wire: responses.RequestsMock, loop: LoopClient, row: Details) -> None:
    wire.get(LIST, json={"returns": [row], "nextPageUrl": "https://x.example.com/?cursor=c1"})
    wire.get(LIST, json={"returns": [], "nextPageUrl": "https://x.example.com/?cursor=c1"})

    list(loop.list_returns(window_from=FROM, window_to=TO, rereads_ties=False))

    assert len(wire.calls) == 2


def test_second_with_more_rows_than_a_page_is_read_whole_and_stepped_over(
    wire: responses.RequestsMock, loop: LoopClient, row: Details
) -> None:
    """A cursor over the time alone comes again when a page ends where it began (loop.md §1.4)."""
    stuck = {"returns": [row], "nextPageUrl": "https://x.example.com/?cursor=c1"}
    wire.get(LIST, json=stuck)
    wire.get(LIST, json=stuck)
    wire.get(LIST, json=[row, row | {"id": "2"}])
    wire.get(LIST, json={"returns": [row | {"id": "3"}], "nextPageUrl": None})

    found = [record.id for record in loop.list_returns(window_from=FROM, window_to=TO, rereads_ties=False)]

    assert {"2", "3"} <= set(found)
    whole, behind = query_of(wire.calls[2]), query_of(wire.calls[3])
    assert "cursor" not in whole
    assert "paginate" not in whole
    assert behind["from"] == whole["to"]
    assert "cursor" not in behind


def test_rows_of_the_second_a_page_ends_in_are_asked_for_again(
    wire: responses.RequestsMock, loop: LoopClient, row: Details
) -> None:
    """A cursor over the time alone skips what shares it with the last row of a page (loop.md §1.4)."""
    wire.get(LIST, json={"returns": [row], "nextPageUrl": "https://x.example.com/?cursor=c1"})
    wire.get(LIST, json=[row, {**row, "id": "skipped"}])
    wire.get(LIST, json={"returns": [{**row, "id": "3"}], "nextPageUrl": None})

    found = {record.id for record in loop.list_returns(window_from=FROM, window_to=TO, state="review")}

    assert found == {"110700124", "skipped", "3"}
    assert query_of(wire.calls[1]) == {
        "from": "2026-11-12T16:30:40.000Z",
        "to": "2026-11-12T16:30:41.000Z",
        "filter": "updated_at",
        "state": "review",
    }


def test_window_may_be_over_creation(wire: responses.RequestsMock, loop: LoopClient, row: Details) -> None:
    wire.get(LIST, json=[row])

    list(loop.list_returns(window_from=FROM, window_to=TO, filter_by="created_at"))

    assert query_of(wire.calls[0])["filter"] == "created_at"


def test_next_page_without_cursor_is_not_taken_for_the_end(
    wire: responses.RequestsMock, loop: LoopClient, row: Details
) -> None:
    wire.get(LIST, json={"returns": [row], "nextPageUrl": "https://x.example.com/?page=2"})

    with pytest.raises(UnreadableRecordError):
        list(loop.list_returns(window_from=FROM, window_to=TO))


def test_one_unreadable_row_does_not_hold_up_the_rest(
    wire: responses.RequestsMock, loop: LoopClient, row: Details
) -> None:
    wire.get(LIST, json=[{**row, "refund": "?"}, row])
    told: list[UnreadableRecordError] = []

    found = list(loop.list_returns(window_from=FROM, window_to=TO, on_unreadable=told.append))

    assert (len(found), [error.path for error in told]) == (1, ["refund"])


@pytest.mark.parametrize("days", [0, 120])
def test_window_loop_would_refuse_is_not_asked_for(loop: LoopClient, days: int) -> None:
    with pytest.raises(AssertionError):
        next(loop.list_returns(window_from=FROM, window_to=FROM + timedelta(days=days)))


@pytest.mark.parametrize("body", ["true", '"true"'])
def test_action_is_done_when_the_body_says_true(wire: responses.RequestsMock, loop: LoopClient, body: str) -> None:
    wire.post(PROCESS, body=body)

    loop.process_return("110700123")


@pytest.mark.parametrize(
    ("body", "family", "words"),
    [
        (
            {
                "errors": {
                    "message": "Return is closed and therefore cannot be processed.",
                    "code": "UNPROCESSABLE_RETURN",
                }
            },
            "return_is_closed",
            "Return is closed and therefore cannot be processed.",
        ),
        (
            {"message": "Return is cancelled and therefore cannot be processed."},
            "return_is_cancelled",
            "Return is cancelled and therefore cannot be processed.",
        ),
        (
            {"content": "Return is expired and cannot be processed."},
            "return_is_expired",
            "Return is expired and cannot be processed.",
        ),
        ({"errors": {"code": "UNPROCESSABLE_FLAGGED_RETURN"}}, "return_is_review", "Loop answered"),
        ({"errors": [{"message": "No."}]}, "unknown", "No."),
        (False, "unknown", "Loop answered false"),
    ],
)
def test_refusal_with_http_200_is_a_refusal(
    wire: responses.RequestsMock, loop: LoopClient, body: object, family: str, words: str
) -> None:
    wire.post(PROCESS, json=body, headers={"x-loop-request-id": "req-1"})

    with pytest.raises(RejectedError) as raised:
        loop.process_return("110700123")

    assert raised.value.family == family
    assert words in raised.value.detail
    assert raised.value.request_id == "req-1"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, {"message": "Return is being processed."}, DoubtfulRefusalError),
        (202, {"content": "Queued."}, DoubtfulRefusalError),
        (200, {"message": "Return is closed and therefore cannot be processed."}, RejectedError),
        (200, {"errors": {"message": "Return is being processed."}}, RejectedError),
        (422, {"message": "Return cannot be modified."}, RejectedError),
    ],
)
def test_words_alone_with_http_200_may_say_that_it_is_done(
    wire: responses.RequestsMock, loop: LoopClient, status: int, body: object, error: type[RejectedError]
) -> None:
    """Known are only words of refusal, and no others are documented; so a look has to tell."""
    wire.post(PROCESS, json=body, status=status)

    with pytest.raises(RejectedError) as raised:
        loop.process_return("110700123")

    assert type(raised.value) is error


@pytest.mark.parametrize(("status", "body"), [(200, ""), (200, "{}"), (200, "[]"), (200, "tr"), (500, "{}"), (504, "")])
def test_action_without_a_clear_answer_is_uncertain(
    wire: responses.RequestsMock, loop: LoopClient, status: int, body: str
) -> None:
    wire.post(PROCESS, body=body, status=status)

    with pytest.raises(UncertainError):
        loop.process_return("110700123")


def test_too_many_calls_says_when_to_come_back(wire: responses.RequestsMock, loop: LoopClient) -> None:
    wire.post(PROCESS, json={"message": "Too Many Attempts."}, status=429, headers={"Retry-After": "12"})

    with pytest.raises(TemporaryError) as raised:
        loop.process_return("110700123")

    assert raised.value.retry_after_s == 12.0


@pytest.mark.parametrize(
    ("status", "body", "family", "words"),
    [
        (
            422,
            {"message": "Invalid.", "errors": {"state": ["Bad state.", "Bad state."]}},
            "invalid_field",
            "Invalid.; Bad state.",
        ),
        (422, {"errors": {"message": "Content is required."}}, "invalid_field", "Content is required."),
        (403, {"errors": [{"message": "Not your shop."}]}, "permission", "Not your shop."),
    ],
)
def test_words_are_found_in_every_shape(
    wire: responses.RequestsMock, loop: LoopClient, status: int, body: object, family: str, words: str
) -> None:
    wire.post(PROCESS, json=body, status=status)

    with pytest.raises(RejectedError) as raised:
        loop.process_return("110700123")

    assert (raised.value.family, raised.value.detail) == (family, words)


def test_wrong_key_or_scope_stops_and_is_not_printed(wire: responses.RequestsMock, loop: LoopClient) -> None:
    body = {"error": {"code": "401", "http_code": "GEN-UNAUTHORIZED", "message": "Unauthorized: loop-key"}}
    wire.post(PROCESS, json=body, status=401)

    with pytest.raises(ConfigurationError) as raised:
        loop.process_return("110700123")

    assert "loop-key" not in str(raised.value)


def test_units_are_removed_in_one_call(wire: responses.RequestsMock, loop: LoopClient) -> None:
    wire.post(f"{API}/warehouse/return/5/remove", body="true")

    loop.remove_units("5", ["387001", "387002"])

    assert query_of(wire.calls[0]) == {"line_item_id": "387001,387002"}


@pytest.mark.parametrize("action", ["close", "cancel", "flag"])
def test_plain_actions(wire: responses.RequestsMock, loop: LoopClient, action: str) -> None:
    wire.post(f"{API}/warehouse/return/5/{action}", body="true")

    getattr(loop, f"{action}_return")("5")

    assert wire.calls[0].request.body is None


def test_long_note_is_shortened(wire: responses.RequestsMock, loop: LoopClient) -> None:
    wire.post(f"{API}/warehouse/return/5/note", body="true")

    loop.add_note("5", "x" * 300)

    content = json.loads(wire.calls[0].request.body or "")["content"]
    assert (len(content), content[-1]) == (254, "…")


def test_assessment_is_sent_as_documented(wire: responses.RequestsMock, loop: LoopClient) -> None:
    wire.post(f"{API}/dispositioning/assess", json=[{"line_item_id": 387001}])
    inspected_at = datetime(2026, 11, 20, 15, 5, 0, tzinfo=UTC)

    loop.assess_units(
        [
            UnitAssessment(
                line_item_id="387001",
                assessed_as=AssessedAs.BACK_TO_STOCK,
                assessed_by="dock@example.com",
                note="left shoe",
                inspected_at=inspected_at,
            )
        ]
    )

    assert json.loads(wire.calls[0].request.body or "") == {
        "items": [
            {
                "line_item_id": 387001,
                "disposition_outcome": "back_to_stock",
                "return_processor": "dock@example.com",
                "note": "left shoe",
                "inspected_at": "2026-11-20 15:05:00",
            }
        ]
    }


def test_webhooks_are_listed_and_created_active(wire: responses.RequestsMock, loop: LoopClient) -> None:
    hook = {
        "id": 4411,
        "shop_id": 5150,
        "topic": "return",
        "trigger": "return.created",
        "url": "https://o.example.com/h",
        "status": "active",
    }
    wire.get(f"{API}/webhooks", json={"webhooks": [hook]})
    wire.post(f"{API}/webhooks", json=hook, status=201)

    (listed,) = loop.list_webhooks()
    created = loop.create_webhook("return", "return.created", "https://o.example.com/h")

    assert listed == created
    assert created.is_active
    assert json.loads(wire.calls[1].request.body or "")["status"] == "active"


def test_webhook_made_without_an_id_is_uncertain(wire: responses.RequestsMock, loop: LoopClient) -> None:
    wire.post(f"{API}/webhooks", json={"topic": "return"}, status=201)

    with pytest.raises(UncertainError):
        loop.create_webhook("return", "return.created", "https://o.example.com/h")


def test_destinations_are_listed(wire: responses.RequestsMock, loop: LoopClient) -> None:
    body = {
        "destinations": [
            {
                "id": 41001,
                "type": "warehouse",
                "name": "Main DC",
                "enabled": True,
                "provider_location_id": 65012345678,
            }
        ]
    }
    wire.get(f"{API}/destinations", json=body)

    (destination,) = loop.list_destinations()

    assert (destination.id, destination.provider_location_id) == ("41001", "65012345678")


def test_version_and_host_are_settings(wire: responses.RequestsMock, details: Details) -> None:
    wire.get("https://loop.example.com/api/2026-10/warehouse/return/details", json=details)

    LoopClient("https://loop.example.com/api/", "k", version="2026-10").get_return("110700123")


@pytest.mark.parametrize(
    ("date", "told"),
    [("Sun, 22 Nov 2026 08:30:00 GMT", datetime(2026, 11, 22, 8, 30, tzinfo=UTC)), ("today", None), (None, None)],
)
def test_clock_of_loop_is_told_by_its_last_answer(
    wire: responses.RequestsMock, loop: LoopClient, details: Details, date: str | None, told: datetime | None
) -> None:
    wire.get(DETAILS, json=details, headers={"Date": date} if date else {})

    loop.get_return("110700123")

    assert loop.answered_at == told


READS: list[tuple[str, Callable[[LoopClient], object], object]] = [
    (DETAILS, lambda loop: loop.get_return("110700123"), []),
    (DETAILS, lambda loop: loop.list_returns_of_order(order_id="5873"), []),
    (LIST, lambda loop: list(loop.list_returns(window_from=FROM, window_to=TO)), []),
    (f"{API}/warehouse/return/110700123/notes", lambda loop: loop.list_notes("110700123"), {"notes": []}),
    (f"{API}/destinations", lambda loop: loop.list_destinations(), []),
]


@pytest.mark.parametrize(("url", "read", "body"), READS, ids=["details", "order", "list", "notes", "destinations"])
def test_read_that_fails_by_chance_is_asked_once_more(
    wire: responses.RequestsMock, url: str, read: Callable[[LoopClient], object], body: object
) -> None:
    wire.get(url, status=502, body="<html>Bad gateway</html>")
    wire.get(url, json=body)

    read(LoopClient("https://loop.example.com", "loop-key", read_again_after_s=0.0))

    assert len(wire.calls) == 2


def test_action_is_never_asked_twice(wire: responses.RequestsMock) -> None:
    wire.post(PROCESS, status=502, body="<html>Bad gateway</html>")

    with pytest.raises(UncertainError):
        LoopClient("https://loop.example.com", "loop-key", read_again_after_s=0.0).process_return("110700123")

    assert len(wire.calls) == 1

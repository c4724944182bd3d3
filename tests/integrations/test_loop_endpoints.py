"""What else is asked of Loop besides list, details and actions: exact requests, every shape of answer."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from responses import matchers

from integrations.errors import RejectedError, TemporaryError, UncertainError, UnreadableRecordError
from integrations.loop.client import LoopClient
from integrations.loop.reading import OWN_CURRENCY
from integrations.loop.records import AssessedAs, GradedAs, UnitAssessment, UnitGrade

HOST = "https://loop.example.com"
API = f"{HOST}/api/v1"
DETAILS = f"{API}/warehouse/return/details"
NOTES = f"{API}/warehouse/return/5/notes"
LABELS = f"{API}/returns/5/labels"
ASN = f"{API}/warehouse/reporting/asn"
ITEMS = f"{API}/happy-returns/shipments/47382/items"
HOOK = f"{API}/webhooks/4411"
INSPECTED_AT = datetime(2026, 11, 20, 15, 5, tzinfo=UTC)

ReadFixture = Callable[[str], Any]


def body_of(call: responses.Call) -> Any:
    return json.loads(call.request.body or "null")


def query_of(call: responses.Call) -> dict[str, list[str]]:
    return parse_qs(urlsplit(call.request.url or "").query)


def plain(fixture: Any) -> Any:
    return json.loads(json.dumps(fixture, default=str))


# --- Details by order -------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [{"order_id": "5873120045678"}, {"order_name": "#20418"}])
def test_every_return_of_an_order_is_read(
    wire: responses.RequestsMock, loop: LoopClient, fixture_json: ReadFixture, asked: dict[str, str]
) -> None:
    body = plain(fixture_json("loop/details__refund.json"))
    wire.get(DETAILS, json=[body, {**body, "id": 2}], match=[matchers.query_param_matcher(asked | OWN_CURRENCY)])

    assert [record.id for record in loop.list_returns_of_order(**asked)] == ["110700123", "2"]


@pytest.mark.parametrize("body", [[], {"error": {"message": "No return found with this ID."}}])
def test_order_without_returns_has_none(wire: responses.RequestsMock, loop: LoopClient, body: object) -> None:
    wire.get(DETAILS, json=body)

    assert loop.list_returns_of_order(order_name="#1") == ()


def test_order_is_asked_for_by_one_name(loop: LoopClient) -> None:
    with pytest.raises(AssertionError):
        loop.list_returns_of_order(order_id="1", order_name="#1")


def test_details_are_asked_for_in_the_shops_currency(
    wire: responses.RequestsMock, loop: LoopClient, fixture_json: ReadFixture
) -> None:
    wire.get(DETAILS, json=plain(fixture_json("loop/details__refund.json")))

    loop.get_return("110700123")
    loop.list_returns_of_order(order_name="#20418")

    assert [query_of(call)["currency_type"] for call in wire.calls] == [["shop"], ["shop"]]


# --- Notes ------------------------------------------------------------------------------------------

NOTE = {"id": 901, "content": "Box crushed", "created_at": "2026-06-10T12:00:00+00:00"}


@pytest.mark.parametrize("body", [{"notes": [NOTE]}, [NOTE]])
def test_notes_come_in_two_envelopes(wire: responses.RequestsMock, loop: LoopClient, body: object) -> None:
    wire.get(NOTES, json=body)

    (note,) = loop.list_notes("5")

    assert (note.id, note.content, note.created_at) == ("901", "Box crushed", datetime(2026, 6, 10, 12, tzinfo=UTC))


@pytest.mark.parametrize("body", ["false", '"false"'])
def test_return_without_notes_is_answered_with_422(wire: responses.RequestsMock, loop: LoopClient, body: str) -> None:
    wire.get(NOTES, body=body, status=422)

    assert loop.list_notes("5") == ()


@pytest.mark.parametrize(("status", "body"), [(422, '{"message": "Invalid."}'), (200, "false"), (200, '{"a": 1}')])
def test_other_answers_are_not_taken_for_no_notes(
    wire: responses.RequestsMock, loop: LoopClient, status: int, body: str
) -> None:
    wire.get(NOTES, body=body, status=status)

    with pytest.raises(RejectedError):
        loop.list_notes("5")


def test_details_of_processing_are_sent_as_text_pairs(wire: responses.RequestsMock, loop: LoopClient) -> None:
    wire.post(f"{API}/warehouse/return/5/process", body="true")

    loop.process_return("5", details={"netsuite_credit": "CM1042"})

    assert body_of(wire.calls[0]) == {"netsuite_credit": "CM1042"}


# --- Labels -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [202, 200])
def test_label_is_queued(wire: responses.RequestsMock, loop: LoopClient, status: int) -> None:
    wire.post(LABELS, json={"message": "Label generation queued", "returnId": 5}, status=status)

    loop.generate_label("5")


@pytest.mark.parametrize(
    ("status", "body", "family"),
    [
        (409, {"error": "label_already_exists"}, "label_exists"),
        (422, {"error": {"code": "return_cannot_receive_label", "message": "No."}}, "no_label_possible"),
        (404, {"error": "return_not_found"}, "gone"),
        (200, {"message": "Return is closed."}, "return_is_closed"),
    ],
)
def test_label_that_is_refused(
    wire: responses.RequestsMock, loop: LoopClient, status: int, body: object, family: str
) -> None:
    wire.post(LABELS, json=body, status=status)

    with pytest.raises(RejectedError) as raised:
        loop.generate_label("5")

    assert raised.value.family == family


def test_label_with_an_odd_answer_is_uncertain(wire: responses.RequestsMock, loop: LoopClient) -> None:
    wire.post(LABELS, json={"queue": 1})

    with pytest.raises(UncertainError):
        loop.generate_label("5")


# --- Grades -----------------------------------------------------------------------------------------


def grade(as_: GradedAs = GradedAs.GRADE_B) -> UnitGrade:
    return UnitGrade(
        line_item_id="387001",
        grade=as_,
        description="Worn sole",
        graded_by="dock@example.com",
        note="left shoe",
        images=("https://img.example.com/1.jpg",),
        inspected_at=INSPECTED_AT,
    )


def test_grade_is_a_word_before_2026_10(wire: responses.RequestsMock, loop: LoopClient) -> None:
    wire.post(f"{API}/dispositioning/grade", json=[{"line_item_id": 387001}])

    loop.grade_units([grade()])

    assert body_of(wire.calls[0]) == {
        "items": [
            {
                "line_item_id": 387001,
                "description": "Worn sole",
                "condition_category": "grade_b",
                "return_processor": "dock@example.com",
                "note": "left shoe",
                "images": ["https://img.example.com/1.jpg"],
                "inspected_at": "2026-11-20 15:05:00",
            }
        ]
    }


@pytest.mark.parametrize("version", ["2026-10", "2027-01", "latest", "unstable"])
@pytest.mark.parametrize(
    ("as_", "category"),
    [
        (GradedAs.GRADE_B, {"subject": "item", "title": "Grade b", "grade": "b"}),
        (GradedAs.INCORRECT_ITEM, {"subject": "item", "title": "Incorrect item"}),
    ],
)
def test_grade_is_an_object_from_2026_10(
    wire: responses.RequestsMock, version: str, as_: GradedAs, category: dict[str, str]
) -> None:
    wire.post(f"{HOST}/api/{version}/dispositioning/grade", body="true")

    LoopClient(HOST, "k", version=version).grade_units([grade(as_)])

    assert body_of(wire.calls[0])["items"][0]["condition_category"] == category


def test_what_nobody_said_is_not_sent_with_a_grade(wire: responses.RequestsMock, loop: LoopClient) -> None:
    wire.post(f"{API}/dispositioning/grade", json=[{"line_item_id": 387001}])

    loop.grade_units([UnitGrade(line_item_id="387001", grade=GradedAs.JUNK, inspected_at=INSPECTED_AT)])

    (item,) = body_of(wire.calls[0])["items"]
    assert item == {"line_item_id": 387001, "condition_category": "junk", "inspected_at": "2026-11-20 15:05:00"}


def test_note_is_cut_to_what_loop_takes(wire: responses.RequestsMock, loop: LoopClient) -> None:
    for what in ("grade", "assess"):
        wire.post(f"{API}/dispositioning/{what}", body="true")

    loop.grade_units([replace(grade(), note="long " * 20_000)])
    loop.assess_units(
        [
            UnitAssessment(
                line_item_id="387001", assessed_as=AssessedAs.DONATE, inspected_at=INSPECTED_AT, note="long " * 20_000
            )
        ]
    )

    assert [len(body_of(call)["items"][0]["note"]) for call in wire.calls] == [65_535, 65_535]


def test_version_that_answered_decides_for_an_alias_that_moved(wire: responses.RequestsMock, loop: LoopClient) -> None:
    wire.get(f"{API}/destinations", json={"destinations": []}, headers={"x-loop-api-version": "2026-10"})
    wire.post(f"{API}/dispositioning/grade", json=[])

    loop.list_destinations()
    loop.grade_units([grade()])

    assert loop.answered_version == "2026-10"
    assert isinstance(body_of(wire.calls[1])["items"][0]["condition_category"], dict)


def test_grade_of_another_shops_unit_is_refused(wire: responses.RequestsMock, loop: LoopClient) -> None:
    wire.post(f"{API}/dispositioning/grade", json={"errors": [{"message": "This action is unauthorized."}]}, status=403)

    with pytest.raises(RejectedError) as raised:
        loop.grade_units([grade()])

    assert raised.value.family == "permission"


def test_more_units_than_loop_takes_are_not_sent(loop: LoopClient) -> None:
    with pytest.raises(AssertionError):
        loop.grade_units([grade()] * 21)


# --- Shipping notice, boxes -------------------------------------------------------------------------


def test_shipping_notice_tells_delivery_and_closing(
    wire: responses.RequestsMock, loop: LoopClient, fixture_json: ReadFixture
) -> None:
    wire.get(ASN, json=plain(fixture_json("loop/asn__delivered.json")))

    (row,) = loop.list_shipping_notice(date(2026, 6, 1), date(2026, 6, 30))

    assert (row.return_id, row.line_item_id, row.restock_status) == ("110700123", "387001", "restocked")
    assert row.delivered_at == datetime(2026, 6, 9, 15, tzinfo=UTC)
    assert row.closed_at == datetime(2026, 6, 10, 17, 46, 58, tzinfo=UTC)
    assert query_of(wire.calls[0]) == {"from": ["2026-06-01"], "to": ["2026-06-30"]}


@pytest.mark.parametrize("days", [-1, 120])
def test_shipping_notice_is_bounded(loop: LoopClient, days: int) -> None:
    day = date(2026, 6, 1)

    with pytest.raises(AssertionError):
        loop.list_shipping_notice(day, day + timedelta(days=days))


def test_box_of_a_drop_off_network_names_its_returns(
    wire: responses.RequestsMock, loop: LoopClient, fixture_json: ReadFixture
) -> None:
    body = plain(fixture_json("loop/happy_returns__items.json"))
    wire.get(ITEMS, json={**body, "next_page_url": f"{ITEMS}?page=2"})
    wire.get(ITEMS, json={"data": [{"return": {"id": 9}}], "next_page_url": None})

    items = loop.list_shipment_items("47382")

    assert [item.return_id for item in items] == ["110700123", "110700124", "110700123", "9"]
    assert query_of(wire.calls[1]) == {"page": ["2"]}


def test_pages_of_a_box_are_asked_for_as_their_address_says(wire: responses.RequestsMock, loop: LoopClient) -> None:
    wire.get(ITEMS, json={"items": [{"return_id": 1}], "next_page_url": f"{ITEMS}?limit=1&cursor=eyJpZCI6MX0%3D"})
    wire.get(ITEMS, json={"items": [{"return_id": 2}], "next_page_url": None})

    assert [item.return_id for item in loop.list_shipment_items("47382")] == ["1", "2"]
    assert query_of(wire.calls[1]) == {"limit": ["1"], "cursor": ["eyJpZCI6MX0="]}


@pytest.mark.parametrize("address", [f"{ITEMS}?page=2", ITEMS])
def test_pages_of_a_box_that_lead_in_a_circle_are_left(
    wire: responses.RequestsMock, loop: LoopClient, address: str
) -> None:
    """Two thousand calls for the same rows would be all that the shop may make for minutes."""
    wire.get(ITEMS, json={"data": [{"return_id": 1}], "next_page_url": address})

    with pytest.raises(UnreadableRecordError, match="next page"):
        loop.list_shipment_items("47382")
    assert len(wire.calls) <= 2


def test_item_of_a_box_without_a_return_is_not_passed_over(wire: responses.RequestsMock, loop: LoopClient) -> None:
    wire.get(ITEMS, json={"data": [{"line_item_id": 5}]})

    with pytest.raises(UnreadableRecordError, match="return_id"):
        loop.list_shipment_items("47382")


# --- Subscriptions ----------------------------------------------------------------------------------


def test_subscription_is_pointed_elsewhere_and_switched_on(wire: responses.RequestsMock, loop: LoopClient) -> None:
    wire.put(HOOK, status=204)

    loop.update_webhook("4411", topic="return", trigger="return.created", url="https://o.example.com/h")

    assert body_of(wire.calls[0]) == {
        "topic": "return",
        "trigger": "return.created",
        "url": "https://o.example.com/h",
        "status": "active",
    }


@pytest.mark.parametrize(("status", "body"), [(204, ""), (404, '{"errors": {"code": "NOT_FOUND"}}')])
def test_subscription_is_deleted_or_gone_already(
    wire: responses.RequestsMock, loop: LoopClient, status: int, body: str
) -> None:
    wire.delete(HOOK, status=status, body=body)

    loop.delete_webhook("4411")


def test_subscription_that_loop_does_not_take_is_refused(wire: responses.RequestsMock, loop: LoopClient) -> None:
    words = "Must be one of the following values:return,label,restock"
    wire.put(HOOK, status=422, json={"message": words, "errors": {}})

    with pytest.raises(RejectedError, match="Must be one of"):
        loop.update_webhook("4411", topic="x", trigger="y", url="https://o.example.com/h")


# --- Transport --------------------------------------------------------------------------------------


def test_without_a_version_the_path_has_none(wire: responses.RequestsMock) -> None:
    wire.get(f"{HOST}/api/destinations", json=[])

    assert LoopClient(HOST, "k", version="").list_destinations() == ()


class Ledger:
    """A budget that writes down what it is told."""

    def __init__(self) -> None:
        self.taken = 0
        self.noted: list[tuple[int | None, float | None, bool]] = []

    def take(self) -> None:
        self.taken += 1

    def note(self, *, remaining: int | None, retry_after_s: float | None, refused: bool) -> None:
        self.noted.append((remaining, retry_after_s, refused))


def test_every_call_takes_from_the_budget_and_tells_it_what_is_left(wire: responses.RequestsMock) -> None:
    ledger = Ledger()
    client = LoopClient(HOST, "k", budget=ledger)
    wire.get(f"{API}/destinations", json=[], headers={"x-ratelimit-remaining": "17"})
    wire.get(f"{API}/destinations", json={"message": "Too Many Attempts."}, status=429, headers={"Retry-After": "9"})

    client.list_destinations()
    with pytest.raises(TemporaryError):
        client.list_destinations()

    assert ledger.taken == 2
    assert ledger.noted == [(17, None, False), (None, 9.0, True)]

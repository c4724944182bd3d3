"""What warehouses and merchants tell Loop: grades, notes, destinations, fraud (loop.md 2.6, 2.8, 2.11, 2.12)."""

from typing import Any

import pytest

from tests.sandbox.strangers import Director, Json, LoopStranger

GRADE = "dispositioning/grade"
CATEGORY: Json = {"subject": "item", "title": "Good", "grade": "b"}


def unit_of(made: Json) -> int:
    return int(made["units"][0]["line_item_id"])


# --- grade and assess


@pytest.mark.parametrize(
    ("version", "category", "status"),
    [
        ("v1", "grade_b", 200),
        ("v1", "superb", 422),
        ("v1", CATEGORY, 422),
        ("2026-10", CATEGORY, 200),
        ("latest", CATEGORY, 200),
        ("2026-10", "grade_b", 422),
        ("2026-10", {"subject": "item"}, 422),
        ("2026-10", {**CATEGORY, "title": "x" * 101}, 422),
    ],
)
def test_a_grade_has_the_shape_of_its_version(
    loop: LoopStranger, director: Director, version: str, category: Any, status: int
) -> None:
    made = director.make_return("refund")
    loop.version = version
    item = {"line_item_id": unit_of(made), "condition_category": category, "note": "left shoe"}

    answer = loop.call("POST", GRADE, body={"items": [item]})

    assert answer.status_code == status, answer.text
    condition = loop.details(made["return_id"])["line_items"][0]["condition"]
    assert (condition or {}).get("condition_category") == (category if status == 200 else None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"line_item_id": None},
        {"description": "x" * 256},
        {"return_processor": "the dock"},
        {"note": "x" * 65_536},
        {"images": ["https://img.example.com/1.jpg"] * 6},
        {"images": ["left shoe"]},
        {"images": "https://img.example.com/1.jpg"},
    ],
)
def test_a_grade_keeps_to_its_limits(loop: LoopStranger, director: Director, wrong: Json) -> None:
    item = {"line_item_id": unit_of(director.make_return("refund")), "condition_category": "grade_a"}

    answer = loop.call("POST", GRADE, body={"items": [item | wrong]})

    assert answer.status_code == 422
    assert list(answer.json()["errors"])[0].startswith("items.0.")


@pytest.mark.parametrize(("limit", "status"), [(30, 200), (20, 422)])
def test_so_many_units_in_a_call(loop: LoopStranger, director: Director, limit: int, status: int) -> None:
    director.post("settings", {"loop.items_limit": limit})
    item = {"line_item_id": unit_of(director.make_return("refund")), "disposition_outcome": "donate"}

    assert loop.call("POST", "dispositioning/assess", body={"items": [item] * 25}).status_code == status


def test_units_of_another_shop_are_403(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("refund", shop="harbour")
    item = {"line_item_id": unit_of(made), "condition_category": "grade_a"}

    answer = loop.call("POST", GRADE, body={"items": [item]})

    assert (answer.status_code, answer.json()) == (403, {"errors": [{"message": "This action is unauthorized."}]})


@pytest.mark.parametrize(("switch", "status"), [("accepted", 200), ("refused", 422)])
def test_units_of_a_return_that_is_over(loop: LoopStranger, director: Director, switch: str, status: int) -> None:
    director.post("settings", {"loop.inspect_ended": switch})
    made = director.make_return("refund")
    loop.call("POST", f"warehouse/return/{made['return_id']}/close")
    item = {"line_item_id": unit_of(made), "condition_category": "grade_a"}

    assert loop.call("POST", GRADE, body={"items": [item]}).status_code == status


# --- notes


def test_notes_as_the_switches_have_them(loop: LoopStranger, director: Director) -> None:
    director.post("settings", {"loop.notes_envelope": "array", "loop.no_notes": "empty", "loop.note_limit": 17_000})
    path = f"warehouse/return/{director.make_return('refund')['return_id']}"
    assert (loop.call("GET", f"{path}/notes").status_code, loop.call("GET", f"{path}/notes").json()) == (200, [])

    assert loop.call("POST", f"{path}/note", body={"content": "x" * 16_999}).json() is True

    assert len(loop.call("GET", f"{path}/notes").json()[0]["content"]) == 16_999
    refused = loop.call("POST", f"{path}/note", body={"content": "x" * 17_000})
    assert refused.json() == {"errors": {"message": "Content is required and must be less than 17000 characters."}}


# --- destinations


def test_destinations_are_managed(loop: LoopStranger) -> None:
    (first,) = loop.call("GET", "destinations").json()["destinations"]
    address = {"address1": "5 Gift St", "city": "Dayton", "country": "United States", "country_code": "US"}

    made = loop.call("POST", "destinations", body={"name": "Charity", "type": "donate", "address": address}).json()

    assert (made["type"], made["enabled"], made["provider_location_id"]) == ("donate", True, None)
    changed = loop.call("PUT", f"destinations/{made['id']}", body={"enabled": False, "name": "Closed"}).json()
    assert (changed["enabled"], changed["name"], changed["address"]) == (False, "Closed", made["address"])
    assert loop.call("GET", f"destinations/{made['id']}").json() == changed
    assert loop.call("PUT", f"destinations/{first['id']}", body={"name": "Main"}).json()["name"] == "Main"
    assert loop.call("DELETE", f"destinations/{made['id']}").json() == "Success"
    assert loop.call("GET", f"destinations/{made['id']}").json()["code"] == "NOT_FOUND"
    assert [one["name"] for one in loop.call("GET", "destinations").json()["destinations"]] == ["Main"]


@pytest.mark.parametrize(
    "body", [{}, {"name": "A", "type": "shop", "address": {"city": "x"}}, {"name": "A", "type": "donate"}]
)
def test_a_destination_that_is_wrong_is_422(loop: LoopStranger, body: Json) -> None:
    answer = loop.call("POST", "destinations", body=body)

    assert answer.status_code == 422
    assert answer.json()["message"]


def test_a_shop_may_have_so_many_destinations(loop: LoopStranger, director: Director) -> None:
    director.post("settings", {"loop.destinations_max": 1})

    answer = loop.call("POST", "destinations", body={"name": "B", "type": "donate", "address": {"city": "x"}})

    assert (answer.status_code, answer.json()["code"]) == (422, "DESTINATION_LIMIT_EXCEEDED")


# --- fraud


def test_a_fraud_report_is_made_once_and_taken_back(loop: LoopStranger, director: Director) -> None:
    path = f"returns/{director.make_return('refund')['return_id']}/fraud-report"
    body = {"category": "package-is-empty", "comment": "air"}

    answer = loop.call("POST", path, body=body)

    assert (answer.status_code, answer.json()["category"]) == (201, "package-is-empty")
    assert loop.call("POST", path, body=body).json() == {"errors": {"message": "Fraud Report already exists."}}
    assert loop.call("DELETE", path).status_code == 204
    assert loop.call("DELETE", path).status_code == 404
    assert loop.call("POST", "returns/1/fraud-report", body=body).status_code == 404


@pytest.mark.parametrize(
    "body", [{"category": "mood"}, {"category": "other"}, {"category": "package-is-empty", "comment": "x" * 513}]
)
def test_a_fraud_report_that_is_wrong_is_422(loop: LoopStranger, director: Director, body: Json) -> None:
    path = f"returns/{director.make_return('refund')['return_id']}/fraud-report"

    assert loop.call("POST", path, body=body).status_code == 422

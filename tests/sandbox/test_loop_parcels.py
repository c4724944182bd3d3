"""Labels and scans: in order, out of order, late, by a third party (loop.md 2.7, 4.2)."""

import json
from collections.abc import Iterator

import pytest

from tests.sandbox.receivers import Receiver
from tests.sandbox.strangers import Director, Json, LoopStranger, wait_for

RATE: Json = {"amount": 912, "currency_code": "USD"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


def subscribe(loop: LoopStranger, receiver: Receiver, *, topic: str, trigger: str) -> None:
    body = {"topic": topic, "trigger": trigger, "url": receiver.url, "status": "active"}
    assert loop.call("POST", "webhooks", body=body).status_code == 201


def statuses(receiver: Receiver) -> list[str]:
    return [json.loads(body)["label_status"] for _, body, _ in receiver.got]


# --- scans


@pytest.mark.parametrize(
    "walk", [["in_transit", "in_transit"], ["delivered", "in_transit"], ["failure"], ["lost_in_space"]]
)
def test_any_scan_may_come_at_any_time(
    loop: LoopStranger, director: Director, receiver: Receiver, walk: list[str]
) -> None:
    subscribe(loop, receiver, topic="label", trigger="label.updated")
    return_id = director.make_return("refund", parcel="created")["return_id"]
    loop.act(return_id, "close")

    for number, status in enumerate(walk, start=1):
        director.post(f"loop/returns/{return_id}/scan", {"status": status})
        assert wait_for(lambda number=number: len(receiver.got) == number)

    assert statuses(receiver) == walk
    found = loop.details(return_id)
    assert (found["state"], found["label_status"]) == ("closed", walk[-1])


def test_a_parcel_walks_by_itself(loop: LoopStranger, director: Director, receiver: Receiver) -> None:
    subscribe(loop, receiver, topic="label", trigger="label.updated")
    director.post("settings", {"loop.walker.step_s": [0.01, 0.02]})

    return_id = director.make_return("refund", walk=True)["return_id"]

    assert wait_for(lambda: loop.details(return_id)["label_status"] == "delivered")
    assert wait_for(lambda: len(receiver.got) == 4)


@pytest.mark.parametrize(
    ("rate", "walked"),
    [
        ("skip_rate", ["delivered"]),
        (
            "repeat_rate",
            [one for one in ("pre_transit", "in_transit", "out_for_delivery", "delivered") for _ in (1, 2)],
        ),
        (
            "back_rate",
            ["pre_transit", "new", "pre_transit", "in_transit", "pre_transit", "in_transit"]
            + ["out_for_delivery", "in_transit", "out_for_delivery", "delivered", "out_for_delivery", "delivered"],
        ),
    ],
)
def test_a_walk_has_the_oddities_of_its_switches(
    loop: LoopStranger, director: Director, rate: str, walked: list[str]
) -> None:
    director.post("settings", {f"loop.walker.{rate}": 1.0, "loop.walker.step_s": [3600.0, 3600.0]})
    return_id = director.make_return("refund", parcel="created")["return_id"]
    jobs = director.get("health")["jobs"]

    director.post(f"loop/returns/{return_id}/walk")

    assert director.get("health")["jobs"] == jobs + len(walked)


def test_a_person_closes_and_the_parcel_still_arrives(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("settled_early")
    assert wait_for(lambda: loop.details(made["return_id"])["state"] == "closed")

    director.post(f"loop/returns/{made['return_id']}/advance", {"to": "delivered"})

    assert loop.details(made["return_id"])["label_status"] == "delivered"


# --- a label asked for anew


def test_a_label_is_made_on_request(loop: LoopStranger, director: Director) -> None:
    director.post("settings", {"loop.labels_by": "third_party"})
    return_id = director.make_return("refund")["return_id"]
    director.post("settings", {"loop.labels_by": "loop"})
    assert loop.details(return_id)["labels"] == []

    answer = loop.call("POST", f"returns/{return_id}/labels")

    assert (answer.status_code, answer.json()) == (
        202,
        {"message": "Label generation queued", "returnId": int(return_id)},
    )
    assert wait_for(lambda: loop.details(return_id)["label_status"] == "new")


@pytest.mark.parametrize(
    ("scenario", "code", "status"),
    [("refund", "label_already_exists", 409), ("keep_item", "return_cannot_receive_label", 422)],
)
def test_a_label_may_be_refused(loop: LoopStranger, director: Director, scenario: str, code: str, status: int) -> None:
    return_id = director.make_return(scenario)["return_id"]

    answer = loop.call("POST", f"returns/{return_id}/labels")

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert loop.call("POST", "returns/1/labels").json()["error"]["code"] == "return_not_found"


@pytest.mark.parametrize(
    ("switch", "code"), [("failed", "label_generation_failed"), ("internal_error", "internal_error")]
)
def test_a_label_may_fail(loop: LoopStranger, director: Director, switch: str, code: str) -> None:
    director.post("settings", {"loop.labels_by": "third_party", "loop.label_answer": switch})
    return_id = director.make_return("refund")["return_id"]

    answer = loop.call("POST", f"returns/{return_id}/labels")

    assert (answer.status_code, answer.json()["error"]["code"]) == (500, code)


# --- labels of a third party


def ask_for_label(loop: LoopStranger, director: Director, **params: str) -> tuple[str, Json]:
    director.post("settings", {"loop.labels_by": "third_party"})
    return_id = director.make_return("refund", **params)["return_id"]
    (request,) = loop.call("GET", f"label-requests?return_id={return_id}").json()["data"]
    return return_id, request


def answer_request(loop: LoopStranger, request: Json, **changes: object) -> Json:
    body = {
        "label_request_id": int(request["id"]),
        "tracking_number": "TP123",
        "carrier": "DHL",
        "label_url": "https://labels.example.com/tp.pdf",
        "rate": RATE,
    }
    made: Json = loop.call("POST", "labels", body=body | changes).json()
    return made


def test_a_provider_answers_a_request_and_drives_the_parcel(loop: LoopStranger, director: Director) -> None:
    return_id, request = ask_for_label(loop, director)
    assert (request["status"], request["return_id"]) == ("issued", int(return_id))
    assert request["addresses"]["origin"]["country_code"] == "US"
    assert loop.details(return_id)["label_status"] == "N/A"

    label = answer_request(loop, request)

    assert (label["status"], label["rate"]) == ("new", RATE)
    assert loop.call("GET", f"label-requests/{request['id']}").json()["status"] == "fulfilled"
    assert loop.call("PUT", f"labels/{label['id']}", body={"status": "delivered"}).status_code == 200
    found = loop.details(return_id)
    assert (found["carrier"], found["tracking_number"], found["label_status"]) == ("DHL", "TP123", "delivered")
    assert found["labels"][0]["rate"] == 912
    assert loop.call("PUT", f"labels/{label['id']}", body={"status": "lost"}).status_code == 400
    assert loop.call("PUT", "labels/1", body={"status": "new"}).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {"label_request_id": 1},
        {"tracking_number": ""},
        {"tracking_number": "9" * 257},
        {"carrier": 5},
        {"rate": {"amount": "9.12", "currency_code": "USD"}},
        {"rate": None},
    ],
)
def test_a_label_that_is_wrong_is_400(loop: LoopStranger, director: Director, changes: Json) -> None:
    _, request = ask_for_label(loop, director)

    assert answer_request(loop, request, **changes)["error"]["message"]


def test_a_request_is_answered_once(loop: LoopStranger, director: Director) -> None:
    _, request = ask_for_label(loop, director)
    answer_request(loop, request)

    assert "no longer issued" in answer_request(loop, request)["error"]["message"]


def test_a_provider_that_cannot_says_why(loop: LoopStranger, director: Director) -> None:
    return_id, request = ask_for_label(loop, director)
    path = f"label-requests/{request['id']}/errors"

    answer = loop.call("POST", path, body={"reason": "INVALID_ADDRESS", "message": "no such street"})

    assert (answer.status_code, answer.json()["reason"]) == (200, "INVALID_ADDRESS")
    notes = loop.call("GET", f"warehouse/return/{return_id}/notes").json()["notes"]
    assert "no such street" in notes[0]["content"]
    assert loop.call("POST", path, body={"reason": "RAIN"}).status_code == 400
    assert loop.call("POST", "label-requests/1/errors", body={"reason": "Other"}).status_code == 404
    assert loop.call("GET", "label-requests/1").json()["code"] == "NOT_FOUND"


def test_requests_are_told_by_webhook(loop: LoopStranger, director: Director, receiver: Receiver) -> None:
    for trigger in ("label.request.issued", "label.request.cancelled"):
        subscribe(loop, receiver, topic="label.request", trigger=trigger)
    return_id, request = ask_for_label(loop, director)
    assert wait_for(lambda: len(receiver.got) == 1)
    issued = json.loads(receiver.got[0][1])

    loop.act(return_id, "cancel")

    assert wait_for(lambda: len(receiver.got) == 2)
    assert list(issued) == [
        "topic",
        "trigger",
        *["id", "return_id", "shop_id", "created_at", "addresses", "parcel", "products"],
    ]
    assert (issued["trigger"], issued["id"], issued["return_id"]) == (
        "label.request.issued",
        int(request["id"]),
        int(return_id),
    )
    assert json.loads(receiver.got[1][1])["trigger"] == "label.request.cancelled"
    assert loop.call("GET", f"label-requests/{request['id']}").json()["status"] == "cancelled"


def test_requests_are_listed_with_limit_and_offset(loop: LoopStranger, director: Director) -> None:
    director.post("settings", {"loop.labels_by": "third_party"})
    for _ in range(3):
        director.make_return("refund")

    everything = [row["id"] for row in loop.call("GET", "label-requests").json()["data"]]

    assert len(everything) == 3
    page = loop.call("GET", "label-requests?limit=1&offset=1").json()["data"]
    assert [row["id"] for row in page] == everything[1:2]
    assert loop.call("GET", "label-requests?status=fulfilled").json() == {"data": []}
    assert loop.call("GET", "label-requests?from=2020-01-01&to=2020-02-01").json() == {"data": []}
    for query in ("limit=251", "limit=x", "status=lost", "from=never"):
        assert loop.call("GET", f"label-requests?{query}").status_code == 422

"""Deliveries as loop.md 5 describes them: PHP-style JSON, signature over the raw bytes, six attempts."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest

from integrations.sandbox.loop.webhooks import php_json, sign
from tests.sandbox.receivers import Receiver
from tests.sandbox.strangers import Director, Json, LoopStranger, wait_for


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


def subscribe(loop: LoopStranger, receiver: Receiver, *, topic: str = "return", trigger: str) -> int:
    body = {"topic": topic, "trigger": trigger, "url": receiver.url, "status": "active"}
    answer = loop.call("POST", "webhooks", body=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def payloads(receiver: Receiver) -> list[Json]:
    return [json.loads(body) for _, body, _ in receiver.got]


@pytest.mark.parametrize(
    ("payload", "body", "signature"),
    [
        (
            {"topic": "return", "trigger": "return.created", "id": "1"},
            b'{"topic":"return","trigger":"return.created","id":"1"}',
            "rf+R5e1xT7W1YcmBee4DUaTS2PnJM/Ru5zV2Ahi87wE=",
        ),
        (
            {"status_page_url": "https://exampleshop.loopreturns.com/#/return/1", "name": "André"},
            b'{"status_page_url":"https:\\/\\/exampleshop.loopreturns.com\\/#\\/return\\/1","name":"Andr\\u00e9"}',
            "t9Ug39qbWCoQZjb61DZRVA1y42BBWYHcgT6Kf/e0hdU=",
        ),
    ],
)
def test_the_check_values_of_the_reference(payload: Json, body: bytes, signature: str) -> None:
    assert php_json(payload) == body
    assert sign("0123456789abcdef", body=body) == signature


def test_a_return_is_announced_and_signed(loop: LoopStranger, director: Director, receiver: Receiver) -> None:
    subscribe(loop, receiver, trigger="return.created")

    made = director.make_return("refund")
    assert wait_for(lambda: receiver.got)

    _, body, signature = receiver.got[0]
    expected = hmac.new(loop.shop["webhook_secret"].encode(), body, hashlib.sha256).digest()
    assert signature == base64.b64encode(expected).decode()
    payload = json.loads(body)
    assert (payload["topic"], payload["id"], payload["state"]) == ("return", made["return_id"], "open")
    assert "updated_at" not in payload
    assert b"https:\\/\\/" in body


def test_a_parcel_walks_with_a_webhook_a_step(loop: LoopStranger, director: Director, receiver: Receiver) -> None:
    subscribe(loop, receiver, topic="label", trigger="label.updated")
    made = director.make_return("refund", parcel="created")

    director.post(f"loop/returns/{made['return_id']}/advance", {"to": "delivered"})

    assert wait_for(lambda: len(receiver.got) == 4)
    walked = {payload["label_status"] for payload in payloads(receiver)}
    assert walked == {"pre_transit", "in_transit", "out_for_delivery", "delivered"}


def test_settling_sends_updated_and_closed(loop: LoopStranger, director: Director, receiver: Receiver) -> None:
    for trigger in ("return.updated", "return.closed"):
        subscribe(loop, receiver, trigger=trigger)
    loop.act(director.make_return("refund")["return_id"], "process")

    assert wait_for(lambda: len(receiver.got) == 2)

    assert {payload["trigger"] for payload in payloads(receiver)} == {"return.updated", "return.closed"}
    assert all(payload["state"] == "closed" and payload["refunds"] for payload in payloads(receiver))


def test_a_cancelled_return_comes_as_updated(loop: LoopStranger, director: Director, receiver: Receiver) -> None:
    subscribe(loop, receiver, trigger="return.updated")

    director.make_return("cancelled", delay=0.1)

    assert wait_for(lambda: [one for one in payloads(receiver) if one["state"] == "cancelled"])


def test_a_failing_endpoint_is_tried_again(loop: LoopStranger, director: Director, receiver: Receiver) -> None:
    director.post("settings", {"loop": {"webhooks": {"retry_base_s": 0.05}}})
    subscribe(loop, receiver, trigger="return.created")
    receiver.answers = [503, 500]

    director.make_return("refund")

    assert wait_for(lambda: len(receiver.got) == 3)
    assert len({body for _, body, _ in receiver.got}) == 1


def test_a_401_is_never_tried_again(loop: LoopStranger, director: Director, receiver: Receiver) -> None:
    director.post("settings", {"loop": {"webhooks": {"retry_base_s": 0.05}}})
    subscribe(loop, receiver, trigger="return.created")
    receiver.answers = [401]

    director.make_return("refund")

    wait_for(lambda: len(receiver.got) > 1, seconds=0.5)
    assert len(receiver.got) == 1


@pytest.mark.parametrize(("mode", "count"), [("duplicate_rate", 2), ("drop_rate", 0)])
def test_delivery_modes(loop: LoopStranger, director: Director, receiver: Receiver, mode: str, count: int) -> None:
    director.post("settings", {"loop": {"webhooks": {mode: 1.0}}})
    subscribe(loop, receiver, trigger="return.created")

    director.make_return("refund")

    wait_for(lambda: len(receiver.got) > count, seconds=0.5)
    assert len(receiver.got) == count


def test_wrong_signatures_and_crossed_topics(loop: LoopStranger, director: Director, receiver: Receiver) -> None:
    director.post("settings", {"loop": {"webhooks": {"wrong_signature_rate": 1.0}}})
    subscribe(loop, receiver, topic="return", trigger="label.created")
    subscribe(loop, receiver, topic="label", trigger="return.created")

    director.make_return("refund")
    assert wait_for(lambda: len(receiver.got) == 2)

    bodies = sorted(len(body) for _, body, _ in receiver.got)
    assert bodies[0] == len(b"{}")  # a mismatched pair delivers an empty payload
    for _, body, signature in receiver.got:
        assert signature != sign(loop.shop["webhook_secret"], body=body)


def test_subscriptions_are_managed(loop: LoopStranger, receiver: Receiver) -> None:
    number = subscribe(loop, receiver, trigger="return.created")
    listed = loop.call("GET", "webhooks").json()["webhooks"]
    assert [(one["id"], one["status"]) for one in listed] == [(number, "active")]

    changed = {"topic": "return", "trigger": "return.closed", "url": receiver.url, "status": "inactive"}
    assert loop.call("PUT", f"webhooks/{number}", body=changed).status_code == 204
    assert loop.call("GET", "webhooks").json()["webhooks"][0]["status"] == "inactive"
    assert loop.call("DELETE", f"webhooks/{number}").status_code == 204
    assert loop.call("DELETE", f"webhooks/{number}").json() == {"errors": {"code": "NOT_FOUND"}}
    assert loop.call("POST", "webhooks", body={"topic": "cats"}).status_code == 422

"""Deliveries in every mode: topics and triggers, odd payloads, secrets, tries and giving up (loop.md 5)."""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.receivers import Receiver
from tests.sandbox.strangers import Director, Json, LoopStranger, wait_for

RETURN_KEYS = (
    "topic trigger shop_id id state created_at edited_at total order_id order_name provider_order_id order_number"
    " provider_order_number provider_order_external_id provider_order_sales_channel customer customer_detail address"
    " currency return_product_total return_discount_total return_tax_total return_total return_credit_total"
    " status_page_url exchange_product_total exchange_discount_total exchange_tax_total exchange_total"
    " exchange_credit_total gift_card handling_fee refund upsell is_gift_return refunds labels line_items exchanges"
    " happy_returns_shipment_id carrier tracking_number label_status label_updated_at"
)
UNIT_KEYS = (
    "line_item_id provider_line_item_id product_id variant_id sku title price discount tax refund returned_at"
    " exchange_variant return_reason parent_return_reason return_comment barcode outcome"
)
LABEL_KEYS = (
    "topic trigger shop_id id order_id provider_order_id carrier tracking_number label_status label_updated_at"
    " shipment_id"
)
GIFT_CARD_KEYS = (
    "topic trigger id total_credit_issued gift_card_subtotal gift_card_tax gift_card_bonus_credit currency return_id"
    " email first_name last_name external_order_id external_order_name external_order_number"
)


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


def first(receiver: Receiver) -> Json:
    assert wait_for(lambda: receiver.got)
    payload: Json = json.loads(receiver.got[0][1])
    return payload


def signed(secret: str, body: bytes) -> str:
    return b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def process(loop: LoopStranger, director: Director, scenario: str, **params: Any) -> str:
    return_id: str = director.make_return(scenario, **params)["return_id"]
    assert loop.act(return_id, "process") is True
    return return_id


# --- payloads


def test_a_return_has_its_keys_in_the_documented_order(
    loop: LoopStranger, director: Director, receiver: Receiver
) -> None:
    subscribe(loop, receiver, trigger="return.created")
    director.make_return("exchange")

    payload = first(receiver)

    assert list(payload) == RETURN_KEYS.split()
    assert list(payload["line_items"][0]) == UNIT_KEYS.split()
    assert (payload["label_status"], payload["line_items"][0]["return_comment"]) == ("N/A", None)
    assert isinstance(payload["order_id"], int)
    assert isinstance(payload["provider_order_id"], str)


def test_the_tail_may_be_longer(loop: LoopStranger, director: Director, receiver: Receiver) -> None:
    director.post("settings", {"loop.webhooks.tail": "long"})
    subscribe(loop, receiver, trigger="return.created")
    director.make_return("refund")

    assert list(first(receiver))[-2:] == ["label_url", "shopify_refund_object"]


@pytest.mark.parametrize("key", ["id", "return_id"])
def test_a_label_names_the_return(loop: LoopStranger, director: Director, receiver: Receiver, key: str) -> None:
    director.post("settings", {"loop.webhooks.label_id_key": key})
    subscribe(loop, receiver, topic="label", trigger="label.created")
    made = director.make_return("refund", parcel="created")

    payload = first(receiver)

    assert list(payload) == LABEL_KEYS.replace(" id ", f" {key} ").split()
    assert payload[key] == made["return_id"]


def test_every_parcel_sends_its_own_label(loop: LoopStranger, director: Director, receiver: Receiver) -> None:
    subscribe(loop, receiver, topic="label", trigger="label.created")
    made = director.make_return("multi_parcel", parcel="created")

    assert wait_for(lambda: len(receiver.got) == 2)

    payloads = [json.loads(body) for _, body, _ in receiver.got]
    assert sorted(one["tracking_number"] for one in payloads) == sorted(made["tracking_numbers"])
    assert len({one["shipment_id"] for one in payloads}) == 2


def test_a_third_party_is_asked_for_the_gift_card(loop: LoopStranger, director: Director, receiver: Receiver) -> None:
    subscribe(loop, receiver, topic="giftcard", trigger="giftcard.requested")
    return_id = process(loop, director, "gift_card_provider", bonus="10.00")

    payload = first(receiver)

    assert list(payload) == GIFT_CARD_KEYS.split()
    assert (payload["id"], payload["return_id"], payload["gift_card_bonus_credit"]) == (None, int(return_id), "10.00")
    assert payload["total_credit_issued"] == loop.details(return_id)["gift_card"]


def test_the_platforms_own_gift_card_asks_nobody(loop: LoopStranger, director: Director, receiver: Receiver) -> None:
    subscribe(loop, receiver, topic="giftcard", trigger="giftcard.requested")
    return_id = process(loop, director, "store_credit")

    assert wait_for(lambda: loop.details(return_id)["state"] == "closed")
    assert not wait_for(lambda: receiver.got, seconds=0.3)


@pytest.mark.parametrize("shape", ["list", "keyed"])
def test_restocking_in_both_shapes(loop: LoopStranger, director: Director, receiver: Receiver, shape: str) -> None:
    director.post("settings", {"loop.webhooks.restock_shape": shape, "loop.restock": "off"})
    subscribe(loop, receiver, topic="restock", trigger="restock.requested")
    process(loop, director, "restock_webhook", quantity=2)

    items = first(receiver)["restock_items"]

    if shape == "list":
        assert [one["available_adjustment"] for one in items] == [1, 1]
    else:
        (item,) = items.values()
        assert item["available_adjustment"] == "2"


def test_a_failed_processing_names_state_message_and_source(
    loop: LoopStranger, director: Director, receiver: Receiver
) -> None:
    subscribe(loop, receiver, topic="return.processing", trigger="return.processing.failed")
    return_id = process(loop, director, "processing_fails", message="Card refused")

    assert first(receiver) == {
        "topic": "return.processing",
        "trigger": "return.processing.failed",
        "return_id": int(return_id),
        "return_state": "review",
        "message": "Card refused",
        "source": "api",
    }


def test_a_box_of_a_drop_off_network_has_no_return(loop: LoopStranger, director: Director, receiver: Receiver) -> None:
    subscribe(loop, receiver, topic="happy.returns.shipment", trigger="shipment.processed")
    director.make_return("drop_off", parcel="delivered")

    payload = first(receiver)

    assert list(payload) == ["topic", "trigger", "loop_shipment_id", "happy_returns_shipment_id"]


@pytest.mark.parametrize(("form", "kinds"), [("number", {int}), ("mixed", {int, str})])
def test_ids_change_their_type(
    loop: LoopStranger, director: Director, receiver: Receiver, form: str, kinds: set[type]
) -> None:
    director.post("settings", {"loop.ids_in_webhooks": form})
    subscribe(loop, receiver, trigger="return.created")
    for _ in range(6):
        director.make_return("refund")

    assert wait_for(lambda: len(receiver.got) == 6)

    payloads = [json.loads(body) for _, body, _ in receiver.got]
    assert {type(one[key]) for one in payloads for key in ("id", "order_id", "shop_id")} == kinds


@pytest.mark.parametrize(("switch", "body"), [("object", b"{}"), ("array", b"[]"), ("nothing", b"")])
def test_an_empty_payload(loop: LoopStranger, director: Director, receiver: Receiver, switch: str, body: bytes) -> None:
    director.post("settings", {"loop.webhooks.empty_as": switch})
    subscribe(loop, receiver, topic="label", trigger="return.created")
    director.make_return("refund")

    assert wait_for(lambda: receiver.got)

    _, got, signature = receiver.got[0]
    assert (got, signature) == (body, signed(loop.shop["webhook_secret"], body))


def test_a_topic_that_does_not_fit_may_send_nothing(loop: LoopStranger, director: Director, receiver: Receiver) -> None:
    director.post("settings", {"loop.webhooks.mismatched": "nothing"})
    subscribe(loop, receiver, topic="label", trigger="return.created")
    director.make_return("refund")

    assert not wait_for(lambda: receiver.got, seconds=0.3)


def test_half_a_body_keeps_the_signature_of_the_whole(
    loop: LoopStranger, director: Director, receiver: Receiver
) -> None:
    director.post("settings", {"loop.webhooks.truncate_rate": 1.0})
    subscribe(loop, receiver, trigger="return.created")
    director.make_return("refund")

    assert wait_for(lambda: receiver.got)

    _, body, signature = receiver.got[0]
    assert signature != signed(loop.shop["webhook_secret"], body)
    with pytest.raises(ValueError, match="."):
        json.loads(body)


# --- which change announces itself


@pytest.mark.parametrize(("act", "state"), [("cancel", "cancelled"), ("expire", "expired"), ("flag", "review")])
@pytest.mark.parametrize("is_silent", [False, True])
def test_a_state_is_announced_or_not(
    loop: LoopStranger, director: Director, receiver: Receiver, act: str, state: str, is_silent: bool
) -> None:
    director.post("settings", {"loop.webhooks.silent_states": [state] if is_silent else []})
    subscribe(loop, receiver, trigger="return.updated")
    return_id = director.make_return("refund")["return_id"]

    director.post(f"loop/returns/{return_id}/{act}")

    assert loop.details(return_id)["state"] == state
    assert bool(wait_for(lambda: receiver.got, seconds=0.3 if is_silent else 60)) is not is_silent


@pytest.mark.parametrize(
    ("switch", "triggers"),
    [("both", ["return.closed", "return.updated"]), ("closed", ["return.closed"]), ("updated", ["return.updated"])],
)
def test_what_a_closing_sends(
    loop: LoopStranger, director: Director, receiver: Receiver, switch: str, triggers: list[str]
) -> None:
    director.post("settings", {"loop.webhooks.closing": switch})
    for trigger in ("return.closed", "return.updated"):
        subscribe(loop, receiver, trigger=trigger)
    loop.act(director.make_return("refund")["return_id"], "close")

    assert wait_for(lambda: len(receiver.got) == len(triggers))

    assert sorted(json.loads(body)["trigger"] for _, body, _ in receiver.got) == triggers


# --- secrets


@pytest.mark.parametrize(("switch", "place"), [("newest", 1), ("oldest", 0)])
def test_two_secrets_are_valid_during_a_change(
    loop: LoopStranger, director: Director, receiver: Receiver, switch: str, place: int
) -> None:
    director.post("settings", {"loop.webhooks.signs_with": switch})
    secrets = director.post("loop/shops/northwind/rotate_secret")["secrets"]
    assert secrets[0] == loop.shop["webhook_secret"]
    subscribe(loop, receiver, trigger="return.created")
    director.make_return("refund")

    assert wait_for(lambda: receiver.got)

    _, body, signature = receiver.got[0]
    assert signature == signed(secrets[place], body)
    assert director.post("loop/shops/northwind/drop_old_secret")["secrets"] == secrets[1:]


def test_a_subscription_may_have_a_secret_of_its_own(
    loop: LoopStranger, director: Director, receiver: Receiver
) -> None:
    director.post("settings", {"loop.webhooks.secret_per": "subscription"})
    number = subscribe(loop, receiver, trigger="return.created")
    secret = director.post("loop/shops/northwind/secrets")["of_subscriptions"][str(number)]
    director.make_return("refund")

    assert wait_for(lambda: receiver.got)

    _, body, signature = receiver.got[0]
    assert signature == signed(secret, body)


# --- tries


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 302])
def test_an_answer_that_ends_the_tries(loop: LoopStranger, director: Director, receiver: Receiver, status: int) -> None:
    director.post("settings", {"loop.webhooks.retry_base_s": 0.01})
    subscribe(loop, receiver, trigger="return.created")
    receiver.answers = [status] * 6
    director.make_return("refund")

    wait_for(lambda: len(receiver.got) > 1, seconds=0.3)

    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_six_tries_and_no_more(loop: LoopStranger, director: Director, receiver: Receiver, status: int) -> None:
    director.post("settings", {"loop.webhooks.retry_base_s": 0.01})
    subscribe(loop, receiver, trigger="return.created")
    receiver.answers = [status] * 9
    director.make_return("refund")

    assert wait_for(lambda: len(receiver.got) == 6)
    wait_for(lambda: len(receiver.got) > 6, seconds=0.4)

    assert len(receiver.got) == 6


@pytest.mark.parametrize(("seconds", "advance", "tries"), [("1700", 1750, 2), ("1900", 2000, 1)])
def test_retry_after_is_kept_up_to_half_an_hour(
    loop: LoopStranger, director: Director, receiver: Receiver, seconds: str, advance: int, tries: int
) -> None:
    director.post("settings", {"loop.webhooks.retry_base_s": 0.01})
    subscribe(loop, receiver, trigger="return.created")
    receiver.answers, receiver.headers = [503], {"Retry-After": seconds}
    director.make_return("refund")
    assert wait_for(lambda: director.get("dump")["loop"]["northwind"]["deliveries"])
    assert not wait_for(lambda: len(receiver.got) > 1, seconds=0.3)

    director.post("clock", {"advance_seconds": advance})

    wait_for(lambda: len(receiver.got) == 2, seconds=60 if tries == 2 else 0.4)
    assert len(receiver.got) == tries


@pytest.mark.parametrize(("limit", "status"), [(0, "active"), (3, "inactive")])
def test_failures_in_a_row_end_a_subscription(
    loop: LoopStranger, director: Director, receiver: Receiver, limit: int, status: str
) -> None:
    director.post("settings", {"loop.webhooks.retry_base_s": 0.01, "loop.webhooks.deactivate_after": limit})
    number = subscribe(loop, receiver, trigger="return.created")
    receiver.answers = [503, 503, 200] if limit == 0 else [401, 401, 401]
    for _ in range(1 if limit == 0 else 3):
        director.make_return("refund")

    assert wait_for(lambda: not receiver.answers)

    assert wait_for(lambda: loop.call("GET", f"webhooks/{number}").json()["status"] == status)


# --- subscriptions


@pytest.mark.parametrize("status", ["inactive", "active"])
def test_the_first_status_of_a_subscription(loop: LoopStranger, director: Director, status: str) -> None:
    director.post("settings", {"loop.webhooks.default_status": status, "loop.webhooks.created_code": 200})

    answer = loop.call("POST", "webhooks", body={"topic": "return", "trigger": "label.updated", "url": "http://h/"})

    assert (answer.status_code, answer.json()["status"]) == (200, status)
    assert set(answer.json()) == {"id", "shop_id", "topic", "trigger", "url", "status"}


def test_older_pages_know_no_failed_processing(loop: LoopStranger, director: Director) -> None:
    body = {"topic": "return.processing", "trigger": "return.processing.failed", "url": "http://h/"}
    assert loop.call("POST", "webhooks", body=body).status_code == 201

    director.post("settings", {"loop.webhooks.topics": "old"})

    answer = loop.call("POST", "webhooks", body=body)
    assert answer.status_code == 422
    assert answer.json()["message"].startswith("Must be one of the following values:return,label,restock")


@pytest.mark.parametrize(
    "changes", [{"topic": "cats"}, {"trigger": "return.deleted"}, {"url": "ftp://h"}, {"url": None}, {"status": "on"}]
)
def test_a_subscription_that_is_wrong_is_422(loop: LoopStranger, changes: Json) -> None:
    body = {"topic": "return", "trigger": "return.created", "url": "http://h/"} | changes

    answer = loop.call("POST", "webhooks", body=body)

    assert (answer.status_code, answer.json()["errors"]) == (422, {})


def test_one_shops_subscriptions_are_not_anothers(loop: LoopStranger, world: Json, receiver: Receiver) -> None:
    number = subscribe(loop, receiver, trigger="return.created")
    other = LoopStranger(loop.url, world["loop_shops"][1], loop.session)

    assert other.call("GET", "webhooks").json() == {"webhooks": []}
    for method in ("GET", "PUT", "DELETE"):
        answer = other.call(method, f"webhooks/{number}")
        assert (answer.status_code, answer.json()) == (404, {"errors": {"code": "NOT_FOUND"}})

"""What a webhook says: the return it is about by its topic, whatever else is in it."""

import json
from pathlib import Path

import pytest

from integrations.errors import UnreadableRecordError
from integrations.loop.webhooks import describe_webhook, parse_webhook

FIXTURES = Path(__file__).parent.parent / "fixtures" / "loop"


def body_of(name: str) -> bytes:
    return (FIXTURES / f"webhook__{name}.json").read_bytes()


@pytest.mark.parametrize(
    ("name", "topic", "return_id", "says"),
    [
        ("return_2020", "return", "6042999", ""),
        ("return_2026", "return", "110700123", ""),
        ("label", "label", "110700123", "USPS, in_transit"),
        ("restock", "restock", "110700123", "1 of variant 45123450001 at location 65012345678"),
        ("restock_keyed", "restock", "110700123", "1 of variant 45123450001 at location 65012345678"),
        ("giftcard", "giftcard", "110700123", "gift card of 85.00 USD, 10.00 of it bonus"),
        ("processing_failed", "return.processing", "110700123", "review: The gateway declined the refund"),
        ("label_request", "label.request", "110700123", ""),
        ("happy_returns", "happy.returns.shipment", "", "box 47382 of a drop-off network"),
    ],
)
def test_each_topic_is_read(name: str, topic: str, return_id: str, says: str) -> None:
    webhook = parse_webhook(body_of(name))

    assert (webhook.topic, webhook.return_id) == (topic, return_id)
    assert describe_webhook(webhook) == says


def test_box_is_named_by_loops_own_id() -> None:
    assert parse_webhook(body_of("happy_returns")).shipment_id == "47382"


def test_old_label_webhook_names_the_return_otherwise() -> None:
    assert parse_webhook(b'{"topic":"label","trigger":"label.updated","return_id":7}').return_id == "7"


def test_topic_decides_and_not_the_trigger() -> None:
    crossed = b'{"topic":"return","trigger":"label.updated","id":"7","label_status":"in_transit"}'

    assert parse_webhook(crossed).return_id == "7"


@pytest.mark.parametrize("body", [b"", b"  ", b"[]", b"{}", b"null", b'{"topic":"label","trigger":"return.created"}',
                                  b'{"topic":"label","trigger":"return.created","id":null,"carrier":""}'])  # fmt: skip
def test_empty_webhook_of_a_pair_that_does_not_fit_is_about_nothing(body: bytes) -> None:
    assert parse_webhook(body).return_id == ""


def test_gift_card_without_a_return_is_about_none() -> None:
    payload = {**json.loads(body_of("giftcard")), "return_id": None}

    assert parse_webhook(json.dumps(payload).encode()).return_id == ""


def test_unknown_topic_is_searched_for_either_id() -> None:
    assert parse_webhook(b'{"topic":"return.archived","id":1,"return_id":"2","x":1}').return_id == "2"


@pytest.mark.parametrize(
    "body",
    [
        b"no JSON",
        b"\xff\xfe\x00",
        b'"text"',
        b"[1]",
        b'{"topic":"return","id":NaN}',
        b'{"topic":"return","state":"open"}',
        b'{"topic":"return","id":{"a":1}}',
        b'{"topic":"return","id":true}',
        b'{"topic":"return","id":"../../admin"}',
        b'{"topic":"return","id":"\xd9\xa3"}',
        b'{"topic":"return","id":' + b"9" * 5000 + b"}",
        b'{"topic":"return","id":' + b"9" * 50 + b"}",
        b'{"topic":"return","id":"a\\u0000b"}',
        b'{"topic":"happy.returns.shipment","happy_returns_shipment_id":"1"}',
        b"[" * 100_000,
        b'{"topic":"return","id":"1","x":' + b"[" * 300 + b"]" * 300 + b"}",
    ],
)
def test_what_cannot_be_read_is_said(body: bytes) -> None:
    with pytest.raises(UnreadableRecordError):
        parse_webhook(body)


def test_what_a_database_cannot_hold_is_replaced() -> None:
    webhook = parse_webhook(b'{"topic":"return","trigger":"a\\u0000b\\ud800","id":"1"}')

    assert webhook.trigger == "a\ufffdb\ufffd"

"""Payloads bent in every way: a parser says that it cannot read, the endpoint answers, no event is lost."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations import inbox
from integrations.credentials import store_secret
from integrations.errors import UnreadableRecordError
from integrations.loop.parsing import parse_return
from integrations.loop.signature import sign_body, signature_matches
from integrations.loop.webhooks import describe_webhook, parse_webhook
from integrations.models import Credential, InboundEvent, Shop

FIXTURES = Path(__file__).parent.parent / "fixtures" / "loop"
SECRET = "0123456789abcdef"
WEBHOOKS = sorted(FIXTURES.glob("webhook__*.json"))
RETURNS = [*sorted(FIXTURES.glob("list__*.json")), *sorted(FIXTURES.glob("details__*.json")), *WEBHOOKS[-4:]]
BODIES = [path.read_bytes() for path in WEBHOOKS]
FORGED = 10_000

ODD_TEXTS = ["", "N/A", "null", "\x00", "\ud800", "٣٫٥", "1e999", "-0", "１２", "2026-13-45", "😀" * 50, "x" * 5000]
odd = st.one_of(
    st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(), st.decimals(), st.text(max_size=20),
    st.sampled_from(ODD_TEXTS), st.just([]), st.just({}), st.just([None]), st.just({"date": "x", "timezone": "/etc"}),
    st.just([[[[["deep"]]]]]),
)  # fmt: skip


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in entries for place in [(*path, key), *places_in(inner, (*path, key))]]


def bend(payload: Any, place: tuple[Any, ...], value: Any, *, remove: bool) -> Any:
    bent = copy.deepcopy(payload)
    target = bent
    for key in place[:-1]:
        target = target[key]
    if remove:
        del target[place[-1]]
    else:
        target[place[-1]] = copy.deepcopy(value)
    return bent


@st.composite
def bent_payloads(draw: st.DrawFn, paths: list[Path]) -> Any:
    payload = json.loads(draw(st.sampled_from(paths)).read_text())
    for _ in range(draw(st.integers(1, 4))):
        places = places_in(payload)
        if places:
            payload = bend(payload, draw(st.sampled_from(places)), draw(odd), remove=draw(st.booleans()))
    return payload


@settings(max_examples=300)
@given(payload=bent_payloads(RETURNS), is_detailed=st.booleans())
def test_return_is_read_or_said_to_be_unreadable(payload: Any, is_detailed: bool) -> None:
    for row in payload if isinstance(payload, list) else [payload]:
        try:
            record = parse_return(row, is_detailed=is_detailed)
        except UnreadableRecordError:
            continue
        assert record.id
        assert record.updated_at.tzinfo is not None
        assert all(unit.refund.is_finite() for unit in record.units)
        assert isinstance(record.unknown_keys, tuple)
        assert isinstance(record.unknown_words, tuple)
        json.dumps(record.raw, default=str, ensure_ascii=False).encode()


def php(payload: Any) -> bytes:
    return json.dumps(payload, default=str, separators=(",", ":")).replace("/", "\\/").encode()


bodies = st.one_of(
    bent_payloads(WEBHOOKS).map(php),
    st.binary(max_size=200),
    st.builds(lambda body, at: body[: at % len(body)], st.sampled_from(BODIES), st.integers(0, 5000)),
    st.builds(lambda mark, body: mark + body, st.sampled_from([b"\xef\xbb\xbf", b"\xff", b"\x00"]),
              st.sampled_from(BODIES)),
    st.sampled_from([b'{"id":1,"id":2,"topic":"return"}', b'{"topic":"return","id":NaN}', b"[" * 5000,
                     b'{"topic":{"a":1},"id":"1"}', b'{"topic":"return","id":1e400}']),
)  # fmt: skip


@settings(max_examples=300)
@given(body=bodies)
def test_webhook_is_read_or_said_to_be_unreadable(body: bytes) -> None:
    try:
        webhook = parse_webhook(body)
        describe_webhook(webhook)
    except UnreadableRecordError:
        return
    assert webhook.return_id == "" or (webhook.return_id.isascii() and webhook.return_id.isalnum())
    assert "\x00" not in webhook.topic + webhook.trigger


@pytest.fixture
def hooked(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    store_secret(shop, Credential.Kind.LOOP_WEBHOOK_SECRET, SECRET)
    monkeypatch.setattr(inbox, "_forgeries", inbox._PerMinute(20))
    return shop


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(body=bodies, header=st.one_of(st.none(), st.text(alphabet=st.characters(max_codepoint=255), max_size=60)))
def test_endpoint_answers_and_loses_nothing(hooked: Shop, client: Client, body: bytes, header: str | None) -> None:
    path = f"/hooks/loop/{hooked.code}"
    signature = {"X-Loop-Signature": sign_body(SECRET, body)}

    signed = client.post(path, body, content_type="application/json", headers=signature)
    forged = client.post(path, body, content_type="odd", headers={"X-Loop-Signature": header} if header else {})

    assert (signed.status_code, forged.status_code) == (200, 401)
    event = InboundEvent.objects.filter(signed=True).latest("last_received_at")
    assert bytes(event.raw) == body
    if b"happy.returns" not in body:  # those ask Loop
        inbox.find_returns(event)
        inbox.finish_event(event)
        event.refresh_from_db()
        assert event.verdict in ("read", "unreadable")


def test_no_mutation_of_body_or_signature_is_believed() -> None:
    believed = 0
    for number in range(FORGED):
        body = BODIES[number % len(BODIES)]
        signature = sign_body(SECRET, body)
        if number % 2:
            at = number % len(body)
            body = body[:at] + bytes([body[at] ^ (1 + number % 255)]) + body[at + 1 :]
        else:
            at = number % 43
            other = chr(33 + (ord(signature[at]) - 33 + 1 + number // 2 % 93) % 94)
            signature = signature[:at] + other + signature[at + 1 :]
        believed += signature_matches(body, signature, [SECRET, "the former one"])

    assert believed == 0

"""Whatever is sent to Loop's side, it answers in Loop's own way and never fails itself."""

import copy
import json
import random
from typing import Any

import pytest

from tests.sandbox.strangers import Director, Json, LoopStranger

JUNK: list[Any] = [
    None,
    "",
    0,
    -1,
    1e300,
    10**30,
    "x" * 3000,
    True,
    [],
    {},
    [[1]],
    {"id": None},
    "Ω漢字²",
    "2026-13-45",
]
UNIT: Json = {
    "line_item_id": 387001,
    "disposition_outcome": "donate",
    "condition_category": "grade_a",
    "images": ["https://h/"],
}
ORDER: Json = {"external_id": "1", "name": "SO1", "line_items": [{"external_id": "1", "quantity": 1}]}
LABEL: Json = {
    "label_request_id": 67_329_889,
    "tracking_number": "1",
    "carrier": "USPS",
    "label_url": "https://h/",
    "rate": {"amount": 1, "currency_code": "USD"},
}
DESTINATION: Json = {"name": "A", "type": "donate", "enabled": True, "address": {"city": "x"}}
HOOK: Json = {"topic": "return", "trigger": "return.created", "url": "http://127.0.0.1:9/", "status": "active"}
SENT: list[tuple[str, str, Json]] = [
    ("POST", "dispositioning/assess", {"items": [UNIT]}),
    ("POST", "dispositioning/grade", {"items": [UNIT]}),
    ("POST", "orders", ORDER),
    ("POST", "orders/return-eligibility", {"order_name": "SO1"}),
    ("POST", "labels", LABEL),
    ("POST", "label-requests/67329889/errors", {"reason": "Other", "message": "m"}),
    ("POST", "destinations", DESTINATION),
    ("PUT", "destinations/41001", DESTINATION),
    ("POST", "webhooks", HOOK),
    ("POST", "order/link", {"name": "#20001", "zip": "43215", "gift": True}),
    ("POST", "order/qr", {"name": "#20001", "zip": "43215", "type": "png", "size": 3}),
    ("POST", "returns/110700001/fraud-report", {"category": "other", "comment": "c"}),
    ("POST", "warehouse/return/110700001/note", {"content": "c"}),
    ("POST", "warehouse/return/110700001/process", {"a": "b"}),
]
QUERIES = (
    "warehouse/return/list?from={}",
    "warehouse/return/list?from=2026-01-01&to={}",
    "warehouse/return/list?paginate=true&cursor={}",
    "warehouse/return/list?pageSize={}&paginate=1",
    "warehouse/return/details?return_id={}",
    "warehouse/return/details?order_id={}",
    "warehouse/return/details?order_name={}",
    "warehouse/reporting/asn?from={}",
    "warehouse/return/{}/notes",
    "orders/{}",
    "orders?limit={}",
    "orders?cursor={}",
    "orders/external/{}",
    "label-requests?return_id={}",
    "label-requests?offset={}",
    "label-requests/{}",
    "destinations/{}",
    "webhooks/{}",
    "happy-returns/shipments/{}/items",
    "happy-returns/shipments?page={}",
)
WORDS = ("", "0", "-1", "²", "9" * 30, "1e9", "%00", "%ff%fe", "null", "[]", "eyJpZCI6W119", "0001-01-01", "9999-12-31")


def mutated(body: Json, *, draw: random.Random) -> Json:
    """The body with one value, somewhere inside, replaced by junk."""
    whole = copy.deepcopy(body)
    node: Any = whole
    while True:
        key = draw.choice(list(node) if isinstance(node, dict) else range(len(node)))
        if isinstance(node[key], (dict, list)) and node[key] and draw.random() < 0.7:
            node = node[key]
        else:
            node[key] = draw.choice(JUNK)
            return whole


@pytest.fixture
def patient(loop: LoopStranger, director: Director) -> LoopStranger:
    director.post("settings", {"loop.rate_limit_per_minute": 100_000, "loop.labels_by": "third_party"})
    director.make_return("refund")
    return loop


@pytest.mark.parametrize("version", ["v1", "2026-10"])
def test_bodies(patient: LoopStranger, director: Director, version: str) -> None:
    draw = random.Random(version)
    headers = {"X-Authorization": patient.shop["api_key"]}
    for _ in range(300):
        method, path, body = draw.choice(SENT)
        sent = json.dumps(mutated(body, draw=draw))
        url = f"{patient.url}/api/{version}/{path}"
        answer = patient.session.request(method, url, data=sent, headers=headers, timeout=60)
        assert answer.status_code < 500, (path, sent)
        assert answer.status_code == 204 or answer.json() is not None
    assert director.get("health")["failed_jobs"] == 0


@pytest.mark.parametrize("sent", [b"", b"[", b"[]", b"5", b"\xff", b"[" * 100_000, b'{"items": [' + b"{}," * 50])
def test_bodies_that_are_no_json(patient: LoopStranger, sent: bytes) -> None:
    headers = {"X-Authorization": patient.shop["api_key"]}
    for method, path, _ in SENT:
        answer = patient.session.request(method, f"{patient.url}/api/v1/{path}", data=sent, headers=headers, timeout=60)
        assert answer.status_code < 500, path


def test_queries_and_ids(patient: LoopStranger) -> None:
    for query in QUERIES:
        for word in WORDS:
            assert patient.call("GET", query.format(word)).status_code < 500, (query, word)


def test_a_control_call_that_makes_no_sense_is_400(director: Director) -> None:
    return_id = director.make_return("refund")["return_id"]
    for path, body in (
        ("loop/returns", {"scenario": "multi_parcel", "params": {"parcels": "many"}}),
        ("loop/returns", {"scenario": "refund", "params": {"units": 0}}),
        ("loop/returns", {"scenario": "refund", "params": {"units": 10_000}}),
        ("loop/returns", {"scenario": "refund", "params": {"parcel": "lost"}}),
        ("loop/returns", {"scenario": "partly_fails", "params": {"fails_at": "noon"}}),
        ("loop/returns", {"scenario": "bundle_component", "params": {"components": 9}}),
        (f"loop/returns/{return_id}/scan", {}),
        (f"loop/returns/{return_id}/advance", {"to": "moon"}),
        (f"loop/returns/{return_id}/advance", {"tracking_number": "none"}),
        (f"loop/returns/{return_id}/edit", {"outcome": {"1": "gold"}}),
        (f"loop/returns/{return_id}/dance", {}),
        ("loop/returns/1/flag", {}),
        ("loop/shops/northwind/dance", {}),
        ("loop/shops/moon/secrets", {}),
        ("loop/shops/northwind/make_key", {"kind": "door"}),
    ):
        answer = director.session.post(f"{director.url}/_sandbox/{path}", json=body, timeout=60)
        assert (answer.status_code, bool(answer.json()["error"])) == (400, True), path

"""Whatever is sent, the sandbox answers in the system's own way: it never fails itself."""

import copy
import json
import random
from typing import Any

from tests.sandbox.journeys import authorize
from tests.sandbox.strangers import Director, Json, LoopStranger, NetSuiteStranger

JUNK: list[Any] = [
    None,
    "",
    0,
    -1,
    1e300,
    float("nan"),
    10**30,
    "x" * 3000,
    True,
    [],
    {},
    [[1]],
    {"id": None},
    {"id": []},
    {"externalId": None},
    {"items": 5},
    {"items": [3]},
    "Ω漢字²",
    "2026-13-45",
]
LINE: Json = {"orderLine": 1, "item": {"id": "3210"}, "quantity": 1, "rate": 5.5, "location": {"id": "14"}}
BODY: Json = {"externalId": "a", "orderStatus": {"id": "B"}, "tranDate": "2026-11-20", "item": {"items": [LINE]}}
REFUND: Json = {"customer": {"id": "8801"}, "apply": {"items": [{"doc": {"id": "70001"}, "line": 1, "amount": 5}]}}
UNIT: Json = {"line_item_id": 387001, "disposition_outcome": "back_to_stock", "condition_category": "grade_a"}


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


def test_netsuite_bodies(netsuite: NetSuiteStranger, director: Director) -> None:
    made = director.make_return("refund")
    rma = authorize(netsuite, made)
    targets = [
        ("POST", f"invoice/{made['netsuite']['invoice_id']}/!transform/returnAuthorization", BODY),
        ("POST", f"returnAuthorization/{rma}/!transform/itemReceipt", {"item": {"items": [LINE]}}),
        ("PATCH", f"returnAuthorization/{rma}", {"memo": "x", "item": {"items": [{"line": 1, "amount": 3}]}}),
        ("POST", "customerRefund", REFUND),
    ]
    draw = random.Random(11)
    for _ in range(300):
        method, path, body = draw.choice(targets)
        sent = json.dumps(mutated(body, draw=draw))
        headers = {"Authorization": f"Bearer {netsuite.token}"}
        url = f"{netsuite.url}/services/rest/record/v1/{path}"
        answer = netsuite.session.request(method, url, data=sent, headers=headers, timeout=10)
        assert answer.status_code in (204, 400), (answer.status_code, sent)


def test_loop_bodies(loop: LoopStranger, director: Director) -> None:
    made = director.make_return("refund")
    director.post("settings", {"loop": {"rate_limit_per_minute": 100_000}})
    note = f"warehouse/return/{made['return_id']}/note"
    body = {"items": [UNIT], "topic": "return", "trigger": "x", "url": "http://127.0.0.1:9", "content": "c"}
    draw = random.Random(12)
    for _ in range(150):
        path = draw.choice(["dispositioning/assess", "dispositioning/grade", "webhooks", note])
        sent = json.dumps(mutated(body, draw=draw))
        headers = {"X-Authorization": loop.shop["api_key"]}
        answer = loop.session.post(f"{loop.url}/api/v1/{path}", data=sent, headers=headers, timeout=10)
        assert answer.status_code < 500, sent


def test_ids_that_are_none(loop: LoopStranger, netsuite: NetSuiteStranger) -> None:
    for identity in ("²", "9" * 30, "-1", "x"):
        assert loop.call("POST", f"warehouse/return/{identity}/process").json()["error"]
        assert netsuite.call("GET", f"record/v1/salesOrder/{identity}").status_code == 404

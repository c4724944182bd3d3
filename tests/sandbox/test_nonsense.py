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
        answer = netsuite.session.request(method, url, data=sent, headers=headers, timeout=60)
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
        answer = loop.session.post(f"{loop.url}/api/v1/{path}", data=sent, headers=headers, timeout=60)
        assert answer.status_code < 500, sent


def test_ids_that_are_none(loop: LoopStranger, netsuite: NetSuiteStranger) -> None:
    for identity in ("²", "9" * 30, "-1", "x"):
        assert loop.call("POST", f"warehouse/return/{identity}/process").json()["error"]
        assert netsuite.call("GET", f"record/v1/salesOrder/{identity}").status_code == 404


PATHS = [
    "record/v1/salesOrder",
    "record/v1/customer",
    "record/v1/returnAuthorization/70001",
    "record/v1/returnAuthorization/eid:x/item/1",
    "record/v1/invoice/70001/!transform/creditMemo",
    "record/v1/metadata-catalog/customer",
    "record/v1/metadata-catalog",
    "async/v1/job/1/task/1/result",
    "system/v1/governanceLimits",
    "query/v1/suiteql",
    "record/v1/",
    "record/v1/inventoryItem/eid:",
    "%2e%2e/%00",
]
NOTES: list[tuple[str, list[str]]] = [
    ("Accept", ["application/vnd.oracle.resource+json; type=create-form", "*/*; type=", "application/swagger+json"]),
    ("Content-Type", ["application/vnd.oracle.resource+json; type=collection", "application/json", ";;;="]),
    ("Prefer", ["respond-async", "transient", 'batch-processing="parallel", respond-async', ",,=", "="]),
    ("X-NetSuite-Idempotency-Key", ["1", "cac827ea-3543-4cda-add2-bae634326c27"]),
    ("X-NetSuite-PropertyValueValidation", ["Ignore", "Warning", "sometimes"]),
]
PARAMETERS = {
    "q": ["memo IS x", '"', "((", "id ANY_OF [1,,2]", "id EQUAL 1e400", "id EQUAL nan", "Ω IS Ω", "id EMPTY id"],
    "limit": ["1", "²", "-1", "9" * 30],
    "offset": ["0", "1", "x"],
    "fields": ["memo", "", ",,", "item.location"],
    "ids": ["1,2", "", "eid:x", "²"],
    "replace": ["item", "memo,,"],
    "select": ["customer", "nothing"],
    "expandSubResources": ["true", "maybe"],
    "replaceSelectedFields": ["true"],
}
BODIES = [b"", b"{}", b"[]", b"\xff", b'{"items": [{}]}', b'{"items": 5}', b'{"item": {"items": [[]]}}', b"[" * 5000]


def test_calls_of_any_kind(netsuite: NetSuiteStranger, director: Director) -> None:
    director.make_return("refund")
    draw = random.Random(13)
    for _ in range(400):
        method, path = draw.choice(["GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"]), draw.choice(PATHS)
        headers = {"Authorization": f"Bearer {netsuite.token}"}
        headers |= {name: draw.choice(values) for name, values in draw.sample(NOTES, 2)}
        chosen = {name: draw.choice(PARAMETERS[name]) for name in draw.sample(sorted(PARAMETERS), 2)}
        url, body = f"{netsuite.url}/services/rest/{path}", draw.choice(BODIES)
        answer = netsuite.session.request(method, url, params=chosen, data=body, headers=headers, timeout=60)
        assert answer.status_code < 500, (method, path, chosen, headers, body, answer.text)


def test_logins_of_any_kind(netsuite: NetSuiteStranger) -> None:
    realm = netsuite.account["account_id"]
    junk = [
        "",
        "Bearer",
        "Bearer ",
        "Basic eDp5",
        "OAuth",
        f'OAuth realm="{realm}"',
        'OAuth realm=""',
        "OAuth " + "=" * 500,
    ]
    junk += [f'OAuth realm="{realm}", oauth_timestamp="{stamp}", oauth_nonce="%"' for stamp in ("x", "9" * 400, "-1")]
    for header in junk:
        answer = netsuite.session.get(
            f"{netsuite.url}/services/rest/system/v1/serverTime", headers={"Authorization": header}, timeout=60
        )
        assert answer.status_code in (400, 401), (header, answer.text)

"""The control API against nonsense: it says what is wrong, never fails itself and goes on serving."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from integrations.sandbox.control import ROUTES
from integrations.sandbox.fault_kinds import KINDS
from integrations.sandbox.loop.person import LOOP_ACTIONS, SHOP_ACTIONS
from integrations.sandbox.netsuite.person import ACTIONS
from integrations.sandbox.scenario_kinds import SCENARIOS
from integrations.sandbox.server import Served
from integrations.sandbox.switches import SWITCHES
from tests.sandbox.strangers import Director, Json, NetSuiteStranger
from tests.sandbox.test_nonsense import JUNK, mutated

ACCOUNT = "7400001_SB1"
FAULT: Json = {"system": "loop", "kind": "429", "path": "nowhere", "count": 1, "rate": 0.5, "seconds": 1, "skip": 1}
BODIES: dict[str, list[Json]] = {
    "clock": [{"advance_seconds": 1, "wait_s": 0}],
    "faults": [FAULT],
    "settings": [
        {"netsuite": {"concurrency": 9}, "accounts": {ACCOUNT: {"profile": ["no_preview"]}}, "loop.latency_s": [0, 0]}
    ],
    "loop/returns": [{"shop": "harbour", "scenario": "refund", "params": {"units": 1, "quantity": 1, "discount": "1"}}],
    "loop/crowds": [{"count": 1, "mix": {"refund": 1}, "shop": "harbour", "days": 1, "seed": "x", "params": {}}],
}
RAW = [b"", b"{", b"[]", b"null", b"[" * 100_000, b'"\xff"', b"\xff\xfe", b'{"a": 1e999}', b"x" * 1_100_000]


def send(director: Director, method: str, path: str, *, data: bytes) -> int:
    url = f"{director.url}/_sandbox/{path}"
    answer = director.session.request(method, url, data=data, timeout=30)
    assert answer.status_code < 500, (method, path, data[:300], answer.text)
    assert answer.status_code in (200, 201, 202) or answer.json()["error"]
    return answer.status_code


@pytest.mark.parametrize("route", [route for route in ROUTES if not route.is_alone], ids=lambda route: route.path)
def test_every_route_survives_bodies_that_are_none(director: Director, route: Any) -> None:
    for raw in RAW:
        send(director, route.method, route.path.replace("*", "1"), data=raw)
    for name in ("²", "-1", "9" * 40, "%00", "x" * 2000, "7400001_SB1"):
        send(director, route.method, route.path.replace("*", name), data=b"{}")

    assert director.get("health")["status"] == "ok"


@pytest.mark.parametrize("path", BODIES)
def test_mutated_bodies_are_refused_or_done(director: Director, path: str) -> None:
    draw = random.Random(path)
    for _ in range(30):
        body = mutated(draw.choice(BODIES[path]), draw=draw)
        if draw.random() < 0.2:
            body[draw.choice(["speed", "²", ""])] = draw.choice(JUNK)
        send(director, "POST", path, data=json.dumps(body).encode())
        director.session.delete(f"{director.url}/_sandbox/faults", timeout=60)

    assert director.get("health")["status"] == "ok"


def test_no_parameter_of_a_scenario_breaks_it(director: Director) -> None:
    draw = random.Random(2)
    names = ["parcel", "billing", "units", "quantity", "returned", "discount", "tax_rate", "seed", "fee", "amount"]
    for scenario in SCENARIOS:
        for _ in range(3):
            values = [*JUNK, 10**9, "-5", "NaN", "1e5"]
            params = {name: draw.choice(values) for name in draw.sample(names, draw.randint(1, 2))}
            body = {"shop": "northwind", "scenario": scenario, "params": params}
            send(director, "POST", "loop/returns", data=json.dumps(body).encode())


def test_an_order_line_has_its_bound(director: Director) -> None:
    body = {"scenario": "twin_units", "params": {"quantity": 10**9}}

    assert send(director, "POST", "loop/returns", data=json.dumps(body).encode()) == 400


def test_no_act_in_netsuite_breaks_it(director: Director) -> None:
    made = director.make_return("refund")
    draw = random.Random(4)
    good: Json = {
        "account": ACCOUNT,
        "record": made["netsuite"]["invoice_id"],
        "body": {"memo": "x", "item": {"items": [{"line": 1, "quantity": 1}]}},
        "replace": ["item"],
        "lines": [1],
        "date": "2026-11-22",
        "sku": "X-1",
        "item": "3210",
        "period": "1",
        "record_type": "creditMemo",
    }
    for action in ACTIONS:
        for _ in range(4):
            body = mutated(good, draw=draw) | {"action": action}
            send(director, "POST", "netsuite/act", data=json.dumps(body).encode())

    assert director.get("health")["status"] == "ok"


def test_no_act_in_loop_breaks_it(director: Director) -> None:
    draw = random.Random(3)
    for action in LOOP_ACTIONS:
        return_id = director.make_return("refund")["return_id"]
        for _ in range(5):
            keys = draw.sample(["to", "remove", "fee", "tax", "line_item_ids", "amount", "message", "status"], 2)
            body = {key: draw.choice(JUNK) for key in keys}
            send(director, "POST", f"loop/returns/{return_id}/{action}", data=json.dumps(body).encode())
    for action in SHOP_ACTIONS:
        for junk in JUNK:
            send(
                director,
                "POST",
                f"loop/shops/northwind/{action}",
                data=json.dumps({"topic": junk, "id": junk}).encode(),
            )


def test_no_setting_breaks_a_call(director: Director, netsuite: NetSuiteStranger) -> None:
    """Whatever a switch takes, the sandbox goes on answering; whatever it does not take is refused."""
    draw = random.Random(5)
    values = [*JUNK, 1, 2.5, "harbour", [0, 0], ["x"], "line", "compound"]
    for name in SWITCHES:
        for value in draw.sample(values, 2):
            body = {name: value}
            send(director, "POST", "settings", data=json.dumps(body).encode())
        director.post("settings", {name: None})

    assert netsuite.call("GET", "system/v1/serverTime").status_code == 200


def test_every_query_is_read_with_care(director: Director) -> None:
    draw = random.Random(7)
    paths = ["log", "webhooks/deliveries", "faults/strikes", "settings", "dump", f"dump/netsuite/{ACCOUNT}/log"]
    keys = ["account", "shop", "who", "action", "after", "since", "limit", "format", "speed"]
    values = ["", "²", "-1", "1e5", "9" * 40, "NaN", ACCOUNT, "northwind", "lines", "0001-01-01T00:00:00+14:00", "%00"]
    for _ in range(150):
        query = "&".join(f"{draw.choice(keys)}={draw.choice(values)}" for _ in range(draw.randint(0, 3)))
        answer = director.session.get(f"{director.url}/_sandbox/{draw.choice(paths)}?{query}", timeout=60)
        assert answer.status_code in (200, 400), (query, answer.text)


def test_many_at_once_leave_it_whole(served: Served, director: Director) -> None:
    """Makers, switchers and readers side by side, and a reset in their middle."""

    def work(number: int) -> set[int]:
        seen = set()
        with requests.Session() as session:
            mine = Director(served.url, session)
            for turn in range(6):
                kind = (number + turn) % 5
                if kind == 0:
                    seen.add(send(mine, "POST", "loop/returns", data=b"{}"))
                elif kind == 1:
                    seen.add(send(mine, "POST", "settings", data=b'{"netsuite.concurrency": 9}'))
                elif kind == 2:
                    seen.add(send(mine, "POST", "faults", data=json.dumps(FAULT).encode()))
                elif kind == 3:
                    seen.add(send(mine, "GET", "dump", data=b""))
                else:
                    seen.add(send(mine, "GET", "log?shop=northwind", data=b""))
            if number == 3:
                seen.add(send(mine, "POST", "reset", data=b"{}"))
        return seen

    with ThreadPoolExecutor(max_workers=8) as pool:
        found = set().union(*pool.map(work, range(8)))

    assert found == {200, 201}
    assert set(KINDS) >= {one["kind"] for one in director.get("faults")["faults"]}

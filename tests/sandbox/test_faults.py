"""Faults: chosen by who calls what, on a schedule of their own, each doing to the connection what its name says."""

import threading
import time
from pathlib import Path

import pytest
import requests

from integrations.sandbox.fault_kinds import KINDS
from integrations.sandbox.faults import Call, Faults
from integrations.sandbox.operations import operation_of
from integrations.sandbox.sandbox import Options, Sandbox
from tests.sandbox.journeys import authorize
from tests.sandbox.strangers import Director, Json, LoopStranger, NetSuiteStranger, wait_for

ACCOUNT, OTHER = "7400001_SB1", "7400002_SB1"
TIME = "system/v1/serverTime"


def rules(sandbox: Sandbox, *descriptions: Json) -> Faults:
    for one in descriptions:
        sandbox.faults.add({"system": "netsuite", "kind": "429"} | one)
    return sandbox.faults


def call(path: str = "record/v1/creditMemo", *, method: str = "POST", subject: str | None = ACCOUNT) -> Call:
    address = f"/services/rest/{path}"
    return Call("netsuite", subject, method, address, operation_of("netsuite", method=method, path=address))


def schedule(faults: Faults, *, calls: int = 200) -> list[bool]:
    return [faults.take(call()) is not None for _ in range(calls)]


def test_the_same_seed_gives_the_same_schedule() -> None:
    found = []
    for seed in ("a", "a", "b"):
        sandbox = Sandbox(Options(seed=seed))
        found.append(schedule(rules(sandbox, {"rate": 0.3})))
        sandbox.close()

    assert found[0] == found[1] != found[2]
    assert 30 < sum(found[0]) < 90


def test_a_burst_skips_strikes_and_is_used_up() -> None:
    sandbox = Sandbox(Options())
    faults = rules(sandbox, {"skip": 2, "count": 3})

    assert schedule(faults, calls=7) == [False, False, True, True, True, False, False]
    assert faults.as_json()[0]["hits"] == 3
    assert [strike["hit"] for strike in faults.strikes(limit=2)] == [2, 3]
    sandbox.close()


def test_a_rate_that_strikes_nobody_is_kept_now_and_then() -> None:
    sandbox = Sandbox(Options())
    rules(sandbox, {"rate": 1e-9})
    kept: list[int] = []
    sandbox.faults._keep = lambda found: kept.append(found[0]["seen"])

    assert not any(schedule(sandbox.faults, calls=120))

    assert kept == [50, 100]
    sandbox.close()


def test_rules_strike_in_their_order() -> None:
    sandbox = Sandbox(Options())
    faults = rules(sandbox, {"kind": "429"}, {"kind": "500_before", "count": 2})

    struck = [faults.take(call()) for _ in range(4)]

    assert [one and one.kind for one in struck] == ["429", "500_before", "500_before", None]
    sandbox.close()


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ({"account": ACCOUNT}, True),
        ({"account": OTHER}, False),
        ({"method": "POST"}, True),
        ({"method": "GET"}, False),
        ({"path": "creditMemo$"}, True),
        ({"path": "itemReceipt"}, False),
        ({"operation": "create"}, True),
        ({"operation": "create creditmemo"}, True),
        ({"operation": "create itemReceipt"}, False),
        ({"operation": "transform"}, False),
    ],
)
def test_a_rule_fits_by_who_calls_what(rule: Json, fits: bool) -> None:
    sandbox = Sandbox(Options())

    assert (rules(sandbox, rule).take(call()) is not None) is fits
    sandbox.close()


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("POST", "auth/oauth2/v1/token", "token "),
        ("GET", "record/v1/invoice/5", "get invoice"),
        ("GET", "record/v1/invoice", "list invoice"),
        ("GET", "record/v1/invoice/5/item/1", "get invoice"),
        ("POST", "record/v1/invoice/5/!transform/returnAuthorization", "transform returnAuthorization"),
        ("PATCH", "record/v1/invoice/5", "update invoice"),
        ("PUT", "record/v1/invoice/eid:7", "upsert invoice"),
        ("DELETE", "record/v1/invoice/5", "delete invoice"),
        ("POST", "query/v1/suiteql", "query "),
        ("GET", "record/v1/metadata-catalog/invoice", "metadata "),
        ("GET", TIME, "time "),
        ("GET", "", "other "),
    ],
)
def test_a_call_is_named_by_method_and_path(method: str, path: str, operation: str) -> None:
    found = operation_of("netsuite", method=method, path=f"/services/rest/{path}")

    assert f"{found.verb} {found.what}" == operation


@pytest.mark.parametrize(
    ("path", "verb"),
    [("v1/warehouse/return/5/process", "process"), ("2026-07/webhooks/5", "webhooks"), ("v1", "other")],
)
def test_a_call_of_loop_is_named_by_its_last_word(path: str, verb: str) -> None:
    assert operation_of("loop", method="POST", path=f"/api/{path}").verb == verb


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"system": "moon"}, "one of netsuite, loop"),
        ({"kind": "flood"}, "one of drop_before"),
        ({"system": "loop", "kind": "period_closed"}, "a fault of netsuite"),
        ({"account": "9"}, f"one of {ACCOUNT}, {OTHER}"),
        ({"shop": "northwind"}, "account goes with netsuite"),
        ({"path": "("}, "regular expression"),
        ({"rate": 1.5}, "a number from 0 to 1"),
        ({"count": 0}, "a whole number from 1"),
        ({"seconds": 10**6}, "a number from 0 to 3600"),
        ({"speed": 1}, "unknown: speed; known here: system, kind, account"),
    ],
)
def test_a_wrong_rule_is_refused_with_what_would_do(
    director: Director, session: requests.Session, rule: Json, said: str
) -> None:
    rule = {"system": "netsuite", "kind": "429"} | rule

    answer = session.post(f"{director.url}/_sandbox/faults", json=rule, timeout=60)

    assert answer.status_code == 400
    assert said in answer.json()["error"]
    assert director.get("faults") == {"faults": []}


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.words or kind.raw])
def test_a_refusal_comes_in_its_own_words_once(netsuite: NetSuiteStranger, director: Director, kind: str) -> None:
    director.post("faults", {"system": "netsuite", "kind": kind})
    told = KINDS[kind]

    answer = netsuite.call("GET", TIME)

    if told.raw is not None:
        assert (answer.status_code, answer.text) == (told.raw.status, told.raw.body)
    elif told.words is not None:
        entry = answer.json()["o:errorDetails"][0]
        assert (answer.status_code, entry["detail"]) == (told.words.status, told.words.detail)
        assert entry["o:errorCode"] == told.words.code
    assert netsuite.call("GET", TIME).status_code == 200


def test_loop_refuses_in_its_own_shapes(loop: LoopStranger, director: Director) -> None:
    for rule in (
        {"kind": "401"},
        {"kind": "429"},
        {"kind": "error", "status": 200, "code": "UNPROCESSABLE_RETURN", "detail": "No."},
    ):
        director.post("faults", {"system": "loop", "shop": "northwind"} | rule)

    answers = [loop.call("GET", "destinations") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [401, 429, 200, 200]
    assert answers[0].json()["error"]["http_code"] == "GEN-UNAUTHORIZED"
    assert answers[1].json() == {"message": "Too Many Attempts."}
    assert answers[2].json() == {"errors": {"message": "No.", "code": "UNPROCESSABLE_RETURN"}}


def test_a_fault_of_one_account_spares_the_other(netsuite: NetSuiteStranger, director: Director) -> None:
    director.post("faults", {"system": "netsuite", "account": OTHER, "kind": "401", "rate": 1.0})
    assert netsuite.call("GET", TIME).status_code == 200

    director.post("faults", {"system": "netsuite", "account": ACCOUNT, "kind": "401"})
    assert netsuite.call("GET", TIME).status_code == 401


def test_a_fault_of_one_account_strikes_its_token_too(netsuite: NetSuiteStranger, director: Director) -> None:
    director.post("faults", {"system": "netsuite", "account": ACCOUNT, "operation": "token", "kind": "http_503_html"})

    assert netsuite.ask_token(netsuite.assertion()).status_code == 503


def test_a_late_answer_comes_after_the_work(netsuite: NetSuiteStranger, director: Director) -> None:
    made = director.make_return("refund")
    director.post("faults", {"system": "netsuite", "operation": "transform", "kind": "late_answer", "seconds": 3000})
    seen: list[str] = []
    caller = threading.Thread(target=lambda: seen.append(authorize(netsuite, made)))
    caller.start()

    with requests.Session() as session:
        books = Director(director.url, session)
        assert wait_for(
            lambda: [one for one in books.books(netsuite.account)["transactions"] if one["type"] == "RtnAuth"]
        )
        assert seen == []
        books.post("clock", {"advance_seconds": 3000})
    caller.join(timeout=60)
    assert seen


def test_a_delayed_commit_waits_in_business_time(netsuite: NetSuiteStranger, director: Director) -> None:
    made = director.make_return("refund")
    director.post("faults", {"system": "netsuite", "operation": "transform", "kind": "delay_commit", "seconds": 600})
    caller = threading.Thread(target=lambda: authorize(netsuite, made))
    caller.start()

    with requests.Session() as session:
        books = Director(director.url, session)
        assert wait_for(lambda: books.get("faults")["faults"][0]["hits"])
        assert not [one for one in books.books(netsuite.account)["transactions"] if one["type"] == "RtnAuth"]
        books.post("clock", {"advance_seconds": 600})
    caller.join(timeout=60)
    assert [one for one in director.books(netsuite.account)["transactions"] if one["type"] == "RtnAuth"]


@pytest.mark.parametrize("kind", ["reset_headers", "truncate"])
def test_a_broken_answer_breaks_the_reading(netsuite: NetSuiteStranger, director: Director, kind: str) -> None:
    director.post("faults", {"system": "netsuite", "kind": kind})

    with pytest.raises((requests.ConnectionError, ValueError)):
        netsuite.call("GET", TIME).json()

    assert netsuite.call("GET", TIME).json()["serverTime"]


def test_a_body_trickles_in_whole(netsuite: NetSuiteStranger, director: Director) -> None:
    director.post("faults", {"system": "netsuite", "kind": "slow_body", "seconds": 0.2})
    started = time.monotonic()

    assert netsuite.call("GET", TIME).json()["serverTime"]

    assert time.monotonic() - started >= 0.2


def test_an_answer_can_lie_about_its_type(netsuite: NetSuiteStranger, director: Director) -> None:
    director.post("faults", {"system": "netsuite", "kind": "wrong_content_type"})

    answer = netsuite.call("GET", TIME)

    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.json()["serverTime"]


def test_every_kind_is_listed_with_its_meaning(director: Director) -> None:
    listed = {one["kind"]: one for one in director.get("faults/kinds")["kinds"]}

    assert list(listed) == list(KINDS)
    assert all(one["meaning"] for one in listed.values())
    assert (listed["drop_before"]["is_done"], listed["drop_after_commit"]["is_done"]) == (False, True)


def test_one_rule_can_be_taken_away(director: Director, session: requests.Session) -> None:
    first, second = (director.post("faults", {"system": "loop", "kind": kind}) for kind in ("429", "401"))

    left = session.delete(f"{director.url}/_sandbox/faults/{first['id']}", timeout=60).json()["faults"]

    assert [one["id"] for one in left] == [second["id"]]
    assert session.delete(f"{director.url}/_sandbox/faults/99", timeout=60).status_code == 400


def test_rules_survive_a_restart_where_they_stood(tmp_path: Path) -> None:
    options = Options(file=tmp_path / "state.sqlite3")
    sandbox = Sandbox(options)
    faults = rules(sandbox, {"rate": 0.5})
    first = schedule(faults, calls=20)
    sandbox.close()

    again = Sandbox(options)
    second = schedule(again.faults, calls=20)
    struck = again.faults.as_json()[0]["hits"]
    again.close()

    whole = Sandbox(Options())
    assert first + second == schedule(rules(whole, {"rate": 0.5}), calls=40)
    assert struck == sum(first + second)
    whole.close()


@pytest.mark.parametrize("system", ["netsuite", "loop"])
def test_the_latency_model_is_off_unless_set(
    netsuite: NetSuiteStranger, loop: LoopStranger, director: Director, system: str
) -> None:
    director.post("settings", {"netsuite.latency_model.get": [0.3, 0.3], "loop.latency_model.read": [0.3, 0.3]})
    started = time.monotonic()

    answer = netsuite.call("GET", TIME) if system == "netsuite" else loop.call("GET", "destinations")

    assert answer.ok
    assert time.monotonic() - started >= 0.3

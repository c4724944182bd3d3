"""Versions, keys with their scopes, the rate limit and its headers (loop.md 1)."""

from typing import Any

import pytest
import requests

from tests.sandbox.strangers import Director, Json, LoopStranger

LIST = "warehouse/return/list"
UNAUTHORIZED = {"error": {"code": "401", "http_code": "GEN-UNAUTHORIZED", "message": "Unauthorized."}}


def with_key(loop: LoopStranger, key: str) -> LoopStranger:
    return LoopStranger(loop.url, {**loop.shop, "api_key": key}, loop.session)


def make_key(director: Director, *scopes: str) -> str:
    made: Json = director.post("loop/shops/northwind/make_key", {"scopes": list(scopes)})
    return str(made["key"])


@pytest.mark.parametrize(
    ("version", "answers"),
    [
        ("v1", "2026-07"),
        ("2026-07", "2026-07"),
        ("2026-10", "2026-10"),
        ("latest", "2026-10"),
        ("unstable", "unstable"),
    ],
)
def test_every_version_answers_and_says_so(loop: LoopStranger, version: str, answers: str) -> None:
    loop.version = version

    answer = loop.call("GET", LIST)

    assert (answer.status_code, answer.headers["x-loop-api-version"]) == (200, answers)


def test_without_a_version_the_oldest_answers(loop: LoopStranger) -> None:
    answer = requests.get(f"{loop.url}/api/{LIST}", headers={"X-Authorization": loop.shop["api_key"]}, timeout=60)

    assert (answer.status_code, answer.headers["x-loop-api-version"]) == (200, "2026-07")


@pytest.mark.parametrize("version", ["2024-01", "v2"])
def test_a_version_that_is_gone_finds_nothing(loop: LoopStranger, version: str) -> None:
    loop.version = version

    assert loop.call("GET", LIST).status_code == 404


def test_the_header_may_name_another_version(loop: LoopStranger, director: Director) -> None:
    director.post("settings", {"loop.api_version": "2026-01"})

    assert loop.call("GET", LIST).headers["x-loop-api-version"] == "2026-01"


def test_a_missing_scope_is_401_like_a_wrong_key(loop: LoopStranger, director: Director) -> None:
    narrow = with_key(loop, make_key(director, "returns"))

    assert narrow.call("GET", LIST).status_code == 200
    for method, path in (("GET", "webhooks"), ("GET", "destinations"), ("GET", "orders"), ("POST", "labels")):
        answer = narrow.call(method, path)
        assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)


def test_reading_destinations_does_not_allow_writing_them(loop: LoopStranger, director: Director) -> None:
    narrow = with_key(loop, make_key(director, "destinations_read"))

    assert narrow.call("GET", "destinations").status_code == 200
    assert narrow.call("POST", "destinations", body={}).status_code == 401


def test_the_shops_own_key_can_lose_a_scope(loop: LoopStranger, director: Director) -> None:
    director.post("settings", {"shops": {"northwind": {"missing_scopes": ["developer_tools"]}}})
    director.post("settings", {"loop.unauthorized_shape": "text"})

    answer = loop.call("GET", "webhooks")

    assert (answer.status_code, answer.json()) == (401, {"errors": "Unauthorized."})
    assert loop.call("GET", LIST).status_code == 200


def test_a_token_opens_the_webhook_calls_for_an_hour(
    loop: LoopStranger, director: Director, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = director.post("loop/shops/northwind/make_key", {"kind": "token", "scopes": ["developer_tools"]})
    headers = {"Authorization": f"Bearer {made['token']}"}

    def status() -> int:
        return requests.get(f"{loop.url}/api/v1/webhooks", headers=headers, timeout=60).status_code

    assert status() == 200
    monkeypatch.setattr("integrations.sandbox.loop.keys.TOKEN_LIFE_S", -1)
    made = director.post("loop/shops/northwind/make_key", {"kind": "token", "scopes": ["developer_tools"]})
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert status() == 401


def test_a_key_is_no_token_and_a_token_no_key(loop: LoopStranger, director: Director) -> None:
    token = director.post("loop/shops/northwind/make_key", {"kind": "token", "scopes": ["returns"]})["token"]

    assert with_key(loop, token).call("GET", LIST).status_code == 401


def test_unknown_scopes_are_refused_with_the_known(director: Director) -> None:
    url = f"{director.url}/_sandbox/loop/shops/northwind/make_key"

    answer = director.session.post(url, json={"scopes": ["everything"]}, timeout=60)

    assert answer.status_code == 400
    assert "developer_tools" in answer.json()["error"]


def test_keys_of_one_shop_have_limits_of_their_own(loop: LoopStranger, director: Director) -> None:
    director.post("settings", {"loop.rate_limit_per_minute": 1})
    other = with_key(loop, make_key(director, "returns"))

    assert [loop.call("GET", LIST).status_code, loop.call("GET", LIST).status_code] == [200, 429]
    assert other.call("GET", LIST).status_code == 200


@pytest.mark.parametrize(("seconds", "header"), [(0, None), (7, "7")])
def test_a_429_may_say_when_to_come_back(
    loop: LoopStranger, director: Director, seconds: int, header: str | None
) -> None:
    director.post("settings", {"loop.rate_limit_per_minute": 1, "loop.retry_after_s": seconds})
    loop.call("GET", LIST)

    answer = loop.call("GET", LIST)

    assert answer.json() == {"message": "Too Many Attempts."}
    assert answer.headers.get("Retry-After") == header
    assert answer.headers["x-ratelimit-remaining"] == "0"


def test_every_answer_has_an_id_of_its_own(loop: LoopStranger) -> None:
    ids = {loop.call("GET", path).headers["x-loop-request-id"] for path in (LIST, "nowhere", "webhooks/1")}

    assert len(ids) == 3


@pytest.mark.parametrize(("method", "path"), [("GET", "nowhere"), ("PATCH", "webhooks/1"), ("GET", "")])
def test_unknown_paths_are_404(loop: LoopStranger, method: str, path: str) -> None:
    answer = loop.call(method, path)

    assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})


@pytest.mark.parametrize(
    ("switch", "expected"),
    [
        ("documented", {"message": "Return is cancelled and therefore cannot be processed."}),
        (
            "coded",
            {
                "errors": {
                    "message": "Return is cancelled and therefore cannot be processed.",
                    "code": "UNPROCESSABLE_RETURN",
                }
            },
        ),
    ],
)
def test_refusals_have_the_shape_of_the_switch(
    loop: LoopStranger, director: Director, switch: str, expected: Any
) -> None:
    director.post("settings", {"loop.refusals": switch})
    return_id = director.make_return("refund")["return_id"]
    loop.act(return_id, "cancel")

    assert loop.act(return_id, "process") == expected

"""What the control API tells of the books: parts, pages, lines, logs, health, and what an advance brought."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from integrations.sandbox.control import ROUTES
from integrations.sandbox.controls import books
from tests.sandbox.journeys import authorize
from tests.sandbox.strangers import Director, Json, LoopStranger, NetSuiteStranger

ACCOUNT = "7400001_SB1"


def pages(director: Director, path: str, *, limit: int) -> Iterator[list[Json]]:
    after: int | None = 0
    while after is not None:
        page = director.get(f"{path}{'&' if '?' in path else '?'}after={after}&limit={limit}")
        after = page["next"]
        yield page["items"]


def lines(director: Director, path: str) -> list[Any]:
    answer = director.session.get(f"{director.url}/_sandbox/{path}", timeout=30)
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def test_parts_and_pages_tell_the_same_as_the_whole(netsuite: NetSuiteStranger, director: Director) -> None:
    authorize(netsuite, director.make_return("refund"))
    director.make_return("exchange", shop="harbour")
    whole = director.get("dump")

    for name in director.get("dump/parts")["parts"]:
        system, owner, part = name.split("/")
        found = whole[system][owner][part]
        assert [row for page in pages(director, f"dump/{name}", limit=3) for row in page] == found
        assert lines(director, f"dump/{name}?format=lines") == found


def test_the_whole_comes_as_lines_too(director: Director) -> None:
    director.make_return("refund")
    whole = director.get("dump")

    rows = lines(director, "dump?format=lines")

    returns = [line["row"] for line in rows if (line["part"], line["owner"]) == ("returns", "northwind")]
    assert returns == whole["loop"]["northwind"]["returns"]
    assert {line["part"] for line in rows} >= {"transactions", "stock", "ledger", "periods", "log", "returns"}


def test_only_what_changed_since(netsuite: NetSuiteStranger, director: Director) -> None:
    made = director.make_return("refund")
    director.post("clock", {"advance_seconds": 3600, "wait_s": 0})
    since = director.get("clock")["now"].replace("+00:00", "Z")
    rma = authorize(netsuite, made)

    found = director.get(f"dump/netsuite/{ACCOUNT}/transactions?since={since}")["items"]

    assert rma in {one["id"] for one in found}
    assert len(found) < len(director.books(netsuite.account)["transactions"])


def test_books_too_large_for_one_piece_name_the_way_out(
    director: Director, session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    director.make_return("refund")
    monkeypatch.setattr(books, "WHOLE_MAX", 3)

    answer = session.get(f"{director.url}/_sandbox/dump", timeout=60)

    assert (answer.status_code, "?format=lines" in answer.json()["error"]) == (400, True)


def test_the_log_can_be_narrowed(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"))

    ours = director.get(f"log?account={ACCOUNT}&who=api")["items"]
    assert [(one["record_id"], one["action"]) for one in ours] == [(rma, "create")]
    assert director.get(f"log?account={ACCOUNT}&who=api&after={ours[-1]['seq']}") == {"items": [], "next": None}
    assert {one["action"] for one in director.get("log?shop=northwind&who=shopper")["items"]} == {"create"}


def test_a_log_of_nobody_is_refused(director: Director, session: requests.Session) -> None:
    answer = session.get(f"{director.url}/_sandbox/log", timeout=60)

    assert answer.status_code == 400
    assert "known: 7400001_SB1, 7400002_SB1, northwind, harbour" in answer.json()["error"]


def test_health_counts_what_there_is(director: Director) -> None:
    director.make_return("refund")

    health = director.get("health")

    assert (health["status"], health["returns"], health["failed_jobs"]) == ("ok", 1, 0)
    assert health["transactions"][ACCOUNT] == len(director.get("dump")["netsuite"][ACCOUNT]["transactions"])
    assert health["version"][0].isdigit()


def test_an_advance_tells_what_it_brought(director: Director, loop: LoopStranger) -> None:
    director.post("settings", {"loop": {"process_delay_s": [600, 600], "was_processed_delay_s": 600}})
    made = director.make_return("refund")
    loop.act(made["return_id"], "process")

    happened = director.post("clock", {"advance_seconds": 700})["happened"]
    assert happened["process"] == 1
    assert loop.details(made["return_id"])["state"] == "closed"

    assert director.post("clock", {"advance_seconds": 700})["happened"] == {"was_processed": 1}


def test_time_has_its_bounds(director: Director, session: requests.Session) -> None:
    for body in ({}, {"advance_seconds": 1e12}, {"advance_seconds": "soon"}, {"advance_seconds": True}, {"seconds": 1}):
        answer = session.post(f"{director.url}/_sandbox/clock", json=body, timeout=60)
        assert answer.status_code == 400, body

    assert director.get("clock")["offset_seconds"] == 0


def test_the_api_lists_itself(director: Director, session: requests.Session) -> None:
    listed = director.get("")["routes"]

    assert len(listed) == len(ROUTES)
    assert session.get(f"{director.url}/_sandbox/nowhere", timeout=60).status_code == 404
    assert session.delete(f"{director.url}/_sandbox/world", timeout=60).json()["error"].endswith("takes GET")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost:8000", 200),
        ("http://[::1]:9", 200),
        ("https://evil.example", 403),
        ("null", 403),
        ("http://[", 403),
    ],
)
def test_a_page_of_elsewhere_cannot_reach_in(
    director: Director, session: requests.Session, origin: str, status: int
) -> None:
    answer = session.get(f"{director.url}/_sandbox/clock", headers={"Origin": origin}, timeout=60)

    assert answer.status_code == status

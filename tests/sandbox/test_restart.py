"""Killed at any moment and started again on the same file: nothing answered is lost, and everything goes on."""

import threading
from contextlib import closing, suppress
from pathlib import Path

import requests

from integrations.sandbox.crowds import PIECE
from tests.sandbox.journeys import authorize
from tests.sandbox.programs import Program, program
from tests.sandbox.receivers import Receiver
from tests.sandbox.strangers import Director, Json, LoopStranger, NetSuiteStranger, wait_for


def strangers(running: Program, session: requests.Session) -> tuple[Director, LoopStranger, NetSuiteStranger]:
    director = Director(running.url, session)
    world = director.get("world")
    netsuite = NetSuiteStranger(running.url, world["netsuite_accounts"][0], session)
    netsuite.log_in()
    return director, LoopStranger(running.url, world["loop_shops"][0], session), netsuite


# What a caller sees of a kill: no connection, or an answer that broke off after its first bytes.
CUT_OFF = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


def kill_when(running: Program, made: list[str], least: int) -> None:
    """Somewhere in the middle of the work after so many returns."""
    wait_for(lambda: len(made) >= least)
    running.kill()


def test_nothing_that_was_answered_is_lost(tmp_path: Path) -> None:
    """Returns and records are made while the process is killed three times; every answer must be in the books."""
    made: list[str] = []
    records: list[str] = []
    with program(tmp_path / "state.sqlite3") as running:
        for turn in range(1, 4):
            with requests.Session() as session:
                director, _, netsuite = strangers(running, session)
                killer = threading.Thread(target=kill_when, args=(running, made, 4 * turn))
                killer.start()
                with suppress(*CUT_OFF):
                    while killer.is_alive():
                        new = director.make_return("refund")
                        made.append(new["return_id"])
                        records.append(authorize(netsuite, new, external_id=f"loop-t-{new['return_id']}"))
                killer.join()
            running.start()
        with requests.Session() as session:
            director, _, netsuite = strangers(running, session)
            dump = director.get("dump")

    assert made
    assert set(made) <= {one["id"] for one in dump["loop"]["northwind"]["returns"]}
    transactions = dump["netsuite"]["7400001_SB1"]["transactions"]
    assert set(records) <= {one["id"] for one in transactions if one["type"] == "RtnAuth"}
    orders = [one["externalid"] for one in transactions if one["type"] == "SalesOrd"]
    assert len(orders) == len(set(orders)) >= len(made)


def test_what_waited_goes_on(tmp_path: Path) -> None:
    with (
        closing(Receiver()) as receiver,
        requests.Session() as session,
        program(tmp_path / "state.sqlite3", "--webhook-url", receiver.url) as running,
    ):
        receiver.answers = [503] * 100
        director, loop, netsuite = strangers(running, session)
        director.post("settings", {"loop": {"process_delay_s": [600, 600], "webhooks": {"retry_base_s": 600}}})
        director.post("settings", {"netsuite.async_delay_s": [600, 600]})
        director.post("faults", {"system": "loop", "kind": "429", "skip": 100, "count": 2})
        return_id = director.make_return("refund")["return_id"]
        assert loop.act(return_id, "process") is True
        job = netsuite.call("POST", "record/v1/customer", body={"companyName": "Later"}, Prefer="respond-async")
        assert job.status_code == 202
        assert wait_for(lambda: len(receiver.got) >= 4)
        left = director.get("faults")

        running.kill()
        receiver.answers = []
        running.start()
        director, loop, netsuite = strangers(running, session)
        assert director.get("faults") == left
        assert director.get("settings")["loop"]["process_delay_s"] == [600, 600]
        assert loop.details(return_id)["state"] == "open"
        before = len(receiver.got)
        director.post("clock", {"advance_seconds": 1200})

        assert wait_for(lambda: loop.details(return_id)["state"] == "closed")
        assert wait_for(lambda: len(receiver.got) >= before + 4)
        path = job.headers["Location"].partition("/services/rest/")[2]
        assert wait_for(lambda: netsuite.call("GET", path).json()["completed"])
        assert director.get("health")["failed_jobs"] == 0


def crowd(director: Director) -> Json:
    found: Json = director.get("loop/crowds")["crowds"][0]
    return found


def test_a_crowd_is_whole_after_kills(tmp_path: Path) -> None:
    with program(tmp_path / "state.sqlite3") as running, requests.Session() as session:
        director = Director(running.url, session)
        director.post("loop/crowds", {"count": 120, "mix": {"refund": 1}, "shop": "northwind"})
        for turn in range(1, 3):
            assert wait_for(lambda least=turn * PIECE: crowd(director)["made"] >= least)
            running.kill()
            running.start()

        assert wait_for(lambda: crowd(director)["is_finished"], seconds=30)
        dump = director.get("dump")

    returns = dump["loop"]["northwind"]["returns"]
    orders = [one for one in dump["netsuite"]["7400001_SB1"]["transactions"] if one["type"] == "SalesOrd"]
    assert len(returns) == len(orders) == 120
    assert {one["provider_order_id"] for one in returns} == {one["externalid"] for one in orders}
    assert crowd_errors(dump) == []


def crowd_errors(dump: Json) -> list[str]:
    """Returns whose order in NetSuite is another than the one they say."""
    external = {one["id"]: one["externalid"] for one in dump["netsuite"]["7400001_SB1"]["transactions"]}
    return [
        one["id"]
        for one in dump["loop"]["northwind"]["returns"]
        if external[one["netsuite"]["sales_order_id"]] != one["provider_order_id"]
    ]

"""The log of calls: spans inside the caller's wait, ids and digests of writes, and who no longer waited."""

import threading

import pytest
import requests

from tests.sandbox.journeys import authorize
from tests.sandbox.strangers import Director, Json, NetSuiteStranger, wait_for

TIME = "system/v1/serverTime"


def calls(director: Director, operation: str) -> list[Json]:
    return [one for one in director.get("calls")["items"] if one["operation"] == operation]


def test_a_call_is_logged_with_its_span(netsuite: NetSuiteStranger, director: Director) -> None:
    director.post("settings", {"netsuite": {"latency_s.read": [0.1, 0.1]}})

    netsuite.call("GET", TIME)

    logged = calls(director, "time")[-1]
    assert (logged["system"], logged["subject"]) == ("netsuite", netsuite.account["account_id"])
    assert (logged["status"], logged["fault"], logged["is_gone"]) == (200, None, False)
    assert 0.1 <= logged["ended"] - logged["started"] < 2


def test_a_write_is_logged_with_its_id_and_what_it_holds(netsuite: NetSuiteStranger, director: Director) -> None:
    for name in ("One", "One", "Two"):
        netsuite.call("POST", "record/v1/customer", body={"externalId": "c-1", "companyName": name})

    logged = calls(director, "create customer")[-3:]

    assert [one["external_id"] for one in logged] == ["c-1"] * 3
    assert logged[0]["digest"] == logged[1]["digest"] != logged[2]["digest"]
    assert [one["status"] < 300 for one in logged] == [True, False, False]


@pytest.mark.parametrize(("kind", "status"), [("http_503_html", None), ("500_after", 200), ("429", None)])
def test_what_a_fault_did_is_told_beside_what_the_system_did(
    netsuite: NetSuiteStranger, director: Director, kind: str, status: int | None
) -> None:
    director.post("faults", {"system": "netsuite", "operation": "time", "kind": kind})

    netsuite.call("GET", TIME)

    logged = calls(director, "time")[-1]
    assert (logged["fault"], logged["status"]) == (kind, status)


def test_a_late_commit_hangs_up_first_and_does_the_work_afterwards(
    netsuite: NetSuiteStranger, director: Director
) -> None:
    made = director.make_return("refund")
    director.post("faults", {"system": "netsuite", "operation": "transform", "kind": "late_commit", "seconds": 600})

    with pytest.raises(requests.ConnectionError):
        authorize(netsuite, made)

    assert not calls(director, "transform returnAuthorization")
    director.post("clock", {"advance_seconds": 600})
    assert wait_for(lambda: calls(director, "transform returnAuthorization"))
    assert calls(director, "transform returnAuthorization")[0]["is_gone"]
    assert [one for one in director.books(netsuite.account)["transactions"] if one["type"] == "RtnAuth"]


def test_a_caller_that_gave_up_is_noticed(netsuite: NetSuiteStranger, director: Director) -> None:
    director.post("faults", {"system": "netsuite", "operation": "time", "kind": "delay_commit", "seconds": 600})
    headers = {"Authorization": f"Bearer {netsuite.token}"}

    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{netsuite.url}/services/rest/{TIME}", headers=headers, timeout=0.2)

    assert wait_for(lambda: director.get("faults")["faults"][0]["hits"])  # it is in, if late
    director.post("clock", {"advance_seconds": 600})
    assert wait_for(lambda: calls(director, "time"))
    assert calls(director, "time")[-1]["is_gone"]


def test_pages_go_on_after_the_last_number(netsuite: NetSuiteStranger, director: Director) -> None:
    threads = [threading.Thread(target=netsuite.call, args=("GET", TIME)) for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    first = director.get("calls?limit=2")
    rest = director.get(f"calls?after={first['next']}")

    numbers = [one["number"] for one in [*first["items"], *rest["items"]]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert rest["next"] is None

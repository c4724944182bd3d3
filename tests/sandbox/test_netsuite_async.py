"""Asynchronous requests, their idempotency key, and batches (netsuite.md 2.5 and 2.6)."""

from pathlib import Path

import pytest
import requests

from integrations.sandbox.sandbox import Options
from integrations.sandbox.server import Served
from tests.sandbox.journeys import authorize, receipt_row
from tests.sandbox.strangers import Director, Json, NetSuiteStranger
from tests.sandbox.strangers_netsuite import PatientStranger, new_key


@pytest.fixture
def patient(netsuite: NetSuiteStranger) -> PatientStranger:
    return PatientStranger(netsuite)


def refund_order(netsuite: NetSuiteStranger, director: Director) -> Json:
    """The body of a new order like the one of a fresh return."""
    order = director.make_return("refund")["netsuite"]["sales_order_id"]
    shown = netsuite.read("salesOrder", order)
    row = shown["item"]["items"][0]
    return {"entity": {"id": shown["entity"]["id"]}, "item": {"items": [{"item": {"id": row["item"]["id"]}}]}}


def test_a_job_does_what_the_call_says_and_keeps_its_answer(
    patient: PatientStranger, netsuite: NetSuiteStranger, director: Director
) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    body = {"externalId": "loop-t-ir", "item": {"items": [receipt_row(1)]}}

    (result,) = patient.run("POST", f"returnAuthorization/{rma}/!transform/itemReceipt", body=body)

    assert result.status_code == 204
    assert netsuite.read("itemReceipt", "eid:loop-t-ir")["id"] == result.headers["Location"].rsplit("/", 1)[-1]


def test_a_job_is_pending_until_its_time_has_come(
    patient: PatientStranger, netsuite: NetSuiteStranger, director: Director
) -> None:
    director.post("settings", {"netsuite.async_delay_s": [600, 600]})
    job = patient.job_of(patient.submit("GET", "location"))

    waiting = netsuite.call("GET", f"async/v1/job/{job}").json()
    assert (waiting["completed"], waiting["progress"]) == (False, "pending")
    assert netsuite.call("GET", f"async/v1/job/{job}/task/1/result").status_code == 404

    director.post("clock", {"advance_seconds": 601})
    assert patient.wait(job)["progress"] == "succeeded"
    task = netsuite.call("GET", f"async/v1/job/{job}/task/1").json()
    assert task["startTime"] <= task["endTime"]
    assert patient.results(job)[0].json()["totalResults"] == 3


def test_a_refusal_is_a_result_too(patient: PatientStranger, netsuite: NetSuiteStranger) -> None:
    job = patient.job_of(patient.submit("POST", "customerRefund", body={}))

    assert patient.wait(job)["progress"] == "failed"
    (result,) = patient.results(job)
    assert result.status_code == 400
    assert "Please enter value(s) for: Customer" in result.text


def test_a_key_used_again_names_the_first_job(
    patient: PatientStranger, netsuite: NetSuiteStranger, director: Director
) -> None:
    body, key = refund_order(netsuite, director), new_key()
    first = patient.submit("POST", "salesOrder", body=body, key=key)

    second = patient.submit("POST", "salesOrder", body=body, key=key.upper())

    assert second.status_code == 400
    assert second.json()["title"] == "Conflict"
    assert second.json()["o:errorDetails"][0]["o:errorCode"] == "IDEMPOTENCY_ERROR"
    assert second.headers["Location"] == first.headers["Location"]
    assert first.headers["Location"].startswith("/services/rest/async/v1/job/")


def test_keys_must_be_uuids_and_are_ignored_when_nobody_waits(
    patient: PatientStranger, netsuite: NetSuiteStranger, director: Director
) -> None:
    assert patient.submit("GET", "location", key="tuesday").status_code == 400

    body, key = refund_order(netsuite, director), new_key()
    for _ in range(2):
        made = netsuite.call("POST", "record/v1/salesOrder", body=body, **{"X-NetSuite-Idempotency-Key": key})
        assert made.status_code == 204, made.text


def test_keys_are_forgotten_after_their_days(patient: PatientStranger, director: Director) -> None:
    key = new_key()
    patient.submit("GET", "location", key=key)
    director.post("clock", {"advance_seconds": 31 * 86_400})

    assert patient.submit("GET", "location", key=key).status_code == 202


def test_jobs_keep_their_order_unless_the_account_does_not(
    patient: PatientStranger, netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    director.post("settings", {"netsuite": {"async_delay_s": [100, 1000], "async_any_order": True}})
    order = refund_order(netsuite, director)
    jobs = [
        patient.job_of(patient.submit("POST", "salesOrder", body=order | {"memo": f"number {number}"}))
        for number in range(8)
    ]
    director.post("clock", {"advance_seconds": 1000})

    for job in jobs:
        assert patient.wait(job)["completed"]

    made = [row["content"]["memo"] for row in director.books(account)["log"] if row["who"] == "api"]
    assert sorted(made) == [f"number {number}" for number in range(8)]
    assert made != sorted(made)


def test_queries_are_not_asynchronous(netsuite: NetSuiteStranger) -> None:
    answer = netsuite.call("POST", "query/v1/suiteql", body={"q": "SELECT 1 FROM dual"}, Prefer="respond-async")

    assert answer.status_code == 400
    assert answer.json()["o:errorDetails"][0]["o:errorHeader"] == "Prefer"


def test_jobs_survive_a_restart_and_run_once(tmp_path: Path) -> None:
    options = Options(file=tmp_path / "state.sqlite3", seed="tests")
    with requests.Session() as session:
        served = Served(options)
        served.start()
        director = Director(served.url, session)
        director.post("settings", {"netsuite.async_delay_s": [3600, 3600]})
        account = director.get("world")["netsuite_accounts"][0]
        netsuite = NetSuiteStranger(served.url, account, session)
        netsuite.log_in()
        body = refund_order(netsuite, director) | {"externalId": "loop-t-so"}
        patient = PatientStranger(netsuite)
        key = new_key()
        job = patient.job_of(patient.submit("POST", "salesOrder", body=body, key=key))
        served.stop()

        served = Served(options)
        served.start()
        netsuite.url = director.url = served.url
        netsuite.log_in()
        assert patient.submit("POST", "salesOrder", body=body, key=key).status_code == 400
        assert netsuite.call("GET", f"async/v1/job/{job}").json()["progress"] == "pending"
        director.post("clock", {"advance_seconds": 3601})
        assert patient.wait(job)["progress"] == "succeeded"
        orders = [row for row in director.books(account)["transactions"] if row["externalid"] == "loop-t-so"]
        served.stop()

    assert len(orders) == 1


def test_a_batch_makes_a_task_for_each_record(
    patient: PatientStranger, netsuite: NetSuiteStranger, director: Director
) -> None:
    order = refund_order(netsuite, director)
    good, bad = order | {"externalId": "loop-t-1"}, {"item": order["item"]}

    results = patient.batch("POST", "salesOrder", good, bad, good)

    assert [result.status_code for result in results] == [204, 400, 400]
    assert "already exists" in results[2].text


def test_batches_change_by_id_upsert_by_external_id_and_delete(
    patient: PatientStranger, netsuite: NetSuiteStranger, director: Director
) -> None:
    order = refund_order(netsuite, director)
    results = patient.batch("PUT", "salesOrder", order | {"externalId": "loop-t-1"}, order | {"externalId": "loop-t-2"})
    first, second = (result.headers["Location"].rsplit("/", 1)[-1] for result in results)

    patient.batch("PATCH", "salesOrder", {"id": first, "memo": "one"}, {"externalId": "loop-t-2", "memo": "two"})
    assert [netsuite.read("salesOrder", one)["memo"] for one in (first, second)] == ["one", "two"]

    shown = patient.run("GET", f"salesOrder?ids={first},eid:loop-t-2&expandRecords=true")
    assert [one.json()["memo"] for one in shown] == ["one", "two"]

    gone = patient.run("DELETE", f"salesOrder?ids={first},eid:loop-t-2,99999999")
    assert [one.status_code for one in gone] == [204, 204, 404]


@pytest.mark.parametrize(
    ("headers", "items"),
    [
        ({"Prefer": "respond-async"}, 101),
        ({"Prefer": "respond-async"}, 0),
        ({"Prefer": "transient"}, 1),
    ],
)
def test_a_batch_out_of_bounds_is_refused(netsuite: NetSuiteStranger, headers: dict[str, str], items: int) -> None:
    body = {"items": [{"memo": "x"}] * items}
    media = "application/vnd.oracle.resource+json; type=collection"

    answer = netsuite.call("POST", "record/v1/salesOrder", body=body, Content_Type=media, **headers)

    assert answer.status_code == 400, answer.text


def test_transforms_have_no_batches(netsuite: NetSuiteStranger, director: Director) -> None:
    invoice = director.make_return("refund")["netsuite"]["invoice_id"]
    media = "application/vnd.oracle.resource+json; type=collection"
    path = f"record/v1/invoice/{invoice}/!transform/returnAuthorization"

    answer = netsuite.call("POST", path, body={"items": [{}]}, Content_Type=media)

    assert answer.status_code == 400
    assert "not supported" in answer.text


def test_an_older_release_has_no_batches(patient: PatientStranger, director: Director) -> None:
    director.post("settings", {"profile": "release_2025_2"})

    answer = patient.submit(
        "POST", "salesOrder", body={"items": [{}]}, Content_Type="application/vnd.oracle.resource+json; type=collection"
    )
    assert answer.status_code == 400

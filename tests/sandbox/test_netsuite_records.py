"""What holds for every record: external ids, periods, names, sublists, stock, deletion, limits."""

import threading

import requests

from tests.sandbox.journeys import authorize, credit, receipt_row, receive, status
from tests.sandbox.strangers import Director, Json, NetSuiteStranger


def test_external_ids_are_one_namespace_in_any_case(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"), external_id="loop-t-1")

    body = {"externalId": "LOOP-T-1", "item": {"items": [receipt_row(1)]}}
    words = netsuite.refusal(f"returnAuthorization/{rma}/!transform/itemReceipt", body)

    assert words == "Error while accessing a resource. This record already exists."


def test_a_record_is_found_by_its_external_id(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"), external_id="loop-t-1")

    assert netsuite.read("returnAuthorization", "eid:Loop-T-1")["id"] == rma
    missing = netsuite.call("GET", "record/v1/itemReceipt/eid:loop-t-1")
    assert missing.status_code == 404
    assert missing.json()["o:errorDetails"][0]["o:errorCode"] == "NONEXISTENT_ID"


def test_posting_documents_stay_out_of_closed_periods(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    rma = authorize(netsuite, director.make_return("refund"), tranDate="2020-01-31")
    director.act(account, "close_period")

    body = {"item": {"items": [receipt_row(1)]}}
    words = netsuite.refusal(f"returnAuthorization/{rma}/!transform/itemReceipt", body)
    assert "closed period" in words

    director.act(account, "open_period")
    receive(netsuite, rma, receipt_row(1))


def test_a_misspelt_name_is_refused_or_ignored_as_asked(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    body = {"memmo": "x"}

    assert "'memmo'" in netsuite.refusal(f"returnAuthorization/{rma}", body, method="PATCH")
    path = f"record/v1/returnAuthorization/{rma}"
    warned = netsuite.call("PATCH", path, body=body, X_NetSuite_PropertyNameValidation="Warning")
    assert warned.status_code == 204
    assert "memmo" in warned.headers["Warning"]
    assert "memo" not in netsuite.read("returnAuthorization", rma)


def test_restock_is_a_switch(netsuite: NetSuiteStranger, director: Director, account: Json) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    body = {"item": {"items": [receipt_row(1) | {"restock": False}]}}
    path = f"returnAuthorization/{rma}/!transform/itemReceipt"
    assert "'restock'" in netsuite.refusal(path, body)

    director.post("settings", {"netsuite": {"restock": "accepted"}})
    netsuite.create(path, body)
    assert [row for row in director.books(account)["ledger"] if row["type"] == "ItemRcpt"] == []


def test_patching_without_a_line_number_adds_a_line(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    row = {"item": {"id": account["items"]["fee"]}, "quantity": 1, "rate": 5}

    netsuite.call("PATCH", f"record/v1/returnAuthorization/{rma}", body={"item": {"items": [row]}})
    assert len(netsuite.read("returnAuthorization", rma)["item"]["items"]) == 2

    path = f"record/v1/returnAuthorization/{rma}?replace=item"
    netsuite.call("PATCH", path, body={"item": {"items": [{"line": 1}]}})
    assert len(netsuite.read("returnAuthorization", rma)["item"]["items"]) == 1


def test_receipts_move_stock_where_they_say(netsuite: NetSuiteStranger, director: Director, account: Json) -> None:
    made = director.make_return("refund")
    rma = authorize(netsuite, made)

    receive(netsuite, rma, receipt_row(1, location=account["locations"]["damaged"]))

    sql = "SELECT quantityonhand, quantityavailable FROM inventoryitemlocations WHERE location = ?"
    found = netsuite.query(sql, account["locations"]["damaged"])
    assert found == [{"quantityonhand": "1", "quantityavailable": "0"}]


def test_a_credit_without_an_rma_brings_stock_back(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    invoice = director.make_return("refund")["netsuite"]["invoice_id"]

    credit_id = netsuite.create(f"invoice/{invoice}/!transform/creditMemo", {"autoApply": False})

    moved = [row for row in director.books(account)["ledger"] if row["transaction"] == credit_id]
    assert moved
    assert all(row["sellable"] for row in moved)


def test_deleting_a_receipt_takes_back_stock_and_status(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    receipt = receive(netsuite, rma, receipt_row(1))

    assert netsuite.call("DELETE", f"record/v1/returnAuthorization/{rma}").status_code == 400
    assert netsuite.call("DELETE", f"record/v1/itemReceipt/{receipt}").status_code == 204

    assert status(netsuite, "returnAuthorization", rma) == "B"
    books = director.books(account)
    assert sum(row["quantity"] for row in books["ledger"] if row["transaction"] == receipt) == 0
    assert [row["deleted"] for row in books["transactions"] if row["id"] == receipt] == [True]


def test_a_person_voids_a_credit(netsuite: NetSuiteStranger, director: Director, account: Json) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    receive(netsuite, rma, receipt_row(1))
    credit_id = credit(netsuite, rma)

    director.act(account, "void", record=credit_id)

    assert status(netsuite, "creditMemo", credit_id) == "V"
    assert status(netsuite, "returnAuthorization", rma) == "F"


def test_an_inactive_item_is_an_invalid_value(netsuite: NetSuiteStranger, director: Director, account: Json) -> None:
    made = director.make_return("refund")
    director.act(account, "deactivate_item", sku=made["units"][0]["sku"])

    invoice = made["netsuite"]["invoice_id"]
    words = netsuite.refusal(f"invoice/{invoice}/!transform/returnAuthorization", {"orderStatus": "B"})

    assert "Invalid Field Value" in words
    assert "field: item" in words


def test_missing_values_are_named(netsuite: NetSuiteStranger) -> None:
    assert "Please enter value(s) for: Customer." in netsuite.refusal("customerRefund", {})
    assert "Please enter value(s) for: Created From." in netsuite.refusal("itemReceipt", {})


def test_stock_is_transferred(netsuite: NetSuiteStranger, director: Director, account: Json) -> None:
    places = account["locations"]
    item = netsuite.query("SELECT id FROM item WHERE itemid = 'PIKE-41'")[0]["id"]
    body = {
        "location": {"id": places["sellable"]},
        "transferLocation": {"id": places["damaged"]},
        "inventory": {"items": [{"item": {"id": item}, "adjustQtyBy": 2}]},
    }

    netsuite.create("inventoryTransfer", body)

    sql = "SELECT quantityonhand FROM inventoryitemlocations WHERE location = ? AND item = ?"
    assert netsuite.query(sql, places["damaged"], item) == [{"quantityonhand": "2"}]


def test_the_preview_saves_nothing(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    path = f"record/v1/returnAuthorization/{rma}/!transform/itemReceipt?expand=item"

    form = netsuite.call("POST", path, body={}, Accept="application/vnd.oracle.resource+json; type=create-form")

    assert form.json()["item"]["items"][0]["orderLine"] == 1
    assert status(netsuite, "returnAuthorization", rma) == "B"


def test_too_many_calls_at_once_are_429(netsuite: NetSuiteStranger, director: Director) -> None:
    director.post("settings", {"netsuite": {"concurrency": 2, "latency_s": {"read": [0.3, 0.3]}}})
    statuses: list[int] = []

    def ask() -> None:
        with requests.Session() as session:
            stranger = NetSuiteStranger(netsuite.url, netsuite.account, session, netsuite.token)
            statuses.append(stranger.call("GET", "system/v1/serverTime").status_code)

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [200, 200, 429, 429, 429]

"""Periods, statuses, crossing edits, other writers, forms and scripts (netsuite.md 4.5, 6.2)."""

import threading
from datetime import date, timedelta

import pytest
import requests

from tests.sandbox.journeys import authorize, credit, receipt_row, receive, status
from tests.sandbox.strangers import Director, Json, NetSuiteStranger

RECEIPT = "returnAuthorization/{}/!transform/itemReceipt"
CREDIT = "returnAuthorization/{}/!transform/creditMemo"


def month_ago() -> str:
    return str((date.today().replace(day=1) - timedelta(days=1)).replace(day=5))  # noqa: DTZ011 -- a month off is enough


def test_a_lock_of_receivables_binds_credits_and_not_receipts(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    director.act(account, "lock_period")

    receive(netsuite, rma, receipt_row(1))

    assert "closed period" in netsuite.refusal(CREDIT.format(rma), {})
    director.act(account, "lock_period", locked=False)
    credit(netsuite, rma)


def test_a_day_outside_every_period_is_refused(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"), tranDate="2001-01-31")

    words = netsuite.refusal(RECEIPT.format(rma), {"tranDate": "2001-01-31"})

    assert "not within the date range of your accounting period" in words


def test_the_date_may_lie_outside_the_period_where_preferences_allow(
    netsuite: NetSuiteStranger, director: Director
) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    receipt = netsuite.read("itemReceipt", receive(netsuite, rma, receipt_row(1)))
    body: Json = {"tranDate": month_ago(), "postingPeriod": {"id": receipt["postingPeriod"]["id"]}}
    assert "date range" in netsuite.refusal(CREDIT.format(rma), body)

    director.post("settings", {"netsuite": {"date_outside_period": True}})

    assert netsuite.read("creditMemo", credit(netsuite, rma, **body))["tranDate"] == month_ago()


def test_a_closed_period_may_allow_what_leaves_the_ledger_alone(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    receipt = receive(netsuite, rma, receipt_row(1))
    director.act(account, "close_period")
    path = f"itemReceipt/{receipt}"
    assert "You may not edit it" in netsuite.refusal(path, {"memo": "late"}, method="PATCH")

    director.act(account, "lock_period", lock="allownonglchange")

    assert netsuite.call("PATCH", f"record/v1/{path}", body={"memo": "late"}).status_code == 204
    assert "You may not edit it" in netsuite.refusal(path, {"tranDate": month_ago()}, method="PATCH")


def test_who_saves_second_what_both_opened_is_refused(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    director.post("settings", {"netsuite": {"latency_s": {"write": [0.4, 0.6]}, "record_changed_status": 409}})
    answers: list[requests.Response] = []

    def edit(memo: str) -> None:
        with requests.Session() as session:
            stranger = NetSuiteStranger(netsuite.url, netsuite.account, session, netsuite.token)
            answers.append(stranger.call("PATCH", f"record/v1/returnAuthorization/{rma}", body={"memo": memo}))

    threads = [threading.Thread(target=edit, args=(memo,)) for memo in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.status_code for answer in answers) == [204, 409]
    assert any("RCRD_HAS_BEEN_CHANGED" in answer.text for answer in answers)


def test_an_authorization_is_cancelled_by_hand_and_over_rest_only_by_switch(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    first, second = (authorize(netsuite, director.make_return("refund"), external_id=f"loop-t-{n}") for n in (1, 2))
    body = {"orderStatus": {"id": "C"}}
    assert "field: orderStatus" in netsuite.refusal(f"returnAuthorization/{first}", body, method="PATCH")

    director.act(account, "cancel", record=first)
    director.post("settings", {"netsuite": {"rma_cancel": "accepted"}})
    netsuite.call("PATCH", f"record/v1/returnAuthorization/{second}", body=body)

    assert [status(netsuite, "returnAuthorization", one) for one in (first, second)] == ["C", "C"]
    assert "can not initialize" in netsuite.refusal(RECEIPT.format(second), {})


@pytest.mark.parametrize(("formula", "letter"), [("by_credit", "D"), ("by_receipt", "E")])
def test_the_status_of_a_part_received_and_credited_is_a_switch(
    netsuite: NetSuiteStranger, director: Director, formula: str, letter: str
) -> None:
    director.post("settings", {"netsuite": {"status_formula": formula}})
    rma = authorize(netsuite, director.make_return("twin_units"))
    receive(netsuite, rma, receipt_row(1))

    credit(netsuite, rma)

    assert status(netsuite, "returnAuthorization", rma) == letter


def test_lines_that_cannot_be_received_are_creditable_at_once(netsuite: NetSuiteStranger, account: Json) -> None:
    customer = netsuite.create("customer", {"companyName": "Tern Ltd"})
    row = {"item": {"id": account["items"]["fee"]}, "quantity": 1, "rate": 5}
    rma = netsuite.create(
        "returnAuthorization", {"entity": {"id": customer}, "orderStatus": "B", "item": {"items": [row]}}
    )

    assert status(netsuite, "returnAuthorization", rma) == "F"
    assert netsuite.read("creditMemo", credit(netsuite, rma))["total"] == 5.0


@pytest.mark.parametrize(
    ("mode", "source", "linked"), [("unlinked", True, 0), ("ignored", False, 0), ("linked", True, 1)]
)
def test_created_from_on_a_plain_post_is_a_switch(
    netsuite: NetSuiteStranger, director: Director, mode: str, source: bool, linked: int
) -> None:
    director.post("settings", {"netsuite": {"created_from_on_post": mode}})
    invoice = netsuite.read("invoice", director.make_return("refund")["netsuite"]["invoice_id"])
    line = invoice["item"]["items"][0]
    row = {"item": {"id": line["item"]["id"]}, "quantity": 1, "rate": 1}
    body = {"entity": {"id": invoice["entity"]["id"]}, "createdFrom": {"id": invoice["id"]}, "item": {"items": [row]}}

    rma = netsuite.read("returnAuthorization", netsuite.create("returnAuthorization", body))

    assert ("createdFrom" in rma) == source
    assert len(netsuite.query("SELECT nextdoc FROM NextTransactionLineLink WHERE nextdoc = ?", rma["id"])) == linked


def test_words_nobody_captured_can_be_others(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    body = {"item": {"items": [receipt_row(1, quantity=5)]}}
    assumed = netsuite.refusal(RECEIPT.format(rma), body)

    director.post("settings", {"netsuite": {"refusal_words": "other"}})

    assert "greater than the quantity remaining" in assumed
    assert "cannot receive more" in netsuite.refusal(RECEIPT.format(rma), body)


def test_more_than_was_returned_is_received_where_preferences_allow(
    netsuite: NetSuiteStranger, director: Director
) -> None:
    director.post("settings", {"netsuite": {"allow_overage": True}})
    rma = authorize(netsuite, director.make_return("refund"))

    receive(netsuite, rma, receipt_row(1, quantity=3))

    assert status(netsuite, "returnAuthorization", rma) == "F"


def test_too_few_may_be_returned(netsuite: NetSuiteStranger, director: Director) -> None:
    made = director.make_return("refund")
    item = netsuite.query("SELECT id FROM item WHERE itemid = ?", made["units"][0]["sku"])[0]["id"]
    netsuite.call("PATCH", f"record/v1/inventoryItem/{item}", body={"minimumQuantity": 2})
    director.post("settings", {"netsuite": {"minimum_return_quantity": True}})

    invoice = made["netsuite"]["invoice_id"]
    words = netsuite.refusal(f"invoice/{invoice}/!transform/returnAuthorization", {})

    assert "minimum quantity of its item (2)" in words


def test_forms_and_scripts_of_the_account_demand_more(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    receive(netsuite, rma, receipt_row(1))
    director.post("settings", {"netsuite": {"mandatory_fields": ["creditMemo.otherRefNum", "creditMemo.memo"]}})
    assert "Please enter value(s) for: Memo." in netsuite.refusal(CREDIT.format(rma), {})

    director.post("settings", {"netsuite": {"mandatory_fields": [], "failing_scripts": ["creditMemo"]}})

    assert "SSS_" in netsuite.refusal(CREDIT.format(rma), {})


def test_another_connector_writes_with_ids_of_its_own(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    made = director.make_return("refund")
    theirs = director.act(account, "authorize", record=made["netsuite"]["invoice_id"], **{"as": "other_connector"})[
        "id"
    ]
    ours = authorize(netsuite, director.make_return("refund"))
    sql = "SELECT id, externalid, BUILTIN.DF(createdby) AS who, source FROM transaction WHERE id IN (?, ?) ORDER BY id"

    found = {row["id"]: row for row in netsuite.query(sql, theirs, ours)}

    assert found[theirs]["externalid"] == "RC_RtnAuth_90001"
    assert found[theirs]["who"] == "Returns Connector"
    assert (found[ours]["who"], found[ours]["source"]) == ("REST Integration", "restWebServices")


def test_a_deletion_and_its_author_stay_known(netsuite: NetSuiteStranger, director: Director, account: Json) -> None:
    rma = authorize(netsuite, director.make_return("refund"))

    director.act(account, "delete", record=rma)

    sql = "SELECT recordid, BUILTIN.DF(deletedby) AS who FROM deletedrecord WHERE recordid = ?"
    assert netsuite.query(sql, rma) == [{"recordid": rma, "who": "Dana Whitfield"}]


def test_a_fulfilment_bills_too_without_advanced_shipping(netsuite: NetSuiteStranger, director: Director) -> None:
    director.post("settings", {"netsuite": {"advanced_shipping": False}})
    item = netsuite.query("SELECT id FROM item WHERE itemid = 'PIKE-41'")[0]["id"]
    customer = netsuite.create("customer", {"companyName": "Tern Ltd"})
    row = {"item": {"id": item}, "quantity": 1, "rate": 10, "location": {"id": "14"}}
    order = netsuite.create("salesOrder", {"entity": {"id": customer}, "item": {"items": [row]}})

    netsuite.create(f"salesOrder/{order}/!transform/itemFulfillment", {})

    assert status(netsuite, "salesOrder", order) == "G"

"""Lists over REST: customers, items of every kind, kits, locations, bins (netsuite.md 4.1, 4.2, 4.12, 4.13)."""

import pytest

from integrations.sandbox.netsuite.items import ITEM_KINDS
from tests.sandbox.journeys import authorize, lines_of, receipt_row, receive, sell
from tests.sandbox.strangers import Director, Json, NetSuiteStranger


@pytest.mark.parametrize("record_type", [kind.record_type for kind in ITEM_KINDS])
def test_items_of_every_kind_are_written(netsuite: NetSuiteStranger, record_type: str) -> None:
    number = netsuite.create(record_type, {"itemId": f"NEW-{record_type}", "displayName": "New"})
    netsuite.call("PATCH", f"record/v1/{record_type}/{number}", body={"isInactive": True})

    found = netsuite.call("GET", f"record/v1/{record_type}/{number}").json()
    assert (found["itemId"], found["isInactive"]) == (f"NEW-{record_type}", True)
    assert netsuite.query("SELECT isinactive FROM item WHERE id = ?", number) == [{"isinactive": "T"}]


def test_a_customer_is_written_and_found(netsuite: NetSuiteStranger) -> None:
    body = {"isPerson": True, "firstName": "Ada", "lastName": "Byron", "email": "ada@example.org", "externalId": "c-1"}
    number = netsuite.create("customer", body)

    assert netsuite.call("PUT", "record/v1/customer/eid:C-1", body={"phone": "12345"}).status_code == 204
    found = netsuite.query("SELECT id, entityid, phone FROM customer WHERE email = ?", "ada@example.org")

    assert found == [{"id": number, "entityid": f"C-{number} Ada Byron", "phone": "12345"}]
    assert "This entity already exists." in netsuite.refusal("customer", body)


def test_what_a_list_record_lacks_is_named(netsuite: NetSuiteStranger) -> None:
    assert "Item Name/Number" in netsuite.refusal("inventoryItem", {"displayName": "x"})
    assert "First Name, Last Name" in netsuite.refusal("customer", {"isPerson": True})
    assert "'colour'" in netsuite.refusal("customer", {"companyName": "x", "colour": "red"})


def test_names_of_items_and_addresses_of_customers_may_be_unique(
    netsuite: NetSuiteStranger, director: Director
) -> None:
    assert "already exists" in netsuite.refusal("inventoryItem", {"itemId": "PIKE-41"})
    body = {"companyName": "One", "email": "same@example.org"}
    netsuite.create("customer", body)
    netsuite.create("customer", body)

    director.post("settings", {"netsuite": {"unique_customer_emails": True}})

    assert "email" in netsuite.refusal("customer", body)


def test_a_list_record_in_use_cannot_be_deleted(netsuite: NetSuiteStranger) -> None:
    customer = netsuite.create("customer", {"companyName": "Gone Ltd"})

    assert netsuite.call("DELETE", f"record/v1/customer/{customer}").status_code == 204
    assert netsuite.call("GET", f"record/v1/customer/{customer}").status_code == 404
    item = netsuite.query("SELECT id FROM item WHERE itemid = 'PIKE-41'")[0]["id"]
    assert netsuite.call("DELETE", f"record/v1/inventoryItem/{item}").status_code == 400


def test_a_kit_is_shipped_and_received_as_its_members(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    sock, boot = (row["id"] for row in netsuite.query("SELECT id FROM item WHERE itemid LIKE 'PIKE%' AND ROWNUM <= 2"))
    rows = [{"item": {"id": sock}, "quantity": 3}, {"item": {"id": boot}, "quantity": 1}]
    kit = netsuite.create("kitItem", {"itemId": "KIT-1", "member": {"items": rows}})
    sellable = account["locations"]["sellable"]
    order = sell(netsuite, {"item": {"id": kit}, "quantity": 2, "rate": 100, "location": {"id": sellable}})
    netsuite.create(f"salesOrder/{order}/!transform/itemFulfillment", {})
    invoice = netsuite.create(f"salesOrder/{order}/!transform/invoice", {})
    rma = netsuite.create(f"invoice/{invoice}/!transform/returnAuthorization", {"orderStatus": "B"})

    in_status = {"inventoryDetail": {"inventoryAssignment": {"items": [{"inventoryStatus": "2", "quantity": 1}]}}}
    of_the_kit: Json = {"item": {"items": [receipt_row(1) | in_status]}}
    refusal = netsuite.refusal(f"returnAuthorization/{rma}/!transform/itemReceipt", of_the_kit)
    assert "field: inventoryDetail" in refusal  # of its members alone

    receipt = receive(netsuite, rma, receipt_row(1, location=account["locations"]["holding"]))

    shown = lines_of(netsuite, "itemReceipt", receipt)
    assert [(line["quantity"], line.get("kitMemberOf")) for line in shown] == [(1.0, None), (3.0, 1), (1.0, 1)]
    moved = [row for row in director.books(account)["ledger"] if row["transaction"] == receipt]
    assert {(row["item"], row["quantity"]) for row in moved} == {(sock, 3), (boot, 1)}
    assert lines_of(netsuite, "returnAuthorization", rma)[0]["quantityReceived"] == 1.0
    assert netsuite.query("SELECT kitmemberof FROM transactionline WHERE transaction = ? AND kitmemberof = 1", receipt)


def test_bins_belong_to_their_location_for_ever(netsuite: NetSuiteStranger, director: Director, account: Json) -> None:
    assert "can only" in netsuite.call("POST", "record/v1/employee", body={}).text
    assert (
        "not enabled"
        in director.session.post(
            f"{director.url}/_sandbox/netsuite/act",
            json={"account": account["account_id"], "action": "write_list", "record_type": "bin", "body": {}},
            timeout=60,
        ).text
    )
    director.post("settings", {"netsuite": {"bins": True}})
    number = netsuite.create("bin", {"binNumber": "A-1", "location": {"id": account["locations"]["holding"]}})

    words = netsuite.refusal(f"bin/{number}", {"location": {"id": account["locations"]["sellable"]}}, method="PATCH")

    assert "field: location" in words


def test_without_oneworld_nothing_knows_subsidiaries(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    assert netsuite.query("SELECT subsidiary FROM location WHERE ROWNUM <= 1") == [{"subsidiary": "2"}]
    assert netsuite.read("returnAuthorization", rma)["subsidiary"]["id"] == "2"

    director.post("settings", {"netsuite": {"oneworld": False}})

    assert "Unknown identifier 'subsidiary'" in netsuite.ask("SELECT subsidiary FROM transactionline").text
    assert "Record 'subsidiary' was not found" in netsuite.ask("SELECT id FROM subsidiary").text
    assert "subsidiary" not in netsuite.read("returnAuthorization", rma)


def test_a_location_of_another_subsidiary_is_refused(netsuite: NetSuiteStranger, director: Director) -> None:
    abroad = netsuite.create("subsidiary", {"name": "Northwind Europe"})
    place = netsuite.create("location", {"name": "Rotterdam", "subsidiary": {"id": abroad}})
    rma = authorize(netsuite, director.make_return("refund"))

    body = {"item": {"items": [receipt_row(1, location=place)]}}
    words = netsuite.refusal(f"returnAuthorization/{rma}/!transform/itemReceipt", body)

    assert words.endswith(f"You have entered an Invalid Field Value {place} for the following field: location.")

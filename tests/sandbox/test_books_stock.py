"""Stock by location, bin and status; what moves it and what does not (netsuite.md 3.3, 4.6, 4.9 to 4.14)."""

from tests.sandbox.journeys import authorize, credit, lines_of, receipt_row, receive, sell, status
from tests.sandbox.strangers import Director, Json, NetSuiteStranger

ON_HAND = "SELECT quantityonhand, quantityavailable FROM inventoryitemlocations WHERE item = ? AND location = ?"


def item_of(netsuite: NetSuiteStranger, sku: str = "PIKE-41") -> str:
    return str(netsuite.query("SELECT id FROM item WHERE itemid = ?", sku)[0]["id"])


def in_bin(bin_id: str, quantity: int = 1, **more: Json) -> Json:
    return {"inventoryAssignment": {"items": [{"binNumber": {"id": bin_id}, "quantity": quantity, **more}]}}


def make_bins(netsuite: NetSuiteStranger, director: Director, account: Json) -> tuple[str, str]:
    """Two bins in the holding location, which uses them from now on."""
    director.post("settings", {"netsuite": {"bins": True, "inventory_status": True}})
    holding = account["locations"]["holding"]
    netsuite.call("PATCH", f"record/v1/location/{holding}", body={"useBins": True})
    first, second = (netsuite.create("bin", {"binNumber": name, "location": {"id": holding}}) for name in ("H1", "H2"))
    return first, second


def test_a_receipt_goes_into_the_bin_and_status_it_names(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    _, second = make_bins(netsuite, director, account)
    rma = authorize(netsuite, director.make_return("refund"))

    row = receipt_row(1) | {"inventoryDetail": in_bin(second, inventoryStatus={"id": "2"})}
    receive(netsuite, rma, row)

    sql = "SELECT binnumber, inventorystatus, quantityavailable FROM inventorybalance WHERE location = ?"
    found = netsuite.query(sql, account["locations"]["holding"])
    assert found == [{"binnumber": second, "inventorystatus": "2", "quantityavailable": "0"}]


def test_a_receipt_without_detail_goes_into_the_first_bin(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    first, _ = make_bins(netsuite, director, account)
    rma = authorize(netsuite, director.make_return("refund"))

    receive(netsuite, rma, receipt_row(1))

    assert netsuite.query("SELECT binnumber FROM inventorybalance WHERE binnumber IS NOT NULL") == [
        {"binnumber": first}
    ]


def test_the_detail_has_to_add_up_and_to_name_bins_by_id(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    first, _ = make_bins(netsuite, director, account)
    rma = authorize(netsuite, director.make_return("refund"))
    path = f"returnAuthorization/{rma}/!transform/itemReceipt"

    too_many: Json = {"item": {"items": [receipt_row(1) | {"inventoryDetail": in_bin(first, 2)}]}}
    by_name: Json = {"item": {"items": [receipt_row(1) | {"inventoryDetail": in_bin("H1")}]}}

    assert "total inventory detail quantity must be 1" in netsuite.refusal(path, too_many)
    assert "field: binNumber" in netsuite.refusal(path, by_name)


def test_the_detail_of_a_receipt_is_a_switch(netsuite: NetSuiteStranger, director: Director, account: Json) -> None:
    first, second = make_bins(netsuite, director, account)
    rma = authorize(netsuite, director.make_return("twin_units"))
    path = f"returnAuthorization/{rma}/!transform/itemReceipt"
    body: Json = {"item": {"items": [receipt_row(1) | {"inventoryDetail": in_bin(second)}]}}

    director.post("settings", {"netsuite": {"inventory_detail": "static"}})
    assert "static sublist" in netsuite.refusal(path, body)

    director.post("settings", {"netsuite": {"inventory_detail": "ignored"}})
    netsuite.create(path, body)
    assert netsuite.query("SELECT binnumber FROM inventorybalance WHERE binnumber IS NOT NULL") == [
        {"binnumber": first}
    ]


def test_a_bin_transfer_changes_bin_and_status(netsuite: NetSuiteStranger, director: Director, account: Json) -> None:
    first, second = make_bins(netsuite, director, account)
    made = director.make_return("refund")
    receive(netsuite, authorize(netsuite, made), receipt_row(1))
    item = item_of(netsuite, made["units"][0]["sku"])
    detail = in_bin(first, toBinNumber={"id": second}, toInventoryStatus={"id": "3"})
    body: Json = {
        "location": {"id": account["locations"]["holding"]},
        "inventory": {"items": [{"item": {"id": item}, "adjustQtyBy": 1, "inventoryDetail": detail}]},
    }

    assert "maximum number ( 40 )" in netsuite.refusal("binTransfer", body | {"memo": "x" * 41})
    netsuite.create("binTransfer", body)

    sql = """SELECT binnumber, BUILTIN.DF(inventorystatus) AS st FROM inventorybalance
             WHERE item = ? AND binnumber > 0 AND quantityonhand > 0"""
    assert netsuite.query(sql, item) == [{"binnumber": second, "st": "Damaged"}]


def test_a_transfer_stays_in_one_subsidiary(netsuite: NetSuiteStranger, account: Json) -> None:
    abroad = netsuite.create("subsidiary", {"name": "Northwind Europe"})
    place = netsuite.create("location", {"name": "Rotterdam", "subsidiary": {"id": abroad}})
    body: Json = {
        "location": {"id": account["locations"]["sellable"]},
        "transferLocation": {"id": place},
        "inventory": {"items": [{"item": {"id": item_of(netsuite)}, "adjustQtyBy": 1}]},
    }

    assert "same subsidiary" in netsuite.refusal("inventoryTransfer", body)
    body["transferLocation"] = body["location"]
    assert "must differ" in netsuite.refusal("inventoryTransfer", body)


def test_a_transfer_has_two_rows_in_suiteql(netsuite: NetSuiteStranger, account: Json) -> None:
    places = account["locations"]
    body = {
        "location": {"id": places["sellable"]},
        "transferLocation": {"id": places["damaged"]},
        "inventory": {"items": [{"item": {"id": item_of(netsuite)}, "adjustQtyBy": 2}]},
    }
    transfer = netsuite.create("inventoryTransfer", body)

    sql = "SELECT location, quantity FROM transactionline WHERE transaction = ? AND mainline = 'F' ORDER BY id"

    found = [(row["location"], row["quantity"]) for row in netsuite.query(sql, transfer)]
    assert found == [(places["sellable"], "-2"), (places["damaged"], "2")]


def test_an_adjustment_writes_off(netsuite: NetSuiteStranger, account: Json) -> None:
    item, place = item_of(netsuite), account["locations"]["sellable"]
    before = int(netsuite.query(ON_HAND, item, place)[0]["quantityonhand"])
    row = {"item": {"id": item}, "location": {"id": place}, "adjustQtyBy": -4}
    body = {"account": {"id": account["adjustment_account_id"]}, "inventory": {"items": [row]}}

    assert "Adjustment Account" in netsuite.refusal("inventoryAdjustment", {"inventory": {"items": [row]}})
    netsuite.create("inventoryAdjustment", body)

    assert int(netsuite.query(ON_HAND, item, place)[0]["quantityonhand"]) == before - 4


def test_picked_goods_still_lie_in_the_warehouse(netsuite: NetSuiteStranger, director: Director, account: Json) -> None:
    item, place = item_of(netsuite), account["locations"]["sellable"]
    customer = netsuite.create("customer", {"companyName": "Tern Ltd"})
    row = {"item": {"id": item}, "quantity": 1, "rate": 10, "location": {"id": place}}
    order = netsuite.create("salesOrder", {"entity": {"id": customer}, "item": {"items": [row]}})
    before = int(netsuite.query(ON_HAND, item, place)[0]["quantityonhand"])

    picked = netsuite.create(f"salesOrder/{order}/!transform/itemFulfillment", {"shipStatus": {"id": "A"}})
    assert int(netsuite.query(ON_HAND, item, place)[0]["quantityonhand"]) == before
    assert status(netsuite, "salesOrder", order) == "B"

    director.act(account, "edit", record=picked, body={"shipStatus": {"id": "C"}})
    assert int(netsuite.query(ON_HAND, item, place)[0]["quantityonhand"]) == before - 1
    assert status(netsuite, "salesOrder", order) == "F"


def test_a_person_receives_without_restocking(netsuite: NetSuiteStranger, director: Director, account: Json) -> None:
    rma = authorize(netsuite, director.make_return("refund"))

    row = {"orderLine": 1, "itemReceive": True, "quantity": 1, "restock": False}
    receipt = director.act(account, "receive", record=rma, body={"item": {"items": [row]}})["id"]
    director.act(account, "edit", record=receipt, body={"memo": "scrapped"})

    assert status(netsuite, "returnAuthorization", rma) == "F"
    assert [one for one in director.books(account)["ledger"] if one["transaction"] == receipt] == []


def test_without_advanced_receiving_the_credit_brings_the_goods(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    director.post("settings", {"netsuite": {"advanced_receiving": False}})
    rma = authorize(netsuite, director.make_return("refund"))
    label = netsuite.read("returnAuthorization", rma)["status"]["refName"]
    words = netsuite.refusal(f"returnAuthorization/{rma}/!transform/itemReceipt", {})

    credit_id = credit(netsuite, rma)

    assert label == "Pending Refund"
    assert "can not initialize itemReceipt" in words
    assert [one["quantity"] for one in director.books(account)["ledger"] if one["transaction"] == credit_id] == [1]
    assert status(netsuite, "returnAuthorization", rma) == "G"


def test_what_an_open_order_asks_for_is_not_available_and_leaves_with_its_fulfilment(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    item, place = item_of(netsuite), account["locations"]["sellable"]
    before = shelf(netsuite, item, place)

    order = sell(netsuite, {"item": {"id": item}, "quantity": 2, "rate": 100, "location": {"id": place}})

    assert shelf(netsuite, item, place) == (before[0], before[1] - 2)
    netsuite.create(f"salesOrder/{order}/!transform/itemFulfillment", {"shipStatus": {"id": "C"}})
    assert shelf(netsuite, item, place) == (before[0] - 2, before[1] - 2)


def test_every_table_of_stock_takes_off_what_open_orders_took(netsuite: NetSuiteStranger, account: Json) -> None:
    item, place = item_of(netsuite), account["locations"]["sellable"]
    sql = "SELECT SUM(quantityavailable) AS n FROM {} WHERE item = ? AND location = ?"
    tables = ("inventorybalance", "inventoryitemlocations", "aggregateitemlocation")
    before = [int(netsuite.query(sql.format(table), item, place)[0]["n"]) for table in tables]

    customer = netsuite.create("customer", {"companyName": "Tern Ltd"})
    row = {"item": {"id": item}, "quantity": 2, "rate": 10}
    body = {"entity": {"id": customer}, "location": {"id": place}, "orderStatus": {"id": "B"}, "item": {"items": [row]}}
    netsuite.create("salesOrder", body)

    after = [int(netsuite.query(sql.format(table), item, place)[0]["n"]) for table in tables]
    assert len(set(before)) == 1
    assert after == [count - 2 for count in before]


def test_an_open_order_takes_from_the_first_bin_that_has_it(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    first, second = make_bins(netsuite, director, account)
    item, place = item_of(netsuite), account["locations"]["holding"]
    netsuite.call("PATCH", f"record/v1/location/{place}", body={"makeInventoryAvailable": True})
    rows = [
        {"item": {"id": item}, "location": {"id": place}, "adjustQtyBy": 2, "inventoryDetail": in_bin(one, 2)}
        for one in (first, second)
    ]
    body = {"account": {"id": account["adjustment_account_id"]}, "inventory": {"items": rows}}
    netsuite.create("inventoryAdjustment", body)

    sell(netsuite, {"item": {"id": item}, "quantity": 3, "rate": 100, "location": {"id": place}})

    sql = "SELECT binnumber, quantityavailable FROM inventorybalance WHERE item = ? AND location = ? ORDER BY binnumber"
    assert [row["quantityavailable"] for row in netsuite.query(sql, item, place)] == ["0", "1"]


def shelf(netsuite: NetSuiteStranger, item: str, place: str) -> tuple[int, int]:
    """How many lie there, and how many of them can be sold."""
    (row,) = netsuite.query(ON_HAND, item, place)
    return int(row["quantityonhand"]), int(row["quantityavailable"])


def test_an_order_has_reserved_what_earlier_ones_left(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    item, sellable = item_of(netsuite), account["locations"]["sellable"]
    free = int(float(netsuite.query(ON_HAND, item, sellable)[0]["quantityavailable"]))
    row = {"item": {"id": item}, "rate": 10, "location": {"id": sellable}}

    first, second = (sell(netsuite, row | {"quantity": count}) for count in (free - 1, 3))

    reserved = [lines_of(netsuite, "salesOrder", one)[0]["quantityCommitted"] for one in (first, second)]
    assert reserved == [free - 1, 1]
    netsuite.create(f"salesOrder/{first}/!transform/itemFulfillment", {})
    assert lines_of(netsuite, "salesOrder", first)[0]["quantityCommitted"] == 0
    assert lines_of(netsuite, "salesOrder", second)[0]["quantityCommitted"] == 1

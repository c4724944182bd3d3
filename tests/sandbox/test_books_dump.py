"""The dump tells bins and statuses, and what of the stock can be sold."""

from tests.sandbox.journeys import authorize, receipt_row, receive
from tests.sandbox.strangers import Director, Json, NetSuiteStranger


def test_stock_in_a_status_that_holds_it_back_is_not_sellable(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    director.post("settings", {"netsuite": {"inventory_status": True}})
    rma = authorize(netsuite, director.make_return("refund"))
    detail = {"inventoryAssignment": {"items": [{"inventoryStatus": {"id": "2"}, "quantity": 1}]}}
    sellable = account["locations"]["sellable"]

    receipt = receive(netsuite, rma, receipt_row(1, location=sellable) | {"inventoryDetail": detail})

    moves = [row for row in director.books(account)["ledger"] if row["transaction"] == receipt]
    assert [(row["location"], row["status"], row["sellable"]) for row in moves] == [(sellable, "2", False)]

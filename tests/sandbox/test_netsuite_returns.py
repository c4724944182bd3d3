"""The cycle of a return in NetSuite: RMA, receipts, credit memo, refund, with statuses and refusals."""

from typing import Any

from tests.sandbox.journeys import authorize, credit, lines_of, receipt_row, receive, refund, status
from tests.sandbox.strangers import Director, Json, NetSuiteStranger


def transform(rma: str, target: str) -> str:
    return f"returnAuthorization/{rma}/!transform/{target}"


def test_two_receipts_a_credit_and_a_refund(netsuite: NetSuiteStranger, director: Director, account: Json) -> None:
    places = account["locations"]
    rma = authorize(netsuite, director.make_return("twin_units"))
    assert status(netsuite, "returnAuthorization", rma) == "B"

    receive(netsuite, rma, receipt_row(1, location=places["sellable"]), external_id="loop-t-ir-1")
    assert status(netsuite, "returnAuthorization", rma) == "E"
    receive(netsuite, rma, receipt_row(1, location=places["damaged"]), external_id="loop-t-ir-2")
    assert status(netsuite, "returnAuthorization", rma) == "F"

    credit_id = credit(netsuite, rma)
    assert status(netsuite, "returnAuthorization", rma) == "G"
    memo = netsuite.read("creditMemo", credit_id)
    assert (memo["status"]["id"], memo["amountRemaining"]) == ("A", memo["total"])
    assert memo["total"] == netsuite.read("returnAuthorization", rma)["total"]

    netsuite.create("customerRefund", refund(netsuite, credit_id, amount=memo["total"]))
    memo = netsuite.read("creditMemo", credit_id)
    assert (memo["status"]["id"], memo["amountRemaining"]) == ("B", 0.0)
    assert director.books(account)["card_operations"] == 0


def test_partial_receipt_then_credit_is_partially_received(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("twin_units"))
    receive(netsuite, rma, receipt_row(1))

    credit(netsuite, rma)

    assert status(netsuite, "returnAuthorization", rma) == "D"
    line = lines_of(netsuite, "returnAuthorization", rma)[0]
    assert (line["quantityReceived"], line["quantityBilled"], line["quantityRemaining"]) == (1.0, 1.0, 1.0)


def test_the_rma_copies_price_tax_and_reference_of_its_source(netsuite: NetSuiteStranger, director: Director) -> None:
    made = director.make_return("refund", tax_rate="0.0725", discount="8.80")

    line = lines_of(netsuite, "returnAuthorization", authorize(netsuite, made))[0]

    assert line["custcol_shopify_line_id"] == made["units"][0]["provider_line_item_id"]
    source = lines_of(netsuite, "invoice", made["netsuite"]["invoice_id"])[0]
    assert (line["amount"], line["taxAmount"]) == (source["amount"], source["taxAmount"])
    assert line["orderLine"] == source["line"]


def test_tax_follows_an_amount_that_the_request_sets(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund", tax_rate="0.08", discount="0"))
    receive(netsuite, rma, receipt_row(1))

    rows = [{"orderLine": 1, "quantity": 1, "amount": 65.56}]
    memo = netsuite.read("creditMemo", credit(netsuite, rma, item={"items": rows}))

    assert memo["item"]["items"][0]["taxAmount"] == 5.24
    assert memo["total"] == 70.80


def test_a_charge_line_brings_the_credit_to_the_cent_and_is_not_taxed(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    before = netsuite.read("returnAuthorization", rma)["total"]
    receive(netsuite, rma, receipt_row(1))

    extra = {"item": {"id": account["items"]["difference_tax"]}, "quantity": 1, "rate": 0.03}
    memo = netsuite.read("creditMemo", credit(netsuite, rma, item={"items": [extra]}))

    assert memo["total"] == round(before + 0.03, 2)
    assert [line["taxAmount"] for line in memo["item"]["items"]][-1] == 0.0


def test_the_default_rows_receive_what_the_request_leaves_out(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund", units=2))

    body = {"item": {"items": [receipt_row(1)]}}
    netsuite.create(transform(rma, "itemReceipt"), body)

    assert status(netsuite, "returnAuthorization", rma) == "F"


def test_with_default_to_zero_the_request_decides(netsuite: NetSuiteStranger, director: Director) -> None:
    director.post("settings", {"netsuite": {"default_items_to_zero": True}})
    rma = authorize(netsuite, director.make_return("refund", units=2))

    netsuite.create(transform(rma, "itemReceipt"), {"item": {"items": [receipt_row(1)]}})

    assert status(netsuite, "returnAuthorization", rma) == "E"


def test_more_than_remaining_is_not_received(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"))

    words = netsuite.refusal(transform(rma, "itemReceipt"), {"item": {"items": [receipt_row(1, quantity=2)]}})

    assert "greater than the quantity remaining (1)" in words


def test_a_receipt_has_one_location_per_rma_line(netsuite: NetSuiteStranger, director: Director, account: Json) -> None:
    rma = authorize(netsuite, director.make_return("twin_units"))
    places = account["locations"]
    rows = [receipt_row(1, location=places["sellable"]), receipt_row(1, location=places["damaged"])]

    words = netsuite.refusal(transform(rma, "itemReceipt"), {"item": {"items": rows}})

    assert "one location" in words


def test_a_pending_approval_rma_is_neither_received_nor_credited(
    netsuite: NetSuiteStranger, director: Director
) -> None:
    rma = authorize(netsuite, director.make_return("refund"), orderStatus={"id": "A"})

    for target in ("itemReceipt", "creditMemo"):
        assert f"can not initialize {target}" in netsuite.refusal(transform(rma, target), {})

    netsuite.call("PATCH", f"record/v1/returnAuthorization/{rma}", body={"orderStatus": {"id": "B"}})
    receive(netsuite, rma, receipt_row(1))


def test_nothing_is_credited_before_it_is_received_unless_in_advance(
    netsuite: NetSuiteStranger, director: Director
) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    assert "can not initialize creditMemo" in netsuite.refusal(transform(rma, "creditMemo"), {})

    director.post("settings", {"netsuite": {"refund_in_advance": True}})
    credit(netsuite, rma)


def test_a_received_line_is_credited_once(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    receive(netsuite, rma, receipt_row(1))
    credit(netsuite, rma, external_id="loop-t-cm-1")

    assert "can not initialize" in netsuite.refusal(transform(rma, "creditMemo"), {"externalId": "loop-t-cm-2"})


def test_closing_the_lines_closes_the_rma(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"))

    rows = [{"line": 1, "isClosed": True}]
    netsuite.call("PATCH", f"record/v1/returnAuthorization/{rma}", body={"item": {"items": rows}})

    assert status(netsuite, "returnAuthorization", rma) == "H"
    assert "can not initialize" in netsuite.refusal(transform(rma, "itemReceipt"), {})


def test_a_cash_sale_return_ends_in_a_cash_refund(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund", billing="cash_sale"))
    receive(netsuite, rma, receipt_row(1))
    assert "can not initialize creditMemo" in netsuite.refusal(transform(rma, "creditMemo"), {})

    option = netsuite.account["refund_methods"]["shopify_payments"]["payment_option_id"]
    body = {"paymentOption": {"id": option}, "handlingMode": "SAVE_ONLY"}
    netsuite.create(transform(rma, "cashRefund"), body)

    assert status(netsuite, "returnAuthorization", rma) == "G"


def test_a_refund_may_not_exceed_the_credit(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    receive(netsuite, rma, receipt_row(1))
    credit_id = credit(netsuite, rma)
    total = netsuite.read("creditMemo", credit_id)["total"]

    words = netsuite.refusal("customerRefund", refund(netsuite, credit_id, amount=round(total + 0.01, 2)))

    assert "greater than the amount remaining" in words


def test_the_refund_line_key_is_a_switch(netsuite: NetSuiteStranger, director: Director) -> None:
    director.post("settings", {"netsuite": {"refund_apply_line": 0}})
    rma = authorize(netsuite, director.make_return("refund"))
    receive(netsuite, rma, receipt_row(1))
    credit_id = credit(netsuite, rma)
    body: Any = refund(netsuite, credit_id, amount=1.0)

    assert "field: line" in netsuite.refusal("customerRefund", body)
    body["apply"]["items"][0]["line"] = 0
    netsuite.create("customerRefund", body)


def test_a_refund_that_netsuite_would_send_to_a_card_is_counted(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    receive(netsuite, rma, receipt_row(1))
    credit_id = credit(netsuite, rma)

    netsuite.create("customerRefund", refund(netsuite, credit_id, amount=1.0, handlingMode="PROCESS"))

    assert director.books(account)["card_operations"] == 1


def test_a_credit_is_not_applied_to_an_order(netsuite: NetSuiteStranger, director: Director) -> None:
    made = director.make_return("refund")
    rma = authorize(netsuite, made)
    receive(netsuite, rma, receipt_row(1))
    rows = [{"doc": {"id": made["netsuite"]["sales_order_id"]}, "line": 0, "apply": True, "amount": 1.0}]

    words = netsuite.refusal(transform(rma, "creditMemo"), {"apply": {"items": rows}})

    assert "field: doc" in words

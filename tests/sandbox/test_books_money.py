"""Currencies, taxes, discounts, shipping, applications and refunds (netsuite.md 4.3, 4.7 to 4.9, 4.13, 9.2)."""

import pytest

from tests.sandbox.journeys import authorize, credit, lines_of, receipt_row, receive, refund, status
from tests.sandbox.strangers import Director, Json, NetSuiteStranger


def currency_of(netsuite: NetSuiteStranger, symbol: str) -> str:
    return str(netsuite.query("SELECT id FROM currency WHERE symbol = ?", symbol)[0]["id"])


def item_of(netsuite: NetSuiteStranger, sku: str = "PIKE-41") -> str:
    return str(netsuite.query("SELECT id FROM item WHERE itemid = ?", sku)[0]["id"])


def order(netsuite: NetSuiteStranger, *rows: Json, **body: object) -> str:
    customer = netsuite.create("customer", {"companyName": "Tern Ltd"})
    shown = [{"quantity": 1, "location": {"id": netsuite.account["locations"]["sellable"]}, **row} for row in rows]
    return netsuite.create("salesOrder", {"entity": {"id": customer}, "item": {"items": shown}} | body)


def received(netsuite: NetSuiteStranger, director: Director) -> str:
    rma = authorize(netsuite, director.make_return("refund"))
    receive(netsuite, rma, receipt_row(1))
    return rma


def test_an_order_in_another_currency_keeps_it_to_the_credit(netsuite: NetSuiteStranger) -> None:
    euro = currency_of(netsuite, "EUR")
    sale = order(netsuite, {"item": {"id": item_of(netsuite)}, "rate": 50}, currency={"id": euro})
    netsuite.create(f"salesOrder/{sale}/!transform/itemFulfillment", {})
    invoice = netsuite.create(f"salesOrder/{sale}/!transform/invoice", {})

    memo = netsuite.read(
        "creditMemo", netsuite.create(f"invoice/{invoice}/!transform/creditMemo", {"autoApply": False})
    )

    assert (memo["currency"]["refName"], memo["exchangeRate"], memo["total"]) == ("EUR", 1.086957, 50.0)
    sql = "SELECT foreignamount, netamount FROM transactionline WHERE transaction = ? AND itemtype = 'InvtPart'"
    assert netsuite.query(sql, memo["id"]) == [{"foreignamount": "50", "netamount": "54.35"}]


@pytest.mark.parametrize(
    ("symbol", "fine", "too_fine"), [("JPY", 500, 500.5), ("KWD", 1.125, 1.1255), ("USD", 1.25, 1.255)]
)
def test_amounts_have_the_places_of_their_currency(
    netsuite: NetSuiteStranger, director: Director, symbol: str, fine: float, too_fine: float
) -> None:
    customer = netsuite.create(
        "customer", {"companyName": "Tern Ltd", "currency": {"id": currency_of(netsuite, symbol)}}
    )
    row = {"item": {"id": item_of(netsuite)}, "quantity": 1}

    def body(amount: float) -> Json:
        return {"entity": {"id": customer}, "item": {"items": [row | {"amount": amount}]}}

    number = netsuite.create("salesOrder", body(fine))
    assert netsuite.read("salesOrder", number)["total"] == fine
    assert "not in balance" in netsuite.refusal("salesOrder", body(too_fine))
    director.post("settings", {"netsuite": {"extra_decimals": "rounded"}})
    netsuite.create("salesOrder", body(too_fine))


def test_a_transform_does_not_change_the_currency(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = received(netsuite, director)

    body = {"currency": {"id": currency_of(netsuite, "EUR")}}

    assert "field: currency" in netsuite.refusal(f"returnAuthorization/{rma}/!transform/creditMemo", body)


def test_a_discount_of_the_order_takes_its_share_of_the_tax(netsuite: NetSuiteStranger, director: Director) -> None:
    item = netsuite.create("discountItem", {"itemId": "TEN", "rate": "-10.0%"})
    made = director.make_return("refund", tax_rate="0.10", discount="0")
    rma = authorize(netsuite, made, discountItem={"id": item})

    shown = netsuite.read("returnAuthorization", rma)

    assert shown["discountTotal"] == round(-0.1 * shown["subtotal"], 2)
    assert shown["taxTotal"] == pytest.approx(0.09 * shown["subtotal"], abs=0.006)
    assert shown["total"] == pytest.approx(0.99 * shown["subtotal"], abs=0.011)


def test_the_discount_of_an_order_goes_along_or_not(netsuite: NetSuiteStranger, director: Director) -> None:
    item = netsuite.create("discountItem", {"itemId": "FIVE"})
    discount = {"discountItem": {"id": item}, "discountRate": "-5.00"}
    sale = order(netsuite, {"item": {"id": item_of(netsuite)}, "rate": 50}, **discount)
    netsuite.create(f"salesOrder/{sale}/!transform/itemFulfillment", {})
    copied = netsuite.create(f"salesOrder/{sale}/!transform/returnAuthorization", {})
    director.post("settings", {"netsuite": {"order_discount_on_transform": "dropped"}})
    dropped = netsuite.create(f"salesOrder/{sale}/!transform/returnAuthorization", {})

    totals = [netsuite.read("returnAuthorization", one)["total"] for one in (copied, dropped)]

    assert totals == [45.0, 50.0]


def test_a_discount_row_takes_its_share_of_the_row_before(netsuite: NetSuiteStranger) -> None:
    item = netsuite.create("discountItem", {"itemId": "TEN", "rate": "-10.0%"})
    sale = order(netsuite, {"item": {"id": item_of(netsuite)}, "rate": 50, "quantity": 2}, {"item": {"id": item}})

    assert [line["amount"] for line in lines_of(netsuite, "salesOrder", sale)] == [100.0, -10.0]
    assert netsuite.read("salesOrder", sale)["total"] == 90.0


def test_shipping_on_a_credit_needs_a_carrier(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = received(netsuite, director)
    path = f"returnAuthorization/{rma}/!transform/creditMemo"
    assert "Ship Via" in netsuite.refusal(path, {"shippingCost": 4.5})

    memo = netsuite.read("creditMemo", credit(netsuite, rma, shippingCost=4.5, shipMethod={"id": "701"}))

    assert memo["total"] == round(memo["subtotal"] + memo["taxTotal"] + 4.5, 2)
    sql = "SELECT foreignamount FROM transactionline WHERE transaction = ? AND itemtype = 'ShipItem'"
    assert netsuite.query(sql, memo["id"]) == [{"foreignamount": "4.5"}]


@pytest.mark.parametrize(("rounding", "tax"), [("line", 0.33), ("document", 0.32)])
def test_tax_is_rounded_per_line_or_per_document(
    netsuite: NetSuiteStranger, director: Director, rounding: str, tax: float
) -> None:
    director.post("settings", {"netsuite": {"tax_rounding": rounding}})
    rma = authorize(netsuite, director.make_return("refund", units=3, tax_rate="0.10"))
    rows = [{"line": line["line"], "amount": 1.05} for line in lines_of(netsuite, "returnAuthorization", rma)]

    netsuite.call("PATCH", f"record/v1/returnAuthorization/{rma}", body={"item": {"items": rows}})

    assert netsuite.read("returnAuthorization", rma)["taxTotal"] == tax


def test_legacy_tax_may_be_lost_over_rest(netsuite: NetSuiteStranger, director: Director) -> None:
    director.post("settings", {"netsuite": {"rest_tax": "none"}})

    rma = authorize(netsuite, director.make_return("refund", tax_rate="0.10"))

    assert netsuite.read("returnAuthorization", rma)["taxTotal"] == 0.0


def test_a_gross_amount_sets_the_net_one_or_is_ignored(netsuite: NetSuiteStranger, director: Director) -> None:
    def amount(external_id: str) -> float:
        rma = authorize(
            netsuite, director.make_return("refund", tax_rate="0.10", discount="0"), external_id=external_id
        )
        rows = {"item": {"items": [{"line": 1, "grossAmt": 11.0}]}}
        netsuite.call("PATCH", f"record/v1/returnAuthorization/{rma}", body=rows)
        return float(lines_of(netsuite, "returnAuthorization", rma)[0]["amount"])

    assert amount("loop-t-1") == 10.0
    director.post("settings", {"netsuite": {"gross_amount": "ignored"}})
    assert amount("loop-t-2") != 10.0


def test_a_credit_applies_itself_where_the_account_does_so(netsuite: NetSuiteStranger, director: Director) -> None:
    customer = netsuite.create("customer", {"companyName": "Tern Ltd"})
    rows = [{"item": {"id": item_of(netsuite)}, "quantity": 1, "rate": 50, "location": {"id": "14"}}]
    old, new = (netsuite.create("invoice", {"entity": {"id": customer}, "item": {"items": rows}}) for _ in range(2))
    director.post("settings", {"netsuite": {"auto_apply_default": True}})

    def applied() -> list[str]:
        memo = netsuite.create(
            f"invoice/{new}/!transform/creditMemo?replace=item", {"item": {"items": [{"orderLine": 1, "rate": 5}]}}
        )
        return [row["doc"]["id"] for row in netsuite.read("creditMemo", memo)["apply"]["items"] if row["apply"]]

    assert applied() == [old]
    director.post("settings", {"netsuite": {"auto_apply_order": "source"}})
    assert applied() == [new]


def test_an_open_credit_is_applied_to_an_invoice_after_it_paid_a_refund(
    netsuite: NetSuiteStranger, director: Director
) -> None:
    credit_id = credit(netsuite, received(netsuite, director))
    customer = netsuite.read("creditMemo", credit_id)["entity"]["id"]
    rows = [{"item": {"id": item_of(netsuite)}, "quantity": 1, "rate": 50, "location": {"id": "14"}}]
    invoice = netsuite.create("invoice", {"entity": {"id": customer}, "item": {"items": rows}})
    before = [netsuite.read("creditMemo", credit_id), netsuite.read("invoice", invoice)]
    netsuite.create("customerRefund", refund(netsuite, credit_id, amount=1.0))

    row = {"doc": {"id": invoice}, "line": 0, "apply": True, "amount": 2.0}
    body = {"autoApply": False, "apply": {"items": [row]}}
    answer = netsuite.call("PATCH", f"record/v1/creditMemo/{credit_id}", body=body)

    after = [netsuite.read("creditMemo", credit_id), netsuite.read("invoice", invoice)]
    assert answer.status_code == 204
    assert after[0]["amountRemaining"] == pytest.approx(before[0]["amountRemaining"] - 3)
    assert after[1]["amountRemaining"] == pytest.approx(before[1]["amountRemaining"] - 2)


def test_a_credit_is_not_applied_twice_over(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = received(netsuite, director)
    path = f"returnAuthorization/{rma}/!transform/creditMemo"
    rows = {"apply": {"items": [{"doc": {"id": "1"}, "apply": True, "amount": 1}]}}

    assert "autoApply" in netsuite.refusal(path, {"autoApply": True, **rows})
    display = {"apply": {"items": [{"doc": {"id": "1"}, "refNum": "INV1"}]}}
    assert "Invalid sublist operation" in netsuite.refusal(path, display)


def test_a_refunded_credit_stays(netsuite: NetSuiteStranger, director: Director, account: Json) -> None:
    credit_id = credit(netsuite, received(netsuite, director))
    netsuite.create("customerRefund", refund(netsuite, credit_id, amount=1.0))

    gone = netsuite.call("DELETE", f"record/v1/creditMemo/{credit_id}")

    assert "cannot be deleted" in gone.text
    act = {"account": account["account_id"], "action": "void", "record": credit_id}
    assert "refunded" in director.session.post(f"{director.url}/_sandbox/netsuite/act", json=act, timeout=60).text


def test_how_a_refund_is_paid_stands_in_the_field_the_account_has(
    netsuite: NetSuiteStranger, director: Director
) -> None:
    credit_id = credit(netsuite, received(netsuite, director))
    body = refund(netsuite, credit_id, amount=1.0)
    method = body.pop("paymentOption")
    assert "Payment Option" in netsuite.refusal("customerRefund", body)

    director.post("settings", {"netsuite": {"refund_method_field": "paymentMethod"}})

    assert "paymentoption" in netsuite.refusal("customerRefund", body | {"paymentOption": method}).lower()
    netsuite.create("customerRefund", body | {"paymentMethod": method})


def test_an_unknown_handling_is_refused(netsuite: NetSuiteStranger, director: Director) -> None:
    credit_id = credit(netsuite, received(netsuite, director))

    assert "field: handlingMode" in netsuite.refusal(
        "customerRefund", refund(netsuite, credit_id, amount=1.0, handlingMode="LATER")
    )


def test_a_deposit_is_refunded_and_its_row_never_shown(netsuite: NetSuiteStranger) -> None:
    customer = netsuite.create("customer", {"companyName": "Tern Ltd"})
    deposit = netsuite.create("customerDeposit", {"customer": {"id": customer}, "payment": 30})
    method = netsuite.account["refund_methods"]["manual"]
    body = {
        "customer": {"id": customer},
        "account": {"id": method["account_id"]},
        "paymentOption": {"id": method["payment_option_id"]},
        "deposit": {"items": [{"doc": {"id": deposit}, "apply": True, "amount": 30}]},
    }

    number = netsuite.create("customerRefund", body)

    assert status(netsuite, "customerDeposit", deposit) == "C"
    shown = netsuite.read("customerRefund", number)
    assert (shown["total"], shown["deposit"]["items"], shown["apply"]["items"]) == (30.0, [], [])


def test_an_overpayment_is_refunded_by_transform(netsuite: NetSuiteStranger) -> None:
    sale = order(netsuite, {"item": {"id": item_of(netsuite)}, "rate": 50})
    invoice = netsuite.create(f"salesOrder/{sale}/!transform/invoice", {})
    payment = netsuite.create(f"invoice/{invoice}/!transform/customerPayment", {"payment": 60})
    assert netsuite.read("customerPayment", payment)["unapplied"] == 10.0
    assert status(netsuite, "invoice", invoice) == "B"

    method = netsuite.account["refund_methods"]["manual"]
    body = {"account": {"id": method["account_id"]}, "paymentOption": {"id": method["payment_option_id"]}}
    number = netsuite.create(f"customerPayment/{payment}/!transform/customerRefund", body)

    assert netsuite.read("customerRefund", number)["total"] == 10.0
    assert netsuite.read("customerPayment", payment)["unapplied"] == 0.0


def test_a_saved_credit_may_come_to_more_than_its_form_showed(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = received(netsuite, director)
    director.post("settings", {"netsuite": {"saved_credit_adds": 0.01}})
    path = f"record/v1/returnAuthorization/{rma}/!transform/creditMemo"

    form = netsuite.call("POST", path, body={}, Accept="application/vnd.oracle.resource+json; type=create-form")
    memo = netsuite.read("creditMemo", credit(netsuite, rma))

    assert memo["total"] == pytest.approx(form.json()["total"] + 0.01)

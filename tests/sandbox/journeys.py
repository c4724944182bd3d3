"""The steps of a return in NetSuite, as the tests repeat them."""

from typing import Any

from tests.sandbox.strangers import Json, NetSuiteStranger


def authorize(netsuite: NetSuiteStranger, made: Json, *, external_id: str = "loop-t-ra", **body: Any) -> str:
    """An RMA for every line of the bill; lines at the holding location."""
    bill_type = "cashSale" if "cash_sale_id" in made["netsuite"] else "invoice"
    bill_id = made["netsuite"].get("invoice_id") or made["netsuite"]["cash_sale_id"]
    wanted = {unit["provider_line_item_id"] for unit in made["units"]}
    rows = [
        {"orderLine": line["line"], "location": {"id": netsuite.account["locations"]["holding"]}}
        for line in netsuite.read(bill_type, bill_id)["item"]["items"]
        if line["custcol_shopify_line_id"] in wanted
    ]
    content = {"externalId": external_id, "orderStatus": {"id": "B"}, "item": {"items": rows}}
    path = f"{bill_type}/{bill_id}/!transform/returnAuthorization?replace=item"
    return netsuite.create(path, content | body)


def lines_of(netsuite: NetSuiteStranger, record_type: str, identity: str) -> list[Json]:
    found: list[Json] = netsuite.read(record_type, identity)["item"]["items"]
    return found


def receipt_row(line: int, *, quantity: int = 1, location: str | None = None) -> Json:
    row: Json = {"orderLine": line, "itemReceive": True, "quantity": quantity}
    return row | ({"location": {"id": location}} if location else {})


def receive(netsuite: NetSuiteStranger, rma: str, *rows: Json, external_id: str = "loop-t-ir") -> str:
    body = {"externalId": external_id, "item": {"items": list(rows)}}
    return netsuite.create(f"returnAuthorization/{rma}/!transform/itemReceipt?replace=item", body)


def credit(netsuite: NetSuiteStranger, rma: str, *, external_id: str = "loop-t-cm", **body: Any) -> str:
    content = {"externalId": external_id, "autoApply": False} | body
    return netsuite.create(f"returnAuthorization/{rma}/!transform/creditMemo", content)


def refund(netsuite: NetSuiteStranger, credit_id: str, *, amount: float, **body: Any) -> Json:
    """The body of a customer refund of one credit."""
    method = netsuite.account["refund_methods"]["shopify_payments"]
    customer = netsuite.read("creditMemo", credit_id)["entity"]["id"]
    content: Json = {
        "externalId": "loop-t-cr",
        "customer": {"id": customer},
        "account": {"id": method["account_id"]},
        "paymentOption": {"id": method["payment_option_id"]},
        "handlingMode": "SAVE_ONLY",
        "apply": {"items": [{"doc": {"id": credit_id}, "line": 1, "apply": True, "amount": amount}]},
    }
    return content | body


def status(netsuite: NetSuiteStranger, record_type: str, identity: str) -> str:
    return str(netsuite.read(record_type, identity)["status"]["id"])


def sell(netsuite: NetSuiteStranger, *rows: Json, **body: object) -> str:
    """An approved order of a new customer."""
    customer = netsuite.create("customer", {"companyName": "Tern Ltd"})
    return netsuite.create("salesOrder", {"entity": {"id": customer}, "item": {"items": list(rows)}} | body)

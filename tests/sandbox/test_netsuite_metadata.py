"""Forms, select options and the metadata catalogue (netsuite.md 2.7 and 2.8)."""

import pytest

from tests.sandbox.journeys import authorize, receipt_row, receive, status
from tests.sandbox.strangers import Director, Json, NetSuiteStranger

FORM = "application/vnd.oracle.resource+json; type={}"
CATALOG = "record/v1/metadata-catalog"


def schema_of(netsuite: NetSuiteStranger, record_type: str) -> Json:
    answer = netsuite.call("GET", f"{CATALOG}/{record_type}", Accept="application/schema+json")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/schema+json"
    found: Json = answer.json()
    return found


def form_of(
    netsuite: NetSuiteStranger, path: str, *, body: Json | None = None, kind: str = "create-form", method: str = "POST"
) -> Json:
    answer = netsuite.call(method, f"record/v1/{path}", body=body or {}, Accept=FORM.format(kind))
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == FORM.format(kind)
    found: Json = answer.json()
    return found


def test_a_form_of_a_transform_shows_the_keys_and_saves_nothing(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    receive(netsuite, rma, receipt_row(1))
    before = len(director.books(account)["transactions"])

    folded = form_of(netsuite, f"returnAuthorization/{rma}/!transform/creditMemo")
    form = form_of(netsuite, f"returnAuthorization/{rma}/!transform/creditMemo?expand=item,apply", body={"memo": "m"})

    assert folded["item"].keys() == {"links"}
    assert "id" not in form
    assert form["memo"] == "m"
    assert form["item"]["items"][0]["orderLine"] == 1
    assert "items" in form["apply"]
    assert form["links"][0]["rel"] == "create"
    assert form["links"][0]["href"].endswith(f"/returnAuthorization/{rma}/!transform/creditMemo")
    assert len(director.books(account)["transactions"]) == before


def test_a_form_of_a_new_record_has_its_defaults(netsuite: NetSuiteStranger) -> None:
    form = form_of(netsuite, "returnAuthorization?fields=orderStatus,tranDate")

    assert form["orderStatus"]["id"] == "B"
    assert form.keys() == {"links", "orderStatus", "tranDate"}


def test_a_form_of_a_change_saves_nothing(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"))

    form = form_of(netsuite, f"returnAuthorization/{rma}", body={"memo": "m"}, kind="edit-form", method="PATCH")

    assert (form["id"], form["memo"]) == (rma, "m")
    assert "memo" not in netsuite.read("returnAuthorization", rma)


def test_forms_are_a_matter_of_the_release(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    director.post("settings", {"netsuite.create_form": False})

    path = f"record/v1/returnAuthorization/{rma}/!transform/itemReceipt"
    answer = netsuite.call("POST", path, body={}, Accept=FORM.format("create-form"))

    assert answer.status_code == 400
    assert status(netsuite, "returnAuthorization", rma) == "B"


def test_select_options_are_listed_for_the_fields_asked_for(netsuite: NetSuiteStranger, account: Json) -> None:
    form = form_of(netsuite, "returnAuthorization?fields=location,orderStatus,item.location", kind="select-options")

    assert account["locations"]["holding"] in [one["id"] for one in form["location"]["items"]]
    assert [one["id"] for one in form["orderStatus"]["items"]] == ["A", "B"]
    assert form["item"]["location"]["totalResults"] == 3
    bare = netsuite.call("POST", "record/v1/returnAuthorization", body={}, Accept=FORM.format("select-options"))
    assert bare.status_code == 400


def test_the_catalogue_lists_record_types_with_their_forms(netsuite: NetSuiteStranger) -> None:
    listed = netsuite.call("GET", CATALOG).json()["items"]
    chosen = netsuite.call("GET", f"{CATALOG}?select=customer,SALESORDER").json()["items"]

    assert {"salesOrder", "returnAuthorization", "inventoryItem"} <= {one["name"] for one in listed}
    assert sorted(one["name"] for one in chosen) == ["customer", "salesOrder"]
    links = {(link["rel"], link.get("mediaType")) for link in chosen[0]["links"]}
    assert ("alternate", "application/swagger+json") in links


def test_the_schema_tells_types_customs_and_filters(netsuite: NetSuiteStranger) -> None:
    schema = schema_of(netsuite, "returnauthorization")

    properties = schema["properties"]
    assert properties["tranDate"]["format"] == "date"
    assert properties["status"]["readOnly"] is True
    assert properties["orderStatus"]["properties"]["id"]["enum"] == ["A", "B"]
    assert properties["entity"]["properties"]["externalId"]["type"] == "string"
    assert properties["custbody_loop_return"]["x-ns-custom-field"] is True
    assert "custcol_return_reason" in properties["item"]["properties"]["items"]["items"]["properties"]
    assert "tranId" in schema["x-ns-filterable"]
    assert "item" not in schema["x-ns-filterable"]


@pytest.mark.parametrize(("restock", "is_there"), [("rejected", False), ("accepted", True), ("ignored", True)])
def test_the_schema_shows_restock_where_the_account_has_it(
    netsuite: NetSuiteStranger, director: Director, restock: str, is_there: bool
) -> None:
    director.post("settings", {"netsuite.restock": restock})

    rows = schema_of(netsuite, "itemReceipt")["properties"]["item"]["properties"]["items"]["items"]["properties"]

    assert ("restock" in rows) == is_there


def test_what_can_be_filtered_is_listed_and_can_be_filtered(netsuite: NetSuiteStranger) -> None:
    for record_type in ("salesOrder", "customer", "inventoryItem"):
        for name in schema_of(netsuite, record_type)["x-ns-filterable"]:
            answer = netsuite.call("GET", f"record/v1/{record_type}?q={name} EMPTY")
            assert answer.status_code == 200, (record_type, name, answer.text)


def test_openapi_names_the_paths_and_transforms(netsuite: NetSuiteStranger) -> None:
    accept = "application/swagger+json"
    answer = netsuite.call("GET", f"{CATALOG}?select=returnAuthorization", Accept=accept).json()

    assert answer["openapi"].startswith("3.0")
    assert "post" in answer["paths"]["/returnAuthorization/{id}/!transform/itemReceipt"]
    assert "tranDate" in answer["components"]["schemas"]["returnAuthorization"]["properties"]


def test_an_unknown_record_type_is_not_found(netsuite: NetSuiteStranger) -> None:
    assert netsuite.call("GET", f"{CATALOG}/nothing").status_code == 404
    assert netsuite.call("GET", "record/v1/nothing").status_code == 404
    assert netsuite.call("GET", f"{CATALOG}/nsLink").status_code == 200


def test_a_list_has_select_options_too(netsuite: NetSuiteStranger, account: Json) -> None:
    form = form_of(netsuite, "customer?fields=subsidiary,currency", kind="select-options")

    assert account["subsidiary_id"] in [one["id"] for one in form["subsidiary"]["items"]]
    assert account["currency_id"] in [one["id"] for one in form["currency"]["items"]]


def test_a_form_of_a_list_is_refused_and_saves_nothing(netsuite: NetSuiteStranger) -> None:
    body = {"entityId": "C-new", "isPerson": True}

    answer = netsuite.call("POST", "record/v1/customer", body=body, Accept=FORM.format("create-form"))

    assert answer.status_code == 400
    assert netsuite.query("SELECT id FROM customer WHERE entityid = 'C-new'") == []


@pytest.mark.parametrize(
    ("settings", "here", "away"),
    [
        ({"refund_method_field": "paymentOption"}, "paymentOption", "paymentMethod"),
        ({"refund_method_field": "paymentMethod"}, "paymentMethod", "paymentOption"),
        ({"tax_engine": "suitetax"}, "taxDetails", ""),
        ({"tax_engine": "legacy"}, "", "taxDetails"),
        ({"oneworld": True}, "subsidiary", ""),
        ({"oneworld": False}, "", "subsidiary"),
    ],
)
def test_the_schema_follows_the_features_of_the_account(
    netsuite: NetSuiteStranger, director: Director, settings: Json, here: str, away: str
) -> None:
    director.post("settings", {"netsuite": settings})

    properties = schema_of(netsuite, "cashRefund")["properties"]

    assert not here or here in properties
    assert not away or away not in properties
    if away:
        answer = netsuite.call("POST", "record/v1/cashRefund", body={away: {"id": "1"}})
        assert f"'{away.lower()}'" in answer.text


def test_suitetax_shows_tax_in_a_sublist_of_its_own(netsuite: NetSuiteStranger, director: Director) -> None:
    director.post("settings", {"netsuite.tax_engine": "suitetax"})
    invoice = director.make_return("refund")["netsuite"]["invoice_id"]

    shown = netsuite.read("invoice", invoice)

    line, tax = shown["item"]["items"][0], shown["taxDetails"]["items"][0]
    assert line["taxDetailsReference"] == tax["taxDetailsReference"]
    assert tax["taxAmount"] == line["taxAmount"]
    assert "taxRate1" not in line

"""Collections, their filters and pages, sublists and chosen fields (netsuite.md 2.1 to 2.4)."""

import pytest

from tests.sandbox.journeys import authorize, receipt_row, receive
from tests.sandbox.strangers import Director, Json, NetSuiteStranger
from tests.sandbox.strangers_netsuite import found, pages_of

ORDERS = 5


@pytest.fixture
def orders(netsuite: NetSuiteStranger, director: Director) -> list[str]:
    """Sales orders, oldest first; memo and reference tell them apart."""
    made = [director.make_return("refund")["netsuite"]["sales_order_id"] for _ in range(ORDERS)]
    for number, order in enumerate(made):
        netsuite.call("PATCH", f"record/v1/salesOrder/{order}", body={"memo": f"Order 10% no {number}"})
    return [str(one) for one in made]


def test_pages_are_linked_to_the_end(netsuite: NetSuiteStranger, orders: list[str]) -> None:
    pages = list(pages_of(netsuite, "salesOrder?limit=2&offset=0"))

    assert [item["id"] for page in pages for item in page["items"]] == orders
    assert [page["hasMore"] for page in pages] == [True, True, False]
    assert {page["totalResults"] for page in pages} == {ORDERS}
    middle = {one["rel"]: one["href"].split("?")[1] for one in pages[1]["links"]}
    assert middle == {
        "next": "limit=2&offset=4",
        "last": "limit=2&offset=4",
        "first": "limit=2&offset=0",
        "prev": "limit=2&offset=0",
        "self": "limit=2&offset=2",
    }


@pytest.mark.parametrize("page", ["limit=1001", "limit=0", "limit=2&offset=3", "offset=x"])
def test_pages_out_of_bounds_are_refused(netsuite: NetSuiteStranger, page: str) -> None:
    answer = netsuite.call("GET", f"record/v1/salesOrder?{page}")

    assert answer.status_code == 400
    assert answer.json()["o:errorDetails"][0]["o:errorQueryParam"] in ("limit", "offset")


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ('memo IS "order 10% no 1"', [1]),
        ('memo IS_NOT "Order 10% no 1"', [0, 2, 3, 4]),
        ('memo CONTAIN "10% no"', [0, 1, 2, 3, 4]),
        ('memo CONTAIN "1%%no"', []),
        ("memo START_WITH Order AND memo END_WITH 3", [3]),
        ('memo END_WITH "2" OR memo END_WITH "4"', [2, 4]),
        ('(memo END_WITH "2" OR memo END_WITH "4") AND memo END_WITH "4"', [4]),
        ('memo END_WITH "2" OR memo END_WITH "4" AND memo END_WITH "4"', [2, 4]),
        ('memo ANY_OF ["Order 10% no 0", "Order 10% no 4"]', [0, 4]),
        ("createdFrom EMPTY", [0, 1, 2, 3, 4]),
        ("createdFrom EMPTY_NOT", []),
        ("total GREATER 0", [0, 1, 2, 3, 4]),
        ("total GREATER_NOT 0", []),
        ("total BETWEEN [-5, 0]", []),
        ("tranDate AFTER 1/1/2020", [0, 1, 2, 3, 4]),
        ("tranDate ON_OR_BEFORE 12/31/2019", []),
        ("MEMO IS 'x'", []),
    ],
)
def test_filters_find_by_the_type_of_the_field(
    netsuite: NetSuiteStranger, orders: list[str], query: str, wanted: list[int]
) -> None:
    assert found(netsuite, "salesOrder", query) == [orders[number] for number in wanted]


def test_ids_are_filtered_as_numbers(netsuite: NetSuiteStranger, orders: list[str]) -> None:
    assert found(netsuite, "salesOrder", f"id ANY_OF [{orders[1]}, {orders[3]}]") == [orders[1], orders[3]]
    entity = netsuite.read("salesOrder", orders[2])["entity"]["id"]
    assert orders[2] in found(netsuite, "salesorder", f"entity EQUAL {entity}")


@pytest.mark.parametrize(
    "query",
    [
        "nothing IS 1",
        "memo GREATER 3",
        "memo IS",
        "memo IS x y",
        "(memo IS x",
        "memo IS x)",
        "tranDate ON 2026-05-31",
        "total EQUAL many",
        "total BETWEEN [1]",
        "id ANY_OF [1, 2",
        "item IS 1",
        "memo",
        "(" * 200,
    ],
)
def test_filters_nobody_understands_are_refused(netsuite: NetSuiteStranger, query: str) -> None:
    answer = netsuite.call("GET", f"record/v1/salesOrder?q={query}")

    assert answer.status_code == 400, answer.text
    assert answer.json()["o:errorDetails"][0]["o:errorQueryParam"] == "q"


def test_lists_are_filtered_too(netsuite: NetSuiteStranger, orders: list[str]) -> None:
    (item,) = found(netsuite, "inventoryItem", 'itemId IS "PIKE-41"')

    assert netsuite.read("inventoryItem", item)["itemId"] == "PIKE-41"
    assert len(found(netsuite, "customer", "isInactive IS false")) == ORDERS
    assert found(netsuite, "location", "name START_WITH returns AND makeInventoryAvailable IS true") == []


def test_a_sublist_is_a_collection_of_links_and_its_rows_have_addresses(
    netsuite: NetSuiteStranger, director: Director
) -> None:
    order = director.make_return("refund", units=2)["netsuite"]["sales_order_id"]
    path = f"record/v1/salesOrder/{order}/item"

    rows = netsuite.call("GET", path).json()
    first = netsuite.call("GET", f"{path}/1").json()

    assert rows["totalResults"] == rows["count"] == len(rows["items"]) >= 2
    assert rows["items"][0] == {"links": first["links"]}
    assert first["line"] == 1
    assert netsuite.call("GET", f"{path}/99").status_code == 404
    assert netsuite.call("GET", f"record/v1/salesOrder/{order}/nothing").status_code == 404
    assert netsuite.call("GET", f"{path}?limit=1&offset=1").json()["items"] == [rows["items"][1]]


def test_only_the_chosen_fields_are_shown(netsuite: NetSuiteStranger, orders: list[str]) -> None:
    path = f"record/v1/salesOrder/{orders[0]}"

    chosen = netsuite.call("GET", f"{path}?fields=memo,ITEM").json()
    everything = netsuite.call("GET", f"{path}?fields=memo&expandSubResources=true").json()
    expanded = netsuite.call("GET", f"{path}?expand=item").json()

    assert chosen.keys() == {"links", "id", "memo", "item"}
    assert chosen["item"].keys() == {"links"}
    assert "total" in everything  # `fields` is ignored beside expandSubResources
    assert expanded["item"]["items"][0]["line"] == 1


def test_enumerations_are_simple_on_request_and_references_are_not(
    netsuite: NetSuiteStranger, orders: list[str]
) -> None:
    path = f"record/v1/salesOrder/{orders[0]}?simpleEnumFormat=true"

    shown = netsuite.call("GET", path).json()

    assert shown["status"] in "BDEFG"
    assert shown["entity"]["refName"]
    assert shown["entity"]["links"]


@pytest.mark.parametrize("value", ["B", {"id": "B"}, {"refName": "Pending Receipt"}])
def test_enumerations_are_written_in_three_forms(
    netsuite: NetSuiteStranger, director: Director, value: str | Json
) -> None:
    rma = authorize(netsuite, director.make_return("refund"), orderStatus="A")
    assert netsuite.read("returnAuthorization", rma)["status"]["id"] == "A"

    answer = netsuite.call("PATCH", f"record/v1/returnAuthorization/{rma}", body={"orderStatus": value})

    assert answer.status_code == 204, answer.text
    assert netsuite.read("returnAuthorization", rma)["status"] == {"id": "B", "refName": "Pending Receipt"}


def test_record_types_and_names_are_known_in_any_case(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    path = f"record/v1/RETURNAUTHORIZATION/{rma}/!transform/itemreceipt"
    row = {"ORDERLINE": 1, "itemreceive": True, "Quantity": 1}

    answer = netsuite.call("POST", path, body={"ITEM": {"Items": [row]}, "Memo": "any case"})

    assert answer.status_code == 204, answer.text
    receipt = answer.headers["Location"].rsplit("/", 1)[-1]
    assert netsuite.read("itemReceipt", receipt)["memo"] == "any case"


def test_line_breaks_are_kept_only_when_escaped_twice(netsuite: NetSuiteStranger, orders: list[str]) -> None:
    netsuite.call("PATCH", f"record/v1/salesOrder/{orders[0]}", body={"memo": "a\\nb\nc"})

    assert netsuite.read("salesOrder", orders[0])["memo"] == "a\nbc"


def test_an_upsert_creates_once_and_then_changes(netsuite: NetSuiteStranger, director: Director) -> None:
    made = director.make_return("refund")
    shown = netsuite.read("salesOrder", made["netsuite"]["sales_order_id"])
    row = {"item": {"id": shown["item"]["items"][0]["item"]["id"]}, "quantity": 1}
    body = {"entity": {"id": shown["entity"]["id"]}, "memo": "one", "item": {"items": [row]}}

    first = netsuite.call("PUT", "record/v1/salesOrder/eid:loop-t-so", body=body)
    second = netsuite.call("PUT", "record/v1/salesOrder/eid:LOOP-t-so", body={"memo": "two"})

    assert (first.status_code, second.status_code) == (204, 204), second.text
    assert first.headers["Location"] == second.headers["Location"]
    kept = netsuite.read("salesOrder", "eid:loop-t-so")
    assert (kept["memo"], kept["item"]["totalResults"]) == ("two", 1)


@pytest.mark.parametrize(("lines", "left"), [("merge", 2), ("replace", 1)])
def test_what_an_upsert_does_to_lines_is_a_switch(
    netsuite: NetSuiteStranger, director: Director, lines: str, left: int
) -> None:
    director.post("settings", {"netsuite.put_lines": lines})
    shown = netsuite.read("salesOrder", director.make_return("refund")["netsuite"]["sales_order_id"])
    row = {"item": {"id": shown["item"]["items"][0]["item"]["id"]}, "quantity": 1}
    body = {"entity": {"id": shown["entity"]["id"]}, "item": {"items": [row]}}

    for _ in range(2):
        assert netsuite.call("PUT", "record/v1/salesOrder/eid:loop-t-so", body=body).status_code == 204

    assert netsuite.read("salesOrder", "eid:loop-t-so")["item"]["totalResults"] == left


def test_an_upsert_wants_an_external_id_and_no_transform(netsuite: NetSuiteStranger, orders: list[str]) -> None:
    path = f"record/v1/salesOrder/{orders[0]}"

    assert netsuite.call("PUT", path, body={"memo": "x"}).status_code == 405
    assert netsuite.call("PUT", f"{path}/!transform/invoice", body={}).status_code == 405


def test_nulls_clear_all_or_only_what_is_selected(netsuite: NetSuiteStranger, orders: list[str]) -> None:
    path = f"record/v1/salesOrder/{orders[0]}"
    netsuite.call("PATCH", path, body={"memo": "m", "otherRefNum": "r"})

    nulls = {"memo": None, "otherRefNum": None}
    netsuite.call("PATCH", f"{path}?replace=memo&replaceSelectedFields=true", body=nulls)
    half = netsuite.read("salesOrder", orders[0])
    netsuite.call("PATCH", path, body=nulls)
    none = netsuite.read("salesOrder", orders[0])

    assert ("memo" in half, half.get("otherRefNum")) == (False, "r")
    assert "otherRefNum" not in none


@pytest.mark.parametrize(("mode", "status"), [("Error", 400), ("Warning", 204), ("Ignore", 204)])
def test_values_of_a_wrong_form_are_refused_or_dropped_as_asked(
    netsuite: NetSuiteStranger, orders: list[str], mode: str, status: int
) -> None:
    path = f"record/v1/salesOrder/{orders[0]}"
    headers = {"X-NetSuite-PropertyValueValidation": mode}

    answer = netsuite.call("PATCH", path, body={"tranDate": "tomorrow", "memo": "kept"}, **headers)

    assert answer.status_code == status, answer.text
    assert ("Warning" in answer.headers) == (mode == "Warning")
    assert (netsuite.read("salesOrder", orders[0])["memo"] == "kept") == (status == 204)


@pytest.mark.parametrize("mode", ["Error", "Warning", "Ignore"])
def test_unknown_ids_are_refused_in_every_mode(netsuite: NetSuiteStranger, orders: list[str], mode: str) -> None:
    row = {"item": {"id": "99999999"}, "quantity": 1}
    headers = {"X-NetSuite-PropertyValueValidation": mode}

    answer = netsuite.call("PATCH", f"record/v1/salesOrder/{orders[0]}", body={"item": {"items": [row]}}, **headers)

    (detail,) = answer.json()["o:errorDetails"]
    assert detail["o:errorCode"] == "INVALID_CONTENT"
    assert detail["o:errorPath"] == "item.items[0].item"
    assert "Invalid Field Value 99999999" in detail["detail"]


def test_rows_of_an_application_can_only_be_matched(netsuite: NetSuiteStranger, director: Director) -> None:
    made = director.make_return("refund")
    invoice = made["netsuite"]["invoice_id"]
    rma = authorize(netsuite, made)
    receive(netsuite, rma, receipt_row(1))
    path = f"returnAuthorization/{rma}/!transform/creditMemo"
    row = {"doc": {"id": invoice}, "line": 0, "apply": True, "amount": 1}

    words = netsuite.refusal(path, {"autoApply": False, "apply": {"items": [row | {"refNum": "INV1"}]}})
    assert "sublist operation" in words.lower()


def test_line_numbers_may_have_gaps(netsuite: NetSuiteStranger, director: Director) -> None:
    director.post("settings", {"netsuite.line_step": 3})
    made = director.make_return("refund", units=3)

    rma = authorize(netsuite, made)
    receive(netsuite, rma, receipt_row(1), receipt_row(7))

    lines = netsuite.read("returnAuthorization", rma)["item"]["items"]
    assert [(line["line"], line["quantityReceived"]) for line in lines] == [(1, 1.0), (4, 0.0), (7, 1.0)]
    assert netsuite.call("GET", f"record/v1/returnAuthorization/{rma}/item/2").status_code == 404


def test_what_lies_in_a_shut_period_may_be_unreadable(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    made = director.make_return("refund")
    rma = authorize(netsuite, made)
    receipt = receive(netsuite, rma, receipt_row(1))
    director.act(account, "close_period")
    assert netsuite.read("itemReceipt", receipt)["id"] == receipt

    director.post("settings", {"netsuite.closed_unreadable": True})

    answer = netsuite.call("GET", f"record/v1/itemReceipt/{receipt}")
    assert (answer.status_code, "has been closed" in answer.text) == (400, True)
    assert netsuite.read("returnAuthorization", rma)["id"] == rma
    assert netsuite.query("SELECT id FROM transaction WHERE id = ?", receipt) == [{"id": receipt}]

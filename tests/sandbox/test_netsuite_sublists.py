"""How rows of a request meet the rows that are there (netsuite.md 2.4)."""

from typing import Any

import pytest

from tests.sandbox.journeys import authorize
from tests.sandbox.strangers import Director, Json, NetSuiteStranger

Rows = list[tuple[int, float]]


@pytest.fixture
def rma(netsuite: NetSuiteStranger, director: Director) -> str:
    """Lines 1, 2 and 3, one unit each."""
    return authorize(netsuite, director.make_return("refund", units=3))


def rows_of(netsuite: NetSuiteStranger, record_type: str, identity: str) -> Rows:
    """Line number and amount of each row."""
    shown = netsuite.read(record_type, identity)["item"]["items"]
    return [(row["line"], row["amount"]) for row in shown]


def fee(account: Json, *, amount: float = 5, **more: Any) -> Json:
    return {"item": {"id": account["items"]["fee"]}, "quantity": 1, "amount": amount, **more}


def patch(netsuite: NetSuiteStranger, rma: str, *rows: Json, replace: str = "") -> None:
    path = f"record/v1/returnAuthorization/{rma}{replace}"
    answer = netsuite.call("PATCH", path, body={"item": {"items": list(rows)}})
    assert answer.status_code == 204, answer.text


def test_a_patch_changes_the_matched_keeps_the_rest_and_adds_the_others(
    netsuite: NetSuiteStranger, rma: str, account: Json
) -> None:
    before = rows_of(netsuite, "returnAuthorization", rma)

    patch(netsuite, rma, {"line": 2, "amount": 7.5}, fee(account), fee(account, amount=6, line=9))

    assert rows_of(netsuite, "returnAuthorization", rma) == [before[0], (2, 7.5), before[2], (4, 5.0), (5, 6.0)]


def test_a_patch_that_replaces_leaves_what_it_carries(netsuite: NetSuiteStranger, rma: str, account: Json) -> None:
    patch(netsuite, rma, {"line": 3, "amount": 7.5}, fee(account), replace="?replace=item")

    assert rows_of(netsuite, "returnAuthorization", rma) == [(3, 7.5), (4, 5.0)]


def test_a_line_given_twice_or_one_nobody_knows_is_refused(netsuite: NetSuiteStranger, rma: str) -> None:
    path = f"returnAuthorization/{rma}"
    twice = {"item": {"items": [{"line": 1, "amount": 1}, {"line": 1, "amount": 2}]}}
    unknown = {"item": {"items": [{"line": 44, "amount": 1}]}}

    assert "given twice" in netsuite.refusal(path, twice, method="PATCH")
    assert "Invalid Field Value 44" in netsuite.refusal(path, unknown, method="PATCH")


@pytest.mark.parametrize("nothing", [None, {"items": None}, {"items": []}])
def test_emptying_a_mandatory_sublist_is_refused(netsuite: NetSuiteStranger, rma: str, nothing: Json | None) -> None:
    words = netsuite.refusal(f"returnAuthorization/{rma}", {"item": nothing}, method="PATCH")

    assert "at least one valid line item" in words
    assert len(rows_of(netsuite, "returnAuthorization", rma)) == 3


def test_a_transform_copies_all_lines_unless_it_replaces_them(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    invoice = director.make_return("refund", units=3)["netsuite"]["invoice_id"]
    path = f"invoice/{invoice}/!transform/returnAuthorization"
    (first, *rest) = rows_of(netsuite, "invoice", invoice)
    rows = {"item": {"items": [{"orderLine": 1, "amount": 1.0}, fee(account)]}}

    merged = netsuite.create(path, rows | {"externalId": "loop-t-1"})
    replaced = netsuite.create(f"{path}?replace=item", rows | {"externalId": "loop-t-2"})

    assert [amount for _, amount in rows_of(netsuite, "returnAuthorization", merged)] == [
        1.0,
        *(amount for _, amount in rest),
        5.0,
    ]
    assert sorted(amount for _, amount in rows_of(netsuite, "returnAuthorization", replaced)) == [1.0, 5.0]
    assert first[1] != 1.0


def test_rows_of_an_application_are_there_already(
    netsuite: NetSuiteStranger, director: Director, account: Json
) -> None:
    """They are matched by `doc`; what is no open invoice cannot be added."""
    made = director.make_return("refund")
    order = made["netsuite"]["sales_order_id"]
    body = {"entity": {"id": netsuite.read("salesOrder", order)["entity"]["id"]}, "item": {"items": [fee(account)]}}
    row = {"doc": {"id": order}, "line": 0, "apply": True, "amount": 1}

    answer = netsuite.call("POST", "record/v1/creditMemo", body=body | {"apply": {"items": [row]}})

    assert answer.status_code == 400, answer.text

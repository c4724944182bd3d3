"""Queries on the wire: what is asked, page after page, and what an account may not know."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import responses

from integrations.errors import RejectedError, UnreadableRecordError
from integrations.netsuite.assertion import ClientCredentials
from integrations.netsuite.auth import TokenSource
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.options import AccountOptions, StockTable
from integrations.netsuite.query_calls import PAGE_SIZE_MAX, ROWS_MAX

BASE = "https://acct.example.com"
SUITEQL = f"{BASE}/services/rest/query/v1/suiteql"
RECORDS = f"{BASE}/services/rest/record/v1"
SINCE = datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
ROW = {"id": "7", "type": "RtnAuth", "status": "B", "lastmod": "2026-11-21T23:30:00"}


def page(*rows: dict[str, Any], has_more: bool = False) -> dict[str, Any]:
    return {"items": list(rows), "hasMore": has_more}


def unknown(column: str) -> dict[str, Any]:
    text = f"Search error occurred: Unknown identifier '{column}'. Available identifiers are: {{t=t}}."
    return {"title": "x", "o:errorDetails": [{"o:errorCode": "INVALID_PARAMETER", "detail": text}]}


def asked(call: responses.Call) -> Any:
    return json.loads(call.request.body or "null")


def test_changed_at_the_very_moment_counts(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    wire.post(SUITEQL, json=page(ROW))

    (ref,) = netsuite.changed_since(SINCE, ["returnAuthorization"])

    assert ref.last_modified == SINCE
    assert "t.lastmodifieddate >= TO_DATE(?" in asked(wire.calls[1])["q"]
    assert asked(wire.calls[1])["params"] == ["RtnAuth", "2026-11-21 23:30:00", "0"]


def test_pages_go_on_after_the_last_id_and_end(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    full = [ROW | {"id": str(number)} for number in range(1, PAGE_SIZE_MAX + 1)]
    wire.post(SUITEQL, json=page(*full, has_more=True))
    wire.post(SUITEQL, json=page())

    refs = netsuite.changed_since(SINCE, ["returnAuthorization"])

    assert len(refs) == PAGE_SIZE_MAX
    assert asked(wire.calls[2])["params"][-1] == str(PAGE_SIZE_MAX)
    assert len(wire.calls) == 3


def test_changes_without_end_are_given_up(
    wire: responses.RequestsMock, netsuite: NetSuiteClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.netsuite.query_calls.ROWS_MAX", 2)
    wire.post(SUITEQL, json=page(ROW, has_more=True))

    with pytest.raises(RejectedError, match="more than 2 rows"):
        netsuite.changed_since(SINCE, ["returnAuthorization"])
    assert ROWS_MAX == 100_000


def test_no_types_ask_nothing(netsuite: NetSuiteClient, wire: responses.RequestsMock) -> None:
    wire.assert_all_requests_are_fired = False

    assert netsuite.changed_since(SINCE, []) == []


def test_column_the_account_does_not_know_is_left_out_from_then_on(
    wire: responses.RequestsMock, netsuite: NetSuiteClient
) -> None:
    wire.post(SUITEQL, status=400, json=unknown("source"))
    wire.post(SUITEQL, json=page(ROW | {"createdby": "12"}))
    wire.post(SUITEQL, json=page())

    (ref,) = netsuite.statuses_of(["7"])
    netsuite.statuses_of(["8"])

    first, second, third = (asked(call)["q"] for call in wire.calls[1:])
    assert (ref.created_by, ref.source) == ("12", None)
    assert "t.source" in first
    assert "t.source" not in second + third
    assert "t.createdby" in third


def test_column_we_cannot_do_without_is_a_refusal(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    wire.post(SUITEQL, status=400, json=unknown("lastmodifieddate"))

    with pytest.raises(RejectedError):
        netsuite.statuses_of(["7"])


def test_deletions_of_the_types_asked_for_are_told(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    rows = [
        {"recordid": "7", "type": "RtnAuth", "deleteddate": "2026-11-21T23:31:00"},
        {"recordid": "7", "type": "Customer", "deleteddate": "2026-11-21T23:32:00"},
        {"recordid": "8", "type": "Credit Memo", "deleteddate": "2026-11-21T23:33:00"},
    ]
    wire.post(SUITEQL, json=page(*rows))

    found = netsuite.deletions_since(SINCE, ["returnAuthorization", "creditMemo"])

    assert found is not None
    assert [(one.record_type, one.internal_id) for one in found] == [("returnAuthorization", "7"), ("creditMemo", "8")]
    assert found[0].deleted_at == datetime(2026, 11, 22, 7, 31, tzinfo=UTC)
    assert asked(wire.calls[1])["params"] == ["2026-11-21 23:30:00"]


@pytest.mark.parametrize(
    "text",
    [
        "Search error occurred: Record 'deletedrecord' was not found.",
        "Permission Violation: You need the 'Deleted Records' permission to access this page.",
    ],
)
def test_deletions_we_may_not_read_are_not_taken_for_none(
    wire: responses.RequestsMock, netsuite: NetSuiteClient, text: str
) -> None:
    body = {"title": "x", "o:errorDetails": [{"o:errorCode": "INVALID_PARAMETER", "detail": text}]}
    wire.post(SUITEQL, status=400, json=body)

    assert netsuite.deletions_since(SINCE, ["returnAuthorization"]) is None


@pytest.mark.parametrize("field", ["upccode", "externalid", "custitem_shop_sku"])
def test_items_are_looked_up_in_the_account_s_field(
    wire: responses.RequestsMock, credentials: ClientCredentials, field: str
) -> None:
    wire.post(f"{BASE}/services/rest/auth/oauth2/v1/token", json={"access_token": "token-1"})
    wire.post(SUITEQL, json=page({"id": "1", "itemid": "BOOT", "isinactive": "F", "foundby": "4006"}))
    client = NetSuiteClient(BASE, TokenSource(credentials), options=AccountOptions(sku_field=field))

    (item,) = client.find_items(["4006"])

    assert (item.sku, item.found_by) == ("BOOT", "4006")
    assert f"WHERE i.{field} IN (?)" in asked(wire.calls[1])["q"]
    assert asked(wire.calls[1])["params"] == ["4006"]


@pytest.mark.parametrize(("told", "category"), [({"category": "Underwear"}, "Underwear"), ({}, "")])
def test_category_is_asked_for_where_the_account_names_its_field(
    wire: responses.RequestsMock, credentials: ClientCredentials, told: dict[str, str], category: str
) -> None:
    wire.post(f"{BASE}/services/rest/auth/oauth2/v1/token", json={"access_token": "token-1"})
    wire.post(SUITEQL, json=page({"id": "1", "itemid": "BOOT", "isinactive": "F"} | told))
    client = NetSuiteClient(BASE, TokenSource(credentials), options=AccountOptions(category_field="class"))

    (item,) = client.find_items(["BOOT"])

    assert item.category == category
    assert "BUILTIN.DF(i.class) AS category" in asked(wire.calls[1])["q"]


def test_no_category_is_told_where_no_field_is_named(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    wire.post(SUITEQL, json=page({"id": "1", "itemid": "BOOT", "isinactive": "F"}))

    (item,) = netsuite.find_items(["BOOT"])

    assert item.category is None
    assert "category" not in asked(wire.calls[1])["q"]


def test_what_can_be_sold_is_summed_over_all_places(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    wire.post(SUITEQL, json=page({"item": "501", "available": "3.0"}, {"item": "502", "available": "-2"}))

    assert netsuite.find_available(["501", "502", "503"]) == {"501": 3, "502": 0, "503": 0}
    assert "FROM inventoryitemlocations s" in asked(wire.calls[1])["q"]


def test_what_can_be_sold_at_one_place_is_asked_for_there(
    wire: responses.RequestsMock, netsuite: NetSuiteClient
) -> None:
    wire.post(SUITEQL, json=page({"item": "501", "available": "2"}))

    assert netsuite.find_available(["501"], location="14") == {"501": 2}
    query = asked(wire.calls[1])
    assert "SUM(s.quantityavailable)" in query["q"]
    assert "WHERE s.location = ? AND s.item IN (?)" in query["q"]
    assert query["params"] == ["14", "501"]


def test_stock_is_read_from_the_table_that_the_role_may_see(
    wire: responses.RequestsMock, credentials: ClientCredentials
) -> None:
    wire.post(f"{BASE}/services/rest/auth/oauth2/v1/token", json={"access_token": "token-1"})
    wire.post(SUITEQL, json=page())
    options = AccountOptions(stock_table=StockTable.BALANCE)

    NetSuiteClient(BASE, TokenSource(credentials), options=options).find_available(["501"])

    assert "FROM inventorybalance s" in asked(wire.calls[1])["q"]


@pytest.mark.parametrize("available", ["many", "NaN", "Infinity"])
def test_stock_that_is_no_number_is_not_read_as_none(
    wire: responses.RequestsMock, netsuite: NetSuiteClient, available: str
) -> None:
    wire.post(SUITEQL, json=page({"item": "501", "available": available}))

    with pytest.raises(UnreadableRecordError, match="available"):
        netsuite.find_available(["501"])


def test_record_is_found_by_our_external_id(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    wire.get(f"{RECORDS}/creditMemo/eid:loop-fern-1-cm-1", json={"id": "9", "externalId": "loop-fern-1-cm-1"})

    found = netsuite.get_by_external_id("creditMemo", "loop-fern-1-cm-1")

    assert found is not None
    assert found.internal_id == "9"
    assert "/eid:loop-fern-1-cm-1?" in str(wire.calls[1].request.url)


@pytest.mark.parametrize("external_id", ["", "A|B", "a/b", "a b", "ä"])
def test_external_id_no_path_can_hold_is_refused(credentials: ClientCredentials, external_id: str) -> None:
    client = NetSuiteClient(BASE, TokenSource(credentials))

    with pytest.raises(RejectedError, match="by a query"):
        client.get_by_external_id("creditMemo", external_id)


def test_members_of_kits_are_read_from_the_table_that_the_role_may_see(
    wire: responses.RequestsMock, netsuite: NetSuiteClient
) -> None:
    wire.post(SUITEQL, status=400, json=missing("itemmember"))
    wire.post(SUITEQL, json=page({"kit": "501", "item": "502", "quantity": "2"}, {"kit": "501", "item": "503"}))

    members = netsuite.find_members(["501"])

    assert members is not None
    assert [(one.kit_id, one.item_id, one.quantity) for one in members] == [
        ("501", "502", Decimal(2)),
        ("501", "503", Decimal(1)),
    ]
    assert "FROM kititemmember m" in asked(wire.calls[2])["q"]


def test_members_that_the_role_may_not_read_are_not_none_at_all(
    wire: responses.RequestsMock, netsuite: NetSuiteClient
) -> None:
    wire.post(SUITEQL, status=400, json=missing("itemmember"))
    wire.post(SUITEQL, status=400, json=missing("kititemmember"))

    assert netsuite.find_members(["501"]) is None


@pytest.mark.parametrize("quantity", ["some", "NaN", "Infinity"])
def test_members_that_are_no_number_are_not_read(
    wire: responses.RequestsMock, netsuite: NetSuiteClient, quantity: str
) -> None:
    wire.post(SUITEQL, json=page({"kit": "501", "item": "502", "quantity": quantity}))

    with pytest.raises(UnreadableRecordError, match="members"):
        netsuite.find_members(["501"])


def missing(table: str) -> dict[str, Any]:
    text = f"Invalid search query. Detailed unprocessed description follows. Record '{table}' was not found."
    return {"title": "x", "o:errorDetails": [{"o:errorCode": "INVALID_PARAMETER", "detail": text}]}

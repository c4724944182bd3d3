"""Sublists that come as links although they were asked for expanded."""

from typing import Any

import pytest
import responses

from integrations.errors import UnreadableRecordError
from integrations.netsuite.client import NetSuiteClient

RECORD = "https://acct.example.com/services/rest/record/v1/returnAuthorization/90211"
LINK = {"links": [{"rel": "self", "href": f"{RECORD}/item"}]}
LINE = {"line": 4, "item": {"id": "3310"}, "quantity": 1.0, "custcol_shop_line": "77"}


def record(**sublists: Any) -> dict[str, Any]:
    return {"id": "90211", "status": {"id": "B"}, **sublists}


def test_list_that_came_as_a_link_is_fetched(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    wire.get(RECORD, json=record(item=LINK))
    wire.get(f"{RECORD}/item", json={"items": [LINE], "hasMore": False, "totalResults": 1})

    found = netsuite.get_record("returnAuthorization", "90211")

    assert found is not None
    assert [(line.line, line.item_id, line.custom) for line in found.lines] == [
        (4, "3310", {"custcol_shop_line": "77"})
    ]
    assert "expandSubResources=true" in str(wire.calls[2].request.url)


def test_lines_that_came_as_links_are_fetched_one_by_one(
    wire: responses.RequestsMock, netsuite: NetSuiteClient
) -> None:
    row = {"links": [{"rel": "self", "href": f"{RECORD}/item/4"}]}
    wire.get(RECORD, json=record(item={"items": [row], "totalResults": 1}))
    wire.get(f"{RECORD}/item", json={"items": [row], "hasMore": False})
    wire.get(f"{RECORD}/item/4", json=LINE)

    found = netsuite.get_record("returnAuthorization", "90211")

    assert found is not None
    assert found.lines[0].quantity == 1


def test_long_list_is_read_to_its_end(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    wire.get(RECORD, json=record(item={"items": [LINE], "totalResults": 3}))
    wire.get(f"{RECORD}/item", json={"items": [LINE, LINE | {"line": 7}], "hasMore": True})
    wire.get(f"{RECORD}/item", json={"items": [LINE | {"line": 9}], "hasMore": False})

    found = netsuite.get_record("returnAuthorization", "90211")

    assert found is not None
    assert [line.line for line in found.lines] == [4, 7, 9]
    assert "offset=2" in str(wire.calls[3].request.url)


@pytest.mark.parametrize("href", ["https://elsewhere.example.com/other/4", "", f"{RECORD}x/item/4"])
def test_line_that_leads_elsewhere_is_not_followed(
    wire: responses.RequestsMock, netsuite: NetSuiteClient, href: str
) -> None:
    row = {"links": [{"rel": "self", "href": href}]}
    wire.get(RECORD, json=record(item={"items": [row]}))
    wire.get(f"{RECORD}/item", json={"items": [row]})

    with pytest.raises(UnreadableRecordError):
        netsuite.get_record("returnAuthorization", "90211")


def test_expanded_record_costs_one_call(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    wire.get(RECORD, json=record(item={"items": [LINE], "totalResults": 1}, apply={"items": []}))

    assert netsuite.get_record("returnAuthorization", "90211") is not None
    assert len(wire.calls) == 2

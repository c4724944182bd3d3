"""The metadata catalogue, in the forms in which a schema can be written."""

from typing import Any

import pytest
import responses

from integrations.netsuite.client import NetSuiteClient

CATALOG = "https://acct.example.com/services/rest/record/v1/metadata-catalog"
LINE = {"type": "object", "properties": {"orderLine": {"type": "integer"}, "restock": {"type": "boolean"}}}
ROWS = {"type": "object", "properties": {"items": {"type": "array", "items": LINE}}}


def receipt(item: dict[str, Any], **more: Any) -> dict[str, Any]:
    entity = {"title": "Entity", "type": "object", "x-ns-filterable": True, "nullable": True}
    return {"type": "object", "required": ["entity"], "properties": {"entity": entity, "item": item}, **more}


@pytest.mark.parametrize(
    ("root", "others"),
    [
        (receipt(ROWS), {}),
        (receipt({"$ref": "#/definitions/rows"}, definitions={"rows": ROWS}), {}),
        (
            receipt({"$ref": "/services/rest/record/v1/metadata-catalog/itemReceipt-itemCollection"}),
            {
                "itemReceipt-itemCollection": {
                    "properties": {"items": {"items": {"$ref": f"{CATALOG}/itemReceipt-itemElement"}}}
                },
                "itemReceipt-itemElement": LINE,
            },
        ),
    ],
)
def test_fields_are_told_wherever_they_are_written(
    wire: responses.RequestsMock, netsuite: NetSuiteClient, root: dict[str, Any], others: dict[str, Any]
) -> None:
    wire.get(f"{CATALOG}/itemReceipt", json=root)
    for name, schema in others.items():
        wire.get(f"{CATALOG}/{name}", json=schema)

    schema = netsuite.get_schema("itemReceipt")

    assert schema is not None
    assert schema.has("restock", sublist="item")
    assert schema.has("ORDERLINE", sublist="Item")
    assert not schema.has("restock")
    assert not schema.has("colour", sublist="item")
    entity = schema.fields["entity"]
    assert (entity.title, entity.is_required, entity.is_filterable, entity.is_nullable) == ("Entity", True, True, True)
    assert wire.calls[1].request.headers["Accept"] == "application/schema+json"


def test_custom_fields_are_marked(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    wire.get(f"{CATALOG}/salesOrder", json={"properties": {"custbody_shop": {"type": "string"}, "memo": None}})

    schema = netsuite.get_schema("salesOrder")

    assert schema is not None
    assert {name: field.is_custom for name, field in schema.fields.items()} == {"custbody_shop": True, "memo": False}


@pytest.mark.parametrize(
    ("status", "code"), [(404, "NONEXISTENT_ID"), (403, "INSUFFICIENT_PERMISSION"), (400, "INSUFFICIENT_PERMISSION")]
)
def test_record_that_is_not_shown_has_no_schema(
    wire: responses.RequestsMock, netsuite: NetSuiteClient, status: int, code: str
) -> None:
    body = {"title": "no", "o:errorDetails": [{"o:errorCode": code, "detail": "Permission Violation: no."}]}
    wire.get(f"{CATALOG}/itemReceipt", status=status, json=body)

    assert netsuite.get_schema("itemReceipt") is None


def test_catalogue_lists_record_types(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    wire.get(CATALOG, json={"items": [{"name": "salesorder"}, {"name": "invoice"}, {}]})

    assert netsuite.list_record_types() == ("salesorder", "invoice")


def test_references_that_lead_in_circles_end(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    rows = {"properties": {"items": {"items": {"$ref": "#/definitions/rows"}}}}
    wire.get(f"{CATALOG}/x", json=receipt({"$ref": "#/definitions/rows"}, definitions={"rows": rows}))

    assert netsuite.get_schema("x") is not None

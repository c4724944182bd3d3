"""The calls public client programs make, header for header: they must work but for address and credentials.

Which: an asyncio client and a Node client with signed tokens, a loader of reference data, taps that read the
metadata and then query, connectors that page with links.
"""

import json
from typing import Any

import pytest
from oauthlib.oauth1 import SIGNATURE_TYPE_AUTH_HEADER

from tests.sandbox.journeys import authorize
from tests.sandbox.strangers import Director, Json, NetSuiteStranger
from tests.sandbox.strangers_netsuite import TokenStranger


@pytest.fixture
def signer(netsuite: NetSuiteStranger) -> TokenStranger:
    return TokenStranger(netsuite.url, netsuite.account["tba"], netsuite.session)


def test_the_asyncio_client_signs_its_bodies_and_names_modes_in_lower_case(
    signer: TokenStranger, director: Director
) -> None:
    """It adds a hash of the body to the signed fields and always sends a page with its queries."""
    headers = {"Content-Type": "application/json", "X-NetSuite-PropertyNameValidation": "error"}
    hashed = signer.auth(force_include_body=True, signature_type=SIGNATURE_TYPE_AUTH_HEADER)
    order = director.make_return("refund")["netsuite"]["sales_order_id"]

    changed = signer.call("PATCH", f"record/v1/salesOrder/{order}", auth=hashed, json={"memo": "m"}, headers=headers)
    assert (changed.status_code, changed.content) == (204, b"")

    misspelt = signer.call("PATCH", f"record/v1/salesOrder/{order}", json={"memmo": "m"}, headers=headers)
    assert misspelt.status_code == 400

    query = signer.call(
        "POST",
        "query/v1/suiteql",
        params={"limit": 10, "offset": 0},
        json={"q": "SELECT id, tranid FROM transaction"},
        headers=headers | {"Prefer": "transient"},
    )
    assert order in [row["id"] for row in query.json()["items"]]


def test_the_asyncio_client_reads_schemas_and_openapi(signer: TokenStranger) -> None:
    schema = signer.call("GET", "record/v1/metadata-catalog/salesOrder", headers={"Accept": "application/schema+json"})
    openapi = signer.call(
        "GET",
        "record/v1/metadata-catalog",
        params={"select": "salesOrder,customer"},
        headers={"Accept": "application/swagger+json"},
    )

    assert "entity" in schema.json()["properties"]
    assert openapi.json()["components"]["schemas"].keys() >= {"salesOrder", "customer"}


def test_the_node_client_says_hello_and_prefers_transient_for_everything(
    signer: TokenStranger, director: Director
) -> None:
    """It asks for options first, sends bodies without a content type, and the same preference with all of them."""
    assert signer.call("OPTIONS", "*").status_code == 200

    text = json.dumps({"q": "SELECT id FROM location ORDER BY id"})
    page = signer.call("POST", "query/v1/suiteql?limit=2&offset=0", data=text, headers={"prefer": "transient"})
    assert (len(page.json()["items"]), page.json()["hasMore"]) == (2, True)

    invoice = director.make_return("refund")["netsuite"]["invoice_id"]
    path = f"record/v1/invoice/{invoice}/!transform/returnAuthorization"
    made = signer.call("POST", path, data='{"memo": "from node"}', headers={"prefer": "transient"})
    assert made.status_code == 204, made.text


def test_the_loader_reads_references_in_pages_and_takes_the_id_from_the_location(
    signer: TokenStranger, director: Director
) -> None:
    director.make_return("refund")
    queries = (
        "SELECT customer.id as internalId, customer.companyName as name, customer.externalId,"
        " customer.entityid as entityId FROM customer WHERE id IN (1,2) OR entityId IN ('x')",
        "SELECT item.id as internalid, item.externalId as externalId, item.fullName as name, item.itemid as itemId"
        " FROM item WHERE itemId IN ('PIKE-41')",
        "SELECT transaction.id as internalId, transaction.tranid as tranId, transaction.externalId as externalId"
        " FROM transaction WHERE transaction.type = 'SalesOrd' AND (tranId IN ('SO1001') OR externalId IN ('a'))",
        "SELECT location.id as internalId, location.name as name, location.externalId FROM location",
    )
    for query in queries:
        answer = signer.call(
            "POST",
            "query/v1/suiteql",
            params={"offset": 0, "limit": 1000},
            json={"q": query},
            headers={"Prefer": "transient"},
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["hasMore"] is False

    (row,) = signer.call("POST", "query/v1/suiteql", json={"q": queries[1]}, headers={"Prefer": "transient"}).json()[
        "items"
    ]
    assert row.keys() >= {"internalid", "name", "itemid"}


@pytest.mark.parametrize("record_type", ["customer", "employee", "location", "account", "currency", "subsidiary"])
def test_a_tap_queries_what_the_metadata_lets_it_filter(netsuite: NetSuiteStranger, record_type: str) -> None:
    """Names in lower case, dates written out by TO_CHAR, in pages of a thousand."""
    path = f"record/v1/metadata-catalog/{record_type}"
    schema: Json = netsuite.call("GET", path, Accept="application/schema+json").json()
    properties: dict[str, Any] = schema["properties"]
    columns = [
        f"TO_CHAR({name}, 'YYYY-MM-DD HH24:MI:SS') AS {name}" if properties[name].get("format") == "date" else name
        for name in schema["x-ns-filterable"]
    ]

    rows = netsuite.query(f"SELECT {', '.join(columns).lower()} FROM {record_type} ORDER BY id", page="?limit=1000")

    assert isinstance(rows, list)


def test_a_connector_follows_the_links_of_a_record(netsuite: NetSuiteStranger, director: Director) -> None:
    rma = authorize(netsuite, director.make_return("refund"))
    shown = netsuite.call("GET", f"record/v1/returnAuthorization/{rma}").json()

    for name in ("entity", "createdFrom", "location", "currency", "item"):
        href = shown[name]["links"][0]["href"] if name in shown else None
        if href is not None:
            answer = netsuite.call("GET", href.split("/services/rest/")[1])
            assert answer.status_code == 200, (name, answer.text)
    rows = netsuite.call("GET", f"record/v1/returnAuthorization/{rma}/item").json()["items"]
    (line,) = (netsuite.call("GET", row["links"][0]["href"].split("/services/rest/")[1]).json() for row in rows)
    assert netsuite.call("GET", line["item"]["links"][0]["href"].split("/services/rest/")[1]).status_code == 200

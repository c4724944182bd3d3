import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from integrations.errors import (
    AlreadyExistsError,
    ConfigurationError,
    RejectedError,
    TemporaryError,
    UncertainError,
    UnreadableRecordError,
)
from integrations.netsuite.assertion import ClientCredentials
from integrations.netsuite.auth import TokenSource
from integrations.netsuite.client import NetSuiteClient

BASE = "https://acct.example.com"
TOKEN_URL = f"{BASE}/services/rest/auth/oauth2/v1/token"
RECORDS = f"{BASE}/services/rest/record/v1"
SUITEQL = f"{BASE}/services/rest/query/v1/suiteql"
SERVER_TIME = f"{BASE}/services/rest/system/v1/serverTime"
TRANSFORM = f"{RECORDS}/returnAuthorization/90211/!transform/creditMemo"
NO_SUCH_RECORD = {
    "status": 404,
    "title": "Not Found",
    "o:errorDetails": [{"o:errorCode": "NONEXISTENT_ID", "detail": "Record does not exist."}],
}
CHANGED = {"id": "7", "type": "RtnAuth", "status": "B", "lastmod": "2026-11-21T23:30:00", "links": []}


def page(*rows: dict[str, Any], has_more: bool = False) -> dict[str, Any]:
    return {"links": [], "count": len(rows), "hasMore": has_more, "items": list(rows)}


def sent(call: responses.Call) -> Any:
    return json.loads(call.request.body or "null")


def query_string(call: responses.Call) -> dict[str, list[str]]:
    return parse_qs(urlsplit(call.request.url or "").query)


def test_transform_sends_path_body_and_strict_names(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    location = f"{RECORDS}/creditMemo/90544"
    wire.post(TRANSFORM, status=204, headers={"Location": location})

    new_id = netsuite.transform_record(
        "returnAuthorization",
        "90211",
        "creditMemo",
        {
            "externalId": "loop-alpha-1-cm-1",
            "item": {"items": [{"orderLine": 1, "amount": Decimal("48.05")}]},
        },
        replace=["item", "apply"],
    )

    call = wire.calls[1]
    assert new_id == "90544"
    assert urlsplit(call.request.url or "").path.endswith("/returnAuthorization/90211/!transform/creditMemo")
    assert query_string(call) == {"replace": ["item,apply"]}
    assert call.request.body == (
        b'{"externalId":"loop-alpha-1-cm-1","item":{"items":[{"orderLine":1,"amount":48.05}]}}'
    )
    assert call.request.headers["Authorization"] == "Bearer token-1"
    assert call.request.headers["X-NetSuite-PropertyNameValidation"] == "Error"
    assert call.request.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    "location",
    [
        "/services/rest/record/v1/salesOrder/77200",
        f"{RECORDS}/salesOrder/77200/",
        f"{RECORDS}/salesorder/77200?x=1",
    ],
)
def test_new_id_is_read_off_any_location(wire: responses.RequestsMock, netsuite: NetSuiteClient, location: str) -> None:
    wire.post(f"{RECORDS}/salesOrder", status=201, headers={"Location": location})

    assert netsuite.create_record("salesOrder", {"externalId": "loop-alpha-1-so-1"}) == "77200"


@pytest.mark.parametrize("location", ["", f"{RECORDS}/salesOrder/eid:x", f"{BASE}/services/rest/async/v1/job/12"])
def test_accepted_without_an_id_is_uncertain(
    wire: responses.RequestsMock, netsuite: NetSuiteClient, location: str
) -> None:
    wire.post(f"{RECORDS}/salesOrder", status=204, headers={"Location": location} if location else {})

    with pytest.raises(UncertainError, match="no id in the answer"):
        netsuite.create_record("salesOrder", {})


def test_update_is_a_patch(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    wire.patch(f"{RECORDS}/returnAuthorization/90211", status=204)

    netsuite.update_record("returnAuthorization", "90211", {"item": {"items": [{"line": 2, "isClosed": True}]}})

    assert sent(wire.calls[1]) == {"item": {"items": [{"line": 2, "isClosed": True}]}}
    assert wire.calls[1].request.headers["X-NetSuite-PropertyNameValidation"] == "Error"


@pytest.mark.parametrize("status", [200, 202, 204])
def test_update_that_a_page_answers_is_uncertain(
    wire: responses.RequestsMock, netsuite: NetSuiteClient, status: int
) -> None:
    """A page about maintenance may come with success; NetSuite itself answers with nothing but the record's address."""
    wire.patch(f"{RECORDS}/returnAuthorization/90211", status=status, body="<html>We will be back soon</html>")

    with pytest.raises(UncertainError):
        netsuite.update_record("returnAuthorization", "90211", {"memo": "x"})


def test_same_external_id_again_is_told_apart(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    detail = {"o:errorCode": "USER_ERROR", "detail": "This record already exists."}
    wire.post(TRANSFORM, status=400, json={"status": 400, "title": "Bad Request", "o:errorDetails": [detail]})

    with pytest.raises(AlreadyExistsError):
        netsuite.transform_record("returnAuthorization", "90211", "creditMemo", {})


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_broken_answer_to_a_write_is_uncertain(
    wire: responses.RequestsMock, netsuite: NetSuiteClient, status: int
) -> None:
    wire.post(TRANSFORM, status=status, body="<html>")

    with pytest.raises(UncertainError):
        netsuite.transform_record("returnAuthorization", "90211", "creditMemo", {})


def test_write_on_a_missing_record_is_refused_as_gone(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    wire.patch(f"{RECORDS}/invoice/1", status=404, json=NO_SUCH_RECORD)

    with pytest.raises(RejectedError) as raised:
        netsuite.update_record("invoice", "1", {})

    assert raised.value.family == "gone"


def test_record_is_read_with_its_lines(
    wire: responses.RequestsMock, netsuite: NetSuiteClient, fixture_json: Callable[[str], Any]
) -> None:
    body = fixture_json("netsuite/returnAuthorization__partially_received.json")
    wire.get(f"{RECORDS}/returnAuthorization/90211", body=json.dumps(body, default=float))

    record = netsuite.get_record("returnAuthorization", "90211")

    assert record is not None
    assert (record.total, len(record.lines)) == (Decimal("117.35"), 2)
    assert query_string(wire.calls[1]) == {"expandSubResources": ["true"]}


def test_record_netsuite_does_not_have_is_none(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    wire.get(f"{RECORDS}/invoice/1", status=404, json=NO_SUCH_RECORD)

    assert netsuite.get_record("invoice", "1") is None


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, "<html>no such host</html>", TemporaryError),
        (
            404,
            '{"title": "Not Found", "o:errorDetails": [{"detail": "Record type x is not known."}]}',
            RejectedError,
        ),
        (500, "{}", TemporaryError),
        (200, "<html>", TemporaryError),
        (200, "[]", UnreadableRecordError),
    ],
)
def test_what_looks_like_gone_and_is_not(
    wire: responses.RequestsMock, netsuite: NetSuiteClient, status: int, body: str, error: type[Exception]
) -> None:
    wire.get(f"{RECORDS}/invoice/1", status=status, body=body)

    with pytest.raises(error):
        netsuite.get_record("invoice", "1")


def test_401_is_answered_with_a_new_token_once(wire: responses.RequestsMock, credentials: ClientCredentials) -> None:
    wire.post(TOKEN_URL, json={"access_token": "old"})
    wire.post(TRANSFORM, status=401)
    wire.post(TOKEN_URL, json={"access_token": "new"})
    wire.post(TRANSFORM, status=204, headers={"Location": f"{RECORDS}/creditMemo/1"})

    NetSuiteClient(BASE, TokenSource(credentials)).transform_record("returnAuthorization", "90211", "creditMemo", {})

    tokens = [call.request.headers.get("Authorization") for call in wire.calls]
    assert tokens == [None, "Bearer old", None, "Bearer new"]


def test_second_401_stops_every_caller(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    wire.post(TRANSFORM, status=401)
    wire.post(TRANSFORM, status=401)

    for _ in range(4):
        with pytest.raises(ConfigurationError):
            netsuite.transform_record("returnAuthorization", "90211", "creditMemo", {})

    assert len([call for call in wire.calls if "!transform" in (call.request.url or "")]) == 2


def test_every_call_but_the_token_takes_a_lane(wire: responses.RequestsMock, credentials: ClientCredentials) -> None:
    entered: list[str] = []

    @contextmanager
    def lane() -> Iterator[None]:
        entered.append("in")
        yield
        entered.append("out")

    wire.post(TOKEN_URL, json={"access_token": "t"})
    wire.get(SERVER_TIME, json={"serverTime": "2026-11-22T08:00:00.000Z"})

    moment = NetSuiteClient(BASE, TokenSource(credentials), lane=lane).server_time()

    assert moment == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert entered == ["in", "out"]


def test_query_is_bound_transient_and_paged(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    wire.post(SUITEQL, json=page({"id": "1", "n": 5, "links": []}, {"id": "2", "n": None}, has_more=True))
    wire.post(SUITEQL, json=page({"id": "3"}))

    rows = list(netsuite.query("SELECT id FROM transaction WHERE type = ?", ["RtnAuth"], limit=2))

    assert rows == [{"id": "1", "n": "5"}, {"id": "2"}, {"id": "3"}]
    assert [query_string(call) for call in wire.calls[1:]] == [
        {"limit": ["2"], "offset": ["0"]},
        {"limit": ["2"], "offset": ["2"]},
    ]
    assert sent(wire.calls[1]) == {"q": "SELECT id FROM transaction WHERE type = ?", "params": ["RtnAuth"]}
    assert wire.calls[1].request.headers["Prefer"] == "transient"


@pytest.mark.parametrize("body", ["<html>", "{}", '{"items": [], "hasMore": true}'])
def test_query_without_a_clear_answer_is_temporary(
    wire: responses.RequestsMock, netsuite: NetSuiteClient, body: str
) -> None:
    wire.post(SUITEQL, body=body)

    with pytest.raises(TemporaryError):
        list(netsuite.query("SELECT 1 FROM dual"))


def test_external_ids_are_looked_up_whatever_their_case(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    wire.post(SUITEQL, json=page({**CHANGED, "externalid": "LOOP-alpha-1-ra-1"}))

    (ref,) = netsuite.find_by_external_ids(["loop-ALPHA-1-ra-1", "loop-alpha-1-cm-1"])

    assert (ref.internal_id, ref.external_id) == ("7", "LOOP-alpha-1-ra-1")
    assert ref.last_modified == datetime(2026, 11, 22, 7, 30, tzinfo=UTC)
    assert sent(wire.calls[1])["params"] == ["loop-alpha-1-cm-1", "loop-alpha-1-ra-1"]
    assert "LOWER(t.externalid) IN (?, ?)" in sent(wire.calls[1])["q"]


def test_nothing_to_look_up_asks_nothing(credentials: ClientCredentials) -> None:
    client = NetSuiteClient(BASE, TokenSource(credentials))

    assert client.find_by_external_ids([]) == client.find_children([]) == []
    assert client.find_items([]) == []


def test_long_lists_are_asked_in_pieces(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    wire.post(SUITEQL, json=page(CHANGED))
    wire.post(SUITEQL, json=page({**CHANGED, "id": "8"}))

    refs = netsuite.statuses_of([str(number) for number in range(201)])

    assert [ref.internal_id for ref in refs] == ["7", "8"]
    assert [len(sent(call)["params"]) for call in wire.calls[1:]] == [200, 1]


def test_sales_are_found_by_either_reference(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    wire.post(SUITEQL, json=page({**CHANGED, "type": "CustInvc"}))

    (ref,) = netsuite.find_sales(["5873120045678", "#20418"])

    body = sent(wire.calls[1])
    assert ref.record_type == "invoice"
    assert "t.otherrefnum IN (?, ?) OR t.externalid IN (?, ?)" in body["q"]
    assert body["params"] == ["SalesOrd", "CustInvc", "CashSale", *["#20418", "5873120045678"] * 2]


def test_lists_come_in_few_lengths_so_that_texts_repeat(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    for _ in range(2):
        wire.post(SUITEQL, json=page())

    netsuite.statuses_of(["1", "2", "3"])
    netsuite.statuses_of(["1", "2", "3", "4"])

    three, four = (sent(call) for call in wire.calls[-2:])
    assert three["params"] == ["1", "2", "3", "3"]
    assert three["q"] == four["q"]


def test_sales_of_many_orders_are_told_apart(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    order = {**CHANGED, "type": "SalesOrd", "otherrefnum": "#20418"}
    bill = {**CHANGED, "id": "8", "type": "CustInvc", "externalid": "5873120045678", "otherrefnum": "#20418"}
    wire.post(SUITEQL, json=page(order, bill))

    found = netsuite.find_sales_by_reference(["5873120045678", "#20418", "#20419"])

    ids = {name: [ref.internal_id for ref in refs] for name, refs in found.items()}
    assert ids == {"#20418": ["7", "8"], "5873120045678": ["8"]}


def test_children_of_many_families_are_told_apart(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    payment = {**CHANGED, "type": "CustPymt"}
    wire.post(SUITEQL, json=page({**payment, "parent": "1"}, {**payment, "parent": "2"}))
    wire.post(SUITEQL, json=page({**payment, "parent": "1"}, {**CHANGED, "id": "8", "parent": "2"}))

    found = netsuite.find_children_by_parent(["1", "2", "3"])

    assert {parent: [ref.internal_id for ref in refs] for parent, refs in found.items()} == {
        "1": ["7"],
        "2": ["7", "8"],
    }


def test_children_are_found_by_source_and_by_link_once(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    receipt = {**CHANGED, "type": "ItemRcpt", "parent": "90211"}
    credit = {**CHANGED, "id": "8", "type": "CustCred", "parent": "90211"}
    wire.post(SUITEQL, json=page(receipt))
    wire.post(SUITEQL, json=page(receipt, credit))

    refs = netsuite.find_children(["90211"])

    assert [(ref.internal_id, ref.record_type) for ref in refs] == [("7", "itemReceipt"), ("8", "creditMemo")]
    assert "tl.createdfrom IN (?)" in sent(wire.calls[1])["q"]
    assert "l.previousdoc IN (?)" in sent(wire.calls[2])["q"]


def test_pages_of_children_neither_skip_nor_repeat_one_of_two_parents(
    wire: responses.RequestsMock, netsuite: NetSuiteClient
) -> None:
    """A database may order equal rows otherwise for each page."""
    wire.post(SUITEQL, json=page())

    netsuite.find_children(["1", "2"])

    assert [sent(call)["q"].splitlines()[-1] for call in wire.calls[1:]] == ["ORDER BY id, parent"] * 2


def test_links_we_may_not_read_are_no_empty_answer(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    detail = {
        "o:errorCode": "INVALID_PARAMETER",
        "o:errorQueryParam": "q",
        "detail": "Search error occurred: Record 'NextTransactionLineLink' was not found.",
    }
    wire.post(SUITEQL, status=400, json={"status": 400, "title": "Bad Request", "o:errorDetails": [detail]})

    with pytest.raises(RejectedError) as raised:
        netsuite.find_refunds_of_credits(["90544"])

    assert (raised.value.family, raised.value.path) == ("invalid_request", "q")


def test_changes_are_paged_by_id_in_the_clock_of_the_database(
    wire: responses.RequestsMock, netsuite: NetSuiteClient
) -> None:
    wire.post(SUITEQL, json=page(CHANGED, {**CHANGED, "id": "41"}, has_more=True))
    wire.post(SUITEQL, json=page({**CHANGED, "id": "42"}))

    refs = netsuite.changed_since(datetime(2026, 11, 22, 7, 30, tzinfo=UTC), ["returnAuthorization", "ItemRcpt"])

    assert [ref.internal_id for ref in refs] == ["7", "41", "42"]
    assert [sent(call)["params"] for call in wire.calls[1:]] == [
        ["RtnAuth", "ItemRcpt", "2026-11-21 23:30:00", "0"],
        ["RtnAuth", "ItemRcpt", "2026-11-21 23:30:00", "41"],
    ]
    assert all(query_string(call)["offset"] == ["0"] for call in wire.calls[1:])


@pytest.mark.parametrize(
    ("shown", "offset"),
    [
        ("2026-11-22T00:00:03", timedelta(hours=-8)),
        ("2026-11-22T08:00:01", timedelta(0)),
        ("2026-11-22T13:29:58", timedelta(hours=5, minutes=30)),
    ],
)
def test_clock_of_the_database_is_measured_once(
    wire: responses.RequestsMock, credentials: ClientCredentials, shown: str, offset: timedelta
) -> None:
    wire.post(TOKEN_URL, json={"access_token": "t"})
    wire.post(SUITEQL, json=page(CHANGED))
    wire.post(SUITEQL, json=page())
    wire.post(SUITEQL, json=page({"now": shown}))
    wire.get(SERVER_TIME, json={"serverTime": "2026-11-22T08:00:00.000Z"})
    wire.post(SUITEQL, json=page(CHANGED))
    client = NetSuiteClient(BASE, TokenSource(credentials))

    first, second = client.statuses_of(["7"])[0], client.statuses_of(["7"])[0]

    assert first == second
    assert first.last_modified == datetime(2026, 11, 21, 23, 30, tzinfo=UTC) - offset


def test_clock_that_no_zone_explains_is_not_believed(
    wire: responses.RequestsMock, credentials: ClientCredentials
) -> None:
    wire.post(TOKEN_URL, json={"access_token": "t"})
    wire.post(SUITEQL, json=page())
    wire.post(SUITEQL, json=page({"now": "2026-11-20T00:00:00"}))
    wire.get(SERVER_TIME, json={"serverTime": "2026-11-22T08:00:00.000Z"})

    with pytest.raises(ConfigurationError, match="no time zone"):
        NetSuiteClient(BASE, TokenSource(credentials)).changed_since(datetime.now(UTC), ["RtnAuth"])


def test_items_are_found_by_sku(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    row = {
        "id": "3310",
        "itemid": "BOOT-RED-42",
        "displayname": "Boot",
        "itemtype": "InvtPart",
        "isinactive": "T",
    }
    wire.post(SUITEQL, json=page(row))

    (item,) = netsuite.find_items(["BOOT-RED-42", "BOOT-RED-42"])

    assert (item.internal_id, item.sku, item.upc, item.is_inactive) == ("3310", "BOOT-RED-42", None, True)
    assert sent(wire.calls[1])["params"] == ["BOOT-RED-42"]


def test_server_time_that_is_none_is_temporary(wire: responses.RequestsMock, netsuite: NetSuiteClient) -> None:
    wire.get(SERVER_TIME, json={"serverTime": "now"})

    with pytest.raises(TemporaryError):
        netsuite.server_time()

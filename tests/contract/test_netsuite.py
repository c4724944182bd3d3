"""What we rely on in NetSuite. Read-only unless marked; sources: netsuite.md by section."""

import uuid
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from integrations.errors import AlreadyExistsError, RejectedError
from integrations.netsuite.options import ReceiptKey
from integrations.netsuite.records import TransactionRecord
from tests.contract.places import NetSuitePlace

OURS = ("returnAuthorization", "itemReceipt", "creditMemo", "cashRefund", "customerRefund", "salesOrder")
READABLE = ("returnAuthorization", "itemReceipt", "creditMemo", "customerRefund", "salesOrder", "inventoryTransfer")
NOBODY = "999999999"
CLOCKS_APART_MAX = timedelta(minutes=5)  # more, and signed requests fail (1.3)


def test_wrong_token_is_a_401_that_says_so(netsuite: NetSuitePlace) -> None:  # 1.2
    answer = netsuite.call("GET", f"record/v1/creditMemo/{NOBODY}", token="not.a.token")

    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_clock_of_netsuite_is_ours(netsuite: NetSuitePlace) -> None:  # 5.1
    assert abs(netsuite.client.server_time() - datetime.now(UTC)) < CLOCKS_APART_MAX


def test_record_that_is_not_there_is_none(netsuite: NetSuitePlace) -> None:  # 6.2
    assert netsuite.client.get_record("creditMemo", NOBODY) is None
    assert netsuite.client.get_by_external_id("creditMemo", "loop-contract-nobody-has-this") is None


def test_record_type_that_is_not_there_is_refused_in_the_envelope(netsuite: NetSuitePlace) -> None:  # 6.1
    answer = netsuite.call("GET", "record/v1/noSuchRecord/1")

    assert answer.status_code in (400, 404)
    assert answer.json()["o:errorDetails"][0]["detail"]


def test_query_wants_its_preference(netsuite: NetSuitePlace) -> None:  # 5.1
    answer = netsuite.call("POST", "query/v1/suiteql", json={"q": "SELECT id FROM transaction"})

    assert answer.status_code == 400


def test_values_of_a_query_are_text_and_nulls_are_left_out(netsuite: NetSuitePlace) -> None:  # 5.1
    rows = list(netsuite.client.query("SELECT COUNT(*) AS n, NULL AS absent FROM location"))

    assert rows[0]["n"].isdecimal()
    assert "absent" not in rows[0]


def test_query_goes_on_page_by_page(netsuite: NetSuitePlace) -> None:  # 5.1
    sql = "SELECT id FROM item ORDER BY id"
    at_once = list(islice(netsuite.client.query(sql), 30))

    by_page = list(islice(netsuite.client.query(sql, limit=10), 30))

    assert by_page == at_once


def test_unknown_column_is_named_in_the_refusal(netsuite: NetSuitePlace) -> None:  # 5.1
    with pytest.raises(RejectedError, match="(?i)nosuchcolumn"):
        list(netsuite.client.query("SELECT nosuchcolumn FROM transaction"))


def test_what_changed_is_told_with_type_status_and_time(netsuite: NetSuitePlace) -> None:  # 5.2, 5.3
    since = datetime.now(UTC) - timedelta(days=2)

    refs = netsuite.client.changed_since(since, ["salesOrder", "invoice", "returnAuthorization", "creditMemo"])

    assert refs, "nothing changed in two days, so nothing could be checked"
    for ref in refs[:200]:
        assert ref.record_type in ("salesOrder", "invoice", "returnAuthorization", "creditMemo")
        assert ref.status.isalpha()
        assert ref.last_modified is not None
        assert ref.last_modified >= since - timedelta(minutes=1)


def test_external_id_is_found_in_any_case(netsuite: NetSuitePlace) -> None:  # 9.1
    known = list(
        islice(netsuite.client.query("SELECT externalid FROM transaction WHERE externalid IS NOT NULL ORDER BY id"), 1)
    )
    for row in known:
        found = netsuite.client.find_by_external_ids([row["externalid"].upper()])
        assert [ref.external_id for ref in found] == [row["externalid"]]


@pytest.mark.parametrize("record_type", READABLE)
def test_schema_of_what_we_write_is_readable(netsuite: NetSuitePlace, record_type: str) -> None:  # 2.8
    schema = netsuite.client.get_schema(record_type)

    assert schema is not None, f"the role cannot see {record_type}"
    assert schema.has("externalId")


# --- What writes: one unit of a lent invoice goes all the way back ----------------------------------


@pytest.fixture(scope="module")
def run(netsuite: NetSuitePlace) -> str:
    """Part of every external id, so that no run meets anything of another."""
    return uuid.uuid4().hex[:10]


@pytest.fixture(scope="module")
def authorization(netsuite: NetSuitePlace, run: str) -> TransactionRecord:
    goods = netsuite.lent
    body = {
        "externalId": f"loop-contract-{run}-ra",
        "orderStatus": {"id": "B"},
        "item": {"items": [{"orderLine": goods.line, "quantity": 1, "location": {"id": goods.holding}}]},
    }
    made = netsuite.client.transform_record("invoice", goods.invoice, "returnAuthorization", body, replace=["item"])
    return read(netsuite, "returnAuthorization", made)


@pytest.fixture(scope="module")
def receipt(netsuite: NetSuitePlace, authorization: TransactionRecord, run: str) -> TransactionRecord:
    return read(netsuite, "itemReceipt", receive(netsuite, authorization, external_id=f"loop-contract-{run}-ir"))


@pytest.fixture(scope="module")
def credit(
    netsuite: NetSuitePlace, authorization: TransactionRecord, receipt: TransactionRecord, run: str
) -> TransactionRecord:
    body = {"externalId": f"loop-contract-{run}-cm", "autoApply": False, "toBeEmailed": False}
    made = netsuite.client.transform_record("returnAuthorization", authorization.internal_id, "creditMemo", body)
    return read(netsuite, "creditMemo", made)


def read(netsuite: NetSuitePlace, record_type: str, internal_id: str) -> TransactionRecord:
    record = netsuite.client.get_record(record_type, internal_id)
    assert record is not None
    return record


def receive(netsuite: NetSuitePlace, authorization: TransactionRecord, *, external_id: str) -> str:
    row: dict[str, object] = {"itemReceive": True, "quantity": 1, "location": {"id": netsuite.lent.holding}}
    row |= key_of(netsuite, authorization.lines[0].line)
    body = {"externalId": external_id, "item": {"items": [row]}}
    return netsuite.client.transform_record("returnAuthorization", authorization.internal_id, "itemReceipt", body)


def key_of(netsuite: NetSuitePlace, line: int | None) -> dict[str, object]:
    """What names a row of the authorization on its receipt (U2)."""
    key = netsuite.options.receipt_key
    return {name: line for name in ("orderLine", "line") if key in (name, ReceiptKey.BOTH)}


@pytest.mark.writes
def test_authorization_holds_only_the_lines_asked_for(authorization: TransactionRecord) -> None:  # 2.4, 3.2
    assert [line.quantity for line in authorization.lines] == [1]
    assert authorization.status == "B"


@pytest.mark.writes
def test_same_external_id_again_makes_nothing_new(
    netsuite: NetSuitePlace, authorization: TransactionRecord, run: str
) -> None:  # 6.2, 9.1
    goods = netsuite.lent
    row = {"orderLine": goods.line, "quantity": 1, "location": {"id": goods.holding}}
    body = {"externalId": f"LOOP-CONTRACT-{run.upper()}-RA", "item": {"items": [row]}}

    with suppress(AlreadyExistsError):  # an asynchronous request names the record of the first one instead (2.5)
        made = netsuite.client.transform_record("invoice", goods.invoice, "returnAuthorization", body, replace=["item"])
        assert made == authorization.internal_id

    found = netsuite.client.find_by_external_ids([f"loop-contract-{run}-ra"])
    assert [ref.internal_id for ref in found] == [authorization.internal_id]


@pytest.mark.writes
def test_misspelt_field_is_refused(netsuite: NetSuitePlace, authorization: TransactionRecord) -> None:  # 2.2
    with pytest.raises(RejectedError):
        netsuite.client.update_record("returnAuthorization", authorization.internal_id, {"memmo": "x"})


@pytest.mark.writes
def test_receipt_moves_the_authorization_and_is_its_child(
    netsuite: NetSuitePlace, authorization: TransactionRecord, receipt: TransactionRecord
) -> None:  # 4.5, 4.6
    after = read(netsuite, "returnAuthorization", authorization.internal_id)

    assert after.status in ("F", "G")
    children = netsuite.client.find_children([authorization.internal_id])
    assert receipt.internal_id in {ref.internal_id for ref in children}


@pytest.mark.writes
def test_more_than_was_authorized_is_not_received(
    netsuite: NetSuitePlace, authorization: TransactionRecord, receipt: TransactionRecord, run: str
) -> None:  # 3.3
    with pytest.raises(RejectedError):
        netsuite.client.transform_record(
            "returnAuthorization",
            authorization.internal_id,
            "itemReceipt",
            {
                "externalId": f"loop-contract-{run}-ir-2",
                "item": {
                    "items": [{"itemReceive": True, "quantity": 1} | key_of(netsuite, authorization.lines[0].line)]
                },
            },
        )


@pytest.mark.writes
def test_credit_is_open_until_it_is_refunded_by_its_document_and_line(
    netsuite: NetSuitePlace, credit: TransactionRecord, run: str
) -> None:  # 4.7, 4.8
    assert credit.total
    assert credit.amount_remaining == credit.total

    made = netsuite.client.create_record("customerRefund", refund_of(netsuite, credit, run))

    assert read(netsuite, "creditMemo", credit.internal_id).amount_remaining == 0
    refunds = netsuite.client.find_refunds_of_credits([credit.internal_id])
    assert [ref.internal_id for ref in refunds] == [made]


def refund_of(netsuite: NetSuitePlace, credit: TransactionRecord, run: str) -> dict[str, object]:
    goods = netsuite.lent
    row = {"doc": {"id": credit.internal_id}, "line": goods.apply_line, "apply": True, "amount": credit.total}
    return {
        "externalId": f"loop-contract-{run}-cr",
        "customer": {"id": credit.entity_id},
        "account": {"id": goods.refund_account},
        "paymentOption": {"id": goods.refund_method},
        "handlingMode": {"id": "SAVE_ONLY"},
        "apply": {"items": [row]},
    }

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations.errors import UnreadableRecordError
from integrations.netsuite.database_clock import read_shown
from integrations.netsuite.parsing import parse_transaction, read_quantity, read_status
from integrations.netsuite.suiteql import RECORD_TYPES, TYPE_CODES, parse_deletion, parse_ref

ReadFixture = Callable[[str], Any]


@pytest.fixture
def rma(fixture_json: ReadFixture) -> dict[str, Any]:
    body: dict[str, Any] = fixture_json("netsuite/returnAuthorization__partially_received.json")
    return body


def test_return_authorization_is_read(rma: dict[str, Any]) -> None:
    record = parse_transaction(rma, record_type="returnAuthorization")

    assert (record.internal_id, record.external_id) == ("90211", "loop-alpha-110700123-ra-1")
    assert (record.status, record.status_label) == ("E", "Pending Refund/Partially Received")
    assert (record.created_from_id, record.created_from_type) == ("77120", "salesOrder")
    assert (record.entity_id, record.currency, record.currency_id) == ("8801", "USD", "1")
    assert (record.subtotal, record.tax_total, record.total) == (
        Decimal("112.1"),
        Decimal("5.25"),
        Decimal("117.35"),
    )
    assert record.tran_date == date(2026, 11, 4)
    assert record.last_modified == datetime(2026, 11, 6, 15, 40, tzinfo=UTC)
    assert record.amount_remaining is None
    assert record.location_id == "31"


def test_lines_are_read_in_whole_pieces(rma: dict[str, Any]) -> None:
    first, second = parse_transaction(rma, record_type="returnAuthorization").lines

    assert (first.line, first.order_line, first.unique_key) == (1, 4, "771001")
    assert (first.item_id, first.item_name) == ("3310", "BOOT-RED-42")
    assert (first.quantity, first.quantity_received, first.quantity_billed) == (2, 1, 0)
    assert first.custom == {"custcol_return_reason": {"id": "3", "refName": "Too small"}}
    assert (second.quantity, second.is_closed, second.location_id) == (1, True, "31")
    assert (second.rate, second.tax_amount) == (Decimal("16"), Decimal("1.05"))


def test_lines_tell_the_inventory_statuses_of_their_units(rma: dict[str, Any]) -> None:
    rows = [{"inventoryStatus": {"id": "3"}, "quantity": 1}, {"inventoryStatus": "1", "quantity": 1}, {"quantity": 1}]
    rma["item"]["items"][0]["inventoryDetail"] = {"inventoryAssignment": {"items": rows, "totalResults": 3}}
    rma["item"]["items"][1]["inventoryDetail"] = {"links": []}  # not expanded

    first, second = parse_transaction(rma, record_type="returnAuthorization").lines

    assert (first.statuses, second.statuses) == (frozenset({"1", "3"}), frozenset())


def test_customer_refund_names_customer_and_applications(fixture_json: ReadFixture) -> None:
    record = parse_transaction(fixture_json("netsuite/customerRefund__applied.json"), record_type="customerRefund")

    assert (record.entity_id, record.status, record.lines) == ("8801", "R", ())
    assert record.created_at == datetime(2026, 11, 12, 18, tzinfo=UTC)
    assert [(row.doc_id, row.line, row.amount, row.apply) for row in record.applies] == [
        ("90544", 1, Decimal("51.84"), True),
        ("90545", 0, Decimal("0"), False),
    ]


def test_inventory_transfer_has_lines_of_its_own_name(fixture_json: ReadFixture) -> None:
    record = parse_transaction(
        fixture_json("netsuite/inventoryTransfer__to_sellable.json"), record_type="inventoryTransfer"
    )

    assert [(line.item_id, line.quantity) for line in record.lines] == [("3310", 1)]
    assert (record.status, record.status_label) == ("", None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("B", ("B", "Pending Receipt")),
        ("RtnAuth:B", ("B", "Pending Receipt")),
        ({"id": "B"}, ("B", "Pending Receipt")),
        ({"refName": "Pending Receipt"}, ("B", "Pending Receipt")),
        ({"id": "B", "refName": "Return Authorization : Pending Receipt"}, ("B", "Pending Receipt")),
        ({"id": "Pending Receipt", "refName": "Pending Receipt"}, ("B", "Pending Receipt")),
        ({"id": "pendingReceipt"}, ("", "pendingReceipt")),
        (None, ("", None)),
    ],
)
def test_status_comes_in_many_forms(value: object, expected: tuple[str, str | None]) -> None:
    assert read_status(value, record_type="returnAuthorization") == expected


@pytest.mark.parametrize(("value", "pieces"), [(1, 1), (Decimal("2.0"), 2), ("-3", 3), (None, 0), (Decimal("1.5"), 1)])
def test_quantity_is_whole_and_absolute(value: object, pieces: int) -> None:
    assert read_quantity(value) == pieces


@pytest.mark.parametrize(
    "change",
    [
        {"id": None},
        {"total": "a lot"},
        {"total": "NaN"},
        {"total": "100000000000.00"},
        {"item": {"items": [{"rate": "10000000000.00"}]}},
        {"item": {"items": [{"quantity": 3_000_000_000}]}},
        {"tranDate": "5/4/2026"},
        {"item": {"links": []}},
        {"item": {"items": [], "totalResults": 2}},
        {"item": {"items": [{"quantity": "some"}]}},
        {"item": {"items": [{"quantity": Decimal("1e400")}]}},
        {"total": "12,50"},
        {"lastModifiedDate": "0001-01-01T00:00:00+14:00"},
        {"apply": {"items": [{"line": 1}]}},
    ],
)
def test_what_cannot_be_read_is_said_and_not_guessed(rma: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises(UnreadableRecordError, match="returnAuthorization"):
        parse_transaction({**rma, **change}, record_type="returnAuthorization")


@pytest.mark.parametrize(
    ("name", "record_type"),
    [
        ("Cash Sale #CS1", "cashSale"),
        ("Return Authorization #RMA1", "returnAuthorization"),
        ("Work Order #7", None),
    ],
)
def test_source_type_is_read_off_its_name(rma: dict[str, Any], name: str, record_type: str | None) -> None:
    source = {"id": "5", "refName": name}

    record = parse_transaction({**rma, "createdFrom": source}, record_type="creditMemo")

    assert record.created_from_type == record_type


def pacific(text: str | None) -> datetime | None:
    return read_shown(text).replace(tzinfo=UTC) + timedelta(hours=8) if text else None


def test_row_is_read_with_the_database_clock_put_right() -> None:
    row = {"id": "7", "type": "RtnAuth", "status": "RtnAuth:F", "lastmod": "2026-11-21T23:30:00"}

    ref = parse_ref(row, read_time=pacific)

    assert (ref.record_type, ref.internal_id, ref.status) == ("returnAuthorization", "7", "F")
    assert (ref.external_id, ref.tran_id) == (None, None)
    assert ref.last_modified == datetime(2026, 11, 22, 7, 30, tzinfo=UTC)


def test_row_tells_who_made_the_record() -> None:
    row = {"id": "7", "type": "RtnAuth", "createdby": "12", "source": "REST Web Services"}

    ref = parse_ref(row, read_time=pacific)

    assert (ref.created_by, ref.source) == ("12", "REST Web Services")


def test_row_of_an_unknown_type_is_kept() -> None:
    ref = parse_ref({"id": "7", "type": "Custom12"}, read_time=pacific)

    assert (ref.record_type, ref.type_code, ref.last_modified) == ("unknown", "Custom12", None)


@pytest.mark.parametrize(
    "row", [{"id": "7"}, {"type": "RtnAuth"}, {"id": "7", "type": "RtnAuth", "lastmod": "5/4/2026"}]
)
def test_row_without_what_we_rely_on_is_unreadable(row: dict[str, str]) -> None:
    with pytest.raises(UnreadableRecordError):
        parse_ref(row, read_time=pacific)


@pytest.mark.parametrize("told", ["RtnAuth", "returnauthorization", "Return Authorization"])
def test_type_of_a_deleted_record_is_told_in_several_ways(told: str) -> None:
    row = {"recordid": "7", "type": told, "deleteddate": "2026-11-21T23:30:00"}

    deletion = parse_deletion(row, read_time=pacific)

    assert (deletion.record_type, deletion.internal_id) == ("returnAuthorization", "7")
    assert deletion.deleted_at == datetime(2026, 11, 22, 7, 30, tzinfo=UTC)


def test_type_codes_and_record_types_pair_up() -> None:
    assert {TYPE_CODES[record_type]: record_type for record_type in RECORD_TYPES.values()} == RECORD_TYPES

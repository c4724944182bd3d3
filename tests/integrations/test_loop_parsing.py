from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from integrations.errors import UnreadableRecordError
from integrations.loop.parsing import parse_return
from integrations.loop.records import LoopState
from integrations.loop.values import read_time

ReadFixture = Callable[[str], Any]


@pytest.fixture
def details(fixture_json: ReadFixture) -> dict[str, Any]:
    body: dict[str, Any] = fixture_json("loop/details__refund.json")
    return body


@pytest.fixture
def row(fixture_json: ReadFixture) -> dict[str, Any]:
    body: dict[str, Any] = fixture_json("loop/list__exchange.json")
    return body


def test_details_are_read(details: dict[str, Any]) -> None:
    record = parse_return(details, is_detailed=True)

    assert record.id == "110700123"
    assert (record.state, record.raw_state, record.was_processed) == (LoopState.CLOSED, "closed", True)
    assert record.updated_at == datetime(2026, 11, 10, 17, 47, 3, tzinfo=UTC)
    assert record.provider_order_id == "5873120045678"
    assert record.customer_email == "pat@example.com"
    assert record.handling_fee == Decimal("6.95")
    assert (record.return_total, record.refund) == (Decimal("77.76"), Decimal("70.81"))
    assert record.refund_shipping_total == 0
    assert record.shopify_refund_ids == ("987001",)
    assert [(r.gateway, r.amount) for r in record.refunds] == [
        ("gift_card", Decimal("20.00")),
        ("shopify_payments", Decimal("50.81")),
    ]
    assert record.labels[0].line_item_ids == ("387001",)
    assert record.raw["a_key_of_next_year"] == {"nested": True}


def test_processed_at_keeps_what_ran_in_utc(details: dict[str, Any]) -> None:
    record = parse_return(details, is_detailed=True)

    assert record.processed_at == {
        "return_processed": datetime(2026, 11, 10, 17, 46, 58, tzinfo=UTC),
        "refund_processed": datetime(2026, 11, 10, 17, 46, 59, 250000, tzinfo=UTC),
        "exchange_processed": datetime(2026, 11, 10, 17, 47, tzinfo=UTC),
    }


def test_unit_of_details_has_the_names_of_the_list(details: dict[str, Any]) -> None:
    unit = parse_return(details, is_detailed=True).units[0]

    assert (unit.reason, unit.parent_reason, unit.comment) == ("Too small", "Size", None)
    assert unit.variant_id == "902000000000000001"
    assert (unit.refund_item, unit.refund_tax, unit.refund) == (Decimal("65.56"), Decimal("5.25"), Decimal("70.81"))
    assert unit.removed is False


def test_emptied_line_is_removed(details: dict[str, Any]) -> None:
    unit = parse_return(details, is_detailed=True).units[1]

    assert unit.removed is True
    assert replace(unit, price=Decimal("80.00")).removed is False
    assert replace(unit, returned_at=datetime(2026, 11, 3, tzinfo=UTC)).removed is False


def test_list_row_is_read(row: dict[str, Any]) -> None:
    record = parse_return(row, is_detailed=False)

    assert record.updated_at == datetime(2026, 11, 12, 16, 30, 40, tzinfo=UTC)
    assert record.provider_order_id == "5873120045999"
    assert (record.tracking_number, record.label_status, record.label_updated_at) == (None, None, None)
    assert record.customer_email is None
    assert record.processed_at == {}
    assert (record.units[0].barcode, record.units[0].exchange_variant) == (None, "45123450002")
    assert (record.exchanges[0].variant_id, record.exchanges[0].total) == ("45123450002", Decimal("69.12"))
    assert (record.refunds, record.is_detailed) == ((), False)


def test_order_id_of_the_list_is_never_the_shops_order(row: dict[str, Any]) -> None:
    del row["provider_order_id"]

    assert parse_return(row, is_detailed=False).provider_order_id is None
    assert parse_return(row, is_detailed=True).provider_order_id == "144300999"


@pytest.mark.parametrize("word", ["review", "needs review", "needs_review", "Flagged"])
def test_review_has_many_names(row: dict[str, Any], word: str) -> None:
    assert parse_return({**row, "state": word}, is_detailed=False).state is LoopState.REVIEW


def test_unknown_state_is_kept_as_it_came(row: dict[str, Any]) -> None:
    record = parse_return({**row, "state": "Archived"}, is_detailed=False)

    assert (record.state, record.raw_state) == (LoopState.UNKNOWN, "Archived")


@pytest.mark.parametrize(
    "fee", ["$6.95", "6.95 USD", "US$ 6.95", "6.95", "€6,95", "6,95 €", "Rs. 6.95", "kr.6.95", "6.95 kr."]
)
def test_fee_with_stray_characters(row: dict[str, Any], fee: str) -> None:
    assert parse_return({**row, "handling_fee": fee}, is_detailed=False).handling_fee == Decimal("6.95")


@pytest.mark.parametrize(
    ("fee", "amount"),
    [("1,234.50", "1234.50"), ("1.234,50 €", "1234.50"), ("¥1,000", "1000"), ("6.950", "6.950"), ("-$6.95", "-6.95")],
)
def test_fee_with_separators(row: dict[str, Any], fee: str, amount: str) -> None:
    assert parse_return({**row, "handling_fee": fee}, is_detailed=False).handling_fee == Decimal(amount)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", None),
        ("id", True),
        ("refund", "seventy"),
        ("return_total", "Infinity"),
        ("updated_at", "yesterday"),
        ("updated_at", "N/A"),
        ("label_updated_at", {"date": "2026-11-10 17:46:58", "timezone": "Mars/Base"}),
        ("line_items", ["387001"]),
        ("line_items", None),
        ("line_items", "N/A"),
        ("line_items", [{"line_item_id": "1", "price": "1.00"}]),
        ("line_items", [{"line_item_id": "1", "refund": "1.00"}]),
        ("refund", "1e400"),
        ("refund", "1234567890.00"),
        ("refund", "٣٫٥"),
        ("refund", "1_000"),
        ("refund", True),
        ("currency", "DOLLARS"),
        ("id", "1" * 61),
        ("created_at", "0001-01-01T00:00:00+14:00"),
        ("label_updated_at", {"date": "2026-11-10 17:46:58", "timezone": "../../etc/passwd"}),
        ("label_updated_at", {"date": "2026-11-10 17:46:58", "timezone": "America"}),
        ("label_updated_at", {"date": "2026-11-10 17:46:58", "timezone": "x" * 5000}),
    ],
)
def test_what_cannot_be_read_is_said_and_not_guessed(row: dict[str, Any], key: str, value: object) -> None:
    with pytest.raises(UnreadableRecordError):
        parse_return({**row, key: value}, is_detailed=False)


@pytest.mark.parametrize("key", ["id", "state", "line_items", "created_at"])
def test_missing_key_names_itself(row: dict[str, Any], key: str) -> None:
    del row[key]

    with pytest.raises(UnreadableRecordError) as raised:
        parse_return(row, is_detailed=False)

    assert raised.value.path == key


def test_unit_without_refund_needs_no_parts(row: dict[str, Any]) -> None:
    unit = {"line_item_id": 5, "price": "1.00", "refund": "0.00"}

    record = parse_return({**row, "line_items": [unit]}, is_detailed=False)

    assert record.units[0].refund_item == record.units[0].refund_tax == 0


def test_refund_of_2020_is_not_split_and_not_guessed(fixture_json: ReadFixture) -> None:
    record = parse_return(fixture_json("loop/webhook__return_2020.json"), is_detailed=False)

    (unit,) = record.units
    assert (unit.refund, unit.refund_item, unit.refund_tax) == (Decimal("108.88"), None, None)
    assert not unit.is_split
    assert (record.carrier, record.tracking_number, record.label_status) == (None, None, "pending")
    assert record.updated_at == datetime(2020, 10, 29, 16, 7, 33, tzinfo=UTC)
    assert record.untold_amounts == ()


def test_even_exchange_of_2020_holds_a_refund_of_nothing(fixture_json: ReadFixture) -> None:
    record = parse_return(fixture_json("loop/webhook__return_closed_exchange_2020.json"), is_detailed=False)

    assert (record.id, record.state) == ("6043000", LoopState.CLOSED)
    assert [(one.gateway, one.amount) for one in record.refunds] == [("manual", Decimal("0.00"))]
    assert record.exchanges[0].exchange_order_name == "L-90999"
    assert record.units[0].refund_item == record.units[0].refund_tax == 0


def test_list_of_2019_is_read(fixture_json: ReadFixture) -> None:
    whole, bare = (parse_return(row, is_detailed=False) for row in fixture_json("loop/list__legacy_2019.json"))

    assert [unit.line_item_id for unit in whole.units] == ["7310001", "7310002"]
    assert sum(unit.refund for unit in whole.units) == whole.refund == Decimal("45.00")
    assert whole.updated_at == whole.created_at == datetime(2019, 6, 11, 18, 2, 44, tzinfo=UTC)
    assert (bare.return_total, bare.refund, bare.gift_card, bare.exchange_credit_total) == (None, None, None, None)
    assert bare.untold_amounts == ("return_total", "refund", "gift_card", "exchange_credit_total")
    assert (bare.worth, bare.currency) == (Decimal("21.60"), "USD")


def test_newer_list_row_is_read(fixture_json: ReadFixture) -> None:
    record = parse_return(fixture_json("loop/list__presentment_2026.json"), is_detailed=False)

    assert record.processed_at["shop_cash_processed"] == datetime(2026, 10, 1, 10, 0, 1, 500000, tzinfo=UTC)
    assert (record.refund_shipping_total, record.refund_shipping_tax_total) == (Decimal("5.00"), Decimal("0.40"))
    assert [label.tracking_number for label in record.labels] == ["HR0001", "9400100000000000000002"]
    assert record.shopify_refund_ids == ("987002",)
    assert record.raw["presentment"]["currency"] == "CAD"


def test_details_of_another_platform_have_ids_too_long_for_a_float(fixture_json: ReadFixture) -> None:
    (body,) = fixture_json("loop/details__anywhere_2026.json")

    record = parse_return(body, is_detailed=True)

    assert record.provider_order_id == record.raw["provider_order_id"] == "902000000000000001"
    assert record.units[0].variant_id == "902000000000000301"


@pytest.mark.parametrize(
    "name",
    [
        "details__refund",
        "list__exchange",
        "list__refund_2026",
        "list__presentment_2026",
        "webhook__return_2020",
        "webhook__return_closed_exchange_2020",
        "webhook__return_2026",
    ],
)
def test_every_key_of_every_age_is_known(fixture_json: ReadFixture, name: str) -> None:
    record = parse_return(fixture_json(f"loop/{name}.json"), is_detailed=False)

    assert set(record.unknown_keys) <= {"a_key_of_next_year"}
    assert record.unknown_words == ()


def test_what_nobody_knows_is_named(row: dict[str, Any]) -> None:
    (unit,) = row["line_items"]
    strange = {
        **row,
        "state": "Archived",
        "outcome": "refund+donation",
        "label_status": "on_a_boat",
        "carbon_offset": "0.10",
        "line_items": [{**unit, "outcome": "keep", "gift_wrap": True}],
        "refunds": [{"gateway": "barter", "amount": "1.00"}],
        "return_method": {"provider": "happy_returns", "kiosk": 7},
    }

    record = parse_return(strange, is_detailed=False)

    assert set(record.unknown_keys) == {"line_items.gift_wrap", "return_method.kiosk", "carbon_offset"}
    assert set(record.unknown_words) == {
        "state=Archived",
        "label_status=on_a_boat",
        "line_items.outcome=keep",
        "refunds.gateway=barter",
        "outcome=refund+donation",
    }
    assert record.raw["carbon_offset"] == "0.10"


def test_what_a_database_cannot_hold_is_replaced(row: dict[str, Any]) -> None:
    record = parse_return({**row, "order_name": "a\x00b", "note": ["\ud800c"]}, is_detailed=False)

    assert record.order_name == "a\ufffdb"
    assert record.raw["note"] == ["\ufffdc"]


def test_nesting_without_end_is_refused(row: dict[str, Any]) -> None:
    deep: Any = "x"
    for _ in range(200):
        deep = [deep]

    with pytest.raises(UnreadableRecordError, match="deep"):
        parse_return({**row, "note": deep}, is_detailed=False)


def test_details_always_tell_when_they_changed(details: dict[str, Any]) -> None:
    del details["updated_at"]

    with pytest.raises(UnreadableRecordError, match="updated_at"):
        parse_return(details, is_detailed=True)


def test_list_with_gaps_comes_as_an_object(row: dict[str, Any]) -> None:
    units = row["line_items"]

    record = parse_return({**row, "line_items": {"1": units[0]}, "outcomes_processed_at": []}, is_detailed=False)

    assert len(record.units) == 1
    assert record.processed_at == {}


def test_three_ways_of_writing_one_moment() -> None:
    php = {"date": "2026-11-10 17:46:58.000000", "timezone_type": 3, "timezone": "UTC"}

    moments = {read_time("2026-11-10T17:46:58+00:00"), read_time("2026-11-10 17:46:58"), read_time(php)}

    assert moments == {datetime(2026, 11, 10, 17, 46, 58, tzinfo=UTC)}

"""One comparison of what was asked for with what is there, each difference a sentence."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integrations.netsuite.records import ApplyRow, TransactionRecord
from returnsops.posting.verify import describe_request, find_differences, find_unit_differences
from tests.posting.conftest import make_netsuite_record

SENT: dict[str, Any] = {
    "operation": "transform",
    "source_id": "7001",
    "target_type": "returnAuthorization",
    "body": {"item": {"items": [{"orderLine": 3, "item": {"id": "501"}, "quantity": 2, "location": {"id": "31"}}]}},
}


def held(request: dict[str, Any], **changes: Any) -> TransactionRecord:
    """The record that NetSuite makes of this request, then changed."""
    body = request["body"] | {"externalId": "loop-1"}
    record = make_netsuite_record(request["target_type"], "9001", body, request.get("source_id"))
    return replace(record, **changes)


def with_rows(*rows: dict[str, Any]) -> dict[str, Any]:
    return SENT | {"body": {"item": {"items": list(rows)}}}


def test_record_that_holds_what_was_sent_does_not_differ() -> None:
    assert find_differences(SENT, held(SENT), external_id="loop-1") == []


def test_external_id_may_differ_in_case() -> None:
    assert find_differences(SENT, held(SENT, external_id="LOOP-1"), external_id="loop-1") == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"external_id": None}, "external id is empty"),
        ({"created_from_id": "7002"}, "it was made from 7002, not from 7001"),
        ({"lines": ()}, "item 501 is missing"),
    ],
)
def test_difference_is_told_as_a_sentence(changes: dict[str, Any], words: str) -> None:
    assert find_differences(SENT, held(SENT, **changes), external_id="loop-1") == [words]


def test_units_at_another_place_are_told() -> None:
    record = held(SENT)
    moved = replace(record, lines=(replace(record.lines[0], location_id="14"),))

    assert find_differences(SENT, moved, external_id="loop-1") == ["line 3 is at location 14, not location 31"]


@pytest.mark.parametrize("target_type", ["returnAuthorization", "itemReceipt", "creditMemo", "customerRefund"])
def test_place_in_the_header_is_no_way_of_what_moves_nothing(target_type: str) -> None:
    """Of the units each row says where they go; the header has what NetSuite's form puts there."""
    request = SENT | {"target_type": target_type}

    assert find_differences(request, held(request, location_id="14"), external_id="loop-1") == []


@pytest.mark.parametrize(
    ("entity_id", "words"), [("8001", []), (None, []), ("8002", ["it is on customer 8002, not 8001"])]
)
def test_customer_of_an_order_is_compared_if_the_record_tells(entity_id: str | None, words: list[str]) -> None:
    request = {"operation": "create", "target_type": "salesOrder", "body": {"entity": {"id": "8001"}}}

    assert find_differences(request, held(request, entity_id=entity_id), external_id="loop-1") == words


def test_missing_record_is_told() -> None:
    assert find_differences(SENT, None, external_id="loop-1") == ["NetSuite says it does not exist"]


def test_amount_of_an_item_is_compared() -> None:
    request = with_rows({"orderLine": 1, "item": {"id": "501"}, "quantity": 1, "amount": "65.56"})
    record = held(request)
    other = replace(record, lines=(replace(record.lines[0], amount=Decimal("72.00")),))

    assert find_differences(request, record, external_id="loop-1") == []
    assert find_differences(request, other, external_id="loop-1") == ["line 1 has amount 72.00, 65.56 was sent"]


def test_amount_that_is_taken_off_instead_of_added_is_told() -> None:
    fee = {"item": {"id": "903"}, "quantity": 1, "rate": "-5.00", "amount": "-5.00"}
    request = with_rows({"orderLine": 1, "item": {"id": "501"}, "quantity": 1, "amount": "65.56"}, fee)
    record = held(request)
    goods, kept = record.lines
    given = replace(record, lines=(goods, replace(kept, amount=Decimal("5.00"))))
    other_side = tuple(replace(one, amount=-one.amount if one.amount else None) for one in record.lines)

    assert find_differences(request, record) == []
    assert find_differences(request, given) == ["item 903 has amount 5.00, -5.00 was sent"]
    assert find_differences(request, replace(record, lines=other_side)) == [], "with the sign of its side"


def test_side_of_the_books_shows_also_where_the_rows_cancel_each_other() -> None:
    """A Cash Refund whose money went to an exchange: the row that takes it off holds the tax as well."""
    cleared = {"item": {"id": "913"}, "quantity": 1, "rate": "-77.76", "amount": "-77.76"}
    request = with_rows({"orderLine": 1, "item": {"id": "501"}, "quantity": 1, "amount": "72.00"}, cleared)
    record = held(request)
    other_side = tuple(replace(one, amount=-one.amount if one.amount else None) for one in record.lines)

    assert find_differences(request, record) == []
    assert find_differences(request, replace(record, lines=other_side)) == []


@pytest.mark.parametrize(
    ("raw", "differs"), [({"custbody_x": "SO7"}, False), ({"custbody_x": "SO8"}, True), ({}, True)]
)
def test_field_of_the_header_is_compared(raw: dict[str, str], differs: bool) -> None:
    request = {"operation": "update", "target_type": "salesOrder", "target_id": "77", "body": {"custbody_x": "SO7"}}
    record = replace(held(SENT), raw=raw)

    assert bool(find_differences(request, record)) == differs


def test_two_lines_of_one_item_are_compared_together() -> None:
    request = with_rows(
        {"orderLine": 1, "item": {"id": "501"}, "quantity": 1, "amount": "65.56"},
        {"orderLine": 2, "item": {"id": "501"}, "quantity": 1, "amount": "60.00"},
    )

    assert find_differences(request, held(request), external_id="loop-1") == []


def test_line_at_netsuites_own_price_beside_a_priced_one_of_the_same_item_is_no_difference() -> None:
    request = with_rows(
        {"orderLine": 1, "item": {"id": "501"}, "quantity": 1, "amount": "65.56"},
        {"orderLine": 2, "item": {"id": "501"}, "quantity": 1},
    )
    record = held(request)
    priced = replace(record, lines=(record.lines[0], replace(record.lines[1], amount=Decimal("72.00"))))

    assert find_differences(request, priced, external_id="loop-1") == []


def test_rows_that_said_no_are_not_expected() -> None:
    request = with_rows(
        {"orderLine": 1, "itemReceive": True, "quantity": 1, "location": {"id": "14"}},
        {"orderLine": 2, "itemReceive": False},
    )

    assert find_differences(request, held(request), external_id="loop-1") == []


def test_parts_of_a_kit_are_not_counted_as_units() -> None:
    body = {"externalId": "x", "item": {"items": [{"quantity": 1, "itemReceive": True}]}}
    record = make_netsuite_record("itemReceipt", "9001", body, "77")
    parts = tuple(replace(record.lines[0], line=number, kit_member_of=1) for number in (2, 3))
    request = {"operation": "transform", "source_id": "77", "target_type": "itemReceipt", "body": body}

    assert find_differences(request, replace(record, lines=record.lines + parts), external_id="x") == []
    twice = replace(record, lines=(*record.lines, replace(parts[0], kit_member_of=None)))
    assert find_differences(request, twice, external_id="x") == ["it holds 2, 1 were sent"]


def test_lines_are_told_apart_by_the_source_they_name() -> None:
    rows = [{"orderLine": line, "item": {"id": "501"}, "quantity": 1, "location": {"id": "31"}} for line in (3, 6)]
    request = with_rows(*rows)
    record = held(request)
    twice = replace(record, lines=(replace(record.lines[0], quantity=2),))

    assert find_differences(request, twice, external_id="loop-1") == [
        "line 3 holds 2, 1 were sent",
        "line 6 is missing",
    ]


def test_what_nobody_sent_is_told() -> None:
    record = held(SENT)
    more = replace(record, lines=(*record.lines, replace(record.lines[0], line=2, order_line=9, item_id="502")))

    words = "item 502 was not sent: 2 of item 502, at location 31"
    assert find_differences(SENT, more, external_id="loop-1") == [words]


def test_voided_and_wrongly_dated_records_are_told() -> None:
    request = SENT | {"body": SENT["body"] | {"tranDate": "2026-11-20"}}
    record = held(request, status="V", tran_date=date(2026, 11, 21))

    words = ["it is voided", "it is dated 2026-11-21, not 2026-11-20"]
    assert find_differences(request, record, external_id="loop-1") == words


@pytest.mark.parametrize("dated", [date(2026, 11, 21), None])
def test_record_of_the_day_that_was_sent_or_of_no_day_is_right(dated: date | None) -> None:
    request = SENT | {"body": SENT["body"] | {"tranDate": "2026-11-21"}}

    assert find_differences(request, held(request, tran_date=dated), external_id="loop-1") == []


def test_other_item_on_the_line_of_the_sale_is_told() -> None:
    record = held(SENT)
    other = replace(record, lines=(replace(record.lines[0], item_id="502"),))

    assert find_differences(SENT, other, external_id="loop-1") == ["line 3 is item 502, not 501"]


def test_line_that_is_not_there_any_more_is_not_closed() -> None:
    close = {"operation": "update", "target_type": "returnAuthorization", "target_id": "9001",
             "body": {"item": {"items": [{"line": 1, "isClosed": True}]}}}  # fmt: skip
    (line,) = held(SENT).lines

    assert find_differences(close, held(SENT, lines=(replace(line, is_closed=True),))) == []
    assert find_differences(close, held(SENT, lines=())) == ["the change did not take effect"]


def test_record_of_somebody_else_need_not_have_our_id_and_date() -> None:
    request = SENT | {"body": SENT["body"] | {"tranDate": "2026-11-20"}}

    assert find_differences(request, held(request, external_id="celigo-7", tran_date=date(2026, 11, 1))) == []


def in_status(**sides: str) -> dict[str, Any]:
    named = {name: {"id": one} for name, one in sides.items()}
    return {"inventoryDetail": {"inventoryAssignment": {"items": [named | {"quantity": 2}]}}}


def test_a_status_that_netsuite_adds_by_itself_is_no_difference() -> None:
    (line,) = held(SENT).lines

    assert find_differences(SENT, held(SENT, lines=(replace(line, raw=in_status(inventoryStatus="1")),))) == []


@pytest.mark.parametrize(
    ("held_detail", "words"),
    [
        (in_status(inventoryStatus="3"), []),
        (in_status(inventoryStatus="1"), ["line 3 is in status 1, not status 3"]),
        ({}, ["line 3 is in no status that NetSuite tells, not status 3"]),  # its default is sellable
    ],
)
def test_units_in_another_status_are_told(held_detail: dict[str, Any], words: list[str]) -> None:
    row = SENT["body"]["item"]["items"][0]
    request = with_rows(row | in_status(inventoryStatus="3"))
    record = held(request)
    shown = replace(record, lines=(replace(record.lines[0], raw=held_detail),))

    assert find_differences(request, shown, external_id="loop-1") == words
    assert "2 of item 501, at location 31, in status 3" in describe_request(request)


def test_a_transfer_into_another_status_is_told() -> None:
    row = TRANSFER["body"]["inventory"]["items"][0] | in_status(inventoryStatus="2", toInventoryStatus="1")
    request = TRANSFER | {"body": TRANSFER["body"] | {"inventory": {"items": [row]}}}
    record = held(request)
    stayed = replace(record, lines=(replace(record.lines[0], raw=in_status(inventoryStatus="2")),))

    assert find_differences(request, record, external_id="loop-1") == []
    assert find_differences(request, stayed, external_id="loop-1") == [
        "item 501 is in status 2, not status 2 to status 1"
    ]


TRANSFER: dict[str, Any] = {
    "operation": "create",
    "target_type": "inventoryTransfer",
    "body": {
        "location": {"id": "31"},
        "transferLocation": {"id": "14"},
        "inventory": {"items": [{"item": {"id": "501"}, "adjustQtyBy": 2}]},
    },
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"location_id": "31", "raw": {"transferLocation": {"id": "14"}}}, []),
        ({}, []),  # not told is not different
        (
            {"raw": {"transferLocation": {"id": "33"}}},
            ["it moves from location 31 to location 33, not from location 31 to location 14"],
        ),
        ({"location_id": "32"}, ["it moves from location 32 to location 14, not from location 31 to location 14"]),
        ({"lines": ()}, ["item 501 is missing"]),
    ],
)
def test_transfer_is_compared_by_its_units_and_its_way(changes: dict[str, Any], words: list[str]) -> None:
    assert find_differences(TRANSFER, held(TRANSFER, **changes), external_id="loop-1") == words


def test_transfer_of_more_units_is_told() -> None:
    record = held(TRANSFER)
    more = replace(record, lines=(replace(record.lines[0], quantity=3),))

    assert find_differences(TRANSFER, more, external_id="loop-1") == ["item 501 holds 3, 2 were sent"]


ADJUSTMENT: dict[str, Any] = {
    "operation": "create",
    "target_type": "inventoryAdjustment",
    "body": {
        "account": {"id": "640"},
        "inventory": {"items": [{"item": {"id": "501"}, "location": {"id": "31"}, "adjustQtyBy": -1}]},
    },
}


@pytest.mark.parametrize(("quantity", "words"), [(-1, []), (1, ["it adds units instead of taking them out"])])
def test_adjustment_is_compared_by_what_it_takes_out(quantity: int, words: list[str]) -> None:
    record = held(ADJUSTMENT)
    lines = tuple(replace(line, raw={"adjustQtyBy": quantity}) for line in record.lines)

    assert find_differences(ADJUSTMENT, replace(record, lines=lines), external_id="loop-1") == words


def test_adjustment_that_does_not_tell_which_way_its_units_go_is_no_difference() -> None:
    record = held(ADJUSTMENT)
    silent = replace(record, lines=tuple(replace(line, raw={}) for line in record.lines))

    assert find_differences(ADJUSTMENT, silent, external_id="loop-1") == []


def test_adjustment_that_takes_in_is_compared_the_other_way_round() -> None:
    rows = {"items": [ADJUSTMENT["body"]["inventory"]["items"][0] | {"adjustQtyBy": 1}]}
    asked = ADJUSTMENT | {"body": ADJUSTMENT["body"] | {"inventory": rows}}
    record = held(asked)
    lines = tuple(replace(line, raw={"adjustQtyBy": -1}) for line in record.lines)

    differences = find_differences(asked, replace(record, lines=lines), external_id="loop-1")

    assert differences == ["it takes units out instead of adding them"]


REFUND: dict[str, Any] = {
    "operation": "create",
    "target_type": "customerRefund",
    "body": {
        "customer": {"id": "8801"},
        "account": {"id": "110"},
        "apply": {"items": [{"doc": {"id": "8201"}, "line": 0, "apply": True, "amount": "65.56"}]},
    },
}


def test_order_is_compared_by_where_it_ships_from() -> None:
    row = {"item": {"id": "502"}, "quantity": 1, "rate": "72.00", "amount": "72.00", "location": {"id": "14"}}
    body = {"location": {"id": "14"}, "item": {"items": [row]}}
    request = {"operation": "create", "target_type": "salesOrder", "body": body}
    order = held(request, location_id="14")
    elsewhere = replace(order.lines[0], location_id="15")

    assert find_differences(request, order) == []
    assert find_differences(request, replace(order, location_id=None)) == []  # its header tells none
    assert find_differences(request, replace(order, location_id="15")) == [
        "it ships from location 15, not from location 14"
    ]
    assert find_differences(request, replace(order, lines=(elsewhere,))) == [
        "item 502 is at location 15, not location 14"
    ]


def test_refund_is_compared_by_what_it_pays_and_where_it_is_booked() -> None:
    right = ApplyRow(doc_id="8201", line=0, amount=Decimal("65.56"), apply=True)
    record = held(REFUND, applies=(right,), raw={"account": {"id": "110"}})
    other = replace(right, doc_id="8299")

    assert find_differences(REFUND, record, external_id="loop-1") == []
    assert find_differences(REFUND, replace(record, applies=(other,), raw={"account": {"id": "111"}})) == [
        "it pays 0 of 8201, 65.56 was sent",
        "it is applied to 8299 with 65.56",
        "it is booked on account 111, not 110",
    ]
    assert find_differences(REFUND, replace(record, entity_id="8802")) == ["it is on customer 8802, not 8801"]


def test_account_that_nobody_asked_for_is_no_difference() -> None:
    body = {name: value for name, value in REFUND["body"].items() if name != "account"}
    request = REFUND | {"body": body}
    paid = ApplyRow(doc_id="8201", line=0, amount=Decimal("65.56"), apply=True)

    assert find_differences(request, held(request, applies=(paid,), raw={"account": {"id": "111"}})) == []


def test_row_that_is_ticked_and_pays_nothing_is_no_application() -> None:
    paid = ApplyRow(doc_id="8201", line=0, amount=Decimal("65.56"), apply=True)
    ticked = ApplyRow(doc_id="8299", line=1, amount=Decimal("0.00"), apply=True)

    assert find_differences(REFUND, held(REFUND, applies=(paid, ticked)), external_id="loop-1") == []


def test_refund_of_one_credit_beside_another_that_is_left_out_pays_the_one() -> None:
    rows = [*REFUND["body"]["apply"]["items"], {"doc": {"id": "8299"}, "apply": False, "amount": "10.00"}]
    request = REFUND | {"body": REFUND["body"] | {"apply": {"items": rows}}}
    paid = ApplyRow(doc_id="8201", line=0, amount=Decimal("65.56"), apply=True)
    record = held(REFUND, applies=(paid, ApplyRow(doc_id="8299", line=1, amount=Decimal("10.00"), apply=False)))

    assert find_differences(request, record, external_id="loop-1") == []


def test_credit_that_was_to_stay_open_is_applied_to_nothing() -> None:
    request = with_rows({"orderLine": 1, "item": {"id": "501"}, "quantity": 1, "amount": "65.56"})
    request["body"]["autoApply"] = False
    applied = ApplyRow(doc_id="7001", line=0, amount=Decimal("65.56"), apply=True)

    assert find_differences(request, held(request), external_id="loop-1") == []
    words = ["it is applied to 7001 with 65.56"]
    assert find_differences(request, held(request, applies=(applied,)), external_id="loop-1") == words


def test_application_of_a_credit_is_held_once_the_invoice_shows_it() -> None:
    row = {"doc": {"id": "6201"}, "line": 0, "apply": True, "amount": "77.76"}
    sent = {"operation": "update", "target_type": "creditMemo", "body": {"apply": {"items": [row]}}}

    def applied(amount: str) -> TransactionRecord:
        return held(SENT, applies=(ApplyRow(doc_id="6201", line=0, amount=Decimal(amount), apply=True),))

    assert find_differences(sent, applied("77.76")) == []
    assert find_differences(sent, applied("70.00")) == ["the change did not take effect"]


def test_a_person_may_choose_a_record_at_another_price_and_place_but_not_of_other_units() -> None:
    request = with_rows(
        {"orderLine": 1, "item": {"id": "501"}, "quantity": 1, "amount": "65.56", "location": {"id": "31"}}
    )
    (line,) = held(request).lines
    elsewhere = held(request, lines=(replace(line, amount=Decimal("1"), location_id="14"),))
    fewer = held(request, lines=(replace(line, quantity=2),))

    assert find_unit_differences(request, elsewhere) == []
    assert find_unit_differences(request, fewer) == ["line 1 holds 2, 1 were sent"]
    assert find_unit_differences(request, None) == ["NetSuite says it does not exist"]
    assert find_unit_differences(request, held(request, status="V")) == ["it is voided"]


def test_what_we_would_send_is_said_in_a_sentence() -> None:
    assert describe_request(SENT) == "line 3: 2 of item 501, at location 31"
    assert describe_request(REFUND) == "65.56 of 8201"

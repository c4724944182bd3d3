"""What the return page tells of Loop's side: parcels, payments, the shop's numbers (B04, B06, B07, B11, B12)."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from integrations.loop.parsing import parse_return
from integrations.models import Shop
from returnsops.pages.present.return_facts import describe_facts, shop_ids
from returnsops.people.models import User
from tests.builders import CREATED, make_netsuite, make_policy, make_record, make_return, make_sale, make_unit
from tests.pages.scenes import make_planned_return

EXCHANGE = {
    "exchange_id": 5001, "sku": "BOOT-43", "title": "Boot / 43", "price": "72.00", "total": "77.76",
    "exchange_order_id": None, "exchange_order_name": None,
}  # fmt: skip
SETTLED = {"state": "closed", "was_processed": True}


def facts_of(shop: Shop, **changes: Any) -> list[dict[str, Any]]:
    row = make_return(shop, **changes)
    return describe_facts(row, parse_return(row.raw, is_detailed=True), list(row.records.all()))


def values_of(facts: list[dict[str, Any]], label: str) -> list[Any]:
    return [one.get("value") or one.get("at") or one.get("amount") for one in facts if one["label"] == label]


def test_parcel_is_told_with_carrier_and_last_scan(shop: Shop) -> None:
    scanned = datetime(2026, 11, 17, 9, 30, tzinfo=CREATED.tzinfo)

    facts = facts_of(shop, carrier="USPS", label_status="in_transit", label_updated_at=f"{scanned:%Y-%m-%d %H:%M:%S}")

    assert values_of(facts, "Parcel") == ["in transit"]
    assert values_of(facts, "Last scan") == [scanned]
    assert {"label": "Tracking", "id": {"value": "9400100000000000000001"}, "note": "USPS"} in facts


def test_label_that_no_carrier_has_scanned_tells_no_scan(shop: Shop) -> None:
    facts = facts_of(shop, label_status="pre_transit")

    assert values_of(facts, "Last scan") == []


def test_each_of_several_parcels_has_its_own_state(shop: Shop) -> None:
    labels = [
        {"tracking_number": "9400100000000000000001", "carrier": "USPS", "status": "delivered"},
        {"tracking_number": "1Z999", "carrier": "UPS", "status": "in_transit"},
    ]

    facts = facts_of(shop, carrier="USPS", label_status="delivered", labels=labels)

    told = {one["id"]["value"]: one["note"] for one in facts if one["label"] == "Tracking"}
    assert told == {"9400100000000000000001": "USPS, delivered", "1Z999": "UPS, in transit"}


def test_each_payment_is_told_with_its_method(shop: Shop) -> None:
    paid = [
        {"gateway": "gift_card", "amount": "20.00", "currency": "USD"},
        {"gateway": "shopify_payments", "amount": "135.52", "currency": "USD"},
    ]

    facts = facts_of(shop, refunds=paid, **SETTLED)

    told = [(one["amount"], one["note"]) for one in facts if one["label"] == "Paid back"]
    assert told == [(Decimal("20.00"), "by gift card"), (Decimal("135.52"), "by shopify payments")]


def test_worth_of_new_goods_is_no_payment(shop: Shop) -> None:
    nothing = [{"gateway": "manual", "amount": "0.00"}]  # as even exchanges have it (loop.md §7.8)

    facts = facts_of(
        shop, exchanges=[EXCHANGE], exchange_credit_total="77.76", refund="0.00", refunds=nothing, **SETTLED
    )

    assert values_of(facts, "Paid back") == []
    assert values_of(facts, "Used for the exchange") == [Decimal("77.76")]


def test_what_loop_only_announces_is_not_told_as_paid(shop: Shop) -> None:
    facts = facts_of(shop, exchanges=[EXCHANGE], exchange_credit_total="77.76", gift_card="5.00")

    assert [one["label"] for one in facts if "paid" in one["label"].lower() or "credit" in one["label"].lower()] == []


@pytest.mark.parametrize(
    ("timing", "is_instant", "words"),
    [
        ("from_loop", False, "when Loop has settled, or at once if Loop made it before"),
        ("on_receipt", False, "once the units are inspected"),
        ("on_receipt", True, "at once, before anything comes back"),
    ],
)
def test_exchange_says_when_its_order_is_made(shop: Shop, timing: str, is_instant: bool, words: str) -> None:
    make_policy(shop, exchange_timing=timing)

    facts = facts_of(shop, exchanges=[EXCHANGE], refund_before_inspection=is_instant)

    assert values_of(facts, "Exchange order") == [words]


def test_replacement_is_told_with_how_far_its_order_is(shop: Shop) -> None:
    ordered = EXCHANGE | {"exchange_order_id": 61001, "exchange_order_name": "#EXC-20418"}
    row = make_return(shop, exchanges=[ordered])
    order = make_netsuite("salesOrder", "7999", other_ref_num="EXC-20418", tran_id="SO7999", status="B")
    make_record(row, replace(order, status_label="Pending Fulfillment"))
    make_record(row, make_sale([make_unit(1)], "salesOrder"))

    facts = describe_facts(row, parse_return(row.raw, is_detailed=True), list(row.records.all()))

    (told,) = [one for one in facts if one["label"] == "Replacement"]
    assert (told["id"]["value"], told["note"]) == ("SO7999", "Pending Fulfillment")


@pytest.mark.parametrize(
    ("rows", "status", "words"),
    [
        ([{"quantity": "1.0", "quantityCommitted": "0.0"}], "B", "0 of 1 reserved"),
        (
            [
                {"quantity": 3.0, "quantityCommitted": 1.0, "quantityFulfilled": 1.0},
                {"quantity": 1.0, "quantityCommitted": 1.0},
                {"quantity": 1.0, "quantityCommitted": 1.0, "isClosed": True},
                {"quantity": 1.0},  # a discount: no stock
            ],
            "D",
            "2 of 3 reserved",
        ),
        ([{"quantity": 1.0, "quantityCommitted": 0.0, "quantityFulfilled": 1.0}], "F", ""),
        ([{"quantity": 1.0, "quantityCommitted": 0.0}], "H", ""),
        ([{"quantity": 1.0}], "B", ""),  # NetSuite does not tell
    ],
)
def test_replacement_is_told_with_what_is_reserved_of_it(
    shop: Shop, rows: list[dict[str, Any]], status: str, words: str
) -> None:
    row = make_return(shop, exchanges=[EXCHANGE | {"exchange_order_id": 61001, "exchange_order_name": "#EXC-20418"}])
    order = make_netsuite("salesOrder", "7999", other_ref_num="EXC-20418", tran_id="SO7999", status=status)
    make_record(row, replace(order, status_label="Any"))
    row.records.update(raw={"item": {"items": rows}})

    facts = describe_facts(row, parse_return(row.raw, is_detailed=True), list(row.records.all()))

    (told,) = [one["note"] for one in facts if one["label"] == "Replacement"]
    assert told == (f"Any; {words}" if words else "Any")


def test_return_without_exchange_speaks_of_none(shop: Shop) -> None:
    assert values_of(facts_of(shop), "Exchange order") == []


def test_numbers_of_the_shop_are_told_once_loop_knows_them(shop: Shop) -> None:
    row = make_return(shop, provider_return_id=8801, shopify_refund_object=[{"provider_refund_id": 987001}])

    told = shop_ids(parse_return(row.raw, is_detailed=True))

    assert [(one["kind"], one["value"]) for one in told] == [("Shopify return", "8801"), ("Shopify refund", "987001")]


def test_page_shows_all_of_it(client: Client, shop: Shop, finn: User) -> None:
    client.force_login(finn)
    row = make_planned_return(shop, carrier="USPS", provider_return_id=8801)

    text = client.get(f"/returns/{row.pk}/").text

    assert "Last scan" in text
    assert "USPS" in text
    assert 'data-copy="8801"' in text

"""What is true at the beginning of a scenario: the units, Loop's return, the bill in NetSuite, the shop's policy."""

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from returnsops.returns.facts import (
    ExchangeFacts,
    KitFacts,
    LineFacts,
    LoopFacts,
    MemberFacts,
    RecordFacts,
    RefundFacts,
    ReturnFacts,
    SiblingFacts,
    UnitFacts,
)
from tests.builders import CREATED, make_exchange, make_facts, make_line, make_loop, make_sale
from tests.builders import make_unit as build_unit
from tests.builders import policy as build_policy

Json = dict[str, Any]
MONEY = frozenset(
    {
        "return_total", "exchange_credit", "upsell", "refund", "gift_card", "fee", "refund_shipping",
        "refund_shipping_tax", "refund_duties",
    }
)  # fmt: skip
ITEMS = {"BOOT-42": "501", "BOOT-43": "502", "SHIRT-M": "503", "SOCKS": "504"}  # the shop's items in NetSuite
# One for each story that asks for the stock.
ITEMS |= {"CAP-1": "505", "CAP-2": "506", "CAP-3": "507", "CAP-4": "508", "CAP-5": "510"}
ITEMS |= {"CAP-6": "511"}  # of the story in which it is out of use
ITEMS |= {"GIFT-SET": "509"}  # a kit, of what the story tells
ITEMS |= {"TIGHTS": "512"}  # of the story in which its category is not told yet
CATEGORIES = {"SOCKS": "Hosiery", "TIGHTS": "Hosiery"}  # of items, by SKU; of others NetSuite tells none
ORDER = "7000"  # its id in NetSuite
NEW = {"state": "open", "label_status": "", "outcome": "refund"}


def begin(given: Json) -> ReturnFacts:
    """given: the tables of a scenario file before its first moment."""
    units = read_units(given["units"])
    loop = read_loop(make_loop(units, **NEW), given.get("loop", {}))
    values: Json = {
        "units": units,
        "loop": loop,
        "exchanges": tuple(_read_exchange(number, one) for number, one in enumerate(given.get("exchanges", []), 1)),
        "records": read_bills(given.get("bill", {}), units),
        "kits": tuple(_read_kit(**one) for one in given.get("kits", [])),
        "siblings": tuple(SiblingFacts(**one | {"units": tuple(one["units"])}) for one in given.get("siblings", [])),
        "policy": build_policy(**given.get("policy", {})),
        "now": CREATED,
    }
    return make_facts(**values | given.get("shop", {}))


def read_units(rows: list[Json]) -> tuple[UnitFacts, ...]:
    """One row a line of the order; `count` units of it."""
    units: list[UnitFacts] = []
    for number, row in enumerate(rows, 1):
        for _ in range(row.get("count", 1)):
            units.append(_read_unit(len(units) + 1, line=number, row=row))
    return tuple(units)


def _read_unit(number: int, *, line: int, row: Json) -> UnitFacts:
    """paid: without tax, after discount. refund: both together unless a fee is kept or it is paid otherwise.

    category_untold: its item was not read since the account names the field.
    """
    sku = row.get("sku", "BOOT-42")
    paid, tax = Decimal(row.get("paid", "72.00")), Decimal(row.get("tax", "5.76"))
    refund = Decimal(row.get("refund", paid + tax))
    item, refund_tax = (refund - tax, tax) if refund else (refund, refund)
    category = None if row.get("category_untold") else CATEGORIES.get(sku, "")
    own = {name: row[name] for name in ("refund_item", "refund_tax", "removed", "title", "is_kept") if name in row}
    values: Json = {
        "sku": sku, "title": row.get("title", sku), "item_id": row.get("item", ITEMS.get(sku, "")), "price": paid,
        "discount": "0", "tax": tax, "refund": refund, "refund_item": item, "refund_tax": refund_tax,
        "provider_line": row.get("line", f"line-{line}"), "category": category,
    }  # fmt: skip
    return build_unit(number, **values | own)


def read_loop(loop: LoopFacts, told: Json) -> LoopFacts:
    """told: fields of LoopFacts by their names; amounts as text, refunds by gateway («20.00» or «20.00 EUR»)."""
    changes = dict(told)
    for name in MONEY & changes.keys():
        changes[name] = Decimal(changes[name])
    if "refunds" in changes:
        changes["refunds"] = tuple(_read_refund(one, amount) for one, amount in changes["refunds"].items())
    unknown = changes.keys() - {field.name for field in fields(LoopFacts)}
    assert not unknown, f"Loop tells no {sorted(unknown)}"
    return replace(loop, **changes)


def _read_refund(gateway: str, told: str) -> RefundFacts:
    amount, _, currency = told.partition(" ")
    return RefundFacts(gateway, Decimal(amount), currency)


def _read_exchange(number: int, row: Json) -> ExchangeFacts:
    sku = row.get("sku", "BOOT-43")
    values: Json = {"sku": sku, "title": sku, "item_id": ITEMS.get(sku, "")}
    money = {name: Decimal(row[name]) for name in ("price", "total", "tax") if name in row}
    if "tax" not in money:
        money["tax"] = money.get("total", Decimal("77.76")) - money.get("price", Decimal("72.00"))
    rest = {name: row[name] for name in ("order_id", "order_name", "out_of_stock", "item_inactive") if name in row}
    return make_exchange(number, **values | money | rest)


def _read_kit(*, sku: str, members: dict[str, int]) -> KitFacts:
    """members: how many of each SKU are in one; none: nobody told."""
    made_of = tuple(MemberFacts(ITEMS[one], one, count) for one, count in members.items())
    return KitFacts(ITEMS[sku], sku, made_of)


def read_bills(told: Json, units: tuple[UnitFacts, ...]) -> tuple[RecordFacts, ...]:
    """kind: invoice, cashSale, salesOrder (not billed yet) or none; lines: where NetSuite's differ from Loop's.

    currency: NetSuite's name of it. status: of the order, by its letter; it is shipped unless told otherwise.
    ship_to: the entry of the customer's address book that it went to.
    customer: "" where it names none.
    """
    kind = told.get("kind", "invoice")
    if kind == "none":
        return ()
    if kind == "salesOrder":
        order = make_sale(units, "salesOrder", status=told.get("status", "F"))
        return (replace(order, internal_id=ORDER, tran_id=f"SAL{ORDER}", ship_to=told.get("ship_to", "")),)
    bill = make_sale(units, kind, currency=told.get("currency", ""), ship_to=told.get("ship_to", ""))
    bill = replace(bill, entity_id=told.get("customer", bill.entity_id))
    if "lines" in told:
        lines = tuple(read_line(number, row) for number, row in enumerate(told["lines"], 1))
        bill = replace(bill, lines=lines)
    return (bill,)


def read_line(number: int, row: Json) -> LineFacts:
    """A line of any record; line = "" where NetSuite does not show the shop's line."""
    sku, quantity = row.get("sku", "BOOT-42"), row.get("quantity", 1)
    amount, tax = Decimal(row.get("amount", "72.00")), Decimal(row.get("tax", "5.76"))
    rest = {name: row[name] for name in ("order_line", "received", "is_closed", "location_id") if name in row}
    return make_line(
        str(3 * number), item_id=row.get("item", ITEMS.get(sku, "")), item_name=sku, quantity=quantity, amount=amount,
        rate=amount / quantity, tax_amount=tax, reference=row.get("line", f"line-{number}"), **rest,
    )  # fmt: skip

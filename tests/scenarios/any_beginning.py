"""How a story that nobody wrote begins: any goods and money, any way of settling them, any bills, any rules."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from returnsops.lib.money import ZERO, add_up, round_money
from returnsops.returns.facts import LineFacts, ReturnFacts
from returnsops.returns.policy import (
    RESTOCK_TRIGGERS,
    CreditLines,
    ExchangeAddress,
    ExchangeOrder,
    ExchangeSettlement,
    ExchangeStock,
    ExchangeTiming,
    Ownership,
    Policy,
    ReceiptShape,
    ReceiptTrigger,
    RefundAuthority,
    RmaSource,
    RmaTrigger,
)
from tests.builders import policy
from tests.scenarios.given import begin
from tests.scenarios.moments import HAPPENINGS

Json = dict[str, Any]
HOLD_FIRST: Json = {"receipt_shape": ReceiptShape.HOLD_THEN_TRANSFER}
EXEMPTION: Json = {"reason": "sealed goods", "until": "2026-11-20", "skus": ["SOCKS"]}
# How goods come in: as a policy would have it, the usual way most often.
GOODS: tuple[Json, ...] = (
    {},
    {},
    HOLD_FIRST,
    HOLD_FIRST | {"receipt_trigger": ReceiptTrigger.ARRIVAL_TO_HOLD},
    HOLD_FIRST | {"receipt_trigger": ReceiptTrigger.LOOP_RESTOCK_TO_HOLD},
    {"receipt_trigger": ReceiptTrigger.LOOP_RESTOCK_TO_SELLABLE, "restock_exemption": EXEMPTION},
)
GRADES = {"sellable": "grade_a", "refused": "grade_d", "missing": "missing", "wrong_item": "incorrect_item"}
ASSESSMENTS = {"sellable": "back_to_stock", "damaged": "recycle"}


# Whether the first of the goods is a kit, and whether anybody told what lies in it; mostly it is none.
KITS: tuple[list[Json], ...] = (
    [],
    [],
    [],
    [{"sku": "BOOT-42", "members": {"SHIRT-M": 1, "SOCKS": 2}}],
    [{"sku": "BOOT-42", "members": {}}],
)
PRICES = {
    "USD": ["72.00", "0.01", "33.33", "0.00"],
    "JPY": ["7200", "1", "0"],
    "KWD": ["24.500", "0.001", "33.333"],
}
TAX_SHARES = [Decimal("0.08"), Decimal("0.0725"), ZERO]
WAYS = ("refund", "on_top", "fee", "exchange", "upsell", "kept", "remainder", "credit", "bonus", "split", "refund")
BILLS = (*["invoice"] * 4, "", *["cashSale"] * 4)  # empty: not billed yet


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    chosen: Json = {
        "rma_trigger": draw(st.sampled_from([*RmaTrigger, RmaTrigger.CREATED])),
        "rma_source": draw(st.sampled_from(RmaSource)),
        "refund_authority": draw(st.sampled_from(RefundAuthority)),
        "credit_lines": draw(st.sampled_from(CreditLines)),
        "exchange_order": draw(st.sampled_from(ExchangeOrder)),
        "exchange_settlement": draw(st.sampled_from(ExchangeSettlement)),
        "exchange_timing": draw(st.sampled_from(ExchangeTiming)),
        "exchange_link_field": draw(st.sampled_from(["", "custbody_original_order"])),
        "grades": draw(st.sampled_from([{}, GRADES])),
        "assessments": draw(st.sampled_from([{}, ASSESSMENTS])),
        "grades_when_ended": draw(st.booleans()),
        "exchange_stock": draw(st.sampled_from(ExchangeStock)),
        "exchange_location": draw(st.sampled_from(["", "14"])),
        "exchange_address": draw(st.sampled_from(ExchangeAddress)),
        "approval_above": draw(st.sampled_from([None, None, "0", "100"])),
        "tolerance_per_line": draw(st.sampled_from(["0", "0.01", "5"])),
    }
    chosen |= draw(st.sampled_from(GOODS)) | {"scrap_account": draw(st.sampled_from(["", "640"]))}
    chosen["found_account"] = draw(st.sampled_from(["", "650"]))
    if chosen.get("receipt_trigger") in RESTOCK_TRIGGERS:
        chosen["refund_authority"] = RefundAuthority.LOOP_FIRST
    if draw(st.integers(0, 6)) == 3:  # seldom: without the first records little happens
        kinds = ("rma", "receipt", "credit", "refund", "exchange_order")
        owner = {kind: draw(st.sampled_from(Ownership)) for kind in kinds}
        chosen["ownership"] = owner
    return policy(**chosen)


@st.composite
def beginnings(draw: st.DrawFn) -> ReturnFacts:
    currency = draw(st.sampled_from(["USD", "USD", "JPY", "KWD"]))
    rows = draw(goods_in(currency))
    worth = add_up((Decimal(one["paid"]) + Decimal(one["tax"])) * one["count"] for one in rows)
    told: Json = {
        "units": rows,
        "bill": {"kind": "salesOrder", "ship_to": draw(st.sampled_from(["", "301"]))},
        "shop": {"currency": currency},
    }
    told["kits"] = draw(st.sampled_from(KITS))
    told |= draw(ways_to_settle(rows, worth, part=round_money(worth / 3, currency)))
    facts = replace(begin(told), policy=draw(policies()))
    bill = draw(st.sampled_from(BILLS))
    if bill:
        facts = HAPPENINGS["bill_arrives"](facts, bill)
    return with_sibling(facts) if draw(st.integers(0, 9)) == 4 else facts


def with_sibling(facts: ReturnFacts) -> ReturnFacts:
    """Another return of the order takes a unit of its first line, of which one more was sold."""
    records = tuple(replace(one, lines=(_one_more(one.lines[0]), *one.lines[1:])) for one in facts.records)
    claim = {"bill": facts.records[-1].internal_id, "line": records[0].lines[0].line, "quantity": 1}
    return HAPPENINGS["sibling_takes"](replace(facts, records=records), [claim])


def _one_more(line: LineFacts) -> LineFacts:
    more = Decimal(line.quantity + 1) / line.quantity
    return replace(line, quantity=line.quantity + 1, amount=line.amount * more, tax_amount=line.tax_amount * more)


@st.composite
def goods_in(draw: st.DrawFn, currency: str) -> list[Json]:
    rows = []
    for sku in ["BOOT-42", "SOCKS"][: draw(st.integers(1, 2))]:
        paid = draw(st.sampled_from(PRICES[currency]))
        tax = round_money(Decimal(paid) * draw(st.sampled_from(TAX_SHARES)), currency)
        is_kept = draw(st.integers(0, 9)) == 7
        rows.append({"sku": sku, "count": draw(st.integers(1, 3)), "paid": paid, "tax": str(tax), "is_kept": is_kept})
    return rows


@st.composite
def ways_to_settle(draw: st.DrawFn, rows: list[Json], worth: Decimal, *, part: Decimal) -> Json:
    """Loop's figures of one way: how what the goods are worth comes back to the customer."""
    way = draw(st.sampled_from(WAYS))
    unpaid = [one | {"refund": "0"} for one in rows]
    if way == "on_top":
        extras = {"refund_shipping": str(part), "refund_duties": str(part)}
        return {"loop": {"refund": str(worth + part + part), "fee": "0"} | extras}
    if way == "fee":
        return {"loop": {"refund": str(worth - part), "fee": str(part)}}
    if way == "kept":
        kept = draw(st.integers(1, len(rows)))
        return {"units": [one | {"is_kept": place < kept} for place, one in enumerate(rows)]}
    if way in ("credit", "bonus"):
        given = worth + (part if way == "bonus" else ZERO)
        return {"units": unpaid, "loop": {"outcome": "credit", "refund": "0", "gift_card": str(given), "fee": "0"}}
    if way == "split":
        return {"units": unpaid, "loop": {"refund": str(worth - part), "gift_card": str(part), "fee": "0"}}
    if way in ("exchange", "upsell", "remainder"):
        return {"units": unpaid} | draw(exchanges_for(way, worth, part=part))
    return {}


@st.composite
def exchanges_for(draw: st.DrawFn, way: str, worth: Decimal, *, part: Decimal) -> Json:
    total = {"exchange": worth, "upsell": worth + part, "remainder": worth - part}[way]
    new: Json = {"price": str(total), "total": str(total)}
    new |= draw(st.sampled_from([{}, {}, {"order_id": "61001", "order_name": "#EXC-20418"}, {"out_of_stock": True}]))
    new["available"] = draw(st.sampled_from([None, 0, 1, 5]))
    goods = [new]
    if draw(st.integers(0, 5)) == 0:  # on the original order
        new |= {"order_id": "", "order_name": "#20418", "out_of_stock": False}
    elif draw(st.integers(0, 3)) == 0:  # in two halves, of which one may be ordered later
        half = str(total - part)
        goods = [new | {"price": str(part), "total": str(part)}, new | {"price": half, "total": half}]
        goods[1] |= {"order_id": "", "order_name": "", "out_of_stock": draw(st.booleans())}
    loop = {
        "outcome": "exchange",
        "exchange_credit": str(min(total, worth)),
        "upsell": str(max(total - worth, ZERO)),
        "refund": str(max(worth - total, ZERO)),
        "fee": "0",
    }
    return {"exchanges": goods, "loop": loop}

"""What may happen to a return in a story that nobody wrote: by the words of the language, what is drawn for each."""

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from typing import Any

from hypothesis import strategies as st

from returnsops.lib.money import add_up, round_money
from returnsops.returns.facts import ReturnFacts, UnitFacts
from returnsops.returns.plan import plan_return
from returnsops.returns.plan.exchange_orders import find_exchange_orders
from returnsops.returns.plan.finding import FoundChoice
from returnsops.returns.policy import CreditLines, ExchangeOrder, ExchangeSettlement, ExchangeTiming, RmaTrigger
from returnsops.returns.problems import KINDS
from returnsops.returns.problems.kinds import ACKNOWLEDGE
from tests.scenarios.given import ORDER

Json = dict[str, Any]
CREDITS = ("credit", "cash_refund")
GOODS_TYPES = (
    "returnAuthorization",
    "itemReceipt",
    "inventoryTransfer",
    "inventoryAdjustment",
    "creditMemo",
    "cashRefund",
)
JUDGED = ["sellable", "sellable", "damaged", "hold", "scrapped", "refused", "missing"]
RELEASED = ["sellable", "damaged", "scrapped"]
BY_HAND = "9700"  # a Credit Memo that somebody makes
CHOICES: tuple[tuple[str, type[StrEnum]], ...] = (
    ("exchange_settlement", ExchangeSettlement),
    ("exchange_order", ExchangeOrder),
    ("exchange_timing", ExchangeTiming),
    ("credit_lines", CreditLines),
    ("rma_trigger", RmaTrigger),
)
OTHER_RULES: list[Json] = [
    *({name: choice} for name, choices in CHOICES for choice in choices),
    *({"approval_above": limit} for limit in (None, "0")),
    *({"tolerance_per_line": allowed} for allowed in ("0", "5")),
]


def _judge(data: st.DataObject, facts: ReturnFacts) -> Json:
    """Some units that nobody has judged, or that lie on hold; often all of them fit to be sold, as most parcels are."""
    if data.draw(st.booleans()):
        return {str(number): "sellable" for number, unit in enumerate(facts.units, 1) if _is_open(unit)}
    told = {}
    for number, unit in enumerate(facts.units, 1):
        if _is_open(unit) and data.draw(st.integers(0, 3)):
            told[str(number)] = data.draw(st.sampled_from(RELEASED if unit.outcome else JUDGED))
    return told


def _is_open(unit: UnitFacts) -> bool:
    return unit.outcome in ("", "hold") and not unit.removed


def _loop(data: st.DataObject, facts: ReturnFacts) -> Json:
    states = ["open", "review", "cancelled", "expired", "closed"]
    if facts.loop.settled_at:
        return {"label_status": "delivered"}
    return {
        "state": data.draw(st.sampled_from(states)),
        "label_status": data.draw(st.sampled_from(["in_transit", "delivered"])),
    }


def _settle(data: st.DataObject, facts: ReturnFacts) -> Json | None:
    if facts.loop.settled_at or facts.loop.state in ("cancelled", "expired"):
        return None
    cents = data.draw(st.sampled_from(["0", "0.03", "-0.03", "20"]))
    paid = max(facts.loop.refund + Decimal(cents), Decimal(0))
    if not facts.loop.refund:
        return {}
    part = round_money(paid / 3, facts.currency)
    ways = [{}, {}, {"refunds": {"gift_card": str(part), "shopify_payments": str(paid - part)}}]
    return {"refund": str(paid)} | data.draw(st.sampled_from(ways))


def _edit(data: st.DataObject, facts: ReturnFacts) -> Json | None:
    """A line is taken out of the return in Loop, which is possible until it settled."""
    numbers = [str(number) for number, unit in enumerate(facts.units, 1) if not unit.removed]
    if facts.loop.settled_at or len(numbers) < 2:
        return None
    return {data.draw(st.sampled_from(numbers)): {"removed": True}}


def _delete(data: st.DataObject, facts: ReturnFacts) -> str | None:
    types = sorted({one.record_type for one in facts.records_of(*GOODS_TYPES)})
    return data.draw(st.sampled_from(types)) if types else None


def _approve(data: st.DataObject, facts: ReturnFacts) -> bool | None:
    return True if any(one.seen_hash for one in plan_return(facts).problems) else None


def _note(data: st.DataObject, facts: ReturnFacts) -> str | None:
    codes = sorted({one.code for one in plan_return(facts).problems if ACKNOWLEDGE in KINDS[one.code].actions})
    return data.draw(st.sampled_from(codes)) if codes else None


def _name_the_order(data: st.DataObject, facts: ReturnFacts) -> Json | None:
    is_named = any(one.ordered_as for one in facts.exchanges)
    return {"order_id": "61001", "order_name": "#EXC-20418"} if facts.exchanges and not is_named else None


def _bill(data: st.DataObject, facts: ReturnFacts) -> Json | None:
    """Of the order, where that is all there is: whole, or some of its units."""
    if facts.record(ORDER) is None or facts.records_of("invoice", "cashSale"):
        return None
    kind = data.draw(st.sampled_from(["invoice", "cashSale"]))
    return {"kind": kind, "units": range(1, 1 + data.draw(st.integers(1, len(facts.units))))}


def _bring_the_order(data: st.DataObject, facts: ReturnFacts) -> Json | None:
    """The connector brings the exchange order, with Loop's discount or without."""
    if not any(one.order_id == "61001" for one in facts.exchanges) or find_exchange_orders(facts):
        return None
    whole = add_up(one.total for one in facts.exchanges)
    total = data.draw(st.sampled_from([whole, whole - facts.loop.exchange_credit]))
    return {"type": "salesOrder", "id": "9101", "external_id": "61001", "total": str(total)}


def _appear(data: st.DataObject, facts: ReturnFacts) -> Json | None:
    return data.draw(st.sampled_from([_bring_the_order, _bring_the_order, _credit_by_hand]))(data, facts)


def _credit_by_hand(data: st.DataObject, facts: ReturnFacts) -> Json | None:
    """Somebody credits all of the bill, once ReturnsOps has credited the return."""
    is_credited = any(one.kind in CREDITS and one.status == "posted" for one in facts.postings)
    bills = facts.records_of("invoice", "cashSale")
    if not is_credited or not bills or facts.record(BY_HAND):
        return None
    lines = [{"sku": line.item_name, "quantity": line.quantity} for line in bills[0].lines]
    return {
        "type": "creditMemo",
        "id": BY_HAND,
        "created_from_id": bills[0].internal_id,
        "total": "1.00",
        "lines": lines,
    }


def _change_rules(data: st.DataObject, facts: ReturnFacts) -> Json:
    """One setting at a time, of those that may change by themselves."""
    return data.draw(st.sampled_from(OTHER_RULES))


def _bill_the_exchange(data: st.DataObject, facts: ReturnFacts) -> str | None:
    orders = find_exchange_orders(facts)
    return str(orders[0].total) if len(orders) == 1 and facts.record("9201") is None else None


def _find(data: st.DataObject, facts: ReturnFacts) -> list[Json] | None:
    """Something that was not declared, beside the units or in place of one that nobody has judged."""
    unjudged = [str(number) for number, unit in enumerate(facts.units, 1) if not unit.outcome and not unit.removed]
    if len(facts.found) > 1 or facts.loop.state in ("cancelled", "expired"):
        return None
    is_wrong = bool(unjudged) and data.draw(st.booleans())
    place = {"in_place_of": data.draw(st.sampled_from(unjudged))} if is_wrong else {}
    return [{"sku": data.draw(st.sampled_from(["SHIRT-M", "NEVER-SOLD"]))} | place]


def _say_goods(data: st.DataObject, facts: ReturnFacts) -> Json | None:
    said = {one.subject for one in facts.overrides}
    choices = list(FoundChoice)
    told = {one.found: data.draw(st.sampled_from(choices)) for one in facts.found if one.subject not in said}
    return told or None


def _restock(data: st.DataObject, facts: ReturnFacts) -> list[str] | None:
    """Loop puts units back on sale when it settles."""
    numbers = [str(number) for number, unit in enumerate(facts.units, 1) if not unit.removed]
    return [one for one in numbers if data.draw(st.booleans())] if facts.loop.settled_at else None


def _authorise(data: st.DataObject, facts: ReturnFacts) -> str | None:
    is_theirs = not facts.policy.writes("rma") and not facts.records_of("returnAuthorization")
    is_billed = bool(facts.records_of("invoice", "cashSale"))
    return "9500" if is_theirs and is_billed and facts.live_units else None


def _receive(data: st.DataObject, facts: ReturnFacts) -> bool | None:
    is_theirs = not facts.policy.writes("receipt") and facts.records_of("returnAuthorization")
    return True if is_theirs else None


def _credit(data: st.DataObject, facts: ReturnFacts) -> Json | None:
    """Of what Loop pays, or of something else."""
    bill = next((one.record_type for one in facts.records_of("invoice", "cashSale")), "")
    kind, record_type = ("refund", "cashRefund") if bill == "cashSale" else ("credit", "creditMemo")
    if facts.policy.writes(kind) or not facts.records_of("returnAuthorization") or facts.records_of(record_type):
        return None
    total = facts.loop.refund + Decimal(data.draw(st.sampled_from(["0", "0.01", "20"])))
    return {"type": record_type, "id": "9600", "total": str(total)}


MAY_HAPPEN: dict[str, Callable[[st.DataObject, ReturnFacts], Any]] = {
    "judged": _judge,
    "loop": _loop,
    "loop_settles": _settle,
    "units": _edit,
    "scanned": lambda data, facts: True,
    "restocked": _restock,
    "found": _find,
    "goods": _say_goods,
    "record_deleted": _delete,
    "approved": _approve,
    "noted": _note,
    "exchange": _name_the_order,
    "others_authorise": _authorise,
    "others_receive": _receive,
    "others_credit": _credit,
    "bill_arrives": _bill,
    "record_appears": _appear,
    "rules": _change_rules,
    "missing": lambda data, facts: facts.loop.missing_since is None,
    "bills_exchange": _bill_the_exchange,
}

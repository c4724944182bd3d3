"""Stories that nobody wrote: what may happen to a return, in any order, under any rules. The promises hold in each.

Twenty thousand of them: `make test ARGS="tests/scenarios --hypothesis-profile thorough"`.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from returnsops.lib.money import add_up
from returnsops.returns.facts import IN_FLIGHT_OR_DONE, PostingFacts, ReturnFacts, UnitFacts
from returnsops.returns.plan import Draft, Plan, PostingDue, StepState, plan_return
from returnsops.returns.plan.exchange_orders import find_exchange_orders
from returnsops.returns.plan.finding import FoundChoice
from returnsops.returns.plan.kinds import POSTING_KINDS
from returnsops.returns.plan.money import propose_credit
from returnsops.returns.plan.sale import find_sale
from returnsops.returns.policy import ExchangeAddress, ExchangeStock, ReceiptTrigger
from returnsops.returns.problems import KINDS
from returnsops.returns.problems.kinds import ACKNOWLEDGE
from tests.builders import DAMAGED, HOLDING, SELLABLE
from tests.other_side import carry_out_one, rows_of, total_of
from tests.scenarios.any_beginning import beginnings
from tests.scenarios.given import ORDER
from tests.scenarios.moments import HAPPENINGS

STORIES = 4 * max(500, profile().max_examples)  # 2,000, or 20,000 under the thorough profile
MOMENTS_MAX = 8
LONG_AFTER = timedelta(days=400)
ROUNDS_MAX = 12
GOODS_TYPES = (
    "returnAuthorization",
    "itemReceipt",
    "inventoryTransfer",
    "inventoryAdjustment",
    "creditMemo",
    "cashRefund",
)
CREDITS = ("credit", "cash_refund")
JUDGED = ["sellable", "sellable", "damaged", "hold", "scrapped", "refused", "missing"]
RELEASED = ["sellable", "damaged", "scrapped"]
RECORD_OF = {
    "rma": "rma", "rma_close": "rma", "receipt": "receipt", "transfer": "receipt", "adjustment": "receipt",
    "take_in": "receipt", "credit": "credit",
    "credit_fix": "credit", "credit_apply": "credit", "cash_refund": "refund", "customer_refund": "refund",
    "exchange_order": "exchange_order", "exchange_link": "exchange_order",
}  # fmt: skip
WHERE_TO = {SELLABLE: "sellable", DAMAGED: "damaged"}

Json = dict[str, Any]
# --- What may happen -------------------------------------------------------------------------------


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
    paid = facts.loop.refund + Decimal(cents)
    return {"refund": str(max(paid, Decimal(0)))} if facts.loop.refund else {}


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
    "record_appears": _bring_the_order,
    "bills_exchange": _bill_the_exchange,
}


# What brings a return further: without it few stories would come to the money.
OFTEN = (*["judged"] * 5, *["approved", "bill_arrives", "exchange", "record_appears", "bills_exchange"] * 2)


def something_happens(data: st.DataObject, facts: ReturnFacts) -> ReturnFacts:
    name = data.draw(st.sampled_from([*MAY_HAPPEN, *OFTEN]))
    told = MAY_HAPPEN[name](data, facts)
    facts = replace(facts, now=facts.now + timedelta(hours=data.draw(st.sampled_from([0, 1, 80]))))
    return HAPPENINGS[name](facts, told) if told else facts


def some_are_sent(data: st.DataObject, facts: ReturnFacts) -> ReturnFacts:
    """Some of what the plan wants is done, some refused, some on its way with its answer not here yet."""
    for _ in range(ROUNDS_MAX):
        plan = plan_return(facts)
        check_promises(facts, plan)
        open_ones = {(one.kind, cover) for one in facts.postings if one.status == "rejected" for cover in one.covers}
        wanted = [due for due in plan.postings if not open_ones & {(due.kind, cover) for cover in due.covers}]
        if not wanted:
            return facts
        due = data.draw(st.sampled_from(wanted))
        came_of_it = data.draw(st.sampled_from([*["posted"] * 12, "rejected", "uncertain"]))
        facts = carry_out_one(facts, due) if came_of_it == "posted" else _without_result(facts, due, came_of_it)
    return facts


def _without_result(facts: ReturnFacts, due: PostingDue, status: str) -> ReturnFacts:
    number = 1 + sum(one.kind == due.kind for one in facts.postings)
    posting = PostingFacts(
        external_id=f"loop-fern-{due.kind}-{number}",
        kind=due.kind,
        number=number,
        status=status,
        their_id="",
        covers=due.covers,
        request=due.request,
        refusal={"family": "unknown", "detail": "No."} if status == "rejected" else None,
        uncertain_since=facts.now if status == "uncertain" else None,
    )
    return replace(facts, postings=(*facts.postings, posting))


# --- What holds whatever happened ------------------------------------------------------------------


def check_promises(facts: ReturnFacts, plan: Plan) -> None:
    _nothing_twice(facts, plan)
    _nothing_sellable_uninspected(facts, plan)
    _nothing_that_others_write(facts, plan)
    for due in plan.postings:
        if due.system == "netsuite":
            _parent_is_there(facts, due)
    _credits_hold(facts, plan)
    _no_unit_is_authorized_twice(facts, plan)
    _orders_can_be_shipped(facts, plan)
    _every_cent_has_a_row(facts, plan)
    assert all(problem.cause and problem.amount == problem.amount for problem in plan.problems)
    _no_two_problems_are_one_case(plan)
    _nothing_is_blocked_in_silence(plan)


def _no_two_problems_are_one_case(plan: Plan) -> None:
    shared = [name for name, count in Counter((one.code, one.subject) for one in plan.problems).items() if count > 1]
    assert not shared, f"several problems in one case: {shared}"


def _nothing_is_blocked_in_silence(plan: Plan) -> None:
    """What a person noted goes on, or something else is asked of them."""
    blocked = [one for one in plan.steps if one.state == StepState.BLOCKED]
    assert plan.problems or not blocked, f"nobody hears of {[(step.code, step.detail) for step in blocked]}"


def _nothing_judged_waits_for_ever(facts: ReturnFacts) -> None:
    """Once the warehouse has spoken everything has its time, so a return that still waits long after has a case."""
    is_on_its_way = any(one.status in IN_FLIGHT_OR_DONE and one.status != "posted" for one in facts.postings)
    plan = plan_return(replace(facts, now=facts.now + LONG_AFTER))
    if facts.all_judged and plan.stage == "waiting" and not (plan.postings or is_on_its_way):
        waits = [(step.code, step.detail) for step in plan.steps if step.state == StepState.WAITING]
        assert plan.problems, f"nobody hears that these wait: {waits}"


def _nothing_twice(facts: ReturnFacts, plan: Plan) -> None:
    taken = {(one.kind, cover) for one in facts.postings if one.status in IN_FLIGHT_OR_DONE for cover in one.covers}
    wanted = Counter((due.kind, cover) for due in plan.postings for cover in due.covers)
    assert not taken & wanted.keys(), "wanted although it is taken"
    assert all(count == 1 for count in wanted.values()), "wanted twice in one plan"


def _nothing_that_others_write(facts: ReturnFacts, plan: Plan) -> None:
    """What the policy leaves to another system is never posted, and where it leaves the money, Loop is not asked.

    What was seen here is told in any case, where the policy has words for it.
    """
    policy, writes = facts.policy, facts.policy.writes
    for due in plan.postings:
        if POSTING_KINDS[due.kind].only_tells:
            assert policy.grades if due.kind == "loop_grade" else policy.assessments
        elif due.system == "loop":
            assert writes("credit") or writes("refund"), f"{due.kind}, and others book the money"
        else:
            assert writes(RECORD_OF[due.kind]), f"{due.kind}, which others write"


def _nothing_sellable_uninspected(facts: ReturnFacts, plan: Plan) -> None:
    """But for units that a live exemption names when Loop restocked them; these are counted apart."""
    for due in plan.postings:
        if due.kind == "receipt":
            judged = {unit.outcome for unit in _covered(facts, due) if unit.exempt_cover not in due.covers}
            places = {row["location"]["id"] for row in rows_of(due) if row["itemReceive"]}
            assert judged <= {"sellable", "damaged", "hold", "scrapped", ""}, "received though it was not accepted"
            assert places == {HOLDING} or "" not in judged, "received at its place before it was judged"
            assert SELLABLE not in places or judged <= {"sellable"}
            assert DAMAGED not in places or judged == {"damaged"}
        if due.kind == "transfer":
            judged = {unit.outcome for unit in _covered(facts, due)}
            assert judged == {WHERE_TO[due.request["body"]["transferLocation"]["id"]]}, "moved without its judgement"
        if due.kind == "take_in":
            places = {row["location"]["id"] for row in due.request["body"]["inventory"]["items"]}
            assert places == {HOLDING}, "goods that no return declares lie only on hold"
        if due.kind == "adjustment":
            assert {unit.outcome for unit in _covered(facts, due)} == {"scrapped"}, "written off without its judgement"
        for unit in _covered(facts, due):
            if unit.exempt_cover in due.covers:
                _is_exempt(facts, unit)


def _covered(facts: ReturnFacts, due: PostingDue) -> list[UnitFacts]:
    names = {cover.split(":")[1] for cover in due.covers}
    return [unit for unit in facts.units if unit.unit in names]


def _is_exempt(facts: ReturnFacts, unit: UnitFacts) -> None:
    exemption = facts.policy.restock_exemption
    assert facts.policy.receipt_trigger == ReceiptTrigger.LOOP_RESTOCK_TO_SELLABLE, "no policy exempts it"
    assert exemption.is_live(facts.date_of(facts.now)), "the exemption has ended"
    assert unit.sku in exemption.skus, "the exemption does not name it"
    assert unit.restocked_at, "Loop never said that it restocked it"
    assert not unit.outcome, "it was judged"


def _parent_is_there(facts: ReturnFacts, due: PostingDue) -> None:
    request = due.request
    parents = [request[name] for name in ("source_id", "target_id") if name in request]
    if due.kind == "customer_refund":
        parents = [row["doc"]["id"] for row in request["body"]["apply"]["items"]]
    for parent in parents:
        assert facts.record(parent) is not None, f"{due.kind} on {parent}, which is not there"


def _credits_hold(facts: ReturnFacts, plan: Plan) -> None:
    """Only what was received, or is kept, is credited, and no more is paid out than was credited."""
    received = facts.posted_covers("receipt") | {unit.cover for unit in facts.kept_units}
    for due in plan.postings:
        if due.kind in CREDITS:
            units = {cover for cover in due.covers if cover.startswith("unit:")}
            assert units <= received or not facts.policy.writes("receipt"), "credited before it was received"
    refunds = [due for due in plan.postings if due.kind == "customer_refund"]
    paid = add_up(Decimal(row["amount"]) for due in refunds for row in due.request["body"]["apply"]["items"])
    left = add_up(one.amount_remaining for one in facts.records_of("creditMemo"))
    assert paid <= left, "more is paid out than was credited"


def _no_unit_is_authorized_twice(facts: ReturnFacts, plan: Plan) -> None:
    for due in plan.postings:
        if due.kind == "rma":
            source = facts.record(due.request["source_id"])
            assert source is not None
            left = {line.line: line.quantity for line in source.lines}
            for claim in facts.claims:
                if claim.source_id == source.internal_id:
                    left[claim.line] -= claim.quantity
            assert all(row["quantity"] <= left[str(row["orderLine"])] for row in rows_of(due)), "more than is left"


def _orders_can_be_shipped(facts: ReturnFacts, plan: Plan) -> None:
    """Where the policy asks for it: there are goods, and an address; unless a person noted that either is missing."""
    noted = {one.subject.split()[0] for one in facts.overrides if one.kind == "acknowledge"}
    for due in plan.postings:
        if due.kind != "exchange_order":
            continue
        wanted = [one for one in facts.exchanges if one.cover in due.covers]
        named = due.request["body"].get("location", {}).get("id", "")
        assert named == facts.policy.exchange_location, "counted at one location and ordered from another"
        if facts.policy.exchange_stock == ExchangeStock.CHECKED and "replacement_unavailable" not in noted:
            assert all((one.available or 0) >= 1 for one in wanted), "ordered without stock"
        if facts.policy.exchange_address == ExchangeAddress.ORIGINAL_ORDER and "address_missing" not in noted:
            assert due.request["body"]["shipAddressList"]["id"], "ordered to nowhere"


def _every_cent_has_a_row(facts: ReturnFacts, plan: Plan) -> None:
    """What NetSuite will compute for a credit is what the plan says it comes to, and never less than nothing."""
    for due in plan.postings:
        if due.kind in CREDITS and facts.policy.writes("rma"):
            sale = find_sale(Draft(facts))
            assert sale is not None
            total = total_of(facts, due)
            assert total == propose_credit(facts, sale).total, "a cent without a row"
            assert total >= 0, "NetSuite refuses a credit below nothing"


@pytest.mark.long
@profile(max_examples=STORIES)
@given(beginnings(), st.data())
def test_promises_hold_in_any_story(facts: ReturnFacts, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, MOMENTS_MAX))):
        facts = some_are_sent(data, something_happens(data, facts))
    plan = plan_return(facts)
    check_promises(facts, plan)
    _nothing_judged_waits_for_ever(facts)
    assert plan_return(facts).hash() == plan.hash(), "the same facts gave another plan"

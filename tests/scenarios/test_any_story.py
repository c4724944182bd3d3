"""Stories that nobody wrote: what may happen to a return, in any order, under any rules. The promises hold in each.

Twenty thousand of them: `make test ARGS="tests/scenarios --hypothesis-profile thorough"`.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from returnsops.lib.money import add_up
from returnsops.returns.facts import IN_FLIGHT_OR_DONE, PostingFacts, ReturnFacts, UnitFacts
from returnsops.returns.plan import Plan, PostingDue, plan_return
from returnsops.returns.policy import (
    RESTOCK_TRIGGERS,
    CreditLines,
    ExchangeOrder,
    ExchangeSettlement,
    Ownership,
    Policy,
    ReceiptShape,
    ReceiptTrigger,
    RefundAuthority,
    RmaTrigger,
)
from returnsops.returns.problems import ACKNOWLEDGE, KINDS
from tests.builders import DAMAGED, HOLDING, SELLABLE, policy
from tests.other_side import carry_out_one, rows_of
from tests.scenarios.given import begin
from tests.scenarios.moments import HAPPENINGS

STORIES = 4 * max(500, profile().max_examples)  # 2,000, or 20,000 under the thorough profile
MOMENTS_MAX = 7
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
    "credit": "credit",
    "credit_fix": "credit", "credit_apply": "credit", "cash_refund": "refund", "customer_refund": "refund",
    "exchange_order": "exchange_order",
}  # fmt: skip
WHERE_TO = {SELLABLE: "sellable", DAMAGED: "damaged"}

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


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    chosen: Json = {
        "rma_trigger": draw(st.sampled_from(RmaTrigger)),
        "refund_authority": draw(st.sampled_from(RefundAuthority)),
        "credit_lines": draw(st.sampled_from(CreditLines)),
        "exchange_order": draw(st.sampled_from(ExchangeOrder)),
        "exchange_settlement": draw(st.sampled_from(ExchangeSettlement)),
        "approval_above": draw(st.sampled_from([None, "0", "100"])),
        "tolerance_per_line": draw(st.sampled_from(["0", "0.01", "5"])),
    }
    chosen |= draw(st.sampled_from(GOODS)) | {"scrap_account": draw(st.sampled_from(["", "640"]))}
    if chosen.get("receipt_trigger") in RESTOCK_TRIGGERS:
        chosen["refund_authority"] = RefundAuthority.LOOP_FIRST
    if draw(st.integers(0, 4)) == 0:  # seldom: without the first records little happens
        kinds = ("rma", "receipt", "credit", "refund", "exchange_order")
        owner = {kind: draw(st.sampled_from(Ownership)) for kind in kinds}
        if owner["rma"] != Ownership.WRITE:
            owner["receipt"] = Ownership.OBSERVE
        chosen["ownership"] = owner
    return policy(**chosen)


@st.composite
def beginnings(draw: st.DrawFn) -> ReturnFacts:
    is_exchange = draw(st.integers(0, 3)) == 0
    paid = draw(st.sampled_from(["72.00", "0.01", "33.33", "0.00"]))
    row: Json = {"count": draw(st.integers(1, 3)), "paid": paid, "tax": draw(st.sampled_from(["5.76", "0.00"]))}
    rows: list[Json] = [row, {"sku": "SOCKS", "paid": "10.00", "tax": "0.80"}][: draw(st.integers(1, 2))]
    given_: Json = {"units": rows, "bill": {"kind": draw(st.sampled_from(["invoice", "cashSale"]))}}
    if is_exchange:
        worth = add_up((Decimal(one["paid"]) + Decimal(one["tax"])) * one.get("count", 1) for one in rows)
        given_ |= {
            "units": [one | {"refund": "0"} for one in rows],
            "exchanges": [{}],
            "loop": {"outcome": "exchange", "exchange_credit": str(worth), "refund": "0", "fee": "0"},
        }
    return replace(begin(given_), policy=draw(policies()))


# --- What may happen -------------------------------------------------------------------------------


def _judge(data: st.DataObject, facts: ReturnFacts) -> Json:
    """Some units that nobody has judged, or that lie on hold."""
    told = {}
    for number, unit in enumerate(facts.units, 1):
        if unit.outcome in ("", "hold") and not unit.removed and data.draw(st.integers(0, 3)):
            told[str(number)] = data.draw(st.sampled_from(RELEASED if unit.outcome else JUDGED))
    return told


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
    return {"order_id": "61001", "order_name": "#EXC-20418"} if facts.exchanges else None


def _restock(data: st.DataObject, facts: ReturnFacts) -> list[str] | None:
    """Loop puts units back on sale when it settles."""
    numbers = [str(number) for number, unit in enumerate(facts.units, 1) if not unit.removed]
    return [one for one in numbers if data.draw(st.booleans())] if facts.loop.settled_at else None


def _authorise(data: st.DataObject, facts: ReturnFacts) -> str | None:
    is_theirs = not facts.policy.writes("rma") and not facts.records_of("returnAuthorization")
    return "9500" if is_theirs and facts.live_units else None


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
    "record_deleted": _delete,
    "approved": _approve,
    "noted": _note,
    "exchange": _name_the_order,
    "others_authorise": _authorise,
    "others_receive": _receive,
    "others_credit": _credit,
}


def something_happens(data: st.DataObject, facts: ReturnFacts) -> ReturnFacts:
    name = data.draw(st.sampled_from(sorted(MAY_HAPPEN)))
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
        came_of_it = data.draw(st.sampled_from(["posted", "posted", "posted", "posted", "rejected", "uncertain"]))
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
    assert plan_return(facts).hash() == plan.hash(), "the same facts gave another plan"
    _nothing_twice(facts, plan)
    _nothing_sellable_uninspected(facts, plan)
    _nothing_that_others_write(facts, plan)
    for due in plan.postings:
        if due.system == "netsuite":
            _parent_is_there(facts, due)
    _credits_hold(facts, plan)
    assert all(problem.cause and problem.amount == problem.amount for problem in plan.problems)


def _nothing_twice(facts: ReturnFacts, plan: Plan) -> None:
    taken = {(one.kind, cover) for one in facts.postings if one.status in IN_FLIGHT_OR_DONE for cover in one.covers}
    wanted = Counter((due.kind, cover) for due in plan.postings for cover in due.covers)
    assert not taken & wanted.keys(), "wanted although it is taken"
    assert all(count == 1 for count in wanted.values()), "wanted twice in one plan"


def _nothing_that_others_write(facts: ReturnFacts, plan: Plan) -> None:
    """What the policy leaves to another system is never posted, and where it leaves the money, Loop is not asked."""
    writes = facts.policy.writes
    for due in plan.postings:
        if due.system == "loop":
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
    """Only what was received is credited, and no more is paid out than was credited."""
    received = facts.posted_covers("receipt")
    for due in plan.postings:
        if due.kind in CREDITS:
            units = {cover for cover in due.covers if cover.startswith("unit:")}
            assert units <= received or not facts.policy.writes("receipt"), "credited before it was received"
    refunds = [due for due in plan.postings if due.kind == "customer_refund"]
    paid = add_up(Decimal(row["amount"]) for due in refunds for row in due.request["body"]["apply"]["items"])
    left = add_up(one.amount_remaining for one in facts.records_of("creditMemo"))
    assert paid <= left, "more is paid out than was credited"


@profile(max_examples=STORIES)
@given(beginnings(), st.data())
def test_promises_hold_in_any_story(facts: ReturnFacts, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, MOMENTS_MAX))):
        facts = some_are_sent(data, something_happens(data, facts))
    check_promises(facts, plan_return(facts))

"""Stories that nobody wrote: what may happen to a return, in any order, under any rules. The promises hold in each.

Twenty thousand of them: `make test ARGS="tests/scenarios --hypothesis-profile thorough"`.
"""

from collections import Counter
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
from returnsops.returns.plan.kinds import POSTING_KINDS
from returnsops.returns.plan.money import propose_credit
from returnsops.returns.plan.sale import find_sale
from returnsops.returns.policy import (
    ExchangeAddress,
    ExchangeStock,
    ReceiptTrigger,
)
from tests.builders import DAMAGED, HOLDING, SELLABLE
from tests.other_side import carry_out_one, rows_of, total_of
from tests.scenarios.any_beginning import beginnings
from tests.scenarios.any_happening import BY_HAND, CREDITS, MAY_HAPPEN
from tests.scenarios.moments import HAPPENINGS

STORIES = 4 * max(500, profile().max_examples)  # 2,000, or 20,000 under the thorough profile
MOMENTS_MAX = 8
LONG_AFTER = timedelta(days=400)
ROUNDS_MAX = 12
RECORD_OF = {
    "rma": "rma", "rma_close": "rma", "receipt": "receipt", "transfer": "receipt", "adjustment": "receipt",
    "take_in": "receipt", "credit": "credit",
    "credit_fix": "credit", "credit_apply": "credit", "cash_refund": "refund", "cash_refund_fix": "refund",
    "customer_refund": "refund",
    "exchange_order": "exchange_order", "exchange_link": "exchange_order",
}  # fmt: skip
WHERE_TO = {SELLABLE: "sellable", DAMAGED: "damaged"}

Json = dict[str, Any]
# What brings a return further: without it few stories would come to the money.
OFTEN = (*["judged"] * 5, *["approved", "bill_arrives", "exchange", "record_appears", "bills_exchange"] * 2)


def something_happens(data: st.DataObject, facts: ReturnFacts) -> ReturnFacts:
    name = data.draw(st.sampled_from([*MAY_HAPPEN, *OFTEN]))
    told = MAY_HAPPEN[name](data, facts)
    facts = replace(facts, now=facts.now + timedelta(hours=data.draw(st.sampled_from([0, 1, 80]))))
    is_nothing = told is None or (not told and name != "missing")
    return facts if is_nothing else HAPPENINGS[name](facts, told)


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
    _what_loop_gave_is_booked(facts, plan)
    _nobody_books_beside_ours_in_silence(facts, plan)
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


def _what_loop_gave_is_booked(facts: ReturnFacts, plan: Plan) -> None:
    """Where ReturnsOps books the money, and no person said that they do."""
    loop, is_ours = facts.loop, facts.policy.writes("credit") and facts.policy.writes("refund")
    is_noted = any(one.kind == "acknowledge" for one in facts.overrides)
    if plan.stage == "settled" and is_ours and not (plan.problems or is_noted) and loop.settled_at:
        is_booked = any(facts.taken(kind) for kind in CREDITS)
        assert is_booked or not loop.refund + loop.gift_card + loop.exchange_credit, (
            "Loop gave it, and nobody booked it"
        )


def _nobody_books_beside_ours_in_silence(facts: ReturnFacts, plan: Plan) -> None:
    stands = [one for one in facts.postings if one.kind in CREDITS and facts.record(one.their_id)]
    is_noted = facts.is_acknowledged("foreign_record", f"record:{BY_HAND}")
    if facts.record(BY_HAND) and stands and not is_noted:
        assert plan.problems or plan.stage == "ended", "credited twice, and nobody hears of it"


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

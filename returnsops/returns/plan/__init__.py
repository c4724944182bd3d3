"""The plan: which documents and actions one return calls for, and what stands in their way.

`plan_return` is pure. It looks at what is true, never at what was said, so the order, duplicates and losses of events
cannot matter. Its chapters follow the journey; each writes its steps, postings and problems on the same sheet:

1 the sale (`sale`) · 2 the Return Authorization (`authorization`) · 3 the parcel and its judgement (`inspecting`) ·
4 receipt and place (`receiving`, `shelving`) · 5 amounts and credit (`comparing`, `crediting`) · 6 Loop settles
(`settling`) · 7 the refund (`refunding`) · 8 the exchange order (`exchanging`) · 9 closing and proof (`closing`)
"""

from dataclasses import replace

from returnsops.lib.money import ZERO, add_up
from returnsops.lib.words import count_words
from returnsops.returns.facts import ReturnFacts
from returnsops.returns.plan.authorization import Authorization, plan_authorization
from returnsops.returns.plan.cancelling import hold_cancelled
from returnsops.returns.plan.closing import (
    close_unaccepted_lines,
    close_whole_authorization,
    expect_end_of_credit,
    expect_end_of_ours,
)
from returnsops.returns.plan.doubles import note_double_orders, note_doubles
from returnsops.returns.plan.draft import Draft, Lane, Plan, PostingDue, Step, StepState
from returnsops.returns.plan.exchanging import note_contradiction, note_unreturned, plan_exchange
from returnsops.returns.plan.expecting import is_noted_as_missing
from returnsops.returns.plan.figures import is_paid_for_nothing
from returnsops.returns.plan.finding import holds_settlement, is_to_be_taken_in, plan_found
from returnsops.returns.plan.hinges import hinges_of
from returnsops.returns.plan.inspecting import plan_arrival, plan_inspection
from returnsops.returns.plan.late import leave_out_late, note_late_units
from returnsops.returns.plan.lying import left_on_hold
from returnsops.returns.plan.matching import Sale
from returnsops.returns.plan.outbox_problems import note_outbox_problems
from returnsops.returns.plan.pauses import note_pauses
from returnsops.returns.plan.paying import Goods, expect_no_goods, pay_for_kept_goods, pay_for_units
from returnsops.returns.plan.promise import promise_of
from returnsops.returns.plan.receiving import plan_receipts
from returnsops.returns.plan.restocking import accept_exempt, plan_restock
from returnsops.returns.plan.sale import find_sale, is_booked_by_hand
from returnsops.returns.plan.settling import has_refused_exchange_unit, plan_settlement, was_left_unprocessed
from returnsops.returns.plan.shadowing import note_shadows
from returnsops.returns.plan.shelving import plan_shelving
from returnsops.returns.plan.standing_in import let_others_stand_in
from returnsops.returns.plan.taking_over import left_to_others
from returnsops.returns.plan.telling import tell_judgements
from returnsops.returns.plan.trusting import tell_trust
from returnsops.returns.plan.undone import given_up, leave_out_undone
from returnsops.returns.plan.watching import is_money_ours
from returnsops.returns.problems import Problem

__all__ = ["Draft", "Lane", "Plan", "PostingDue", "Step", "StepState", "facts_as_planned", "plan_return"]

GOES_ON_WITH = frozenset(
    {
        "loop_settled_early", "late_unit", "kept_unit_came", "hold_overdue", "undeclared_item", "remark_cancelled",
        "restocked_unsellable",
    }
)  # fmt: skip  # somebody should look, but nothing waits for them
ENDED_STATES = frozenset({"cancelled", "expired"})


def facts_as_planned(facts: ReturnFacts) -> ReturnFacts:
    """What the chapters of the plan are given, for a screen that shows the figures of one of them."""
    return leave_out_late(_taken_in(facts))


def plan_return(facts: ReturnFacts) -> Plan:
    """Decide which records and actions this return calls for.

    facts: amounts Decimal in facts.currency; quantities whole units; times aware UTC.
    Gives a Plan: steps for people, postings that may be sent now, problems that need somebody, and the next moment
    at which the plan would change by time alone.
    Raises nothing for bad data (that is a Problem); AssertionError if the facts were built wrong.
    Source: docs/architecture.md, «The plan»; loop.md §8 and netsuite.md §4 for what the two systems expect.
    """
    watched = left_to_others(facts)
    plan = _plan(watched) if watched else None
    return plan if plan and plan.stage == "settled" and not plan.problems else _plan(facts)


def _plan(facts: ReturnFacts) -> Plan:
    facts = _taken_in(facts)
    seen, facts = facts, leave_out_late(facts)
    draft = Draft(facts)
    note_late_units(draft, seen)
    draft.step("request", StepState.DONE, f"order {facts.loop.order_name}")
    stage = _write_chapters(draft)
    tell_judgements(draft, seen.units)
    if stage in ("settled", "ended") and is_to_be_taken_in(draft):
        stage = "posting"
    hold_cancelled(draft)
    note_outbox_problems(draft)
    draft.postings = [
        replace(due, hinges_on=hinges_of(facts, due), promise=promise_of(facts)) for due in draft.postings
    ]
    note_pauses(draft)
    if any(problem.code not in GOES_ON_WITH for problem in draft.problems) and stage not in ("settled", "ended"):
        stage = "needs_person"
    return Plan(
        steps=tuple(tell_trust(draft.facts, step) for step in draft.steps),
        postings=tuple(draft.postings),
        problems=tuple(draft.problems),
        look_again_at=min(draft.moments, default=None),
        stage=stage,
        agreements=tuple(draft.agreements),
    )


def _taken_in(facts: ReturnFacts) -> ReturnFacts:
    return accept_exempt(let_others_stand_in(leave_out_undone(facts.in_order())))


def _write_chapters(draft: Draft) -> str:
    """Write the chapters as far as the facts carry; gives the stage in one word."""
    facts = draft.facts
    if facts.loop.created_at < facts.start_from:
        draft.step("proof", StepState.NOT_NEEDED, "older than the start date: mirrored, never posted")
        return "ended"
    if facts.loop.missing_since:
        return _miss(draft)
    if facts.loop.state == "unknown":
        draft.problem(Problem("unknown_word", "loop:state", f"Return {facts.loop.loop_id} has a state we do not know."))
        return "needs_person"
    if facts.loop.state in ENDED_STATES and not facts.loop.settled_at:
        return _end(draft)
    if was_left_unprocessed(facts) or _is_empty(facts):
        return _end(draft)
    sale = find_sale(draft)
    stage = _pay_for_kept(draft, sale) if facts.is_kept else _follow_the_goods(draft, sale)
    note_shadows(draft, sale)
    note_double_orders(draft)
    if sale:
        note_doubles(draft, sale)
    return stage


def _pay_for_kept(draft: Draft, sale: Sale | None) -> str:
    plan_found(draft)
    expect_no_goods(draft)
    return pay_for_kept_goods(draft, sale) if sale else _watch_what_comes(draft, sale)


def _follow_the_goods(draft: Draft, sale: Sale | None) -> str:
    """The authorization, the parcel, the inspection, and what follows from it."""
    facts = draft.facts
    authorization = plan_authorization(draft, sale) if sale else None
    plan_arrival(draft)
    plan_inspection(draft)
    plan_found(draft)
    plan_restock(draft)
    goods = _plan_goods(draft, authorization) if authorization else Goods()
    if sale and authorization and facts.all_judged:
        return _settle(draft, sale, authorization, goods)
    return _watch_what_comes(draft, sale)


def _watch_what_comes(draft: Draft, sale: Sale | None) -> str:
    """Nothing can be paid yet, or by ReturnsOps at all."""
    linked = _watch_loop(draft, sale)
    return _early_stage(draft, linked=linked)


def _miss(draft: Draft) -> str:
    """Loop has lost it: nothing more is posted, whatever a person notes. It goes on once Loop shows it again.

    Who notes it has seen this loss, and what was received by then: not a later one, nor what comes all the same.
    """
    facts = draft.facts
    problem = Problem(
        "missing_in_loop",
        f"return:{facts.loop.loop_id}:{facts.loop.missing_since:%Y-%m-%d}",
        f"Loop has had no return {facts.loop.loop_id} since {facts.loop.missing_since:%d %b %Y}, by list and by id.",
        amount=facts.loop.return_total,
    )
    if draft.problem(problem) or _goods_need_somebody(draft):
        return "needs_person"
    is_over = expect_end_of_ours(draft, why="Loop has lost the return")
    draft.step("proof", StepState.NOT_NEEDED, "no longer in Loop, as a person noted")
    return "ended" if is_over else _under_way(draft)


def _is_empty(facts: ReturnFacts) -> bool:
    """Every unit was taken out in Loop before anything was settled. (At our own word, Loop cancels it instead.)

    Of those that were accepted a person noted what was agreed.
    """
    accepted = [unit for unit in facts.units if unit.is_accepted] if facts.is_here else []
    noted = all(facts.is_acknowledged("removed_after_receipt", f"unit:{unit.unit}") for unit in accepted)
    return bool(facts.units) and not facts.live_units and noted and not facts.loop.settled_at


def _watch_loop(draft: Draft, sale: Sale | None) -> bool:
    """Loop may settle or close a return, and make the exchange order, before the parcel is judged.

    Of goods that were judged or are kept nothing more is asked for where a person has it settled, or where Loop holds
    it for review. An exchange that needs no authorization still needs its order, which Loop makes when it settles.
    Gives whether every exchange order is there, or none is needed.
    """
    facts = draft.facts
    by_hand = _is_left_to_a_person(facts) or (bool(facts.exchanges) and _needs_no_authorization(facts))
    waits_for_loop = _is_up_to_loop(facts) and (by_hand or facts.loop.state == "review")
    if waits_for_loop or facts.loop.settled_at or facts.loop.state == "closed":
        plan_settlement(draft, may_ask=False, is_ours=not by_hand)
    return plan_exchange(draft, sale) if sale or by_hand else not facts.exchanges


def _is_up_to_loop(facts: ReturnFacts) -> bool:
    """No goods are waited for any more: they were judged, or the customer keeps them."""
    return facts.all_judged or facts.is_kept


def _is_left_to_a_person(facts: ReturnFacts) -> bool:
    """They book all of it by hand, or gave its authorization up and the money with it; so they have Loop settle it."""
    return is_booked_by_hand(facts) or bool(given_up(facts, "rma"))


def _needs_no_authorization(facts: ReturnFacts) -> bool:
    """Another system should have made it, and a person noted that it need not; so nothing is received or paid on it."""
    return is_noted_as_missing(facts, "rma") and facts.posted("rma") is None


def _plan_goods(draft: Draft, authorization: Authorization) -> Goods:
    received = plan_receipts(draft, authorization)
    return Goods(received=received, shelved=plan_shelving(draft, authorization))


def _settle(draft: Draft, sale: Sale, authorization: Authorization, goods: Goods) -> str:
    """From the judged parcel to the proof that both books are complete."""
    facts = draft.facts
    is_ours = is_money_ours(facts, sale)
    if is_ours and holds_settlement(facts):
        draft.step("settle", StepState.BLOCKED, "waits for a word about what lay in the parcel instead")
        plan_exchange(draft, sale)
        return "waiting"
    if not facts.credited_units and not is_paid_for_nothing(facts):
        settled = plan_settlement(draft, may_ask=True, is_ours=is_ours)
        linked = plan_exchange(draft, sale) if settled else not facts.exchanges
        closed = close_unaccepted_lines(draft, authorization, credited=settled)
        return "settled" if closed and settled and linked and goods.shelved else _under_way(draft)
    if has_refused_exchange_unit(facts):
        plan_settlement(draft, may_ask=True, is_ours=is_ours)
        plan_exchange(draft, sale)
        return "waiting"
    if is_ours and not _is_booked(facts) and note_contradiction(draft):
        plan_settlement(draft, may_ask=False)
        draft.step("exchange", StepState.BLOCKED, "the order's total contradicts the policy")
        return "waiting"
    return pay_for_units(draft, sale, authorization, goods)


def _under_way(draft: Draft) -> str:
    return "posting" if draft.postings else "waiting"


def _is_booked(facts: ReturnFacts) -> bool:
    return bool(facts.taken("credit") or facts.taken("cash_refund"))


def _end(draft: Draft) -> str:
    """It ended before anything was settled: cancelled, expired, emptied, or closed and left at that."""
    plan_found(draft)
    if _goods_need_somebody(draft):
        draft.step("close_rma", StepState.BLOCKED, "waits for a word about the goods")
        return "needs_person"
    note_unreturned(draft)
    closed = close_whole_authorization(draft)
    why = f"Loop shows the return as {draft.facts.loop.state} and has paid nothing"
    is_used = expect_end_of_credit(draft, may_be_open=ZERO, why=why)
    return "ended" if closed and is_used else _under_way(draft)


def _goods_need_somebody(draft: Draft) -> bool:
    """Goods of an ended return are in the house, or at its door."""
    facts = draft.facts
    accepted, on_hold = list(facts.accepted_units), left_on_hold(facts)
    if was_left_unprocessed(facts) or facts.loop.missing_since:
        # Who noted that knew of what was received by then, and not what lies on hold.
        received = facts.posted_covers("receipt")
        accepted = [unit for unit in accepted if unit.cover not in received or unit in on_hold]
    came_at = facts.arrived_at or facts.loop.delivered_at
    words = f"; on hold in NetSuite, to be moved by hand: {count_words(len(on_hold), 'unit')}" if on_hold else ""
    if accepted:
        found = f"the warehouse accepted {count_words(len(accepted), 'unit')}{words}"
        return draft.problem(_ended_problem(facts, "ended_after_receipt", found))
    if came_at and not all(unit.outcome for unit in facts.units):
        found = f"its parcel came {came_at:%d %b %Y}{words}"
        return draft.problem(_ended_problem(facts, "parcel_of_ended_return", found))
    return False


def _ended_problem(facts: ReturnFacts, code: str, found: str) -> Problem:
    """Loop sets the totals of a cancelled return to zero, so the goods say what is at stake."""
    shown = "has lost the return" if facts.loop.missing_since else f"shows the return as {facts.loop.state}"
    return Problem(
        code,
        f"return:{facts.loop.loop_id}",
        f"Loop {shown}; {found}.",
        amount=add_up(unit.worth + unit.tax for unit in facts.units),
    )


def _early_stage(draft: Draft, *, linked: bool) -> str:
    """linked: every exchange order is there. Of a return that has ended nobody would look for one any more."""
    facts = draft.facts
    if linked and _needs_no_authorization(facts):
        return "ended"
    if _is_up_to_loop(facts):
        is_over = _is_left_to_a_person(facts) and facts.loop.settled_at and linked
        if is_over and expect_end_of_ours(draft, why="the return was booked by hand"):
            return "ended"
        return "posting" if any(step.state == StepState.DUE for step in draft.steps) else "waiting"
    if facts.is_here or facts.loop.delivered_at:
        return "to_inspect"
    return "on_its_way" if facts.loop.label_status else "new"

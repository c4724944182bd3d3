"""Chapter 8: the exchange order: found by its id (never by its total), or awaited, or created (`ordering`), and linked.

Source: loop.md §3.7, §7.8 (two modes, out of stock, instant); requirements C04 to C06.
"""

from datetime import datetime
from decimal import Decimal

from returnsops.lib.money import add_up, money_text
from returnsops.returns.facts import ExchangeFacts, PostingFacts, ReturnFacts
from returnsops.returns.plan.authorization import MOVING
from returnsops.returns.plan.draft import Draft, StepState
from returnsops.returns.plan.exchange_orders import (
    cleared_on,
    find_exchange_orders,
    has_every_order,
    is_native,
    orders_missing,
)
from returnsops.returns.plan.figures import booked_credit, is_zero_credit
from returnsops.returns.plan.linking import names_no_field, write_links
from returnsops.returns.plan.matching import Sale
from returnsops.returns.plan.ordering import create_order
from returnsops.returns.plan.undone import AS_NOTED, is_given_up, is_gone
from returnsops.returns.policy import ExchangeTiming
from returnsops.returns.problems import Problem

BEFORE_ITS_MOMENT = {
    ExchangeTiming.FROM_LOOP: "Loop makes the order when it settles",
    ExchangeTiming.ON_CONFIRMATION: "Loop makes the order at once",
    ExchangeTiming.ON_CARRIER_SCAN: "Loop makes the order at the parcel's first scan",
    ExchangeTiming.ON_RECEIPT: "Loop makes the order when the units were judged",
}


def plan_exchange(draft: Draft, sale: Sale | None) -> bool:
    """Gives whether every exchange order is in NetSuite as it should be, or none is needed.

    sale: None where a person books the return by hand: the order is expected, and nothing of it is posted.
    """
    facts = draft.facts
    if not facts.exchanges:
        return True
    if is_native(facts):
        draft.step("exchange", StepState.NOT_NEEDED, "the new items are on the original order")
        return True
    missing = orders_missing(facts)
    if not missing:
        return _link(draft, sale)
    undone = [one for one in facts.postings if one.kind == "exchange_order" and _stood_for(facts, one, missing)]
    if not all(is_given_up(facts, one) for one in undone):
        records = tuple(one.their_id for one in undone)
        draft.step("exchange", StepState.BLOCKED, "the Sales Order was deleted in NetSuite", records=records)
        return False
    missing = [one for one in missing if not any(one.cover in posting.covers for posting in undone)]
    if not missing:
        return _leave_undone(draft, sale, undone)
    if any(one.out_of_stock and not one.ordered_as for one in missing):
        _note_out_of_stock(draft, missing)
    elif not all(one.ordered_as for one in missing):
        _wait_for_loop(draft, missing)
    elif sale and facts.policy.creates_exchange_orders:
        create_order(draft, sale, missing)
    else:
        _wait_for_connector(draft, missing, by_hand=sale is None)
    return False


def _stood_for(facts: ReturnFacts, posting: PostingFacts, missing: list[ExchangeFacts]) -> bool:
    return (
        posting.status == "posted" and is_gone(facts, posting) and any(one.cover in posting.covers for one in missing)
    )


def _leave_undone(draft: Draft, sale: Sale | None, undone: list[PostingFacts]) -> bool:
    """Nothing but what a person deleted and noted is missing; the other orders of the return go on."""
    if find_exchange_orders(draft.facts):
        return _link(draft, sale)
    draft.step("exchange", StepState.NOT_NEEDED, AS_NOTED, records=tuple(one.their_id for one in undone))
    return True


def _link(draft: Draft, sale: Sale | None) -> bool:
    facts = draft.facts
    orders = find_exchange_orders(facts)
    records = tuple(order.internal_id for order in orders)
    words = ", ".join(f"Sales order {order.tran_id}" for order in orders)
    if note_contradiction(draft):
        draft.step("exchange", StepState.BLOCKED, f"{words}: its total contradicts the policy", records=records)
        return False
    if names_no_field(draft):
        draft.step(
            "exchange",
            StepState.BLOCKED,
            f"{words}: the policy names no custom field for the original order",
            records=records,
        )
        return False
    if sale and not write_links(draft, sale, orders):
        draft.step("exchange", StepState.DUE, f"{words}: gets the number of the original order", records=records)
        return False
    draft.step("exchange", StepState.DONE, words, records=records)
    return True


def note_unreturned(draft: Draft) -> None:
    """The return ended and its replacement was ordered: nobody in NetSuite would hear that it was not paid by goods."""
    facts = draft.facts
    orders = find_exchange_orders(facts)
    if orders:
        names = ", ".join(order.tran_id for order in orders)
        draft.problem(
            Problem(
                "exchange_not_returned",
                f"return:{facts.loop.loop_id}",
                f"Exchange order {names} was made; the return is {facts.loop.state} and {_what_came(facts)}.",
                amount=add_up(one.total for one in facts.exchanges),
            )
        )


def _what_came(facts: ReturnFacts) -> str:
    """Of goods that were accepted, or came and were not judged, a person noted what becomes of them."""
    seen = [unit for unit in facts.units if unit.outcome not in ("", "missing")]
    if seen:
        return f"what came back is {', '.join(f'{unit.title or unit.sku} ({unit.outcome})' for unit in seen)}"
    came_at = facts.arrived_at or facts.loop.delivered_at
    return "its parcel came unjudged" if came_at and not facts.unaccepted_units else "nothing came back"


# --- Does the real order fit the policy? ------------------------------------------------------------


def note_contradiction(draft: Draft) -> bool:
    """The order's total tells whether Loop's exchange discount is on. Gives whether a problem stands (C04).

    The total only checks what was linked by id. Tax may be shown either way, so the nearer of both figures counts.
    """
    facts = draft.facts
    total = _full_total(facts)
    whole, paid_by_return = add_up(one.total for one in facts.exchanges), facts.loop.exchange_credit
    if total is None or not paid_by_return:
        return False
    has_discount = abs(total - (whole - paid_by_return)) < abs(total - whole)
    if has_discount == is_zero_credit(facts):
        return False
    told = whole - paid_by_return if is_zero_credit(facts) else whole
    return draft.problem(_contradiction_problem(facts, total=total, expected=told))


def _full_total(facts: ReturnFacts) -> Decimal | None:
    """What the orders come to before any clearing row; None while one is not there, or if the return has none."""
    if not facts.exchanges or not has_every_order(facts) or is_native(facts):
        return None
    return add_up(order.total + cleared_on(facts, order) for order in find_exchange_orders(facts))


def _contradiction_problem(facts: ReturnFacts, *, total: Decimal, expected: Decimal) -> Problem:
    names = ", ".join(order.tran_id for order in find_exchange_orders(facts))
    rule = f"Loop discount {'on' if is_zero_credit(facts) else 'off'}"
    rule += ", by which the return is credited," if booked_credit(facts) else ""
    return Problem(
        "exchange_order_contradicts",
        "policy:exchange_settlement",
        f"Exchange order {names} comes to {money_text(total, facts.currency)}; "
        f"with the {rule} it would be {money_text(expected, facts.currency)}.",
        expected=money_text(expected, facts.currency),
        found=money_text(total, facts.currency),
        amount=facts.loop.exchange_credit,
    )


# --- Not there yet ----------------------------------------------------------------------------------


def exchange_moment(facts: ReturnFacts) -> datetime | None:
    """When the exchange order should exist; None while that moment has not come (requirement C05)."""
    if facts.is_instant:
        return facts.loop.created_at
    by_timing = {
        ExchangeTiming.FROM_LOOP: None,
        ExchangeTiming.ON_CONFIRMATION: facts.loop.created_at,
        ExchangeTiming.ON_CARRIER_SCAN: facts.loop.scanned_at if facts.loop.label_status in MOVING else None,
        ExchangeTiming.ON_RECEIPT: _judged_at(facts),
    }
    moments = [one for one in (by_timing[facts.policy.exchange_timing], facts.loop.settled_at) if one]
    return min(moments, default=None)


def _judged_at(facts: ReturnFacts) -> datetime | None:
    if not facts.all_judged:
        return None
    return max((unit.inspected_at for unit in facts.live_units if unit.inspected_at), default=None)


def _wait_for_loop(draft: Draft, missing: list[ExchangeFacts]) -> None:
    """Loop names no order yet. Once its moment has come, that is no longer normal."""
    moment = exchange_moment(draft.facts)
    if moment is None:
        draft.step("exchange", StepState.WAITING, BEFORE_ITS_MOMENT[draft.facts.policy.exchange_timing])
        return
    cause = "Loop should have made the exchange order by now; it names none."
    _wait(draft, missing, moment, cause=cause, words="waits for Loop to name the exchange order")


def _wait_for_connector(draft: Draft, missing: list[ExchangeFacts], *, by_hand: bool) -> None:
    """Named while its moment has not come by the policy: Loop made it, so it should come."""
    facts = draft.facts
    name = ", ".join(sorted({one.ordered_as for one in missing}))
    moment = exchange_moment(facts) or facts.loop.updated_at
    cause = f"Loop made exchange order {name}; NetSuite has no sales order for it."
    if by_hand and facts.policy.creates_exchange_orders:
        cause += " ReturnsOps makes none for a return that is booked by hand."
    _wait(draft, missing, moment, cause=cause, words=f"waits for {name} to arrive in NetSuite")


def _wait(draft: Draft, missing: list[ExchangeFacts], since: datetime, *, cause: str, words: str) -> None:
    if draft.waits_too_long("exchange", words, since=since, limit=draft.facts.policy.deadlines.exchange_order):
        subject = f"return:{draft.facts.loop.loop_id}"
        draft.problem(Problem("exchange_order_missing", subject, cause, amount=add_up(one.total for one in missing)))


def _note_out_of_stock(draft: Draft, missing: list[ExchangeFacts]) -> None:
    """Loop keeps such a return in review and makes the order later, when somebody there settles the rest (F4)."""
    gone = [one for one in missing if one.out_of_stock and not one.ordered_as]
    names = ", ".join(sorted({one.sku for one in gone}))
    problem = Problem(
        "exchange_out_of_stock",
        f"return:{draft.facts.loop.loop_id}",
        f"Loop has no stock of {names} for the exchange of order {draft.facts.loop.order_name}.",
        amount=add_up(one.total for one in gone),
    )
    draft.problem(problem)
    draft.step("exchange", StepState.BLOCKED, f"{names} out of stock")

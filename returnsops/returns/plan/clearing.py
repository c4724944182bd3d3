"""Chapter 7c: value in, value out on cash sales: both sides of an exchange meet on a clearing account (row C04).

The Cash Refund puts the value there by a row of its own. The exchange order's bill takes it off again: by a row of the
same item, or because the whole cash sale is booked on that account. Nothing in NetSuite ties the two documents
(netsuite.md §4.9), so the plan adds them up.
"""

from collections.abc import Sequence
from decimal import Decimal

from returnsops.lib.money import add_up, money_text
from returnsops.returns.facts import RecordFacts, ReturnFacts
from returnsops.returns.plan.applying import BILLED, bills_of_exchange, value_to_apply, what_is_open
from returnsops.returns.plan.draft import Draft, StepState
from returnsops.returns.plan.exchange_orders import cleared_on, find_exchange_orders
from returnsops.returns.plan.sources import name_of
from returnsops.returns.policy import EXCHANGE_CLEARING
from returnsops.returns.problems import Problem


def plan_clearing(draft: Draft) -> bool:
    """Gives whether the clearing account is even again, or a person said so. Call it once the Cash Refund is there."""
    facts = draft.facts
    value = value_to_apply(facts)
    if not value:
        return True
    bills = bills_of_exchange(facts, "invoice", "cashSale")
    if taken_off(facts, bills) == value:
        names = " and ".join(name_of(bill) for bill in bills)
        words = f"{money_text(value, facts.currency)} from both sides on the clearing account: {names}"
        draft.step("apply", StepState.DONE, words, records=tuple(bill.internal_id for bill in bills))
        return True
    return _wait_for_bill(draft, bills, value)


def taken_off(facts: ReturnFacts, bills: Sequence[RecordFacts]) -> Decimal:
    """What these bills take off the clearing account."""
    account = facts.policy.tenders.get(EXCHANGE_CLEARING)
    is_booked = {bill.internal_id for bill in bills if account and bill.account_id == account.account_id}
    return add_up(bill.total if bill.internal_id in is_booked else cleared_on(facts, bill) for bill in bills)


def _wait_for_bill(draft: Draft, bills: Sequence[RecordFacts], value: Decimal) -> bool:
    facts = draft.facts
    since = facts.loop.settled_at or facts.loop.updated_at
    limit, is_billed = facts.policy.deadlines.exchange_invoice, _is_whole(facts, bills)
    due_at, late = draft.deadline(since, limit), is_billed or draft.is_late(since, limit)
    words = f"{money_text(value, facts.currency)} on the clearing account wait for the exchange's bill"
    if late:
        problem = _contradiction(facts, bills, value) if is_billed else _not_billed(facts, value, words)
        if not draft.problem(problem):
            draft.step("apply", StepState.NOT_NEEDED, "settled by a person")
            return True
    draft.step("apply", StepState.BLOCKED if late else StepState.WAITING, words, due_at=due_at)
    return False


def _is_whole(facts: ReturnFacts, bills: Sequence[RecordFacts]) -> bool:
    """All of the exchange is billed: its orders say so, or the bills come to as much."""
    orders = find_exchange_orders(facts)
    all_billed = all(order.status == BILLED for order in orders)
    return bool(bills) and (all_billed or add_up(one.total for one in bills) >= add_up(one.total for one in orders))


def _not_billed(facts: ReturnFacts, value: Decimal, words: str) -> Problem:
    return Problem("exchange_value_open", _subject(facts), f"{what_is_open(facts)}; {words}.", amount=value)


def _contradiction(facts: ReturnFacts, bills: Sequence[RecordFacts], value: Decimal) -> Problem:
    names, found = " and ".join(name_of(bill) for bill in bills), taken_off(facts, bills)
    if not found and EXCHANGE_CLEARING not in facts.policy.tenders and bills[0].record_type == "cashSale":
        cause = (
            f"{names} of the exchange has no clearing row, and the policy names no account for «{EXCHANGE_CLEARING}»."
        )
        return Problem("mapping_missing", f"policy:tenders.{EXCHANGE_CLEARING}", cause, amount=value)
    value_text, found_text = money_text(value, facts.currency), money_text(found, facts.currency)
    return Problem(
        "exchange_value_open",
        _subject(facts),
        f"The Cash Refund put {value_text} on the clearing account; {names} of the exchange takes {found_text} off it.",
        expected=value_text,
        found=found_text,
        amount=abs(value - found),
    )


def _subject(facts: ReturnFacts) -> str:
    refund = facts.posted("cash_refund")
    assert refund is not None, "the clearing account waits for nothing before the Cash Refund is there"
    return f"record:{refund.their_id}"

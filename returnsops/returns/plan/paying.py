"""From agreed figures to both books: the credit, Loop's settlement and the refund, in the order of the bill's kind.

An invoice: Credit Memo → Loop settles → Customer Refunds. A cash sale: Loop settles → Cash Refund, both in one.
"""

from dataclasses import dataclass

from returnsops.lib.money import money_text
from returnsops.returns.facts import ReturnFacts
from returnsops.returns.plan.applying import plan_application
from returnsops.returns.plan.authorization import Authorization
from returnsops.returns.plan.billing import may_be_credited
from returnsops.returns.plan.clearing import plan_clearing
from returnsops.returns.plan.closing import close_unaccepted_lines, close_whole_authorization, prove_complete
from returnsops.returns.plan.comparing import compare_amounts, is_left_to_hand
from returnsops.returns.plan.crediting import Source, plan_credit, source_of
from returnsops.returns.plan.draft import Draft, StepState
from returnsops.returns.plan.exchanging import plan_exchange
from returnsops.returns.plan.expecting import is_noted_as_missing
from returnsops.returns.plan.figures import store_credit
from returnsops.returns.plan.giving_up import is_money_given_up
from returnsops.returns.plan.matching import Sale
from returnsops.returns.plan.refunding import plan_cash_refund, plan_refunds
from returnsops.returns.plan.settling import loop_goes_first, plan_settlement
from returnsops.returns.plan.tenders import is_refunded_by_hand
from returnsops.returns.plan.undone import AS_NOTED
from returnsops.returns.plan.watching import foresee_credit, is_money_ours, watch_credit
from returnsops.returns.plan.watching_refunds import watch_refunds


@dataclass(frozen=True)
class Goods:
    """Whether every accepted unit is in NetSuite's stock, and whether it lies there where it belongs."""

    received: bool = False
    shelved: bool = False


def pay_for_units(draft: Draft, sale: Sale, authorization: Authorization, goods: Goods) -> str:
    """For what was accepted and received, and what is kept beside it; its place in stock holds up no money. Gives the
    stage."""
    source = source_of(sale, authorization) if draft.facts.accepted_units else _bill_of(sale)
    credited, done = _pay(draft, sale, source, may_book=goods.received)
    closed = close_unaccepted_lines(draft, authorization, credited=credited)
    if not (done and closed and goods.shelved):
        return "posting" if draft.postings else "waiting"
    return "settled" if prove_complete(draft, authorization) else "waiting"


def expect_no_goods(draft: Draft) -> None:
    for step in ("arrival", "inspection", "receipt"):
        draft.step(step, StepState.NOT_NEEDED, "the customer keeps the goods")


def pay_for_kept_goods(draft: Draft, sale: Sale) -> str:
    """The customer keeps them: credited without stock, authorization or receipt. Gives the stage."""
    closed = close_whole_authorization(draft)
    _, done = _pay(draft, sale, _bill_of(sale), may_book=True)
    if not (done and closed):
        return "posting" if draft.postings else "waiting"
    return "settled" if prove_complete(draft, None) else "waiting"


def _bill_of(sale: Sale) -> Source:
    """Of goods that are kept nothing is received, so no authorization gives a credit for them. `may_be_credited` waits
    until there is a bill."""
    bill = next(iter(sale.bills), sale.record)
    return Source(bill.record_type, bill.internal_id, {})


def _pay(draft: Draft, sale: Sale, source: Source, *, may_book: bool) -> tuple[bool, bool]:
    """Gives whether the credit is booked, and whether money and exchange are both through."""
    facts = draft.facts
    if not is_money_ours(facts, sale):
        return _watch_money(draft, sale, may_expect=may_book)
    if is_left_to_hand(facts):
        return _leave_to_hand(draft, sale)
    credit = compare_amounts(draft, sale)
    may_book = bool(credit) and may_book and may_be_credited(draft, sale)
    may_credit = may_book and not (loop_goes_first(facts) and facts.taken("credit") is None)
    credited = bool(credit and may_credit and not sale.is_cash_sale and plan_credit(draft, source, credit))
    may_ask = may_book if sale.is_cash_sale else credited
    settled = plan_settlement(draft, may_ask=may_ask)
    linked = plan_exchange(draft, sale)
    refunded = False
    if sale.is_cash_sale and settled and may_book and credit:
        credited = plan_cash_refund(draft, source, credit)
        refunded = credited and (is_refunded_by_hand(facts) or plan_clearing(draft))
    elif credited and settled:
        refunded = _pay_out(draft)
    return credited, refunded and linked


def _leave_to_hand(draft: Draft, sale: Sale) -> tuple[bool, bool]:
    """The same, where a person books the money. Loop is not asked: they may have paid the customer outside."""
    if is_money_given_up(draft.facts):
        for step in ("credit", "refund"):
            draft.step(step, StepState.NOT_NEEDED, f"left to a person: what it hangs on was {AS_NOTED}")
    else:
        draft.step("amount", StepState.NOT_NEEDED, "credited and refunded by hand, as a person noted")
    settled = plan_settlement(draft, may_ask=False, is_ours=False)
    linked = plan_exchange(draft, sale)
    return True, settled and linked


def _pay_out(draft: Draft) -> bool:
    """What the Credit Memo is used for: the exchange's invoice, and what Loop paid in money."""
    applied = plan_application(draft)
    return _refund(draft) and applied


def _refund(draft: Draft) -> bool:
    facts, memo = draft.facts, draft.facts.credit_memo
    if not _paid_any_money(facts):
        draft.step("refund", StepState.NOT_NEEDED, _no_money_words(facts))
        return True
    if memo is None:
        draft.step("refund", StepState.WAITING, "waits for the Credit Memo to be read back")
        return False
    return plan_refunds(draft, memo) if facts.policy.writes("refund") else watch_refunds(draft, memo)


def _paid_any_money(facts: ReturnFacts) -> bool:
    return bool(facts.loop.refund) or any(refund.amount for refund in facts.loop.refunds)


def _no_money_words(facts: ReturnFacts) -> str:
    given = store_credit(facts)
    if given:
        return f"no money went back; {money_text(given, facts.currency)} stay open as store credit"
    return "no money went back to the customer"


def _watch_money(draft: Draft, sale: Sale, *, may_expect: bool) -> tuple[bool, bool]:
    """The same, where another system credits: nothing is asked of Loop."""
    credit = foresee_credit(draft, sale)
    credited = may_expect and watch_credit(draft, sale, credit)
    settled = plan_settlement(draft, may_ask=False, is_ours=False)
    linked = plan_exchange(draft, sale)
    if not (credited and settled):
        return credited, False
    is_over = sale.is_cash_sale or is_noted_as_missing(draft.facts, "credit")
    return True, (is_over or _pay_out(draft)) and linked

"""From agreed figures to both books: the credit, Loop's settlement and the refund, in the order of the bill's kind.

An invoice: Credit Memo → Loop settles → Customer Refunds. A cash sale: Loop settles → Cash Refund, both in one.
"""

from returnsops.returns.plan.applying import plan_application
from returnsops.returns.plan.authorization import Authorization
from returnsops.returns.plan.closing import close_unaccepted_lines, close_whole_authorization, prove_complete
from returnsops.returns.plan.comparing import compare_amounts
from returnsops.returns.plan.crediting import Source, plan_credit, source_of
from returnsops.returns.plan.draft import Draft, StepState
from returnsops.returns.plan.exchanging import plan_exchange
from returnsops.returns.plan.refunding import plan_cash_refund, plan_refunds
from returnsops.returns.plan.sale import Sale
from returnsops.returns.plan.settling import loop_goes_first, plan_settlement


def pay_for_units(draft: Draft, sale: Sale, authorization: Authorization, *, received: bool) -> str:
    """For what was accepted and received. Gives the stage."""
    credited, done = _pay(draft, sale, source_of(authorization), may_book=received)
    closed = close_unaccepted_lines(draft, authorization, credited=credited)
    if not (done and closed):
        return "posting" if draft.postings else "waiting"
    return "settled" if prove_complete(draft, authorization.record) else "waiting"


def pay_for_kept_goods(draft: Draft, sale: Sale) -> str:
    """The customer keeps them: credited without stock, authorization or receipt. Gives the stage."""
    for step in ("arrival", "inspection", "receipt"):
        draft.step(step, StepState.NOT_NEEDED, "the customer keeps the goods")
    closed = close_whole_authorization(draft)
    _, done = _pay(draft, sale, Source(sale.record.record_type, sale.record.internal_id, {}), may_book=True)
    if not (done and closed):
        return "posting" if draft.postings else "waiting"
    return "settled" if prove_complete(draft, None) else "waiting"


def _pay(draft: Draft, sale: Sale, source: Source, *, may_book: bool) -> tuple[bool, bool]:
    """Gives whether the credit is booked, and whether money and exchange are both through."""
    facts = draft.facts
    credit = compare_amounts(draft, sale)
    may_credit = may_book and not (loop_goes_first(facts) and facts.taken("credit") is None)
    credited = bool(credit and may_credit and not sale.is_cash_sale and plan_credit(draft, source, credit))
    is_ours = not facts.policy.shadows("refund")
    may_ask = bool(credit and may_book and is_ours) if sale.is_cash_sale else credited
    settled = plan_settlement(draft, may_ask=may_ask)
    linked = plan_exchange(draft, sale)
    refunded = False
    if sale.is_cash_sale and settled and may_book and credit:
        refunded = credited = plan_cash_refund(draft, source, credit)
    elif credited and settled:
        applied = plan_application(draft)
        refunded = plan_refunds(draft) and applied
    return credited, refunded and linked

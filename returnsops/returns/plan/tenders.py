"""Chapter 7, before the documents: what Loop paid, through which gateways, and on which account each is booked."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from returnsops.lib.money import ZERO, add_up, money_text
from returnsops.returns.facts import RefundFacts, ReturnFacts
from returnsops.returns.plan.draft import Draft, StepState
from returnsops.returns.policy import SEVERAL, Tender
from returnsops.returns.problems import Problem


@dataclass(frozen=True)
class Payment:
    """What Loop paid out through one gateway, and where that is booked."""

    gateway: str
    amount: Decimal
    tender: Tender


def read_payments(draft: Draft) -> list[Payment] | None:
    """What Loop paid, by gateway, largest first. None: not known yet, or a gateway has no account; a step says."""
    facts = draft.facts
    if not _in_one_currency(draft):
        return None
    by_gateway = paid_by_gateway(facts)
    if not _payments_add_up(draft, add_up(by_gateway.values())):
        return None
    missing = {gateway: amount for gateway, amount in by_gateway.items() if gateway not in facts.policy.tenders}
    for gateway, amount in missing.items():
        cause = f"The policy names no NetSuite account for refunds through «{gateway}»."
        draft.problem(Problem("mapping_missing", f"policy:tenders.{gateway}", cause, amount=amount))
    if missing:
        draft.step("refund", StepState.BLOCKED, "a tender has no account in the policy")
        return None
    payments = [Payment(gateway, amount, facts.policy.tenders[gateway]) for gateway, amount in by_gateway.items()]
    return sorted(payments, key=lambda payment: (-payment.amount, payment.gateway))


def paid_by_gateway(facts: ReturnFacts) -> dict[str, Decimal]:
    amounts: dict[str, Decimal] = {}
    for refund in facts.loop.refunds:
        if refund.amount:
            amounts[refund.gateway] = amounts.get(refund.gateway, ZERO) + refund.amount
    return amounts


def _payments_add_up(draft: Draft, listed: Decimal) -> bool:
    """Loop lists its payments a little after it settled. A list that stays different is for a person."""
    facts = draft.facts
    if listed == facts.loop.refund:
        return True
    since, limit = facts.loop.settled_at or facts.loop.updated_at, facts.policy.deadlines.settlement
    late = draft.is_late(since, limit)
    if late:
        listed_text, refund_text = money_text(listed, facts.currency), money_text(facts.loop.refund, facts.currency)
        problem = Problem(
            "settled_differently",
            _payments_subject(facts),
            f"Loop lists payments of {listed_text} for a refund of {refund_text}.",
            expected=refund_text,
            found=listed_text,
            amount=abs(listed - facts.loop.refund),
        )
        if not draft.problem(problem):
            return True
    state, due_at = StepState.BLOCKED if late else StepState.WAITING, draft.deadline(since, limit)
    draft.step("refund", state, "waits for Loop's list of payments", due_at=due_at)
    return False


def _payments_subject(facts: ReturnFacts) -> str:
    """Of its own, since a word about the credit is none about the payments."""
    return f"return:{facts.loop.loop_id}:payments"


def is_refunded_by_hand(facts: ReturnFacts) -> bool:
    """Loop paid in another currency, and a person noted that they booked that by hand; whatever it tells later."""
    return facts.is_acknowledged("currency_differs", _payments_subject(facts))


def paid_in_others(facts: ReturnFacts) -> list[RefundFacts]:
    """Payments in another currency than this return's."""
    return [one for one in facts.loop.refunds if one.amount and one.currency not in ("", facts.currency)]


def _in_one_currency(draft: Draft) -> bool:
    """A gateway may pay in the shopper's currency; its amounts are then no part of this credit (loop.md §7.5)."""
    facts = draft.facts
    others = paid_in_others(facts)
    if others:
        paid = " and ".join(f"{money_text(one.amount, one.currency)} through «{one.gateway}»" for one in others)
        draft.problem(
            Problem(
                "currency_differs",
                _payments_subject(facts),
                f"Loop paid {paid}; this return is in {facts.currency}.",
                expected=facts.currency,
                found=" and ".join(dict.fromkeys(one.currency for one in others)),
                amount=facts.loop.refund,
            )
        )
    if others:
        draft.step("refund", StepState.BLOCKED, "Loop paid in another currency")
    return not others


def has_one_account(draft: Draft, payments: list[Payment]) -> bool:
    """A Cash Refund is booked on one account, so several gateways share a clearing account (netsuite.md §4.9)."""
    facts = draft.facts
    if len(payments) < 2 or SEVERAL in facts.policy.tenders:
        return True
    cause = f"One Cash Refund stands for {len(payments)} gateways; the policy names no account for «{SEVERAL}»."
    draft.problem(Problem("mapping_missing", f"policy:tenders.{SEVERAL}", cause, amount=facts.loop.refund))
    draft.step("refund", StepState.BLOCKED, "a tender has no account in the policy")
    return False


def book_cash_refund(facts: ReturnFacts, payments: list[Payment]) -> dict[str, Any]:
    """On the account of the only gateway, or on the one that several share."""
    if len(payments) > 1:
        return book_payments([replace(payments[0], tender=facts.policy.tenders[SEVERAL])])
    return book_payments(payments)


def book_payments(payments: list[Payment]) -> dict[str, Any]:
    """Where a refund is booked. SAVE_ONLY: NetSuite must only keep the record, the shop paid already."""
    booking: dict[str, Any] = {"handlingMode": {"id": "SAVE_ONLY"}}
    if not payments:
        return booking
    tender = payments[0].tender
    option = {"paymentOption": {"id": tender.payment_option_id}} if tender.payment_option_id else {}
    return booking | {"account": {"id": tender.account_id}} | option

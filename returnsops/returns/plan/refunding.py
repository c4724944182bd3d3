"""Chapter 6: the Customer Refund, one per tender, applied to the Credit Memo.

It records money that the shop paid, it never moves any (promise 5).
"""

from decimal import Decimal

from returnsops.lib.money import ZERO, add_up, money_text
from returnsops.returns.facts import RecordFacts, RefundFacts, ReturnFacts
from returnsops.returns.plan.authorization import memo_text
from returnsops.returns.plan.draft import Draft, PostingDue, StepState
from returnsops.returns.policy import Tender
from returnsops.returns.problems import Problem


def plan_refunds(draft: Draft) -> bool:
    """A Customer Refund for every tender Loop paid out. Gives whether all of them are in NetSuite."""
    facts = draft.facts
    paid = [refund for refund in facts.loop.refunds if refund.amount]
    if not facts.loop.refund and not paid:
        draft.step("refund", StepState.NOT_NEEDED, "no money went back to the customer")
        return True
    if add_up(refund.amount for refund in paid) != facts.loop.refund:
        draft.step("refund", StepState.WAITING, "waits for Loop's list of payments")
        return False
    credit = facts.posted("credit")
    memo = facts.record(credit.their_id) if credit else None
    if memo is None:
        draft.step("refund", StepState.WAITING, "waits for the Credit Memo to be read back")
        return False
    if not _paid_what_was_credited(draft, memo):
        return False
    return _plan_each(draft, memo, paid)


def _paid_what_was_credited(draft: Draft, memo: RecordFacts) -> bool:
    facts = draft.facts
    owed = facts.loop.refund + facts.loop.gift_card
    if memo.total == owed:
        return True
    paid_text, credited_text = money_text(owed, facts.currency), money_text(memo.total, facts.currency)
    problem = Problem(
        "settled_differently",
        f"return:{facts.loop.loop_id}",
        f"Loop paid {paid_text}; {memo.tran_id} credits {credited_text}.",
        expected=credited_text,
        found=paid_text,
        amount=abs(owed - memo.total),
    )
    if draft.problem(problem):
        draft.step("refund", StepState.BLOCKED, "Loop paid another amount than was credited")
        return False
    return True


def _plan_each(draft: Draft, memo: RecordFacts, paid: list[RefundFacts]) -> bool:
    facts = draft.facts
    posted, taken = facts.posted_covers("customer_refund"), facts.taken_covers("customer_refund")
    missing = [refund.gateway for refund in paid if refund.gateway not in facts.policy.tenders]
    for gateway in missing:
        draft.problem(
            Problem(
                "mapping_missing",
                f"policy:tenders.{gateway}",
                f"The policy names no NetSuite account for refunds through «{gateway}».",
                amount=add_up(refund.amount for refund in paid if refund.gateway == gateway),
            )
        )
    by_gateway: dict[str, Decimal] = {}
    for refund in paid:
        by_gateway[refund.gateway] = by_gateway.get(refund.gateway, ZERO) + refund.amount
    for gateway, amount in by_gateway.items():
        if gateway not in missing and _cover(facts, gateway) not in taken and facts.policy.writes("refund"):
            draft.post(_refund_due(facts, memo, RefundFacts(gateway, amount), facts.policy.tenders[gateway]))
    records = tuple(one.their_id for one in facts.postings if one.kind == "customer_refund" and one.status == "posted")
    if missing:
        draft.step("refund", StepState.BLOCKED, "a tender has no account in the policy", records=records)
        return False
    if all(_cover(facts, gateway) in posted for gateway in by_gateway):
        draft.step("refund", StepState.DONE, _refund_words(facts, records), records=records)
        return True
    draft.step("refund", StepState.DUE, "Customer Refund on its way to NetSuite", records=records)
    return False


def _refund_words(facts: ReturnFacts, records: tuple[str, ...]) -> str:
    names = [record.tran_id for one in records if (record := facts.record(one))]
    return ", ".join(names) or "posted"


def _cover(facts: ReturnFacts, gateway: str) -> str:
    return f"part:refund:{facts.loop.loop_id}:{gateway}"


def _refund_due(facts: ReturnFacts, memo: RecordFacts, refund: RefundFacts, tender: Tender) -> PostingDue:
    body: dict[str, object] = {
        "customer": {"id": memo.entity_id},
        "account": {"id": tender.account_id},
        "handlingMode": {"id": "SAVE_ONLY"},  # NetSuite must only keep the record: the shop paid already
        "memo": memo_text(facts),
        "apply": {
            "items": [
                {
                    "doc": {"id": memo.internal_id},
                    "line": facts.refund_apply_line,
                    "apply": True,
                    "amount": str(refund.amount),
                }
            ]
        },
    }
    if tender.payment_option_id:
        body["paymentOption"] = {"id": tender.payment_option_id}
    tran_date = facts.override("tran_date", "customer_refund", "all")
    if tran_date:
        body["tranDate"] = tran_date
    return PostingDue(
        kind="customer_refund",
        system="netsuite",
        request={"operation": "create", "target_type": "customerRefund", "body": body},
        covers=frozenset({_cover(facts, refund.gateway)}),
        serial_key=f"{facts.account_id}:{memo.internal_id}",
        priority=20,
    )

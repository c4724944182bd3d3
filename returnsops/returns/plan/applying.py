"""Chapter 7b: value in, value out: the credit waits for the exchange's invoice and is applied to it (requirement C04).

A credit applies to an invoice, never to an order. The rows are those of the apply sublist, matched by document and
line; source: netsuite.md §2.4, §3.5, §4.7.
"""

from collections.abc import Iterable
from decimal import Decimal

from returnsops.lib.money import ZERO, add_up, money_text
from returnsops.returns.facts import RecordFacts, ReturnFacts
from returnsops.returns.plan.draft import Draft, PostingDue, StepState
from returnsops.returns.plan.exchange_orders import find_exchange_orders, has_every_order, is_native
from returnsops.returns.plan.figures import exchange_value, is_zero_credit, store_credit
from returnsops.returns.problems import Problem

BILLED = "G"
INVOICE_LINE = 0  # the row of an invoice in a credit's apply sublist


def plan_application(draft: Draft) -> bool:
    """Gives whether nothing of the exchange's value is left to apply, or to wait for."""
    facts = draft.facts
    value, memo = value_to_apply(facts), facts.credit_memo
    if memo:  # of a surplus that is got back nothing was credited, and what Loop paid in money is refunded first
        value = min(value, max(memo.total - facts.loop.refund, ZERO))
    if not value or memo is None:
        return not value
    posted = facts.posted("credit_apply")
    if posted:
        draft.step("apply", StepState.DONE if posted.read_back else StepState.DUE, f"{memo.tran_id} applied")
        return posted.read_back
    if _is_used_by_hand(facts, memo, value):
        draft.step("apply", StepState.DONE, f"{memo.tran_id} was used by hand", records=(memo.internal_id,))
        return True
    invoices = _open_ones(bills_of_exchange(facts, "invoice"))
    is_taken = facts.taken("credit_apply") is not None
    is_short = bool(_used_otherwise(facts, memo, value)) and not is_taken
    if not facts.policy.writes("credit") or not _is_enough(facts, invoices, value) or is_short:
        return _wait_for_invoice(draft, memo, value)
    if not is_taken:
        draft.post(_application_due(facts, memo, _share_out(invoices, min(value, memo.amount_remaining))))
    names = ", ".join(one.tran_id for one in invoices)
    draft.step("apply", StepState.DUE, f"{memo.tran_id} is being applied to {names}")
    return False


def value_to_apply(facts: ReturnFacts) -> Decimal:
    """What of the return paid for the new items."""
    return exchange_value(facts) if facts.exchanges and not is_zero_credit(facts) else ZERO


def bills_of_exchange(facts: ReturnFacts, *record_types: str) -> list[RecordFacts]:
    orders = {order.internal_id for order in find_exchange_orders(facts)}
    return [one for one in facts.records_of(*record_types) if one.created_from_id in orders and not one.is_voided]


def what_is_open(facts: ReturnFacts) -> str:
    """A native exchange has no bill of its own, and which of the original order's is meant nobody tells."""
    if is_native(facts):
        return "The new items are on the original order"
    return "The exchange order is not billed" if has_every_order(facts) else "Not every exchange order is in NetSuite"


def _is_used_by_hand(facts: ReturnFacts, memo: RecordFacts, value: Decimal) -> bool:
    """The exchange's invoices are paid, and besides what was refunded of the credit as much went into other documents
    as the exchange and the store credit are.

    Not where a refund does not tell what it pays, or while our own application is on its way.
    """
    invoices = bills_of_exchange(facts, "invoice")
    refunds = [one for one in facts.records_of("customerRefund") if not one.is_voided]
    is_known = not facts.taken("credit_apply") and all(one.pays for one in refunds)
    if not is_known or not invoices or _open_ones(invoices):
        return False
    shown = add_up(amount for one in refunds for credit_id, amount in one.pays if credit_id == memo.internal_id)
    ours = add_up(one.applied for one in facts.postings if one.kind == "customer_refund" and one.is_taken)
    went_elsewhere = memo.total - memo.amount_remaining - max(shown, ours)
    return went_elsewhere >= value + store_credit(facts)


def _open_ones(invoices: Iterable[RecordFacts]) -> list[RecordFacts]:
    return [one for one in invoices if one.amount_remaining > ZERO]


def _is_enough(facts: ReturnFacts, invoices: list[RecordFacts], value: Decimal) -> bool:
    """Goods may be ordered, shipped and billed in parts; all is billed when every order says so. It is applied once."""
    return bool(invoices) and (_is_all_billed(facts) or add_up(one.amount_remaining for one in invoices) >= value)


def _is_all_billed(facts: ReturnFacts) -> bool:
    """An order may say so before its invoice is read."""
    seen = {bill.created_from_id for bill in bills_of_exchange(facts, "invoice", "cashSale")}
    orders = find_exchange_orders(facts)
    return has_every_order(facts) and all(one.status == BILLED and one.internal_id in seen for one in orders)


def _wait_for_invoice(draft: Draft, memo: RecordFacts, value: Decimal) -> bool:
    """A person may note it: then the credit stays open, or was settled by hand."""
    facts = draft.facts
    since = facts.loop.settled_at or facts.loop.updated_at
    limit = facts.policy.deadlines.exchange_invoice
    due_at, wrong = draft.deadline(since, limit), _cannot_be_applied(facts) or _used_otherwise(facts, memo, value)
    late = bool(wrong) or draft.is_late(since, limit)
    words = f"{money_text(value, facts.currency)} of {memo.tran_id} wait for the exchange's invoice"
    if late:
        cause = wrong or f"{what_is_open(facts)}; {words}."
        problem = Problem("exchange_value_open", f"record:{memo.internal_id}", cause, amount=value)
        if not draft.problem(problem):
            draft.step("apply", StepState.NOT_NEEDED, "settled by a person")
            return True
    draft.step("apply", StepState.BLOCKED if late else StepState.WAITING, words, due_at=due_at)
    return False


def _cannot_be_applied(facts: ReturnFacts) -> str:
    """Billed in a way that leaves nothing to apply a credit to."""
    sales = bills_of_exchange(facts, "cashSale")
    if sales:
        return f"The exchange order was billed by cash sale {sales[0].tran_id}; a credit applies to an invoice only."
    paid = [one for one in bills_of_exchange(facts, "invoice") if not one.amount_remaining]
    if paid and not _open_ones(bills_of_exchange(facts, "invoice")):
        return f"{paid[0].tran_id} of the exchange order is paid already, so the credit has nothing to be applied to."
    return ""


def _used_otherwise(facts: ReturnFacts, memo: RecordFacts, value: Decimal) -> str:
    """Somebody refunded what is the exchange's, or let it pay something else; the exchange's invoice stays unpaid."""
    wanted = min(value, memo.total)
    if memo.amount_remaining >= wanted:
        return ""
    left, needed = (money_text(amount, facts.currency) for amount in (memo.amount_remaining, wanted))
    return f"{memo.tran_id} has {left} open; the exchange takes {needed} of it, and somebody used it otherwise."


def _share_out(invoices: list[RecordFacts], value: Decimal) -> list[tuple[RecordFacts, Decimal]]:
    shares = []
    for invoice in invoices:
        amount = min(value, invoice.amount_remaining)
        if amount > ZERO:
            shares.append((invoice, amount))
            value -= amount
    return shares


def _application_due(facts: ReturnFacts, memo: RecordFacts, shares: list[tuple[RecordFacts, Decimal]]) -> PostingDue:
    rows = [
        {"doc": {"id": invoice.internal_id}, "line": INVOICE_LINE, "apply": True, "amount": str(amount)}
        for invoice, amount in shares
    ]
    return PostingDue(
        kind="credit_apply",
        system="netsuite",
        request={
            "operation": "update",
            "target_type": "creditMemo",
            "target_id": memo.internal_id,
            "body": {"autoApply": False, "apply": {"items": rows}},
        },
        covers=frozenset({f"part:exchange:{facts.loop.loop_id}"}),
        serial_key=f"{facts.account_id}:{memo.internal_id}",
    )

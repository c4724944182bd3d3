"""Chapter 5: NetSuite's figure beside Loop's, in one currency; what differs, or is much, waits for a second person."""

from dataclasses import replace
from decimal import Decimal

from returnsops.lib.canonical import content_hash
from returnsops.lib.money import currency_code, money_text
from returnsops.returns.facts import ReturnFacts
from returnsops.returns.plan.draft import Draft, StepState
from returnsops.returns.plan.expecting import is_noted_as_missing
from returnsops.returns.plan.figures import (
    BEYOND_THE_GOODS,
    OVERPAID,
    beyond_subject,
    bonus_credit,
    find_untold_amounts,
)
from returnsops.returns.plan.giving_up import is_money_given_up
from returnsops.returns.plan.matching import Sale
from returnsops.returns.plan.money import Credit, allowed_difference, propose_credit
from returnsops.returns.policy import Policy
from returnsops.returns.problems import Problem

CREDIT_SUBJECT = "credit"
CAUSE_WORDS = {"overpaid": "paid beyond the goods", "underpaid": "not paid of the goods"}


def compare_amounts(draft: Draft, sale: Sale) -> Credit | None:
    """The credit to book, once its difference is inside tolerance or approved by a second person."""
    facts = draft.facts
    credit = propose_credit(facts, sale)
    if facts.taken("credit") or facts.taken("cash_refund"):  # later figures are compared with what was booked
        draft.step("amount", StepState.DONE, "booked")
        return credit
    hindrance = _hindrance(draft, sale, credit)
    if hindrance:
        draft.step("amount", StepState.BLOCKED, hindrance)
        return None
    draft.step("amount", StepState.DONE, "; ".join(_words(facts, credit)))
    return credit


BY_HAND_CODES = ("currency_differs", "amounts_untold")


def is_left_to_hand(facts: ReturnFacts) -> bool:
    """A person noted that they credit and refund by hand: the figures could not be compared, or were not told; or no
    other system will receive the goods, and NetSuite credits only what was received (netsuite.md §3.4).

    The note alone decides, whatever is told, corrected or received later: their credit may stand where no look would
    find it. Or they deleted what it hangs on, and noted that it stays so.
    """
    if is_money_given_up(facts):
        return True
    if facts.taken("credit") or facts.taken("cash_refund"):
        return False
    noted = any(facts.is_acknowledged(code, f"return:{facts.loop.loop_id}") for code in BY_HAND_CODES)
    return noted or is_noted_as_missing(facts, "receipt")


def _hindrance(draft: Draft, sale: Sale, credit: Credit) -> str:
    """Why nothing may be credited yet, with its problem; empty if it may."""
    facts = draft.facts
    if not _same_currency(draft, sale):
        return "NetSuite and Loop speak of different currencies"
    untold = find_untold_amounts(facts)
    if untold:
        draft.problem(_untold_problem(facts, untold))
        return "Loop did not tell every amount"
    if not _mappings_complete(draft, credit):
        return "a mapping is missing in the policy"
    problem = _approval_problem(facts, credit)
    if problem is None or is_approved(facts, credit) or not draft.problem(problem):
        return ""
    return f"waits for approval: {_differs(facts, credit)}" if credit.difference else "waits for approval"


def _words(facts: ReturnFacts, credit: Credit) -> list[str]:
    netsuite, loop = money_text(credit.netsuite_total, facts.currency), money_text(credit.total, facts.currency)
    bonus = bonus_credit(facts)
    return [
        f"NetSuite {netsuite}, Loop {loop}" if credit.difference else f"equal: {netsuite}",
        *(["approved"] if is_approved(facts, credit) else []),
        *([f"bonus of {money_text(bonus, facts.currency)} is no part of it"] if bonus else []),
    ]


# --- What stands in the way -------------------------------------------------------------------------


def speaks_one_currency(facts: ReturnFacts, sale: Sale) -> bool:
    """Where NetSuite does not tell its currency, nothing speaks against it."""
    name = sale.record.currency
    return not name or _code_of(facts, name) == facts.currency


def _code_of(facts: ReturnFacts, name: str) -> str:
    return facts.policy.currencies.get(name) or currency_code(name)


def _same_currency(draft: Draft, sale: Sale) -> bool:
    """Amounts in two currencies are never compared (loop.md §7.5): not even an equal number is the same money."""
    facts, name = draft.facts, sale.record.currency
    if speaks_one_currency(facts, sale):
        return True
    code = _code_of(facts, name)
    if not code:
        cause = f"The policy does not say which currency NetSuite means by «{name}»."
        draft.problem(Problem("mapping_missing", f"policy:currencies.{name}", cause, amount=facts.loop.return_total))
        return False
    draft.problem(
        Problem(
            "currency_differs",
            f"return:{facts.loop.loop_id}",
            f"{sale.record.tran_id} is in {code}, Loop's figures of this return are in {facts.currency}.",
            expected=code,
            found=facts.currency,
            amount=facts.loop.return_total,
        )
    )
    return False


def _untold_problem(facts: ReturnFacts, untold: tuple[str, ...]) -> Problem:
    return Problem(
        "amounts_untold",
        f"return:{facts.loop.loop_id}",
        f"Loop's answer about this return leaves out {', '.join(untold)}, so what is owed cannot be computed.",
        amount=facts.loop.return_total,
    )


def missing_items(policy: Policy, credit: Credit) -> list[str]:
    """Names of NetSuite items that this credit needs and the policy does not give."""
    needed = ["difference_rounding", *(key for key, _ in credit.extra_rows)]
    return [key for key in dict.fromkeys(needed) if not policy.items.get(key)]


def _mappings_complete(draft: Draft, credit: Credit) -> bool:
    missing = missing_items(draft.facts.policy, credit)
    for key in missing:
        draft.problem(
            Problem(
                "mapping_missing",
                f"policy:items.{key}",
                f"The policy names no NetSuite item for «{key}».",
                amount=draft.facts.loop.return_total,
            )
        )
    return not missing


# --- What a second person must see ------------------------------------------------------------------


def _approval_problem(facts: ReturnFacts, credit: Credit) -> Problem | None:
    beyond = [(cause, amount) for cause, amount in credit.differences if cause in BEYOND_THE_GOODS]
    if beyond and facts.loop.settled_at:
        ((cause, amount),) = beyond
        return _beyond_problem(facts, credit, cause=cause, amount=amount)
    if credit.difference > allowed_difference(facts, credit):
        words = _differs(facts, credit)
        cause = f"{words[0].upper()}{words[1:]}; more than the tolerance allows."
        return _to_approve(facts, credit, code="amount_differs", cause=cause, amount=credit.difference)
    if _needs_approval(facts, credit):
        return _to_approve(facts, credit, code="approval_needed", cause="", amount=credit.worth)
    return None


def is_approved(facts: ReturnFacts, credit: Credit) -> bool:
    """A yes to all of the credit is one to a difference in it as well. A yes to the difference is none to the credit,
    where a limit came later: whoever gave it may not approve so much."""
    needed = {_hash_of_all(credit)} if _needs_approval(facts, credit) else {_hash_of_all(credit), credit.hash()}
    return any(facts.is_approved(CREDIT_SUBJECT, one) for one in needed)


def _hash_of_all(credit: Credit) -> str:
    return content_hash(["all of it", credit])


def _needs_approval(facts: ReturnFacts, credit: Credit) -> str:
    """A limit is about what the customer gets, in goods or in money: the Loop discount makes a credit nothing, and the
    new goods leave the house all the same (E6)."""
    limit, worth = facts.policy.approval_above, money_text(credit.worth, facts.currency)
    if facts.kept_units:
        kept = money_text(credit.kept_worth, facts.currency)
        return f"The customer keeps goods: {kept} are credited for them, though nothing of them is received."
    if limit is None:
        return ""
    limit_currency = facts.shop_currency or facts.currency
    what = f"{'A credit with an exchange' if credit.exchange_discount else 'A credit'} of {worth}"
    if limit_currency != facts.currency:
        return f"{what}; the limit for credits is in {limit_currency}, so it cannot be compared."
    return f"{what} is above {money_text(limit, limit_currency)}." if credit.worth > limit else ""


def _beyond_problem(facts: ReturnFacts, credit: Credit, *, cause: str, amount: Decimal) -> Problem:
    """Loop has paid: book what it paid beyond the goods, or leave it out and set it right by hand (E7)."""
    paid_text, right_text = (money_text(one, facts.currency) for one in (credit.worth, credit.worth - amount))
    code, more = ("loop_paid_more", "more") if cause == OVERPAID else ("loop_paid_less", "less")
    words = f"{money_text(abs(amount), facts.currency)} {more} than the accepted units are worth"
    problem = _to_approve(
        facts,
        credit,
        code=code,
        cause=f"Loop paid {paid_text}, {f'which is {words}' if facts.credited_units else 'and no unit was accepted'}.",
        amount=abs(amount),
    )
    return replace(
        problem,
        subject=beyond_subject(facts, amount),
        expected=f"Worth of the accepted units {right_text}",
        found=f"Paid by Loop {paid_text}",
    )


def _to_approve(facts: ReturnFacts, credit: Credit, *, code: str, cause: str, amount: Decimal) -> Problem:
    """One yes is to the whole credit: where that needs one by itself, all of it is at stake and not the difference. So
    is all that kept goods are worth, whatever fee is taken from it."""
    reason = _needs_approval(facts, credit)
    return Problem(
        code,
        f"return:{facts.loop.loop_id}",
        f"{cause} {reason}".strip(),
        expected=f"Credit by NetSuite {money_text(credit.netsuite_total, facts.currency)}",
        found=f"Paid by Loop {money_text(credit.total, facts.currency)}",
        amount=max(amount, credit.worth, credit.kept_worth) if reason else amount,
        seen_hash=_hash_of_all(credit) if reason else credit.hash(),
        detail=describe_credit(facts, credit),
    )


def describe_credit(facts: ReturnFacts, credit: Credit) -> tuple[tuple[str, str], ...]:
    """The proposed document, row by row, as an approver reads it."""
    rows = [(f"{line.quantity} × item {line.item_id}", line.amount) for line in credit.lines]
    rows += [("Tax, computed by NetSuite", credit.tax)]
    rows += [(ROW_WORDS[key], amount) for key, amount in credit.known_rows]
    rows += [(f"Difference line: {CAUSE_WORDS.get(cause, cause)}", amount) for cause, amount in credit.differences]
    rows += [("Total", credit.total)]
    return tuple((label, money_text(amount, facts.currency)) for label, amount in rows if amount or label == "Total")


ROW_WORDS = {
    "kept_goods": "Goods the customer keeps",
    "kept_tax": "Tax of the goods the customer keeps",
    "fee": "Fee kept",
    "shipping": "Shipping given back",
    "shipping_tax": "Tax of the shipping",
    "duties": "Duties given back",
    "exchange_discount": "Exchange discount",
    "store_credit": "Given as store credit",
    "exchange_clearing": "Used for the exchange",
}


def _differs(facts: ReturnFacts, credit: Credit) -> str:
    causes = ", ".join(
        f"{money_text(amount, facts.currency)} {CAUSE_WORDS.get(cause, cause)}" for cause, amount in credit.differences
    )
    return f"differs by {causes}"

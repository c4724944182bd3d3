"""Loop's figure beside the credit that NetSuite computes, with a name for every cent between them (promise 4)."""

from decimal import Decimal
from typing import Any

from returnsops.lib.money import ZERO
from returnsops.posting.facts import load_facts
from returnsops.returns.facts import ReturnFacts
from returnsops.returns.models import LoopReturn, NetSuiteRecord
from returnsops.returns.plan import Draft, facts_as_planned
from returnsops.returns.plan.comparing import CAUSE_WORDS, ROW_WORDS
from returnsops.returns.plan.money import Credit, propose_credit
from returnsops.returns.plan.sale import find_sale
from returnsops.returns.plan.watching import is_money_ours

OF_OTHERS = "Another system credits this return. This is what its credit should come to."


def compare_amounts(row: LoopReturn, *, records: list[NetSuiteRecord]) -> dict[str, Any] | None:
    """What components/compare.html takes; None as long as no credit can be drawn up."""
    if not row.plan:
        return None
    facts = facts_as_planned(load_facts(row))
    if not facts.is_kept and not (facts.credited_units and facts.all_judged):
        return None
    sale = find_sale(Draft(facts))
    if sale is None:
        return None
    credit = propose_credit(facts, sale)
    return {
        "currency": facts.currency,
        "rows": _rows(credit),
        "total": _row("Total", loop=credit.total, netsuite=credit.netsuite_total)
        | {"gap": credit.total - credit.netsuite_total},
        "note": _note(facts, credit, records) if is_money_ours(facts, sale) else OF_OTHERS,
    }


def _rows(credit: Credit) -> list[dict[str, Any]]:
    gaps = dict(credit.differences)
    count = sum(line.quantity for line in credit.lines)
    goods = f"{count} unit" if count == 1 else f"{count} units"
    rows = [
        _row(goods, loop=credit.goods + gaps.get("discount", ZERO), netsuite=credit.goods, cause="discount"),
        _row("Tax", loop=credit.tax + gaps.get("tax", ZERO), netsuite=credit.tax, cause="tax"),
        *(_row(ROW_WORDS[key], loop=amount, netsuite=amount) for key, amount in credit.known_rows),
        *(
            _row(CAUSE_WORDS.get(cause, cause).capitalize(), loop=amount, netsuite=ZERO, cause=cause)
            for cause, amount in credit.differences
            if cause not in ("discount", "tax")
        ),
    ]
    return [row for row in rows if row["left"] or row["right"]]


def _row(label: str, *, loop: Decimal, netsuite: Decimal, cause: str = "") -> dict[str, Any]:
    gap = loop - netsuite
    return {"label": label, "left": loop, "right": netsuite, "gap": gap or None, "cause": cause, "tone": "warn"}


def _note(facts: ReturnFacts, credit: Credit, records: list[NetSuiteRecord]) -> str:
    memos = [one for one in records if one.record_type in ("creditMemo", "cashRefund") and not one.gone_at]
    ours = next((one for one in memos if facts.taken("credit") or facts.taken("cash_refund")), None)
    if ours is None:
        return "This is what will be credited. Nothing is posted yet."
    if credit.differences:
        return f"{ours.tran_id} is posted; each difference is a line of its own on it, so nothing is left open."
    return f"{ours.tran_id} is posted and equal to the cent."

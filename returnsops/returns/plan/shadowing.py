"""Shadow: what ReturnsOps would have posted, in words, beside what the other system made. It posts nothing (C09).

The words stand in the step of the record, so a person can judge agreement before they let ReturnsOps write.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from returnsops.lib.money import add_up, money_text
from returnsops.returns.facts import RecordFacts, ReturnFacts, UnitFacts
from returnsops.returns.plan.draft import STEPS, Draft, Step, StepState
from returnsops.returns.plan.exchange_orders import orders_missing
from returnsops.returns.plan.figures import find_untold_amounts
from returnsops.returns.plan.money import propose_credit
from returnsops.returns.plan.sale import VOIDED, Sale
from returnsops.returns.policy import ExchangeOrder

NOBODY_YET = "nobody has made one yet"


def note_shadows(draft: Draft, sale: Sale) -> None:
    """Call it after the chapters: it replaces the words of steps that only watch."""
    facts = draft.facts
    told = {
        "rma": ("rma", _authorization_words),
        "receipt": ("receipt", _receipt_words),
        "credit": ("credit", _credit_words),
        "refund": ("refund", _refund_words),
        "exchange_order": ("exchange", _order_words),
    }
    for kind, (code, words_of) in told.items():
        words = words_of(facts, sale) if facts.policy.shadows(kind) else ""
        if words:
            _write(draft, code, f"shadow: would {words}")


def _write(draft: Draft, code: str, words: str) -> None:
    title, lane = STEPS[code]
    if not any(step.code == code for step in draft.steps):
        draft.steps.append(Step(code, title, lane, StepState.WAITING, words))
        return
    draft.steps = [
        replace(step, detail=words) if step.code == code and step.state == StepState.WAITING else step
        for step in draft.steps
    ]


# --- Each kind of record ----------------------------------------------------------------------------


def _authorization_words(facts: ReturnFacts, sale: Sale) -> str:
    wanted = Counter(sale.line_of[unit.unit].line for unit in facts.live_units)
    theirs = [
        (one, Counter({line.order_line: line.quantity for line in one.lines if line.quantity and not line.is_closed}))
        for one in _authorizations(facts, sale)
    ]
    words = f"authorise {_count(unit.sku for unit in facts.live_units)} from {sale.record.tran_id}"
    return f"{words}; {_agreement(theirs, wanted)}" if wanted else ""


def _receipt_words(facts: ReturnFacts, sale: Sale) -> str:
    if not facts.all_judged or not facts.accepted_units:
        return ""
    wanted = Counter(sale.line_of[unit.unit].line for unit in facts.accepted_units)
    theirs = [
        (one, Counter({line.order_line: line.received for line in one.lines if line.received}))
        for one in _authorizations(facts, sale)
    ]
    rows = _count(f"{unit.sku} at location {_place_of(facts, unit) or '?'}" for unit in facts.accepted_units)
    return f"receive {rows}; {_agreement([one for one in theirs if one[1]], wanted)}"


def _place_of(facts: ReturnFacts, unit: UnitFacts) -> str:
    return facts.policy.place_of(outcome=unit.outcome, sku=unit.sku, destination=facts.loop.destination)


def _credit_words(facts: ReturnFacts, sale: Sale) -> str:
    return "" if sale.is_cash_sale else _credit_of(facts, sale, verb="credit", record_type="creditMemo")


def _refund_words(facts: ReturnFacts, sale: Sale) -> str:
    if sale.is_cash_sale:
        return _credit_of(facts, sale, verb="record a cash refund of", record_type="cashRefund")
    paid = add_up(one.amount for one in facts.loop.refunds)
    if facts.loop.settled_at is None or not paid:
        return ""
    theirs = [(one, one.total) for one in facts.records_of("customerRefund") if not one.ours]
    return f"record a refund of {money_text(paid, facts.currency)}; {_agreement(theirs, paid)}"


def _credit_of(facts: ReturnFacts, sale: Sale, *, verb: str, record_type: str) -> str:
    if not facts.all_judged or not facts.accepted_units or find_untold_amounts(facts):
        return ""
    total = propose_credit(facts, sale).total
    sources = {sale.record.internal_id, *(one.internal_id for one in _authorizations(facts, sale))}
    theirs = [
        (one, one.total)
        for one in facts.records_of(record_type)
        if not one.ours and one.status != VOIDED and one.created_from_id in sources
    ]
    return f"{verb} {money_text(total, facts.currency)}; {_agreement(theirs, total)}"


def _order_words(facts: ReturnFacts, sale: Sale) -> str:
    missing = [one for one in orders_missing(facts) if one.ordered_as]
    if facts.policy.exchange_order != ExchangeOrder.CREATE or not missing:
        return ""
    return f"order {_count(one.sku for one in missing)}; {NOBODY_YET}"


# --- Beside theirs ----------------------------------------------------------------------------------


def _authorizations(facts: ReturnFacts, sale: Sale) -> list[RecordFacts]:
    found = facts.records_of("returnAuthorization")
    return [one for one in found if not one.ours and one.created_from_id == sale.record.internal_id]


def _agreement(theirs: Sequence[tuple[RecordFacts, object]], wanted: object) -> str:
    """Whether one of theirs holds what ours would: units by line of the sale, or an amount."""
    if not theirs:
        return NOBODY_YET
    for record, content in theirs:
        if content == wanted:
            return f"{record.tran_id} agrees"
    names = ", ".join(record.tran_id for record, _ in theirs)
    return f"{names} differs"


def _count(names: Iterable[str]) -> str:
    return ", ".join(f"{count} × {name}" for name, count in sorted(Counter(names).items()))

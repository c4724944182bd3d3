"""Shadow: what ReturnsOps would have posted, beside what the other system made. It posts nothing (C09, Z6).

The words stand in the step of the record; the verdict is kept, so that a person can judge agreement over many returns
before they let ReturnsOps write.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from returnsops.lib.money import ZERO, add_up, money_text
from returnsops.returns.facts import LineFacts, RecordFacts, ReturnFacts, UnitFacts
from returnsops.returns.places import location_of, place_words
from returnsops.returns.plan.comparing import missing_items, speaks_one_currency
from returnsops.returns.plan.draft import STEPS, Agreement, Difference, Draft, Step, StepState, Verdict
from returnsops.returns.plan.exchange_orders import find_exchange_orders, is_native
from returnsops.returns.plan.figures import find_untold_amounts
from returnsops.returns.plan.matching import Sale
from returnsops.returns.plan.money import propose_credit
from returnsops.returns.plan.receiving import place_of
from returnsops.returns.plan.standing_in import sold_line, units_of, units_on
from returnsops.returns.plan.watching_refunds import Booked, Paid, compare_refunds
from returnsops.returns.policy import ExchangeOrder, ReceiptShape

STEP_OF = {"rma": "rma", "receipt": "receipt", "credit": "credit", "refund": "refund", "exchange_order": "exchange"}
Placed = Mapping[tuple[str, str], int]  # how many of each line of the sale at each place
Opinion = tuple[Verdict, str, tuple[Difference, ...], tuple[RecordFacts, ...]]


def note_shadows(draft: Draft, sale: Sale | None) -> None:
    """Call it after the chapters: it replaces the words of steps that only watch."""
    facts = draft.facts
    for kind, judge in JUDGES.items():
        if not facts.policy.shadows(kind) or _is_posted(facts, kind):
            continue
        found = judge(facts, sale) if sale else _without_a_sale(draft, kind)
        if found:
            verdict, wanted, differences, records = found
            ids = tuple(one.internal_id for one in records)
            draft.agreements.append(Agreement(kind, verdict, wanted, differences, ids))
            _write(draft, STEP_OF[kind], _in_words(verdict, wanted, differences, records), records=ids)


def _is_posted(facts: ReturnFacts, kind: str) -> bool:
    """ReturnsOps made it itself, before the policy left it to others."""
    names = ("cash_refund", "customer_refund") if kind == "refund" else (kind,)
    return any(one.kind in names and one.is_taken and not one.is_theirs for one in facts.postings)


def _in_words(
    verdict: Verdict, wanted: str, differences: tuple[Difference, ...], records: tuple[RecordFacts, ...]
) -> str:
    if verdict == Verdict.UNABLE:
        return f"shadow: cannot say what it would post: {wanted}"
    names = ", ".join(one.tran_id for one in records)
    if verdict == Verdict.NOBODY:
        return f"shadow: would {wanted}; nobody has made one yet"
    if verdict == Verdict.ALIKE:
        return f"shadow: would {wanted}; {names} agrees"
    aspects = ", ".join(f"{one.theirs} instead of {one.ours}" for one in differences)
    return f"shadow: would {wanted}; {names} differs: {aspects}"


def _write(draft: Draft, code: str, words: str, *, records: tuple[str, ...]) -> None:
    title, lane = STEPS[code]
    if not any(step.code == code for step in draft.steps):
        draft.steps.append(Step(code, title, lane, StepState.WAITING, words))
        return
    draft.steps = [
        replace(step, detail=words, records=step.records or records) if step.code == code else step
        for step in draft.steps
    ]


def _without_a_sale(draft: Draft, kind: str) -> Opinion | None:
    """Nothing can be said where the sale is not found; while it is only awaited, nothing needs to be."""
    blocked = next((one for one in draft.steps if one.code == "sale" and one.state == StepState.BLOCKED), None)
    is_its_time = kind == "rma" or (draft.facts.all_judged and kind != "exchange_order")
    return (Verdict.UNABLE, f"original order: {blocked.detail}", (), ()) if blocked and is_its_time else None


# --- Each kind of record ----------------------------------------------------------------------------


def _judge_authorization(facts: ReturnFacts, sale: Sale) -> Opinion | None:
    if not facts.live_units or facts.is_kept:
        return None
    wanted = f"authorise {_skus(facts.live_units)} from {sale.record.tran_id}"
    theirs = _theirs(facts, "rma")
    if not theirs:
        return Verdict.NOBODY, wanted, (), ()
    ours_by_line, theirs_by_line = units_of(facts.live_units, sale), units_on(facts, theirs[0], sale)
    found = _compare("units", _lines_in_words(ours_by_line, sale), _lines_in_words(theirs_by_line, sale))
    places = {line.location_id for line in theirs[0].lines if line.location_id and not line.is_closed}
    if places:
        found += _compare(
            "place", _places_in_words({location_of(facts.policy.locations.holding)}), _places_in_words(places)
        )
    return _verdict(found), wanted, found, theirs


def _judge_receipt(facts: ReturnFacts, sale: Sale) -> Opinion | None:
    judged = [unit for unit in facts.accepted_units if unit.inspected_at]
    if not facts.all_judged or not facts.accepted_units:
        return None
    if len(judged) < len(facts.accepted_units):
        return Verdict.UNABLE, "the units were received and nobody inspected them here", (), _theirs(facts, "receipt")
    rows = _count(f"{unit.sku} at {place_words(_place_of(facts, unit) or '?')}" for unit in judged)
    theirs = _theirs(facts, "receipt")
    if not theirs:
        return Verdict.NOBODY, f"receive {rows}", (), ()
    found = _compare_receipts(facts, sale, judged, theirs)
    return _verdict(found), f"receive {rows}", found, theirs


def _compare_receipts(
    facts: ReturnFacts, sale: Sale, judged: list[UnitFacts], theirs: tuple[RecordFacts, ...]
) -> tuple[Difference, ...]:
    """Units by what the authorization shows as received; places where their receipts tell them."""
    rma = facts.posted("rma")
    record = facts.record(rma.their_id) if rma else None
    received: Counter[str] = Counter()
    for line in record.lines if record else ():
        if record and line.received:
            received[sold_line(facts, line, record, sale)] += line.received
    found = _compare("units", _lines_in_words(units_of(judged, sale), sale), _lines_in_words(received, sale))
    told = [line for one in theirs if one.record_type == "itemReceipt" for line in one.lines if line.location_id]
    if found or not told:
        return found
    ours = Counter((sale.line_of[unit.unit].item_id, _place_of(facts, unit)) for unit in judged)
    return _compare("place", _placed_in_words(ours, sale), _placed_in_words(_places_on(told), sale))


def _places_on(lines: list[LineFacts]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for line in lines:
        if line.quantity:
            found[line.item_id, line.location_id] += line.quantity
    return found


def _place_of(facts: ReturnFacts, unit: UnitFacts) -> str:
    """Where ours would be received; what is moved on later is no part of a receipt."""
    on_hold = facts.policy.receipt_shape == ReceiptShape.HOLD_THEN_TRANSFER
    return facts.policy.locations.holding if on_hold else place_of(facts, unit)


def _judge_credit(facts: ReturnFacts, sale: Sale) -> Opinion | None:
    return None if sale.is_cash_sale else _judge_total(facts, sale, verb="credit", kind="credit")


def _judge_refund(facts: ReturnFacts, sale: Sale) -> Opinion | None:
    if sale.is_cash_sale:
        return _judge_total(facts, sale, verb="record a cash refund of", kind="cash_refund")
    paid = add_up(one.amount for one in facts.loop.refunds)
    if facts.loop.settled_at is None or not paid:
        return None
    missing = [one.gateway for one in facts.loop.refunds if one.amount and one.gateway not in facts.policy.tenders]
    if missing:
        return Verdict.UNABLE, f"the policy names no account for {', '.join(missing)}", (), ()
    wanted = f"record a refund of {money_text(paid, facts.currency)}"
    memo = facts.credit_memo
    refunds = compare_refunds(facts, memo) if memo else None
    theirs = tuple(one.record for one in refunds.booked if one.record and not one.record.ours) if refunds else ()
    if refunds is None or not theirs:
        return Verdict.NOBODY, wanted, (), ()
    if refunds.left.is_even:
        return Verdict.ALIKE, wanted, (), theirs
    ours_text, theirs_text = (_parts_in_words(facts, side) for side in (refunds.paid, refunds.booked))
    return Verdict.DIFFERS, wanted, (Difference("amount", ours_text, theirs_text),), theirs


def _parts_in_words(facts: ReturnFacts, side: Iterable[Paid | Booked]) -> str:
    """«67.76 USD on account 217, 10.00 USD on account 218»."""
    parts = [one.part for one in side]
    return ", ".join(
        money_text(one.amount, facts.currency) + (f" on account {one.account}" if one.account else "") for one in parts
    )


def _judge_total(facts: ReturnFacts, sale: Sale, *, verb: str, kind: str) -> Opinion | None:
    if not (facts.all_judged and facts.accepted_units) and not facts.is_kept:
        return None
    untold = find_untold_amounts(facts)
    if untold or not speaks_one_currency(facts, sale):
        return Verdict.UNABLE, f"Loop leaves out {', '.join(untold)}" if untold else "two currencies", (), ()
    credit = propose_credit(facts, sale)
    missing = missing_items(facts.policy, credit)
    if missing:
        return Verdict.UNABLE, f"the policy names no item for {', '.join(missing)}", (), ()
    total = money_text(credit.total, facts.currency)
    theirs = _theirs(facts, kind)
    if not theirs:
        return Verdict.NOBODY, f"{verb} {total}", (), ()
    found = _compare("amount", total, money_text(theirs[0].total, facts.currency))
    return _verdict(found), f"{verb} {total}", found, theirs


def _judge_order(facts: ReturnFacts, sale: Sale) -> Opinion | None:
    """Only where the policy would create them; their items are compared, since prices and tax are NetSuite's own."""
    ordered = [one for one in facts.exchanges if one.ordered_as]
    if facts.policy.exchange_order != ExchangeOrder.CREATE or not ordered or is_native(facts):
        return None
    unmapped = sorted({one.sku for one in ordered if not one.item_id})
    if unmapped:
        return Verdict.UNABLE, f"NetSuite has no item named {', '.join(unmapped)}", (), ()
    wanted = f"order {_count(one.sku for one in ordered)}"
    theirs = tuple(one for one in find_exchange_orders(facts) if not one.ours)
    if not theirs:
        return Verdict.NOBODY, wanted, (), ()
    ours = Counter(one.item_id for one in ordered)
    held: Counter[str] = Counter()
    for line in (line for one in theirs for line in one.lines if line.item_id in ours or line.amount > ZERO):
        held[line.item_id] += line.quantity
    found = _compare("units", _items_in_words(ours), _items_in_words(held)) if held else ()
    return _verdict(found), wanted, found, theirs


JUDGES: dict[str, Callable[[ReturnFacts, Sale], Opinion | None]] = {
    "rma": _judge_authorization,
    "receipt": _judge_receipt,
    "credit": _judge_credit,
    "refund": _judge_refund,
    "exchange_order": _judge_order,
}


# --- Beside theirs ----------------------------------------------------------------------------------


def _theirs(facts: ReturnFacts, kind: str) -> tuple[RecordFacts, ...]:
    ids = dict.fromkeys(one.their_id for one in facts.postings if one.kind == kind and one.is_theirs)
    return tuple(record for one in ids if (record := facts.record(one)))


def _compare(aspect: str, ours: str, theirs: str) -> tuple[Difference, ...]:
    return () if ours == theirs else (Difference(aspect, ours, theirs),)


def _verdict(found: tuple[Difference, ...]) -> Verdict:
    return Verdict.DIFFERS if found else Verdict.ALIKE


def _lines_in_words(counts: Mapping[str, int], sale: Sale) -> str:
    """«2 × BOOT-42»; the same item sold on several lines keeps the line's number."""
    names = {line.line: line.item_name for line in sale.record.lines}
    several = {name for name, times in Counter(names.values()).items() if times > 1}
    words = {line: f"{name} (line {line})" if name in several else name for line, name in names.items()}
    rows = sorted((words.get(line, "another item"), count) for line, count in counts.items() if count)
    return ", ".join(f"{count} × {name}" for name, count in rows) or "nothing"


def _placed_in_words(counts: Placed, sale: Sale) -> str:
    names = {line.item_id: line.item_name for line in sale.record.lines}
    rows = sorted((names.get(item, f"item {item}"), place, count) for (item, place), count in counts.items())
    return ", ".join(f"{count} × {name} at {place_words(place or '?')}" for name, place, count in rows)


def _items_in_words(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} × item {item}" for item, count in sorted(counts.items()))


def _places_in_words(places: Iterable[str]) -> str:
    return ", ".join(place_words(place or "?") for place in sorted(places))


def _skus(units: Iterable[UnitFacts]) -> str:
    return _count(unit.sku for unit in units)


def _count(names: Iterable[str]) -> str:
    return ", ".join(f"{count} × {name}" for name, count in sorted(Counter(names).items()))

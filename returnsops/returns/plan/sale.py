"""Chapter 1: which document sold these units, and which of its lines each unit came from."""

from collections import Counter
from dataclasses import dataclass

from returnsops.lib.money import add_up
from returnsops.returns.facts import LineFacts, RecordFacts, ReturnFacts, UnitFacts
from returnsops.returns.plan.draft import Draft, StepState
from returnsops.returns.plan.exchange_orders import find_exchange_orders
from returnsops.returns.problems import Problem

BILLED = ("invoice", "cashSale")
VOIDED = "V"
SOLD_AS = "The order line it was sold on holds"


@dataclass(frozen=True)
class Sale:
    """The billed document and, per unit, the line it was sold on."""

    record: RecordFacts
    line_of: dict[str, LineFacts]

    @property
    def is_cash_sale(self) -> bool:
        return self.record.record_type == "cashSale"


def find_sale(draft: Draft) -> Sale | None:
    """The sale all live units came from; None with a step and problems that say what is missing."""
    facts = draft.facts
    unmapped = [unit for unit in facts.live_units if not unit.item_id and not chosen_line(facts, unit)]
    if not facts.records_read:
        draft.step("sale", StepState.WAITING, "NetSuite is being read")
        return None
    for sku in sorted({unit.sku for unit in unmapped if unit.sku}):
        draft.problem(_unmapped_problem(facts, sku))
    for unit in unmapped:
        if not unit.sku:
            draft.problem(_no_sku_problem(facts, unit))
    bills = _bills(facts)
    if not bills:
        _wait_for_bill(draft)
        return None
    if unmapped:
        draft.step("sale", StepState.BLOCKED, f"waits for the mapping of {len(unmapped)} unit(s)")
        return None
    return _choose_sale(draft, bills)


def _bills(facts: ReturnFacts) -> list[RecordFacts]:
    """The bills that may have sold the units; once an authorization was made, the one it was made from."""
    exchanged = {order.internal_id for order in find_exchange_orders(facts)}
    standing = [bill for bill in facts.records_of(*BILLED) if bill.status != VOIDED]
    bills = [bill for bill in standing if bill.created_from_id not in exchanged]
    sources = {rma.created_from_id for rma in facts.records_of("returnAuthorization") if _is_own(facts, rma)}
    return [bill for bill in bills if bill.internal_id in sources] or bills


def _choose_sale(draft: Draft, bills: list[RecordFacts]) -> Sale | None:
    matches = [match_units(draft.facts, bill) for bill in bills]
    whole = [sale for sale in matches if len(sale.line_of) == len(draft.facts.live_units)]
    if len(whole) == 1:
        sale = whole[0]
        if not _items_agree(draft, sale):
            return None
        draft.step("sale", StepState.DONE, _name(sale.record), records=(sale.record.internal_id,))
        return sale
    if whole:
        draft.problem(_several_problem(draft.facts, whole))
        draft.step("sale", StepState.BLOCKED, "more than one bill fits")
    elif _are_billed_in_parts(draft.facts, matches):
        _leave_to_hand(draft, matches)
    else:
        best = max(matches, key=lambda sale: len(sale.line_of))
        for unit in draft.facts.live_units:
            if unit.unit not in best.line_of:
                draft.problem(_not_on_order_problem(draft.facts, unit, best.record))
        draft.step("sale", StepState.BLOCKED, "the units do not fit the bill")
    return None


def _are_billed_in_parts(facts: ReturnFacts, matches: list[Sale]) -> bool:
    """No bill holds all units, several together do: an authorization has one source."""
    return len(matches) > 1 and all(any(unit.unit in sale.line_of for sale in matches) for unit in facts.live_units)


def _leave_to_hand(draft: Draft, matches: list[Sale]) -> None:
    """Nothing is posted for units of several bills; a person books them, and notes that it is done."""
    facts = draft.facts
    names = " and ".join(_name(sale.record) for sale in matches if sale.line_of)
    stands = draft.problem(
        Problem(
            "billed_in_parts",
            f"return:{facts.loop.loop_id}",
            f"The units of this return were billed on {names}; a Return Authorization has one source.",
            amount=facts.loop.return_total,
        )
    )
    if stands:
        draft.step("sale", StepState.BLOCKED, "billed on several documents")
    else:
        draft.step("sale", StepState.NOT_NEEDED, "booked by hand, as a person noted")


def is_booked_by_hand(facts: ReturnFacts) -> bool:
    return facts.is_acknowledged("billed_in_parts", f"return:{facts.loop.loop_id}")


def _several_problem(facts: ReturnFacts, whole: list[Sale]) -> Problem:
    names = ", ".join(_name(sale.record) for sale in whole)
    return Problem(
        "several_sales",
        f"order:{facts.loop.order_name}",
        f"{names} all fit this return.",
        amount=facts.loop.return_total,
    )


def match_units(facts: ReturnFacts, bill: RecordFacts) -> Sale:
    """Give each unit a line of the bill: a person's choice, else the shop's line id, else the item with units left.

    No line is given more units than were sold on it, sibling returns included.
    """
    left = Counter({line.line: line.quantity for line in bill.lines}) - claimed_by_siblings(facts, bill)
    line_of: dict[str, LineFacts] = {}
    for unit in facts.live_units:
        line = next((one for one in _lines_for(facts, unit, bill) if left[one.line] > 0), None)
        if line:
            left[line.line] -= 1
            line_of[unit.unit] = line
    return Sale(bill, line_of)


def chosen_line(facts: ReturnFacts, unit: UnitFacts) -> tuple[str, str] | None:
    """The line that a person chose for the unit: id of its bill (empty: whichever) and number of the line."""
    chosen = facts.override("order_line", unit.unit)
    if not chosen:
        return None
    bill, _, line = chosen.rpartition(":")
    return bill, line


def _lines_for(facts: ReturnFacts, unit: UnitFacts, bill: RecordFacts) -> list[LineFacts]:
    """The lines of the bill that the unit may have been sold on, the likeliest first."""
    chosen = chosen_line(facts, unit)
    if chosen:
        bill_id, number = chosen
        return [line for line in bill.lines if line.line == number and bill_id in ("", bill.internal_id)]
    lines = sorted((one for one in bill.lines if _belongs(unit, one)), key=lambda one: _fit(unit, one), reverse=True)
    return [] if _is_a_guess(unit, lines) else lines


def _is_a_guess(unit: UnitFacts, lines: list[LineFacts]) -> bool:
    """The item stands on several lines at several prices, nothing names the line, and no price is the unit's."""
    by_item = [line for line in lines if not (line.reference and unit.provider_line)]
    prices = {line.rate for line in by_item}
    return len(by_item) == len(lines) and len(prices) > 1 and unit.worth not in prices


def claimed_by_siblings(facts: ReturnFacts, bill: RecordFacts) -> Counter[str]:
    """Units of each line of the bill that other returns have taken, or are about to take.

    One that another system made may be for this very return; it takes units only once a person has said otherwise.
    """
    claimed: Counter[str] = Counter()
    for claim in facts.claims:
        if claim.source_id == bill.internal_id:
            claimed[claim.line] += claim.quantity
    for rma in facts.records_of("returnAuthorization"):
        counts = rma.ours or facts.is_acknowledged("foreign_record", f"record:{rma.internal_id}")
        if rma.created_from_id == bill.internal_id and counts and not _is_own(facts, rma):
            for line in rma.lines:
                claimed[line.order_line] += max(line.received, 0 if line.is_closed else line.quantity)
    return claimed


def _is_own(facts: ReturnFacts, rma: RecordFacts) -> bool:
    """Our external id tells it, too: after a lost answer the mirror may know the record before the posting does."""
    own = [one for one in facts.postings if one.kind == "rma"]
    return any(
        rma.internal_id == one.their_id or (rma.external_id and rma.external_id.lower() == one.external_id)
        for one in own
    )


def _belongs(unit: UnitFacts, line: LineFacts) -> bool:
    if line.reference and unit.provider_line:
        return line.reference == unit.provider_line
    return line.item_id == unit.item_id


def _fit(unit: UnitFacts, line: LineFacts) -> tuple[bool, bool]:
    return (line.item_id == unit.item_id, line.rate == unit.worth)


def _items_agree(draft: Draft, sale: Sale) -> bool:
    wrong = [
        unit
        for unit in draft.facts.live_units
        if sale.line_of[unit.unit].item_id != unit.item_id and chosen_line(draft.facts, unit) is None
    ]
    for unit in wrong:
        line = sale.line_of[unit.unit]
        draft.problem(
            Problem(
                "item_differs",
                f"sku:{unit.sku}",
                f"SKU {unit.sku} is mapped to item {unit.item_id}, but {_name(sale.record)} sold {line.item_name}.",
                expected=line.item_name,
                found=f"item {unit.item_id}",
                amount=unit.worth + unit.tax,
            )
        )
    if wrong:
        draft.step("sale", StepState.BLOCKED, "the mapped item is not the one that was sold")
    return not wrong


def _wait_for_bill(draft: Draft) -> None:
    facts = draft.facts
    limit = facts.policy.deadlines.sale
    due_at = draft.deadline(facts.loop.created_at, limit)
    orders = facts.records_of("salesOrder")
    waits_for = (
        f"{_name(orders[0])} is not billed yet" if orders else f"order {facts.loop.order_name} is not in NetSuite"
    )
    late = draft.is_late(facts.loop.created_at, limit)
    if late:
        draft.problem(
            Problem(
                "sale_missing",
                f"order:{facts.loop.order_name}",
                f"No invoice or cash sale for order {facts.loop.order_name}: {waits_for}.",
                amount=facts.loop.return_total,
            )
        )
    draft.step("sale", StepState.BLOCKED if late else StepState.WAITING, waits_for, due_at=due_at)


def _unmapped_problem(facts: ReturnFacts, sku: str) -> Problem:
    units = [unit for unit in facts.live_units if unit.sku == sku and not unit.item_id]
    sold_as = _sold_as(facts, units)
    return Problem(
        "sku_unmapped",
        f"sku:{sku}",
        f"NetSuite has no item named {sku}. {len(units)} unit(s) of this return wait for it.",
        found=sku,
        amount=add_up(unit.worth + unit.tax for unit in units),
        detail=((SOLD_AS, sold_as),) if sold_as else (),
    )


def _no_sku_problem(facts: ReturnFacts, unit: UnitFacts) -> Problem:
    """Units without a SKU have nothing in common, so each is a case of its own."""
    sold_as = _sold_as(facts, [unit])
    return Problem(
        "sku_missing",
        f"unit:{unit.unit}",
        f"Loop shows no SKU for {unit.title or 'a unit'} ({unit.unit}).",
        amount=unit.worth + unit.tax,
        detail=((SOLD_AS, sold_as),) if sold_as else (),
    )


def _sold_as(facts: ReturnFacts, units: list[UnitFacts]) -> str:
    lines = {unit.provider_line for unit in units if unit.provider_line}
    names = {line.item_name for bill in facts.records_of(*BILLED) for line in bill.lines if line.reference in lines}
    return ", ".join(sorted(names))


def _not_on_order_problem(facts: ReturnFacts, unit: UnitFacts, bill: RecordFacts) -> Problem:
    name = unit.title or unit.sku
    lines = [line for line in bill.lines if _belongs(unit, line)]
    if _is_a_guess(unit, lines):
        cause = f"{name} stands on {len(lines)} lines of {_name(bill)}, at prices other than Loop's. Which one is it?"
    else:
        cause = f"{name} is not among the units left on {_name(bill)} of order {facts.loop.order_name}."
    return Problem(
        "unit_not_on_order",
        f"unit:{unit.unit}",
        cause,
        amount=unit.worth + unit.tax,
    )


def _name(record: RecordFacts) -> str:
    kinds = {"invoice": "Invoice", "cashSale": "Cash sale", "salesOrder": "Sales order"}
    return f"{kinds.get(record.record_type, record.record_type)} {record.tran_id}"

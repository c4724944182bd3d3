"""Chapter 1: which document sold these units, and which of its lines each unit came from.

A bill, or by the policy the shop's order; what it may be made from is in `sources`, the lines are in `matching`.
"""

from collections.abc import Sequence

from returnsops.lib.money import add_up
from returnsops.lib.words import count_words
from returnsops.returns.facts import RecordFacts, ReturnFacts, UnitFacts
from returnsops.returns.plan.draft import Draft, StepState
from returnsops.returns.plan.kits import CODE as KIT_PART
from returnsops.returns.plan.kits import find_parts, leave_parts_to_hand
from returnsops.returns.plan.matching import Sale, belongs, chosen_line, is_a_guess, is_billed, match_units
from returnsops.returns.plan.sources import (
    BILLED,
    NOT_ALL_BILLED,
    ORDER,
    SHIPPED,
    find_orders,
    find_sources,
    is_sale_late,
    name_of,
)
from returnsops.returns.policy import RmaSource
from returnsops.returns.problems import Problem

SOLD_AS = "The order line it was sold on holds"


def find_sale(draft: Draft) -> Sale | None:
    """The sale all live units came from; None with a step and problems that say what is missing."""
    facts = draft.facts
    if is_booked_by_hand(facts):
        draft.step("sale", StepState.NOT_NEEDED, "booked by hand, as a person noted")
        return None
    unmapped = [unit for unit in facts.live_units if not unit.item_id and not chosen_line(facts, unit)]
    if not facts.records_read:
        draft.step("sale", StepState.WAITING, "NetSuite is being read")
        return None
    for sku in sorted({unit.sku for unit in unmapped if unit.sku}):
        draft.problem(_unmapped_problem(facts, sku))
    for unit in unmapped:
        if not unit.sku:
            draft.problem(_no_sku_problem(facts, unit))
    sources = find_sources(draft)
    if not sources:
        _wait_for_sale(draft)
        return None
    if unmapped:
        draft.step("sale", StepState.BLOCKED, f"waits for the mapping of {count_words(len(unmapped), 'unit')}")
        return None
    return _choose_sale(draft, [match_units(facts, one) for one in sources])


def _choose_sale(draft: Draft, matches: list[Sale]) -> Sale | None:
    facts = draft.facts
    whole = [sale for sale in matches if _is_whole(facts, sale)]
    in_parts = _are_billed_in_parts(facts, matches)
    if not whole and facts.policy.rma_source == RmaSource.BILL_ELSE_ORDER and (in_parts or is_sale_late(draft)):
        whole = [sale for sale in _orders_that_fit(facts) if sale.record.status in SHIPPED]
    if len(whole) == 1 and not _is_billed_both_ways(whole[0]):
        return _take(draft, whole[0])
    if len(whole) == 1:
        _leave_to_hand(draft, whole[0].bills, "a Credit Memo and a Cash Refund would be needed for one authorization")
    elif whole:
        draft.problem(_several_problem(facts, whole))
        draft.step("sale", StepState.BLOCKED, "more than one bill fits")
    elif in_parts:
        bills = [sale.record for sale in matches if sale.line_of]
        _leave_to_hand(draft, bills, "a Return Authorization has one source")
    elif not _waits_for_the_rest(draft, matches):
        _note_units_without_line(draft, matches)
    return None


def _note_units_without_line(draft: Draft, matches: list[Sale]) -> None:
    best = max(matches, key=lambda sale: len(sale.line_of))
    parts = find_parts(draft.facts, best.record)
    if parts:
        leave_parts_to_hand(draft, parts, sold_on=name_of(best.record))
        return
    for unit in draft.facts.live_units:
        if unit.unit not in best.line_of:
            draft.problem(_not_on_order_problem(draft.facts, unit, best.record))
    draft.step("sale", StepState.BLOCKED, f"the units do not fit the {_kind(best.record)}")


def _take(draft: Draft, sale: Sale) -> Sale | None:
    if not _items_agree(draft, sale):
        return None
    records = dict.fromkeys(one.internal_id for one in (sale.record, *sale.bills))
    draft.step("sale", StepState.DONE, _sale_words(draft.facts, sale), records=tuple(records))
    return sale


def _sale_words(facts: ReturnFacts, sale: Sale) -> str:
    """An order says how far it is billed, since the credit waits for that."""
    if sale.record.record_type in BILLED:
        return name_of(sale.record)
    names = " and ".join(name_of(bill) for bill in sale.bills)
    if not names:
        return f"{name_of(sale.record)}, not billed yet"
    return f"{name_of(sale.record)}, billed {'on' if is_billed(facts, sale) else 'in part on'} {names}"


def _are_billed_in_parts(facts: ReturnFacts, matches: list[Sale]) -> bool:
    """No bill holds all units, several together do: an authorization has one source."""
    is_somewhere = all(any(unit.unit in sale.line_of for sale in matches) for unit in facts.live_units)
    return len(matches) > 1 and is_somewhere and not any(_is_whole(facts, sale) for sale in matches)


def _is_whole(facts: ReturnFacts, sale: Sale) -> bool:
    return len(sale.line_of) == len(facts.live_units)


def _orders_that_fit(facts: ReturnFacts) -> list[Sale]:
    return [sale for sale in (match_units(facts, one) for one in find_orders(facts)) if _is_whole(facts, sale)]


def _waits_for_the_rest(draft: Draft, matches: list[Sale]) -> bool:
    """The order holds every unit, and not all of it is billed yet: what no bill holds may come on the next one."""
    facts = draft.facts
    open_orders = [sale.record for sale in _orders_that_fit(facts) if sale.record.status in NOT_ALL_BILLED]
    if not open_orders or matches[0].record.record_type == ORDER or is_sale_late(draft):
        return False
    due_at = draft.deadline(facts.loop.created_at, facts.policy.deadlines.sale)
    draft.step("sale", StepState.WAITING, f"the rest of {name_of(open_orders[0])} is not billed yet", due_at=due_at)
    return True


def _is_billed_both_ways(sale: Sale) -> bool:
    return not sale.booked_as and len({bill.record_type for bill in sale.bills}) > 1


def _leave_to_hand(draft: Draft, bills: Sequence[RecordFacts], why: str) -> None:
    """Nothing is posted for units of several bills; a person books them, and notes that it is done."""
    facts = draft.facts
    names = " and ".join(name_of(bill) for bill in bills)
    draft.problem(
        Problem(
            "billed_in_parts",
            f"return:{facts.loop.loop_id}",
            f"The units of this return were billed on {names}; {why}.",
            amount=facts.loop.return_total,
        )
    )
    draft.step("sale", StepState.BLOCKED, "billed on several documents")


def is_booked_by_hand(facts: ReturnFacts) -> bool:
    """The note alone decides, whatever the bills or the rules come to later: their documents stand."""
    return any(facts.is_acknowledged(code, f"return:{facts.loop.loop_id}") for code in ("billed_in_parts", KIT_PART))


def _several_problem(facts: ReturnFacts, whole: list[Sale]) -> Problem:
    names = ", ".join(name_of(sale.record) for sale in whole)
    return Problem(
        "several_sales",
        f"order:{facts.loop.order_name}",
        f"{names} all fit this return.",
        amount=facts.loop.return_total,
    )


def _items_agree(draft: Draft, sale: Sale) -> bool:
    wrong = [
        unit
        for unit in draft.facts.live_units
        if sale.line_of[unit.unit].item_id != unit.item_id and chosen_line(draft.facts, unit) is None
    ]
    parts = find_parts(draft.facts, sale.record)
    if parts:
        leave_parts_to_hand(draft, parts, sold_on=name_of(sale.record))
        return False
    for sku in dict.fromkeys(unit.sku for unit in wrong):
        draft.problem(_item_problem(sale, [unit for unit in wrong if unit.sku == sku]))
    if wrong:
        draft.step("sale", StepState.BLOCKED, "the mapped item is not the one that was sold")
    return not wrong


def _item_problem(sale: Sale, units: list[UnitFacts]) -> Problem:
    """units: of one SKU; it may have been sold as several items."""
    sold = " and ".join(dict.fromkeys(sale.line_of[unit.unit].item_name for unit in units))
    sku, item = units[0].sku, units[0].item_id
    return Problem(
        "item_differs",
        f"sku:{sku}",
        f"SKU {sku} is mapped to item {item}, but {name_of(sale.record)} sold {sold}.",
        expected=sold,
        found=f"item {item}",
        amount=add_up(unit.worth + unit.tax for unit in units),
    )


def _wait_for_sale(draft: Draft) -> None:
    facts = draft.facts
    due_at = draft.deadline(facts.loop.created_at, facts.policy.deadlines.sale)
    late = is_sale_late(draft)
    waits_for = _missing_sale(facts, late=late)
    if late:
        what = "No invoice or cash sale" if facts.policy.rma_source == RmaSource.BILL else "Nothing to return from"
        draft.problem(
            Problem(
                "sale_missing",
                f"order:{facts.loop.order_name}",
                f"{what} for order {facts.loop.order_name}: {waits_for}.",
                amount=facts.loop.return_total,
            )
        )
    draft.step("sale", StepState.BLOCKED if late else StepState.WAITING, waits_for, due_at=due_at)


def _missing_sale(facts: ReturnFacts, *, late: bool) -> str:
    orders, chosen = find_orders(facts), facts.policy.rma_source
    if not orders:
        return f"order {facts.loop.order_name} is not in NetSuite"
    order = orders[0]
    awaits_bill = chosen == RmaSource.BILL or (chosen == RmaSource.BILL_ELSE_ORDER and not late)
    if awaits_bill or order.status in SHIPPED:
        return f"{name_of(order)} is not billed yet"
    ended = {"C": "is cancelled", "H": "is closed"}
    return f"{name_of(order)} {ended.get(order.status, 'is not shipped yet')}"


def _unmapped_problem(facts: ReturnFacts, sku: str) -> Problem:
    units = [unit for unit in facts.live_units if unit.sku == sku and not unit.item_id]
    sold_as = _sold_as(facts, units)
    return Problem(
        "sku_unmapped",
        f"sku:{sku}",
        f"NetSuite has no item named {sku}. Waiting for it on this return: {count_words(len(units), 'unit')}.",
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
    names = {
        line.item_name for bill in facts.records_of(*BILLED, ORDER) for line in bill.lines if line.reference in lines
    }
    return ", ".join(sorted(names))


def _not_on_order_problem(facts: ReturnFacts, unit: UnitFacts, bill: RecordFacts) -> Problem:
    name = unit.title or unit.sku
    lines = [line for line in bill.lines if belongs(unit, line)]
    if is_a_guess(unit, lines):
        cause = f"{name} stands on {len(lines)} lines of {name_of(bill)}, at prices other than Loop's. Which one is it?"
    else:
        cause = f"{name} is not among the units left on {name_of(bill)} of order {facts.loop.order_name}."
    return Problem(
        "unit_not_on_order",
        f"unit:{unit.unit}",
        cause,
        amount=unit.worth + unit.tax,
    )


def _kind(record: RecordFacts) -> str:
    return "order" if record.record_type == ORDER else "bill"

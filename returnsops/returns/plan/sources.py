"""Chapter 1, its records: the shop's order, the bills it was billed on, and which of them a return may be made from.

Source: netsuite.md §3.1, §3.2 (an order can be returned from once something of it was shipped), §4.3, §4.4.
"""

from collections import Counter
from collections.abc import Iterable

from returnsops.returns.facts import LineFacts, RecordFacts, ReturnFacts
from returnsops.returns.plan.draft import Draft
from returnsops.returns.plan.exchange_orders import find_exchange_orders
from returnsops.returns.policy import RmaSource

BILLED = ("invoice", "cashSale")
ORDER = "salesOrder"
SHIPPED = frozenset("DEFG")  # states of an order of which something, or all, has left
NOT_ALL_BILLED = frozenset("BDEF")


def find_sources(draft: Draft) -> list[RecordFacts]:
    """What the Return Authorization may be made from, by the policy; once it was made, what it was made from."""
    facts = draft.facts
    bills, orders = find_bills(facts), find_orders(facts)
    sources = {rma.created_from_id for rma in facts.records_of("returnAuthorization") if is_own(facts, rma)}
    made_from = [one for one in [*bills, *orders] if one.internal_id in sources]
    chosen = facts.policy.rma_source
    if made_from and not facts.is_kept:
        return made_from
    if chosen == RmaSource.BILL or facts.is_kept:  # kept goods have no authorization: their credit is made from a bill
        return bills
    if chosen == RmaSource.ORDER:
        return shipped(orders)
    return bills or (shipped(orders) if is_sale_late(draft) else [])


def is_sale_late(draft: Draft) -> bool:
    return draft.is_late(draft.facts.loop.created_at, draft.facts.policy.deadlines.sale)


def find_bills(facts: ReturnFacts) -> list[RecordFacts]:
    """Those that may have sold the units: not void, and not of an exchange order."""
    exchanged = {order.internal_id for order in find_exchange_orders(facts)}
    standing = [bill for bill in facts.records_of(*BILLED) if not bill.is_voided]
    return [bill for bill in standing if bill.created_from_id not in exchanged]


def find_orders(facts: ReturnFacts) -> list[RecordFacts]:
    """The shop's order: by its own id before its name; else that of the bills (loop.md §7.12)."""
    exchanged = {order.internal_id for order in find_exchange_orders(facts)}
    orders = [one for one in facts.records_of(ORDER) if one.internal_id not in exchanged]
    billed = {bill.created_from_id for bill in find_bills(facts)}
    names = {facts.loop.order_name, facts.loop.order_name.lstrip("#")}
    by_id = [one for one in orders if one.external_id and one.external_id == facts.loop.provider_order_id]
    by_name = [one for one in orders if {one.other_ref_num, one.external_id} & names]
    return by_id or by_name or [one for one in orders if one.internal_id in billed] or orders


def shipped(orders: Iterable[RecordFacts]) -> list[RecordFacts]:
    return [order for order in orders if order.status in SHIPPED]


def bills_of(facts: ReturnFacts, source: RecordFacts, lines: Iterable[LineFacts]) -> tuple[RecordFacts, ...]:
    """What these lines of the source were billed on: the source itself, or bills of the order."""
    if source.record_type in BILLED:
        return (source,)
    wanted = {line.line for line in lines}
    bills = [bill for bill in find_bills(facts) if bill.created_from_id == source.internal_id]
    return tuple(bill for bill in bills if any(line_of_order(source, line) in wanted for line in bill.lines))


def count_billed(order: RecordFacts, bills: Iterable[RecordFacts]) -> Counter[str]:
    """How many units of each line of the order are on these bills."""
    billed: Counter[str] = Counter()
    for bill in bills:
        for line in bill.lines:
            billed[line_of_order(order, line)] += line.quantity
    return billed


def line_of_order(order: RecordFacts, line: LineFacts) -> str:
    """The line of the order that this line of its bill stands for: as the bill tells, else by the shop's line or item.

    Empty: none.
    """
    if any(one.line == line.order_line for one in order.lines):
        return line.order_line
    by_reference = [one for one in order.lines if line.reference and one.reference == line.reference]
    same = by_reference or [one for one in order.lines if one.item_id == line.item_id]
    return same[0].line if same else ""


def line_on(facts: ReturnFacts, source: RecordFacts, *, line: str, of_id: str) -> str:
    """A line of another document of this sale, as a line of `source`: of the order on its bill, or the other way round.

    Empty: it is about other units.
    """
    if of_id == source.internal_id:
        return line
    other = facts.record(of_id)
    if other and source.created_from_id == other.internal_id:
        return next((one.line for one in source.lines if line_of_order(other, one) == line), "")
    if other and other.created_from_id == source.internal_id:
        return next((line_of_order(source, one) for one in other.lines if one.line == line), "")
    return ""


def is_own(facts: ReturnFacts, rma: RecordFacts) -> bool:
    """Our external id tells it, too: after a lost answer the mirror may know the record before the posting does."""
    own = [one for one in facts.postings if one.kind == "rma"]
    return any(
        rma.internal_id == one.their_id or (rma.external_id and rma.external_id.lower() == one.external_id)
        for one in own
    )


def name_of(record: RecordFacts) -> str:
    kinds = {"invoice": "Invoice", "cashSale": "Cash sale", ORDER: "Sales order"}
    return f"{kinds.get(record.record_type, record.record_type)} {record.tran_id}"

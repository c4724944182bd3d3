"""Both outside systems in miniature, as values: what they would hold after a plan's postings were carried out.

`carry_out` makes one round, `run_to_end` goes on until a plan wants nothing more. No database, no network; where the
real systems have choices this takes the plain one. The sandbox is the judge of the wire, this only of the plan.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from returnsops.lib.money import ZERO, add_up, share_of
from returnsops.returns.facts import ExchangeFacts, LineFacts, PostingFacts, RecordFacts, RefundFacts, ReturnFacts
from returnsops.returns.places import place_of_row
from returnsops.returns.plan import Plan, PostingDue, Step, plan_return
from returnsops.returns.plan.lying import move_cover
from returnsops.returns.plan.money import tax_on
from returnsops.returns.plan.tender_matching import Part, candidates_for, read_rows, refunds_by_others
from tests.builders import make_line, make_netsuite

ROUNDS_MAX = 12
TYPES = {"rma": "returnAuthorization", "credit": "creditMemo", "cash_refund": "cashRefund"}


def run_to_end(facts: ReturnFacts) -> tuple[ReturnFacts, Plan]:
    """Plan and carry out, round by round, until the plan wants nothing."""
    for _ in range(ROUNDS_MAX):
        plan = plan_return(facts)
        if not plan.postings:
            return facts, plan
        facts = carry_out(facts, plan)
    raise AssertionError(f"still posting after {ROUNDS_MAX} rounds: {kinds_of(plan)}")


def carry_out(facts: ReturnFacts, plan: Plan) -> ReturnFacts:
    """Everything the plan wants is done over there and mirrored."""
    for due in plan.postings:
        facts = carry_out_one(facts, due)
    return facts


def carry_out_one(facts: ReturnFacts, due: PostingDue) -> ReturnFacts:
    """Times pass by a second a posting, so that it shows which came first."""
    posting = posting_of(facts, due)
    their_id, facts = EFFECTS[due.kind](facts, due)
    posting = replace(posting, their_id=their_id, posted_at=facts.now)
    return replace(facts, postings=(*facts.postings, posting), now=facts.now + timedelta(seconds=1))


def posting_of(facts: ReturnFacts, due: PostingDue) -> PostingFacts:
    number = 1 + sum(one.kind == due.kind for one in facts.postings)
    return PostingFacts(
        external_id=f"loop-{facts.shop_code}-{facts.loop.loop_id}-{due.kind.replace('_', '-')}-{number}",
        kind=due.kind,
        number=number,
        status="posted",
        their_id="",
        covers=due.covers,
        request=due.request,
    )


def kinds_of(plan: Plan) -> list[str]:
    return [due.kind for due in plan.postings]


def codes_of(plan: Plan) -> list[str]:
    return [problem.code for problem in plan.problems]


def due_of(plan: Plan, kind: str) -> PostingDue:
    """The only posting of this kind that is due."""
    (found,) = [due for due in plan.postings if due.kind == kind]
    return found


def rows_of(due: PostingDue) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = due.request["body"]["item"]["items"]
    return rows


def step_of(plan: Plan, code: str) -> Step:
    (found,) = [step for step in plan.steps if step.code == code]
    return found


def total_of(facts: ReturnFacts, due: PostingDue) -> Decimal:
    """What NetSuite would compute for a credit or cash refund: own prices where a row names no amount, own tax."""
    total = ZERO
    for row in rows_of(due):
        if "orderLine" not in row:
            total += Decimal(row["amount"])
            continue
        rma = _rma(facts)
        sale = _record(facts, rma.created_from_id)
        sold = _line(sale, _line(rma, str(row["orderLine"])).order_line)
        own = _share(facts, sold, sold.amount, row["quantity"])
        amount = Decimal(row["amount"]) if "amount" in row else own
        total += amount + tax_on(sold, amount, currency=facts.currency)
    return total


# --- What each posting does -------------------------------------------------------------------------

Effect = tuple[str, ReturnFacts]


def _authorize(facts: ReturnFacts, due: PostingDue) -> Effect:
    sale = _record(facts, due.request["source_id"])
    lines = []
    for number, row in enumerate(rows_of(due), start=1):
        sold = _line(sale, str(row["orderLine"]))
        lines.append(
            replace(
                sold,
                line=str(number),
                order_line=sold.line,
                quantity=row["quantity"],
                amount=_share(facts, sold, sold.amount, row["quantity"]),
                tax_amount=_share(facts, sold, sold.tax_amount, row["quantity"]),
                location_id=row["location"]["id"],
                reference="",
            )
        )
    their_id = "8001" if all(one.internal_id != "8001" for one in facts.records) else str(8001 + len(facts.records))
    rma = make_netsuite(
        "returnAuthorization", their_id, status="B", created_from_id=sale.internal_id, ours=True, lines=tuple(lines)
    )
    return their_id, _with_record(facts, rma)


def _receive(facts: ReturnFacts, due: PostingDue) -> Effect:
    rma = _rma(facts)
    rows = {str(row["orderLine"]): row for row in rows_of(due)}
    lines = []
    for line in rma.lines:
        row = rows.get(line.line)
        left = 0 if line.is_closed else line.quantity - line.received
        assert row is not None or not left, "an open row that is not listed is received in full"
        taken = row["quantity"] if row and row["itemReceive"] else 0
        assert taken <= left, f"line {line.line} has {left} left"
        lines.append(replace(line, received=line.received + taken))
    their_id = str(8100 + len(facts.records))
    came = tuple(
        replace(line, order_line=line.line, quantity=row["quantity"], location_id=_place_of(row), received=0)
        for line in rma.lines
        if (row := rows.get(line.line)) and row["itemReceive"]
    )
    receipt = make_netsuite("itemReceipt", their_id, created_from_id=rma.internal_id, ours=True, lines=came)
    return their_id, _with_record(_with_record(facts, receipt), _with_status(rma, lines))


def _transfer(facts: ReturnFacts, due: PostingDue) -> Effect:
    body = due.request["body"]
    assert body["location"]["id"] != body["transferLocation"]["id"], "from a location to itself"
    for row in body["inventory"]["items"]:
        origin = place_of_row(body["location"]["id"], row)
        lies = stock_of(facts)[origin, row["item"]["id"]]
        assert 0 < row["adjustQtyBy"] <= lies, f"{row['adjustQtyBy']} are moved from {origin}, {lies} lie there"
    their_id = str(8500 + len(facts.records))
    return their_id, _with_record(facts, make_netsuite("inventoryTransfer", their_id, ours=True))


def _write_off(facts: ReturnFacts, due: PostingDue) -> Effect:
    assert due.request["body"]["account"]["id"], "written off to no account"
    for row in due.request["body"]["inventory"]["items"]:
        lies = stock_of(facts)[_place_of(row), row["item"]["id"]]
        assert 0 < -row["adjustQtyBy"] <= lies, f"{-row['adjustQtyBy']} are written off, {lies} lie there"
    their_id = str(8600 + len(facts.records))
    return their_id, _with_record(facts, make_netsuite("inventoryAdjustment", their_id, ours=True))


def _take_in(facts: ReturnFacts, due: PostingDue) -> Effect:
    rows = due.request["body"]["inventory"]["items"]
    assert due.request["body"]["account"]["id"], "taken in against no account"
    assert rows, "nothing is taken in"
    assert all(row["adjustQtyBy"] > 0 for row in rows), "goods that came in are taken out"
    assert not {row["item"]["id"] for row in rows} & {kit.item_id for kit in facts.kits}, "a kit is not kept in stock"
    their_id = str(8700 + len(facts.records))
    return their_id, _with_record(facts, make_netsuite("inventoryAdjustment", their_id, ours=True))


def stock_of(facts: ReturnFacts) -> Counter[tuple[str, str]]:
    """What our documents that stand brought and moved, by place and item."""
    found: Counter[tuple[str, str]] = Counter()
    for posting in facts.postings:
        record = facts.record(posting.their_id) if posting.status == "posted" else None
        if record and posting.kind == "receipt":
            for line in record.lines:
                kit = facts.kit(line.item_id)
                for item, count in [(one.item_id, one.quantity) for one in kit.members] if kit else [(line.item_id, 1)]:
                    found[line.location_id, item] += line.quantity * count
        elif posting.status == "posted" and posting.kind == "receipt":
            found.update(_moved_on_before_it_was_deleted(facts, posting))
        if record and posting.kind == "transfer":
            origin, target = posting.body["location"]["id"], posting.body["transferLocation"]["id"]
            for row in posting.body["inventory"]["items"]:
                found[place_of_row(origin, row), row["item"]["id"]] -= row["adjustQtyBy"]
                found[place_of_row(target, row, side="toInventoryStatus"), row["item"]["id"]] += row["adjustQtyBy"]
        if record and posting.kind in ("adjustment", "take_in"):
            for row in posting.body["inventory"]["items"]:
                found[_place_of(row), row["item"]["id"]] += row["adjustQtyBy"]
    return found


def _place_of(row: dict[str, Any]) -> str:
    return place_of_row(row["location"]["id"], row)


def _moved_on_before_it_was_deleted(facts: ReturnFacts, receipt: PostingFacts) -> Counter[tuple[str, str]]:
    """A person deleted the receipt and not the moves behind it: what they took from its place is of no other unit."""
    place = next(_place_of(row) for row in receipt.body["item"]["items"] if row["itemReceive"])
    moved = {cover for one in facts.postings if facts.record(one.their_id) for cover in one.covers}
    units = [one for one in facts.units if one.cover in receipt.covers and move_cover(one, 1) in moved]
    return Counter((place, one.item_id) for one in units)


def _credit(facts: ReturnFacts, due: PostingDue) -> Effect:
    total = total_of(facts, due)
    if due.request["source_type"] != "returnAuthorization":
        assert all("orderLine" not in row for row in rows_of(due)), "without a receipt this would move stock"
        return "8201", _with_record(facts, _credit_record(due, total))
    rma = _rma(facts)
    billed = {str(row["orderLine"]): row["quantity"] for row in rows_of(due) if "orderLine" in row}
    lines = [replace(line, billed=line.billed + billed.get(line.line, 0)) for line in rma.lines]
    assert all(line.billed <= line.received for line in lines), "only what was received can be credited"
    return "8201", _with_record(_with_record(facts, _credit_record(due, total)), _with_status(rma, lines))


def _credit_record(due: PostingDue, total: Decimal) -> RecordFacts:
    return make_netsuite(
        TYPES[due.kind],
        "8201",
        created_from_id=due.request["source_id"],
        ours=True,
        total=total,
        amount_remaining=total if due.kind == "credit" else ZERO,
    )


def _add_rounding(facts: ReturnFacts, due: PostingDue) -> Effect:
    record = facts.record(due.request["target_id"])
    (row,) = rows_of(due)
    assert record is not None
    assert "line" not in row, "this would overwrite a line"
    amount = Decimal(row["amount"])
    remaining = record.amount_remaining + (amount if record.record_type == "creditMemo" else ZERO)
    return record.internal_id, _with_record(
        facts, replace(record, total=record.total + amount, amount_remaining=remaining)
    )


@dataclass(frozen=True)
class Stranger:
    """A refund by somebody else that the look before the post finds. No differences: it is adopted."""

    record: RecordFacts
    differences: tuple[str, ...]
    is_shared: bool


def look_for_refund(facts: ReturnFacts, due: PostingDue) -> Stranger | None:
    """As the look before a post has it, on what the mirror holds."""
    (row,) = due.request["body"]["apply"]["items"]
    own = Part(due.request["body"]["account"]["id"], Decimal(row["amount"]))
    if "adopt" in due.request:
        return Stranger(_record(facts, due.request["adopt"]), (), is_shared=False)
    is_told_apart = facts.is_acknowledged("foreign_record", f"posting:{posting_of(facts, due).external_id}")
    found = []
    for record, refund in refunds_by_others(facts, row["doc"]["id"]):
        candidates = candidates_for(refund, [own, *read_rows(due.request.get("beside", []))])
        is_shared = len(candidates) > 1
        if own in candidates and not (is_shared and is_told_apart):
            is_same = refund.amount == own.amount and refund.account in ("", own.account)
            found.append(Stranger(record, () if is_same and not is_shared else ("it differs",), is_shared))
    return min(found, key=lambda one: len(one.differences), default=None)


def _pay_out(facts: ReturnFacts, due: PostingDue) -> Effect:
    (row,) = due.request["body"]["apply"]["items"]
    memo = facts.record(row["doc"]["id"])
    assert memo is not None
    assert due.request["body"]["handlingMode"] == {"id": "SAVE_ONLY"}, "this would pay a card"
    stranger = look_for_refund(facts, due)
    if stranger:
        assert not stranger.differences, f"{stranger.record.tran_id} is in its place"
        return stranger.record.internal_id, facts
    amount = Decimal(row["amount"])
    left = memo.amount_remaining - amount
    assert left >= 0, "more is paid out than was credited"
    their_id = str(8300 + len(facts.records))
    refund = make_netsuite("customerRefund", their_id, ours=True, total=amount, pays=((memo.internal_id, amount),))
    return their_id, _with_record(_with_record(facts, refund), replace(memo, amount_remaining=left))


def _apply_credit(facts: ReturnFacts, due: PostingDue) -> Effect:
    memo = _record(facts, due.request["target_id"])
    for row in due.request["body"]["apply"]["items"]:
        invoice, amount = _record(facts, row["doc"]["id"]), Decimal(row["amount"])
        assert invoice.record_type == "invoice", "a credit applies to an invoice, never to an order"
        assert amount <= min(invoice.amount_remaining, memo.amount_remaining), "more is applied than is open"
        memo = replace(memo, amount_remaining=memo.amount_remaining - amount)
        facts = _with_record(facts, replace(invoice, amount_remaining=invoice.amount_remaining - amount))
    return memo.internal_id, _with_record(facts, memo)


def _flag(facts: ReturnFacts, due: PostingDue) -> Effect:
    assert any(one.kind == "loop_note" for one in facts.postings), "a flag without a note tells nobody why"
    return facts.loop.loop_id, replace(facts, loop=replace(facts.loop, state="review"))


def _close_lines(facts: ReturnFacts, due: PostingDue) -> Effect:
    rma = _rma(facts)
    rows = {str(row["line"]): row for row in rows_of(due)}
    lines = []
    for line in rma.lines:
        row = rows.get(line.line, {})
        quantity = row.get("quantity", line.quantity)
        assert quantity >= line.received, "a line cannot hold less than was received"
        lines.append(replace(line, quantity=quantity, is_closed=line.is_closed or row.get("isClosed", False)))
    return rma.internal_id, _with_record(facts, _with_status(rma, lines))


def _settle(facts: ReturnFacts, due: PostingDue) -> Effect:
    """Loop drops the units it was told to drop, then pays and closes; without any unit left it cancels."""
    dropped = set(due.request.get("units", []))
    zero: dict[str, Any] = dict.fromkeys(("price", "discount", "tax", "refund", "refund_item", "refund_tax"), ZERO)
    units = tuple(replace(unit, removed=True, **zero) if unit.unit in dropped else unit for unit in facts.units)
    if all(unit.removed for unit in units):
        loop = replace(facts.loop, state="cancelled", refund=ZERO, return_total=ZERO)
        return facts.loop.loop_id, replace(facts, loop=loop, units=units)
    before = facts.loop
    refund = add_up(unit.refund for unit in units if not unit.removed) if dropped else before.refund
    credited = [unit for unit in facts.units if unit.unit in dropped and not unit.refund]
    gift_card = max(before.gift_card - add_up(unit.worth + unit.tax for unit in credited), ZERO)
    worth = add_up(unit.worth + unit.tax for unit in units if not unit.removed)
    loop = replace(
        facts.loop,
        state="closed",
        settled_at=facts.now,
        refund=refund,
        return_total=worth,
        gift_card=gift_card,
        fee=worth - refund - before.exchange_credit - gift_card if dropped else before.fee,
        refunds=before.refunds or ((RefundFacts("shopify_payments", refund),) if refund else ()),
    )
    return facts.loop.loop_id, replace(facts, loop=loop, units=units, exchanges=name_orders(facts))


def name_orders(facts: ReturnFacts) -> tuple[ExchangeFacts, ...]:
    """Loop makes one order for all replacements it has in stock and has not ordered yet."""
    return tuple(
        one if one.ordered_as or one.out_of_stock else replace(one, order_id="61001", order_name="#EXC-20418")
        for one in facts.exchanges
    )


def _order(facts: ReturnFacts, due: PostingDue) -> Effect:
    """Its tax is what the customer was charged: Loop's figures have it, the rows sent have not."""
    tax = add_up(one.tax for one in facts.exchanges if one.cover in due.covers)
    total = add_up(Decimal(row["amount"]) for row in rows_of(due)) + tax
    their_id = str(8400 + len(facts.records))
    lines = tuple(
        make_line(str(number), item_id=row["item"]["id"], amount=str(abs(Decimal(row["amount"]))))
        for number, row in enumerate(rows_of(due), start=1)
    )
    reference = due.request["body"]["otherRefNum"]
    link = due.request["body"].get(_link_field(facts), "")
    order = make_netsuite(
        "salesOrder", their_id, ours=True, total=total, other_ref_num=reference, lines=lines, link=link
    )
    return their_id, _with_record(facts, order)


def _link(facts: ReturnFacts, due: PostingDue) -> Effect:
    order = _record(facts, due.request["target_id"])
    assert not order.link, "what stood there is overwritten"
    return order.internal_id, _with_record(facts, replace(order, link=due.request["body"][_link_field(facts)]))


def _link_field(facts: ReturnFacts) -> str:
    return facts.policy.exchange_link_field


EFFECTS: dict[str, Callable[[ReturnFacts, PostingDue], Effect]] = {
    "rma": _authorize,
    "receipt": _receive,
    "transfer": _transfer,
    "adjustment": _write_off,
    "take_in": _take_in,
    "credit": _credit,
    "cash_refund": _credit,
    "credit_fix": _add_rounding,
    "cash_refund_fix": _add_rounding,
    "credit_apply": _apply_credit,
    "customer_refund": _pay_out,
    "rma_close": _close_lines,
    "loop_process": _settle,
    "loop_remove": _settle,
    "loop_grade": lambda facts, due: (facts.loop.loop_id, facts),
    "loop_assess": lambda facts, due: (facts.loop.loop_id, facts),
    "loop_note": lambda facts, due: (facts.loop.loop_id, facts),
    "loop_flag": _flag,
    "exchange_order": _order,
    "exchange_link": _link,
}


def _rma(facts: ReturnFacts) -> RecordFacts:
    """Ours, or another system's that stands in for it."""
    return min(facts.records_of("returnAuthorization"), key=lambda one: not one.ours)


def _record(facts: ReturnFacts, internal_id: str) -> RecordFacts:
    record = facts.record(internal_id)
    assert record is not None, f"NetSuite has no record {internal_id}"
    return record


def _line(record: RecordFacts, line: str) -> LineFacts:
    return next(one for one in record.lines if one.line == line)


def _share(facts: ReturnFacts, sold: LineFacts, amount: Decimal, quantity: int) -> Decimal:
    return share_of(amount, part=Decimal(quantity), whole=Decimal(sold.quantity), currency=facts.currency)


def _with_record(facts: ReturnFacts, record: RecordFacts) -> ReturnFacts:
    others = tuple(one for one in facts.records if one.internal_id != record.internal_id)
    return replace(facts, records=(*others, record))


def _with_status(rma: RecordFacts, lines: list[LineFacts]) -> RecordFacts:
    """As NetSuite computes it: refunded once all that is open was credited, closed if nothing ever came."""
    open_lines = [line for line in lines if not line.is_closed]
    if not open_lines and not any(line.received for line in lines):
        status = "H"
    elif all(line.billed == line.quantity for line in open_lines):
        status = "G"
    else:
        status = "F" if all(line.received == line.quantity for line in open_lines) else "D"
    return replace(rma, status=status, lines=tuple(lines))

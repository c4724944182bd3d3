"""What came of a moment, in business words: documents, what is waited for, problems, the stage. One line each."""

from collections.abc import Callable
from typing import Any

from returnsops.lib.money import money_text
from returnsops.returns.facts import ReturnFacts
from returnsops.returns.places import location_of, place_of_row, status_of
from returnsops.returns.plan import Plan, PostingDue, StepState
from tests.builders import DAMAGED, HOLDING, SELLABLE
from tests.other_side import rows_of, total_of
from tests.scenarios.given import ITEMS

PLACES = {SELLABLE: "sellable", HOLDING: "holding", DAMAGED: "damaged"}
OPEN = {StepState.WAITING: "waits", StepState.BLOCKED: "blocked", StepState.DUE: "due"}


def describe_plan(facts: ReturnFacts, posted: list[tuple[ReturnFacts, PostingDue]], plan: Plan) -> str:
    lines = [f"posts    {WORDS[due.kind](before, due)}" for before, due in posted]
    lines += [f"wants    {WORDS[due.kind](facts, due)}" for due in plan.postings]
    for step in plan.steps:
        if step.state in OPEN:
            due = f", due {step.due_at:%d %b %H:%M}" if step.due_at else ""
            lines.append(f"{OPEN[step.state]:8} {step.title}: {step.detail}{due}")
    for problem in plan.problems:
        at_stake = f" ({money_text(problem.amount, facts.currency)})" if problem.amount else ""
        lines.append(f"problem  {problem.code}: {problem.cause}{at_stake}")
    for one in plan.agreements:
        found = "; ".join(f"{gap.aspect}: {gap.theirs} instead of {gap.ours}" for gap in one.differences)
        lines.append(f"shadow   {one.kind} {one.verdict}: {one.wanted}{f' ({found})' if found else ''}")
    if plan.look_again_at:
        lines.append(f"looks    again {plan.look_again_at:%d %b %H:%M}")
    return "\n".join([*lines, f"stage    {plan.stage}", ""])


def _authorization(facts: ReturnFacts, due: PostingDue) -> str:
    (bill,) = [one for one in facts.records if one.internal_id == due.request["source_id"]]
    name_of = {line.line: line.item_name for line in bill.lines}
    rows = [f"{row['quantity']} × {name_of[str(row['orderLine'])]}{_place(row)}" for row in rows_of(due)]
    return f"Return Authorization from {bill.record_type} {bill.tran_id}: {', '.join(rows)}"


def _receipt(facts: ReturnFacts, due: PostingDue) -> str:
    rows = [f"{row['quantity']} × {_sold_as(facts, row)}{_place(row)}" for row in rows_of(due) if row["itemReceive"]]
    return f"Item Receipt of {due.request['body']['tranDate']}: {', '.join(rows)}"


def _transfer(facts: ReturnFacts, due: PostingDue) -> str:
    body = due.request["body"]
    rows = [f"{row['adjustQtyBy']} × {_item(facts, row)}" for row in body["inventory"]["items"]]
    ends = {"location": "inventoryStatus", "transferLocation": "toInventoryStatus"}
    first, *_ = body["inventory"]["items"]
    places = [_place_named(place_of_row(body[name]["id"], first, side=side)) for name, side in ends.items()]
    return f"Inventory Transfer of {body['tranDate']}: {', '.join(rows)} from {places[0]} to {places[1]}"


def _adjustment(facts: ReturnFacts, due: PostingDue) -> str:
    body = due.request["body"]
    rows = [f"{row['adjustQtyBy']} × {_item(facts, row)}{_place(row)}" for row in body["inventory"]["items"]]
    return f"Inventory Adjustment of {body['tranDate']} on account {body['account']['id']}: {', '.join(rows)}"


def _credit(facts: ReturnFacts, due: PostingDue) -> str:
    kind = "Credit Memo" if due.kind == "credit" else "Cash Refund"
    rows = [f"{row['quantity']} × {_sold_as(facts, row)}" for row in rows_of(due) if "orderLine" in row]
    rows += [_extra(facts, row) for row in rows_of(due) if "orderLine" not in row]
    return f"{kind}: {', '.join(rows)}; total {money_text(total_of(facts, due), facts.currency)}"


def _credit_fix(facts: ReturnFacts, due: PostingDue) -> str:
    return f"line added to the credit: {', '.join(_extra(facts, row) for row in rows_of(due))}"


def _refund(facts: ReturnFacts, due: PostingDue) -> str:
    (row,) = due.request["body"]["apply"]["items"]
    account = due.request["body"]["account"]["id"]
    gateways = {tender.account_id: gateway for gateway, tender in facts.policy.tenders.items()}
    return f"Customer Refund of {row['amount']} {facts.currency} by {gateways[account]}, applied to the Credit Memo"


def _application(facts: ReturnFacts, due: PostingDue) -> str:
    names = {one.internal_id: one.tran_id for one in facts.records}
    rows = [f"{row['amount']} to {names[row['doc']['id']]}" for row in due.request["body"]["apply"]["items"]]
    return f"Credit Memo applied: {', '.join(rows)}"


def _order(facts: ReturnFacts, due: PostingDue) -> str:
    rows = [f"{row['quantity']} × item {row['item']['id']} at {row['amount']}" for row in rows_of(due)]
    body, field = due.request["body"], facts.policy.exchange_link_field
    link = f"; {field} = {body[field]}" if field else ""
    address = f"; to address {body['shipAddressList']['id']}" if "shipAddressList" in body else ""
    place = f"; from {PLACES.get(body['location']['id'], body['location']['id'])}" if "location" in body else ""
    return f"Sales Order {body['otherRefNum']}: {', '.join(rows)}{link}{address}{place}"


def _exchange_link(facts: ReturnFacts, due: PostingDue) -> str:
    (order,) = [one for one in facts.records if one.internal_id == due.request["target_id"]]
    (told,) = due.request["body"].items()
    return f"Sales Order {order.other_ref_num or order.external_id}: {told[0]} = {told[1]}"


def _close(facts: ReturnFacts, due: PostingDue) -> str:
    rows = [
        f"line {row['line']} closed" if row.get("isClosed") else f"line {row['line']} holds {row['quantity']}"
        for row in rows_of(due)
    ]
    return f"Return Authorization: {', '.join(rows)}"


def _remove(facts: ReturnFacts, due: PostingDue) -> str:
    numbers = [str(number) for number, unit in enumerate(facts.units, 1) if unit.unit in due.request["units"]]
    return f"to Loop: settle without unit {', '.join(numbers)}"


def _told(facts: ReturnFacts, due: PostingDue) -> str:
    numbers = {unit.unit: number for number, unit in enumerate(facts.units, 1)}
    rows = [f"unit {numbers[one['unit']]} {one['word']}{_note_of(one)}" for one in due.request["items"]]
    return f"to Loop: {due.request['operation']} {', '.join(rows)}"


def _note_of(item: dict[str, str]) -> str:
    return f" «{item['note']}»" if "note" in item else ""


WORDS: dict[str, Callable[[ReturnFacts, PostingDue], str]] = {
    "rma": _authorization,
    "receipt": _receipt,
    "transfer": _transfer,
    "adjustment": _adjustment,
    "take_in": _adjustment,
    "credit": _credit,
    "cash_refund": _credit,
    "credit_fix": _credit_fix,
    "cash_refund_fix": _credit_fix,
    "credit_apply": _application,
    "customer_refund": _refund,
    "exchange_order": _order,
    "rma_close": _close,
    "exchange_link": _exchange_link,
    "loop_grade": _told,
    "loop_assess": _told,
    "loop_process": lambda facts, due: "to Loop: settle the return",
    "loop_remove": _remove,
    "loop_note": lambda facts, due: f"to Loop: note «{due.request['content']}»",
    "loop_flag": lambda facts, due: "to Loop: flag the return for review",
}


def _sold_as(facts: ReturnFacts, row: dict[str, Any]) -> str:
    own_first = sorted(facts.records_of("returnAuthorization"), key=lambda one: not one.ours)
    lines = [line for one in own_first for line in one.lines]
    return next(line.item_name for line in lines if line.line == str(row["orderLine"]))


def _item(facts: ReturnFacts, row: dict[str, Any]) -> str:
    names = {item_id: sku for sku, item_id in ITEMS.items()}
    names |= {line.item_id: line.item_name for one in facts.records for line in one.lines}
    item_id: str = row["item"]["id"]
    return names.get(item_id, item_id)


def _place(row: dict[str, Any]) -> str:
    return f" at {_place_named(place_of_row(row['location']['id'], row))}"


def _place_named(place: str) -> str:
    location, status = location_of(place), status_of(place)
    return PLACES.get(location, location) + (f" in status {status}" if status else "")


def _extra(facts: ReturnFacts, row: dict[str, Any]) -> str:
    keys = {item: key for key, item in facts.policy.items.items()}
    return f"{keys[row['item']['id']].replace('_', ' ')} {row['amount']}"

"""What happens in a moment of a scenario: in Loop, at the bench, in NetSuite, or because a person decides."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from returnsops.lib.money import ZERO
from returnsops.returns.facts import (
    ApprovalFacts,
    ClaimFacts,
    FoundFacts,
    OverrideFacts,
    PauseFacts,
    PostingFacts,
    RecordFacts,
    RefundFacts,
    ReturnFacts,
    UnitFacts,
)
from returnsops.returns.plan import Plan, PostingDue, plan_return
from returnsops.returns.plan.exchange_orders import find_exchange_orders
from tests.builders import FIRST_UNIT, make_netsuite, make_sale
from tests.builders import policy as build_policy
from tests.other_side import ROUNDS_MAX, Stranger, carry_out_one, look_for_refund, posting_of
from tests.scenarios.given import CATEGORIES, ITEMS, ORDER, read_line, read_loop, read_units

Json = dict[str, Any]
Posted = list[tuple[ReturnFacts, PostingDue]]
PERSON = 1
SETTLING = ("loop_process", "loop_remove")
CREDITS = ("creditMemo", "cashRefund")
ANSWERS = ("loop_answers", "netsuite_answers", "netsuite_adds", "refused")
ZERO_UNIT: Json = dict.fromkeys(("price", "discount", "tax", "refund", "refund_item", "refund_tax"), ZERO)


def pass_moment(facts: ReturnFacts, moment: Json) -> tuple[ReturnFacts, Posted, Plan]:
    """Apply what happens, then carry out what the plan wants, round by round.

    loop_answers: what Loop does when it is asked to settle: settles (the default), accepted (it takes the request, and
    no more), review, partly (what can be issued, and then review), or nothing.
    netsuite_answers: nothing keeps every document from being carried out. netsuite_adds: what its own tax engine makes
    a credit come to more than we expect; less, if negative. refused: by kind of document, why NetSuite refuses it.
    """
    for name, happen in HAPPENINGS.items():
        if name in moment:
            facts = happen(facts, moment[name])
    unknown = moment.keys() - HAPPENINGS.keys() - {"what", "after", "expect", *ANSWERS}
    assert not unknown, f"nobody knows how {sorted(unknown)} happens"
    return _carry_out(facts, moment)


def _carry_out(facts: ReturnFacts, moment: Json) -> tuple[ReturnFacts, Posted, Plan]:
    posted: Posted = []
    for _ in range(ROUNDS_MAX):
        plan = plan_return(facts)
        silent = [one for one in plan.postings if _is_held(facts, one, moment)]
        wanted = [one for one in plan.postings if one not in silent]
        if not wanted:
            return facts, posted, plan
        for due in wanted:
            facts = _renew(facts, due)
            if due.kind in moment.get("refused", {}):
                facts = _refuse(facts, due, family=moment["refused"][due.kind])
                continue
            stranger = look_for_refund(facts, due) if due.kind == "customer_refund" else None
            if stranger and stranger.differences:
                facts = _refuse(facts, due, found=stranger)
                continue
            if not stranger:
                posted.append((facts, due))
            facts = _carry_out_one(facts, due, moment)
    raise AssertionError(f"still posting after {ROUNDS_MAX} rounds: {[one.kind for one in plan.postings]}")


def _is_held(facts: ReturnFacts, due: PostingDue, moment: Json) -> bool:
    paused = {pause.key for pause in facts.pauses} & set(due.hinges_on)
    refused = any(one.request == due.request for one in _refused_before(facts, due))
    return refused or bool(paused) or moment.get(f"{due.system}_answers") == "nothing"


def _refused_before(facts: ReturnFacts, due: PostingDue) -> list[PostingFacts]:
    return [
        one for one in facts.postings if one.status == "rejected" and one.kind == due.kind and one.covers & due.covers
    ]


def _renew(facts: ReturnFacts, due: PostingDue) -> ReturnFacts:
    """What was refused goes out with other content, under its old id."""
    refused = _refused_before(facts, due)
    return replace(facts, postings=tuple(one for one in facts.postings if one not in refused))


def _refuse(facts: ReturnFacts, due: PostingDue, *, family: str = "", found: Stranger | None = None) -> ReturnFacts:
    """It stays with its refusal, or with what the look found in its place, until a person retries it."""
    refusal: Json = {"family": family, "code": "SSS_REFUSED", "detail": "NetSuite's own words."}
    if found:
        refusal = {"family": "foreign_record", "record": found.record.internal_id, "is_shared": found.is_shared}
    refused = replace(posting_of(facts, due), status="rejected", refusal=refusal)
    return replace(facts, postings=(*facts.postings, refused))


def _carry_out_one(facts: ReturnFacts, due: PostingDue, moment: Json) -> ReturnFacts:
    done = carry_out_one(facts, due)
    if due.kind in ("credit", "cash_refund") and "netsuite_adds" in moment:
        done = _with_another_total(done, due.kind, by=Decimal(moment["netsuite_adds"]))
    if due.kind in SETTLING and moment.get("loop_answers") == "accepted":
        return replace(done, loop=facts.loop, units=facts.units, exchanges=facts.exchanges)
    if due.kind in SETTLING and moment.get("loop_answers") == "partly":
        return replace(done, loop=replace(done.loop, state="review"))
    if due.kind in SETTLING and moment.get("loop_answers") == "review":
        return replace(done, loop=replace(facts.loop, state="review"), units=facts.units)
    return done


def _with_another_total(facts: ReturnFacts, kind: str, *, by: Decimal) -> ReturnFacts:
    def change(record: RecordFacts) -> RecordFacts:
        left = record.amount_remaining + (by if kind == "credit" else ZERO)
        return replace(record, total=record.total + by, amount_remaining=left)

    changed = tuple(change(one) if one.record_type in CREDITS else one for one in facts.records)
    return replace(facts, records=changed)


# --- Loop ------------------------------------------------------------------------------------------


def _loop_tells(facts: ReturnFacts, told: Json) -> ReturnFacts:
    loop = replace(read_loop(facts.loop, told), updated_at=facts.now)
    if loop.label_status == "delivered" and loop.delivered_at is None:
        loop = replace(loop, delivered_at=facts.now)
    if facts.loop.state == "review" != loop.state and loop.approved_at is None:
        loop = replace(loop, approved_at=facts.now)
    return replace(facts, loop=loop)


def _loop_settles(facts: ReturnFacts, told: Json) -> ReturnFacts:
    """Loop carries its outcomes out by itself; told: what differs from what it had announced."""
    facts = _loop_tells(facts, {"state": "closed"} | told)
    refunds = facts.loop.refunds
    if facts.loop.refund and not refunds:
        refunds = (RefundFacts("shopify_payments", facts.loop.refund),)
    return replace(facts, loop=replace(facts.loop, settled_at=facts.now, refunds=refunds))


def _units_change(facts: ReturnFacts, told: Json) -> ReturnFacts:
    """By number: fields of the unit; amounts as text. removed = true takes it out of the return."""

    def change(unit: UnitFacts, row: Json) -> UnitFacts:
        amounts = {name: Decimal(value) if isinstance(value, str) else value for name, value in row.items()}
        return replace(unit, **(ZERO_UNIT if row.get("removed") else {}) | amounts)

    return _each_unit(facts, told, change)


def _items_are_read(facts: ReturnFacts, told: bool) -> ReturnFacts:
    assert told, "nothing else happens here"
    return replace(facts, units=tuple(replace(one, category=CATEGORIES.get(one.sku, "")) for one in facts.units))


def _units_are_added(facts: ReturnFacts, told: list[Json]) -> ReturnFacts:
    """Somebody edits the return: rows as at the beginning, on the first line of the order unless they name another."""
    added = read_units([{"line": "line-1"} | row for row in told])
    number = FIRST_UNIT + len(facts.units)
    units = tuple(replace(one, unit=str(number + place)) for place, one in enumerate(added))
    return replace(facts, units=(*facts.units, *units))


def _loop_loses_it(facts: ReturnFacts, told: bool) -> ReturnFacts:
    return replace(facts, loop=replace(facts.loop, missing_since=facts.now if told else None))


def _exchange_is_made(facts: ReturnFacts, told: Json) -> ReturnFacts:
    """Loop made the exchange order: its id and name."""
    return replace(facts, exchanges=tuple(replace(one, **told) for one in facts.exchanges))


def _replacements_change(facts: ReturnFacts, told: Json) -> ReturnFacts:
    """By number: fields of the replacement."""
    numbered = enumerate(facts.exchanges, 1)
    exchanges = tuple(replace(one, **told.get(str(number), {})) for number, one in numbered)
    return replace(facts, exchanges=exchanges)


def _units_are_restocked(facts: ReturnFacts, told: list[str]) -> ReturnFacts:
    """Loop puts these units, by number, back into the shop's stock."""
    return _each_unit(facts, dict.fromkeys(told, True), lambda unit, _: replace(unit, restocked_at=facts.now))


# --- The warehouse ---------------------------------------------------------------------------------


def _units_are_judged(facts: ReturnFacts, told: Json) -> ReturnFacts:
    """By number of the unit: sellable, damaged, refused or missing; with a note of the inspector, «damaged: torn»."""
    return _each_unit(facts, told, _judge(facts))


def _judge(facts: ReturnFacts) -> Callable[[UnitFacts, str], UnitFacts]:
    """Each time it is another inspection."""

    def judge(unit: UnitFacts, told: str) -> UnitFacts:
        outcome, _, note = told.partition(": ")
        inspection = (unit.inspection_id or 0) + 1
        return replace(unit, outcome=outcome, note=note, inspected_at=facts.now, inspection_id=inspection)

    return judge


def _goods_are_found(facts: ReturnFacts, told: list[Json]) -> ReturnFacts:
    """Goods that are not on the return: sku, count, note; in_place_of: number of the unit it lies in place of."""
    found = [_read_found(facts, number, row) for number, row in enumerate(told, 1 + len(facts.found))]
    instead = {one.in_place_of: f"missing: {one.sku} lay there" for one in reversed(found)}
    units = tuple(_judge(facts)(one, instead[one.unit]) if one.unit in instead else one for one in facts.units)
    return replace(facts, found=(*facts.found, *found), units=units)


def _read_found(facts: ReturnFacts, number: int, row: Json) -> FoundFacts:
    declared = facts.units[int(row["in_place_of"]) - 1].unit if "in_place_of" in row else ""
    sku, note = row["sku"], row.get("note", "")
    return FoundFacts(str(number), sku, ITEMS.get(sku, ""), row.get("count", 1), facts.now, declared, note)


def _person_says_of_goods(facts: ReturnFacts, told: Json) -> ReturnFacts:
    """By number of what was found: send_back, take_in or leave. It takes the place of an earlier word."""
    said = [OverrideFacts("found", f"found:{number}", choice, PERSON) for number, choice in told.items()]
    subjects = {one.subject for one in said}
    others = tuple(one for one in facts.overrides if one.subject not in subjects)
    return replace(facts, overrides=(*others, *said))


def _parcel_is_scanned(facts: ReturnFacts, told: bool) -> ReturnFacts:
    return replace(facts, arrived_at=facts.now if told else None)


# --- NetSuite --------------------------------------------------------------------------------------


def _bill_arrives(facts: ReturnFacts, told: str | Json) -> ReturnFacts:
    """Its kind; or kind, id and the numbers of the units that are on it. Made from the order, where that is there."""
    row: Json = {"kind": told} if isinstance(told, str) else told
    numbers = row.get("units", range(1, len(facts.units) + 1))
    units = [facts.units[number - 1] for number in numbers]
    bill = replace(make_sale(units, row["kind"]), internal_id=row.get("id", "7001"))
    order = facts.record(ORDER)
    if order:
        line_of = {one.reference: one.line for one in order.lines}
        lines = tuple(replace(one, order_line=line_of[one.reference]) for one in bill.lines)
        bill = replace(bill, created_from_id=ORDER, lines=lines)
    return replace(
        facts, records=(*facts.records, replace(bill, tran_id=f"{row['kind'][:3].upper()}{bill.internal_id}"))
    )


def _record_appears(facts: ReturnFacts, told: Json) -> ReturnFacts:
    """Somebody else made it: type and fields of the record, lines as those of a bill."""
    amounts = {name: Decimal(told[name]) for name in ("total", "amount_remaining") if name in told}
    rest = {name: value for name, value in told.items() if name not in ("type", "id", "lines", *amounts)}
    lines = tuple(read_line(number, row) for number, row in enumerate(told.get("lines", []), 1))
    record = make_netsuite(told["type"], told.get("id", "9101"), lines=lines, **amounts, **rest)
    return replace(facts, records=(*facts.records, record))


def _record_changes(facts: ReturnFacts, told: Json) -> ReturnFacts:
    """A person edits it in NetSuite: type, id if there are several, new status, account or address; lines by number."""
    named = told.get("id")
    (record,) = [one for one in facts.records_of(told["type"]) if named in (None, one.internal_id)]
    changes = told.get("lines", {})
    lines = tuple(replace(one, **changes.get(one.line, {})) for one in record.lines)
    rest = {name: told[name] for name in ("status", "account_id", "ship_to") if name in told}
    changed = replace(record, lines=lines, **rest)
    return replace(facts, records=(*(one for one in facts.records if one is not record), changed))


def _stock_is_read(facts: ReturnFacts, told: dict[str, int]) -> ReturnFacts:
    """How many of a SKU NetSuite has to sell."""
    exchanges = tuple(replace(one, available=told.get(one.sku, one.available)) for one in facts.exchanges)
    return replace(facts, exchanges=exchanges)


def _stock_is_elsewhere(facts: ReturnFacts, told: dict[str, int]) -> ReturnFacts:
    """So many at a location from which this shop's exchanges do not ship: NetSuite tells the same as before."""
    assert facts.policy.exchange_location, "without a location of its own a shop sells them, too"
    return facts


def _stock_is_untold(facts: ReturnFacts, told: bool) -> ReturnFacts:
    """The role may not read it: nothing is known, as before anybody asked."""
    assert all(one.available is None for one in facts.exchanges)
    return facts


def _others_authorise(facts: ReturnFacts, number: str) -> ReturnFacts:
    """Another system authorises exactly the units of this return, from its bill, or its order as long as it
    is not billed. number: internal id of its record."""
    sales = {one.record_type: one for one in facts.records}
    bill = next(sales[name] for name in ("invoice", "cashSale", "salesOrder") if name in sales)
    counts = Counter(unit.provider_line for unit in facts.live_units)
    lines = tuple(
        replace(line, order_line=line.line, quantity=counts[line.reference], reference="")
        for line in bill.lines
        if counts[line.reference]
    )
    rma = make_netsuite("returnAuthorization", number, created_from_id=bill.internal_id, status="B", lines=lines)
    return replace(facts, records=(*facts.records, rma))


def _others_receive(facts: ReturnFacts, told: bool) -> ReturnFacts:
    """Whatever is authorised comes in over there."""
    assert told
    changed = [
        replace(one, status="F", lines=tuple(replace(line, received=line.quantity) for line in one.lines))
        if one.record_type == "returnAuthorization"
        else one
        for one in facts.records
    ]
    return replace(facts, records=tuple(changed))


def _others_credit(facts: ReturnFacts, told: Json) -> ReturnFacts:
    """Another system credits its authorization: type, id and total."""
    rma = facts.records_of("returnAuthorization")[0]
    total = Decimal(told["total"])
    open_amount = total if told["type"] == "creditMemo" else ZERO
    record = make_netsuite(
        told["type"], told["id"], created_from_id=rma.internal_id, total=total, amount_remaining=open_amount
    )
    return replace(facts, records=(*facts.records, record))


def _sibling_takes(facts: ReturnFacts, told: list[Json]) -> ReturnFacts:
    """Another return of the order is about to take units of these lines of a bill."""
    claims = tuple(ClaimFacts(one.get("bill", "7001"), one["line"], one["quantity"]) for one in told)
    return replace(facts, claims=claims)


def _exchange_is_billed(facts: ReturnFacts, amount: str) -> ReturnFacts:
    """The invoice of the exchange order, all of it open."""
    (order,) = find_exchange_orders(facts)
    money = {"total": Decimal(amount), "amount_remaining": Decimal(amount)}
    invoice = make_netsuite("invoice", "9201", created_from_id=order.internal_id, **money)
    return replace(facts, records=(*facts.records, invoice))


def _record_is_deleted(facts: ReturnFacts, record_type: str) -> ReturnFacts:
    assert facts.records_of(record_type), f"NetSuite has no {record_type} to delete"
    freed: Counter[str] = Counter()
    for one in facts.records_of(record_type):
        freed.update(dict(one.pays))
    records = tuple(
        replace(one, gone=one.gone or one.record_type == record_type)
        if one.internal_id not in freed
        else replace(one, amount_remaining=one.amount_remaining + freed[one.internal_id])
        for one in facts.records
    )
    return replace(facts, records=records)


def _refunded_by_hand(facts: ReturnFacts, amount: str) -> ReturnFacts:
    """Somebody books a refund on the Credit Memo."""
    return _less_is_open(facts, amount)


def _applied_by_hand(facts: ReturnFacts, amount: str) -> ReturnFacts:
    """Somebody lets the Credit Memo pay another bill of the customer; a negative amount takes it back."""
    return _less_is_open(facts, amount)


def _less_is_open(facts: ReturnFacts, amount: str) -> ReturnFacts:
    changed = []
    for one in facts.records:
        left = one.amount_remaining - Decimal(amount)
        is_memo = one.record_type == "creditMemo"
        changed.append(replace(one, amount_remaining=left) if is_memo else one)
    return replace(facts, records=tuple(changed))


def _others_refund(facts: ReturnFacts, told: list[Json]) -> ReturnFacts:
    """Somebody else books Customer Refunds on the Credit Memo. by: whose account; "" if NetSuite shows none."""
    memo = facts.records_of("creditMemo")[0]
    made = []
    for number, row in enumerate(told, 9301 + len(facts.records)):
        amount = Decimal(row["amount"])
        account = facts.policy.tenders[row["by"]].account_id if row["by"] else ""
        memo = replace(memo, amount_remaining=memo.amount_remaining - amount)
        made.append(
            make_netsuite(
                "customerRefund", str(number), account_id=account, total=amount, pays=((memo.internal_id, amount),)
            )
        )
    others = tuple(one for one in facts.records if one.internal_id != memo.internal_id)
    return replace(facts, records=(*others, memo, *made))


def _period_is_closed(facts: ReturnFacts, month: str) -> ReturnFacts:
    """A refusal told so; empty: it is open again."""
    pause = PauseFacts(f"period:{month}", "period_closed", f"The period of {month} is closed in NetSuite.")
    return replace(facts, pauses=(pause,) if month else ())


# --- People ----------------------------------------------------------------------------------------


def _person_approves(facts: ReturnFacts, told: bool) -> ReturnFacts:
    assert told
    seen = tuple(ApprovalFacts("credit", one.seen_hash) for one in plan_return(facts).problems if one.seen_hash)
    assert seen, "nothing waits for an approval"
    return replace(facts, approvals=(*facts.approvals, *seen))


def _person_notes(facts: ReturnFacts, code: str) -> ReturnFacts:
    found = [one for one in plan_return(facts).problems if one.code == code]
    assert found, f"there is no problem {code} to note"
    noted = [OverrideFacts("acknowledge", f"{code} {one.subject}", "seen", PERSON) for one in found]
    again = {one.posting for one in found if code == "foreign_record"}  # it is no double: ours goes out beside it
    postings = tuple(one for one in facts.postings if one.external_id not in again)
    return replace(facts, overrides=(*facts.overrides, *noted), postings=postings)


def _person_says(facts: ReturnFacts, told: list[Json]) -> ReturnFacts:
    """Overrides: kind, subject and value."""
    said = [OverrideFacts(one["kind"], one["subject"], one["value"], PERSON) for one in told]
    return replace(facts, overrides=(*facts.overrides, *said))


def _person_retries(facts: ReturnFacts, kind: str) -> ReturnFacts:
    """What was refused goes out again, under its old id."""
    left = tuple(one for one in facts.postings if (one.kind, one.status) != (kind, "rejected"))
    assert left != facts.postings, f"no {kind} was refused"
    return replace(facts, postings=left)


def _something_stands_still(facts: ReturnFacts, told: Json) -> ReturnFacts:
    """A flow, an account, a kind of record: what a refusal or a person stopped; empty: all goes on."""
    return replace(facts, pauses=(PauseFacts(**told),) if told else ())


def _sku_is_mapped(facts: ReturnFacts, told: Json) -> ReturnFacts:
    units = tuple(replace(one, item_id=told.get(one.sku, one.item_id)) for one in facts.units)
    found = tuple(replace(one, item_id=told.get(one.sku, one.item_id)) for one in facts.found)
    exchanges = tuple(replace(one, item_id=told.get(one.sku, one.item_id)) for one in facts.exchanges)
    return replace(facts, units=units, exchanges=exchanges, found=found)


def _rules_change(facts: ReturnFacts, told: Json) -> ReturnFacts:
    """Somebody activates other rules: settings by their names, each as a whole; the others stay."""
    wanted = build_policy(**told)
    return replace(facts, policy=replace(facts.policy, **{name: getattr(wanted, name) for name in told}))


HAPPENINGS: dict[str, Callable[[ReturnFacts, Any], ReturnFacts]] = {
    "loop": _loop_tells,
    "loop_settles": _loop_settles,
    "units": _units_change,
    "exchange": _exchange_is_made,
    "replacement": _replacements_change,
    "bills_exchange": _exchange_is_billed,
    "restocked": _units_are_restocked,
    "scanned": _parcel_is_scanned,
    "judged": _units_are_judged,
    "found": _goods_are_found,
    "missing": _loop_loses_it,
    "units_added": _units_are_added,
    "items_read": _items_are_read,
    "bill_arrives": _bill_arrives,
    "record_appears": _record_appears,
    "record_changes": _record_changes,
    "stock": _stock_is_read,
    "stock_elsewhere": _stock_is_elsewhere,
    "stock_untold": _stock_is_untold,
    "others_authorise": _others_authorise,
    "others_receive": _others_receive,
    "others_credit": _others_credit,
    "sibling_takes": _sibling_takes,
    "record_deleted": _record_is_deleted,
    "refunded_by_hand": _refunded_by_hand,
    "applied_by_hand": _applied_by_hand,
    "others_refund": _others_refund,
    "period_closed": _period_is_closed,
    "stopped": _something_stands_still,
    "retried": _person_retries,
    "mapped": _sku_is_mapped,
    "approved": _person_approves,
    "noted": _person_notes,
    "said": _person_says,
    "goods": _person_says_of_goods,
    "rules": _rules_change,
}


def _each_unit(facts: ReturnFacts, told: Json, change: Callable[[UnitFacts, Any], UnitFacts]) -> ReturnFacts:
    unknown = told.keys() - {str(number) for number in range(1, len(facts.units) + 1)}
    assert not unknown, f"there is no unit {sorted(unknown)}"
    numbered = enumerate(facts.units, 1)
    units = tuple(change(unit, told[str(number)]) if str(number) in told else unit for number, unit in numbered)
    return replace(facts, units=units)

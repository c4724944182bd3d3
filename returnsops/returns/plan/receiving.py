"""Chapter 4: Item Receipts. Nothing is received at a sellable place that nobody judged sellable (promise 3).

Units are received once they are accepted, each at its place; or, by policy, at the holding location: when their parcel
arrives, when Loop restocks them, or once they are accepted. What lies on hold is moved on by `shelving.py`.
"""

from collections import Counter
from datetime import datetime

from returnsops.lib.money import add_up
from returnsops.lib.words import count_words
from returnsops.returns.facts import ReturnFacts, UnitFacts
from returnsops.returns.places import location_of, place_words, status_detail, status_of
from returnsops.returns.plan.authorization import Authorization, memo_text
from returnsops.returns.plan.draft import Draft, PostingDue, StepState
from returnsops.returns.plan.expecting import expect_record, goods_came_at, is_noted_as_missing
from returnsops.returns.plan.giving_up import are_goods_given_up
from returnsops.returns.plan.kits import is_received_by_hand
from returnsops.returns.plan.undone import AS_NOTED, given_up, is_given_up, is_gone
from returnsops.returns.policy import ReceiptShape, ReceiptTrigger
from returnsops.returns.problems import Problem

NOT_ALL_RECEIVED = frozenset({"B", "D", "E"})  # statuses of an authorization, netsuite.md §4.5


def plan_receipts(draft: Draft, authorization: Authorization) -> bool:
    """Post what is to be received, place by place. Gives whether every accepted unit is received in NetSuite."""
    facts = draft.facts
    if not facts.policy.writes("receipt") or is_noted_as_missing(facts, "receipt"):
        return _watch_receipts(draft)
    taken, posted = facts.taken_covers("receipt"), facts.posted_covers("receipt")
    by_hand = _leave_kits_to_hand(draft, authorization)
    place_of = {
        unit.unit: place
        for unit in facts.live_units
        if unit not in by_hand and (place := _place_to_receive(facts, unit))
    }
    by_place: dict[str, list[UnitFacts]] = {}
    for unit in facts.live_units:
        if unit.unit in place_of and unit.cover not in taken:
            by_place.setdefault(place_of[unit.unit], []).append(unit)
    for place, units in sorted(by_place.items()):
        draft.post(_receipt_due(facts, authorization, units, place))
    outstanding = [unit for unit in facts.live_units if unit.unit in place_of and unit.cover not in posted]
    waits_for_hands = any(one.code == "kit_to_receive" for one in draft.problems)
    if waits_for_hands and not outstanding:
        draft.step("receipt", StepState.BLOCKED, "a kit is received by hand")
        return False
    if not outstanding and not _stands_in_netsuite(draft, authorization):
        return False
    _receipt_step(draft, outstanding)
    return not (waits_for_hands or any(unit.is_accepted for unit in outstanding))


def _leave_kits_to_hand(draft: Draft, authorization: Authorization) -> list[UnitFacts]:
    """Those that we did not receive. Each judgement is a case: a kit's receipt does not tell where its members lie."""
    facts = draft.facts
    ours = {cover for one in facts.postings if one.kind == "receipt" and not one.is_theirs for cover in one.covers}
    left = [
        unit
        for unit in facts.live_units
        if unit.cover not in ours and is_received_by_hand(facts, authorization.line_of[unit.unit].item_id)
    ]
    for unit in left:
        if unit.is_accepted:
            target = place_of(facts, unit)
            draft.problem(
                Problem(
                    "kit_to_receive",
                    f"unit:{unit.unit}:{unit.inspection_id}:{target}",
                    f"{unit.title or unit.sku} is a kit, and was judged {unit.outcome}: received on "
                    f"{authorization.record.tran_id}, it belongs at {place_words(target)}.",
                    amount=unit.worth,
                )
            )
    return left


def _watch_receipts(draft: Draft) -> bool:
    """Accepted here, and received by another system. Gives whether nothing more is expected."""
    facts = draft.facts
    posted = facts.posted_covers("receipt")
    outstanding = [unit for unit in facts.accepted_units if unit.cover not in posted]
    if not outstanding:
        _receipt_step(draft, [])
        return True
    counts = Counter(unit.sku for unit in outstanding)
    wanted = ", ".join(f"{count} × {sku}" for sku, count in sorted(counts.items()))
    return expect_record(
        draft,
        "receipt",
        since=goods_came_at(facts),
        limit=facts.policy.deadlines.receipt,
        wanted=wanted,
        amount=add_up(unit.worth + unit.tax for unit in outstanding),
    )


def _place_to_receive(facts: ReturnFacts, unit: UnitFacts) -> str:
    """Where this unit is to be received now; empty: it is not."""
    holding = facts.policy.locations.holding
    if not unit.outcome:
        return holding if _came_unjudged(facts, unit) else ""
    if not unit.is_accepted:
        return ""
    goes_on_hold = facts.policy.receipt_shape == ReceiptShape.HOLD_THEN_TRANSFER and not unit.is_exempt
    return holding if goes_on_hold else place_of(facts, unit)


def _came_unjudged(facts: ReturnFacts, unit: UnitFacts) -> bool:
    """By policy, what came, or what Loop restocked, is received on hold before anybody looked at it.

    Of several parcels nobody knows which came: their units are received as they are judged. Kept units never come.
    """
    if unit.is_kept:
        return False
    if facts.policy.receipt_trigger == ReceiptTrigger.LOOP_RESTOCK_TO_HOLD:
        return unit.restocked_at is not None
    return facts.policy.receipt_trigger == ReceiptTrigger.ARRIVAL_TO_HOLD and _came_in_one(facts)


def _came_in_one(facts: ReturnFacts) -> bool:
    return facts.arrived_at is not None and facts.loop.parcels <= 1


def place_of(facts: ReturnFacts, unit: UnitFacts) -> str:
    """Where its judgement sends an accepted unit."""
    return facts.policy.place_of(
        outcome=unit.outcome, sku=unit.sku, destination=facts.loop.destination, category=unit.category
    )


def waits_for_category(facts: ReturnFacts, unit: UnitFacts) -> bool:
    """A rule hangs on what its item tells, which was not read yet: until then `place_of` is no end."""
    return unit.category is None and facts.policy.hangs_on_category(
        outcome=unit.outcome, sku=unit.sku, destination=facts.loop.destination
    )


def _stands_in_netsuite(draft: Draft, authorization: Authorization) -> bool:
    """A person may delete a receipt or make it smaller. What was not received is not credited either."""
    facts = draft.facts
    receipts = [one for one in facts.postings if one.kind == "receipt" and one.status == "posted"]
    if any(is_gone(facts, one) and not is_given_up(facts, one) for one in receipts):
        draft.step("receipt", StepState.BLOCKED, "an Item Receipt was deleted in NetSuite")
        return False
    wanted = Counter(authorization.line_of[unit.unit] for unit in facts.accepted_units)
    short = [line for line, count in wanted.items() if line.received < count]
    rma = authorization.record
    if (
        are_goods_given_up(facts)
        or not short
        or rma.status not in NOT_ALL_RECEIVED
        or not all(one.read_back for one in receipts)
    ):
        return True
    draft.problem(
        Problem(
            "receipt_changed",
            f"record:{rma.internal_id}",
            f"Received on {rma.tran_id}: {count_words(sum(wanted.values()), 'unit')}; NetSuite shows fewer on "
            f"{', '.join(line.item_name for line in short)}.",
            amount=facts.loop.return_total,
        )
    )
    draft.step("receipt", StepState.BLOCKED, f"NetSuite shows fewer units on {rma.tran_id}")
    return False


def _receipt_step(draft: Draft, outstanding: list[UnitFacts]) -> None:
    """Units whose receipt a person deleted and noted wait for nothing, and are told beside the others."""
    facts = draft.facts
    records = tuple(one.their_id for one in facts.postings if one.kind == "receipt" and one.status == "posted")
    undone = _units_given_up(facts)
    rest = [unit for unit in facts.live_units if unit not in undone]
    if outstanding:
        state, words = StepState.DUE, f"{count_words(len(outstanding), 'unit')} on the way to NetSuite"
    elif undone and not any(unit.is_accepted or unit.is_awaited for unit in rest):
        draft.step("receipt", StepState.NOT_NEEDED, AS_NOTED, records=records)
        return
    else:
        state, words = _where_the_rest_is(facts, rest)
    beside = f"; {count_words(len(undone), 'unit')} {AS_NOTED}" if undone else ""
    draft.step("receipt", state, words + beside, records=records)


def _units_given_up(facts: ReturnFacts) -> list[UnitFacts]:
    covers = {cover for one in given_up(facts, "receipt") for cover in one.covers}
    return [unit for unit in facts.live_units if unit.cover in covers]


def _where_the_rest_is(facts: ReturnFacts, rest: list[UnitFacts]) -> tuple[StepState, str]:
    posted = facts.posted_covers("receipt")
    on_hold = [unit for unit in rest if not unit.outcome and unit.cover in posted]
    accepted = [unit for unit in rest if unit.is_accepted]
    if on_hold:
        return StepState.WAITING, f"{count_words(len(on_hold), 'unit')} received on hold, waits for inspection"
    if not rest or any(unit.is_awaited for unit in rest):
        return StepState.WAITING, "waits for inspection"
    if accepted:
        by_whom = "" if facts.policy.writes("receipt") else " by another system"
        return StepState.DONE, f"{count_words(len(accepted), 'unit')} received{by_whom}"
    return StepState.NOT_NEEDED, "no unit was accepted"


def _receipt_due(facts: ReturnFacts, authorization: Authorization, units: list[UnitFacts], place: str) -> PostingDue:
    counts = Counter(authorization.line_of[unit.unit].line for unit in units)
    stocked = {authorization.line_of[unit.unit].line for unit in units if unit.keeps_stock}
    came_at = max(_came_at(facts, unit) for unit in units)
    tran_date = facts.corrected_date("receipt", came_at=came_at) or facts.date_of(came_at).isoformat()
    # Rows left out would be received in full (netsuite.md §3.3): every open row is listed, and says yes or no.
    rows = [
        {
            "orderLine": int(line.line),
            "itemReceive": True,
            "quantity": counts[line.line],
            "location": {"id": location_of(place)},
            **(status_detail(counts[line.line], status=status_of(place)) if line.line in stocked else {}),
        }
        if counts[line.line]
        else {"orderLine": int(line.line), "itemReceive": False}
        for line in authorization.record.lines
        if not line.is_closed and (counts[line.line] or line.received < line.quantity)
    ]
    rma_id = authorization.record.internal_id
    return PostingDue(
        kind="receipt",
        system="netsuite",
        request={
            "operation": "transform",
            "source_type": "returnAuthorization",
            "source_id": rma_id,
            "target_type": "itemReceipt",
            "replace": [],
            "body": {"tranDate": tran_date, "memo": memo_text(facts), "item": {"items": rows}},
        },
        covers=frozenset({unit.cover for unit in units} | {unit.exempt_cover for unit in units if unit.is_exempt}),
        serial_key=f"{facts.account_id}:{rma_id}",
    )


def _came_at(facts: ReturnFacts, unit: UnitFacts) -> datetime:
    """When it came into the house, as far as its receipt is concerned."""
    moment = unit.inspected_at or unit.restocked_at
    if facts.policy.receipt_trigger == ReceiptTrigger.ARRIVAL_TO_HOLD and _came_in_one(facts):
        moment = facts.arrived_at
    assert moment is not None, f"unit {unit.unit} is to be received and nobody knows since when"
    return moment

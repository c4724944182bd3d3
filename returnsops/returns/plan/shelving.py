"""Chapter 4, continued: received units go from where they lie to where they belong. An Inventory Transfer moves them.

A unit that was received on hold goes to the place of its judgement; one that is judged anew goes on from where it lies.
One that is scrapped is written off by an Inventory Adjustment.
Where they lie is in `lying.py`.
"""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from returnsops.lib.money import add_up
from returnsops.lib.words import count_words
from returnsops.returns.facts import HOLD, SELLABLE, ReturnFacts, UnitFacts
from returnsops.returns.places import location_of, place_words, status_detail, status_of
from returnsops.returns.plan.authorization import Authorization, memo_text
from returnsops.returns.plan.draft import Draft, PostingDue, StepState
from returnsops.returns.plan.kits import stock_in
from returnsops.returns.plan.lying import (
    MOVES,
    WRITTEN_OFF,
    Lying,
    destination_of,
    find_lying,
    is_on_the_move,
    move_cover,
    status_subject,
)
from returnsops.returns.plan.receiving import waits_for_category
from returnsops.returns.plan.undone import AS_NOTED, given_up, is_given_up, is_gone
from returnsops.returns.policy import ReceiptShape
from returnsops.returns.problems import Problem

BY_HAND = {"kit_to_move": "a kit is moved by hand", "status_to_change": "an inventory status is changed by hand"}
CATEGORY_TOLD_WITHIN = timedelta(days=2)  # every item is read once a day

Misplaced = dict[tuple[str, str], list[tuple[UnitFacts, Lying]]]


def plan_shelving(draft: Draft, authorization: Authorization) -> bool:
    """Move what lies elsewhere than its judgement says. Gives whether every accepted unit lies where it belongs."""
    facts = draft.facts
    if not facts.policy.writes("receipt"):
        return True  # what another system receives, it shelves
    moving = [unit for unit in facts.accepted_units if is_on_the_move(facts, unit)]
    misplaced: Misplaced = {}
    untold: list[UnitFacts] = []
    for unit in facts.accepted_units:
        lying = find_lying(facts, unit, authorization)
        is_misplaced = lying is not None and _is_misplaced(facts, unit, lying, authorization)
        if lying and is_misplaced and _may_move(draft, unit, lying, authorization):
            misplaced.setdefault((lying.place, destination_of(facts, unit)), []).append((unit, lying))
        elif lying and lying.place == facts.policy.locations.holding and waits_for_category(facts, unit):
            untold.append(unit)
    for (origin, target), units in sorted(misplaced.items()):
        if target != WRITTEN_OFF:
            draft.post(_transfer_due(facts, authorization, units, origin=origin, target=target))
        elif _may_write_off(draft, units):
            draft.post(_adjustment_due(facts, authorization, units, origin=origin))
    is_accounted_for = not _note_unaccepted(draft, authorization)
    _note_long_holds(draft)
    _shelving_step(draft, moving=len(moving) + sum(map(len, misplaced.values())), untold=untold)
    waits_for_hands = any(one.code in BY_HAND for one in draft.problems)
    return is_accounted_for and not (moving or misplaced or untold or waits_for_hands)


def _may_move(draft: Draft, unit: UnitFacts, lying: Lying, authorization: Authorization) -> bool:
    """Only what a kit is made of is in stock. Where nobody told what that is, a person moves it, once and for all."""
    if not unit.keeps_stock:
        return False
    stock = stock_in(draft.facts, authorization.line_of[unit.unit].item_id, 1)
    target = destination_of(draft.facts, unit)
    if stock and location_of(lying.place) == location_of(target):
        _note_other_status(draft, unit, lying, target)
        return False
    if stock is not None:
        return bool(stock)
    draft.problem(
        Problem(
            "kit_to_move",
            f"unit:{unit.unit}",
            f"{unit.title or unit.sku} is a kit. What it is made of, which nobody told us, lies at "
            f"{place_words(lying.place)} and is "
            + (f"to be {target}." if target == WRITTEN_OFF else f"meant for {place_words(target)}."),
            amount=unit.worth,
        )
    )
    return False


def _note_other_status(draft: Draft, unit: UnitFacts, lying: Lying, target: str) -> None:
    """REST has no Inventory Status Change (netsuite.md §4.12)."""
    draft.problem(
        Problem(
            "status_to_change",
            status_subject(unit, target),
            f"{unit.title or unit.sku} lies at {place_words(lying.place)}, and was judged {unit.outcome}: it belongs "
            f"there in status {status_of(target)}.",
            amount=unit.worth,
        )
    )


def _may_write_off(draft: Draft, units: list[tuple[UnitFacts, Lying]]) -> bool:
    if draft.facts.policy.scrap_account:
        return True
    draft.problem(
        Problem(
            "mapping_missing",
            "policy:scrap_account",
            "The policy names no NetSuite account that scrapped units are written off to.",
            amount=add_up(unit.worth for unit, _ in units),
        )
    )
    return False


def _note_long_holds(draft: Draft) -> None:
    """The customer has their money; the goods still wait for somebody to decide."""
    facts, limit = draft.facts, draft.facts.policy.deadlines.hold
    held = [unit for unit in facts.accepted_units if unit.outcome == HOLD]
    if held and draft.is_late(min(_judged_at(unit) for unit in held), limit):
        draft.problem(
            Problem(
                "hold_overdue",
                f"return:{facts.loop.loop_id}",
                f"On hold since {min(_judged_at(unit) for unit in held):%d %b %Y}: {', '.join(u.sku for u in held)}.",
                amount=add_up(unit.worth for unit in held),
            )
        )


def _is_misplaced(facts: ReturnFacts, unit: UnitFacts, lying: Lying, authorization: Authorization) -> bool:
    """What lies on hold goes on, and what lies in sellable stock that nobody judged so. What was put elsewhere goes on
    only because of a later judgement: other places in the policy are for what comes, and move nothing that is in its
    place."""
    if lying.place in (destination_of(facts, unit), WRITTEN_OFF):
        return False
    is_unjustified = facts.policy.is_sold_from(lying.place) and unit.outcome != SELLABLE
    judged_later = lying.since is not None and _judged_at(unit) > lying.since
    return is_unjustified or judged_later or _lies_on_hold(facts, unit, lying, authorization)


def _lies_on_hold(facts: ReturnFacts, unit: UnitFacts, lying: Lying, authorization: Authorization) -> bool:
    """At the holding location of today, or at that of the day on which we made the authorization.

    That one names no status. Only goods that are transferred from hold have a location to themselves until then: in
    another status of it they may lie where they belong.
    """
    if lying.place == facts.policy.locations.holding:
        return True
    if authorization.posting.is_theirs or lying.moves or lying.noted_at or unit.outcome == HOLD:
        return False
    is_by_location = facts.policy.receipt_shape == ReceiptShape.HOLD_THEN_TRANSFER
    of_then = authorization.line_of[unit.unit].location_id
    return of_then == (location_of(lying.place) if is_by_location else lying.place)


def _transfer_due(
    facts: ReturnFacts, authorization: Authorization, units: list[tuple[UnitFacts, Lying]], *, origin: str, target: str
) -> PostingDue:
    """Source: netsuite.md §4.10."""
    rows = _stock_rows(facts, authorization, [unit for unit, _ in units])
    return PostingDue(
        kind="transfer",
        system="netsuite",
        request={
            "operation": "create",
            "target_type": "inventoryTransfer",
            "body": {
                "tranDate": _date_of_move(facts, "transfer", units),
                "memo": memo_text(facts),
                "location": {"id": location_of(origin)},
                "transferLocation": {"id": location_of(target)},
                "inventory": {"items": [row | _statuses_of(row, origin, target) for row in rows]},
            },
        },
        covers=frozenset(move_cover(unit, lying.moves + 1) for unit, lying in units),
        serial_key=f"{facts.account_id}:{authorization.record.internal_id}",
    )


def _adjustment_due(
    facts: ReturnFacts, authorization: Authorization, units: list[tuple[UnitFacts, Lying]], *, origin: str
) -> PostingDue:
    """Source: netsuite.md §4.11."""
    location = {"id": location_of(origin)}
    rows = [
        row | {"location": location, "adjustQtyBy": -row["adjustQtyBy"]}
        for row in _stock_rows(facts, authorization, [unit for unit, _ in units])
    ]
    return PostingDue(
        kind="adjustment",
        system="netsuite",
        request={
            "operation": "create",
            "target_type": "inventoryAdjustment",
            "body": {
                "tranDate": _date_of_move(facts, "adjustment", units),
                "memo": memo_text(facts),
                "account": {"id": facts.policy.scrap_account},
                "adjLocation": location,
                "inventory": {"items": [row | _statuses_of(row, origin) for row in rows]},
            },
        },
        covers=frozenset(move_cover(unit, lying.moves + 1) for unit, lying in units),
        serial_key=f"{facts.account_id}:{authorization.record.internal_id}",
    )


def _stock_rows(facts: ReturnFacts, authorization: Authorization, units: list[UnitFacts]) -> list[dict[str, Any]]:
    """Of a kit what it is made of."""
    counts: Counter[str] = Counter()
    for unit in units:
        counts.update(stock_in(facts, authorization.line_of[unit.unit].item_id, 1) or {})
    return [{"item": {"id": item}, "adjustQtyBy": count} for item, count in sorted(counts.items())]


def _statuses_of(row: dict[str, Any], origin: str, target: str = "") -> dict[str, Any]:
    return status_detail(row["adjustQtyBy"], status=status_of(origin), to_status=status_of(target))


def _date_of_move(facts: ReturnFacts, kind: str, units: list[tuple[UnitFacts, Lying]]) -> str:
    """The day of the judgement; never before the document that brought the units to where they lie."""
    judged = max(_judged_at(unit) for unit, _ in units)
    brought = [str(lying.last.body.get("tranDate") or "") for _, lying in units]
    return facts.corrected_date(kind, came_at=judged) or max(facts.date_of(judged).isoformat(), *brought)


def _judged_at(unit: UnitFacts) -> datetime:
    assert unit.inspected_at is not None, f"unit {unit.unit} is accepted and nobody knows since when"
    return unit.inspected_at


def _note_unaccepted(draft: Draft, authorization: Authorization) -> bool:
    """Received before they were judged, and then not accepted: NetSuite holds units that are not ours to keep.

    How a receipt is made smaller over REST is documented nowhere, so a person does it. Gives whether it stands.
    """
    facts = draft.facts
    received = facts.posted_covers("receipt")
    wrong = [unit for unit in facts.unaccepted_units if unit.cover in received]
    right = [unit for unit in facts.units if unit.cover in received and unit not in wrong]
    if not wrong or sum(line.received for line in authorization.record.lines) <= len(right):
        return False
    names = ", ".join(f"{unit.sku} ({unit.outcome})" for unit in wrong)
    return draft.problem(
        Problem(
            "received_unaccepted",
            f"return:{facts.loop.loop_id}",
            f"Received on hold in NetSuite, and not accepted: {names}.",
            amount=add_up(unit.worth + unit.tax for unit in wrong),
        )
    )


def _wait_for_categories(draft: Draft, units: list[UnitFacts]) -> None:
    """Were it settled meanwhile, nobody would plan it again once they are told."""
    skus = ", ".join(sorted({unit.sku for unit in units}))
    words = f"on hold until NetSuite tells the category of {skus}"
    since = min(map(_judged_at, units))
    if draft.waits_too_long("shelve", words, since=since, limit=CATEGORY_TOLD_WITHIN):
        draft.problem(
            Problem(
                "category_untold",
                f"return:{draft.facts.loop.loop_id}",
                f"A rule of places hangs on the category of {skus}, which was not read since {since:%d %b %Y}.",
                amount=add_up(unit.worth for unit in units),
            )
        )


def _shelving_step(draft: Draft, *, moving: int, untold: list[UnitFacts]) -> None:
    """Only where something is or was moved: mostly a receipt brings units to their place by itself."""
    facts = draft.facts
    moves = [one for one in facts.postings if one.kind in MOVES and one.status == "posted"]
    records = tuple(one.their_id for one in moves)
    if any(is_gone(facts, one) and not is_given_up(facts, one) for one in moves):
        draft.step("shelve", StepState.BLOCKED, "what moved them was deleted in NetSuite", records=records)
    elif any(one.code == "received_unaccepted" for one in draft.problems):
        draft.step("shelve", StepState.BLOCKED, "units that were not accepted lie on hold", records=records)
    elif by_hand := [BY_HAND[one.code] for one in draft.problems if one.code in BY_HAND]:
        draft.step("shelve", StepState.BLOCKED, by_hand[0], records=records)
    elif moving and any(one.subject == "policy:scrap_account" for one in draft.problems):
        draft.step("shelve", StepState.BLOCKED, "no account to write scrapped units off to", records=records)
    elif moving:
        draft.step("shelve", StepState.DUE, f"{count_words(moving, 'unit')} on the way to their place", records=records)
    elif untold:
        _wait_for_categories(draft, untold)
    elif given_up(facts, *MOVES):
        draft.step("shelve", StepState.NOT_NEEDED, f"what moved them was {AS_NOTED}", records=records)
    elif moves or any(unit.outcome == HOLD for unit in facts.accepted_units):
        held = sum(unit.outcome == HOLD for unit in facts.accepted_units)
        words = (
            f"{count_words(held, 'unit')} on hold until judged again" if held else "every unit lies where it belongs"
        )
        draft.step("shelve", StepState.DONE, words, records=records)

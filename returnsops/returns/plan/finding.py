"""A part of the inspection: goods in the parcel that are not on the return (requirements C8, C16).

They are on no order of this return, so they are never received, credited or sellable. A person says what becomes of
them. What lay in place of a declared unit holds the settlement meanwhile: Loop settles once, and the right unit may
still come.
"""

from enum import StrEnum
from typing import Any

from returnsops.lib.money import add_up
from returnsops.returns.facts import FoundFacts, ReturnFacts
from returnsops.returns.places import location_of, status_detail, status_of
from returnsops.returns.plan.authorization import memo_text
from returnsops.returns.plan.draft import Draft, PostingDue, StepState
from returnsops.returns.plan.kits import stock_in
from returnsops.returns.plan.settling import REQUESTS, is_loop_first
from returnsops.returns.problems import Problem

KIND = "take_in"


class FoundChoice(StrEnum):
    """What a person says becomes of goods that are not on the return."""

    SEND_BACK = "send_back"
    TAKE_IN = "take_in"  # into stock at the holding location, by Inventory Adjustment
    LEAVE = "leave"


WORDS = {
    FoundChoice.SEND_BACK: "goes back to the customer",
    FoundChoice.TAKE_IN: "taken into stock on hold",
    FoundChoice.LEAVE: "nothing is booked for it",
}


def plan_found(draft: Draft) -> None:
    """Ask what becomes of what was found, and do it. What cannot be done is asked again."""
    facts = draft.facts
    if not facts.found:
        return
    undecided = [one for one in facts.found if said_about(facts, one) is None]
    taken = facts.taken_covers(KIND)
    wanted = [one for one in facts.found if said_about(facts, one) == FoundChoice.TAKE_IN and one.cover not in taken]
    may_post = [one for one in wanted if _may_take_in(draft, one)]
    for one in facts.found:
        if one in undecided or (one in wanted and (one not in may_post or _was_refused(facts, one))):
            draft.problem(_problem_of(facts, one))
    for one in may_post:
        draft.post(_take_in_due(facts, one))
    on_the_way = [one for one in facts.found if one.cover in taken - facts.posted_covers(KIND)]
    _found_step(draft, undecided=undecided, blocked=len(wanted) > len(may_post), moving=[*may_post, *on_the_way])


def is_to_be_taken_in(draft: Draft) -> bool:
    """A return is not through while goods that lay in its parcel should come into stock and are not there."""
    facts, posted = draft.facts, draft.facts.posted_covers(KIND)
    is_told = any(step.code == "found" for step in draft.steps)
    wanted = [one for one in facts.found if said_about(facts, one) == FoundChoice.TAKE_IN]
    return is_told and any(one.cover not in posted for one in wanted)


def said_about(facts: ReturnFacts, found: FoundFacts) -> FoundChoice | None:
    said = facts.override("found", found.subject)
    return FoundChoice(said) if said else None


def holds_settlement(facts: ReturnFacts) -> bool:
    """Something lies in place of a declared unit, nobody has said what follows, and Loop still can be kept waiting."""
    is_asked = any(facts.taken(kind) for kind in REQUESTS)
    if facts.loop.settled_at or facts.loop.state == "closed" or is_asked or is_loop_first(facts):
        return False
    return any(_is_still_missing(facts, one) and said_about(facts, one) is None for one in facts.found)


def _is_still_missing(facts: ReturnFacts, found: FoundFacts) -> bool:
    return any(unit.unit == found.in_place_of and not unit.is_accepted for unit in facts.live_units)


def _was_refused(facts: ReturnFacts, found: FoundFacts) -> bool:
    """NetSuite does not take it in: another word about it is the way out, beside sending it again."""
    tried = (one for one in facts.postings if one.kind == KIND and found.cover in one.covers)
    return any(one.status == "rejected" for one in tried)


def _problem_of(facts: ReturnFacts, found: FoundFacts) -> Problem:
    declared = next((unit for unit in facts.units if unit.unit == found.in_place_of), None)
    where = f"in place of {declared.title or declared.sku}" if declared else "and is not on the return"
    cause = f"{found.count} × {found.sku} lay in the parcel {where}.{_words_of_kit(facts, found)}"
    if said_about(facts, found) == FoundChoice.TAKE_IN:
        cause += " It cannot be taken into stock as things are: remove the reason, or say anew what becomes of it."
    if declared is None:
        return Problem("undeclared_item", found.subject, cause)
    return Problem(
        "wrong_item",
        found.subject,
        cause,
        expected=declared.sku,
        found=found.sku,
        amount=add_up([declared.worth, declared.tax]),
    )


def _words_of_kit(facts: ReturnFacts, found: FoundFacts) -> str:
    """Said before anybody decides: NetSuite keeps only what a kit is made of in stock."""
    kit = facts.kit(found.item_id)
    if kit is None:
        return ""
    stock = stock_in(facts, found.item_id, found.count)
    if stock:
        return f" It is a kit of {kit.words}; taken into stock, these are booked."
    if stock is not None:
        return f" It is a kit of {kit.words}, of which NetSuite keeps nothing in stock, so it cannot be taken there."
    return (
        " It is a kit, and nobody told us what it is made of, so it cannot be taken into stock before that is entered "
        "under Items in the admin."
    )


def _may_take_in(draft: Draft, found: FoundFacts) -> bool:
    policy, missing = draft.facts.policy, ""
    if not policy.writes("receipt"):
        missing = "ReturnsOps writes no receipts for this shop, so it cannot take goods into stock either."
    elif not policy.found_account:
        missing = "The policy names no NetSuite account that found goods are booked against."
    if missing:
        draft.problem(Problem("mapping_missing", "policy:found_account", missing))
    elif not found.item_id:
        cause = f"SKU {found.sku} of goods that were found has no NetSuite item."
        draft.problem(Problem("sku_unmapped", f"sku:{found.sku}", cause, found=found.sku))
    is_known = bool(found.item_id) and bool(stock_in(draft.facts, found.item_id, found.count))
    return not missing and is_known


def _take_in_due(facts: ReturnFacts, found: FoundFacts) -> PostingDue:
    """On hold, never sellable: nobody has judged it. Source: netsuite.md §4.11."""
    place = facts.policy.locations.holding
    holding = {"id": location_of(place)}
    stock = stock_in(facts, found.item_id, found.count) or {}
    rows: list[dict[str, Any]] = [
        {"item": {"id": item}, "adjustQtyBy": count, "location": holding}
        | status_detail(count, status=status_of(place))
        for item, count in sorted(stock.items())
    ]
    return PostingDue(
        kind=KIND,
        system="netsuite",
        request={
            "operation": "create",
            "target_type": "inventoryAdjustment",
            "body": {
                "tranDate": facts.corrected_date(KIND, came_at=found.found_at)
                or facts.date_of(found.found_at).isoformat(),
                "memo": memo_text(facts),
                "account": {"id": facts.policy.found_account},
                "adjLocation": holding,
                "inventory": {"items": rows},
            },
        },
        covers=frozenset({found.cover}),
        serial_key=f"{facts.account_id}:{found.cover}",
    )


def _found_step(draft: Draft, *, undecided: list[FoundFacts], blocked: bool, moving: list[FoundFacts]) -> None:
    facts = draft.facts
    posted = [one for one in facts.postings if one.kind == KIND and one.status == "posted"]
    records = tuple(one.their_id for one in posted)
    if undecided:
        what = ", ".join(f"{one.count} × {one.sku}" for one in undecided)
        draft.step("found", StepState.BLOCKED, f"waits for a word about {what}", records=records)
    elif blocked:
        draft.step("found", StepState.BLOCKED, _why_blocked(facts), records=records)
    elif moving:
        draft.step("found", StepState.DUE, "on the way into stock on hold", records=records)
    else:
        words = [f"{one.count} × {one.sku}: {_words_of(facts, one)}" for one in facts.found]
        draft.step("found", StepState.DONE, "; ".join(words), records=records)


def _why_blocked(facts: ReturnFacts) -> str:
    kits = [one for one in facts.found if facts.kit(one.item_id)]
    if any(stock_in(facts, one.item_id, one.count) is None for one in kits):
        return "what a kit is made of is not known"
    return "NetSuite keeps nothing of it in stock" if kits else "a mapping is missing"


def _words_of(facts: ReturnFacts, found: FoundFacts) -> str:
    said = said_about(facts, found)
    return WORDS[said] if said else ""

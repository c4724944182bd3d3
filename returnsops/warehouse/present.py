"""What the station's templates are told, in the shapes that templates/components take."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from returnsops.lib.money import money_text
from returnsops.lib.words import count_words
from returnsops.returns.models import FoundGoods, InspectedUnit, LoopReturn
from returnsops.returns.policies import active_policy
from returnsops.returns.policy import ReceiptShape
from returnsops.warehouse.parcel import Parcel, Unit

Shown = dict[str, Any]
Outcome = InspectedUnit.Outcome

# value: label, tone, icon, key
OUTCOMES = {
    Outcome.SELLABLE: ("Sellable", "good", "check", "1"),
    Outcome.DAMAGED: ("Damaged", "warn", "triangle-alert", "2"),
    Outcome.REFUSED: ("Refused", "bad", "ban", "3"),
    Outcome.MISSING: ("Missing", "neutral", "package-x", "4"),
    Outcome.HOLD: ("On hold", "accent", "hourglass", "5"),
    Outcome.SCRAPPED: ("Scrapped", "neutral", "trash-2", "6"),
}
WORDS = {
    Outcome.DAMAGED: ("Worn", "Stained", "Torn", "Broken", "Parts missing"),
    Outcome.SCRAPPED: ("Unsafe", "Not worth repair", "Used up", "Soiled"),
    Outcome.HOLD: ("Needs an expert", "Needs a test", "Parts to come", "Unsure"),
    Outcome.REFUSED: ("Used", "Damaged by customer", "Not ours"),
}
RELEASED = {
    Outcome.SELLABLE: "Moved to sellable stock.",
    Outcome.DAMAGED: "Moved to the damaged location.",
    Outcome.SCRAPPED: "Written off.",
}
FINISHING = {
    "will": ["Your outcomes count: receipts, refund or exchange go on by themselves."],
    "will_not": ["Nothing can be corrected here afterwards. If something is wrong then, ask finance."],
}
ACCEPTED = {Outcome.SELLABLE, Outcome.DAMAGED, Outcome.HOLD, Outcome.SCRAPPED}
TRIED = ("tracking number", "Loop id", "order", "RMA number", "item barcode")


def unit_shown(parcel: Parcel, unit: Unit) -> Shown:
    line = unit.line
    return {
        "title": line.title or line.sku or f"Unit {line.line_item_id}",
        "sku": line.sku or "–",
        "image": line.image_url,
        "number": parcel.units.index(unit) + 1,
        "total": len(parcel.units),
        "badges": [{"tone": "accent", "label": "Exchange waiting", "icon": "arrow-left-right"}]
        if is_exchanged(parcel, unit)
        else [],
        "reason": f"Reason: {line.reason.lower()}" if line.reason else "",
        "comment": line.comment,
    }


NOT_PAID = "Loop settled without it. Put it aside: finance agrees with the customer what follows."
TURNED_UP = {
    Outcome.SELLABLE: NOT_PAID,
    Outcome.DAMAGED: NOT_PAID,
    Outcome.REFUSED: "Loop settled without it, and so it stays. Not taken into stock.",
}


def outcomes_shown(parcel: Parcel, unit: Unit) -> list[Shown]:
    effects = effects_of(parcel, unit)
    chosen = unit.standing.outcome if unit.standing else ""
    return [
        {
            "value": value, "label": label, "tone": tone, "icon": icon, "key": key,
            "effect": effects[value], "is_chosen": value == chosen,
        }
        for value, (label, tone, icon, key) in OUTCOMES.items() if value in effects
    ]  # fmt: skip


def effects_of(parcel: Parcel, unit: Unit) -> dict[Outcome, str]:
    """What each outcome does to the customer's money and to stock; of a unit on hold, those that release it, and of
    one that came after all, those that tell finance what it is like."""
    if unit.is_on_hold:
        return RELEASED
    if unit.line.removed:
        return TURNED_UP
    goes_on, stops = _money_effects(parcel, unit)
    effects = {
        Outcome.SELLABLE: f"{goes_on} Back to sellable stock.",
        Outcome.DAMAGED: f"{goes_on} To the damaged location.",
        Outcome.REFUSED: f"{stops} Not taken into stock.",
        Outcome.MISSING: f"Was not in the parcel. {stops}",
        Outcome.HOLD: f"{goes_on} Waits on hold for somebody to judge it again.",
        Outcome.SCRAPPED: f"{goes_on} Written off.",
    }
    return {outcome: words for outcome, words in effects.items() if outcome != Outcome.MISSING or not unit.is_missing}


def _money_effects(parcel: Parcel, unit: Unit) -> tuple[str, str]:
    """Of a unit that is accepted, and of one that is not."""
    if parcel.row.stage == LoopReturn.Stage.SETTLED:
        return "The money was settled before.", "The money was settled before."
    if is_exchanged(parcel, unit):
        return "The exchange goes on.", "Finance settles the exchange by hand."
    amount = money_text(unit.line.refund, parcel.row.currency)
    if parcel.is_paid:
        return f"Loop has paid {amount} already.", f"Loop has paid {amount} already; finance is asked."
    return f"Customer gets {amount}.", f"{amount} is not refunded."


def is_exchanged(parcel: Parcel, unit: Unit) -> bool:
    return parcel.row.outcome.lower().startswith("exchange") and not unit.line.refund


def units_shown(parcel: Parcel, *, current: Unit | None) -> list[Shown]:
    """The list beside the unit. A unit can be opened as long as its outcome can be chosen."""
    address = reverse("inspect-parcel", args=[parcel.row.pk])
    return [
        {
            "title": unit.line.title or unit.line.sku,
            "sku": unit.line.sku,
            "image": unit.line.image_url,
            "is_current": unit is current,
            "href": f"{address}?unit={unit.line.line_item_id}" if unit.is_choosable else "",
            "badge": _unit_badge(unit, is_current=unit is current),
        }
        for unit in parcel.units
    ]


def _unit_badge(unit: Unit, *, is_current: bool) -> Shown:
    if unit.standing is None:
        return {"tone": "accent", "label": "Now"} if is_current else {"tone": "neutral", "label": "Expected"}
    label, tone, icon, _ = OUTCOMES[Outcome(unit.standing.outcome)]
    return {"tone": tone, "icon": icon, "label": label if unit.is_mine else f"{label}, {unit.standing.inspector}"}


def parcel_badges(row: LoopReturn) -> list[Shown]:
    badges = []
    if row.outcome.lower().startswith("exchange"):
        badges.append({"tone": "accent", "label": "Exchange waiting", "icon": "arrow-left-right"})
    if row.state == LoopReturn.State.REVIEW:
        badges.append({"tone": "warn", "label": "In review in Loop", "icon": "eye"})
    return badges


def waiting_shown(rows: Iterable[Any]) -> list[Shown]:
    """rows: as `waiting.parcels_in_order` gives them."""
    return [
        {
            "title": f"Order {row.order_name}",
            "variant": f"{count_words(row.unit_count, 'unit')} · {row.shop}",
            "sku": f"Return {row.loop_id}",
            "href": reverse("inspect-parcel", args=[row.pk]),
            "at": row.delivered_at,
            "is_exchange": row.has_exchange,
        }
        for row in rows
    ]


def held_shown(held: Iterable[tuple[LoopReturn, datetime]]) -> list[Shown]:
    """held: as `waiting.returns_on_hold` gives them."""
    return [
        {
            "title": f"Order {row.order_name}",
            "shop": str(row.shop),
            "href": reverse("inspect-parcel", args=[row.pk]),
            "at": since,
        }
        for row, since in held
    ]


def found_shown(rows: Iterable[LoopReturn], *, scanned: str) -> list[Shown]:
    return [
        {
            "title": f"Order {row.order_name}",
            "variant": f"{row.shop} · created {row.created_at:%d %b %Y}",
            "sku": f"Return {row.loop_id}",
            "href": reverse("inspect-parcel", args=[row.pk]),
            "badge": {"tone": "neutral", "label": row.get_stage_display()},
        }
        for row in rows
    ]


def nothing_found(scanned: str) -> Shown:
    ways = [{"label": "Search all returns", "href": f"{reverse('search')}?{urlencode({'q': scanned})}"}]
    return refused_answer(f"Nothing found for {scanned}.") | {"tried": TRIED, "ways": ways}


def refused_answer(text: str) -> Shown:
    return {"answer": {"tone": "bad", "icon": "circle-alert", "text": text, "feedback": "refused"}}


def finished_answer(parcel: Parcel) -> Shown:
    """What the scan box says after «Finish»: what was noted, and when it is in NetSuite."""
    counts = outcome_counts(unit.standing.outcome for unit in parcel.units if unit.standing)
    return {
        "tone": "good", "icon": "circle-check", "feedback": "accepted",
        "text": f"Order {parcel.row.order_name} is done: {counts}. {posted_when(parcel)}",
    }  # fmt: skip


def posted_when(parcel: Parcel) -> str:
    """When NetSuite has it, as far as it can be told before the new plan is made."""
    if parcel.row.stage == LoopReturn.Stage.SETTLED:
        return "It was settled before: stock follows where it has to, and finance is asked about the money."
    accepted = {unit.standing.outcome for unit in parcel.units if unit.standing} & ACCEPTED
    if not accepted:
        return "Nothing goes to NetSuite stock: no unit was accepted."
    policy = active_policy(parcel.row.shop)
    if not policy.writes("receipt"):
        return "ReturnsOps only watches receipts here; another system posts them."
    goes_on_hold = policy.receipt_shape == ReceiptShape.HOLD_THEN_TRANSFER
    places = {"holding"} if goes_on_hold else {policy.locations.for_outcome(outcome) for outcome in accepted}
    counts = {1: "the Item Receipt", 2: "two Item Receipts, one per place,", 3: "three Item Receipts, one per place,"}
    what = counts[len(places)]
    if parcel.rma_number:
        return f"NetSuite gets {what} within seconds."
    if parcel.row.stage == LoopReturn.Stage.NEEDS_PERSON:
        return f"NetSuite gets {what} once the open case of this return is settled."
    return f"NetSuite gets {what} as soon as its Return Authorization is there."


def outcome_counts(outcomes: Iterable[str]) -> str:
    """«1 sellable, 2 damaged», in the order of the buttons."""
    found = list(outcomes)
    return ", ".join(
        f"{found.count(value)} {label.lower()}" for value, (label, *_) in OUTCOMES.items() if value in found
    )


def found_text(found: Iterable[FoundGoods]) -> str:
    """«found: 2 × SOCKS»."""
    notes = [str(one) for one in found]
    return f"found: {', '.join(notes)}" if notes else ""


def note_question(unit: Unit, outcome: Outcome) -> Shown:
    """What is asked before «damaged» or «refused» is kept."""
    label, tone, icon, _ = OUTCOMES[outcome]
    words = [{"value": word, "key": str(number)} for number, word in enumerate(WORDS[outcome], start=1)]
    return {"outcome": outcome.value, "label": label, "tone": tone, "icon": icon, "words": words}


def unit_fields(unit: Unit) -> list[Shown]:
    """Hidden in the form: which unit, and a name for this press, so that sending it twice is sending it once."""
    return [{"name": "unit", "value": unit.line.line_item_id}, {"name": "client_id", "value": uuid.uuid4()}]


def unfinished_shown(parcel: Parcel) -> list[Shown]:
    """What colleagues judged and left open, so that a parcel does not wait for somebody who went home."""
    shown = []
    for inspection in parcel.unfinished_of_others:
        judged = [one.standing for one in parcel.units if one.standing and one.standing.inspection_id == inspection.pk]
        counts = outcome_counts(one.outcome for one in judged)
        text = f"{inspection.inspector} judged {count_words(len(judged), 'unit')} ({counts}) and has not finished."
        shown.append({"id": inspection.pk, "name": inspection.inspector.name, "text": text})
    return shown


def judged_text(parcel: Parcel, judged: list[tuple[str, str]]) -> str:
    """judged: (unit, outcome) of one press."""
    if len(judged) != 1:
        return f"{count_words(len(judged), 'unit')} noted as sellable. Not final until you finish."
    ((line_item_id, outcome),) = judged
    unit = parcel.unit(line_item_id)
    title = unit.line.title or unit.line.sku if unit else line_item_id
    if unit and unit.is_on_hold:
        return f"{title}: {OUTCOMES[Outcome(outcome)][0].lower()}, no longer on hold."
    return f"{title}: {OUTCOMES[Outcome(outcome)][0].lower()}. Not final until you finish."

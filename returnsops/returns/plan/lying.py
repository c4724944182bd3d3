"""A part of chapter 4: where received units lie in NetSuite's books, by the documents that stand there, and by what a
person noted of a change of status, which no document of ours can make.

Each move of a unit has a number, so that no move is made twice and the next one can only begin where the last ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from returnsops.returns.facts import HOLD, SCRAPPED, PostingFacts, ReturnFacts, UnitFacts
from returnsops.returns.places import place_of_row
from returnsops.returns.plan.authorization import Authorization
from returnsops.returns.plan.receiving import place_of, waits_for_category
from returnsops.returns.plan.undone import is_given_up, is_gone

RECEIPT = frozenset({"receipt"})
MOVES = frozenset({"transfer", "adjustment"})  # kinds of postings that move what was received
WRITTEN_OFF = "written off"  # in the place of a location


@dataclass(frozen=True)
class Lying:
    """Where a received unit lies. moves: how often it was moved. last: what brought it there.

    noted_at: when a person noted that they brought it on from there into another status, within its location.
    """

    place: str
    moves: int
    last: PostingFacts
    noted_at: datetime | None = None

    @property
    def since(self) -> datetime | None:
        return self.noted_at or self.last.posted_at


def find_lying(facts: ReturnFacts, unit: UnitFacts, authorization: Authorization) -> Lying | None:
    """Where the unit lies by the documents that stand in NetSuite; None: it is not received, or nobody knows."""
    receipt = _covering(facts, RECEIPT, unit.cover)
    if receipt is None or receipt.is_theirs or receipt.status != "posted" or is_gone(facts, receipt):
        return None
    lying = Lying(_received_at(facts, receipt, unit, authorization), 0, receipt)
    for move in _moves_of(facts, unit):
        if move.status != "posted" or is_gone(facts, move):
            return None
        lying = Lying(_target_of(facts, move), lying.moves + 1, move)
    return _with_changed_status(facts, unit, lying)


def status_subject(unit: UnitFacts, target: str) -> str:
    """Of the case that asks a person for another status: each judgement is a case of its own, so that what was noted of
    one says nothing of the next."""
    return f"unit:{unit.unit}:{unit.inspection_id}:{target}"


def _with_changed_status(facts: ReturnFacts, unit: UnitFacts, lying: Lying) -> Lying:
    """No document shows it, so a note of the case says it. What was posted since then says where the unit lies now."""
    for said_at, place in sorted(_noted_places(facts, unit)):
        if lying.last.posted_at is None or said_at > lying.last.posted_at:
            lying = replace(lying, place=facts.policy.as_place(place), noted_at=said_at)
    return lying


def _noted_places(facts: ReturnFacts, unit: UnitFacts) -> Iterator[tuple[datetime, str]]:
    for one in facts.overrides:
        subject, _, place = one.subject.rpartition(":")
        is_of_unit = subject.rpartition(":")[0] == f"status_to_change unit:{unit.unit}"
        if one.kind == "acknowledge" and is_of_unit and one.said_at:
            yield one.said_at, place


def move_cover(unit: UnitFacts, number: int) -> str:
    return f"move:{unit.unit}:{number}"


def is_on_the_move(facts: ReturnFacts, unit: UnitFacts) -> bool:
    """A move of it is on its way, or was undone by a person who has not said why."""
    return any(
        one.status != "posted" or (is_gone(facts, one) and not is_given_up(facts, one))
        for one in _moves_of(facts, unit)
    )


def _moves_of(facts: ReturnFacts, unit: UnitFacts) -> Iterator[PostingFacts]:
    """In the order in which they were made."""
    number = 1
    while move := _covering(facts, MOVES, move_cover(unit, number)):
        yield move
        number += 1


def _covering(facts: ReturnFacts, kinds: frozenset[str], cover: str) -> PostingFacts | None:
    return next((one for one in facts.postings if one.kind in kinds and one.is_taken and cover in one.covers), None)


def _received_at(facts: ReturnFacts, receipt: PostingFacts, unit: UnitFacts, authorization: Authorization) -> str:
    """What NetSuite shows; a person may have changed the place. Where it shows none, what was sent."""
    record, line = facts.record(receipt.their_id), authorization.line_of.get(unit.unit)
    shown = {one.location_id for one in record.lines if line and one.order_line == line.line} if record else set()
    if len(shown) == 1 and all(shown):
        return shown.pop()
    return _place_sent(facts, receipt)


def _place_sent(facts: ReturnFacts, receipt: PostingFacts) -> str:
    rows = receipt.body.get("item", {}).get("items", [])
    sent = (place_of_row(str(row["location"]["id"]), row) for row in rows if row.get("itemReceive"))
    return facts.policy.as_place(next(sent, ""))


def _target_of(facts: ReturnFacts, move: PostingFacts) -> str:
    if move.kind == "adjustment":
        return WRITTEN_OFF
    rows = move.body["inventory"]["items"]
    target = place_of_row(str(move.body["transferLocation"]["id"]), rows[0], side="toInventoryStatus")
    return facts.policy.as_place(target)


def destination_of(facts: ReturnFacts, unit: UnitFacts) -> str:
    return WRITTEN_OFF if unit.outcome == SCRAPPED else place_of(facts, unit)


def left_on_hold(facts: ReturnFacts) -> list[UnitFacts]:
    """Received at the holding location and never moved on, though that is no end: unjudged, to be judged again, or
    meant for another place. For a return that has ended, of which nothing is moved any more."""
    return [unit for unit in facts.units if _is_left_on_hold(facts, unit)]


def _is_left_on_hold(facts: ReturnFacts, unit: UnitFacts) -> bool:
    holding = facts.policy.locations.holding
    receipt = _covering(facts, RECEIPT, unit.cover)
    if receipt is None or receipt.status != "posted" or is_gone(facts, receipt) or any(_moves_of(facts, unit)):
        return False
    is_judged = unit.is_accepted and unit.outcome != HOLD and not waits_for_category(facts, unit)
    belongs_there = is_judged and destination_of(facts, unit) == holding
    return _place_sent(facts, receipt) == holding and not belongs_there

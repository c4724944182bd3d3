"""Processing: queued, then issued as far as it goes; what cannot be issued ends in review (loop.md 2.3, 4.3)."""

from typing import Any

from integrations.sandbox.loop.desk import Desk, closing_triggers
from integrations.sandbox.loop.model import LoopReturn
from integrations.sandbox.loop.outcomes import OUTCOMES, issue, outstanding
from integrations.sandbox.loop.payloads import Occasion
from integrations.sandbox.loop.shelf import save_return
from integrations.sandbox.loop.totals import total_up

Json = dict[str, Any]
PARCEL = ("new", "pre_transit", "in_transit", "out_for_delivery", "delivered")
OUT_OF_STOCK = "Exchange item is out of stock"


def queue_processing(
    desk: Desk, loop_return: LoopReturn, *, source: str | None, outcomes: list[str] | None = None
) -> None:
    """outcomes: the only ones to issue; None means all of them."""
    if loop_return.is_queued:
        return
    loop_return.is_queued = True
    save_return(desk.store, loop_return)
    low, high = desk.rules_of(loop_return).span("loop.process_delay_s")
    content = {"return_id": loop_return.id, "source": source, "outcomes": outcomes}
    desk.jobs.add("process", content=content, after_s=desk.draw.uniform(low, high))


def queue_what_is_due(desk: Desk, loop_return: LoopReturn, *, reached: str) -> None:
    """The merchant picks per outcome when Loop runs it by itself; `reached` is the parcel's step or "immediate"."""
    if loop_return.state != "open":
        return
    rules = desk.rules_of(loop_return)
    steps = ("immediate", *PARCEL)
    place = steps.index(reached) if reached in steps else -1
    events = {one: loop_return.settles_at or rules.text(f"loop.processing_event.{one}") for one in OUTCOMES}
    due = sorted(one for one in outstanding(loop_return) if events[one] in steps and steps.index(events[one]) <= place)
    if due:
        queue_processing(desk, loop_return, source=None, outcomes=due)


def process(desk: Desk, job: Json) -> None:
    with desk.store.transaction():
        loop_return = desk.load(int(job["return_id"]))
        if loop_return is None or not loop_return.is_queued or loop_return.is_held:
            return
        loop_return.is_queued = False
        if loop_return.state in ("closed", "cancelled"):
            save_return(desk.store, loop_return)
        elif loop_return.fails_with:
            _fail(desk, loop_return, source=job.get("source"))
        else:
            _settle(desk, loop_return, source=job.get("source"), outcomes=job.get("outcomes") or list(OUTCOMES))


def _fail(desk: Desk, loop_return: LoopReturn, *, source: str | None) -> None:
    """Into review; one outcome alone may fail while the others are issued. The next try goes through."""
    message, failing = loop_return.fails_with, loop_return.fails_at
    loop_return.fails_with = loop_return.fails_at = None
    if failing is not None:
        issue(desk, loop_return, outcomes=set(OUTCOMES) - {failing})
    _send_to_review(desk, loop_return, source=source, message=message)


def _send_to_review(desk: Desk, loop_return: LoopReturn, *, source: str | None, message: str | None) -> None:
    loop_return.state = "review"
    desk.save(loop_return, what="processing")
    desk.log(loop_return, who=source or "loop", action="processing_failed", content={"message": message})
    occasion = Occasion(source=source, message=message)
    desk.emit(loop_return, "return.processing.failed", "return.updated", occasion=occasion)


def _settle(desk: Desk, loop_return: LoopReturn, *, source: str | None, outcomes: list[str]) -> None:
    issue(desk, loop_return, outcomes=outcomes)
    still = outstanding(loop_return)
    if still & set(outcomes):
        _send_to_review(desk, loop_return, source=source, message=OUT_OF_STOCK)
    elif still:
        desk.save(loop_return, what="processing")  # the others have an event of their own
        desk.log(loop_return, who=source or "loop", action="issue", content={"outcomes": outcomes})
        desk.emit(loop_return, "return.updated")
    else:
        _close(desk, loop_return, source=source)


def _close(desk: Desk, loop_return: LoopReturn, *, source: str | None) -> None:
    now, rules, totals = desk.now_text(), desk.rules_of(loop_return), total_up(loop_return)
    loop_return.state = "closed"
    loop_return.closed_at = loop_return.processed_at["return_processed"] = now
    loop_return.actioned_by = source or "automation"
    _restock(desk, loop_return)
    desk.save(loop_return, what="processing")
    content = {"refund": str(totals.refund), "gift_card": str(totals.gift_card)}
    desk.log(loop_return, who=source or "loop", action="settle", content=content)
    desk.emit(loop_return, *closing_triggers(rules))
    if (loop_return.restock or rules.text("loop.restock")) == "webhook":
        desk.emit(loop_return, "restock.requested")
    delay_s = rules.number("loop.was_processed_delay_s")
    desk.jobs.add("was_processed", content={"return_id": loop_return.id}, after_s=delay_s)


def _restock(desk: Desk, loop_return: LoopReturn) -> None:
    """Shelves are filled in the shop at this moment, whether or not the box has come (loop.md 6)."""
    mode = loop_return.restock or desk.rules_of(loop_return).text("loop.restock")
    words = {"automatic": "restocked", "manual": "restocked", "webhook": "requested", "off": "not_restocked"}
    loop_return.restock_status = words[mode]
    if mode in ("automatic", "manual") and not loop_return.is_kept:
        location = desk.shops[loop_return.shop].provider_location_id
        for unit in loop_return.live_units:
            unit.restock_location_id = location


def mark_processed(desk: Desk, job: Json) -> None:
    with desk.store.transaction():
        loop_return = desk.load(int(job["return_id"]))
        if loop_return is not None:
            loop_return.was_processed = True
            desk.save(loop_return, what="processing")

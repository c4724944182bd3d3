"""Parcels on their way back: labels, the carrier's scans in and out of order, and giving up (loop.md 2.7, 4.2)."""

import json
from collections.abc import Iterator
from typing import Any

from integrations.sandbox.loop.desk import Desk
from integrations.sandbox.loop.label_requests import describe_request
from integrations.sandbox.loop.model import LoopReturn, Parcel
from integrations.sandbox.loop.payloads import Occasion
from integrations.sandbox.loop.processing import PARCEL, queue_what_is_due
from integrations.sandbox.loop.totals import total_up
from integrations.sandbox.settings import Reading

Json = dict[str, Any]
UNSENT = (None, "new", "pre_transit")
DAY_S = 86_400
ODD_SCANS = ("failure", "return_to_sender", "unknown")


def make_label(desk: Desk, loop_return: LoopReturn, *, parcel: Parcel | None = None) -> None:
    """Print the label of one parcel, or of all that have none yet."""
    now = desk.now_text()
    for one in [parcel] if parcel else [one for one in loop_return.parcels if one.status is None]:
        one.status, one.updated_at = "new", now
        one.url = one.url or f"https://labels.example.com/{one.tracking_number}.pdf"
        desk.save(loop_return, what="labels")
        desk.emit(loop_return, "label.created", occasion=Occasion(parcel=one))
    queue_what_is_due(desk, loop_return, reached="new")


def ask_provider(desk: Desk, loop_return: LoopReturn) -> None:
    """Labels come from somebody else: one request per parcel, which the provider answers with POST /labels."""
    for parcel in loop_return.parcels:
        number = desk.store.next_number("label_request", start=67_329_889)
        content = describe_request(
            loop_return, parcel=parcel, number=number, at=desk.now_text(), shop=desk.shops[loop_return.shop]
        )
        desk.store.execute(
            "INSERT INTO label_request (id, shop, return_id, parcel_id, status, created_at, content)"
            " VALUES (?, ?, ?, ?, 'issued', ?, ?)",
            (number, loop_return.shop, loop_return.id, parcel.id, desk.now_text(), json.dumps(content)),
        )
        occasion = Occasion(label_request=json.dumps(content))
        desk.emit(loop_return, "label.request.issued", occasion=occasion)


def advance_parcels(desk: Desk, loop_return: LoopReturn, *, to: str, parcel: Parcel | None = None) -> None:
    """Walk the labels on to here, one webhook a step; Loop may settle by itself on the way."""
    for one in [parcel] if parcel else [one for one in loop_return.parcels if one.status is not None]:
        here = PARCEL.index(one.status) if one.status in PARCEL else -1
        for status in PARCEL[here + 1 : PARCEL.index(to) + 1]:
            scan_parcel(desk, loop_return, parcel=one, status=status)


def scan_parcel(desk: Desk, loop_return: LoopReturn, *, parcel: Parcel, status: str) -> None:
    """One scan of the carrier, whatever it says: it may repeat, go back, or come after the return is closed."""
    parcel.status, parcel.updated_at = status, desk.now_text()
    if status == "delivered":
        loop_return.delivered_at = parcel.updated_at
    desk.save(loop_return, what="labels")
    desk.emit(loop_return, "label.updated", occasion=Occasion(parcel=parcel))
    if loop_return.state == "expired" and status not in UNSENT:
        _wake_expired(desk, loop_return)
    queue_what_is_due(desk, loop_return, reached=status)


def _wake_expired(desk: Desk, loop_return: LoopReturn) -> None:
    """A late scan of an expired return: nobody knows whether it lives on (loop.md 10, 15)."""
    if desk.rules_of(loop_return).text("loop.expired_scan") == "reopens":
        desk.set_state(loop_return, state="open", who="loop")


# --- the carrier's way, by itself


def start_walk(desk: Desk, loop_return: LoopReturn) -> None:
    rules = desk.rules_of(loop_return)
    for parcel in loop_return.parcels:
        due_s = 0.0
        for status in walk_of(desk, rules):
            low, high = rules.span("loop.walker.step_s")
            due_s += desk.draw.uniform(low, high)
            content = {"return_id": loop_return.id, "parcel_id": parcel.id, "status": status}
            desk.jobs.add("scan", content=content, after_s=due_s)


def walk_of(desk: Desk, rules: Reading) -> Iterator[str]:
    """The steps after `new`, with skips, repeats and steps back at the rates of the switches."""
    for place, status in enumerate(PARCEL[1:], start=1):
        if status != PARCEL[-1] and _happens(desk, rules, "skip_rate"):
            continue
        yield status
        if _happens(desk, rules, "repeat_rate"):
            yield status
        if _happens(desk, rules, "back_rate"):
            yield PARCEL[place - 1]
            yield status
        if _happens(desk, rules, "odd_rate"):
            yield desk.draw.choice(ODD_SCANS)


def _happens(desk: Desk, rules: Reading, rate: str) -> bool:
    return desk.draw.random() < rules.number(f"loop.walker.{rate}")


def scan_by_job(desk: Desk, job: Json) -> None:
    with desk.store.transaction():
        loop_return = desk.load(int(job["return_id"]))
        if loop_return is None or loop_return.state == "cancelled":
            return
        for parcel in loop_return.parcels:
            if parcel.id == job["parcel_id"] and parcel.status is not None:
                scan_parcel(desk, loop_return, parcel=parcel, status=job["status"])


# --- giving up


def watch_expiry(desk: Desk, loop_return: LoopReturn) -> None:
    seconds = desk.rules_of(loop_return).number("loop.expiry_days") * DAY_S
    desk.jobs.add("expire", content={"return_id": loop_return.id}, after_s=seconds)


def expire_if_unsent(desk: Desk, job: Json) -> None:
    """Loop gives up on a parcel no carrier has scanned."""
    with desk.store.transaction():
        loop_return = desk.load(int(job["return_id"]))
        if loop_return is not None and loop_return.state == "open":
            is_handed_over = (loop_return.return_method or {}).get("state", "initiated") != "initiated"
            if not is_handed_over and all(parcel.status in UNSENT for parcel in loop_return.parcels):
                expire(desk, loop_return)


def expire(desk: Desk, loop_return: LoopReturn) -> None:
    """Goods sent out in advance are charged to the shopper's card, outside the shop's platform (loop.md 7.8)."""
    if loop_return.is_instant and loop_return.card_charged is None:
        loop_return.card_charged = str(total_up(loop_return).exchange)
        desk.log(loop_return, who="loop", action="card_charged", content={"amount": loop_return.card_charged})
    desk.set_state(loop_return, state="expired", who="loop")

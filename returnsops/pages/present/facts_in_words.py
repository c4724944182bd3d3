"""Fact changes as sentences for the timeline. What postings, inspections and cases tell better is left out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from returnsops.lib.money import money_text
from returnsops.pages.present.steps import record_link
from returnsops.returns.labels import LOOP_STATES, record_name
from returnsops.returns.models import FactChange, LoopReturn, NetSuiteRecord

Event = dict[str, Any]
MONEY_FACTS = {
    "loop.refund": "Refund in Loop",
    "loop.gift_card": "Store credit in Loop",
    "loop.exchange_credit": "Exchange credit in Loop",
    "loop.fee": "Fee in Loop",
    "loop.return_total": "Value of the return in Loop",
}


@dataclass(frozen=True)
class Change:
    """One fact that changed: `name` with `key` cut out of it, e.g. «records.*.status» of record 70019."""

    name: str
    key: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Scene:
    """What the sentences need to know besides the change."""

    row: LoopReturn
    records: dict[str, NetSuiteRecord]
    first: bool  # the return was seen for the first time: everything is new, little is news

    def record_words(self, internal_id: str) -> str:
        record = self.records.get(internal_id)
        return (
            f"{record_name(record.record_type)[1]} {record.tran_id or internal_id}"
            if record
            else f"Record {internal_id}"
        )


Told = tuple[str, str, str, str]  # lane, title, text, tone
MAKERS: dict[str, str] = {
    NetSuiteRecord.Origin.CONNECTOR: "Made by another connector",
    NetSuiteRecord.Origin.PERSON: "Made by hand in NetSuite",
}


def tell_changes(row: LoopReturn, changes: Iterable[FactChange], records: list[NetSuiteRecord]) -> list[Event]:
    by_id = {record.internal_id: record for record in records}
    events: list[Event] = []
    for one in changes:
        scene = Scene(row, by_id, first="loop.loop_id" in one.changed)
        for change in map(_parse_change, one.changed.items()):
            tell = SENTENCES.get(change.name)
            told = tell(scene, change) if tell else None
            if told:
                events.append(_event(one, told, scene, change))
    return events


def _parse_change(item: tuple[str, list[Any]]) -> Change:
    name, (before, after) = item
    group, _, rest = name.partition(".")
    if group in ("units", "exchanges", "records"):
        key, _, fact = rest.rpartition(".")
        return Change(f"{group}.*.{fact}", key, before, after)
    return Change(name, "", before, after)


def _event(one: FactChange, told: Told, scene: Scene, change: Change) -> Event:
    lane, title, text, tone = told
    record = scene.records.get(change.key) if change.name.startswith("records.") else None
    links = [record_link(scene.row, record)] if record else []
    return {"lane": lane, "at": one.at, "title": title, "text": text, "who": "", "tone": tone, "links": links}


def _state(scene: Scene, change: Change) -> Told | None:
    if change.before is None:
        return None
    label = LOOP_STATES.get(change.after)
    return "loop", f"{label.label if label else change.after} in Loop", "", ""


def _label(scene: Scene, change: Change) -> Told | None:
    if not change.after or scene.first:
        return None
    return "warehouse", f"Parcel: {str(change.after).replace('_', ' ')}", "Told by the carrier", ""


def _settled(scene: Scene, change: Change) -> Told | None:
    return ("loop", "Loop settled", "", "") if change.after else None


def _money(scene: Scene, change: Change) -> Told | None:
    if change.before is None:
        return None
    before, after = (money_text(Decimal(value or 0), scene.row.currency) for value in (change.before, change.after))
    return "loop", f"{MONEY_FACTS[change.name]} changed", f"{before} → {after}", ""


def _removed(scene: Scene, change: Change) -> Told | None:
    return ("loop", "Unit taken out of the return", f"Unit {change.key}", "") if change.after is True else None


def _unit_mapped(scene: Scene, change: Change) -> Told | None:
    return ("netsuite", "Item changed", f"Unit {change.key}: item {change.after}", "") if change.before else None


def _exchange_order(scene: Scene, change: Change) -> Told | None:
    return ("exchange", f"Exchange order {change.after} made", "", "") if change.after else None


def _exchange_item(scene: Scene, change: Change) -> Told | None:
    return ("exchange", "Customer chose a replacement", str(change.after), "") if change.before is None else None


def _found(scene: Scene, change: Change) -> Told | None:
    """A record of somebody else came into sight; our own are told by their postings."""
    record = scene.records.get(change.key)
    if change.before is not None or record is None or record.origin == NetSuiteRecord.Origin.OURS:
        return None
    return _lane_of(scene, change), f"{record_name(record.record_type)[1]} found", MAKERS.get(record.origin, ""), ""


def _status(scene: Scene, change: Change) -> Told | None:
    if not change.before or not change.after:
        return None
    record = scene.records.get(change.key)
    name = record_name(record.record_type)[1] if record else "Record"
    return _lane_of(scene, change), f"{name}: {change.after}", f"was {change.before}", ""


def _gone(scene: Scene, change: Change) -> Told | None:
    if change.after is not True:
        return None
    return "netsuite", f"{scene.record_words(change.key)} was deleted", "Somebody deleted it in NetSuite.", "bad"


def _lane_of(scene: Scene, change: Change) -> str:
    record = scene.records.get(change.key)
    return "exchange" if record and is_exchange_order(scene.row, record) else "netsuite"


def is_exchange_order(row: LoopReturn, record: NetSuiteRecord) -> bool:
    if record.record_type != "salesOrder":
        return False
    names = {
        name for one in row.exchange_items.all() for name in (one.exchange_order_id, one.exchange_order_name) if name
    }
    bare = {name.lstrip("#") for name in names}
    return record.external_id in names or record.other_ref_num in names | bare


SENTENCES: dict[str, Callable[[Scene, Change], Told | None]] = {
    "loop.state": _state,
    "loop.label_status": _label,
    "loop.settled_at": _settled,
    **dict.fromkeys(MONEY_FACTS, _money),
    "units.*.removed": _removed,
    "units.*.item_id": _unit_mapped,
    "exchanges.*.order_name": _exchange_order,
    "exchanges.*.title": _exchange_item,
    "records.*.record_type": _found,
    "records.*.status_label": _status,
    "records.*.gone": _gone,
}

"""Loop at work: the desk with everything that happens at it later, and the doors the rest of the sandbox uses."""

from dataclasses import dataclass
from typing import Any

from integrations.sandbox.loop import outcomes, parcels, processing
from integrations.sandbox.loop.desk import Desk
from integrations.sandbox.loop.model import LoopReturn, Parcel
from integrations.sandbox.loop.processing import PARCEL
from integrations.sandbox.money import ZERO, cents, places_of

__all__ = ["PARCEL", "Engine"]

Json = dict[str, Any]


@dataclass
class Engine(Desk):
    def __post_init__(self) -> None:
        self.jobs.register("process", work=lambda job: processing.process(self, job))
        self.jobs.register("was_processed", work=lambda job: processing.mark_processed(self, job))
        self.jobs.register("expire", work=lambda job: parcels.expire_if_unsent(self, job))
        self.jobs.register("scan", work=lambda job: parcels.scan_by_job(self, job))
        self.jobs.register("label", work=self._make_label_by_job)
        self.jobs.register("happen", work=self._happen)

    def make_label(self, loop_return: LoopReturn) -> None:
        """Loop's own label, or a request to the shop's label provider."""
        if self.rules_of(loop_return).text("loop.labels_by") == "third_party":
            parcels.ask_provider(self, loop_return)
        else:
            parcels.make_label(self, loop_return)

    def advance_parcel(self, loop_return: LoopReturn, *, to: str, parcel: Parcel | None = None) -> None:
        parcels.advance_parcels(self, loop_return, to=to, parcel=parcel)

    def watch_expiry(self, loop_return: LoopReturn) -> None:
        parcels.watch_expiry(self, loop_return)

    def queue_processing(self, loop_return: LoopReturn, *, source: str | None) -> None:
        processing.queue_processing(self, loop_return, source=source)

    def make_exchange_order(self, loop_return: LoopReturn) -> None:
        outcomes.make_exchange_order(self, loop_return)

    def remove_units(self, loop_return: LoopReturn, *, line_item_ids: list[int], who: str) -> None:
        """Zero the units and process the rest at once; with none left the return is cancelled."""
        if self.rules_of(loop_return).text("loop.extras_of_removed") == "in_proportion":
            _take_extras_out(loop_return, line_item_ids=line_item_ids)
        take_units_out(loop_return, line_item_ids=line_item_ids)
        self.log(loop_return, who=who, action="remove", content={"line_item_ids": line_item_ids})
        if not loop_return.live_units:
            self.cancel(loop_return, who=who)
            return
        self.save(loop_return)
        self.queue_processing(loop_return, source=who)

    def restock_goods(self, loop_return: LoopReturn) -> None:
        """New goods that were out of stock are there again; processing issues what is missing."""
        words = self.rules_of(loop_return).text("loop.out_of_stock_resolution")
        for one in loop_return.exchanges:
            if one.out_of_stock:
                one.out_of_stock, one.resolution = False, words or None
        self.save(loop_return)
        self.log(loop_return, who="person", action="restock_item")
        self.queue_processing(loop_return, source="admin")

    def plan(self, loop_return: LoopReturn, *, after_s: float, what: str, **details: Any) -> None:
        """Let something happen to this return later: cancel, expire, review, scan, close, restock_item."""
        content = {"return_id": loop_return.id, "what": what, **details}
        self.jobs.add("happen", content=content, after_s=after_s)

    def _happen(self, job: Json) -> None:
        with self.store.transaction():
            loop_return = self.load(int(job["return_id"]))
            if loop_return is not None:
                self._let_happen(loop_return, job=job)

    def _let_happen(self, loop_return: LoopReturn, *, job: Json) -> None:
        match job["what"]:
            case "cancel" if loop_return.state in ("open", "review"):
                self.cancel(loop_return, who="shopper")
            case "review" if loop_return.state == "review":
                self.set_state(loop_return, state="open", who="person")
            case "expire" if loop_return.state == "open":
                parcels.expire(self, loop_return)
            case "advance":
                self.advance_parcel(loop_return, to=job["to"])
            case "restock_item":
                self.restock_goods(loop_return)
            case "process" if loop_return.state in ("open", "expired"):
                self.queue_processing(loop_return, source="admin")

    def _make_label_by_job(self, job: Json) -> None:
        with self.store.transaction():
            loop_return = self.load(int(job["return_id"]))
            if loop_return is not None and loop_return.state == "open" and loop_return.label is None:
                self.make_label(loop_return)


def _take_extras_out(loop_return: LoopReturn, *, line_item_ids: list[int]) -> None:
    """Shipping and duties were spread over the units by their worth; what leaves takes its share along."""
    before = sum((unit.worth for unit in loop_return.live_units), ZERO)
    gone = sum((unit.worth for unit in loop_return.live_units if unit.line_item_id in line_item_ids), ZERO)
    if not before:
        return
    decimals = places_of(loop_return.currency)
    for name in ("refund_shipping", "refund_shipping_tax", "refund_duties"):
        setattr(loop_return, name, cents(getattr(loop_return, name) * (before - gone) / before, decimals=decimals))


def take_units_out(loop_return: LoopReturn, *, line_item_ids: list[int]) -> None:
    """Loop sums up anew: what somebody told of the figures before holds no longer."""
    if line_item_ids:
        loop_return.told = {}
    for unit in loop_return.units:
        if unit.line_item_id in line_item_ids:
            unit.removed, unit.returned_at = True, None
            unit.price = unit.discount = unit.tax = ZERO

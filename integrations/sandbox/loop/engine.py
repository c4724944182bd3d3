"""What happens to a return inside Loop: parcel moves, processing, removal, cancelling — each with its webhooks."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from integrations.sandbox.clock import Clock
from integrations.sandbox.jobs import Jobs
from integrations.sandbox.loop.model import LoopReturn
from integrations.sandbox.loop.payloads import payloads_of
from integrations.sandbox.loop.shelf import load_return, save_return, write_log
from integrations.sandbox.loop.totals import total_up
from integrations.sandbox.loop.views import money
from integrations.sandbox.loop.webhooks import Webhooks
from integrations.sandbox.money import ZERO
from integrations.sandbox.settings import Reading, Settings
from integrations.sandbox.shops import ShopProfile
from integrations.sandbox.store import Store

Json = dict[str, Any]
PARCEL = ("new", "pre_transit", "in_transit", "out_for_delivery", "delivered")
ExchangeMaker = Callable[[LoopReturn], None]


@dataclass
class Engine:
    store: Store
    clock: Clock
    settings: Settings
    jobs: Jobs
    webhooks: Webhooks
    shops: dict[str, ShopProfile]
    draw: random.Random
    on_exchange_order: list[ExchangeMaker] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.jobs.register("process", work=self._process)
        self.jobs.register("was_processed", work=self._mark_processed)
        self.jobs.register("expire", work=lambda job: self._expire_if_unsent(int(job["return_id"])))
        self.jobs.register("cancel", work=lambda job: self.cancel_if_open(int(job["return_id"])))

    def switches(self, shop: str) -> Reading:
        return self.settings.of_shop(shop)

    def now_text(self) -> str:
        return self.clock.now().strftime("%Y-%m-%d %H:%M:%S")

    def load(self, return_id: int, *, shop: str | None = None) -> LoopReturn | None:
        return load_return(self.store, return_id=return_id, shop=shop)

    def save(self, loop_return: LoopReturn) -> None:
        if not self.switches(loop_return.shop).flag("loop.drift.silent_updates"):
            loop_return.updated_at = self.now_text()
        save_return(self.store, loop_return)

    def log(self, loop_return: LoopReturn, *, who: str, action: str, content: Json | None = None) -> None:
        write_log(
            self.store,
            at=self.now_text(),
            shop=loop_return.shop,
            who=who,
            action=action,
            return_id=loop_return.id,
            content=content or {},
        )

    def emit(self, loop_return: LoopReturn, *triggers: str, source: str | None = None) -> None:
        shop = self.shops[loop_return.shop]
        for trigger in triggers:
            payloads = payloads_of(loop_return, shop=shop, trigger=trigger, source=source)
            self.webhooks.emit(loop_return.shop, trigger=trigger, payloads=payloads)

    # --- the parcel

    def make_label(self, loop_return: LoopReturn) -> None:
        loop_return.label_status = "new"
        loop_return.label_updated_at = self.now_text()
        self.save(loop_return)
        self.emit(loop_return, "label.created")

    def advance_parcel(self, loop_return: LoopReturn, *, to: str) -> None:
        """Walk the label on, one webhook a step; Loop may settle by itself on the way."""
        here = PARCEL.index(loop_return.label_status) if loop_return.label_status in PARCEL else -1
        for status in PARCEL[here + 1 : PARCEL.index(to) + 1]:
            loop_return.label_status = status
            loop_return.label_updated_at = self.now_text()
            self.save(loop_return)
            self.emit(loop_return, "label.updated")
            if status == loop_return.settles_at and loop_return.state == "open":
                self.queue_processing(loop_return, source=None)

    # --- processing

    def queue_processing(self, loop_return: LoopReturn, *, source: str | None) -> None:
        if loop_return.is_queued:
            return
        loop_return.is_queued = True
        save_return(self.store, loop_return)
        low, high = self.switches(loop_return.shop).span("loop.process_delay_s")
        content = {"return_id": loop_return.id, "source": source}
        self.jobs.add("process", content=content, after_s=self.draw.uniform(low, high))

    def _process(self, job: Json) -> None:
        with self.store.transaction():
            loop_return = self.load(int(job["return_id"]))
            if loop_return is None or not loop_return.is_queued:
                return
            loop_return.is_queued = False
            if loop_return.state in ("closed", "cancelled"):
                save_return(self.store, loop_return)
                return
            if loop_return.fails_with:
                self._fail(loop_return, source=job.get("source"))
            else:
                self._settle(loop_return, source=job.get("source"))

    def _fail(self, loop_return: LoopReturn, *, source: str | None) -> None:
        loop_return.state = "review"
        self.save(loop_return)
        self.log(loop_return, who=source or "loop", action="processing_failed")
        self.emit(loop_return, "return.processing.failed", "return.updated", source=source)
        loop_return.fails_with = None  # the next try goes through
        save_return(self.store, loop_return)

    def _settle(self, loop_return: LoopReturn, *, source: str | None) -> None:
        """Run every outcome: the refund, the gift card, the exchange order; then close."""
        now = self.now_text()
        totals = total_up(loop_return)
        loop_return.state = "closed"
        loop_return.processed_at["return_processed"] = now
        if totals.refund:
            self._refund(loop_return, amount=totals.refund, at=now)
        if totals.gift_card:
            loop_return.processed_at["gift_card_processed"] = now
            loop_return.gift_card_issued = str(totals.gift_card)
        if loop_return.exchanges:
            loop_return.processed_at["exchange_processed"] = now
            self.make_exchange_order(loop_return)
            if not totals.refund:
                loop_return.refunds.append(_refund_row("manual", amount=ZERO, currency=loop_return.currency))
        self.save(loop_return)
        content = {"refund": str(totals.refund), "gift_card": str(totals.gift_card)}
        self.log(loop_return, who=source or "loop", action="settle", content=content)
        self.emit(loop_return, "return.updated", "return.closed", "restock.requested")
        if totals.gift_card:
            self.emit(loop_return, "giftcard.requested")
        delay_s = self.switches(loop_return.shop).number("loop.was_processed_delay_s")
        self.jobs.add("was_processed", content={"return_id": loop_return.id}, after_s=delay_s)

    def _refund(self, loop_return: LoopReturn, *, amount: Decimal, at: str) -> None:
        loop_return.processed_at["refund_processed"] = at
        provider_id = 987_000_000 + self.store.next_number("provider_refund", start=1)
        row = _refund_row("shopify_payments", amount=amount, currency=loop_return.currency)
        loop_return.refunds.append({**row, "provider_refund_id": provider_id})
        loop_return.shopify_refunds.append(
            {
                "id": self.store.next_number("shopify_refund", start=55_001),
                "return_id": loop_return.id,
                "provider_refund_id": str(provider_id),
                "provider_created_at": at,
                "created_at": at,
                "updated_at": at,
            }
        )

    def make_exchange_order(self, loop_return: LoopReturn) -> None:
        if loop_return.exchanges[0].order_id is not None:
            return  # an instant exchange has its order already
        number = self.store.next_number("provider_order", start=1)
        earlier = self.store.next_number(f"exchange {loop_return.shop} {loop_return.order_name}", start=1)
        suffix = "" if earlier == 1 else f"-{earlier}"
        for one in loop_return.exchanges:
            one.order_id = str(5_873_120_000_000 + number * 1013)
            one.order_name = f"EXC-{loop_return.order_name.lstrip('#')}{suffix}"
        for make in self.on_exchange_order:
            make(loop_return)

    def _mark_processed(self, job: Json) -> None:
        with self.store.transaction():
            loop_return = self.load(int(job["return_id"]))
            if loop_return is not None:
                loop_return.was_processed = True
                self.save(loop_return)

    # --- states

    def cancel(self, loop_return: LoopReturn, *, who: str) -> None:
        loop_return.state = "cancelled"
        loop_return.is_queued = False
        self.save(loop_return)
        self.log(loop_return, who=who, action="cancel")
        self.emit(loop_return, "return.updated")

    def cancel_if_open(self, return_id: int) -> None:
        with self.store.transaction():
            loop_return = self.load(return_id)
            if loop_return is not None and loop_return.state in ("open", "review"):
                self.cancel(loop_return, who="shopper")

    def watch_expiry(self, loop_return: LoopReturn) -> None:
        seconds = self.switches(loop_return.shop).number("loop.expiry_days") * 86_400
        self.jobs.add("expire", content={"return_id": loop_return.id}, after_s=seconds)

    def _expire_if_unsent(self, return_id: int) -> None:
        """Loop gives up on a parcel no carrier has scanned."""
        with self.store.transaction():
            loop_return = self.load(return_id)
            if loop_return is None or loop_return.state != "open":
                return
            if loop_return.label_status in (None, "new", "pre_transit"):
                self.set_state(loop_return, state="expired", who="loop")

    def set_state(self, loop_return: LoopReturn, *, state: str, who: str) -> None:
        loop_return.state = state
        self.save(loop_return)
        self.log(loop_return, who=who, action=f"state {state}")
        self.emit(loop_return, "return.updated", *(["return.closed"] if state == "closed" else []))

    def remove_units(self, loop_return: LoopReturn, *, line_item_ids: list[int], who: str) -> None:
        """Zero the units and process the rest at once; with none left the return is cancelled."""
        for unit in loop_return.units:
            if unit.line_item_id in line_item_ids:
                unit.removed = True
                unit.price = unit.discount = unit.tax = ZERO
                unit.returned_at = None
        self.log(loop_return, who=who, action="remove", content={"line_item_ids": line_item_ids})
        if not loop_return.live_units:
            self.cancel(loop_return, who=who)
            return
        self.save(loop_return)
        self.queue_processing(loop_return, source=who)


def _refund_row(gateway: str, *, amount: Decimal, currency: str) -> Json:
    return {"gateway": gateway, "amount": money(amount), "currency": currency}

"""What every part of Loop works at: the shelf of returns, the log, the switches, and the door for webhooks."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from integrations.sandbox.clock import Clock
from integrations.sandbox.jobs import Jobs
from integrations.sandbox.loop.model import Exchange, LoopReturn
from integrations.sandbox.loop.payloads import Occasion, payloads_of
from integrations.sandbox.loop.shelf import load_return, save_return, write_log
from integrations.sandbox.loop.webhooks import Webhooks
from integrations.sandbox.settings import Reading, Settings
from integrations.sandbox.shops import ShopProfile
from integrations.sandbox.store import Store

Json = dict[str, Any]
ExchangeMaker = Callable[[LoopReturn, list[Exchange]], None]


@dataclass
class Desk:
    store: Store
    clock: Clock
    settings: Settings
    jobs: Jobs
    webhooks: Webhooks
    shops: dict[str, ShopProfile]
    draw: random.Random
    on_exchange_order: list[ExchangeMaker] = field(default_factory=list)

    def now_text(self) -> str:
        return self.clock.now().strftime("%Y-%m-%d %H:%M:%S")

    def switches(self, shop: str) -> Reading:
        return self.settings.of_shop(shop)

    def rules_of(self, loop_return: LoopReturn) -> Reading:
        return self.settings.of_shop(loop_return.shop)

    def load(self, return_id: int, *, shop: str | None = None) -> LoopReturn | None:
        return load_return(self.store, return_id=return_id, shop=shop)

    def save(self, loop_return: LoopReturn, *, what: str = "") -> None:
        """what: "labels" or "processing", changes of which nobody knows whether they move `updated_at`."""
        rules = self.rules_of(loop_return)
        is_silent = rules.flag("loop.drift.silent_updates") or what in rules.words("loop.drift.silent")
        if not is_silent:
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

    def add_note(self, loop_return: LoopReturn, *, content: str) -> None:
        number = self.store.next_number("note", start=901)
        at = self.now_text().replace(" ", "T") + "+00:00"
        loop_return.notes.append({"id": number, "content": content, "created_at": at})
        self.save(loop_return)

    def emit(self, loop_return: LoopReturn, *triggers: str, occasion: Occasion | None = None) -> None:
        shop, rules = self.shops[loop_return.shop], self.rules_of(loop_return)
        for trigger in triggers:
            if self.webhooks.has_listener(loop_return.shop, trigger=trigger):
                payloads = payloads_of(
                    loop_return, shop=shop, trigger=trigger, occasion=occasion or Occasion(), rules=rules
                )
                self.webhooks.emit(loop_return.shop, trigger=trigger, payloads=payloads)

    def set_state(self, loop_return: LoopReturn, *, state: str, who: str) -> None:
        """Move a return by hand; whether cancelling, expiring and flagging are announced is a switch (loop.md 5.1)."""
        loop_return.state = state
        if state == "closed":
            loop_return.closed_at, loop_return.actioned_by = self.now_text(), who
            loop_return.is_queued = False
        if state == "cancelled":
            loop_return.is_queued = False
        self.save(loop_return)
        self.log(loop_return, who=who, action="cancel" if state == "cancelled" else f"state {state}")
        if state == "closed":
            self.emit(loop_return, *closing_triggers(self.rules_of(loop_return)))
        elif state not in self.rules_of(loop_return).words("loop.webhooks.silent_states"):
            self.emit(loop_return, "return.updated")
        if state == "cancelled":
            self._cancel_label_requests(loop_return)

    def cancel(self, loop_return: LoopReturn, *, who: str) -> None:
        self.set_state(loop_return, state="cancelled", who=who)

    def _cancel_label_requests(self, loop_return: LoopReturn) -> None:
        rows = self.store.rows(
            "SELECT id, content FROM label_request WHERE return_id = ? AND status = 'issued'", (loop_return.id,)
        )
        for row in rows:
            self.store.execute("UPDATE label_request SET status = 'cancelled' WHERE id = ?", (row["id"],))
            self.emit(loop_return, "label.request.cancelled", occasion=Occasion(label_request=row["content"]))


def closing_triggers(rules: Reading) -> tuple[str, ...]:
    return {
        "both": ("return.updated", "return.closed"),
        "closed": ("return.closed",),
        "updated": ("return.updated",),
    }[rules.text("loop.webhooks.closing")]

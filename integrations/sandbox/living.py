"""Living traffic: a new return every few seconds, parcels on their way, never more open ones than a bounded number."""

import random
from dataclasses import dataclass
from typing import Any

from integrations.sandbox.loop.engine import PARCEL, Engine
from integrations.sandbox.scenarios import Scenarios

Json = dict[str, Any]
WEIGHTS = {
    "refund": 40,
    "refund_fee": 12,
    "twin_units": 8,
    "exchange": 14,
    "exchange_and_refund": 6,
    "store_credit": 6,
    "settled_early": 4,
    "cancelled": 3,
    "unknown_sku": 2,
    "differs": 3,
    "flagged": 2,
}


@dataclass
class Living:
    scenarios: Scenarios
    engine: Engine
    every_s: float
    draw: random.Random

    def __post_init__(self) -> None:
        self.engine.jobs.register("living", work=self._make_one, crosses=True)
        self.engine.jobs.register("parcel", work=self._move_parcel)

    def start(self) -> None:
        if self.every_s > 0 and not self.engine.store.value("SELECT 1 FROM job WHERE kind = 'living'"):
            self.engine.jobs.add("living", content={}, after_s=self.every_s)

    def _make_one(self, job: Json) -> None:
        if self.every_s <= 0:
            return  # left over from a run that was a living one
        open_returns = self.engine.store.value("SELECT count(*) FROM loop_return WHERE is_underway = 1")
        room = 1 - open_returns / self.engine.settings.number("living.open_returns_max")
        # Slower the fuller it is, and nothing new when it is full.
        wait_s = self.every_s / max(room, 0.1) * self.draw.uniform(0.6, 1.4)
        if self.engine.jobs.count("living") == 1:  # two are left when this one was cut off after adding the next
            self.engine.jobs.add("living", content={}, after_s=wait_s)
        if room <= 0:
            return
        shop = self.draw.choice(sorted(self.engine.shops))
        name = self.draw.choices(list(WEIGHTS), weights=list(WEIGHTS.values()))[0]
        params: Json = {"parcel": "created", "billing": self.draw.choice(("invoice", "invoice", "cash_sale"))}
        if name in ("refund", "refund_fee"):
            params["units"] = self.draw.choice((1, 1, 2, 3))
        made = self.scenarios.make(shop, scenario=name, params=params, walks=True)
        self._schedule(made["return_id"])

    def _schedule(self, return_id: str) -> None:
        step_s = self.engine.settings.number("living.parcel_step_s") * self.draw.uniform(0.6, 1.4)
        self.engine.jobs.add("parcel", content={"return_id": return_id}, after_s=step_s)

    def _move_parcel(self, job: Json) -> None:
        loop_return = self.engine.load(int(job["return_id"]))
        if loop_return is None or loop_return.state == "cancelled" or loop_return.label_status not in PARCEL[:-1]:
            return
        to = PARCEL[PARCEL.index(str(loop_return.label_status)) + 1]
        with self.engine.store.transaction():
            self.engine.advance_parcel(loop_return, to=to)
        if to != "delivered":
            self._schedule(job["return_id"])

"""Many returns at once, made in the background piece by piece, so that a restart goes on where the last run ended."""

import random
import time
from collections import Counter
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from integrations.sandbox.inputs import BadInputError
from integrations.sandbox.living import WEIGHTS
from integrations.sandbox.loop.engine import Engine
from integrations.sandbox.memory import Memory
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.person import act_as_person
from integrations.sandbox.scenario_kinds import SCENARIOS
from integrations.sandbox.scenarios import Scenarios

Json = dict[str, Any]
NAME = "crowds"
PIECE = 20  # returns per transaction: others get their turn in between
CROWD_MAX = 1_000_000
KEPT_MAX = 50
WEIGHT_MAX = 10_000
DAYS_MAX = 3650.0


@dataclass
class Crowd:
    """`until` is the moment of its last return; `days` before it stands the first."""

    count: int
    mix: dict[str, int]
    shops: list[str]
    params: Json
    seed: str
    until: str
    id: int = 0
    days: float = 0.0
    webhooks: bool = False
    booked: bool = False
    made: int = 0
    seconds: float = 0.0
    last_error: str = ""
    is_stopped: bool = False
    scenarios: dict[str, int] = field(default_factory=dict)

    @property
    def is_finished(self) -> bool:
        return self.is_stopped or self.made >= self.count

    def moment(self, number: int) -> datetime:
        return datetime.fromisoformat(self.until) - timedelta(days=self.days * (1 - (number + 1) / self.count))

    def shown(self) -> Json:
        return asdict(self) | {"is_finished": self.is_finished}


@dataclass
class Crowds:
    scenarios: Scenarios
    engine: Engine
    accounts: dict[str, Account]
    memory: Memory

    def __post_init__(self) -> None:
        self.engine.jobs.register("crowd", work=self._make_piece, pooled=True)

    def order(self, crowd: Crowd) -> Json:
        """Begins it; the answer is where it stands, as `as_json` shows it later."""
        if crowd.count < 1:
            raise BadInputError(f"count must be given: how many returns, at most {CROWD_MAX:,}")
        crowd.mix = _checked(crowd.mix) or WEIGHTS
        with self.engine.store.transaction():
            crowds = self._load()
            if len(crowds) >= KEPT_MAX:
                raise BadInputError(f"{KEPT_MAX} crowds are the most between two resets")
            crowd.id = len(crowds) + 1
            self._keep([*crowds, crowd])
            self.engine.jobs.add("crowd", content={"crowd": crowd.id})
        return crowd.shown()

    def as_json(self) -> list[Json]:
        return [crowd.shown() for crowd in self._load()]

    def stop(self, crowd_id: int) -> Json:
        with self.engine.store.transaction():
            crowd = self._find(crowd_id)
            crowd.is_stopped = True
            self._save(crowd)
        return crowd.shown()

    def _load(self) -> list[Crowd]:
        return [Crowd(**kept) for kept in self.memory.recall(NAME) or []]

    def _keep(self, crowds: list[Crowd]) -> None:
        self.memory.keep(NAME, [asdict(crowd) for crowd in crowds])

    def _find(self, crowd_id: int) -> Crowd:
        crowds = {crowd.id: crowd for crowd in self._load()}
        if crowd_id not in crowds:
            raise BadInputError(f"no crowd {crowd_id}; there are {list(crowds)}")
        return crowds[crowd_id]

    def _save(self, crowd: Crowd) -> None:
        self._keep([crowd if one.id == crowd.id else one for one in self._load()])

    def _make_piece(self, job: Json) -> None:
        started = time.monotonic()
        crowd = self._find(job["crowd"])
        if crowd.is_finished:
            return
        try:
            self._make_returns(crowd.id, started=started)
        except Exception as error:  # nothing of this piece is left; the order says why there is no more
            crowd = self._find(crowd.id)
            crowd.is_stopped, crowd.last_error = True, f"{type(error).__name__}: {error}"[:500]
            self._save(crowd)
            raise

    def _make_returns(self, crowd_id: int, *, started: float) -> None:
        """Returns, progress and the next job are one transaction of Loop. An order that a killed run had brought to
        NetSuite already is found there again: it is the same one, since its draw follows the seed and its number.
        """
        crowd = self._find(crowd_id)
        shop = crowd.shops[crowd.made // PIECE % len(crowd.shops)]
        account = self.accounts[self.engine.shops[shop].netsuite_account]
        left_out = () if crowd.webhooks else ("deliver",)
        with self.engine.jobs.leaving_out(*left_out), self.engine.store.transaction(), account.store.transaction():
            crowd = self._find(crowd_id)  # it may have been stopped while we waited for our turn
            for _ in range(0 if crowd.is_stopped else min(PIECE, crowd.count - crowd.made)):
                self._make_one(crowd, shop=shop)
            crowd.seconds = round(crowd.seconds + time.monotonic() - started, 3)
            self._save(crowd)
            if not crowd.is_finished:
                self.engine.jobs.add("crowd", content={"crowd": crowd_id})

    def _make_one(self, crowd: Crowd, *, shop: str) -> None:
        seed = f"{crowd.seed}/{crowd.made}"
        name = random.Random(seed).choices(list(crowd.mix), weights=list(crowd.mix.values()))[0]
        clock = self.engine.clock
        with clock.feigning(crowd.moment(crowd.made)) if crowd.days else nullcontext():
            made = self.scenarios.make(shop, scenario=name, params=crowd.params | {"seed": seed})
            if crowd.booked:
                self._book(made, account=self.accounts[self.engine.shops[shop].netsuite_account])
        crowd.made += 1
        crowd.scenarios[name] = crowd.scenarios.get(name, 0) + 1

    def _book(self, made: Json, *, account: Account) -> None:
        """As people without us do it: authorised, received and credited by hand in NetSuite, then settled in Loop."""
        bill = made["netsuite"].get("invoice_id") or made["netsuite"]["cash_sale_id"]
        units = Counter(unit["provider_line_item_id"] for unit in made["units"])
        rows = [
            {"orderLine": _line_of(account, bill=bill, reference=reference), "quantity": quantity}
            for reference, quantity in units.items()
        ]
        wanted = {"record": bill, "replace": ["item"], "body": {"item": {"items": rows}}}
        rma = act_as_person(account, action="authorize", request=wanted)["id"]
        act_as_person(account, action="receive", request={"record": rma})
        credit = "credit" if "invoice_id" in made["netsuite"] else "cash_refund"
        act_as_person(account, action=credit, request={"record": rma})
        loop_return = self.engine.load(int(made["return_id"]))
        if loop_return is not None and loop_return.state == "open":
            self.engine.queue_processing(loop_return, source="admin")


def _line_of(account: Account, *, bill: str, reference: str) -> int:
    sql = "SELECT id FROM txn_line WHERE txn = ? AND custcol_shopify_line_id = ?"
    return int(account.store.value(sql, (int(bill), reference)))


def _checked(mix: Json) -> dict[str, int]:
    for name, weight in mix.items():
        if name not in SCENARIOS:
            raise BadInputError(f"no scenario {name!r:.100}; known: {', '.join(SCENARIOS)}")
        if not isinstance(weight, int) or isinstance(weight, bool) or not 0 < weight <= WEIGHT_MAX:
            raise BadInputError(f"mix.{name} is its weight, a whole number from 1 to {WEIGHT_MAX}; not {weight!r:.100}")
    return mix

"""The sandbox put together: state, simulators, connector and traffic behind one WSGI application."""

import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from werkzeug.wrappers import Request, Response

from integrations.sandbox.call_log import CallLog
from integrations.sandbox.callers import caller_of
from integrations.sandbox.clock import Clock
from integrations.sandbox.crowds import Crowds
from integrations.sandbox.fault_answers import answer_after, answer_before, stands_instead
from integrations.sandbox.faults import Call, Fault, Faults
from integrations.sandbox.gate import Gate
from integrations.sandbox.jobs import Jobs
from integrations.sandbox.living import Living
from integrations.sandbox.loop.api import LoopApi
from integrations.sandbox.loop.engine import Engine
from integrations.sandbox.loop.shelf import TABLES
from integrations.sandbox.loop.webhooks import Webhooks
from integrations.sandbox.memory import Memory
from integrations.sandbox.netsuite.account import Account
from integrations.sandbox.netsuite.api import NetSuiteApi
from integrations.sandbox.netsuite.async_jobs import AsyncJobs
from integrations.sandbox.netsuite.auth import TokenDesk
from integrations.sandbox.netsuite.record_calls import answer_record
from integrations.sandbox.netsuite.views import refresh_views
from integrations.sandbox.operations import operation_of
from integrations.sandbox.pace import Patience, ask_to_wait, modelled_s
from integrations.sandbox.scenarios import Scenarios
from integrations.sandbox.settings import Settings
from integrations.sandbox.shopify import ExchangeCarrier
from integrations.sandbox.shops import ShopProfile
from integrations.sandbox.store import Store
from integrations.sandbox.world import SHOPS, make_shops, open_account, open_beside

Json = dict[str, Any]
SETTINGS, FAULTS, OPENED = "settings", "faults", "opened shops"  # the names they are remembered under


@dataclass(frozen=True)
class Options:
    file: Path | None = None
    clock_file: Path | None = None
    living_s: float = 0.0
    seed: str = "returnsops"
    webhook_url: str = ""
    settings: Json = field(default_factory=dict)


class Sandbox:
    """Everything of one run. `reset` throws the state away and begins anew with the same keys."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.clock = Clock(options.clock_file)
        self.settings = Settings(
            accounts=[shop.netsuite_account for shop in SHOPS], shops=[shop.code for shop in SHOPS]
        )
        self._pace_draw = random.Random(f"pace-{options.seed}")
        self.faults = Faults(
            seed=options.seed,
            accounts=tuple(shop.netsuite_account for shop in SHOPS),
            shops=tuple(shop.code for shop in SHOPS),
            now=self.clock.now,
            keep=lambda rules: self.memory.keep(FAULTS, rules),
        )
        self.gate = Gate()
        self._open()
        self.settings.on_change(self._settings_changed)

    def _open(self) -> None:
        options = self.options
        shops = make_shops(seed=options.seed)
        self.shops = {shop.code: shop for shop in shops}
        self.loop_store = Store(options.file)
        self.loop_store.run_script(TABLES)
        self.memory = Memory(self.loop_store)
        self._add_opened_shops()
        self._choose_settings()
        self.faults.restore(self.memory.recall(FAULTS) or [])
        self.patience = Patience(self.clock)
        self.calls = CallLog()
        self.accounts: dict[str, Account] = {
            shop.netsuite_account: open_account(
                shop,
                path=self._account_file(shop.netsuite_account),
                clock=self.clock,
                settings=self.settings,
                seed=options.seed,
            )
            for shop in shops
        }
        draw = random.Random(options.seed)
        self.jobs = Jobs(self.loop_store, clock=self.clock)
        self.webhooks = Webhooks(
            self.loop_store, self.jobs, self.clock, self.settings, self.shops, random.Random(options.seed)
        )
        self.engine = Engine(self.loop_store, self.clock, self.settings, self.jobs, self.webhooks, self.shops, draw)
        self.carrier = ExchangeCarrier(self.engine, accounts=self.accounts)
        self.scenarios = Scenarios(self.engine, accounts=self.accounts, draw=random.Random(f"{options.seed}-s"))
        self.living = Living(self.scenarios, self.engine, options.living_s, random.Random(f"{options.seed}-l"))
        self.crowds = Crowds(self.scenarios, self.engine, self.accounts, self.memory)
        self.desk = TokenDesk(self.accounts)
        self.netsuite_api = NetSuiteApi(self.desk, AsyncJobs(self.accounts, self.jobs, work=answer_record))
        self.loop_api = LoopApi(self.engine)
        if options.webhook_url:
            self.webhooks.subscribe_all(options.webhook_url)
        self.living.start()
        self.jobs.start()

    def open_shop(self, code: str, *, beside: str, currency: str) -> ShopProfile:
        """One more Loop shop, whose books are those of another one."""
        opened = self.memory.recall(OPENED) or {}
        self.memory.keep(OPENED, opened | {code: {"beside": beside, "currency": currency}})
        self._add_opened_shops()
        return self.shops[code]

    def _add_opened_shops(self) -> None:
        for number, (code, told) in enumerate((self.memory.recall(OPENED) or {}).items(), 1):
            beside, seed = self.shops[told["beside"]], self.options.seed
            shop = open_beside(beside, code=code, currency=told["currency"], number=number, seed=seed)
            self.shops.setdefault(code, shop)
        self.settings.know_shops(self.shops)
        self.faults.know_shops(self.shops)

    def _account_file(self, account_id: str) -> Path | None:
        path = self.options.file
        return path.with_name(f"{path.stem}.{account_id.lower()}{path.suffix}") if path else None

    def _choose_settings(self) -> None:
        """What an earlier run on this file had chosen; what this run was started with goes above it."""
        self.settings.restore(self.memory.recall(SETTINGS) or [])
        self.settings.update_quietly(self.options.settings)
        self.memory.keep(SETTINGS, self.settings.chosen())

    def _settings_changed(self) -> None:
        self.memory.keep(SETTINGS, self.settings.chosen())
        for account in self.accounts.values():
            refresh_views(account)

    def close(self) -> None:
        """For good: calls under way are let through, later ones find the connection closed."""
        self.patience.end()
        self.gate.shut()
        self._close()

    def _close(self) -> None:
        self.jobs.stop()
        self.loop_store.close()
        for account in self.accounts.values():
            account.store.close()

    def reset(self) -> None:
        """Alone: calls under way are let through, later ones wait until the new world is there."""
        self.patience.end()
        self.gate.shut()
        try:
            self._close()
            self._remove_files()
            self.clock.reset()
            self._open()
        finally:
            self.gate.open()

    def _remove_files(self) -> None:
        if self.options.file:
            files = [self.options.file, *(self._account_file(one) for one in self.accounts)]
            for file in filter(None, files):
                for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
                    file.with_name(name).unlink(missing_ok=True)

    def answer_system(self, request: Request, *, system: str) -> Response:
        """One call of Loop or NetSuite, in the time the latency model gives it, with whatever fault strikes it."""
        request.get_data()  # the body is read in any case, or the next request of the connection would begin in it
        with self.gate.passing():
            return self._answer(request, call=self._call(request, system=system))

    def _answer(self, request: Request, *, call: Call) -> Response:
        self._slow_down(request, call=call)
        fault = self.faults.take(call)
        if fault is not None:
            instead = self._answer_before(fault, request, call=call)
            if instead is not None:
                return instead
        api = self.netsuite_api if call.system == "netsuite" else self.loop_api
        started = time.time()
        response = api.answer(request)
        self.calls.note(request, call, started=started, status=response.status_code, fault=fault)
        return response if fault is None else answer_after(fault, request, response, patience=self.patience)

    def _answer_before(self, fault: Fault, request: Request, *, call: Call) -> Response | None:
        """The log notes it before the caller can hear of it."""
        if stands_instead(fault):
            self.calls.note(request, call, started=time.time(), status=None, fault=fault)
        return answer_before(fault, request, patience=self.patience)

    def _call(self, request: Request, *, system: str) -> Call:
        return Call(
            system=system,
            subject=caller_of(request, system=system, shops=self.shops, accounts=self.accounts),
            method=request.method,
            address=request.full_path,
            operation=operation_of(system, method=request.method, path=request.path),
        )

    def _slow_down(self, request: Request, *, call: Call) -> None:
        switches = self.settings.of_caller(call.system, one=call.subject)
        seconds = modelled_s(
            switches, system=call.system, operation=call.operation, method=call.method, draw=self._pace_draw
        )
        if seconds:
            ask_to_wait(request, lambda: self.patience.sleep(seconds))

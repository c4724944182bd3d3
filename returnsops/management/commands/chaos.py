"""manage.py chaos: returns through the whole system under faults, judged by the sandbox's books. Last line JSON."""

import json
import sys
import time
from argparse import ArgumentTypeError
from random import Random
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from integrations.models import Shop
from returnsops.lib.errors import PostgresError, ProcessError, StopRequested
from returnsops.lib.postgres import Outlives
from returnsops.lib.processes import Processes, find_free_port
from returnsops.management.chaos.classes import (
    CLASSES,
    COMMIT_WINDOW_S,
    FAILED_READ_REST_S,
    LANE_LEASE_S,
    LANES_HELD_S,
    LOOP_CALLS_PER_MINUTE,
    LOOP_REFUSED_WAIT_S,
    PROBE_AFTER_MAX_S,
    READ_AGAIN_AFTER_S,
    SENDING_LEASE_S,
    describe_classes,
)
from returnsops.management.chaos.kills import Killer
from returnsops.management.chaos.meddling import Meddlers
from returnsops.management.chaos.outcome import Judge, describe_outcome
from returnsops.management.chaos.people import People
from returnsops.management.chaos.run import Order, Run
from returnsops.management.chaos.sandbox_control import SandboxControl
from returnsops.management.chaos.schedule import draw_schedule
from returnsops.management.own_folder import empty_own_folder, run_in_own_folder
from returnsops.management.rehearsal.books import CallTally
from returnsops.management.stack import STOP_PATIENCE_S, Stack, start_stack, stop_database
from returnsops.returns.models import PolicyVersion
from returnsops.returns.policies import activate_policy

FOLDER = "chaos"
WORKERS = 2
# What takes minutes to months elsewhere, in seconds here: a thing that does not come has to become a case in time.
DEADLINES = {
    "sale": 30, "rma": 30, "inspection": 240, "settlement": 40, "exchange_order": 40, "read_back": 40,
    "closed_unprocessed": 40, "rma_closed": 30,
}  # fmt: skip
LATENCY = {
    "get": [0.01, 0.02], "query": [0.02, 0.08], "create": [0.03, 0.06], "transform": [0.08, 0.2],
    "update": [0.03, 0.06], "token": [0.01, 0.02],
}  # fmt: skip


class Command(BaseCommand):
    help = "Run returns through the whole system while calls fail, processes die and people meddle; check the books."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--returns", type=_at_least_one, default=200)
        parser.add_argument("--seed", default="", help="replays a schedule, or several: 1,2,3; drawn unless given")
        parser.add_argument("--class", dest="only", choices=CLASSES, help="this class of faults alone")
        parser.add_argument("--kills", type=_at_least_none, help="default: 3, more for more than 1,000 returns")
        parser.add_argument("--restarts", type=_at_least_none, help="of the database, every other a crash; default: 1")
        parser.add_argument("--minutes", type=float, default=60.0, help="faults end after this at the latest")
        parser.add_argument(
            "--patience",
            type=float,
            default=SENDING_LEASE_S + 90,
            help="seconds until all must be well after the faults",
        )
        parser.add_argument("--list", action="store_true", help="say the classes of faults with their rates")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            self.stdout.write("\n".join(describe_classes()))
            return
        run_in_own_folder(FOLDER)
        options["seed"] = options["seed"] or f"{time.time_ns() % 1_000_000}"
        self.stderr.write(f"Seed {options['seed']}: --seed {options['seed']} replays this schedule of faults.")
        started = time.monotonic()
        stack = _make_stack(options["seed"])
        try:
            with Processes(patience_s=STOP_PATIENCE_S) as processes:
                result = self.run(processes, stack, options)
        except StopRequested:
            raise CommandError("Stopped before the end; nothing was judged.") from None
        except (PostgresError, ProcessError) as error:
            raise CommandError(str(error)) from error
        finally:
            connections.close_all()
            stop_database(stack.data_dir)
        self.stdout.write(json.dumps({**result, "seconds": round(time.monotonic() - started, 1)}))
        if not result["is_well"]:
            sys.exit(1)

    def run(self, processes: Processes, stack: Stack, options: dict[str, Any]) -> dict[str, Any]:
        start_stack(processes, stack=stack)
        _shorten_minutes()
        control = SandboxControl(stack.sandbox_url)
        limit = {"rate_limit_per_minute": LOOP_CALLS_PER_MINUTE}
        control.post("settings", {"netsuite": {"concurrency": 100, "latency_model": LATENCY}, "loop": limit})
        killer, people = Killer(processes, stack, Random(f"{options['seed']}/victims")), People()
        judge = Judge(control, people, CallTally())
        runs: list[Run] = []
        for seed in options["seed"].split(","):
            runs.append(self.prepare(seed, control, killer, judge, options))
            runs[-1].throw()
            self.stderr.write(f"No more faults. {runs[-1].describe()}")
            if not runs[-1].settle(judge.is_well):
                break
        found = describe_outcome(runs, judge, say=self.stderr.write)
        return {**found, "is_well": found["is_well"] and runs[-1].is_well, "seed": options["seed"]}

    def prepare(self, seed: str, control: SandboxControl, killer: Killer, judge: Judge, options: dict[str, Any]) -> Run:
        returns = options["returns"]
        classes = [options["only"]] if options["only"] else list(CLASSES)
        world = control.get("world")
        accounts = {row["code"]: row["netsuite_account"] for row in world["loop_shops"]}
        shelves = {row["account_id"]: row["locations"]["sellable"] for row in world["netsuite_accounts"]}
        kills = max(3, 30 * returns // 10_000) if options["kills"] is None else options["kills"]
        restarts = max(1, min(3, returns // 500)) if options["restarts"] is None else options["restarts"]
        return Run(
            order=Order(returns, seed, classes, options["minutes"], options["patience"]),
            schedule=draw_schedule(seed=seed, returns=returns, classes=classes, kills=kills, restarts=restarts),
            control=control,
            killer=killer,
            people=judge.people,
            meddlers=Meddlers(control, accounts, shelves, Random(f"{seed}/pauses")),
            tally=judge.tally,
            say=self.stderr.write,
        )


def _make_stack(seed: str) -> Stack:
    return Stack(
        data_dir=empty_own_folder(FOLDER),
        port=find_free_port(),
        sandbox_port=find_free_port(),
        workers=WORKERS,
        sandbox_seed=seed,
        database_outlives=Outlives.CRASH,  # what is killed here is PostgreSQL, never the machine
        settings={
            "NETSUITE_COMMIT_WINDOW_S": str(COMMIT_WINDOW_S),
            "SENDING_LEASE_S": str(SENDING_LEASE_S),
            "LANE_LEASE_S": str(LANE_LEASE_S),
            "LANES_HELD_S": str(LANES_HELD_S),
            "CLAIM_LEASE_S": str(SENDING_LEASE_S),
            "READ_AGAIN_AFTER_S": str(READ_AGAIN_AFTER_S),
            "FAILED_READ_REST_S": str(FAILED_READ_REST_S),
            "PROBE_AFTER_MAX_S": str(PROBE_AFTER_MAX_S),
            "LOOP_REFUSED_WAIT_S": str(LOOP_REFUSED_WAIT_S),
            "HEARTBEAT_LIMIT_S": "20",
            "LOOP_SWEEP_EVERY_S": "15",
            "RECORD_SWEEP_EVERY_S": "10",
        },
    )


def _shorten_minutes() -> None:
    Shop.objects.update(calls_per_minute=LOOP_CALLS_PER_MINUTE)
    for shop in Shop.objects.all():
        rules = PolicyVersion.objects.get(shop=shop, active=True).rules
        activate_policy(shop, {**rules, "deadlines": DEADLINES}, by=None, reason="Chaos: minutes are seconds")


def _at_least_one(text: str) -> int:
    return _whole(text, least=1)


def _at_least_none(text: str) -> int:
    return _whole(text, least=0)


def _whole(text: str, *, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise ArgumentTypeError(f"{text} is no whole number from {least} on")
    return int(text)

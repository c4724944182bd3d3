"""manage.py chaos: returns through the whole system under faults, judged by the sandbox's books. Last line JSON."""

import json
import sys
import time
from argparse import ArgumentTypeError
from collections import Counter
from random import Random
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from exceptions.models import Case
from integrations.models import Shop
from returnsops.lib.errors import PostgresError, ProcessError, StopRequested
from returnsops.lib.processes import Processes, find_free_port
from returnsops.management.chaos.classes import CLASSES, COMMIT_WINDOW_S, SENDING_LEASE_S, describe_classes
from returnsops.management.chaos.kills import Killer
from returnsops.management.chaos.meddling import Meddlers
from returnsops.management.chaos.people import People
from returnsops.management.chaos.progress import cases_by_return, find_stuck, worst_wait_for_case
from returnsops.management.chaos.run import Order, Run
from returnsops.management.chaos.sandbox_control import SandboxControl
from returnsops.management.chaos.schedule import draw_schedule
from returnsops.management.commands.connect_sandbox import LANES
from returnsops.management.own_folder import empty_own_folder, run_in_own_folder
from returnsops.management.rehearsal.books import Verdict, check_books, check_calls
from returnsops.management.stack import STOP_PATIENCE_S, Stack, start_stack, stop_database
from returnsops.people.audit import find_broken_link
from returnsops.returns.models import PolicyVersion
from returnsops.returns.policies import activate_policy

FOLDER = "chaos"
WORKERS = 2
FINDINGS_SHOWN = 60
# What takes minutes to months elsewhere, in seconds here: a thing that does not come has to become a case in time.
DEADLINES = {
    "sale": 30, "rma": 30, "inspection": 240, "settlement": 40, "exchange_order": 40, "read_back": 40,
    "closed_unprocessed": 40,
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
        parser.add_argument("--seed", default="", help="replays a schedule; drawn and printed unless given")
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
        _scale_deadlines()
        control = SandboxControl(stack.sandbox_url)
        control.post("settings", {"netsuite": {"concurrency": 100, "latency_model": LATENCY}})
        run = self.prepare(processes, stack, control, options)
        run.throw()
        self.stderr.write(f"No more faults. {run.describe()}")
        judge = Judge(run)
        is_well = run.settle(judge.is_well)
        judge.is_well()
        return self.report(run, judge.verdict, is_well=is_well, seed=options["seed"])

    def prepare(self, processes: Processes, stack: Stack, control: SandboxControl, options: dict[str, Any]) -> Run:
        seed, returns = options["seed"], options["returns"]
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
            killer=Killer(processes, stack, Random(f"{seed}/victims")),
            people=People(),
            meddlers=Meddlers(control, accounts, shelves, Random(f"{seed}/pauses")),
            say=self.stderr.write,
        )

    def report(self, run: Run, verdict: Verdict, *, is_well: bool, seed: str) -> dict[str, Any]:
        stuck = find_stuck()
        for line in [*verdict.findings[:FINDINGS_SHOWN], *stuck]:
            self.stderr.write(line)
        open_cases = Case.objects.exclude(status=Case.Status.CLOSED).values_list("code", flat=True)
        return {
            "is_well": is_well and not stuck,
            "returns": run.made,
            "settled": verdict.settled,
            **verdict.as_json(),
            "stuck": len(stuck),
            "open_cases": dict(Counter(open_cases)),
            "faults": dict(run.tally.faults),
            "moments": dict(run.struck),
            "kills": dict(run.killer.count),
            "restarts": dict(run.killer.restarts),
            "meddled": dict(Counter(act.name for act in run.meddlers.done)),
            "calls": run.tally.calls,
            "calls_abandoned": run.tally.abandoned,
            "most_at_once": run.tally.most_at_once(),
            "seconds_to_settle": run.settled_in_s,
            "worst_seconds_to_case": worst_wait_for_case(run.meddlers.done),
            "connections_resumed": run.people.resumed,
            "seed": seed,
        }


class Judge:
    """Asks the books, as often as wanted."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.verdict = Verdict()

    def is_well(self) -> bool:
        run = self.run
        run.tally.read_on(run.control.get)
        verdict = check_books(run.control.read_dump(), passed=run.people.warehouse.passed, cases=cases_by_return())
        check_calls(run.tally, lanes=LANES, verdict=verdict)
        broken = find_broken_link()
        verdict.note("broken_audit_chain", int(broken is not None), f"from event {broken} on")
        self.verdict = verdict
        return verdict.promises_kept()


def _make_stack(seed: str) -> Stack:
    return Stack(
        data_dir=empty_own_folder(FOLDER),
        port=find_free_port(),
        sandbox_port=find_free_port(),
        workers=WORKERS,
        sandbox_seed=seed,
        settings={
            "NETSUITE_COMMIT_WINDOW_S": str(COMMIT_WINDOW_S),
            "SENDING_LEASE_S": str(SENDING_LEASE_S),
            "HEARTBEAT_LIMIT_S": "20",
            "LOOP_SWEEP_EVERY_S": "15",
            "RECORD_SWEEP_EVERY_S": "10",
        },
    )


def _scale_deadlines() -> None:
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

"""manage.py bench: our speed beside a simple alternative, in one run. Last line JSON."""

import json
from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.utils.module_loading import import_string

from integrations.errors import IntegrationError
from integrations.models import Shop
from returnsops.lib.errors import PostgresError, ProcessError
from returnsops.lib.processes import Processes, find_free_port
from returnsops.management.bench.ingest import measure_ingest
from returnsops.management.bench.latency import measure_latency
from returnsops.management.bench.mirror import measure_mirror
from returnsops.management.bench.planning import measure_planning
from returnsops.management.bench.posting import Size, measure_posting
from returnsops.management.bench.sales import SandboxDesk
from returnsops.management.bench.webhooks import SHOP_CODE, make_shop
from returnsops.management.own_folder import empty_own_folder, run_in_own_folder
from returnsops.management.stack import (
    START_LIMIT_S,
    STOP_PATIENCE_S,
    Stack,
    ensure_database,
    sandbox_program,
    start_stack,
    stop_database,
)

FOLDER = "bench"
SANDBOX_SHOP = "northwind"
MINUTES = {"ingest": 1.0, "mirror": 0.5, "latency": 3.5}
PLANS_PER_MINUTE = 1_500  # returns made, planned and planned anew
LOOK = "returnsops.tasks.look_at_return"  # by its name, as the queue calls it
PARTS = ("ingest", "mirror", "latency", "posting", "plans")


class Command(BaseCommand):
    help = "Measure ingest, mirror, latency and posting against simple alternatives, side by side; and plans."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("parts", nargs="*", type=_part, help=f"which of {', '.join(PARTS)}; all unless given")
        parser.add_argument("--returns", type=int, default=120, help="latency: returns measured (default: 120)")
        parser.add_argument("--plans", type=int, default=2_000, help="plans: returns planned anew (default: 2,000)")
        parser.add_argument(
            "--lanes", type=_numbers, default=Size.lanes, help="posting: calls at once (default: 5,15,25)"
        )
        parser.add_argument(
            "--taken-lanes", type=_numbers, default=Size.taken_lanes, help="posting: with 40 %% taken (default: 15)"
        )
        parser.add_argument("--rounds", type=int, default=Size.rounds, help="posting: turns of each (default: 2)")
        parser.add_argument("--seconds", type=float, default=Size.seconds, help="posting: of a turn (default: 15)")
        parser.add_argument("--latency", type=float, default=Size.latency_s, help="posting: s a call (default: 1)")

    def handle(self, *args: Any, **options: Any) -> None:
        run_in_own_folder(FOLDER)
        size = Size(
            lanes=options["lanes"],
            taken_lanes=options["taken_lanes"],
            rounds=options["rounds"],
            seconds=options["seconds"],
            latency_s=options["latency"],
        )
        parts = [name for name in PARTS if name in (options["parts"] or PARTS)]
        self._announce(parts, size, plans=options["plans"])
        stack = Stack(data_dir=empty_own_folder(FOLDER), port=find_free_port(), sandbox_port=find_free_port())
        stack.log_dir.mkdir()
        measures: dict[str, Callable[[], dict[str, Any]]] = {
            "ingest": lambda: self.measure_ingest(stack),
            "mirror": lambda: measure_mirror(bench_shop()),
            "latency": lambda: self.measure_latency(stack, count=options["returns"]),
            "posting": lambda: self.measure_posting(stack, size),
            "plans": lambda: measure_planning(import_string(LOOK), count=options["plans"], say=self.stderr.write),
        }
        try:
            ensure_database(stack)
            call_command("migrate", interactive=False, verbosity=0)
            results = {name: self._measure(name, measures[name]) for name in parts}
        except (PostgresError, ProcessError, IntegrationError) as error:
            raise CommandError(str(error)) from error
        finally:
            connections.close_all()
            stop_database(stack.data_dir)
        self.stdout.write(json.dumps(results))

    def _announce(self, parts: list[str], size: Size, *, plans: int) -> None:
        minutes_of = MINUTES | {"posting": size.minutes, "plans": plans / PLANS_PER_MINUTE}
        minutes = sum(minutes_of[name] for name in parts)
        self.stderr.write(f"{', '.join(parts)}: about {minutes:.0f} minutes in all.")

    def _measure(self, name: str, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        self.stderr.write(f"{name} …")
        result = measure()
        self.stderr.write(f"{name}: {json.dumps(result)}")
        return result

    def measure_ingest(self, stack: Stack) -> dict[str, Any]:
        bench_shop()
        with Processes(patience_s=STOP_PATIENCE_S) as processes:
            return measure_ingest(processes, stack=stack, bare_port=find_free_port())

    def measure_latency(self, stack: Stack, *, count: int) -> dict[str, Any]:
        with Processes(patience_s=STOP_PATIENCE_S) as processes:
            start_stack(processes, stack=stack)
            shop = Shop.objects.get(code=SANDBOX_SHOP)
            return measure_latency(processes, desk=SandboxDesk(stack.sandbox_url), shop=shop, count=count)

    def measure_posting(self, stack: Stack, size: Size) -> dict[str, Any]:
        with Processes(patience_s=STOP_PATIENCE_S) as processes:
            processes.start(sandbox_program(stack))
            health = f"{stack.sandbox_url}/_sandbox/health"
            processes.wait_until_ready("sandbox", url=health, limit_s=START_LIMIT_S)
            SandboxDesk(stack.sandbox_url).post("reset", {})  # another part may have used its books
            call_command("connect_sandbox", url=stack.sandbox_url, verbosity=0, stdout=self.stderr)
            shop = Shop.objects.select_related("account").get(code=SANDBOX_SHOP)
            return measure_posting(processes, stack=stack, shop=shop, size=size, say=self.stderr.write)


def bench_shop() -> Shop:
    """The one that can be hooked and never called."""
    return Shop.objects.filter(code=SHOP_CODE).first() or make_shop()


def _part(name: str) -> str:
    if name not in PARTS:
        raise ArgumentTypeError(f"no part {name!r}; there are {', '.join(PARTS)}")
    return name


def _numbers(text: str) -> tuple[int, ...]:
    """«5,15,25»; nothing for none."""
    numbers = tuple(int(one) for one in text.split(",") if one)
    if any(one < 1 for one in numbers):
        raise ArgumentTypeError("lanes are whole numbers from 1")
    return numbers

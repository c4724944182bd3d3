"""manage.py hammer: is every webhook that was answered with 200 in the inbox, and no forged one? Last line JSON."""

import json
import sys
import time
from argparse import ArgumentTypeError
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from integrations.models import InboundEvent
from returnsops.lib.errors import PostgresError, ProcessError
from returnsops.lib.processes import Processes, find_free_port
from returnsops.management.bench.calls import Caller
from returnsops.management.bench.forgeries import make_forgeries, make_large_webhook
from returnsops.management.bench.hammer import Hammer, Told, call, count_missing
from returnsops.management.bench.webhooks import make_shop
from returnsops.management.own_folder import empty_own_folder, run_in_own_folder
from returnsops.management.stack import (
    START_LIMIT_S,
    STOP_PATIENCE_S,
    Stack,
    ensure_database,
    stop_database,
    web_program,
)

FOLDER = "hammer"
MUST_BE_ZERO = ("accepted_not_stored", "refused", "given_up", "forged_accepted", "large_accepted")


class Command(BaseCommand):
    help = "Send webhooks while web processes are killed and the database restarts, then forged ones; check the inbox."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--webhooks", type=_at_least_one, default=20_000)
        parser.add_argument("--kills", type=_at_least_none, default=20, help="web processes killed meanwhile")
        parser.add_argument(
            "--restarts", type=_at_least_none, default=2, help="restarts of the database, every other a crash"
        )
        parser.add_argument("--forged", type=_at_least_one, default=10_000)
        parser.add_argument("--seed", default="1", help="decides how webhooks are forged")

    def handle(self, *args: Any, **options: Any) -> None:
        run_in_own_folder(FOLDER)
        started = time.monotonic()
        stack = Stack(data_dir=empty_own_folder(FOLDER), port=find_free_port(), sandbox_port=find_free_port())
        stack.log_dir.mkdir()
        try:
            ensure_database(stack)
            call_command("migrate", interactive=False, verbosity=0)
            make_shop()
            connections.close_all()
            with Processes(patience_s=STOP_PATIENCE_S) as processes:
                result = self.run(processes, stack, options)
        except (PostgresError, ProcessError) as error:
            raise CommandError(str(error)) from error
        finally:
            connections.close_all()
            stop_database(stack.data_dir)
        self.stdout.write(json.dumps({**result, "seconds": round(time.monotonic() - started, 1)}))
        if any(result[name] for name in MUST_BE_ZERO):
            sys.exit(1)

    def run(self, processes: Processes, stack: Stack, options: dict[str, Any]) -> dict[str, Any]:
        processes.start(web_program(stack))
        processes.wait_until_listening("web", port=stack.port, limit_s=START_LIMIT_S)
        hammer = Hammer(
            processes=processes,
            stack=stack,
            webhooks=options["webhooks"],
            kills=options["kills"],
            restarts=options["restarts"],
            say=self.stderr.write,
        )
        told = hammer.strike()
        return {**describe(told, options), **try_forgeries(stack, options, say=self.stderr.write)}


def describe(told: Told, options: dict[str, Any]) -> dict[str, Any]:
    return {
        "webhooks": options["webhooks"],
        "kills": options["kills"],
        "restarts": options["restarts"],
        "answers": dict(sorted(told.answers.items())),
        "answered_200": len(told.stored),
        "accepted_not_stored": count_missing(told),
        "refused": sum(count for answer, count in told.answers.items() if answer.startswith(("3", "4"))),
        "given_up": told.given_up,
    }


def try_forgeries(stack: Stack, options: dict[str, Any], *, say: Any) -> dict[str, Any]:
    """Accepted: answered with 200, or believed in the inbox, whichever is more."""
    say(f"{options['forged']} forged webhooks …")
    believed = InboundEvent.objects.filter(signed=True).count()
    caller = Caller(stack.port)
    answers = [call(caller, forged) for forged in make_forgeries(options["forged"], seed=options["seed"])]
    forged_believed = InboundEvent.objects.filter(signed=True).count() - believed
    large = call(caller, make_large_webhook())
    caller.close()
    return {
        "forged": len(answers),
        "forged_accepted": max(answers.count("200"), forged_believed),
        "forged_without_answer": answers.count("broken"),
        "large_accepted": int(large == "200"),
    }


def _at_least_one(text: str) -> int:
    return _whole(text, least=1)


def _at_least_none(text: str) -> int:
    return _whole(text, least=0)


def _whole(text: str, *, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise ArgumentTypeError(f"{text} is no whole number from {least} on")
    return int(text)

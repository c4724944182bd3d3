"""manage.py smoke: the whole journey without a browser, judged by the sandbox's books. Last line JSON."""

import json
import sys
import time
from typing import Any

import requests
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from exceptions.models import Case, CaseMember
from returnsops.lib.errors import PostgresError, ProcessError
from returnsops.lib.processes import Processes, find_free_port
from returnsops.management.own_folder import empty_own_folder, run_in_own_folder
from returnsops.management.rehearsal.books import Family, Known, Verdict, check_books, sort_by_return, what_is_missing
from returnsops.management.rehearsal.players import Office, Part, Warehouse
from returnsops.management.rehearsal.script import deal_parts
from returnsops.management.stack import STOP_PATIENCE_S, Stack, start_stack, stop_database
from returnsops.people.models import User
from returnsops.posting.pauses import postings_on_their_way
from returnsops.returns.models import LoopReturn

FOLDER = "smoke"
TIME_LIMIT_S = 110.0
ROUND_S = 0.5
QUIET_ROUNDS = 6
TIMEOUT_S = 20
DONE = (LoopReturn.Stage.SETTLED, LoopReturn.Stage.ENDED)


class Command(BaseCommand):
    help = "Run 40 mixed returns through the whole system on free ports and check the sandbox's books."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--returns", type=int, default=40)

    def handle(self, *args: Any, **options: Any) -> None:
        run_in_own_folder(FOLDER)
        started = time.monotonic()
        stack = Stack(data_dir=empty_own_folder(FOLDER), port=find_free_port(), sandbox_port=find_free_port())
        try:
            with Processes(patience_s=STOP_PATIENCE_S) as processes:
                start_stack(processes, stack=stack)
                rehearsal = Rehearsal(stack, list(deal_parts(options["returns"])))
                verdict, wrong = rehearsal.run(processes, say=self.stderr.write)
        except (PostgresError, ProcessError) as error:
            raise CommandError(str(error)) from error
        finally:
            connections.close_all()
            stop_database(stack.data_dir)
        self.report(verdict, wrong, count=options["returns"], open_cases=rehearsal.open_cases, started=started)

    def report(self, verdict: Verdict, wrong: list[str], *, count: int, open_cases: int, started: float) -> None:
        for finding in [*verdict.findings, *wrong]:
            self.stderr.write(finding)
        result = {
            "returns": count,
            "settled": verdict.settled,
            "open_cases": open_cases,
            **verdict.as_json(),
            "seconds": round(time.monotonic() - started, 1),
        }
        self.stdout.write(json.dumps(result))
        if wrong or not verdict.promises_kept():
            sys.exit(1)


class Rehearsal:
    """Forty returns, a warehouse and an office; ends when everything stands still as it should, or time is up."""

    def __init__(self, stack: Stack, parts: list[Part]) -> None:
        people = {user.username: user for user in User.objects.all()}
        self.stack = stack
        self.parts = parts
        self.warehouse = Warehouse(people["ada"])
        self.office = Office(maker=people["finn"], approver=people["fay"], data=people["dana"])
        self.made: dict[str, tuple[Part, str]] = {}
        self.open_cases = 0

    def run(self, processes: Processes, *, say: Any) -> tuple[Verdict, list[str]]:
        give_up_at = time.monotonic() + TIME_LIMIT_S
        for part in self.parts:
            made = self.ask(
                "POST", "loop/returns", {"shop": part.shop, "scenario": part.scenario, "params": part.params}
            )
            self.made[made["return_id"]] = (part, made["tracking_number"])
        quiet = 0
        while quiet < QUIET_ROUNDS and time.monotonic() < give_up_at:
            processes.rest(ROUND_S)
            processes.watch(0)
            acted = self.play()
            quiet = 0 if acted or not self.stands_still() else quiet + 1
            say(self.progress())
        return self.judge()

    def play(self) -> int:
        """One round of the people's work. Gives how much they did."""
        waiting = [tracking for part, tracking in self.made.values() if not self.warehouse.inspect(tracking, part)]
        helped = {one for one, (part, _) in self.made.items() if not part.expects_case}
        return len(waiting) + self.office.settle_cases(helped)

    def stands_still(self) -> bool:
        """Nothing is on its way, and each return is done or in the case it should have."""
        if postings_on_their_way().exists():
            return False
        return not any(self.is_unfinished(one, part) for one, (part, _) in self.made.items())

    def is_unfinished(self, loop_id: str, part: Part) -> bool:
        stage = LoopReturn.objects.filter(loop_id=loop_id).values_list("stage", flat=True).first()
        return stage not in DONE and part.expects_case not in self.cases_of(loop_id)

    def cases_of(self, loop_id: str) -> set[str]:
        members = CaseMember.objects.filter(loop_return__loop_id=loop_id, left_at=None)
        return set(members.exclude(case__status=Case.Status.CLOSED).values_list("case__code", flat=True))

    def progress(self) -> str:
        done = LoopReturn.objects.filter(stage__in=DONE).count()
        return f"{done} of {len(self.made)} returns done, {postings_on_their_way().count()} postings on their way"

    def judge(self) -> tuple[Verdict, list[str]]:
        dump = self.ask("GET", "dump")
        cases = {one: self.cases_of(one) for one in self.made}
        verdict = check_books(dump, Known(self.warehouse.passed, cases))
        self.open_cases = Case.objects.exclude(status=Case.Status.CLOSED).count()
        return verdict, self.find_unexpected(dump)

    def find_unexpected(self, dump: dict[str, Any]) -> list[str]:
        """Returns that are neither complete nor in the case they should have; a case nobody expected counts too."""
        families = sort_by_return(dump)
        wrong = []
        for shop in dump["loop"].values():
            for one in shop["returns"]:
                part, _ = self.made[str(one["id"])]
                cases = self.cases_of(str(one["id"]))
                expected = {part.expects_case} if part.expects_case else set()
                missing = what_is_missing(one, families.get(str(one["id"]), Family()))
                if cases != expected or (missing and not expected):
                    wrong.append(
                        f"return {one['id']} ({part.scenario}): {missing or 'complete'}, cases {cases or 'none'}"
                    )
        return wrong

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = requests.request(method, f"{self.stack.sandbox_url}/_sandbox/{path}", json=body, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return answer.json()

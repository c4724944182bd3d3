"""The scenario book: each file of cases/ tells one return as a story, moment by moment, and what must follow.

A moment changes what is true (Loop, warehouse, NetSuite, a person); then the plan is carried out until it wants nothing
more. `expect` holds what came of it in business words. docs/scenarios.md is drawn from these files.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from returnsops.returns.facts import ReturnFacts
from tests.scenarios.given import begin
from tests.scenarios.moments import pass_moment
from tests.scenarios.words import describe_plan

CASES = Path(__file__).parent / "cases"
EXPECTED = re.compile(r'expect = """\n(.*?)"""', re.DOTALL)

Json = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """rows: the requirements and sections of the references it answers.

    only_plan: why it is not played through the whole stack (tests/scenarios/whole); empty if it is.
    """

    path: Path
    title: str
    rows: tuple[str, ...]
    given: Json
    moments: tuple[Json, ...]
    only_plan: str = ""

    @property
    def chapter(self) -> str:
        return self.path.parent.name

    @property
    def name(self) -> str:
        return f"{self.chapter}/{self.path.stem}"

    def expected(self) -> list[str]:
        return [moment["expect"] for moment in self.moments]

    def play(self) -> Iterator[tuple[ReturnFacts, str]]:
        """The facts at the end of each moment, and what came of it in words."""
        facts = begin(self.given)
        for moment in self.moments:
            facts = replace(facts, now=facts.now + read_time(moment.get("after", "0m")))
            facts, posted, plan = pass_moment(facts, moment)
            yield facts, describe_plan(facts, posted, plan)

    def write_expected(self, told: list[str]) -> None:
        """Put what came of each moment in the place of what was expected. Read the difference before you keep it."""
        answers = iter(told)
        self.path.write_text(EXPECTED.sub(lambda _: f'expect = """\n{next(answers)}"""', self.path.read_text()))


@cache
def read_book() -> tuple[Scenario, ...]:
    return tuple(read_scenario(path) for path in sorted(CASES.glob("*/*.toml")))


def read_scenario(path: Path) -> Scenario:
    told = tomllib.loads(path.read_text())
    moments = tuple(told.pop("moment"))
    only_plan = told.pop("only_plan", "")
    return Scenario(path, told.pop("title"), tuple(told.pop("rows")), told, moments, only_plan)


def read_time(text: str) -> timedelta:
    """90s, 5m, 2h or 4d."""
    units = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
    return timedelta(**{units[text[-1]]: float(text[:-1])})

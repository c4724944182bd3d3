"""docs/scenarios.md: the book as a person reads it."""

from itertools import groupby
from typing import Any

from tests.scenarios.book import Scenario

HEAD = """# Scenarios

Each story is a file of `tests/scenarios/cases/`, played by the tests: a moment changes what is true, the plan is
carried out until it wants nothing more, and the lines below it are what comes of it. This page is drawn from them.

Most are played once more through the whole stack, over HTTP against the sandbox, and compared with what its books hold;
those that are not say why.

Unless a story says otherwise, the shop writes every record, asks Loop to settle only after the credit, and has a
holding, a sellable and a damaged location; the order is one invoice; a unit is a `BOOT-42` paid 72.00 + 5.76 tax.
"""


def draw_book(book: tuple[Scenario, ...]) -> str:
    parts = [HEAD]
    for chapter, stories in groupby(book, key=lambda one: one.chapter):
        parts.append(f"## {chapter.replace('_', ' ').capitalize()}\n")
        parts += [_draw(one) for one in stories]
    return "\n".join(parts)


def _draw(scenario: Scenario) -> str:
    lines = [f"### {scenario.title}", "", f"{', '.join(scenario.rows)} · `{scenario.chapter}/{scenario.path.stem}`", ""]
    rules = scenario.given.get("policy", {})
    if rules:
        lines += [f"Policy: {', '.join(f'{name} = {_plain(value)}' for name, value in rules.items())}.", ""]
    if scenario.only_plan:
        lines += [f"Played with the plan alone: {scenario.only_plan}", ""]
    for moment in scenario.moments:
        lines += [f"**{moment['what']}**", "", "```text", moment["expect"].rstrip("\n"), "```", ""]
    return "\n".join(lines)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return "; ".join(_plain(one) for one in value)
    return ", ".join(f"{name}: {one}" for name, one in value.items()) if isinstance(value, dict) else str(value)

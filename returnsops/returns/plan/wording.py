"""What a plan says, with the names of locations. It knows them by id alone: a name is no fact, and nothing follows from
it. So every text of ours says «location 14», and the name is put in when the text is kept or shown.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from returnsops.returns.plan.draft import Agreement, Plan
from returnsops.returns.problems import Problem

PLACE = re.compile(r"(?<!\()\blocation (\d+)\b")  # in brackets it has its name already
Reword = Callable[[str], str]


def name_places(text: str, name_of: Callable[[str], str]) -> str:
    """«Main Street (location 14)» for «location 14»; one without a name stays as it is."""

    def with_name(found: re.Match[str]) -> str:
        name = name_of(found[1])
        return f"{name} ({found[0]})" if name else found[0]

    return PLACE.sub(with_name, text)


def reword_plan(plan: Plan, reword: Reword) -> Plan:
    """With all that people read of it in other words; NetSuite's own words, and what is sent, stay as they are."""
    return replace(
        plan,
        steps=tuple(replace(one, detail=reword(one.detail)) for one in plan.steps),
        problems=tuple(_reword_problem(one, reword) for one in plan.problems),
        agreements=tuple(_reword_agreement(one, reword) for one in plan.agreements),
    )


def _reword_problem(problem: Problem, reword: Reword) -> Problem:
    return replace(
        problem,
        cause=reword(problem.cause),
        expected=reword(problem.expected),
        found=reword(problem.found),
        detail=tuple((name, reword(value)) for name, value in problem.detail),
    )


def _reword_agreement(agreement: Agreement, reword: Reword) -> Agreement:
    differences = tuple(replace(one, ours=reword(one.ours), theirs=reword(one.theirs)) for one in agreement.differences)
    return replace(agreement, wanted=reword(agreement.wanted), differences=differences)

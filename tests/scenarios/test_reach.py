"""The book reaches what there is: every setting, every kind of document, every problem a plan tells.

Every row of the matrices: test_matrix.py.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from returnsops.returns.facts import ReturnFacts
from returnsops.returns.plan import StepState, kinds, plan_return
from returnsops.returns.plan.kinds import POSTING_KINDS
from returnsops.returns.policy import RECORD_KINDS, Deadlines, Ownership, Policy
from returnsops.returns.problems import KINDS
from tests.scenarios.book import read_book
from tests.scenarios.words import describe_plan

PLAN = Path(kinds.__file__).parent
# Settings that make facts, which the book tells: shown where facts are loaded (tests/posting/test_facts*.py), or where
# what is posted is read back (tests/posting/test_read_back*.py).
BESIDE_THE_PLAN = {"prices_include_tax", "duties_field", "read_back", "read_back_share"}


@cache
def seen() -> tuple[tuple[ReturnFacts, frozenset[str]], ...]:
    """The facts at the end of every moment of the book, and the kinds of its documents until then."""
    return tuple(
        (facts, frozenset(one.kind for one in facts.postings)) for story in read_book() for facts, _ in story.play()
    )


def settings_of(policy: Any, prefix: str = "") -> Iterator[tuple[str, object]]:
    for field in fields(policy):
        value = getattr(policy, field.name)
        if is_dataclass(value):
            yield from settings_of(value, f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}", value


def values_met(name: str) -> set[str]:
    return {str(value) for facts, _ in seen() for one, value in settings_of(facts.policy) if one == name}


CHOICES = {name: type(value) for name, value in settings_of(Policy()) if isinstance(value, Enum)}


@pytest.mark.parametrize("name", sorted(CHOICES.keys() - BESIDE_THE_PLAN))
def test_every_choice_of_a_setting_is_made_in_some_story(name: str) -> None:
    assert values_met(name) == {str(choice) for choice in CHOICES[name]}


@pytest.mark.parametrize("kind", RECORD_KINDS)
def test_every_record_is_observed_shadowed_and_written_in_some_story(kind: str) -> None:
    assert {facts.policy.ownership[kind] for facts, _ in seen()} == set(Ownership)


def test_every_other_setting_has_several_values_in_the_book() -> None:
    others = {name for name, _ in settings_of(Policy()) if not name.startswith("deadlines.")} - CHOICES.keys()

    assert {name for name in others - BESIDE_THE_PLAN if len(values_met(name)) < 2} == set()


@pytest.mark.parametrize("name", [field.name for field in fields(Deadlines)])
def test_every_deadline_decides_over_some_story(name: str) -> None:
    """With a deadline of its own length and no other, the plan says something else at the end of some moment."""
    assert any(differs_with(facts, name) for facts, _ in seen())


def differs_with(facts: ReturnFacts, name: str) -> bool:
    never = replace(facts.policy.deadlines, **{name: timedelta(days=3_000)})
    changed = replace(facts, policy=replace(facts.policy, deadlines=never))
    return told_by(changed) != told_by(facts)


def told_by(facts: ReturnFacts) -> str:
    return describe_plan(facts, [], plan_return(facts))


def test_every_kind_of_document_is_posted_in_some_story() -> None:
    assert {kind for _, kinds in seen() for kind in kinds} == POSTING_KINDS.keys()


def test_every_problem_that_a_plan_can_tell_is_told_in_some_story() -> None:
    source = "".join(path.read_text() for path in PLAN.glob("*.py"))
    of_plans = {code for code in KINDS if f'"{code}"' in source}
    told = {problem.code for facts, _ in seen() for problem in plan_return(facts).problems}

    assert of_plans - told == set()
    assert told <= of_plans


@cache
def steps_held_up() -> dict[str, set[str]]:
    """By problem the steps that are open beside it somewhere in the book."""
    found: dict[str, set[str]] = {}
    for plan in (plan_return(facts) for facts, _ in seen()):
        still_open = {step.code for step in plan.steps if step.state in (StepState.BLOCKED, StepState.WAITING)}
        for problem in plan.problems:
            found.setdefault(problem.code, set()).update(still_open)
    return found


@pytest.mark.parametrize("code", sorted(code for code, kind in KINDS.items() if kind.step))
def test_every_problem_leads_to_a_step_that_is_open_beside_it_in_some_story(code: str) -> None:
    assert KINDS[code].step in steps_held_up()[code]


def test_every_document_in_the_books_has_its_step_once_a_return_is_settled() -> None:
    for story in read_book():
        for facts, _ in story.play():
            plan = plan_return(facts)
            told = {step.code for step in plan.steps}
            booked = {POSTING_KINDS[one.kind] for one in facts.postings if one.status == "posted"}
            untold = {kind.words for kind in booked if kind.is_booked and not kind.is_update and kind.step not in told}
            assert plan.stage != "settled" or not untold, f"{story.name} does not tell of its {untold}"

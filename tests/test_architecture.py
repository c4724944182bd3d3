"""The house keeps its order: imports go down, the plan is pure, the sandbox stands alone, everything has its words."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from exceptions.models import Case
from returnsops.posting.models import Posting
from returnsops.returns.problems import KINDS
from tests.drawn_docs import (
    CASE_ARROWS,
    POSTING_ARROWS,
    ROOT,
    arrows_of,
    compare_or_write,
    draw_problems,
    draw_states,
)

OURS = ("returnsops", "integrations", "exceptions")
# From the ground up. Rooms of one floor do not know each other.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("returnsops.lib",),
    ("returnsops.people",),
    ("integrations",),
    ("returnsops.returns",),
    ("returnsops.posting",),
    ("exceptions",),
    ("returnsops.closing",),
    ("returnsops.warehouse", "returnsops.pages", "returnsops.api"),
    ("returnsops.urls", "returnsops.tasks", "returnsops.management", "returnsops.wsgi", "returnsops.apps"),
    ("returnsops.tick",),
)
# Read by Django before anything else, so it may use the ground floor only, and nobody imports it by name.
SETTINGS = "returnsops.settings"
SANDBOX = "integrations.sandbox"
STARTS_THE_SANDBOX = {"returnsops.management.commands.sandbox"}
PURE = (
    "returnsops.returns.plan",
    "returnsops.returns.facts",
    "returnsops.returns.problems",
    "returnsops.returns.policy",
    "returnsops.returns.places",
)
PURE_GROUND = ("returnsops.lib.money", "returnsops.lib.canonical", "returnsops.lib.words")
PURE_MAY_USE = (*PURE, *PURE_GROUND)
# The words of a refusal, and the scale of deadlines in demos; both without a database.
PURE_DJANGO = {"django.core.exceptions", "django.conf"}
OUTSIDE_WORLD = ("django", "requests", "psycopg", "urllib", "http", "socket", "django_q")


@dataclass(frozen=True)
class Import:
    importer: str
    imported: str
    place: str  # file:line
    in_function: bool


def modules() -> Iterator[tuple[str, Path]]:
    for room in OURS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                parts = path.relative_to(ROOT).with_suffix("").parts
                yield ".".join(part for part in parts if part != "__init__"), path


@cache
def all_imports() -> tuple[Import, ...]:
    """Read when a test asks: every process collects this file, one or two run it."""
    return tuple(one for name, path in modules() for one in imports_of(name, path))


def imports_of(name: str, path: Path) -> Iterator[Import]:
    for node, in_function in statements_of_import(ast.parse(path.read_text())):
        place = f"{path.relative_to(ROOT)}:{node.lineno}"
        for alias in node.names:
            imported = alias.name if isinstance(node, ast.Import) else f"{node.module}.{alias.name}"
            yield Import(name, imported, place, in_function)


def statements_of_import(
    parent: ast.AST, *, in_function: bool = False
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Only statements hold statements, so nothing else is looked into."""
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, in_function
        elif isinstance(node, ast.stmt | ast.excepthandler | ast.match_case):
            is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            yield from statements_of_import(node, in_function=in_function or is_function)


def is_in(name: str, *rooms: str) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def floor_of(name: str) -> tuple[int, str] | None:
    """(height, room); None for what is not ours."""
    return next(
        ((height, room) for height, rooms in enumerate(FLOORS) for room in rooms if is_in(name, room)),
        None,
    )


def told(imports: list[Import]) -> list[str]:
    return sorted({f"{one.place}: {one.importer} imports {one.imported}" for one in imports})


def climbs(one: Import) -> bool:
    here, there = floor_of(one.importer), floor_of(one.imported)
    if here is None or there is None or here[1] == there[1]:
        return False
    return there[0] >= here[0]


def test_every_module_has_its_floor() -> None:
    homeless = [name for name, _ in modules() if floor_of(name) is None]

    assert set(homeless) <= {"returnsops", SETTINGS}


def test_imports_go_down() -> None:
    assert told([one for one in all_imports() if climbs(one)]) == []


def test_settings_use_the_ground_floor_only() -> None:
    above = [one for one in all_imports() if one.importer == SETTINGS and is_in(one.imported, *OURS)]

    assert told([one for one in above if not is_in(one.imported, "returnsops.lib")]) == []
    assert told([one for one in all_imports() if is_in(one.imported, SETTINGS)]) == []


def test_no_import_hides_in_a_function() -> None:
    assert told([one for one in all_imports() if one.in_function]) == []


def test_plan_is_pure() -> None:
    from_plan = [one for one in all_imports() if is_in(one.importer, *PURE)]
    ours = [one for one in from_plan if is_in(one.imported, *OURS) and not is_in(one.imported, *PURE_MAY_USE)]
    outside = [
        one for one in from_plan if is_in(one.imported, *OUTSIDE_WORLD) and not is_in(one.imported, *PURE_DJANGO)
    ]

    assert from_plan, "the plan has moved"
    assert told(ours + outside) == []


def test_what_the_plan_uses_is_pure() -> None:
    below = [one for one in all_imports() if is_in(one.importer, *PURE_GROUND)]

    assert told([one for one in below if is_in(one.imported, *OUTSIDE_WORLD, *OURS)]) == []


def test_plan_reads_no_clock() -> None:
    calls = []
    for name, path in modules():
        if is_in(name, *PURE):
            attributes = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Attribute)]
            clocks = [node for node in attributes if node.attr in ("now", "today", "utcnow", "monotonic")]
            calls += [
                f"{path.relative_to(ROOT)}:{node.lineno}"
                for node in clocks
                if ast.unparse(node.value) in ("datetime", "date", "timezone", "time", "clock")
            ]

    assert calls == []


def test_sandbox_knows_nothing_of_ours() -> None:
    from_sandbox = [one for one in all_imports() if is_in(one.importer, SANDBOX)]

    assert from_sandbox, "the sandbox has moved"
    assert told([one for one in from_sandbox if is_in(one.imported, *OURS) and not is_in(one.imported, SANDBOX)]) == []


def test_nothing_of_ours_knows_the_sandbox() -> None:
    known = [one for one in all_imports() if is_in(one.imported, SANDBOX) and not is_in(one.importer, SANDBOX)]

    assert told([one for one in known if one.importer not in STARTS_THE_SANDBOX]) == []


def test_app_of_cases_is_never_imported_by_its_bare_name() -> None:
    """It would read like Django's or DRF's exceptions."""
    assert told([one for one in all_imports() if one.imported in ("exceptions", "exceptions.*")]) == []
    assert not list(ROOT.glob("exceptions/exceptions.py"))


@pytest.mark.parametrize("name", ["utils.py", "helpers.py", "exceptions.py", "manager.py", "common.py"])
def test_no_module_has_a_name_that_says_nothing(name: str) -> None:
    assert [str(path) for _, path in modules() if path.name == name] == []


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if is_in(model.__module__, *OURS)]


def test_every_model_can_be_read() -> None:
    assert [model.__name__ for model in our_models() if model.__str__ is models.Model.__str__] == []


def test_every_model_that_belongs_to_a_shop_can_be_narrowed_to_a_person() -> None:
    """Through a manager with visible_to, or only ever reached through such a row."""
    reached_through_their_owner = {
        "ApiKey", "CallBudget", "CaseEvent", "CaseMember", "ConnectionProfile", "Credential", "ExchangeItem",
        "FactChange", "Membership", "PostingAttempt", "PostingCover",
    }  # fmt: skip
    with_shop = [
        model
        for model in our_models()
        if {"shop", "loop_return", "posting", "case"} & {field.name for field in model._meta.get_fields()}
        and not hasattr(model._default_manager, "visible_to")
    ]

    assert {model.__name__ for model in with_shop} <= reached_through_their_owner


# --- Problems ---------------------------------------------------------------------------------------


def constants_beside_problems() -> set[str]:
    """Text constants of every module that makes problems."""
    makers = {one.importer for one in all_imports() if one.imported == "returnsops.returns.problems.Problem"}
    return {
        node.value
        for name, path in modules()
        if name in makers
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@pytest.mark.parametrize("code", KINDS)
def test_every_problem_code_is_raised_somewhere(code: str) -> None:
    assert code in constants_beside_problems()


@pytest.mark.parametrize("code", KINDS)
def test_every_problem_says_what_to_do(code: str) -> None:
    kind = KINDS[code]

    assert kind.title
    assert kind.advice.endswith(".")
    assert kind.role in {"finance", "warehouse", "data"}


def test_problems_are_documented() -> None:
    compare_or_write(ROOT / "docs" / "problems.md", draw_problems())


# --- States -----------------------------------------------------------------------------------------


def test_every_move_has_its_sentence() -> None:
    assert set(arrows_of(Posting.MOVES)) == set(POSTING_ARROWS)
    assert set(arrows_of(Case.MOVES)) == set(CASE_ARROWS)


def test_states_are_documented() -> None:
    compare_or_write(ROOT / "docs" / "states.md", draw_states())


def test_what_may_be_over_there_is_never_withdrawn() -> None:
    withdrawn_from = {start for start, end in arrows_of(Posting.MOVES) if end == "voided"}

    assert withdrawn_from == set(Posting.CHANGEABLE)

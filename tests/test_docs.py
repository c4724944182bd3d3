"""The documents name only what is there, and leave out nothing that a reader looks up in them."""

import re
from dataclasses import fields
from pathlib import Path
from pkgutil import resolve_name

import pytest
from django.apps import apps
from django.core.management import get_commands

from exceptions.models import Case
from returnsops.posting.models import Posting
from returnsops.returns.plan.draft import Draft
from returnsops.returns.policy import ITEM_KEYS, RECORD_KINDS, Deadlines, Locations, Policy, Tender

ROOT = Path(__file__).resolve().parent.parent
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
README, ARCHITECTURE, STATES = ROOT / "README.md", ROOT / "docs" / "architecture.md", ROOT / "docs" / "states.md"
ROOMS = ("returnsops", "integrations", "exceptions")
NAMED_FOLDERS = {*ROOMS, "docs", "static", "templates", "tests"}

AWAITED = {
    "docs/images/return-page.png": "a picture of a screen whose last details are being drawn",
}
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^ {4,}\S.*$", re.MULTILINE)
INLINE = re.compile(r"`[^`\n]+`")
MAKE_VERB = re.compile(r"(?:^|[`&;$]) *make ([a-z][a-z-]*)", re.MULTILINE)
COMMAND = re.compile(r"manage\.py ([a-z_]+)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
ENVIRONMENT = re.compile(r"env_[a-z]+\(\s*\"([A-Z_]+)\"")
FILE_NAME = re.compile(r"`((?:[\w.-]+/)+(?:[\w-]+\.(?:py|md|html|json|css|js|txt))?)`")
DOTTED_NAME = re.compile(rf"`((?:{'|'.join(ROOMS)})(?:\.\w+)+)`")
PIN = re.compile(r"^([A-Za-z0-9_-]+)(?:\[[^\]]+\])?==", re.MULTILINE)
PACKAGE_ROW = re.compile(r"^\| ([A-Za-z0-9_-]+) \|", re.MULTILINE)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def code_in(text: str) -> str:
    """What a reader may paste: fenced and indented blocks, and spans in backticks."""
    return "\n".join(match for pattern in (FENCED, INDENTED, INLINE) for match in pattern.findall(text))


def found_in_docs(pattern: re.Pattern[str], *, code_only: bool = False) -> list[tuple[str, str]]:
    """(document, what it names)."""
    texts = {name_of(document): document.read_text() for document in DOCS}
    return [
        (name, found)
        for name, text in texts.items()
        for found in sorted(set(pattern.findall(code_in(text) if code_only else text)))
    ]


def words_of(path: Path) -> set[str]:
    return set(re.findall(r"[A-Za-z0-9_-]+", path.read_text()))


def environment_variables() -> set[str]:
    return set(ENVIRONMENT.findall((ROOT / "returnsops" / "settings.py").read_text()))


def exists_as_path(document: str, name: str) -> bool:
    """Relative to the document, as a link is followed."""
    return ((ROOT / document).parent / name.partition("#")[0]).exists()


@pytest.mark.parametrize(("document", "verb"), found_in_docs(MAKE_VERB, code_only=True))
def test_every_make_verb_exists(document: str, verb: str) -> None:
    assert re.search(rf"^{verb}:", (ROOT / "Makefile").read_text(), re.MULTILINE), f"{document}: make {verb}"


@pytest.mark.parametrize(("document", "command"), found_in_docs(COMMAND))
def test_every_command_exists(document: str, command: str) -> None:
    assert command in get_commands(), f"{document}: manage.py {command}"


@pytest.mark.parametrize(
    ("document", "link"),
    [(document, link) for document, link in found_in_docs(LINK) if "://" not in link and not link.startswith("#")],
)
def test_every_link_leads_to_a_file(document: str, link: str) -> None:
    assert exists_as_path(document, link) or link in AWAITED, f"{document} links to {link}, which is not there"


@pytest.mark.parametrize("picture", AWAITED)
def test_what_is_awaited_is_still_wanted(picture: str) -> None:
    assert f"]({picture})" in README.read_text()


@pytest.mark.parametrize(
    ("document", "name"),
    [(document, name) for document, name in found_in_docs(FILE_NAME) if name.split("/")[0] in NAMED_FOLDERS],
)
def test_every_file_that_is_named_exists(document: str, name: str) -> None:
    assert (ROOT / name).exists(), f"{document} names {name}, which is not there"


@pytest.mark.parametrize(("document", "name"), found_in_docs(DOTTED_NAME))
def test_every_function_that_is_named_exists(document: str, name: str) -> None:
    assert resolve_name(name) is not None, f"{document} names {name}"


def test_every_environment_variable_is_in_the_readme() -> None:
    explained = set(re.findall(r"^\| `([A-Z_]+)` \|", README.read_text(), re.MULTILINE))

    assert explained == environment_variables()


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-dev.txt"])
def test_every_dependency_has_its_reason(file: str) -> None:
    pinned = set(PIN.findall((ROOT / file).read_text()))
    explained = set(PACKAGE_ROW.findall((ROOT / "docs" / "dependencies.md").read_text()))

    assert pinned, f"{file} pins nothing"
    assert pinned <= explained


def test_no_reason_is_left_of_a_dependency_that_went() -> None:
    pinned = {name for file in ROOT.glob("requirements*.txt") for name in PIN.findall(file.read_text())}
    explained = set(PACKAGE_ROW.findall((ROOT / "docs" / "dependencies.md").read_text())) - {"package"}

    assert explained <= pinned


def test_every_constraint_is_in_the_architecture() -> None:
    models = [model for model in apps.get_models() if model.__module__.split(".")[0] in ROOMS]
    names = {constraint.name for model in models for constraint in model._meta.constraints}

    assert names - words_of(ARCHITECTURE) == set()


def test_every_table_is_in_the_architecture() -> None:
    models = [model for model in apps.get_models() if model.__module__.split(".")[0] in ROOMS]

    assert {model.__name__ for model in models} - words_of(ARCHITECTURE) == set()


def test_every_setting_of_the_policy_is_in_the_architecture() -> None:
    names = {setting.name for kind in (Policy, Deadlines, Locations, Tender) for setting in fields(kind)}

    assert {*names, *ITEM_KEYS, *RECORD_KINDS} - words_of(ARCHITECTURE) == set()


def test_every_chapter_of_the_plan_is_in_the_architecture() -> None:
    folder = ROOT / Path(*Draft.__module__.split(".")).parent
    chapters = {path.name for path in folder.glob("*.py")} - {"__init__.py"}

    assert {name for name in chapters if f"`{name}`" not in ARCHITECTURE.read_text()} == set()


@pytest.mark.skipif(not STATES.exists(), reason="the states are not drawn yet")
@pytest.mark.parametrize("status", sorted({*Posting.Status.values, *Case.Status.values}))
def test_every_status_is_in_the_states(status: str) -> None:
    assert status in {word.lower() for word in words_of(STATES)}

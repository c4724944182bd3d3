"""docs/loop.md and docs/netsuite.md hold what comments cite, and point at code and switches that exist."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from integrations.sandbox.switches import GROUPS, SWITCHES

ROOT = Path(__file__).parents[1]
REFERENCES = {name: (ROOT / "docs" / f"{name}.md").read_text() for name in ("loop", "netsuite")}
FOLDERS_OF_CODE = ("", "integrations", "returnsops", "returnsops/returns")

NUMBER = r"\d+(?:\.\d+)*"
# With or without «§», one or several; the forms in use stand at the end of this file.
PART = rf"(?:§?{NUMBER}(?:[-–]{NUMBER})?|U\d+|fact \d+)"
CITATION = re.compile(rf"\b(?P<name>loop|netsuite)\.md`?(?P<parts>\s{PART}(?:(?:[,;]|\sand)?\s{PART}\b)*)")
SECTION = re.compile(rf"(?P<comma>,\s)?(?P<mark>§)?(?P<word>U|fact )?(?P<number>{NUMBER})(?:[-–](?P<last>{NUMBER}))?")
OWN_SECTION = re.compile(rf"(?<!\.md )§(?P<number>{NUMBER})")

HEADING = re.compile(rf"^#+ (?P<number>{NUMBER})\b")
ROW = re.compile(rf"^\| (?P<number>U?{NUMBER}) \|")
CODE_SPAN = re.compile(r"`([^`]+)`")
PLACE = re.compile(r"(?P<path>[\w/]+\.py):(?P<name>\w+)")
SWITCH = re.compile(r"(?:loop|netsuite|connector)\.[a-z_.]+")


class Citation(NamedTuple):
    """entry: a row of the section, such as the sixth fact or U9; empty for the section itself."""

    reference: str
    section: str
    entry: str = ""

    def __str__(self) -> str:
        return f"{self.reference}.md §{self.section}" + (f", {self.entry}" if self.entry else "")


def read_citations(text: str) -> Iterator[tuple[int, Citation]]:
    """Every citation with the line it stands in."""
    for found in CITATION.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        section = ""
        for part in SECTION.finditer(found["parts"]):
            number = part["number"]
            # Behind a comma a plain number is a row: «0.2, 11» is the eleventh fact.
            is_entry = part["word"] or (part["comma"] and not part["mark"] and "." not in number)
            if is_entry:
                entry = f"U{number}" if part["word"] == "U" else number
                yield line, Citation(found["name"], section, entry)
                continue
            section = number
            for one in filter(None, (number, part["last"])):
                yield line, Citation(found["name"], one)


def sections_of(text: str) -> dict[str, set[str]]:
    """By section the rows in it. A row that names a section, as «| 2.3 |» under «## 2», is one as well."""
    sections: dict[str, set[str]] = {}
    current = ""
    for line in text.splitlines():
        heading, row = HEADING.match(line), ROW.match(line)
        if heading:
            current = heading["number"]
            sections[current] = set()
        elif row:
            sections[current].add(row["number"])
            if row["number"].startswith(f"{current}."):
                sections.setdefault(row["number"], set())
    return sections


SECTIONS = {name: sections_of(text) for name, text in REFERENCES.items()}


def resolves(citation: Citation) -> bool:
    rows = SECTIONS[citation.reference].get(citation.section)
    return rows is not None and (not citation.entry or citation.entry in rows)


def files_that_cite() -> Iterator[Path]:
    yield from ROOT.glob("*.md")
    for folder in ROOT.iterdir():
        if folder.is_dir() and not folder.name.startswith("."):
            yield from (path for path in folder.rglob("*") if path.suffix in (".py", ".md"))


def names_defined_in(path: Path) -> set[str]:
    return set(re.findall(r"^\s*(?:def |class )?(\w+)(?= ?[:=(])", path.read_text(), re.MULTILINE))


def spans_of(reference: str) -> list[tuple[int, str]]:
    lines = REFERENCES[reference].splitlines()
    return [(number, span) for number, line in enumerate(lines, start=1) for span in CODE_SPAN.findall(line)]


def test_every_citation_resolves() -> None:
    dead = [
        f"{path.relative_to(ROOT)}:{line}: {citation}"
        for path in sorted(files_that_cite())
        if path.name != "CHANGELOG.md" and path != Path(__file__)
        for line, citation in read_citations(path.read_text())
        if not resolves(citation)
    ]

    assert not dead, "Cited, but not there:\n" + "\n".join(dead)


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_reference_cites_itself_by_sections_it_has(reference: str) -> None:
    dead = [
        f"docs/{reference}.md:{number}: §{found['number']}"
        for number, line in enumerate(REFERENCES[reference].splitlines(), start=1)
        for found in OWN_SECTION.finditer(line)
        if found["number"] not in SECTIONS[reference]
    ]

    assert not dead, "Cited, but not there:\n" + "\n".join(dead)


@pytest.mark.parametrize("reference", REFERENCES)
def test_every_place_in_the_code_exists(reference: str) -> None:
    dead = []
    for line, span in spans_of(reference):
        place = PLACE.fullmatch(span)
        if place:
            paths = [ROOT / folder / place["path"] for folder in FOLDERS_OF_CODE]
            if not any(place["name"] in names_defined_in(path) for path in paths if path.is_file()):
                dead.append(f"docs/{reference}.md:{line}: {span}")

    assert not dead, "Named, but not in the code:\n" + "\n".join(dead)


@pytest.mark.parametrize("reference", REFERENCES)
def test_every_switch_exists(reference: str) -> None:
    known = {*SWITCHES, *GROUPS}
    dead = [
        f"docs/{reference}.md:{line}: {span}"
        for line, span in spans_of(reference)
        if SWITCH.fullmatch(span) and span not in known
    ]

    assert not dead, "Named, but no switch of the sandbox:\n" + "\n".join(dead)


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("(loop.md §7.1)", ["loop.md §7.1"]),
        ("Source: loop.md §2.3, §2.4, §7.1.", ["loop.md §2.3", "loop.md §2.4", "loop.md §7.1"]),
        ("(loop.md 2.1, 2.2, 2.9)", ["loop.md §2.1", "loop.md §2.2", "loop.md §2.9"]),
        ("(loop.md 2.3-2.8)", ["loop.md §2.3", "loop.md §2.8"]),
        ("(loop.md 7 and 10); each", ["loop.md §7", "loop.md §10"]),
        ("loop.md §8 and netsuite.md §4 for", ["loop.md §8", "netsuite.md §4"]),
        ("(netsuite.md 0.2, 11)", ["netsuite.md §0.2", "netsuite.md §0.2, 11"]),
        ("(netsuite.md §0.2, fact 1; §9.1)", ["netsuite.md §0.2", "netsuite.md §0.2, 1", "netsuite.md §9.1"]),
        ("netsuite.md §13 U9", ["netsuite.md §13", "netsuite.md §13, U9"]),
        ("(netsuite.md 5.2, Signs)", ["netsuite.md §5.2"]),
        ("loop.md and its 3 siblings", []),
    ],
)
def test_citations_are_read_in_every_form(text: str, cited: list[str]) -> None:
    assert [str(citation) for _, citation in read_citations(text)] == cited


def test_a_citation_is_named_by_its_line() -> None:
    assert [line for line, _ in read_citations("first\nsee loop.md §99\n")] == [2]
    assert not resolves(Citation("loop", "99"))
    assert not resolves(Citation("netsuite", "13", "U99"))

"""Documents drawn from the code: docs/states.md from the tables of moves, docs/problems.md from the catalogue.

A test compares each with its file; `UPDATE_DOCS=1` makes the test write it anew instead.
"""

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from string import ascii_lowercase
from typing import Any

from exceptions.models import Case
from exceptions.offers import OFFERS
from returnsops.posting.models import Posting
from returnsops.returns.problems import KINDS
from returnsops.returns.problems.kinds import MAP_SKU

ROOT = Path(__file__).resolve().parent.parent
Moves = Mapping[Any, Collection[Any]]

POSTING_ARROWS = {
    ("pending", "sending"): "A sender claims it: marked and committed before any call is made.",
    ("pending", "uncertain"): "A new plan wants something else, and NetSuite may still have it as a job that nobody "
    "can name: looked for until a day has passed.",
    ("pending", "voided"): "A new plan no longer wants it and it was never carried out; what it covered is free again.",
    ("sending", "posted"): "The other side answered with its id.",
    (
        "sending",
        "pending",
    ): "Surely not done, for a passing reason: put back with a growing wait; or refused for a cause that "
    "it shares with others: it waits behind the pause of that cause.",
    ("sending", "uncertain"): "The answer was lost, the sender died, or the record «already exists».",
    ("sending", "rejected"): "The other side said no, or passing reasons lasted too long.",
    ("uncertain", "posted"): "A look found it over there: adopted.",
    ("uncertain", "pending"): "Not found after the commit window: sent again, under the same external id.",
    ("uncertain", "rejected"): "Our external id is on something else, or it was tried too often: a person decides.",
    ("rejected", "pending"): "A person retries it unchanged, or a correction gives it new content.",
    ("rejected", "uncertain"): "It was given up, a new plan wants something else, and NetSuite may still have it as a "
    "job: as from pending.",
    ("rejected", "voided"): "The plan no longer wants it; a refusal means that nothing of it is over there.",
}
CASE_ARROWS = {
    ("open", "taken"): "Somebody says «mine».",
    ("open", "closed"): "The last return has left, or the source says that the cause is gone.",
    ("taken", "open"): "Whoever had it gives it back, or works on cases of that shop no more.",
    ("taken", "closed"): "The same as from open: the cause is gone, whoever has it.",
}


def compare_or_write(path: Path, text: str) -> None:
    if os.environ.get("UPDATE_DOCS") == "1":
        path.write_text(text)
    found = path.read_text() if path.exists() else ""
    assert found == text, f"{path.relative_to(ROOT)} is not what the code says. Run the test with UPDATE_DOCS=1."


def draw_states() -> str:
    return "\n".join(
        [
            "# States",
            "",
            "Drawn from `MOVES` in `returnsops/posting/models.py` and `exceptions/models.py`; a test compares. A move",
            "is compare-and-set: of two who try the same, one wins and the other is told (`returnsops/lib/moves.py`).",
            "",
            "## Posting",
            "",
            "One document or action we owe. It exists only when it may be sent.",
            "",
            *_draw_machine(Posting.Status, Posting.MOVES, POSTING_ARROWS),
            "",
            "Nothing leaves `posted` and `voided`: a posted record is corrected by another posting, never changed.",
            "",
            "## Case",
            "",
            "One thing to decide. Only the source that raised it closes it; a person never does.",
            "",
            *_draw_machine(Case.Status, Case.MOVES, CASE_ARROWS),
            "",
            "Nothing leaves `closed`: the same problem later is a new case that counts the old ones.",
            "",
        ]
    )


def arrows_of(moves: Moves) -> list[tuple[str, str]]:
    return [(str(start), str(end)) for start, ends in moves.items() for end in sorted(ends)]


def _draw_machine(status: Any, moves: Moves, sentences: Mapping[tuple[str, str], str]) -> list[str]:
    arrows = list(zip(ascii_lowercase, arrows_of(moves), strict=False))
    first = next(iter(moves))
    return [
        "| state | shown as |",
        "|---|---|",
        *(f"| `{one.value}` | {one.label} |" for one in status),
        "",
        "```mermaid",
        "stateDiagram-v2",
        f"    [*] --> {first}",
        *(f"    {start} --> {end}: {letter}" for letter, (start, end) in arrows),
        "```",
        "",
        *(f"- **{letter}** {start} → {end}: {sentences[start, end]}" for letter, (start, end) in arrows),
    ]


def draw_problems() -> str:
    rows = [
        f"| `{code}` | {kind.title} | {kind.role} | {kind.advice} | {_actions(kind.actions)} |"
        for code, kind in sorted(KINDS.items())
    ]
    return "\n".join(
        [
            "# Problems",
            "",
            "Every code of a case, drawn from the tables in `returnsops/returns/problems/`; a test compares. Returns",
            "with the same code and subject share one case.",
            "",
            "| code | what happened | who | what to do | what can be done on the case |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _actions(names: Collection[str]) -> str:
    labels = {name: offer[0] for name, offer in OFFERS.items()} | {MAP_SKU: "Map the SKU in the admin"}
    return ", ".join(labels[name] for name in names) or "nothing: it ends by itself"

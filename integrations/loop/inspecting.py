"""What the warehouse saw, written beside each unit; it moves neither stock nor money (loop.md §2.8)."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from integrations.loop.answers import expect_true, read_answer
from integrations.loop.records import GradedAs, LoopUnitRecord, UnitAssessment, UnitGrade
from integrations.loop.transport import LoopTransport

Json = dict[str, object]

INSPECTED_UNITS_MAX = 20  # the reference says 30, a guide of Loop's says 20
DESCRIPTION_MAX_CHARS = 255
NOTE_MAX_CHARS = 65_535
IMAGES_MAX = 5
FIRST_WITH_GRADE_OBJECTS = "2026-10"
DATED = re.compile(r"\d{4}-\d{2}")


class Inspections(LoopTransport):
    def grade_units(self, items: Sequence[UnitGrade]) -> None:
        """Say in what condition units came. Loop's versions want the grade in different shapes."""
        as_object = self._wants_grade_objects()
        self._inspect(
            "grade_units", "/dispositioning/grade", [_format_grade(one, as_object=as_object) for one in items]
        )

    def assess_units(self, items: Sequence[UnitAssessment]) -> None:
        """Say what becomes of units."""
        self._inspect("assess_units", "/dispositioning/assess", [_format_assessment(one) for one in items])

    def _inspect(self, operation: str, path: str, items: list[Json]) -> None:
        assert 1 <= len(items) <= INSPECTED_UNITS_MAX
        answer = self._send(operation, "POST", path, json_body={"items": items}, writes=True)
        echoed = read_answer(answer, operation=operation, writes=True)
        if not isinstance(echoed, list):
            expect_true(echoed, answer, operation=operation)

    def _wants_grade_objects(self) -> bool:
        """By the version that answered last, since aliases such as v1 move; else by the one we ask for."""
        version = self.answered_version or self.version
        if DATED.fullmatch(version):
            return version >= FIRST_WITH_GRADE_OBJECTS
        return version in ("latest", "unstable")


def shows_grade(unit: LoopUnitRecord, word: str, *, note: str) -> bool:
    """Whether Loop shows this grade and note beside the unit, in the shape of either version."""
    part = _part(unit, "condition")
    shown = part.get("condition_category")
    if isinstance(shown, Mapping):
        shown, word = shown.get("title"), str(_grade_object(GradedAs(word))["title"])
    return bool(shown == word) and _shows_note(part, note)


def shows_assessment(unit: LoopUnitRecord, word: str, *, note: str) -> bool:
    part = _part(unit, "disposition")
    return bool(part.get("disposition_outcome") == word) and _shows_note(part, note)


def _shows_note(part: Mapping[str, Any], note: str) -> bool:
    """An earlier inspection may have told the same word."""
    return (part.get("note") or "") == note[:NOTE_MAX_CHARS]


def _part(unit: LoopUnitRecord, name: str) -> Mapping[str, Any]:
    part = unit.raw.get(name)
    return part if isinstance(part, Mapping) else {}


def _format_grade(item: UnitGrade, *, as_object: bool) -> Json:
    assert len(item.images) <= IMAGES_MAX
    said: Json = {
        "description": item.description[:DESCRIPTION_MAX_CHARS],
        "return_processor": item.graded_by,
        "note": item.note[:NOTE_MAX_CHARS],
        "images": list(item.images),
    }
    return _only_said(said) | {
        "line_item_id": int(item.line_item_id),
        "condition_category": _grade_object(item.grade) if as_object else item.grade.value,
        "inspected_at": _format_time(item.inspected_at),
    }


def _grade_object(grade: GradedAs) -> Json:
    """Subject and title are required; a grade is only what has a letter."""
    title = grade.value.replace("_", " ").capitalize()
    letter = {"grade": grade.value[-1]} if grade.value.startswith("grade_") else {}
    return {"subject": "item", "title": title, **letter}


def _format_assessment(item: UnitAssessment) -> Json:
    return _only_said({"return_processor": item.assessed_by, "note": item.note[:NOTE_MAX_CHARS]}) | {
        # The documented sample sends a number, while the list answers with text.
        "line_item_id": int(item.line_item_id),
        "disposition_outcome": item.assessed_as.value,
        "inspected_at": _format_time(item.inspected_at),
    }


def _only_said(said: Json) -> Json:
    """Only the unit is required; whether Loop takes an empty address is not known."""
    return {name: value for name, value in said.items() if value}


def _format_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")

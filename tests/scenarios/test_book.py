"""Every story of the book is played; what comes of each moment is what its file says."""

import os

import pytest

from tests.drawn_docs import ROOT, compare_or_write
from tests.scenarios.book import Scenario, read_book
from tests.scenarios.drawing import draw_book


@pytest.mark.parametrize("scenario", read_book(), ids=lambda one: f"{one.chapter}/{one.path.stem}")
def test_story_ends_as_the_book_says(scenario: Scenario) -> None:
    told = [words for _, words in scenario.play()]

    if os.environ.get("UPDATE_SCENARIOS") == "1":
        scenario.write_expected(told)
    else:
        assert told == scenario.expected()


def test_page_of_the_book_is_drawn_from_its_files() -> None:
    compare_or_write(ROOT / "docs" / "scenarios.md", draw_book(read_book()))

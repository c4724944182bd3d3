"""Every story of the book once more, through the whole stack: real HTTP, and the sandbox's own books as the judge."""

import json
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings

from integrations import connections
from integrations.sandbox.sandbox import Options
from integrations.sandbox.server import Served
from returnsops.lib import nudge
from tests.builders import CREATED
from tests.scenarios.book import read_book
from tests.scenarios.whole.play import play
from tests.scenarios.whole.theatre import Theatre

pytestmark = pytest.mark.journey

ONLY = tuple(os.environ.get("STORIES", "").split(","))  # how their names begin, as refunds/,differences/tax
ONLY_PLAN_MAX = 5
PLAYED = [story for story in read_book() if not story.only_plan and story.name.startswith(ONLY)]


@pytest.fixture
def theatre(
    tmp_path: Path, transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> Iterator[Theatre]:
    """Its clock stands at the beginning of the stories when the books are opened: months before it are closed."""
    clock = tmp_path / "clock.json"
    clock.write_text(json.dumps({"offset_seconds": (CREATED - datetime.now(UTC)).total_seconds()}))
    settings.BUSINESS_CLOCK_FILE = str(clock)
    settings.RECORD_REST = timedelta(0)  # what is posted is read back at once
    monkeypatch.setattr(logging.getLogger("integrations.http"), "level", logging.WARNING)
    served = Served(Options(seed="whole", clock_file=clock))
    served.start()
    theatre = Theatre(served.url)
    monkeypatch.setattr(nudge, "async_task", theatre.note)
    monkeypatch.setattr(connections, "_clients", {})
    theatre.open()
    yield theatre
    theatre.close()
    served.stop()


@pytest.mark.long
def test_stories_come_out_in_the_books_as_they_are_told(theatre: Theatre) -> None:
    differences = play(theatre, PLAYED)

    told = "\n".join("\n  ".join([name, *lines]) for name, lines in sorted(differences.items()))
    assert not differences, f"{len(differences)} of {len(PLAYED)} stories come out otherwise:\n{told}"


def test_few_stories_are_played_with_the_plan_alone() -> None:
    assert sum(bool(story.only_plan) for story in read_book()) <= ONLY_PLAN_MAX

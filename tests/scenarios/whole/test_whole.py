"""Every story once more, through the whole stack: real HTTP, the sandbox's own books."""

import json
import logging
import os
from collections.abc import Iterator
from datetime import UTC, datetime
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


@pytest.fixture
def theatre(
    tmp_path: Path, transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> Iterator[Theatre]:
    """Its clock stands at the beginning of the stories when the books are opened: months before it are closed."""
    clock = tmp_path / "clock.json"
    clock.write_text(json.dumps({"offset_seconds": (CREATED - datetime.now(UTC)).total_seconds()}))
    settings.BUSINESS_CLOCK_FILE = str(clock)
    logging.getLogger("integrations.http").setLevel(logging.WARNING)
    served = Served(Options(seed="whole", clock_file=clock))
    served.start()
    theatre = Theatre(served.url)
    monkeypatch.setattr(nudge, "async_task", theatre.note)
    monkeypatch.setattr(connections, "_clients", {})
    theatre.open()
    yield theatre
    theatre.close()
    served.stop()


def test_stories_come_out_in_the_books_as_they_are_told(theatre: Theatre) -> None:
    only = os.environ.get("ONLY", "")
    stories = [story for story in read_book() if only in f"{story.chapter}/{story.path.stem}"]

    differences = play(theatre, stories)

    text = "\n".join("\n  ".join([name, *lines]) for name, lines in sorted(differences.items()))
    print(text)
    print(len(differences), "of", len(stories))
    assert not differences

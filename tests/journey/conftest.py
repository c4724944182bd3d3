"""A whole ReturnsOps against a running sandbox: real HTTP, real PostgreSQL; the test itself is the task queue."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import transaction
from pytest_django import Settings

from integrations import connections
from integrations.sandbox.sandbox import Options
from integrations.sandbox.server import Served
from returnsops.lib import nudge
from returnsops.management.commands.seed_demo import seed_people
from tests.journey.stage import Stage


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    running = Served(Options(seed="journey"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def stage(
    served: Served, transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> Iterator[Stage]:
    """Connected, with the demo people. What a nudge asks for is done when the test says `run()`, and nothing rests."""
    settings.RECORD_REST = timedelta(0)
    stage = Stage(served.url)
    stage.reset()
    monkeypatch.setattr(nudge, "async_task", stage.note)
    monkeypatch.setattr(connections, "_clients", {})
    call_command("connect_sandbox", url=served.url, verbosity=0)
    with transaction.atomic():
        seed_people()
    yield stage
    stage.close()

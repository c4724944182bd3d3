"""A sandbox of its own for every test, on a free port of the loopback."""

from collections.abc import Iterator

import pytest
import requests

from integrations.sandbox.sandbox import Options
from integrations.sandbox.server import Served
from tests.sandbox.strangers import Director, Json, LoopStranger, NetSuiteStranger


@pytest.fixture
def served() -> Iterator[Served]:
    running = Served(Options(seed="tests"))
    running.start()
    running.sandbox.settings.update({"loop": {"process_delay_s": [0.0, 0.1], "was_processed_delay_s": 0.2}})
    yield running
    running.stop()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as one:
        yield one


@pytest.fixture
def director(served: Served, session: requests.Session) -> Director:
    return Director(served.url, session)


@pytest.fixture
def world(director: Director) -> Json:
    found: Json = director.get("world")
    return found


@pytest.fixture
def account(world: Json) -> Json:
    found: Json = world["netsuite_accounts"][0]
    return found


@pytest.fixture
def netsuite(served: Served, account: Json, session: requests.Session) -> NetSuiteStranger:
    stranger = NetSuiteStranger(served.url, account, session)
    stranger.log_in()
    return stranger


@pytest.fixture
def loop(served: Served, world: Json, session: requests.Session) -> LoopStranger:
    return LoopStranger(served.url, world["loop_shops"][0], session)

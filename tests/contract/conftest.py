"""Each expectation runs against the sandbox, and with -m live against a real account."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from integrations.sandbox.sandbox import Options
from integrations.sandbox.server import Served
from tests.contract.places import (
    LoopPlace,
    NetSuitePlace,
    live_loop,
    live_netsuite,
    sandbox_loop,
    sandbox_netsuite,
)
from tests.contract.readings import LOOP_READINGS, NETSUITE_READINGS, Reading
from tests.sandbox.strangers import Director

LIVE = pytest.param("live", marks=pytest.mark.live)
LOOP = [*(pytest.param(reading, id=reading.name) for reading in LOOP_READINGS), LIVE]
NETSUITE = [*(pytest.param(reading, id=reading.name) for reading in NETSUITE_READINGS), LIVE]


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    running = Served(Options(seed="contract"))
    running.start()
    running.sandbox.settings.update({"loop": {"process_delay_s": [0.0, 0.1], "was_processed_delay_s": 0.2}})
    yield running
    running.stop()


@pytest.fixture(scope="session")
def director(served: Served) -> Iterator[Director]:
    with requests.Session() as session:
        yield Director(served.url, session)


@pytest.fixture(scope="session", params=LOOP)
def loop(request: pytest.FixtureRequest) -> Iterator[LoopPlace]:
    if request.param == "live":
        yield live_loop()
        return
    director: Director = request.getfixturevalue("director")
    with as_read(director, "loop", request.param):
        yield sandbox_loop(director.url, director, version=request.param.version)


@pytest.fixture(scope="session", params=NETSUITE)
def netsuite(request: pytest.FixtureRequest) -> Iterator[NetSuitePlace]:
    if request.param == "live":
        yield live_netsuite(writes=request.config.getoption("--write"))
        return
    director: Director = request.getfixturevalue("director")
    with as_read(director, "netsuite", request.param):
        account = director.get("world")["netsuite_accounts"][0]
        yield sandbox_netsuite(director.url, director, account, reading=request.param)


@contextmanager
def as_read(director: Director, system: str, reading: Reading) -> Iterator[None]:
    """The sandbox behaves as one reading of the documents has it, and afterwards as before."""
    director.post("settings", {system: reading.switches})
    yield
    director.post("settings", {system: dict.fromkeys(reading.switches)})

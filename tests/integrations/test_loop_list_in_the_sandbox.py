"""Every return of a window is listed, however Loop sorts and pages it. Against the sandbox."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from integrations.loop.client import LoopClient
from integrations.sandbox.loop.shelf import save_return
from integrations.sandbox.sandbox import Options
from integrations.sandbox.server import Served
from tests.sandbox.strangers import Director

NOW = datetime.now(UTC).replace(microsecond=0)
# Seconds ago at which each return was created and changed: more of one second than a page of two holds, twice.
CREATED = (90, 90, 90, 80, 70, 60, 60, 60, 50, 40, 40, 40)
CHANGED = (10, 20, 30, 30, 30, 30, 30, 35, 20, 20, 20, 9)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    running = Served(Options(seed="listing"))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def made(served: Served) -> set[str]:
    """The returns of the first shop, with moments of our choice."""
    code = next(iter(served.sandbox.shops))
    with requests.Session() as session:
        director = Director(served.url, session)
        ids = [director.make_return("refund", shop=code)["return_id"] for _ in CREATED]
    engine = served.sandbox.engine
    for return_id, created, changed in zip(ids, CREATED, CHANGED, strict=True):
        loop_return = engine.load(int(return_id))
        assert loop_return
        save_return(engine.store, replace(loop_return, created_at=_ago(created), updated_at=_ago(changed)))
    return {str(return_id) for return_id in ids}


def _ago(seconds: int) -> str:
    return (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S")


@pytest.fixture
def loop(served: Served) -> Iterator[LoopClient]:
    (profile, *_) = served.sandbox.shops.values()
    client = LoopClient(served.url, profile.api_key)
    yield client
    client.close()
    served.sandbox.settings.update(
        {"loop": {"list_order": None, "list_by": None, "cursor_ties": None, "drift": {"unsorted_list": None}}}
    )


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("ties", ["exact", "skipped", "repeated"])
@pytest.mark.parametrize("order", ["oldest", "newest"])
@pytest.mark.parametrize("by", ["filter", "created_at"])
def test_no_return_of_a_window_is_left_out(
    served: Served, loop: LoopClient, made: set[str], by: str, order: str, ties: str, shuffled: bool
) -> None:
    switches = {"list_by": by, "list_order": order, "cursor_ties": ties, "drift": {"unsorted_list": shuffled}}
    served.sandbox.settings.update({"loop": switches})
    start, end = NOW - timedelta(seconds=120), NOW + timedelta(seconds=60)

    listed = {record.id for record in loop.list_returns(window_from=start, window_to=end, page_size=2)}

    assert listed == made

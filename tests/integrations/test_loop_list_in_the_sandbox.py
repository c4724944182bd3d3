"""Every return of a window is listed, and every unit of a box, however Loop sorts and pages. Against the sandbox."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import requests

from integrations.loop.client import LoopClient
from integrations.sandbox.loop.shelf import save_return
from integrations.sandbox.loop.shipments import PAGE, consolidate
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
        {
            "loop": {
                "list_order": None,
                "list_by": None,
                "cursor_ties": None,
                "shipment_pages": None,
                "drift": {"unsorted_list": None},
            }
        }
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

    assert listed >= made


@pytest.mark.parametrize("asked_by", ["number", "cursor"])
def test_no_unit_of_a_box_is_left_out(served: Served, loop: LoopClient, asked_by: str) -> None:
    served.sandbox.settings.update({"loop": {"shipment_pages": asked_by}})
    engine, code = served.sandbox.engine, next(iter(served.sandbox.shops))
    with requests.Session() as session:
        made = Director(served.url, session).make_return("drop_off", shop=code, units=2, parcel="created")
    one = engine.load(int(made["return_id"]))
    assert one
    box = consolidate(engine, [one] * PAGE)

    assert len(loop.list_shipment_items(str(box))) == 2 * PAGE

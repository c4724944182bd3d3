"""When a sender asks for lanes, keeps them, and gives them back."""

import time

import pytest

from integrations.netsuite import lanes
from integrations.netsuite.lanes import Lease
from returnsops.posting import gates
from returnsops.posting.gates import LaneGate

SOON, LATER = -1.0, 60.0


@pytest.fixture
def gate() -> LaneGate:
    return LaneGate(1, holder="me")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    calls: list[tuple[int, int]] = []
    monkeypatch.setattr(gates, "renew_lease", lambda lease, *, wanted, in_use: calls.append((wanted, in_use)))
    return calls


@pytest.mark.parametrize(
    ("lease", "wanted", "busy", "is_asked"),
    [
        ({"held": 2, "usable": 2, "wanted": 2, "look_again_at": LATER}, 2, 1, False),  # nothing has changed
        ({"held": 2, "usable": 2, "wanted": 2, "look_again_at": SOON}, 2, 1, True),  # time to renew
        ({"held": 0, "usable": 0, "wanted": 0, "look_again_at": SOON}, 0, 0, False),  # nothing held, nothing to renew
        ({"held": 2, "usable": 2, "wanted": 2, "look_again_at": LATER}, 3, 2, True),  # more is wanted
        ({"held": 2, "usable": 2, "wanted": 2, "look_again_at": LATER}, 0, 0, True),  # all can go back
        ({"held": 2, "usable": 1, "wanted": 2, "look_again_at": LATER}, 2, 2, False),  # too many, and all in use
        ({"held": 2, "usable": 1, "wanted": 2, "look_again_at": LATER}, 2, 1, True),  # too many, and one is free
    ],
)
def test_lanes_are_asked_for_when_something_has_changed(
    gate: LaneGate, asked: list[tuple[int, int]], lease: dict[str, float], wanted: int, busy: int, is_asked: bool
) -> None:
    now = time.monotonic()
    gate.lease = Lease(1, "me", **lease | {"look_again_at": now + lease["look_again_at"]})  # type: ignore[arg-type]

    gate.keep(wanted=wanted, busy=busy)

    assert asked == ([(wanted, busy)] if is_asked else [])


def test_news_of_lanes_is_looked_at_by_the_next_keep(gate: LaneGate, asked: list[tuple[int, int]]) -> None:
    gate.lease = Lease(1, "me", held=1, usable=1, wanted=1, look_again_at=time.monotonic() + LATER)

    gate.look_again()
    gate.keep(wanted=1, busy=0)

    assert asked == [(1, 0)]


def test_lease_that_is_about_to_end_begins_no_call(gate: LaneGate) -> None:
    gate.lease = Lease(1, "me", held=2, usable=2, until=time.monotonic() + LATER)
    assert gate.usable == 2

    gate.lease.until = time.monotonic() + lanes.FENCE_S / 2
    assert gate.usable == 0


def test_work_goes_out_on_the_lease(gate: LaneGate) -> None:
    gate.lease.until = time.monotonic() + LATER

    def work() -> str:
        with lanes.fenced():
            return "done"

    assert gate.bind(work)() == "done"

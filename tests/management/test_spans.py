"""What the bench reads out of the log of calls: shares, calls at once, time outside."""

import pytest

from returnsops.management.bench.spans import (
    Call,
    Window,
    count_done,
    count_refused,
    covered_s,
    held_s,
    most_at_once,
    read_call,
)

WINDOW = Window(10.0, 20.0)


def make_call(
    started: float, ended: float, *, status: int = 200, operation: str = "get", system: str = "netsuite"
) -> Call:
    return Call(system, operation, started, ended, status)


def test_calls_at_the_edges_count_by_their_part_inside() -> None:
    calls = [make_call(9.5, 10.5), make_call(12, 13), make_call(19.75, 20.75), make_call(30, 31)]

    assert count_done(calls, WINDOW) == pytest.approx(0.5 + 1 + 0.25)


def test_a_lane_that_is_never_idle_is_used_in_full() -> None:
    calls = [make_call(0.3 + number, 1.3 + number) for number in range(40)]

    assert count_done(calls, WINDOW) == pytest.approx(WINDOW.seconds)


def test_refused_calls_are_counted_apart() -> None:
    calls = [make_call(12, 12.1, status=429), make_call(12, 13), make_call(9, 9.5, status=429)]

    assert (count_done(calls, WINDOW), count_refused(calls, WINDOW)) == (1, 1)


def test_places_held_by_others_are_added_up() -> None:
    calls = [make_call(5, 15), make_call(11, 12), make_call(11, 12, status=429)]

    assert held_s(calls, WINDOW) == pytest.approx(6)


def test_the_highest_number_at_once_counts_who_left_before() -> None:
    calls = [make_call(1, 2), make_call(1.5, 3), make_call(2, 4), make_call(1.6, 1.7, status=429)]

    assert most_at_once(calls) == 2


def test_time_under_calls_is_counted_once_where_they_overlap() -> None:
    calls = [make_call(11, 13), make_call(12, 14), make_call(12.5, 12.6), make_call(18, 25), make_call(2, 3)]

    assert covered_s(calls, begin=10, end=20) == pytest.approx(3 + 2)


@pytest.mark.parametrize(("system", "operation", "takes"), [
    ("netsuite", "get", True), ("netsuite", "token", False), ("loop", "details", False),
])  # fmt: skip
def test_log_ins_and_loop_take_no_place(system: str, operation: str, takes: bool) -> None:
    assert make_call(1, 2, system=system, operation=operation).takes_place is takes


def test_a_line_of_the_log_is_read() -> None:
    row = {"number": 1, "system": "loop", "operation": "details", "started": 1.0, "ended": 2.0, "status": None}

    assert read_call(row) == Call("loop", "details", 1.0, 2.0, None)

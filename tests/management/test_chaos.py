"""The schedule of a chaos run follows its seed alone, and its faults are ones the sandbox knows."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from io import StringIO
from typing import Any, cast

import pytest
from django.core.management import call_command

from integrations.sandbox.fault_kinds import KINDS
from integrations.sandbox.sandbox import Options, Sandbox
from integrations.sandbox.scenario_kinds import SCENARIOS
from returnsops.management.chaos import run as chaos_run
from returnsops.management.chaos.classes import CLASSES, SENDING_LEASE_S
from returnsops.management.chaos.kills import RESTARTS, VICTIMS
from returnsops.management.chaos.meddling import MEDDLES
from returnsops.management.chaos.progress import Progress
from returnsops.management.chaos.run import MOMENTS, Order, Run
from returnsops.management.chaos.schedule import Schedule, draw_schedule
from returnsops.management.commands.chaos import Command
from returnsops.management.rehearsal.script import shuffle_parts


def draw(seed: str = "1", *, returns: int = 200, classes: Collection[str] = tuple(CLASSES)) -> Schedule:
    return draw_schedule(seed=seed, returns=returns, classes=classes, kills=3, restarts=2)


def test_same_seed_draws_the_same_schedule_and_the_same_returns() -> None:
    assert draw("7") == draw("7") != draw("8")
    assert list(shuffle_parts(60, seed="7")) == list(shuffle_parts(60, seed="7"))
    assert list(shuffle_parts(60, seed="7")) != list(shuffle_parts(60, seed="8"))


def test_troubles_are_spread_over_the_work_and_known_to_somebody() -> None:
    troubles = draw().troubles

    assert [one.at for one in troubles] == sorted(one.at for one in troubles)
    assert all(0 < one.at < 1 for one in troubles)
    assert {one.what for one in troubles} <= {*VICTIMS, *RESTARTS, *MOMENTS}
    assert sum(one.what in VICTIMS for one in troubles) == 3
    assert [one.what for one in troubles if one.what in RESTARTS] in ([*RESTARTS], [*reversed(RESTARTS)])


def test_people_meddle_with_the_stated_share_of_returns() -> None:
    meddles = draw(returns=1000).meddles

    assert 40 < len(meddles) < 130
    assert set(meddles.values()) == set(MEDDLES)


@pytest.mark.parametrize("name", CLASSES)
def test_one_class_alone_brings_nothing_of_the_others(name: str) -> None:
    schedule, one = draw(classes=[name]), CLASSES[name]

    allowed = (
        {moment for moment, _ in one.moments}
        | set(VICTIMS if one.kills else ())
        | set(RESTARTS if one.restarts else ())
    )
    assert {trouble.what for trouble in schedule.troubles} <= allowed
    assert bool(schedule.meddles) == bool(one.meddled)


@pytest.mark.parametrize("name", CLASSES)
def test_the_sandbox_knows_every_fault_and_switch(name: str) -> None:
    sandbox = Sandbox(Options())
    for rule in CLASSES[name].rules:
        sandbox.faults.add(rule.as_json(seed="1"))
    sandbox.settings.update(CLASSES[name].switches)
    sandbox.close()

    assert {rule.kind for rule in CLASSES[name].rules} <= set(KINDS)


def test_every_scenario_of_the_cast_exists() -> None:
    assert {part.scenario for part in shuffle_parts(200, seed="1")} <= set(SCENARIOS)


def test_classes_are_listed_with_their_rates() -> None:
    said = StringIO()

    call_command("chaos", "--list", stdout=said)

    for name, one in CLASSES.items():
        assert f"{name}: {one.meaning}" in said.getvalue()
    assert "3.0% of netsuite transform: drop_after_commit" in said.getvalue()


# --- How long it may take to come to rest -------------------------------------------------------------


@dataclass
class Clock:
    """In the place of the run's: seconds pass with its rounds, however busy the machine is."""

    now: float = 1000.0

    def monotonic(self) -> float:
        return self.now


def patience() -> float:
    """As it is unless told otherwise."""
    options = Command().create_parser("manage.py", "chaos").parse_args([])
    return float(options.patience)


@pytest.mark.django_db
@pytest.mark.parametrize(("at_rest_after_s", "is_well"), [(0, True), (100, True), (104, False), (10_000, False)])
def test_run_fails_if_a_posting_is_on_its_way_after_a_lease_and_ninety_seconds(
    monkeypatch: pytest.MonkeyPatch, at_rest_after_s: float, is_well: bool
) -> None:
    run, clock = make_run(monkeypatch, at_rest_after_s=at_rest_after_s)

    assert patience() == SENDING_LEASE_S + 90
    assert run.settle(lambda: True) == is_well
    assert clock.now <= 1000 + patience() + 1


@pytest.mark.django_db
def test_run_fails_if_the_books_are_not_well_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    run, _ = make_run(monkeypatch, at_rest_after_s=0)

    assert not run.settle(lambda: False)


def make_run(monkeypatch: pytest.MonkeyPatch, *, at_rest_after_s: float) -> tuple[Run, Clock]:
    """A run after its faults, with one return done and one posting on its way for so long."""
    clock, nobody = Clock(), cast(Any, None)
    rest_at = clock.now + at_rest_after_s
    monkeypatch.setattr(chaos_run, "time", clock)

    def pass_a_second(run: Run) -> None:
        clock.now += 1
        run.progress = replace(run.progress, known=1, done=1, on_the_way=int(clock.now < rest_at))

    monkeypatch.setattr(Run, "_round", pass_a_second)
    order = Order(1, "1", (), minutes=1.0, patience_s=patience())
    run = Run(order, draw(), nobody, nobody, nobody, nobody, nobody, print, made=1, progress=Progress(0, 0, 0, 1))
    return run, clock

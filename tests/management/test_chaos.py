"""The schedule of a chaos run follows its seed alone, and its faults are ones the sandbox knows."""

from collections.abc import Collection
from io import StringIO

import pytest
from django.core.management import call_command

from integrations.sandbox.fault_kinds import KINDS
from integrations.sandbox.sandbox import Options, Sandbox
from integrations.sandbox.scenario_kinds import SCENARIOS
from returnsops.management.chaos.classes import CLASSES
from returnsops.management.chaos.kills import RESTARTS, VICTIMS
from returnsops.management.chaos.meddling import MEDDLES
from returnsops.management.chaos.run import MOMENTS
from returnsops.management.chaos.schedule import Schedule, draw_schedule
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

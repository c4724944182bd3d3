"""docs/sandbox.md names everything the control API knows."""

from pathlib import Path

import pytest

from integrations.sandbox.control import ROUTES
from integrations.sandbox.fault_kinds import KINDS
from integrations.sandbox.loop.person import LOOP_ACTIONS, SHOP_ACTIONS
from integrations.sandbox.netsuite.person import ACTIONS
from integrations.sandbox.scenario_kinds import SCENARIOS
from integrations.sandbox.switches.shown import draw_switches
from tests.drawn_docs import compare_or_write

FOLDER = Path(__file__).parents[2] / "docs"
DOCS = (FOLDER / "sandbox.md").read_text() + (FOLDER / "switches.md").read_text()


@pytest.mark.parametrize("name", [*SCENARIOS, *LOOP_ACTIONS, *SHOP_ACTIONS, *ACTIONS, *KINDS])
def test_every_word_of_the_control_api_is_explained(name: str) -> None:
    assert f"`{name}`" in DOCS


def test_every_switch_is_explained() -> None:
    compare_or_write(FOLDER / "switches.md", draw_switches())


@pytest.mark.parametrize("path", sorted({route.path.partition("*")[0].rstrip("/") for route in ROUTES}))
def test_every_path_of_the_control_api_is_shown(path: str) -> None:
    assert f"/_sandbox/{path}" in DOCS

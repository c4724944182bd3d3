"""docs/sandbox.md names everything the control API knows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations.sandbox.faults import KINDS
from integrations.sandbox.loop.person import LOOP_ACTIONS, SHOP_ACTIONS
from integrations.sandbox.netsuite.person import ACTIONS
from integrations.sandbox.scenario_kinds import SCENARIOS
from integrations.sandbox.settings import DEFAULTS

DOCS = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()


def setting_names(values: dict[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        yield name
        if isinstance(value, dict):
            yield from setting_names(value)


@pytest.mark.parametrize("name", [*SCENARIOS, *LOOP_ACTIONS, *SHOP_ACTIONS, *ACTIONS, *KINDS])
def test_every_word_of_the_control_api_is_explained(name: str) -> None:
    assert f"`{name}`" in DOCS


@pytest.mark.parametrize("name", sorted({*setting_names(DEFAULTS)} - {"webhooks"}))
def test_every_setting_is_explained(name: str) -> None:
    assert name in DOCS

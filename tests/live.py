"""pytest plugin: expectations of the outside systems, against a real account when asked: `-m live`, `--write`.

Nothing of it runs otherwise: not skipped, not selected. docs/contract.md says which credentials it reads.
"""

import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--write", action="store_true", help="with -m live: also run what creates records in the real account"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    live = is_live(config)
    wanted = [item for item in items if live or item.get_closest_marker("live") is None]
    if live and not config.getoption("--write"):
        wanted = [item for item in wanted if item.get_closest_marker("writes") is None]
    if len(wanted) != len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
        items[:] = wanted


def is_live(config: pytest.Config) -> bool:
    return "live" in (config.getoption("-m") or "")


def credential(name: str) -> str:
    """What the real account is entered with. Missing is a failure: a check that did not run must not look green."""
    value = os.environ.get(name, "")
    if not value:
        pytest.fail(f"-m live needs {name} in the environment; docs/contract.md lists all of them.", pytrace=False)
    return value

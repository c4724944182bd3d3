"""What `manage.py demo` refuses before it starts anything, and what it keeps from one start to the next."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from returnsops.management.commands import demo


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_taken_port_is_refused_with_the_way_out(taken_port: int, settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path

    with pytest.raises(CommandError, match=f"Port {taken_port} is taken.*make demo PORT={taken_port + 1}"):
        call_command("demo", port=taken_port)


def test_second_demo_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with (
        demo._only_demo_on(tmp_path),
        pytest.raises(CommandError, match="A demo is running on .* already"),
        demo._only_demo_on(tmp_path),
    ):
        pytest.fail("two demos on one data folder")


def test_sandbox_keeps_its_port_while_it_is_free(tmp_path: Path) -> None:
    remembered = tmp_path / "sandbox_port"
    first = demo._choose_sandbox_port(remembered)

    assert demo._choose_sandbox_port(remembered) == first
    with socket.create_server(("127.0.0.1", first)):
        assert demo._choose_sandbox_port(remembered) != first

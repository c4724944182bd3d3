"""Chaos at a small size: the schedules of three seeds, each with a killed process and a database that falls."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from returnsops.lib import postgres
from returnsops.lib.processes import PROJECT_DIR
from returnsops.management.rehearsal.books import INVARIANTS

pytestmark = pytest.mark.xdist_group("chaos")

SIZE = ("--returns", "10", "--kills", "2", "--restarts", "1")
UNTIMED = ("--patience", "400")  # the run itself asks how long it takes to settle, this test does not
LIMIT_S = 900


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    postgres.erase(tmp_path / "chaos" / "postgres")


@pytest.mark.parametrize("seed", ["1", "2", "3"])
def test_every_promise_is_kept_whatever_fails(data_dir: Path, seed: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}

    done = subprocess.run(
        [sys.executable, "manage.py", "chaos", "--seed", seed, *SIZE, *UNTIMED],
        cwd=PROJECT_DIR,
        env={**environment, "RETURNSOPS_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert {name: result[name] for name in INVARIANTS} == dict.fromkeys(INVARIANTS, 0)
    assert (result["returns"], result["stuck"], result["seed"]) == (10, 0, seed)
    assert (sum(result["kills"].values()), sum(result["restarts"].values())) == (2, 1)
    assert sum(result["faults"].values()) > 0

"""Chaos at a small size: the schedules of three seeds, each with killed processes and a database that falls."""

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

pytestmark = pytest.mark.long

SEEDS = "1,2,3"
SIZE = ("--returns", "8", "--kills", "2", "--restarts", "1")
UNTIMED = ("--patience", "400")  # the run itself asks how long it takes to settle, this test does not
LIMIT_S = 1800


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    postgres.erase(tmp_path / "chaos" / "postgres")


def test_every_promise_is_kept_whatever_fails(data_dir: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}

    done = subprocess.run(
        [sys.executable, "manage.py", "chaos", "--seed", SEEDS, *SIZE, *UNTIMED],
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
    assert (result["returns"], result["stuck"], result["seed"]) == (24, 0, SEEDS)
    assert (sum(result["kills"].values()), sum(result["restarts"].values())) == (6, 3)
    assert sum(result["faults"].values()) > 0

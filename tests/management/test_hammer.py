"""Accepted means stored, at a small size; and the judge of it is not blind."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from integrations.inbox import receive
from integrations.loop.signature import signature_matches
from returnsops.lib import postgres
from returnsops.lib.processes import PROJECT_DIR
from returnsops.management.bench.forgeries import make_forgeries
from returnsops.management.bench.hammer import Told, count_missing
from returnsops.management.bench.secret import SECRET
from returnsops.management.bench.webhooks import SHOP_CODE, make_shop, make_webhook

LIMIT_S = 300


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    postgres.erase(tmp_path / "hammer" / "postgres")


@pytest.mark.long
def test_what_was_accepted_is_stored_though_processes_die_and_the_database_falls(data_dir: Path) -> None:
    size = ("--webhooks", "200", "--kills", "3", "--restarts", "2", "--forged", "120")
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}

    done = subprocess.run(
        [sys.executable, "manage.py", "hammer", *size],
        cwd=PROJECT_DIR,
        env={**environment, "RETURNSOPS_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["answered_200"] == 200
    assert result["accepted_not_stored"] == 0
    assert result["refused"] == 0
    assert result["forged_accepted"] == 0
    assert result["large_accepted"] == 0
    assert set(result["answers"]) <= {"200", "503", "broken"}


def test_webhook_that_was_accepted_and_lost_is_counted(db: None) -> None:
    make_shop()
    kept, lost = make_webhook(1), make_webhook(2)
    receive(SHOP_CODE, kept.body, kept.signature)
    told = Told()

    for webhook in (kept, lost):
        told.note_stored(webhook)

    assert count_missing(told) == 1


def test_forged_copy_in_the_inbox_does_not_stand_for_the_real_one(db: None) -> None:
    make_shop()
    webhook = make_webhook(1)
    receive(SHOP_CODE, webhook.body, "not its signature")

    assert count_missing(Told(stored={sha256(webhook.body).hexdigest()})) == 1


def test_no_forgery_is_right_by_chance() -> None:
    assert not any(signature_matches(one.body, one.signature, [SECRET]) for one in make_forgeries(2_000, seed="1"))


def test_same_seed_forges_the_same() -> None:
    assert list(make_forgeries(50, seed="7")) == list(make_forgeries(50, seed="7"))

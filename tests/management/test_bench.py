"""The bench compares like with like: both ways of writing leave the same mirror, every way of posting really posts."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from integrations.models import Shop
from returnsops import tasks
from returnsops.lib import clock, postgres
from returnsops.lib.canonical import plain
from returnsops.lib.processes import PROJECT_DIR
from returnsops.management.bench import planning
from returnsops.management.bench.mirror import make_records, write_in_bulk, write_row_by_row
from returnsops.management.bench.webhooks import make_shop
from returnsops.posting.models import Posting, PostingCover
from returnsops.returns.models import LoopReturn, ReturnLine

LIMIT_S = 400


def mirror_of(shop: Shop) -> list[list[Any]]:
    returns = (
        LoopReturn.objects.filter(shop=shop).order_by("loop_id").values("loop_id", "updated_at", "return_total", "raw")
    )
    units = ReturnLine.objects.filter(loop_return__shop=shop).order_by("line_item_id")
    return [list(returns), list(units.values("line_item_id", "sku", "price", "tax", "refund", "removed"))]


def test_both_ways_leave_the_same_mirror(db: None) -> None:
    shop = make_shop()
    write_in_bulk(shop, make_records(0, 5, changed_after=0))
    write_in_bulk(shop, make_records(0, 5, changed_after=1))
    in_bulk = mirror_of(shop)
    LoopReturn.objects.all().delete()

    write_row_by_row(shop, make_records(0, 5, changed_after=0))
    write_row_by_row(shop, make_records(0, 5, changed_after=1))

    assert mirror_of(shop) == in_bulk
    assert [len(rows) for rows in in_bulk] == [5, 10]


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    postgres.erase(tmp_path / "bench" / "postgres")


def run_bench(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.run(
        [sys.executable, "manage.py", "bench", *arguments],
        cwd=PROJECT_DIR,
        env={**environment, "RETURNSOPS_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )


@pytest.mark.long
def test_latency_and_posting_are_measured_by_what_the_sandbox_saw(data_dir: Path) -> None:
    size = (
        "--returns",
        "2",
        "--lanes",
        "2",
        "--taken-lanes",
        "5",
        "--rounds",
        "1",
        "--seconds",
        "1",
        "--latency",
        "0.2",
    )

    done = run_bench(data_dir, "latency", "posting", *size)

    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout.splitlines()[-1])
    assert results["latency"]["returns"] == 2
    assert 0 < results["latency"]["median_ms"] <= results["latency"]["total_median_ms"]
    by_name = results["posting"]["lanes"]["2"]
    assert set(by_name) == {"ours", "two", "plain", "naive"}
    for name, turn in by_name.items():
        assert 0 < turn["share"] <= 1, name
        assert turn["most_at_once"] <= 2, name
    shared = results["posting"]["lanes"]["5"]["taken"]
    assert shared["share"] > 0
    assert 0 < shared["taken"] <= 0.4 + 0.01


def test_an_unknown_part_is_refused_with_those_there_are(data_dir: Path) -> None:
    done = run_bench(data_dir, "speed")

    assert done.returncode != 0
    assert "there are ingest, mirror, latency, posting" in done.stderr


@pytest.mark.django_db(transaction=True)
def test_planning_plans_each_return_anew_and_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "SAID_EVERY", 2)
    monkeypatch.setattr(planning, "FIRST_PLANS", 2)
    monkeypatch.setattr(planning, "PURE_TIMES", 100)
    said: list[str] = []
    looked: list[int] = []

    def look(pk: int) -> None:
        looked.append(pk)
        tasks.look_at_return(pk)

    result = planning.measure_planning(look, count=3, say=said.append)

    assert (result["returns"], len(looked), len(set(looked))) == (3, 5, 3)
    assert said == [
        *("made: 2 of 3", "made: 3 of 3", "first plans: 2", "first plans copied: 3 of 3", "planned anew: 2 of 3")
    ]
    assert Posting.objects.filter(kind="rma", status="pending").count() == 3
    planned, _, copied = LoopReturn.objects.order_by("pk")
    assert _told(copied) == _told(planned)
    assert not LoopReturn.objects.filter(look_again_at__lte=clock.now()).exists()


def _told(row: LoopReturn) -> dict[str, object]:
    """All that its two plans wrote, without what names it. What was copied reads as if it had been planned."""
    history = row.fact_changes.order_by("pk").values_list("changed", flat=True)
    postings = row.postings.values("kind", "number", "status", "external_id", "request", "serial_key", "turn_at")
    covers = PostingCover.objects.filter(posting__loop_return=row).values_list("unit", "live").order_by("unit")
    told = [list(history), list(postings), list(covers), row.plan, row.stage]
    return {"told": json.dumps(plain(told)).replace(row.loop_id, "…"), "facts": row.fact_changes.count()}

"""`manage.py import_history`: counted first, imported with progress, and done once."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from integrations.models import Shop, SyncRun
from returnsops.lib import clock
from returnsops.returns.models import LoopReturn
from tests.journey.stage import Stage

pytestmark = pytest.mark.journey


def told(*words: str, **options: object) -> str:
    out = StringIO()
    call_command("import_history", *words, stdout=out, **options)
    return out.getvalue()


def test_history_is_counted_then_imported_then_known_to_be_done(stage: Stage) -> None:
    for _ in range(3):
        stage.ask("loop/returns", {"shop": "northwind", "scenario": "refund", "params": {}})
    Shop.objects.update(start_from=clock.now() + timedelta(days=1))

    counted = told("northwind", dry_run=True)
    assert "3 open" in counted
    assert "3 of them older" in counted
    assert not LoopReturn.objects.exists()

    imported = told("northwind")
    assert "100%" in imported
    assert "3 returns seen, 3 mirrored" in imported
    assert LoopReturn.objects.count() == 3
    assert told("northwind").startswith("Done before")
    assert "3 returns seen, 0 mirrored" in told("northwind", start=clock.now() - timedelta(days=3))


def test_import_under_way_elsewhere_is_left_alone(stage: Stage) -> None:
    told("northwind")
    SyncRun.objects.update(finished_at=None, leased_until=clock.now() + timedelta(minutes=2))

    with pytest.raises(CommandError, match="worker is at it"):
        told("northwind")


def test_unknown_shop_is_named_with_those_there_are(stage: Stage) -> None:
    with pytest.raises(CommandError, match="Known: .*northwind"):
        told("nowhere")

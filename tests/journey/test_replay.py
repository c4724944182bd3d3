"""The inbox alone is enough to build the mirror anew: every return it ever named is there, field by field."""

import time
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Model
from django.forms.models import model_to_dict
from pytest_django.live_server_helper import LiveServer

from integrations.inbox import take_due_events
from integrations.models import InboundEvent
from integrations.sandbox.server import Served
from returnsops import tasks
from returnsops.returns.models import LoopReturn
from tests.journey.stage import Stage

pytestmark = pytest.mark.journey

SCENARIOS = (
    "refund", "twin_units", "exchange", "shop_now", "flagged", "split_tender", "removed_line", "multi_parcel",
    "multi_currency", "keep_item",
)  # fmt: skip
# Keys and times of our own, and what the plan made of it; records belong to NetSuite's side.
OURS = {
    "id", "shop", "loop_return", "fetched_at", "fetch_due_at", "look_again_at", "listed_digest", "listed_at",
    "records", "records_hinted_at", "records_fetched_at", "planned_at", "plan", "plan_hash", "plan_attempts", "stage",
    "settled_at",
}  # fmt: skip
PATIENCE_S, QUIET_S = 60.0, 1.5


def mirror_of(shop_code: str) -> dict[str, list[dict[str, Any]]]:
    """Every mirrored column of every return, with its units and replacements."""
    rows = LoopReturn.objects.filter(shop__code=shop_code).order_by("loop_id")
    return {
        one.loop_id: [columns_of(row) for row in (one, *one.lines.all(), *one.exchange_items.order_by("exchange_id"))]
        for one in rows
    }


def columns_of(row: Model) -> dict[str, Any]:
    return {name: value for name, value in model_to_dict(row).items() if name not in OURS}


def read_until_quiet(names: set[str]) -> None:
    """Read webhooks as they come, until every return was announced and nothing more is on its way."""
    give_up_at, quiet_since = time.monotonic() + PATIENCE_S, time.monotonic()
    while time.monotonic() - quiet_since < QUIET_S or names - known_returns():
        assert time.monotonic() < give_up_at, f"not announced: {names - known_returns()}"
        due = take_due_events(limit=500, patience=tasks.NUDGE_PATIENCE)
        for event_pk in due:
            tasks.look_at_event(event_pk)
        quiet_since = time.monotonic() if due else quiet_since
        time.sleep(0.05)


def known_returns() -> set[str]:
    return set(LoopReturn.objects.values_list("loop_id", flat=True))


def test_inbox_replayed_into_an_empty_mirror_gives_the_same_mirror(
    stage: Stage, served: Served, live_server: LiveServer
) -> None:
    served.sandbox.webhooks.subscribe_all(f"{live_server.url}/hooks/loop")
    made = [
        stage.ask("loop/returns", {"shop": "northwind", "scenario": name, "params": {"parcel": "in_transit"}})
        for name in SCENARIOS
    ]
    stage.ask(f"loop/returns/{made[0]['return_id']}/edit", {"fee": "5.00"})
    stage.ask(f"loop/returns/{made[1]['return_id']}/cancel", {})
    read_until_quiet({str(one["return_id"]) for one in made})
    before = mirror_of("northwind")

    LoopReturn.objects.all().delete()
    out = StringIO()
    call_command("replay_inbox", stdout=out)

    assert set(before) == {str(one["return_id"]) for one in made}
    assert {row[0]["state"] for row in before.values()} >= {"open", "review", "cancelled", "closed"}
    assert f"{len(made)} returns fetched, 0 webhooks without success" in out.getvalue()
    assert mirror_of("northwind") == before
    assert not InboundEvent.objects.exclude(verdict="read").exists()

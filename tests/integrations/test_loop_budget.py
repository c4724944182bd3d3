"""The call budget: one bucket per shop for every thread and process, spent below Loop's limit."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone

from integrations.errors import NoCallsLeftError, TemporaryError
from integrations.loop.budget import Pace, ShopBudget, budget_of
from integrations.loop.client import LoopClient
from integrations.models import CallBudget, Shop
from integrations.sandbox.sandbox import Options
from integrations.sandbox.server import Served
from returnsops.lib.locks import try_lock
from tests.builders import make_shop


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Waits are written down and the bucket's clock put back instead, so that nobody waits."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        for row in CallBudget.objects.all():
            CallBudget.objects.filter(pk=row.pk).update(filled_at=row.filled_at - timedelta(seconds=seconds))

    monkeypatch.setattr("integrations.loop.budget.time.sleep", sleep)
    return slept


def spend(one: ShopBudget) -> int:
    """Take until nothing is left."""
    taken = 0
    try:
        while True:
            one.take()
            taken += 1
    except TemporaryError:
        return taken


def set_tokens(shop: Shop, tokens: float) -> None:
    CallBudget.objects.filter(shop=shop).update(tokens=tokens, filled_at=timezone.now())


@pytest.mark.parametrize("per_minute", [10, 37, 60, 300, 1000, 100_000])
def test_no_minute_can_hold_more_calls_than_the_limit(per_minute: int) -> None:
    pace = Pace.of(per_minute)

    assert pace.burst + 60 * pace.rate <= per_minute - pace.spare
    assert pace.rate > 0


def test_burst_goes_out_at_once_and_then_a_call_waits(shop: Shop, naps: list[float]) -> None:
    one = ShopBudget(shop)
    pace = Pace.of(300)

    for _ in range(pace.burst):
        one.take()
    assert naps in ([], [0.0])
    one.take()

    assert 0 < naps[-1] <= 1.3 / pace.rate


@pytest.mark.parametrize("per_minute", [10, 20, 24, 60])
def test_background_waits_for_a_refill_however_small_the_limit(per_minute: int, shop: Shop, naps: list[float]) -> None:
    shop.calls_per_minute = per_minute
    one = ShopBudget(shop, in_background=True)

    for _ in range(6):
        one.take()

    assert sum(naps) > 0


def test_two_clients_of_a_shop_share_one_bucket(shop: Shop) -> None:
    first, second = (ShopBudget(shop, wait_s_max=0) for _ in range(2))

    taken = spend(first)

    assert taken >= Pace.of(300).burst
    assert spend(second) <= 1


def test_shops_do_not_share(shop: Shop) -> None:
    other = make_shop("moss")
    spend(ShopBudget(shop, wait_s_max=0))

    assert spend(ShopBudget(other, wait_s_max=0)) >= Pace.of(300).burst


def test_background_leaves_calls_to_people_and_webhooks(shop: Shop) -> None:
    burst = Pace.of(300).burst

    swept = spend(ShopBudget(shop, in_background=True, wait_s_max=0))

    assert burst // 2 - 1 <= swept <= burst // 2 + 2
    assert spend(ShopBudget(shop, wait_s_max=0)) >= burst // 2 - 1


def test_wait_has_an_end_and_says_when_to_come_back(shop: Shop) -> None:
    one = ShopBudget(shop, wait_s_max=5)
    one.take()
    set_tokens(shop, -100)

    with pytest.raises(TemporaryError) as raised:
        one.take()

    assert raised.value.status == 429
    assert raised.value.retry_after_s is not None
    assert raised.value.retry_after_s > 20


def test_one_waits_for_all_and_the_others_go_on(shop: Shop) -> None:
    """A task queue has few processes; all of them asleep would be none for what needs no Loop."""
    one = ShopBudget(shop)
    one.take()
    set_tokens(shop, -1)

    with try_lock("waits for Loop", str(shop.pk), "1"), pytest.raises(NoCallsLeftError) as raised:
        one.take()

    assert raised.value.retry_after_s


def test_little_left_at_loop_makes_everybody_wait(shop: Shop, naps: list[float]) -> None:
    """Somebody else uses the key: Loop says that three calls remain."""
    first, second = ShopBudget(shop), ShopBudget(shop)
    first.take()

    first.note(remaining=3, retry_after_s=None, refused=False)
    second.take()

    assert naps[-1] >= (Pace.of(300).spare - 3) / Pace.of(300).rate


def test_enough_left_at_loop_changes_nothing(shop: Shop, naps: list[float]) -> None:
    one = ShopBudget(shop)
    one.take()
    before = budget_of(shop).free_now

    one.note(remaining=200, retry_after_s=None, refused=False)
    one.note(remaining=None, retry_after_s=None, refused=False)

    assert budget_of(shop).free_now >= before


@pytest.mark.parametrize(("named", "waits_s"), [(20.0, 20.0), (None, 10.0), (4000.0, 60.0)])
def test_refusal_by_loop_is_waited_out(shop: Shop, naps: list[float], named: float | None, waits_s: float) -> None:
    one = ShopBudget(shop, wait_s_max=200)
    one.take()

    one.note(remaining=0, retry_after_s=named, refused=True)
    one.take()

    assert waits_s <= sum(naps) <= waits_s * 1.3 + 1


def test_use_is_readable(shop: Shop) -> None:
    assert budget_of(shop).free_now == Pace.of(300).burst
    one = ShopBudget(shop)
    for _ in range(5):
        one.take()

    use = budget_of(shop)

    assert use.calls_this_minute + use.calls_last_minute == 5
    assert (use.per_minute, use.free_again_at) == (300, None)
    set_tokens(shop, -10)
    assert budget_of(shop).free_again_at is not None
    assert budget_of(shop).free_now == 0


# --- Against a limiter that really counts ------------------------------------------------------------

LIMIT = 40
WORKERS, CALLS_EACH = 6, 25


@pytest.fixture
def limited() -> Iterator[Served]:
    running = Served(Options(seed="budget"))
    running.start()
    running.sandbox.settings.update({"loop": {"rate_limit_per_minute": LIMIT}})
    yield running
    running.stop()


@pytest.mark.django_db(transaction=True)
def test_many_workers_are_never_refused(limited: Served) -> None:
    shop = make_shop(base_url=limited.url, calls_per_minute=LIMIT)
    (profile, *_) = limited.sandbox.shops.values()

    def work(_: int) -> list[int]:
        client = LoopClient(limited.url, profile.api_key, budget=ShopBudget(shop, wait_s_max=0))
        try:
            return [status_of(client) for _ in range(CALLS_EACH)]
        finally:
            client.close()
            connections.close_all()

    with ThreadPoolExecutor(WORKERS) as pool:
        statuses = [status for found in pool.map(work, range(WORKERS)) for status in found]

    assert set(statuses) == {200, 0}
    assert statuses.count(200) >= Pace.of(LIMIT).burst


def status_of(client: LoopClient) -> int:
    """0: our own budget kept the call back."""
    try:
        return client.probe("list_destinations", "/destinations").status
    except TemporaryError as error:
        return 0 if error.operation == "wait for the call budget" else -1


# A process of its own, calling as fast as the budget lets it, until it has called at least once.
# Prints every status; 0 where the budget kept it back.
CALLER = """
import json, sys, time
import django
from django.conf import settings

url, database, shop_code, api_key, seconds = sys.argv[1:]
settings.DATABASES["default"]["NAME"] = database
django.setup()
from integrations.errors import TemporaryError
from integrations.loop.budget import ShopBudget
from integrations.loop.client import LoopClient
from integrations.models import Shop

client = LoopClient(url, api_key, budget=ShopBudget(Shop.objects.get(code=shop_code), wait_s_max=1.0))
give_up_at, statuses = time.monotonic() + float(seconds), []
while time.monotonic() < give_up_at or 200 not in statuses:
    try:
        statuses.append(client.probe("list_destinations", "/destinations").status)
    except TemporaryError:
        statuses.append(0)
print(json.dumps(statuses))
"""
PROCESSES, CALLING_S = 3, 5
PROCESS_LIMIT_S = 120


@pytest.mark.django_db(transaction=True)
def test_processes_that_know_nothing_of_each_other_are_never_refused(limited: Served) -> None:
    shop = make_shop(base_url=limited.url, calls_per_minute=LIMIT)
    (profile, *_) = limited.sandbox.shops.values()
    words = (limited.url, connections["default"].settings_dict["NAME"], shop.code, profile.api_key, str(CALLING_S))

    callers = [
        subprocess.Popen(
            [sys.executable, "-c", CALLER, *words],
            cwd=settings.BASE_DIR,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "returnsops.settings"},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    told = [caller.communicate(timeout=PROCESS_LIMIT_S)[0].splitlines()[-1] for caller in callers]

    each = [json.loads(line) for line in told]
    statuses = [status for one in each for status in one]
    assert set(statuses) <= {200, 0}
    assert all(200 in one for one in each), "every one of them called"
    assert statuses.count(200) >= Pace.of(LIMIT).burst

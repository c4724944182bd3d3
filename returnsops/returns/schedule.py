"""Which runs a shop and an account should have by now: history once, every night, every week.

A night begins at one o'clock where the shop is, a week on Sunday at two; a run that was due while nobody worked is made
up for. The first of a kind waits for the night after the history came in.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from integrations.errors import IntegrationError
from integrations.models import NetSuiteAccount, Shop, SyncRun
from returnsops.lib import clock
from returnsops.returns import backfill
from returnsops.returns.comparison import compare_ids, open_comparison
from returnsops.returns.models import LoopReturn
from returnsops.returns.record_comparison import compare_records
from returnsops.returns.runs import HISTORY, STEP_OF_IDS, Tally, open_run, runs_to_work_on, work_on
from returnsops.returns.streams import main_stream, owner_of

NIGHTLY, WEEKLY = timedelta(days=7), timedelta(days=90)  # loop.md §2.1: not every change is proven to move updated_at
NIGHT_AT, WEEK_AT = timedelta(hours=1), timedelta(hours=2)
STEP_FIRST = timedelta(days=1)
FIRST = "first"


def open_due_runs() -> None:
    for shop in Shop.objects.filter(paused_at=None).order_by("pk"):
        history = open_import(shop)
        if history.finished_at:
            _open_loop_runs(shop, since=history.window_to)
    for account in NetSuiteAccount.objects.filter(paused_at=None).order_by("pk"):
        _open_record_run(account)


def open_import(shop: Shop, *, start: datetime | None = None) -> SyncRun:
    """The import of a shop's history, or of as much as is asked for; one that was begun is the one that goes on."""
    now = clock.now()
    interval = f"{start:%Y-%m-%d}" if start else FIRST
    return open_run(
        main_stream(shop), SyncRun.Kind.IMPORT, interval,
        window_from=start or now - HISTORY, window_to=now, step=STEP_FIRST,
    )  # fmt: skip


def night_of(moment: datetime, time_zone: str) -> datetime:
    """When the last night began, as the clock on the wall has it."""
    local = moment.astimezone(ZoneInfo(time_zone))
    day = (local - NIGHT_AT).replace(hour=0, minute=0, second=0, microsecond=0)
    return day.replace(hour=1)


def week_of(moment: datetime, time_zone: str) -> datetime:
    """When the last week began: Sunday at two."""
    local = moment.astimezone(ZoneInfo(time_zone)) - WEEK_AT
    return (local - timedelta(days=local.isoweekday() % 7)).replace(hour=2, minute=0, second=0, microsecond=0)


def _open_loop_runs(shop: Shop, *, since: datetime) -> None:
    """since: when the import looked; what was due before has nothing to add to it."""
    night, week = night_of(clock.now(), shop.time_zone), week_of(clock.now(), shop.time_zone)
    if night > since:
        _open(shop, SyncRun.Kind.NIGHTLY, night, back=NIGHTLY)
    if week > since:
        _open(shop, SyncRun.Kind.WEEKLY, week, back=WEEKLY)
        open_comparison(shop, due=week)


def _open_record_run(account: NetSuiteAccount) -> None:
    night = night_of(clock.now(), account.time_zone)
    if LoopReturn.objects.filter(shop__account=account, created_at__lt=night).exists():
        _open(account, SyncRun.Kind.RECORDS, night, back=HISTORY, step=STEP_OF_IDS)


def _open(
    owner: Shop | NetSuiteAccount, kind: str, due: datetime, *, back: timedelta, step: timedelta = STEP_FIRST
) -> None:
    now = clock.now()
    open_run(
        main_stream(owner), kind, f"{due:%Y-%m-%d}", window_from=now - back, window_to=now, step=step
    )  # fmt: skip


# --- Working on them -------------------------------------------------------------------------------


def work_on_next_run(*, for_s: float) -> SyncRun | None:
    """Go on with the run that has waited longest, if its connection is not stopped; one that fails holds up no other.

    Raises the errors of `integrations.errors` when all that could be tried failed.
    """
    deadline, failure = time.monotonic() + for_s, None
    for run in runs_to_work_on():
        owner = owner_of(run)
        if owner is None or owner.paused_at is not None:
            continue
        try:
            return work_on(run.pk, partial(_read_step, owner), for_s=for_s)
        except IntegrationError as error:
            failure = error
        if time.monotonic() > deadline:
            break
    if failure:
        raise failure
    return None


def work_on_run(run: SyncRun, *, for_s: float, on_step: Callable[[SyncRun], None]) -> SyncRun | None:
    """The same for one run, for who stands by and watches. Raises the errors of `integrations.errors`."""
    owner = owner_of(run)
    assert owner is not None, f"{run} belongs to nobody"
    return work_on(run.pk, partial(_read_step, owner), for_s=for_s, on_step=on_step)


def _read_step(owner: Shop | NetSuiteAccount, run: SyncRun, window_from: datetime, window_to: datetime) -> Tally:
    if isinstance(owner, NetSuiteAccount):
        return compare_records(owner, run, window_from, window_to)
    if run.kind == SyncRun.Kind.COMPARISON:
        return compare_ids(owner, run, window_from, window_to)
    if run.kind == SyncRun.Kind.NIGHTLY:
        backfill.hint_what_the_list_hides(owner)
    return backfill.read_window(owner, window_from, window_to)

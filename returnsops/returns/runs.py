"""Runs over a stretch of time: history, a night, a week. Step by step, so that whoever dies loses one step at most.

A run belongs to nobody: whoever claims it goes on where the last one stopped, for as long as it is given.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Q, QuerySet, Value, When
from django.utils import timezone

from integrations.errors import IntegrationError, RejectedError
from integrations.models import SyncRun
from returnsops.lib import clock
from returnsops.returns.errors import DoubtfulAnswerError

HISTORY = timedelta(days=730)  # how far back there is anything to look for
STEP_OF_IDS = timedelta(days=7)
LEASE = timedelta(minutes=3)  # longer than any step may take; who holds it and dies delays the run so long
STEP_MIN = timedelta(hours=1)
STEP_MAX = timedelta(days=100)  # Loop refuses more than 120
QUICK_S, SLOW_S = 3.0, 20.0  # a step that takes less is doubled next time, one that takes more is halved
STUCK_TRIES, TRIES_COUNTED = 12, 1_000  # so often in vain, a person should know
TOO_MUCH = frozenset({"too_many_pages", "too_many_rows"})


@dataclass(frozen=True)
class Tally:
    """What one step saw: rows looked at, rows that told news, rows of ours that the other side did not show."""

    seen: int = 0
    changed: int = 0
    missing: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.seen + other.seen, self.changed + other.changed, self.missing + other.missing)


ReadStep = Callable[[SyncRun, datetime, datetime], Tally]


def open_run(
    stream: str, kind: str, interval: str, *, window_from: datetime, window_to: datetime, step: timedelta
) -> SyncRun:
    """The run of this stream and kind for this interval, made if there is none. Two at once get the same one."""
    run, _ = SyncRun.objects.get_or_create(
        stream=stream,
        kind=kind,
        interval=interval,
        defaults={
            "window_from": window_from,
            "window_to": window_to,
            "position": window_from,
            "step": step,
            "started_at": clock.now(),
        },
    )
    return run


def runs_to_work_on() -> QuerySet[SyncRun]:
    """Not finished, and nobody is at it; who waited longest first, but those that failed last time after the others."""
    failed = Case(When(failure="", then=Value(0)), default=Value(1))
    free = Q(leased_until=None) | Q(leased_until__lt=timezone.now())
    return SyncRun.objects.filter(free, finished_at=None).order_by(failed, "started_at", "pk")


def work_on(
    run_pk: int, read_step: ReadStep, *, for_s: float, on_step: Callable[[SyncRun], None] | None = None
) -> SyncRun | None:
    """Go on with a run for about `for_s` seconds. None: somebody else is at it, or it is finished.

    Raises the errors of `integrations.errors`; the run stands then where its last whole step ended, free for all.
    """
    if not _claim(run_pk):
        return None
    run = SyncRun.objects.get(pk=run_pk)
    deadline = time.monotonic() + for_s
    try:
        while run.finished_at is None and time.monotonic() < deadline:
            _take_step(run, read_step)
            if on_step:
                on_step(run)
    except DoubtfulAnswerError as error:
        _save(run, finished_at=clock.now(), failure=str(error))
    except IntegrationError as error:
        _save(run, failure=str(error)[:500])
        raise
    finally:
        SyncRun.objects.filter(pk=run_pk).update(leased_until=None)
    return run


def _claim(run_pk: int) -> bool:
    """Compare-and-set: of all who try, one gets it."""
    return bool(runs_to_work_on().filter(pk=run_pk).update(leased_until=timezone.now() + LEASE))


def _take_step(run: SyncRun, read_step: ReadStep) -> None:
    if run.tries >= 2:  # who began it died of it, twice: perhaps it is too much at once
        run.step = max(run.step / 2, STEP_MIN)
    _save(run, tries=min(run.tries + 1, TRIES_COUNTED), step=run.step, leased_until=timezone.now() + LEASE)
    step_to = run.position + run.step
    if run.window_to - step_to < STEP_MIN:  # a rest too short for a step of its own is taken along
        step_to = run.window_to
    began = time.monotonic()
    try:
        tally = read_step(run, run.position, step_to)
    except RejectedError as error:
        if error.family in TOO_MUCH and run.step > STEP_MIN:
            _save(run, step=max(run.step / 2, STEP_MIN), tries=0)
            return
        raise
    finally:
        took_s = time.monotonic() - began
    _save(
        run,
        position=step_to,
        step=next_step(run.step, took_s=took_s),
        tries=0,
        rows_seen=run.rows_seen + tally.seen,
        rows_changed=run.rows_changed + tally.changed,
        rows_missing=run.rows_missing + tally.missing,
        worked_s=run.worked_s + took_s,
        failure="",
        finished_at=clock.now() if step_to >= run.window_to else None,
    )


def next_step(step: timedelta, *, took_s: float) -> timedelta:
    """As much as can be read in a few seconds: empty months pass at once, a peak day takes several steps."""
    if took_s < QUICK_S:
        return min(step * 2, STEP_MAX)
    return max(step / 2, STEP_MIN) if took_s > SLOW_S else step


def _save(run: SyncRun, **values: object) -> None:
    SyncRun.objects.filter(pk=run.pk).update(**values)
    for name, value in values.items():
        setattr(run, name, value)

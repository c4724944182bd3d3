"""All that reads at length: sweeps, details, changes, runs. One after the other, one worker in all, a while each.

So whatever the backlog, the rest of the task queue is free for plans and for people. What there was no time for has
its turn first when this is asked for again, which is every few seconds.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.conf import settings

from integrations.errors import IntegrationError
from integrations.models import NetSuiteAccount, Shop, SyncCursor
from integrations.turns import is_turn_of, one_at_a_time
from returnsops.returns import item_sweep, items, record_changes, schedule, stock, sweeps
from returnsops.returns.streams import item_stream, kit_stream, main_stream, stock_stream

logger = logging.getLogger(__name__)

WORK_FOR_S = 10.0  # no job is begun after this; the queue kills a task after 90 s
JOB_FOR_S = 4.0
SOON, EVERY_MINUTE, EVERY_HOUR = timedelta(seconds=5), timedelta(minutes=1), timedelta(hours=1)


@dataclass(frozen=True)
class Job:
    name: str
    every: timedelta
    work: Callable[[], object]


def work_in_background(*, show_life: Callable[[], None], for_s: float = WORK_FOR_S) -> None:
    """Do what is due, longest overdue first. show_life: called between jobs."""
    with one_at_a_time("background") as is_ours:
        deadline = time.monotonic() + for_s
        for job in _longest_overdue_first(_jobs()) if is_ours else ():
            if time.monotonic() < deadline and is_turn_of(job.name, job.every):
                _do(job)
                show_life()


def _jobs() -> list[Job]:
    jobs = [Job("schedule", EVERY_MINUTE, schedule.open_due_runs), Job("runs", SOON, _work_on_a_run)]
    for shop in Shop.objects.filter(paused_at=None).order_by("pk"):
        jobs.append(
            Job(f"loop:{shop.code}", settings.LOOP_SWEEP_EVERY, partial(sweeps.sweep_loop, shop, for_s=JOB_FOR_S))
        )
        jobs.append(Job(f"details:{shop.code}", SOON, partial(sweeps.fetch_due_details, shop, for_s=JOB_FOR_S)))
    for account in NetSuiteAccount.objects.filter(paused_at=None).order_by("pk"):
        work = partial(record_changes.mirror_changes, account, for_s=JOB_FOR_S)
        jobs.append(Job(main_stream(account), settings.RECORD_SWEEP_EVERY, work))
        again = partial(record_changes.read_set_aside, account, for_s=JOB_FOR_S)
        jobs.append(Job(f"{main_stream(account)} set aside", EVERY_HOUR, again))
        rights = partial(record_changes.look_for_rights, account)
        jobs.append(Job(f"{main_stream(account)} rights", EVERY_MINUTE, rights))
        jobs.append(Job(item_stream(account), EVERY_MINUTE, partial(item_sweep.sweep_items, account)))
        jobs.append(Job(kit_stream(account), EVERY_HOUR, partial(items.read_members_again, account)))
        jobs.append(Job(stock_stream(account), stock.READ_EVERY, partial(stock.read_stock, account)))
    return jobs


def _longest_overdue_first(jobs: list[Job]) -> list[Job]:
    streams = {f"job:{job.name}": job for job in jobs}
    done = dict(SyncCursor.objects.filter(stream__in=streams).values_list("stream", "swept_at"))
    never = [job for stream, job in streams.items() if done.get(stream) is None]
    others = sorted((at + streams[stream].every, stream) for stream, at in done.items() if at)
    return [*never, *(streams[stream] for _, stream in others)]


def _work_on_a_run() -> None:
    schedule.work_on_next_run(for_s=JOB_FOR_S)


def _do(job: Job) -> None:
    """A connection that is down keeps no other from being read."""
    try:
        job.work()
    except IntegrationError as error:
        logger.warning("%s waits: %s", job.name, error)
    except Exception:
        logger.exception("%s failed; the others go on", job.name)

"""The net under the task queue: every few seconds it finds what is due in our rows and has no nudge on its way.

So whatever a lost task, a killed worker or a missed webhook left behind goes on, and silence is noticed.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from exceptions.cases import CONNECTION, INBOX, OVERDUE, WRITERS, add_case, sync_source
from exceptions.overdue import overdue_problems, watched_since
from exceptions.taking import give_back_of_who_left
from integrations.bells import ring
from integrations.discovery.check import checks_to_do, request_overdue_checks
from integrations.keeping import forget_events
from integrations.loop.subscriptions import check_webhooks
from integrations.models import NetSuiteAccount, Shop
from integrations.turns import due_among, is_turn_of
from returnsops import tasks
from returnsops.lib import clock
from returnsops.lib.nudge import nudge
from returnsops.posting.claim import put_back_dead_claims
from returnsops.posting.models import Posting
from returnsops.posting.read_back import postings_to_read_back
from returnsops.posting.resuming import look_after_pauses
from returnsops.posting.settle import give_up_dead_leases, postings_in_doubt
from returnsops.returns import families, sweeps
from returnsops.returns.connection_problems import connection_problems, inbox_problems
from returnsops.returns.models import LoopReturn
from returnsops.returns.other_writers import find_other_writers
from returnsops.returns.problems import Problem
from returnsops.tasks import at_work, give_sign_of_life, one_failure_delays_no_other


def tick() -> None:
    """Find whatever is due. Runs every few seconds; each job runs once per interval however many clusters tick."""
    with at_work():
        for name in due_among({name: every for name, (every, _) in JOBS.items()}):
            every, job = JOBS[name]
            if is_turn_of(name, every):
                with one_failure_delays_no_other(name):
                    job()
                give_sign_of_life()


def sweep_events() -> None:
    """Webhooks nobody looked at yet, and those whose fetch failed."""
    for batch in tasks.due_events():
        nudge("events", batch)


def sweep_plans() -> None:
    """Returns whose time has come. One that fails again and again becomes a case instead of a loop."""
    due = LoopReturn.objects.filter(look_again_at__lte=clock.now() - tasks.NUDGE_PATIENCE)
    if due.filter(plan_attempts=0).exists():
        ring("plans")
    begun = due.filter(plan_attempts__gt=0, plan_attempts__lt=tasks.PLAN_ATTEMPTS_MAX).order_by("look_again_at")
    for return_pk in begun.values_list("pk", flat=True)[: tasks.SWEEP_LIMIT]:
        nudge("plan", return_pk)  # alone, as it may take its process with it
    for row in due.filter(plan_attempts__gte=tasks.PLAN_ATTEMPTS_MAX).select_related("shop")[: tasks.SWEEP_LIMIT]:
        _set_aside(row)


def _set_aside(row: LoopReturn) -> None:
    with transaction.atomic():
        LoopReturn.objects.filter(pk=row.pk).update(look_again_at=None, stage=LoopReturn.Stage.NEEDS_PERSON)
        problem = Problem(
            "plan_failed",
            f"return:{row.loop_id}",
            f"Planning return {row.loop_id} failed {tasks.PLAN_ATTEMPTS_MAX} times. The log of the worker says why.",
            amount=row.return_total,
        )
        add_case(row, problem)


def sweep_postings() -> None:
    """Lost answers, dead senders, records not read back yet."""
    put_back_dead_claims()
    give_up_dead_leases()
    for account_pk in _accounts_of(postings_in_doubt()):
        ring("doubts", account_pk)
    for account_pk in _accounts_of(postings_to_read_back(posted_before=clock.now() - tasks.NUDGE_PATIENCE)):
        ring("read_back", account_pk)


def _accounts_of(postings: QuerySet[Posting]) -> list[int]:
    return list(postings.order_by().values_list("account_id", flat=True).distinct())


def sweep_pauses() -> None:
    look_after_pauses()


def ask_for_background() -> None:
    """What the webhooks missed, and all else that reads at length: a task of its own, one at a time."""
    nudge("background")


def sweep_records() -> None:
    """Returns that nobody spoke of for a while, and hints whose time has come or whose task was lost."""
    sweeps.hint_stale_records()
    for account in NetSuiteAccount.objects.filter(paused_at=None):
        if families.due_for_records(account).exists():
            ring("records", account.pk)


def sweep_connections() -> None:
    """A connection that is down or refused is one case, not one for every return that waits for it."""
    _sync_shops(CONNECTION, connection_problems)
    _sync_shops(INBOX, partial(inbox_problems, limit=tasks.SWEEP_LIMIT))


def sweep_overdue() -> None:
    """What stands still without a word."""
    _sync_shops(OVERDUE, partial(overdue_problems, watched=watched_since()))


def sweep_writers() -> None:
    """Who else makes records that ReturnsOps is to write."""
    _sync_shops(WRITERS, find_other_writers)


def _sync_shops(source: str, find: Callable[[Shop], Iterable[Problem]]) -> None:
    """The cases of this source, of one shop after the other."""
    for shop in Shop.objects.select_related("account"):
        with one_failure_delays_no_other(f"cases of {shop} from {source}"):
            sync_source(shop, source, find(shop))


def sweep_cases() -> None:
    """Cases that somebody has who is not here any more would wait for nobody."""
    give_back_of_who_left()


def sweep_checks() -> None:
    """Checks whose task was lost, and those that are due: what we know of an account grows old."""
    now = timezone.now()
    for row in checks_to_do(now=now)[: tasks.SWEEP_LIMIT]:
        nudge("check", row.pk)
    request_overdue_checks(now=now)


def sweep_webhooks() -> None:
    """Loop switches subscriptions off after failures, and people do."""
    for shop in Shop.objects.filter(paused_at=None):
        with one_failure_delays_no_other(f"webhooks of {shop}"):
            check_webhooks(shop)


def sweep_inbox() -> None:
    forget_events()


JOBS: dict[str, tuple[timedelta, Callable[[], None]]] = {
    "plans": (timedelta(seconds=5), sweep_plans),
    "postings": (timedelta(seconds=5), sweep_postings),
    "pauses": (timedelta(seconds=5), sweep_pauses),
    "events": (timedelta(seconds=10), sweep_events),
    "connections": (timedelta(seconds=10), sweep_connections),
    "records": (timedelta(seconds=5), sweep_records),
    "cases": (timedelta(seconds=60), sweep_cases),
    "checks": (timedelta(seconds=60), sweep_checks),
    "background": (timedelta(seconds=5), ask_for_background),
    "webhooks": (timedelta(days=1), sweep_webhooks),
    "inbox": (timedelta(minutes=10), sweep_inbox),
    "writers": (timedelta(minutes=10), sweep_writers),
    "overdue": (timedelta(seconds=60), sweep_overdue),
}

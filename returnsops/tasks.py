"""The journey on one page.

webhook → inbox → fetch the return → plan → outbox → sender → read back → plan …

The task queue only carries «look at row 17». Every step is safe to run twice, out of order, by two workers at once, and
to die at any line: what is due stands in our rows, and `returnsops.tick` finds whatever a lost task left behind.
"""

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from itertools import cycle

from django.conf import settings
from django.db import transaction

from exceptions.cases import sync_cases
from integrations import inbox
from integrations.bells import answer, ring
from integrations.errors import IntegrationError, RejectedError
from integrations.models import ConnectionProfile, NetSuiteAccount, Shop
from returnsops.lib.canonical import plain
from returnsops.lib.locks import lock_until_commit
from returnsops.lib.nudge import RowId, nudge
from returnsops.lib.queue_heart import show_life, task_in_hand
from returnsops.posting import outbox
from returnsops.posting.facts import load_facts
from returnsops.posting.read_back import read_back_due
from returnsops.posting.resuming import look_after_pauses
from returnsops.posting.settle import settle_doubts
from returnsops.returns import background, families, mirror, sweeps
from returnsops.returns.agreements import note_agreements
from returnsops.returns.connection_checks import check_connection
from returnsops.returns.hints import finish_event, heed_first_hints
from returnsops.returns.history import note_fact_change
from returnsops.returns.models import LoopReturn
from returnsops.returns.place_names import PlaceNames
from returnsops.returns.plan import plan_return
from returnsops.returns.plan.wording import reword_plan
from returnsops.returns.replan import PLANNED, Begun, begin_next_plan, begin_plan, hold_return

logger = logging.getLogger(__name__)

SWEEP_LIMIT = 200
NUDGE_PATIENCE = timedelta(seconds=5)  # a row due for less has a nudge on its way
PLAN_ATTEMPTS_MAX = 3
PLANS_FOR_S = 3.0  # then the others in the task queue have their turn
PLANS_IN_A_ROW_MAX = 3
EVENTS_AT_ONCE, EVENTS_FOR_S = 20, 8.0


def look(what: str, row_id: RowId = None) -> None:
    """The one entry point of the task queue: look at one row. An outside failure leaves the row due for the sweep."""
    with at_work():
        try:
            LOOKS[what](row_id)
        except IntegrationError as error:
            logger.warning("%s %s waits: %s", what, row_id, error)


def look_at_inbox(_: None) -> None:
    """One ring stands for every webhook that waits: what is new is dealt out here, and some of it read."""
    answer("inbox")
    batches = due_events()
    if sum(map(len, batches)) == SWEEP_LIMIT:
        ring("inbox")  # there are more
    for batch in batches[1:]:
        nudge("events", batch)
    if batches:
        look_at_events(batches[0])


def due_events() -> list[list[int]]:
    due = inbox.take_due_events(limit=SWEEP_LIMIT, patience=NUDGE_PATIENCE)
    return [due[start : start + EVENTS_AT_ONCE] for start in range(0, len(due), EVENTS_AT_ONCE)]


def look_at_events(event_ids: list[int]) -> None:
    """Several in one task, which costs more than most looks. What there is no time for is due again soon."""
    heed_first_hints(event_ids, for_s=EVENTS_FOR_S, show_life=give_sign_of_life)
    deadline = time.monotonic() + EVENTS_FOR_S
    for event_id in inbox.begun_before(event_ids):
        if time.monotonic() > deadline:
            break
        with one_failure_delays_no_other(f"event {event_id}"):
            look_at_event(event_id)
        give_sign_of_life()


def look_at_event(event_id: int) -> None:
    """A webhook is a hint: find the returns it is about, and fetch those. One we cannot read would fail again.

    Alone, since an earlier look at it did not come to an end.
    """
    with inbox.one_look(event_id) as event:
        if event is None:
            return
        try:
            for return_id in inbox.find_returns(event):
                mirror.fetch_return(event.shop, return_id, hinted_at=event.last_received_at)
        except RejectedError as error:
            inbox.set_aside(event, failure=str(error))
        finish_event(event)


def look_at_records(account_pk: int) -> None:
    """One task reads NetSuite for every return of an account that was hinted."""
    answer("records", account_pk)
    families.fetch_due_records(NetSuiteAccount.objects.get(pk=account_pk), show_life=give_sign_of_life)


def look_at_plans(_: None) -> None:
    """Plan what is due, one after the other, for a while. Several processes at it share the returns between them."""
    answer("plans")
    deadline = time.monotonic() + PLANS_FOR_S
    times: Counter[int] = Counter()  # a plan that calls for the next one at once must not keep us here
    for latest in cycle((True, False)):
        if time.monotonic() > deadline:
            ring("plans")
            return
        often = [return_pk for return_pk, count in times.items() if count >= PLANS_IN_A_ROW_MAX]
        begun = begin_next_plan(latest=latest, but=often)
        if begun is None:
            return
        times[begun.pk] += 1
        with one_failure_delays_no_other(f"plan of return {begun.pk}"):
            make_plan(begun)
        give_sign_of_life()


def look_at_return(return_pk: int) -> None:
    """A burst of nudges costs one plan: the first one clears what made the return due."""
    begun = begin_plan(return_pk, attempts_below=PLAN_ATTEMPTS_MAX)
    if begun is not None:
        make_plan(begun)


def make_plan(begun: Begun) -> None:
    """Bring outbox and cases in step with what is known now: one transaction under the lock of the order."""
    with transaction.atomic():
        lock_until_commit("order", begun.shop, begun.order)
        row = hold_return(begun.pk)
        if mirror.waits_for_details(row):
            return
        outbox.hold_open_postings(row)
        facts = load_facts(row, claims_stock=True)
        plan = plan_return(facts)
        told = reword_plan(plan, PlaceNames(row.shop.account).put_into)
        note_fact_change(row, facts)
        outbox.enqueue(row, plan.postings)
        sync_cases(row, told.problems)
        note_agreements(row, told.agreements, policy=facts.policy, at=facts.now)
        is_settled = plan.stage == LoopReturn.Stage.SETTLED
        PLANNED.run(
            pk=row.pk,
            look_again_at=plan.look_again_at,
            planned_at=facts.now,
            plan=json.dumps({"steps": plain(told.steps)}),
            plan_hash=plan.hash(),
            stage=plan.stage,
            settled_at=(row.settled_at or facts.now) if is_settled else None,
        )


def look_at_read_back(account_pk: int) -> None:
    """One task reads back everything of an account that is due, however many postings asked for it."""
    answer("read_back", account_pk)
    read_back_due(NetSuiteAccount.objects.get(pk=account_pk), show_life=give_sign_of_life)


def look_at_doubts(account_pk: int) -> None:
    answer("doubts", account_pk)
    settle_doubts(NetSuiteAccount.objects.get(pk=account_pk))


def look_at_check(profile_pk: int) -> None:
    row = ConnectionProfile.objects.select_related("account", "shop").get(pk=profile_pk)
    connection = row.shop or row.account
    assert connection is not None, "a profile has one owner"
    check_connection(connection)


def look_at_pauses(_: None) -> None:
    """Somebody paused or resumed something: those behind it learn of it now."""
    look_after_pauses()


def look_at_background(_: None) -> None:
    """Sweeps, details, changes in NetSuite, history: a while of each, whatever is longest overdue first."""
    background.work_in_background(show_life=give_sign_of_life)


def look_at_details(shop_pk: int) -> None:
    """A sweep found news: fetch them now."""
    sweeps.fetch_due_details(Shop.objects.select_related("account").get(pk=shop_pk))


def look_at_life(_: None) -> None:
    """A poke of the watchdog: that it was answered is the answer."""


LOOKS: dict[str, Callable[..., None]] = {
    "life": look_at_life,
    "inbox": look_at_inbox,
    "event": look_at_event,
    "events": look_at_events,
    "details": look_at_details,
    "background": look_at_background,
    "records": look_at_records,
    "plans": look_at_plans,
    "plan": look_at_return,
    "read_back": look_at_read_back,
    "doubts": look_at_doubts,
    "check": look_at_check,
    "pauses": look_at_pauses,
}


def at_work() -> AbstractContextManager[None]:
    return task_in_hand(settings.HEARTBEAT_FILE, limit_s=settings.TASK_LIMIT_S)


def give_sign_of_life() -> None:
    """Work done is the proof of life that `manage.py worker` watches for."""
    show_life(settings.HEARTBEAT_FILE)


@contextmanager
def one_failure_delays_no_other(name: str) -> Iterator[None]:
    try:
        yield
    except IntegrationError as error:
        logger.warning("%s waits: %s", name, error)
    except Exception:
        logger.exception("%s failed; the others go on", name)

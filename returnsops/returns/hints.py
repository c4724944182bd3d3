"""Many webhooks at once: what they name is fetched, each return once however many of them speak of it."""

import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q

from integrations import inbox
from integrations.errors import IntegrationError, RejectedError
from integrations.models import InboundEvent, Shop
from returnsops.returns.mirror import fetch_return
from returnsops.returns.models import LoopReturn
from returnsops.returns.replan import ask_for_plan

logger = logging.getLogger(__name__)

KEEP_EVERY_S = inbox.FIRST_LOOK_LEASE.total_seconds() / 4


@dataclass
class _Hints:
    """All that was said about one return."""

    shop: Shop
    return_id: str
    events: list[InboundEvent] = field(default_factory=list)

    @property
    def hinted_at(self) -> datetime:
        return max(event.last_received_at for event in self.events)


def heed_first_hints(event_pks: Sequence[int], *, for_s: float) -> None:
    """Look at those of these webhooks that nobody looked at yet. What there is no time for is due again soon.

    A webhook ends with the last of the returns it names (a box holds several); one failure delays no other.
    """
    deadline = time.monotonic() + for_s
    events = inbox.begin_first_looks(event_pks)
    kept_at = time.monotonic()
    faulty: set[int] = set()
    open_names: dict[int, set[str]] = {event.pk: _find_returns(event, faulty) for event in events}
    for hints in _unanswered(_by_return(events, open_names), open_names):
        if time.monotonic() > deadline:
            break
        if time.monotonic() > kept_at + KEEP_EVERY_S:
            inbox.keep_looks(events)
            kept_at = time.monotonic()
        if _fetch(hints, faulty):
            _close(hints, open_names)
    waiting = [event for event in events if event.verdict == InboundEvent.Verdict.WAITING]
    done = [event for event in waiting if not open_names[event.pk] and event.pk not in faulty]
    with transaction.atomic():  # both or neither: what counts as read is never looked at again
        inbox.finish_events(done)
        plan_restocked(done)
    inbox.end_looks([event for event in waiting if event.pk in faulty], by_fault_of_ours=True)
    inbox.end_looks([event for event in waiting if event not in done and event.pk not in faulty])


def finish_event(event: InboundEvent) -> None:
    """One that was read. Both or neither: what counts as read is never looked at again."""
    with transaction.atomic():
        inbox.finish_event(event)
        plan_restocked([event])


def plan_restocked(events: Sequence[InboundEvent]) -> None:
    """That goods are back in the shop's stock is a fact that no fetch shows, so the plan is made again for it."""
    told = [event for event in events if event.topic == "restock"]
    named = Q()
    for event in told:
        named |= Q(shop=event.shop_id, loop_id=event.loop_return_id)
    if told:
        ask_for_plan(LoopReturn.objects.filter(named).values_list("pk", flat=True))


def _find_returns(event: InboundEvent, faulty: set[int]) -> set[str]:
    try:
        return set(inbox.find_returns(event))
    except IntegrationError as error:
        logger.warning("event %s waits: %s", event.pk, error)
        return {""}  # not known which, so it stays open
    except Exception:
        logger.exception("event %s failed; the others go on", event.pk)
        faulty.add(event.pk)
        return set()


def _by_return(events: list[InboundEvent], names: dict[int, set[str]]) -> list[_Hints]:
    found: dict[tuple[int, str], _Hints] = {}
    for event in events:
        for return_id in sorted(names[event.pk] - {""}):
            found.setdefault((event.shop_id, return_id), _Hints(event.shop, return_id)).events.append(event)
    return list(found.values())


def _unanswered(hints: list[_Hints], open_names: dict[int, set[str]]) -> list[_Hints]:
    """Without those that a later fetch has answered already: most, as one thing that happens is told several times."""
    by_shop: dict[int, list[str]] = defaultdict(list)
    for one in hints:
        by_shop[one.shop.pk].append(one.return_id)
    fetched_at = {
        (shop_pk, loop_id): at
        for shop_pk, loop_ids in by_shop.items()
        for loop_id, at in LoopReturn.objects.filter(shop=shop_pk, loop_id__in=loop_ids).values_list(
            "loop_id", "fetched_at"
        )
    }
    unanswered = []
    for one in hints:
        at = fetched_at.get((one.shop.pk, one.return_id))
        if at is None or at <= one.hinted_at:
            unanswered.append(one)
        else:
            _close(one, open_names)
    return unanswered


def _close(hints: _Hints, open_names: dict[int, set[str]]) -> None:
    for event in hints.events:
        open_names[event.pk].discard(hints.return_id)


def _fetch(hints: _Hints, faulty: set[int]) -> bool:
    """Whether that is done: fetched, or given to a person to look at."""
    try:
        fetch_return(hints.shop, hints.return_id)
    except RejectedError as error:
        for event in hints.events:
            inbox.set_aside(event, failure=str(error))
    except (
        IntegrationError,
        InterfaceError,
        OperationalError,
    ) as error:  # a database that goes away is no fault either
        logger.warning("return %s waits: %s", hints.return_id, error)
        return False
    except Exception:
        logger.exception("return %s failed; the others go on", hints.return_id)
        faulty.update(event.pk for event in hints.events)
        return False
    return True

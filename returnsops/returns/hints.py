"""Many webhooks at once: what they name is fetched, each return once however many of them speak of it."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q

from integrations import inbox
from integrations.errors import IntegrationError, NoCallsLeftError, RejectedError
from integrations.models import InboundEvent, Shop
from returnsops.returns.mirror import Fetched, apply_fetched, apply_returns, doubt_return, read_return
from returnsops.returns.models import LoopReturn
from returnsops.returns.replan import ask_for_plan

logger = logging.getLogger(__name__)

BATCH_MAX = 20
# Written together, which costs little more than one alone; but news waits no longer than this.
WRITE_AT_ONCE, WRITE_WITHIN_S = 10, 1.0
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


def heed_first_hints(event_pks: Sequence[int], *, for_s: float, show_life: Callable[[], None] = lambda: None) -> None:
    """Look at those of these webhooks that nobody looked at yet, then at more of the same shops while Loop answers.

    So whoever has Loop's calls reads on for those who got none. What there is no time for is due again soon.
    """
    deadline = time.monotonic() + for_s
    seen: set[int] = set()
    while event_pks and time.monotonic() < deadline:
        seen.update(event_pks)
        batch = _Batch(inbox.begin_first_looks(event_pks))
        batch.read(deadline, show_life)
        batch.end()
        event_pks = [pk for pk in inbox.first_looks_due(batch.shops_read, limit=BATCH_MAX) if pk not in seen]


class _Batch:
    """Webhooks that we hold. One ends with the last of the returns it names (a box holds several); one failure delays
    no other.
    """

    def __init__(self, events: list[InboundEvent]) -> None:
        self.shops_read: set[int] = set()
        self._events = events
        self._faulty: set[int] = set()  # those that fail by a fault of ours
        self._shops_used_up: set[int] = set()
        self._open_names = {event.pk: self._find_returns(event) for event in events}
        self._kept_at = self._written_at = time.monotonic()
        self._fetched: list[tuple[_Hints, Fetched]] = []

    def read(self, deadline: float, show_life: Callable[[], None]) -> None:
        for hints in self._unanswered():
            if time.monotonic() > deadline:
                break
            self._keep()
            if hints.shop.pk not in self._shops_used_up:
                self._fetch(hints)
            if len(self._fetched) >= WRITE_AT_ONCE or time.monotonic() > self._written_at + WRITE_WITHIN_S:
                self._write()
            show_life()
        self._write()

    def end(self) -> None:
        waiting = [event for event in self._events if event.verdict == InboundEvent.Verdict.WAITING]
        done = [event for event in waiting if not self._open_names[event.pk] and event.pk not in self._faulty]
        with transaction.atomic():  # both or neither: what counts as read is never looked at again
            inbox.finish_events(done)
            plan_restocked(done)
        inbox.end_looks([event for event in waiting if event.pk in self._faulty], by_fault_of_ours=True)
        inbox.end_looks([event for event in waiting if event not in done and event.pk not in self._faulty])

    def _find_returns(self, event: InboundEvent) -> set[str]:
        try:
            return set(inbox.find_returns(event))
        except IntegrationError as error:
            logger.warning("event %s waits: %s", event.pk, error)
            return {""}  # not known which, so it stays open
        except Exception:
            logger.exception("event %s failed; the others go on", event.pk)
            self._faulty.add(event.pk)
            return set()

    def _unanswered(self) -> list[_Hints]:
        """Without those that a later fetch has answered already: most, as one thing is told several times."""
        unanswered = []
        hints = self._by_return()
        fetched_at = _last_fetches(hints)
        for one in hints:
            at = fetched_at.get((one.shop.pk, one.return_id))
            if at is None or at <= one.hinted_at:
                unanswered.append(one)
            else:
                self._close(one)
        return unanswered

    def _by_return(self) -> list[_Hints]:
        found: dict[tuple[int, str], _Hints] = {}
        for event in self._events:
            for return_id in sorted(self._open_names[event.pk] - {""}):
                found.setdefault((event.shop_id, return_id), _Hints(event.shop, return_id)).events.append(event)
        return list(found.values())

    def _keep(self) -> None:
        if time.monotonic() > self._kept_at + KEEP_EVERY_S:
            inbox.keep_looks(self._events)
            self._kept_at = time.monotonic()

    def _close(self, hints: _Hints) -> None:
        for event in hints.events:
            self._open_names[event.pk].discard(hints.return_id)

    def _fetch(self, hints: _Hints) -> None:
        with self._one_delays_no_other(hints):
            fetched = read_return(hints.shop, hints.return_id)
            self.shops_read.add(hints.shop.pk)
            if fetched:
                self._fetched.append((hints, fetched))
            else:
                doubt_return(hints.shop, hints.return_id)
                self._close(hints)

    def _write(self) -> None:
        """Together; each alone where that fails, to find out which one it is."""
        fetched, self._fetched, self._written_at = self._fetched, [], time.monotonic()
        for shop in {hints.shop.pk: hints.shop for hints, _ in fetched}.values():
            theirs = [one for one in fetched if one[0].shop.pk == shop.pk]
            try:
                apply_returns(shop, [told for _, told in theirs])
            except Exception as error:
                logger.info("%s returns of %s are written one by one: %s", len(theirs), shop, error)
                for hints, told in theirs:
                    with self._one_delays_no_other(hints):
                        apply_fetched(shop, told)
                        self._close(hints)
            else:
                for hints, _ in theirs:
                    self._close(hints)

    @contextmanager
    def _one_delays_no_other(self, hints: _Hints) -> Iterator[None]:
        """What fails stays open, unless it was given to a person to look at."""
        try:
            yield
        except NoCallsLeftError:  # said once for all returns of the shop
            logger.info("%s waits: its calls to Loop are used up", hints.shop)
            self._shops_used_up.add(hints.shop.pk)
        except RejectedError as error:
            for event in hints.events:
                inbox.set_aside(event, failure=str(error))
            self.shops_read.add(hints.shop.pk)
            self._close(hints)
        except (IntegrationError, InterfaceError, OperationalError) as error:  # the database that goes away is no fault
            logger.warning("return %s waits: %s", hints.return_id, error)
        except Exception:
            logger.exception("return %s failed; the others go on", hints.return_id)
            self._faulty.update(event.pk for event in hints.events)


def _last_fetches(hints: list[_Hints]) -> dict[tuple[int, str], datetime]:
    by_shop: dict[int, list[str]] = defaultdict(list)
    for one in hints:
        by_shop[one.shop.pk].append(one.return_id)
    return {
        (shop_pk, loop_id): at
        for shop_pk, loop_ids in by_shop.items()
        for loop_id, at in LoopReturn.objects.filter(shop=shop_pk, loop_id__in=loop_ids).values_list(
            "loop_id", "fetched_at"
        )
    }


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

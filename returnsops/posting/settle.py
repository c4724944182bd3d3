"""Settle: adopt or refuse what a look found, and end lost answers by looking.

A request can run at NetSuite for 15 minutes (netsuite.md §0.2, fact 6), so «not found» counts only after that window.
"""

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from integrations.connections import loop_client, netsuite_client, watched
from integrations.errors import IntegrationError, RejectedError, UnreadableRecordError
from integrations.models import NetSuiteAccount
from integrations.turns import one_at_a_time
from returnsops.lib import clock
from returnsops.lib.moves import moved_together
from returnsops.posting.claim import ATTEMPTS_MAX
from returnsops.posting.look import Found, look_first, look_for_ours
from returnsops.posting.models import Posting
from returnsops.posting.moves import move_posting
from returnsops.posting.outbox import retry_others_refused_for
from returnsops.posting.record_answer import (
    DEATHS_MAX,
    DIED,
    JOB_ENDED,
    OVERTAKEN,
    last_tries,
    mark_posted,
    mark_rejected,
    mark_uncertain,
    note_dead_sender,
    note_look,
)
from returnsops.posting.shown import shows_it
from returnsops.posting.sought import may_be_looked_for, seek
from returnsops.posting.verify import describe_request, holds_update
from returnsops.returns.mirror import apply_return, hint_records
from returnsops.returns.one_record import fetch_record
from returnsops.returns.plan.kinds import POSTING_KINDS
from returnsops.returns.plan.outbox_problems import OURS_DIFFERS, STRANGER_DIFFERS
from returnsops.returns.replan import ask_for_plan, hold_return
from returnsops.returns.unreadable import note_not_shown

logger = logging.getLogger(__name__)

Status = Posting.Status
AdoptedFrom = Posting.AdoptedFrom
DEAD_LEASES_MAX = 100
DOUBTS_MAX = 100  # looked for at once, by one query
SETTLE_FOR_S = 10.0  # of those that take a call each; the others are still due
LOOK_AGAIN_S = 5.0
LOOK_AGAIN_S_MAX = 120.0
# A refusal that speaks of a double, with no answer lost before: what it means is committed, and soon to be seen.
REFUSAL_STANDS_AFTER = 15  # this part of the commit window


def postings_in_doubt() -> QuerySet[Posting]:
    return Posting.objects.filter(status=Status.UNCERTAIN, not_before__lte=timezone.now())


def give_up_dead_leases() -> int:
    """A posting that is being sent for too long lost its sender: it may be over there or not."""
    lost_since = timezone.now() - settings.SENDING_LEASE
    overdue = list(Posting.objects.filter(status=Status.SENDING, armed_at__lt=lost_since)[:DEAD_LEASES_MAX])
    for posting in overdue:
        with transaction.atomic():
            hold_return(posting.loop_return_id)
            note_dead_sender(posting)
            mark_uncertain(posting)
    return len(overdue)


def settle_doubts(account: NetSuiteAccount) -> int:
    """Look for everything of this account whose answer was lost. Gives how many were looked for.

    One worker at a time; what cannot be looked for now stays in doubt, and keeps no other from being settled.
    """
    with one_at_a_time(f"doubts:{account.pk}") as is_ours:
        due = postings_in_doubt().filter(account=account).select_related("account", "shop").order_by("not_before", "pk")
        doubts = list(due[:DOUBTS_MAX]) if is_ours else []
        settle(*doubts)
    return len(doubts)


def settle(*doubts: Posting) -> None:
    """Look whether these uncertain postings were carried out. They are of one account.

    Raises the errors of `integrations.errors` if nothing at all could be looked for.
    """
    uncertain = [one for one in doubts if one.status == Status.UNCERTAIN]
    by_id = [one for one in uncertain if may_be_looked_for(one)]
    deadline = time.monotonic() + SETTLE_FOR_S
    alone = [one for one in uncertain if not may_be_looked_for(one)]
    failures = [_try_to_settle(one) for one in alone if time.monotonic() < deadline]
    if by_id:
        _settle_together(by_id)
    lost = [failure for failure in failures if failure]
    if lost and len(lost) == len(uncertain):
        raise lost[0]


def _try_to_settle(posting: Posting) -> IntegrationError | None:
    """Whose look failed, or breaks us, waits, so that the others come to their turn."""
    try:
        _settle_in_loop(posting) if posting.system == Posting.System.LOOP else _settle_update(posting)
    except (OperationalError, InterfaceError):
        raise
    except IntegrationError as error:
        logger.warning("%s stays in doubt: %s", posting, error)
        if isinstance(error, RejectedError) and posting.system == Posting.System.NETSUITE:
            note_not_shown(posting.account, {(posting.request["target_type"], posting.request["target_id"]): error})
        _look_later(posting)
        return error
    except Exception:
        _leave_in_doubt(posting)
    return None


def _settle_together(doubts: Sequence[Posting]) -> None:
    """By one query. What breaks us, or is garbled, is found by looking for each alone, and keeps no other from being
    settled."""
    try:
        _settle_by_external_id(doubts)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        if isinstance(error, IntegrationError) and not isinstance(error, UnreadableRecordError):
            raise
        if len(doubts) == 1:
            _leave_in_doubt(doubts[0])
            return
        for one in doubts:
            if one.status == Status.UNCERTAIN:
                _settle_together([one])


def _leave_in_doubt(posting: Posting) -> None:
    logger.exception("%s stays in doubt", posting)
    _look_later(posting)


# --- Found, or not ---------------------------------------------------------------------------------


def adopt_found(posting: Posting, found: Found) -> str:
    """What a look found in the place of this posting: taken for ours if it is the same, else refused, saying why.

    Gives the outcome. Adopting frees nothing: what the posting covers stays covered. The try is kept like any other.
    """
    origin = _origin_of(found)
    words = _words_of(found, origin)
    with moved_together(posting):
        hold_return(posting.loop_return_id)
        if found.is_same and not _is_held_by_another(posting, found):
            outcome = mark_posted(posting, found.ref.internal_id, adopted_from=origin)
            outcome = "adopted" if outcome == "posted" else outcome
            if not found.is_ours:
                retry_others_refused_for(found.ref.internal_id, beside=posting)
        else:
            outcome = mark_rejected(posting, _refusal_of(posting, found, words))
        if outcome != OVERTAKEN:
            Posting.objects.filter(pk=posting.pk).update(looked_at=timezone.now())
        note_look(posting, outcome=outcome, answer=words)
    if not found.is_ours:
        hint_records([posting.loop_return_id])  # the plan and the people should see it as well
    return outcome


def _is_held_by_another(posting: Posting, found: Found) -> bool:
    """Somebody adopted it between the look and now."""
    held = Posting.objects.filter(
        account=posting.account_id, system=Posting.System.NETSUITE, status=Status.POSTED,
        their_id=found.ref.internal_id,
    )  # fmt: skip
    return held.exclude(pk=posting.pk).exists()


def _origin_of(found: Found) -> str:
    """By the external id, the interface it came in through, or the user who made it (netsuite.md §8)."""
    if found.is_ours:
        return AdoptedFrom.OURS
    if found.ref.external_id or found.ref.source:
        return AdoptedFrom.CONNECTOR
    return AdoptedFrom.PERSON if found.ref.created_by else AdoptedFrom.FOREIGN


def _words_of(found: Found, origin: str) -> str:
    name = f"{found.ref.record_type} {found.ref.tran_id or found.ref.internal_id} (id {found.ref.internal_id})"
    by = f", made by {AdoptedFrom(origin).label}"
    external = f", external id {found.ref.external_id}" if found.ref.external_id and not found.is_ours else ""
    result = "holds what we would post" if found.is_same else f"differs: {'; '.join(found.differences)}"
    return f"{name}{by}{external}: {result}."


def _refusal_of(posting: Posting, found: Found, words: str) -> dict[str, object]:
    return {
        "family": OURS_DIFFERS if found.is_ours else STRANGER_DIFFERS,
        "detail": words if found.differences else f"{words} It stands for another posting already.",
        "record": found.ref.internal_id,
        "tran_id": found.ref.tran_id or "",
        "wanted": describe_request(posting.request),
        "differences": list(found.differences),
        "is_shared": found.is_shared,
    }


def _settle_by_external_id(doubts: Sequence[Posting]) -> None:
    """One query for all. Strangers are looked for only where no answer was lost: ours may still be on its way."""
    sought = {one.external_id: one for one in seek(doubts)}
    lost = [one for one in doubts if one.doubted]
    looked_at, deadline = clock.shared_now(), time.monotonic() + SETTLE_FOR_S
    with watched(doubts[0].account):
        client = netsuite_client(doubts[0].account)
        looks = [
            look_for_ours(client, [sought[one.external_id] for one in lost]),
            look_first(client, [sought[one.external_id] for one in doubts if not one.doubted]),
        ]
    note_not_shown(doubts[0].account, looks[0].unread | looks[1].unread)
    found = looks[0].found | looks[1].found
    failed = looks[0].failed | looks[1].failed
    for posting in doubts:
        if match := found.get(posting.external_id):
            adopt_found(posting, match)
        elif error := failed.get(posting.external_id):
            logger.warning("%s stays in doubt: %s", posting, error)
            _look_later(posting)
        else:
            _absent(posting, looked_at=looked_at)
    for posting in doubts if len(doubts) > 1 else ():
        # A stranger that is not shown may stand in the place of another of them.
        if posting.external_id in failed and not posting.doubted and time.monotonic() < deadline:
            _settle_together([posting])


def _settle_update(posting: Posting) -> None:
    """An update has no external id to look for, so the record itself tells whether it holds what was sent."""
    looked_at = clock.shared_now()
    record = fetch_record(posting.account, posting.request["target_type"], posting.request["target_id"])
    if record and holds_update(record, posting.request):
        _note_done(posting, record.internal_id)
    else:
        _absent(posting, looked_at=looked_at)


def _settle_in_loop(posting: Posting) -> None:
    """Loop has no idempotency key: whether it took our word shows in the return itself (loop.md §1.6)."""
    if posting.request["operation"] == "note":
        _settle_note(posting)
        return
    looked_at = clock.shared_now()
    client = loop_client(posting.shop)
    with watched(posting.shop):
        record = client.get_return(str(posting.request["return_id"]))
    if record is None:
        _absent(posting, looked_at=looked_at)
        return
    clock_ahead = client.answered_at - clock.shared_now() if client.answered_at else timedelta(0)
    apply_return(posting.shop, record, fetched_at=looked_at)
    if shows_it(posting, record, clock_ahead=clock_ahead):
        _note_done(posting, record.id)
    else:
        _absent(posting, looked_at=looked_at)


def _settle_note(posting: Posting) -> None:
    """A note shows on the return's timeline, in our very words (loop.md §2.6)."""
    return_id, content = str(posting.request["return_id"]), str(posting.request["content"])
    looked_at = clock.shared_now()
    with watched(posting.shop):
        notes = loop_client(posting.shop).list_notes(return_id)
    if any(one.content == content for one in notes):
        _note_done(posting, return_id)
    else:
        _absent(posting, looked_at=looked_at)


def _note_done(posting: Posting, their_id: str) -> None:
    with moved_together(posting):
        hold_return(posting.loop_return_id)
        if mark_posted(posting, their_id, adopted_from=AdoptedFrom.OURS) == "posted":
            note_look(posting, outcome="adopted", answer="The other side shows that it was done.")


def _absent(posting: Posting, *, looked_at: datetime) -> None:
    """Not there. After the window that is final: refused if it was refused, else sent again under the same id.

    looked_at: when the look began, by the clock that also told the start of the doubt; what was committed while it was
    out, it may have missed.
    """
    assert posting.uncertain_since is not None, "an uncertain posting has a start"
    now = timezone.now()
    age, window = looked_at - posting.uncertain_since, _window_of(posting)
    if age >= window and not _may_still_run(posting):
        with moved_together(posting):
            hold_return(posting.loop_return_id)
            if _still_the_same(posting).select_for_update(no_key=True):
                _end_doubt(posting, now)
        return
    _look_later(posting)


def _may_still_run(posting: Posting) -> bool:
    """A job waits for its turn for as long as it takes (netsuite.md §2.5). One that has ended may have made the record
    since we looked, so one more look decides.
    """
    if not posting.job:
        return False
    try:
        with watched(posting.account):
            if not netsuite_client(posting.account).is_job_running(posting.job):
                _note_job_ended(posting)
    except IntegrationError as error:
        logger.warning("%s stays in doubt: %s", posting, error)
    return True


def _note_job_ended(posting: Posting) -> None:
    with transaction.atomic():
        if _still_the_same(posting).update(job=""):
            note_look(
                posting, outcome=JOB_ENDED, answer=f"{posting.job} has ended; what it made is looked for once more."
            )


def _look_later(posting: Posting) -> None:
    """The older the doubt, the later; the others come first."""
    assert posting.uncertain_since is not None, "an uncertain posting has a start"
    now = timezone.now()
    longest = max(LOOK_AGAIN_S, min((now - posting.uncertain_since).total_seconds(), LOOK_AGAIN_S_MAX))
    wait = min(timedelta(seconds=longest), _window_of(posting) / 3)
    _still_the_same(posting).update(not_before=now + wait)


def _still_the_same(posting: Posting) -> QuerySet[Posting]:
    """Nothing if somebody ended this doubt since we read it: it may have been sent again, and its answer lost again."""
    return Posting.objects.filter(pk=posting.pk, status=Status.UNCERTAIN, claim=posting.claim)


def _window_of(posting: Posting) -> timedelta:
    """What is harmless twice need not be surely absent before it is said again."""
    window = settings.NETSUITE_COMMIT_WINDOW
    is_short = not posting.doubted or POSTING_KINDS[posting.kind].only_tells
    return window / REFUSAL_STANDS_AFTER if is_short else window


def _end_doubt(posting: Posting, now: datetime) -> None:
    """Surely not over there. What took three senders with it, or failed too often, is for a person.

    Tried again it is looked for anew: while it was in doubt only our own was sought, and a person who missed the record
    may have made it by hand.
    """
    if posting.refusal:
        mark_rejected(posting, posting.refusal)
    elif posting.attempts >= DEATHS_MAX and last_tries(posting, count=DEATHS_MAX) == [DIED] * DEATHS_MAX:
        mark_rejected(posting, {"family": "set_aside", "detail": f"{DEATHS_MAX} senders in a row died on it."})
    elif posting.attempts >= ATTEMPTS_MAX:
        mark_rejected(posting, {"family": "gave_up", "detail": f"No answer after {posting.attempts} tries."})
    else:
        move_posting(
            posting, Status.PENDING,
            uncertain_since=None, sending_since=None, not_before=now, claimed_by="", looked_at=None,
        )  # fmt: skip
        ask_for_plan([posting.loop_return_id])

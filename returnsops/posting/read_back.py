"""Read back: compare every posted record with what was sent, a batch of an account at a time (requirement Z8)."""

import json
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from integrations.bells import ring
from integrations.connections import netsuite_client, watched
from integrations.errors import RejectedError, TemporaryError
from integrations.models import NetSuiteAccount
from integrations.netsuite.records import TransactionRecord
from integrations.turns import one_at_a_time
from returnsops.lib import clock
from returnsops.lib.fixed_query import FixedQuery, FixedUpdate, slot, slots
from returnsops.posting.models import Posting
from returnsops.posting.sampling import choose_trusted, note_made
from returnsops.posting.verify import find_differences, find_unit_differences
from returnsops.returns.gone import really_gone
from returnsops.returns.mirror import apply_records, doubt_records, hint_records, mark_gone
from returnsops.returns.models import LoopReturn
from returnsops.returns.plan.kinds import POSTING_KINDS, ReadBack
from returnsops.returns.reading import Failures, Name, Reading, no_matter, read_records
from returnsops.returns.replan import ask_for_plan, hold_returns
from returnsops.returns.unreadable import forget_read

logger = logging.getLogger(__name__)

AT_ONCE_MAX = 50
READ_FOR_S = 3.0  # then the others in the task queue have their turn
# No plan waits to see these. So they are read once nothing more is posted for their return, all that it changed with
# them, once instead of after every posting; and after a while in any case. After the others the parents are left to
# the next look, for the same reason.
LAST = tuple(name for name, kind in POSTING_KINDS.items() if kind.read_back == ReadBack.LAST)
UNHURRIED = (*(name for name, kind in POSTING_KINDS.items() if kind.read_back == ReadBack.LATER), *LAST)
QUIET_FOR_MAX = 3  # times the rest: the longest that one which nobody waits for is left

Record = TransactionRecord
Moment = datetime | RawSQL


def postings_to_read_back(*, posted_before: datetime) -> QuerySet[Posting]:
    """Of those, what is worth reading now."""
    return _worth_reading(**_moments(posted_before))


def _moments(posted_before: datetime) -> dict[str, Moment]:
    now = clock.now()
    return {
        "posted_before": posted_before,
        "rests_since": now - settings.RECORD_REST,
        "old_since": now - QUIET_FOR_MAX * settings.RECORD_REST,
        "now": timezone.now(),
    }


def _worth_reading(*, posted_before: Moment, rests_since: Moment, old_since: Moment, now: Moment) -> QuerySet[Posting]:
    return Posting.objects.filter(
        ~Q(kind__in=UNHURRIED) | Q(posted_at__lte=old_since) | _has_rested(rests_since),
        status=Posting.Status.POSTED,
        read_back_at=None,
        trusted_at=None,
        system=Posting.System.NETSUITE,
        posted_at__lte=posted_before,
        not_before__lte=now,
    )


def _has_rested(since: Moment) -> Q:
    """Nothing of its return is about to be posted, nor was just now, unless nothing follows that; another receipt is
    made from what this one left."""
    of_this = Posting.objects.filter(loop_return=OuterRef("loop_return"))
    posted = of_this.filter(status=Posting.Status.POSTED)
    is_over = Exists(posted.filter(kind__in=LAST)) | ~Exists(posted.filter(posted_at__gt=since))
    is_quiet = is_over & ~Exists(of_this.filter(status__in=Posting.ON_THE_WAY))
    receipts = of_this.filter(kind="receipt", status__in=Posting.ON_THE_WAY)
    return is_quiet | (Q(kind="receipt") & Exists(receipts))


DUE = FixedQuery(
    lambda: (
        _worth_reading(**{name: slot(name, kind="timestamptz") for name in _moments(clock.now())})
        .filter(account=slot("account"))
        .exclude(pk__in=slots("tried"))
        .select_related("account")
        .order_by("not_before", "posted_at", "pk")[:AT_ONCE_MAX]
    )
)
NOTE_RESULT = FixedUpdate(
    lambda: Posting.objects.filter(pk=slot("pk")),
    read_back_at=slot("read_back_at", kind="timestamptz"),
    trusted_at=slot("trusted_at", kind="timestamptz"),
    differences=slot("differences", kind="jsonb"),
)


def read_back_due(account: NetSuiteAccount, *, show_life: Callable[[], None] = no_matter) -> int:
    """Read back what of this account is due, in order of time, each once. Gives how many. One worker at a time.

    show_life: called between calls. Raises the errors of `integrations.errors`; the sweep comes back for what failed.
    """
    tried, goes_on, deadline = list[int](), True, time.monotonic() + READ_FOR_S
    with one_at_a_time(f"read back:{account.pk}") as is_ours:
        while is_ours and goes_on and time.monotonic() < deadline and (batch := _due_of(account, but=tried)):
            goes_on = read_back(*batch, show_life=show_life)
            tried += [one.pk for one in batch]
            show_life()
    if is_ours and goes_on and _due_of(account, but=tried):
        ring("read_back", account.pk)  # there was no time, or somebody came while the turn was ours
    return len(tried)


def _due_of(account: NetSuiteAccount, *, but: list[int]) -> list[Posting]:
    return DUE.ask(account=account.pk, tried=but, **_moments(clock.now()))


def read_back(*postings: Posting, show_life: Callable[[], None] = no_matter) -> bool:
    """Compare what NetSuite holds with what we sent; mirror it and what changed with it. They are of one account.

    Of what the shop's rules trust, only what it changed is read.
    What cannot be read now stays due. Gives whether all were asked for: not when the connection fails on the way.
    Raises the errors of `integrations.errors` when nothing could be read.
    """
    due = [one for one in postings if _is_due(one)]
    if not due:
        return True
    account = due[0].account
    started_at = timezone.now()
    trusted = choose_trusted(account, due)
    parents = {one.pk: _changed_with(one) if one.kind in UNHURRIED else [] for one in due}
    names = _names_of([one for one in due if one.pk not in trusted], parents)
    with watched(account) if names else nullcontext():  # no call shows that a connection works
        reading = read_records(account, names, show_life=show_life)
        apply_records(account, reading.records, fetched_at=started_at)
        if reading.may_ask_on:
            reading.failed |= _mark_gone(account, reading.missed)
        else:
            reading.leave_missed()
        forget_read(account, reading)
        done = [one for one in due if _is_done(one, parents[one.pk], reading)]
        _note_results(done, reading, trusted=trusted)
        _let_rest([one for one in due if one not in done and _was_asked_for(one, parents[one.pk], reading)])
        reading.raise_failure()
    for name in reading.failed.keys() - reading.unasked:
        logger.warning("read back of %s %s of %s: %s", *name, account, reading.failed[name])
    return reading.stopped_by is None


def _is_done(posting: Posting, parents: Sequence[Name], reading: Reading) -> bool:
    """Also when NetSuite refuses to show it, or what it changed: it would refuse again."""
    failed = [reading.failed[name] for name in (_name_of(posting), *parents) if name in reading.failed]
    return all(isinstance(error, RejectedError) for error in failed)


def _was_asked_for(posting: Posting, parents: Sequence[Name], reading: Reading) -> bool:
    return not reading.unasked.issuperset([_name_of(posting), *parents])


def _let_rest(failed: Sequence[Posting]) -> None:
    """Whether it is the record's fault or the connection's, the others go first: they will show which."""
    rested_at = timezone.now() + settings.FAILED_READ_REST
    Posting.objects.filter(pk__in=[one.pk for one in failed]).update(not_before=rested_at)


def _mark_gone(account: NetSuiteAccount, missed: list[Name]) -> Failures:
    """Those that were deleted are marked so; the others may be hidden by a lost right, and are read again later."""
    gone = set(really_gone(account, netsuite_client(account), missed))
    mark_gone(account, gone)
    detail = "NetSuite says that it does not exist, and shows no other of its kind either: a right may be lost."
    return {
        name: TemporaryError(system="netsuite", operation=f"read back {name[0]} {name[1]}", detail=detail)
        for name in missed
        if name[1] not in gone
    }


def _is_due(posting: Posting) -> bool:
    is_posted = posting.status == Posting.Status.POSTED and posting.system == Posting.System.NETSUITE
    return is_posted and not posting.is_through


def _names_of(postings: Sequence[Posting], parents: Mapping[int, list[Name]]) -> list[Name]:
    """Each record once, however many postings changed it: parents first, as they are what others wait for."""
    own = [_name_of(one) for one in postings]
    return list(dict.fromkeys([*(name for names in parents.values() for name in names), *own]))


def _name_of(posting: Posting) -> Name:
    return str(posting.request["target_type"]), posting.their_id


def _changed_with(posting: Posting) -> list[Name]:
    also_changes = POSTING_KINDS[posting.kind].also_changes
    if not also_changes:
        return []
    parent_type = str(posting.request.get("source_type") or also_changes)  # kept goods: from the bill
    parent_id = posting.request.get("source_id") or posting.request["body"]["apply"]["items"][0]["doc"]["id"]
    return [(parent_type, str(parent_id))]


def _note_results(postings: Sequence[Posting], reading: Reading, *, trusted: Collection[int]) -> None:
    """All in one transaction: who is read back asks for no look any more. Records are held before returns, and each in
    the order of their keys, as everywhere else."""
    if not postings:
        return
    for one in postings:
        if one.pk in trusted:
            one.trusted_at = clock.now()
        else:
            one.differences = _differences_of(one, reading)
            one.read_back_at = clock.now()
    pks = sorted({one.loop_return_id for one in postings})
    left = {one.pk: _left_to_next_look(one, reading) for one in postings}
    doubted = {name[1] for names in left.values() for name in names}
    with transaction.atomic():
        note_made(postings[0].account, [one for one in postings if one.pk in trusted])
        if doubted:
            doubt_records(postings[0].account, doubted)
        hold_returns(pks)
        for one in postings:
            NOTE_RESULT.run(
                pk=one.pk, read_back_at=one.read_back_at, trusted_at=one.trusted_at,
                differences=json.dumps(one.differences),
            )  # fmt: skip
        _give_to_returns(postings)
        _ask_for_look({one.loop_return_id for one in postings if left[one.pk]})
        ask_for_plan(pks)


def _differences_of(posting: Posting, reading: Reading) -> list[str]:
    """A record that we may not read was not compared: a person should know."""
    refusal = reading.failed.get(_name_of(posting))
    if refusal:
        return [f"it cannot be read: {refusal.detail}"]
    return compare_posting(posting, reading.read[_name_of(posting)])


def _left_to_next_look(posting: Posting, reading: Reading) -> list[Name]:
    """What it changed and was not read with it."""
    return [name for name in _changed_with(posting) if posting.kind not in UNHURRIED or name in reading.failed]


def _ask_for_look(returns: set[int]) -> None:
    """Unless a receipt that was not read yet brings the parents anyway."""
    if returns:
        unread = Posting.objects.filter(
            kind="receipt", status=Posting.Status.POSTED, read_back_at=None, trusted_at=None
        )
        read_soon = set(unread.filter(loop_return__in=returns).values_list("loop_return_id", flat=True))
        hint_records(returns - read_soon, after=settings.RECORD_REST)


def _give_to_returns(postings: Sequence[Posting]) -> None:
    """The records belong to the returns they were made for."""
    mirrored = postings[0].account.records.filter(internal_id__in=[one.their_id for one in postings])
    pks = dict(mirrored.values_list("internal_id", "pk"))
    links = LoopReturn.records.through
    links.objects.bulk_create(
        [
            links(loopreturn_id=one.loop_return_id, netsuiterecord_id=pks[one.their_id])
            for one in postings
            if one.their_id in pks
        ],
        ignore_conflicts=True,
    )


def compare_posting(posting: Posting, record: Record | None) -> list[str]:
    """A stranger's record has not our id, memo and date; of one that a person chose, only the units must be right."""
    if posting.request.get("adopt"):
        return find_unit_differences(posting.request, record)
    is_ours = posting.adopted_from in ("", Posting.AdoptedFrom.OURS)
    return find_differences(posting.request, record, external_id=posting.external_id if is_ours else "")

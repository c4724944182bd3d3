"""Read back: compare every posted record with what was sent, a batch of an account at a time (requirement Z8)."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from integrations.connections import netsuite_client, watched
from integrations.errors import RejectedError, TemporaryError
from integrations.models import NetSuiteAccount
from integrations.netsuite.records import TransactionRecord
from returnsops.lib import clock
from returnsops.posting.models import Posting
from returnsops.posting.verify import find_differences, find_unit_differences
from returnsops.returns.gone import really_gone
from returnsops.returns.mirror import apply_records, doubt_records, hint_records, mark_gone
from returnsops.returns.models import LoopReturn
from returnsops.returns.reading import Failures, Name, Reading, read_records
from returnsops.returns.replan import ask_for_plan
from returnsops.returns.turns import one_at_a_time

AT_ONCE_MAX = 50
READ_FOR_S = 20.0
# Which records change by themselves when one of ours is posted: they are read again as well.
ALSO_CHANGED = {
    "receipt": "returnAuthorization",
    "transfer": "",
    "adjustment": "",
    "credit": "returnAuthorization",
    "cash_refund": "returnAuthorization",
    "customer_refund": "creditMemo",
    "credit_fix": "",
    "credit_apply": "invoice",
    "rma_close": "",
    "rma": "",
    "exchange_order": "",
}
# No plan waits to see these. So they are read once nothing more is posted for their return, all that it changed with
# them, once instead of after every posting; and after a while in any case. After the others the parents are left to
# the next look, for the same reason.
UNHURRIED = ("receipt", "customer_refund")
ON_THE_WAY = (Posting.Status.PENDING, Posting.Status.SENDING, Posting.Status.UNCERTAIN)
QUIET_FOR_MAX = 3  # times the rest: the longest that one which nobody waits for is left

Record = TransactionRecord


def postings_to_read_back(*, posted_before: datetime) -> QuerySet[Posting]:
    """Of those, what is worth reading now."""
    return Posting.objects.filter(
        ~Q(kind__in=UNHURRIED) | _has_rested(clock.now()),
        status=Posting.Status.POSTED,
        read_back_at=None,
        system=Posting.System.NETSUITE,
        posted_at__lte=posted_before,
    )


def _has_rested(now: datetime) -> Q:
    """Nothing of its return was posted just now, or is about to be; another receipt is made from what this one left."""
    of_this = Posting.objects.filter(loop_return=OuterRef("loop_return"))
    moves = of_this.filter(Q(status__in=ON_THE_WAY) | Q(posted_at__gt=now - settings.RECORD_REST))
    receipts = of_this.filter(kind="receipt", status__in=ON_THE_WAY)
    is_old = Q(posted_at__lte=now - QUIET_FOR_MAX * settings.RECORD_REST)
    return is_old | ~Exists(moves) | (Q(kind="receipt") & Exists(receipts))


def read_back_due(account: NetSuiteAccount) -> int:
    """Read back what of this account is due, oldest first, until nothing is. Gives how many. One worker at a time.

    Raises the errors of `integrations.errors`; the sweep comes back for what failed.
    """
    due = postings_to_read_back(posted_before=clock.now()).filter(account=account).select_related("account")
    if not due.exists():
        return 0
    read, deadline = 0, time.monotonic() + READ_FOR_S
    with one_at_a_time(f"read back:{account.pk}") as is_ours:
        while is_ours and time.monotonic() < deadline:
            batch = list(due.order_by("posted_at", "pk")[:AT_ONCE_MAX])
            if not batch:
                break
            read_back(*batch)
            read += len(batch)
    return read


def read_back(*postings: Posting) -> None:
    """Compare what NetSuite holds with what we sent; mirror it and what changed with it. They are of one account.

    Raises the errors of `integrations.errors` for what could not be read now, after noting all else.
    """
    due = [one for one in postings if _is_due(one)]
    if not due:
        return
    account = due[0].account
    started_at = timezone.now()
    with watched(account):
        parents = {one.pk: _changed_with(one) if one.kind in UNHURRIED else [] for one in due}
        reading = read_records(account, _names_of(due, parents))
        apply_records(account, reading.records, fetched_at=started_at)
        reading.failed |= _mark_gone(account, reading.missed)
        failed = reading.failed
        done = [one for one in due if not failed.keys() & {*parents[one.pk], _name_of(one)}]
        _note_results(done, reading)
        _doubt_parents([one for one in done if one.kind not in UNHURRIED])
        _note_unreadable([one for one in due if isinstance(failed.get(_name_of(one)), RejectedError)], failed)
        if reading.passing:
            raise reading.passing[0]


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
    return is_posted and posting.read_back_at is None


def _names_of(postings: Sequence[Posting], parents: Mapping[int, list[Name]]) -> list[Name]:
    """Each record once, however many postings changed it: parents first, as they are what others wait for."""
    own = [_name_of(one) for one in postings]
    return list(dict.fromkeys([*(name for names in parents.values() for name in names), *own]))


def _name_of(posting: Posting) -> Name:
    return str(posting.request["target_type"]), posting.their_id


def _changed_with(posting: Posting) -> list[Name]:
    if not ALSO_CHANGED[posting.kind]:
        return []
    parent_type = str(posting.request.get("source_type") or ALSO_CHANGED[posting.kind])  # kept goods: from the bill
    parent_id = posting.request.get("source_id") or posting.request["body"]["apply"]["items"][0]["doc"]["id"]
    return [(parent_type, str(parent_id))]


def _note_results(postings: Sequence[Posting], reading: Reading) -> None:
    if not postings:
        return
    for one in postings:
        one.differences = compare_posting(one, reading.read[_name_of(one)])
    _save_results(postings)


def _doubt_parents(postings: Sequence[Posting]) -> None:
    """They are read by the next look, which is asked for unless a receipt that was not read yet brings them anyway."""
    changed = [one for one in postings if ALSO_CHANGED[one.kind]]
    if changed:
        doubt_records(changed[0].account, [name[1] for one in changed for name in _changed_with(one)])
        returns = {one.loop_return_id for one in changed}
        unread = Posting.objects.filter(kind="receipt", status=Posting.Status.POSTED, read_back_at=None)
        read_soon = set(unread.filter(loop_return__in=returns).values_list("loop_return_id", flat=True))
        hint_records(returns - read_soon, after=settings.RECORD_REST)


def _note_unreadable(postings: Sequence[Posting], failed: Failures) -> None:
    """A record that we may not read was not compared: a person should know."""
    for one in postings:
        one.differences = [f"it cannot be read: {failed[_name_of(one)].detail}"]
    if postings:
        _save_results(postings)


def _save_results(postings: Sequence[Posting]) -> None:
    """All in one transaction, held in the order of the returns as everywhere else."""
    now = clock.now()
    with transaction.atomic():
        pks = sorted({one.loop_return_id for one in postings})
        list(LoopReturn.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk").values_list("pk"))
        for one in postings:
            one.read_back_at = now
        Posting.objects.bulk_update(postings, ["read_back_at", "differences"])
        _give_to_returns(postings)
        ask_for_plan(pks)


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

"""Read back: compare every posted record with what was sent, a batch of an account at a time (requirement Z8)."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from django.db import connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from integrations.connections import netsuite_client, watched
from integrations.errors import IntegrationError, RejectedError, TemporaryError
from integrations.models import NetSuiteAccount
from integrations.netsuite.client import NetSuiteClient
from integrations.netsuite.records import TransactionRecord
from returnsops.lib import clock
from returnsops.posting.models import Posting
from returnsops.posting.verify import find_differences, find_unit_differences
from returnsops.returns.gone import really_gone
from returnsops.returns.mirror import apply_records, mark_gone
from returnsops.returns.models import LoopReturn
from returnsops.returns.replan import ask_for_plan
from returnsops.returns.turns import one_at_a_time

AT_ONCE_MAX = 50
READ_FOR_S = 20.0
READERS = 6
ALONE_MAX = 3  # so few are read in turn: threads would cost more than they save
# Which records change by themselves when one of ours is posted: read them again as well.
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

Name = tuple[str, str]  # record type and internal id
Record = TransactionRecord
Failures = dict[Name, IntegrationError]


def postings_to_read_back(*, posted_before: datetime) -> QuerySet[Posting]:
    return Posting.objects.filter(
        status=Posting.Status.POSTED, read_back_at=None, system=Posting.System.NETSUITE, posted_at__lte=posted_before
    )


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
        read, failed = _read(account, _names_of(due))
        apply_records(account, [record for record in read.values() if record], fetched_at=started_at)
        failed |= _mark_gone(account, [name for name, record in read.items() if record is None])
        _note_results([one for one in due if not failed.keys() & {*_changed_with(one), _name_of(one)}], read)
        _note_unreadable([one for one in due if isinstance(failed.get(_name_of(one)), RejectedError)], failed)
        passing = [error for error in failed.values() if not isinstance(error, RejectedError)]
        if passing:
            raise passing[0]


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


def _read(account: NetSuiteAccount, names: Sequence[Name]) -> tuple[dict[Name, Record | None], Failures]:
    """Several at a time, as one after the other would be slower than the sender posts. Threads only do HTTP."""
    client = netsuite_client(account)
    if len(names) <= ALONE_MAX:
        return _read_in_turn(client, names)
    slices = [names[start::READERS] for start in range(min(READERS, len(names)))]
    with ThreadPoolExecutor(READERS, thread_name_prefix="read") as pool:
        parts = list(pool.map(lambda part: _read_in_thread(client, part), slices))
    return (
        {name: record for read, _ in parts for name, record in read.items()},
        {name: error for _, failed in parts for name, error in failed.items()},
    )


def _read_in_thread(client: NetSuiteClient, names: Sequence[Name]) -> tuple[dict[Name, Record | None], Failures]:
    """Holding a lane takes a connection to the database, which must not outlive the thread."""
    try:
        return _read_in_turn(client, names)
    finally:
        connections.close_all()


def _read_in_turn(client: NetSuiteClient, names: Sequence[Name]) -> tuple[dict[Name, Record | None], Failures]:
    """One that cannot be read keeps no other from being read."""
    read: dict[Name, Record | None] = {}
    failed: Failures = {}
    for name in names:
        try:
            read[name] = client.get_record(*name)
        except IntegrationError as error:
            failed[name] = error
    return read, failed


def _names_of(postings: Sequence[Posting]) -> list[Name]:
    """Each record once, however many postings changed it: parents first, as they are what others wait for."""
    parents = [name for one in postings for name in _changed_with(one)]
    own = [_name_of(one) for one in postings]
    return list(dict.fromkeys([*parents, *own]))


def _name_of(posting: Posting) -> Name:
    return str(posting.request["target_type"]), posting.their_id


def _changed_with(posting: Posting) -> list[Name]:
    if not ALSO_CHANGED[posting.kind]:
        return []
    parent_type = str(posting.request.get("source_type") or ALSO_CHANGED[posting.kind])  # kept goods: from the bill
    parent_id = posting.request.get("source_id") or posting.request["body"]["apply"]["items"][0]["doc"]["id"]
    return [(parent_type, str(parent_id))]


def _note_results(postings: Sequence[Posting], read: dict[Name, Record | None]) -> None:
    if not postings:
        return
    for one in postings:
        one.differences = compare_posting(one, read[_name_of(one)])
    _save_results(postings)


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

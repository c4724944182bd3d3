"""The nightly look at every record around returns that are open or were settled lately: edits, deletions, strangers.

Edits and voids show in time of change and status, deletions as absence, documents of others as children we did not
know (netsuite.md §8).
"""

from collections import Counter
from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from integrations.connections import netsuite_client, watched
from integrations.errors import RejectedError
from integrations.models import NetSuiteAccount, SyncRun
from returnsops.lib import clock
from returnsops.lib.upsert import among
from returnsops.returns.bulk import returns_with
from returnsops.returns.comparison import is_doubtful
from returnsops.returns.errors import DoubtfulAnswerError
from returnsops.returns.gone import really_gone
from returnsops.returns.mirror import mark_gone
from returnsops.returns.models import LoopReturn, NetSuiteRecord
from returnsops.returns.record_changes import ask_by_id, read_refs
from returnsops.returns.replan import ask_for_plan
from returnsops.returns.runs import Tally
from returnsops.returns.sweeps import UNSETTLED

SETTLED_FOR = timedelta(days=35)  # into the next month's close, somebody may still tidy up
ASKED_MAX = 100
READ_FOR_S = 30.0
PARENT_TYPES = ("salesOrder", "invoice", "cashSale", "returnAuthorization", "creditMemo")


def compare_records(account: NetSuiteAccount, run: SyncRun, window_from: datetime, window_to: datetime) -> Tally:
    """Records of returns created in this window. Each difference becomes a fact, and asks for a plan.

    Raises DoubtfulAnswerError when too many are missing, and takes back what this run has marked so far.
    """
    records = _records_of(account, window_from, window_to)
    known: dict[str, str] = dict(records.values_list("internal_id", "record_type"))
    if not known:
        return Tally()
    with watched(account):
        client = netsuite_client(account)
        refs = client.statuses_of(known)
        absent = {name: kind for name, kind in known.items() if name not in {ref.internal_id for ref in refs}}
        _require_belief(known, absent)
        missed, is_settled = ask_by_id(account, [(kind, name) for name, kind in sorted(absent.items())])
        gone = really_gone(account, client, missed)
        _require_belief_so_far(account, run, known=len(known), missing=len(gone))
        mark_gone(account, gone)
        parents = [name for name, kind in known.items() if kind in PARENT_TYPES and name not in gone]
        children = [ref for ref in client.find_children(parents) if ref.internal_id not in known] if parents else []
        read, is_whole = read_refs(account, client, [*refs, *children], for_s=READ_FOR_S)
    if not (is_whole and is_settled):
        detail = f"no time to read all that changed; {read} were read"
        raise RejectedError(system="netsuite", operation="compare records", detail=detail, family="too_many_rows")
    return Tally(seen=len(known), changed=read + len(gone), missing=len(gone))


def _records_of(account: NetSuiteAccount, window_from: datetime, window_to: datetime) -> QuerySet[NetSuiteRecord]:
    lately = Q(settled_at__gte=clock.now() - SETTLED_FOR)
    returns = LoopReturn.objects.filter(
        UNSETTLED | lately, shop__account=account, created_at__gte=window_from, created_at__lt=window_to
    ).filter(created_at__gte=F("shop__start_from"))
    pks = returns.values_list("pk", flat=True)
    standing = NetSuiteRecord.objects.filter(account=account, gone_at=None, returns__in=among(pks))
    return standing.exclude(record_type="unknown").distinct().order_by("pk")


def _require_belief(known: dict[str, str], absent: dict[str, str]) -> None:
    """A right that the role lost hides one kind of record, all of it."""
    held, lost = Counter(known.values()), Counter(absent.values())
    for kind, missing in lost.items():
        if is_doubtful(known=held[kind], missing=missing):
            raise _doubt(known=held[kind], missing=missing, kind=kind)
    if len(absent) > ASKED_MAX:
        detail = f"{len(absent)} records are not shown; ask for fewer"
        raise RejectedError(system="netsuite", operation="compare records", detail=detail, family="too_many_rows")


def _require_belief_so_far(account: NetSuiteAccount, run: SyncRun, *, known: int, missing: int) -> None:
    known, missing = run.rows_seen + known, run.rows_missing + missing
    if not is_doubtful(known=known, missing=missing):
        return
    doubted = NetSuiteRecord.objects.filter(account=account, gone_at__gte=run.started_at)
    pks = list(doubted.values_list("pk", flat=True))
    doubted.update(gone_at=None)
    ask_for_plan(returns_with(pks))
    raise _doubt(known=known, missing=missing, kind="")


def _doubt(*, known: int, missing: int, kind: str) -> DoubtfulAnswerError:
    what = f"{kind} records" if kind else "records"
    return DoubtfulAnswerError(
        f"Of {known} {what} that we know, NetSuite no longer shows {missing}. Nothing was marked as deleted."
    )

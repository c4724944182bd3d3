"""What the mirror knows of records of NetSuite, and whether a row of a query tells news of one.

Times of change are told to the second (netsuite.md §5.1). So a record that was read while the second of its last change
may still have been running may have changed once more in it: it is read again before it is taken for known.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from integrations.models import NetSuiteAccount
from integrations.netsuite.records import RecordRef
from returnsops.lib import clock
from returnsops.lib.upsert import among_texts
from returnsops.returns.columns import is_our_id
from returnsops.returns.models import NetSuiteRecord

NEVER_READ = frozenset({"itemFulfillment", "unknown"})  # nor is anything of ours made out of one
READ_ONCE = frozenset({"customerPayment", "customerDeposit"})  # shown to people, used by no plan
SALE_TYPES = frozenset({"salesOrder", "invoice", "cashSale"})
CHANGED_BY_CHILDREN = ("returnAuthorization", "creditMemo")
CLOCKS_DIFFER = timedelta(seconds=5)  # theirs and ours; a second would be enough if they did not
BELIEVED_FOR = timedelta(hours=6)  # what happens to move no time of change is found after that


@dataclass(frozen=True)
class Known:
    status: str
    last_modified: datetime | None
    told_at: datetime | None
    fetched_at: datetime
    gone_at: datetime | None
    was_read: bool = True  # False: we made it, and nobody has looked since

    def tells_by_itself(self, ref: RecordRef) -> bool:
        """Unread, and not changed since we made it: the row says what there is to know."""
        if self.was_read or self.gone_at or self.told_at is None or ref.last_modified is None:
            return False
        return ref.last_modified <= self.told_at + CLOCKS_DIFFER


def known_among(account: NetSuiteAccount, internal_ids: Collection[str]) -> dict[str, Known]:
    rows = NetSuiteRecord.objects.filter(account=account, internal_id__in=among_texts(internal_ids))
    columns = rows.annotate(was_read=~Q(kept_digest="")).values_list(
        "internal_id", "status", "last_modified", "told_at", "fetched_at", "gone_at", "was_read"
    )
    return {row[0]: Known(*row[1:]) for row in columns}


def tells_news(ref: RecordRef, known: Known) -> bool:
    """Changed since we read it; a receipt's status means nothing, so the time decides."""
    if known.tells_by_itself(ref):
        return False
    has_moved = _to_the_second(ref.last_modified) != _to_the_second(known.last_modified)
    return bool(known.gone_at) or has_moved or (ref.record_type != "itemReceipt" and ref.status != known.status)


def was_read_early(known: Known) -> bool:
    """The second of its last change may not have been over when it was read."""
    return bool(known.told_at and known.last_modified and known.told_at < known.last_modified + CLOCKS_DIFFER)


def can_be_told_by_now(known: Known) -> bool:
    """Its last change is so long ago that reading it now would tell all of that second."""
    return known.last_modified is None or clock.now() > known.last_modified + CLOCKS_DIFFER


def ids_of_ours(account: NetSuiteAccount, refs: Iterable[RecordRef]) -> set[str]:
    """Internal ids of those that our own posting made, by their external ids."""
    shop_codes = list(account.shops.values_list("code", flat=True))
    return {ref.internal_id for ref in refs if is_our_id(ref.external_id or "", shop_codes)}


def is_left_to_rest(ref: RecordRef, known: Known | None, *, is_ours: bool) -> bool:
    """It changed a moment ago, so that reading it now would have to be repeated, and nothing waits for it.

    A record of ours was changed by our own posting most likely; then it is read back, and known before this is over.
    Longer for one that was not doubted by us, since the read back has the first word. A sale that we know changes when
    it is paid, shipped or credited, which no plan waits for.
    """
    if not is_ours and (known is None or ref.record_type not in SALE_TYPES):
        return False
    was_doubted = known is not None and known.told_at is None
    rest = settings.RECORD_REST * (1 if was_doubted else 3)
    return bool(ref.last_modified and ref.last_modified > clock.now() - rest)


def is_in_doubt(ref: RecordRef, known: Known | None, *, is_ours: bool = False) -> bool:
    """Whether the record itself has to be asked: only what surely did not change since we read it need not.

    One that was read early waits until reading it once more is worth it: what changed is asked for over the whole
    account as well, with an overlap of minutes.
    """
    if known and (ref.record_type in READ_ONCE or known.tells_by_itself(ref)):
        return False
    if is_left_to_rest(ref, known, is_ours=is_ours):
        return False
    if known is None or ref.last_modified is None or known.told_at is None:
        return True
    is_old = known.fetched_at < timezone.now() - BELIEVED_FOR
    return is_old or tells_news(ref, known) or (was_read_early(known) and can_be_told_by_now(known))


def shows_effect_of(child: RecordRef | None, source: Known | None) -> bool:
    """Whether the source was read after this child last changed it. None: the child went, nobody knows when."""
    if child is None or child.last_modified is None or source is None or source.told_at is None:
        return False
    return source.told_at >= child.last_modified + CLOCKS_DIFFER


def _to_the_second(moment: datetime | None) -> datetime | None:
    return moment.replace(microsecond=0) if moment else None

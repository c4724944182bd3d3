"""One record of NetSuite as it is now, for who cannot go on without it."""

from django.utils import timezone

from integrations.connections import netsuite_client, watched
from integrations.errors import TemporaryError
from integrations.models import NetSuiteAccount
from integrations.netsuite.records import TransactionRecord
from returnsops.returns.gone import really_gone
from returnsops.returns.mirror import apply_records, mark_gone


def fetch_record(account: NetSuiteAccount, record_type: str, internal_id: str) -> TransactionRecord | None:
    """Read one record and mirror it; None: it was deleted, and is marked so.

    Raises the errors of `integrations.errors`; TemporaryError also for one that is hidden, which proves nothing.
    """
    started_at = timezone.now()
    with watched(account):
        client = netsuite_client(account)
        record = client.get_record(record_type, internal_id)
        gone = [] if record else really_gone(account, client, [(record_type, internal_id)])
    if record:
        apply_records(account, [record], fetched_at=started_at)
    elif gone:
        mark_gone(account, gone)
    else:
        detail = f"NetSuite does not show {record_type} {internal_id} to our role."
        raise TemporaryError(system="netsuite", operation="get", detail=detail)
    return record

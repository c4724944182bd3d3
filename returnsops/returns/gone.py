"""Whether a record that is not to be found was deleted, or only hidden: a lost right hides a whole kind.

So a query has to agree that it is not there, and others of its kind have to be in sight (netsuite.md §5.1, §8).
"""

from collections import Counter
from collections.abc import Collection

from integrations.models import NetSuiteAccount
from integrations.netsuite.client import NetSuiteClient
from returnsops.returns.models import NetSuiteRecord
from returnsops.returns.unreadable import HIDDEN, note_missing_right

WITNESSES = 20  # others of the kind that are asked for as well


def really_gone(account: NetSuiteAccount, client: NetSuiteClient, missed: Collection[tuple[str, str]]) -> list[str]:
    """Internal ids of those (record type, id) that were deleted, of which NetSuite has said that it has them not.

    One query for all of them. Raises the errors of `integrations.errors`.
    """
    if not missed:
        return []
    witnesses = {kind: _witnesses(account, kind, missed) for kind in {kind for kind, _ in missed}}
    asked = [internal_id for _, internal_id in missed]
    others = [internal_id for few in witnesses.values() for internal_id in few]
    shown = {ref.internal_id for ref in client.statuses_of([*asked, *others])}
    seen = Counter({kind: len(shown & {*few}) for kind, few in witnesses.items()})
    hidden = {kind for kind, few in witnesses.items() if few and seen[kind] * 2 < len(few)}
    for kind in sorted(hidden & {kind for kind, internal_id in missed if internal_id not in shown}):
        note_missing_right(account, kind, HIDDEN)
    return [internal_id for kind, internal_id in missed if internal_id not in shown and kind not in hidden]


def _witnesses(account: NetSuiteAccount, kind: str, missed: Collection[tuple[str, str]]) -> list[str]:
    standing = NetSuiteRecord.objects.filter(account=account, record_type=kind, gone_at=None)
    others = standing.exclude(internal_id__in=[internal_id for _, internal_id in missed]).order_by("-pk")
    return list(others.values_list("internal_id", flat=True)[:WITNESSES])

"""Whether a record that is not to be found was deleted, or only hidden: a lost right hides a whole kind.

So a query has to agree that it is not there, and others of its kind have to be in sight (netsuite.md §5.1, §8).
"""

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
    lost = {kind: [internal_id for one, internal_id in missed if one == kind] for kind, _ in missed}
    witnesses = {kind: _witnesses(account, kind, missed) for kind in lost}
    asked = [internal_id for few in (*lost.values(), *witnesses.values()) for internal_id in few]
    shown = {ref.internal_id for ref in client.statuses_of(asked)}
    hidden = {kind for kind in lost if _is_hidden(lost[kind], witnesses[kind], shown)}
    for kind in sorted(hidden & {kind for kind, internal_id in missed if internal_id not in shown}):
        note_missing_right(account, kind, HIDDEN)
    return [internal_id for kind, internal_id in missed if internal_id not in shown and kind not in hidden]


def _is_hidden(lost: Collection[str], witnesses: Collection[str], shown: Collection[str]) -> bool:
    """Most others of the kind are out of sight; or there are no others, and several went at once."""
    in_sight = [internal_id for internal_id in witnesses or lost if internal_id in shown]
    if witnesses:
        return len(in_sight) * 2 < len(witnesses)
    return len(lost) > 1 and not in_sight


def _witnesses(account: NetSuiteAccount, kind: str, missed: Collection[tuple[str, str]]) -> list[str]:
    standing = NetSuiteRecord.objects.filter(account=account, record_type=kind, gone_at=None)
    others = standing.exclude(internal_id__in=[internal_id for _, internal_id in missed]).order_by("-pk")
    return list(others.values_list("internal_id", flat=True)[:WITNESSES])

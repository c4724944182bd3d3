"""The alarm for a second writer: somebody else keeps making records that ReturnsOps writes (requirement Z5)."""

from collections import defaultdict
from datetime import timedelta

from integrations.models import Shop
from returnsops.lib import clock
from returnsops.returns.models import NetSuiteRecord
from returnsops.returns.policies import active_policy
from returnsops.returns.problems import Problem

STRANGERS_MIN = 3  # within…
STRANGERS_WITHIN = timedelta(days=7)
EXAMPLES_MAX = 5
TYPES_OF = {
    "rma": ("returnAuthorization",),
    "receipt": ("itemReceipt",),
    "credit": ("creditMemo",),
    "refund": ("customerRefund", "cashRefund"),
}


def find_other_writers(shop: Shop) -> list[Problem]:
    """One problem per record type that somebody else keeps making on this shop's returns. It ends when that stops."""
    policy = active_policy(shop)
    types = {name: kind for kind, names in TYPES_OF.items() if policy.writes(kind) for name in names}
    strangers = NetSuiteRecord.objects.filter(
        account=shop.account_id,
        record_type__in=types,
        tran_date__gte=(clock.now() - STRANGERS_WITHIN).date(),
        gone_at=None,
        returns__shop=shop,
    ).exclude(origin=NetSuiteRecord.Origin.OURS)
    by_type: dict[str, list[NetSuiteRecord]] = defaultdict(list)
    for record in strangers.distinct().order_by("-pk"):
        by_type[record.record_type].append(record)
    return [
        _problem(shop, record_type, types[record_type], records)
        for record_type, records in sorted(by_type.items())
        if len(records) >= STRANGERS_MIN
    ]


def _problem(shop: Shop, record_type: str, kind: str, records: list[NetSuiteRecord]) -> Problem:
    writers = sorted({_writer_of(record) for record in records})
    days = STRANGERS_WITHIN.days
    return Problem(
        "other_writer",
        f"netsuite:{shop.account}:{record_type}",
        f"{', '.join(writers)} made {len(records)} {record_type} records on returns of {shop} within {days} days, "
        f"although the policy has ReturnsOps write «{kind}».",
        expected="ReturnsOps",
        found=", ".join(writers),
        detail=tuple((record.tran_id or record.internal_id, _writer_of(record)) for record in records[:EXAMPLES_MAX]),
    )


def _writer_of(record: NetSuiteRecord) -> str:
    """«Another connector (user 104)»."""
    origin = NetSuiteRecord.Origin(record.origin).label
    return f"{origin} (user {record.made_by})" if record.made_by else origin

"""When Loop settled a return, by the evidence of its record."""

from datetime import datetime

from integrations.loop.records import LoopReturnRecord


def settled_at(record: LoopReturnRecord) -> datetime | None:
    """When Loop carried out the outcomes. `closed` alone proves nothing (loop.md §7.1), cancelled settles nothing."""
    if record.state in ("cancelled", "expired"):
        return None
    moments = list(record.processed_at.values())
    if moments:
        return max(moments)
    has_proof = record.was_processed or record.shopify_refund_ids or any(one.amount for one in record.refunds)
    return record.updated_at if has_proof else None

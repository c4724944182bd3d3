"""Writing and checking the audit chain."""

from typing import Any

from django.db import connection, models

from returnsops.lib.canonical import plain
from returnsops.people.models import AuditEvent, User


def record_event(
    actor: User | None,
    action: str,
    row: models.Model,
    *,
    shop: Any = None,
    before: Any = None,
    after: Any = None,
    reason: str = "",
) -> AuditEvent:
    """Write one audit event. Call it last in the transaction: the chain is locked until the commit."""
    return AuditEvent.objects.create(
        actor=actor,
        shop=shop,
        action=action,
        object_type=row._meta.label_lower,
        object_id=str(row.pk),
        before=plain(before),
        after=plain(after),
        reason=reason,
    )


def find_broken_link() -> int | None:
    """Id of the first audit event whose hash does not follow from the one before it, or None."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id FROM (
                SELECT e.id, e.row_hash, e.previous_hash,
                       LAG(e.row_hash, 1, '') OVER (ORDER BY e.id) AS expected_previous,
                       people_audit_hash(e) AS expected_hash
                FROM people_auditevent e
            ) chain
            WHERE row_hash <> expected_hash OR previous_hash <> expected_previous
            ORDER BY id LIMIT 1
            """
        )
        row = cursor.fetchone()
    return int(row[0]) if row else None

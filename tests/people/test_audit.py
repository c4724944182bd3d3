"""The audit trail: append-only, chained, and a break in it is found."""

import threading

import pytest
from django.db import IntegrityError, connection, connections, transaction

from integrations.models import Shop
from returnsops.people.audit import find_broken_link, record_event
from returnsops.people.models import AuditEvent, User
from tests.builders import make_user

WRITERS, EVENTS_EACH = 4, 10


@pytest.fixture
def events(shop: Shop, ada: User) -> list[AuditEvent]:
    return [record_event(ada, f"did {number}", shop, shop=shop, after={"n": number}) for number in range(3)]


def stored() -> list[AuditEvent]:
    return list(AuditEvent.objects.order_by("id"))


def tamper(sql: str) -> None:
    """Change history the way only the database's owner can: with the guard switched off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE people_auditevent DISABLE TRIGGER audit_append_only")
        cursor.execute(sql)
        cursor.execute("ALTER TABLE people_auditevent ENABLE TRIGGER audit_append_only")


def test_each_event_carries_the_hash_of_the_one_before(events: list[AuditEvent]) -> None:
    rows = stored()

    assert [row.previous_hash for row in rows[1:]] == [row.row_hash for row in rows[:-1]]
    assert all(len(row.row_hash) == 64 for row in rows)
    assert find_broken_link() is None


@pytest.mark.parametrize("values", [{"reason": "better"}, {"actor_id": None}, {"row_hash": "0" * 64}])
def test_event_cannot_be_changed(events: list[AuditEvent], values: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AuditEvent.objects.filter(pk=events[0].pk).update(**values)


def test_event_cannot_be_deleted(events: list[AuditEvent]) -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AuditEvent.objects.filter(pk=events[0].pk).delete()


def test_hash_given_by_hand_is_not_taken(shop: Shop) -> None:
    AuditEvent.objects.create(
        action="forged", object_type="x", object_id="1", row_hash="f" * 64, previous_hash="f" * 64
    )

    assert find_broken_link() is None
    assert stored()[-1].row_hash != "f" * 64


def test_changed_event_is_found(events: list[AuditEvent]) -> None:
    second = stored()[-2]

    tamper(f"UPDATE people_auditevent SET reason = 'better' WHERE id = {second.pk}")

    assert find_broken_link() == second.pk


def test_missing_event_is_found_at_the_next_one(events: list[AuditEvent]) -> None:
    rows = stored()

    tamper(f"DELETE FROM people_auditevent WHERE id = {rows[-2].pk}")

    assert find_broken_link() == rows[-1].pk


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_make_one_chain() -> None:
    user = make_user()

    def write() -> None:
        for number in range(EVENTS_EACH):
            with transaction.atomic():
                record_event(user, f"did {number}", user)
        connections.close_all()

    writers = [threading.Thread(target=write) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert AuditEvent.objects.count() == WRITERS * EVENTS_EACH
    assert len({event.previous_hash for event in stored()}) == WRITERS * EVENTS_EACH
    assert find_broken_link() is None

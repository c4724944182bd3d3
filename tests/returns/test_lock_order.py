"""Returns are taken in one order, and before what belongs to them: so nobody waits for somebody who waits for them."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Thread

import psycopg
import pytest
from django.db import connection

from integrations.models import Shop
from returnsops.returns.families import _let_rest, _try_again_later
from returnsops.returns.mirror import hint_records
from returnsops.returns.models import LoopReturn
from returnsops.returns.record_changes import _give_to_returns
from returnsops.returns.replan import ask_for_plan
from tests.builders import make_record, make_return, make_rma, make_sale, make_unit

pytestmark = pytest.mark.django_db(transaction=True)
WAIT_S = 10.0
Other = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def other() -> Iterator[Other]:
    """Somebody else at the same database, who never waits."""
    params = {key: connection.get_connection_params()[key] for key in ("host", "user", "dbname")}
    with psycopg.connect(**params) as there:
        there.execute("SET lock_timeout = '1s'")
        yield there


@pytest.fixture
def rows(shop: Shop) -> list[LoopReturn]:
    return [make_return(shop, loop_id=str(1000 + number)) for number in range(6)]


def hold(other: Other, *rows: LoopReturn) -> None:
    held = "SELECT id FROM returns_loopreturn WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
    assert len(other.execute(held, [[row.pk for row in rows]]).fetchall()) == len(rows)


def wait_for_a_waiter() -> None:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")


def in_thread(work: Callable[[], object]) -> Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread


WAYS: dict[str, Callable[[list[LoopReturn]], object]] = {
    "hinted": lambda rows: hint_records([row.pk for row in rows]),
    "hinted for later": lambda rows: hint_records([row.pk for row in rows], after=timedelta(seconds=5)),
    "left to rest": _let_rest,
    "tried again later": _try_again_later,
    "asked for a plan": lambda rows: ask_for_plan([row.pk for row in rows]),
}


@pytest.mark.parametrize("way", WAYS)
def test_who_waits_for_the_first_holds_none_of_the_others(other: Other, rows: list[LoopReturn], way: str) -> None:
    first, *others = rows
    LoopReturn.objects.update(records_hinted_at=None)
    hold(other, first)

    waiting = in_thread(lambda: WAYS[way]([*reversed(others), first]))
    wait_for_a_waiter()
    hold(other, *others)

    other.rollback()
    waiting.join(WAIT_S)
    assert not waiting.is_alive()


def test_record_is_given_to_a_return_that_is_held(other: Other, rows: list[LoopReturn]) -> None:
    """Else the note of whose it is would be held by who waits for the return, and waited for by who holds that."""
    row, sale = rows[0], make_sale([make_unit(1)])
    make_record(row, sale)
    rma = make_record(rows[1], make_rma(sale))
    hold(other, row)

    waiting = in_thread(lambda: _give_to_returns(row.shop.account, rma.internal_id, {sale.internal_id}))
    wait_for_a_waiter()
    columns = "returns_loopreturn_records (loopreturn_id, netsuiterecord_id)"
    other.execute(f"INSERT INTO {columns} VALUES (%s, %s) ON CONFLICT DO NOTHING", [row.pk, rma.pk])

    other.commit()
    waiting.join(WAIT_S)
    assert row.records.filter(pk=rma.pk).exists()

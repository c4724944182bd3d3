"""Tasks are dealt out once, at once, and whoever deals them out outlives the database."""

import time
from collections.abc import Iterator
from contextlib import closing
from threading import Thread

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.db.models import F
from django_q.brokers import get_broker
from django_q.models import OrmQ

from returnsops.lib import task_broker
from returnsops.lib.nudge import nudge
from returnsops.lib.task_broker import QuickBroker, TaskBroker, quick_broker

LONG_S = 120  # what is waited for comes at once, on a machine that has nothing else to do
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Iterator[TaskBroker]:
    monkeypatch.setattr(task_broker, "LOOK_S", 0.0)
    monkeypatch.setattr(task_broker, "AWAY_S", 0.0)
    with closing(TaskBroker(settings.Q_CLUSTER["name"])) as one:
        yield one


@pytest.fixture
def other() -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    params = {key: connection.get_connection_params()[key] for key in ("host", "user", "dbname")}
    with psycopg.connect(**params, autocommit=True) as there:
        yield there


def lose_the_database(other: psycopg.Connection[tuple[object, ...]]) -> None:
    """The connection is gone when this ends, however busy the machine is."""
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    (is_gone,) = other.execute("SELECT pg_terminate_backend(%s, %s)", [pid, LONG_S * 1000]).fetchone() or (False,)
    assert is_gone


def test_queue_uses_this_broker() -> None:
    assert isinstance(get_broker(), TaskBroker)


def test_task_is_dealt_out_once_the_first_one_first(broker: TaskBroker) -> None:
    first, second = broker.enqueue("a"), broker.enqueue("b")

    assert broker.dequeue() == [(first, "a")]
    assert broker.dequeue() == [(second, "b")]
    assert broker.dequeue() == []


def test_no_more_is_dealt_out_than_was_asked_for_however_the_database_goes_about_it(broker: TaskBroker) -> None:
    first, second = broker.enqueue("a"), broker.enqueue("b")

    with connection.cursor() as cursor:
        for way in ("hashjoin", "mergejoin", "material", "hashagg", "sort"):
            cursor.execute(f"SET enable_{way} = off")
        taken = broker.dequeue()
    connection.close()  # and with it these settings

    assert taken == [(first, "a")]
    assert broker.dequeue() == [(second, "b")]


def test_quick_task_passes_those_that_may_take_long(broker: TaskBroker) -> None:
    long = broker.enqueue("reads for seconds")
    quick = quick_broker().enqueue("plans")

    assert broker.dequeue() == [(quick, "plans")]
    assert broker.dequeue() == [(long, "reads for seconds")]


def test_task_that_waited_for_long_is_passed_by_none(broker: TaskBroker) -> None:
    long = broker.enqueue("reads for seconds")
    OrmQ.objects.update(lock=F("lock") - QuickBroker.ahead)
    quick = quick_broker().enqueue("plans")

    assert broker.dequeue() == [(long, "reads for seconds")]
    assert broker.dequeue() == [(quick, "plans")]


def test_only_what_is_quick_is_nudged_ahead() -> None:
    nudge("read_back", 7)
    nudge("doubts", 7)

    waiting = {one.name(): one.lock for one in OrmQ.objects.all()}
    assert waiting["doubts:7"] < waiting["read_back:7"]


def test_task_that_is_done_is_gone_and_one_that_is_not_comes_again(broker: TaskBroker) -> None:
    done, lost = broker.enqueue("a"), broker.enqueue("b")
    broker.dequeue()
    broker.dequeue()
    broker.acknowledge(done)
    OrmQ.objects.update(lock="2020-01-01T00:00:00Z")

    assert broker.dequeue() == [(lost, "b")]


def test_task_wakes_who_waits(broker: TaskBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    broker.dequeue()
    monkeypatch.setattr(task_broker, "LOOK_S", LONG_S)
    giver, began = Thread(target=_enqueue_elsewhere), time.monotonic()
    giver.start()

    taken = broker.dequeue() or broker.dequeue()

    giver.join()
    assert [payload for _, payload in taken] == ["c"]
    assert time.monotonic() - began < LONG_S, "it was found by looking again, and not by being woken"


def _enqueue_elsewhere() -> None:
    TaskBroker(settings.Q_CLUSTER["name"]).enqueue("c")
    connection.close()


def test_database_that_goes_away_ends_neither_dealing_out_nor_putting_away(
    broker: TaskBroker, other: psycopg.Connection[tuple[object, ...]]
) -> None:
    task = broker.enqueue("a")
    lose_the_database(other)
    assert broker.dequeue() == []
    assert broker.dequeue() == [(task, "a")]

    lose_the_database(other)
    broker.acknowledge(task)
    broker.acknowledge(task)
    assert not OrmQ.objects.exists()

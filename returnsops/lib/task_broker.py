"""The broker of the task queue: its table is the one of django-q, but nobody asks it twenty times a second.

Whoever puts a task in tells PostgreSQL, which wakes whoever waits for one. A database that goes away ends no process:
django-q would rest for ten seconds and then start its own anew. What is quick goes ahead of what reads at length.
"""

import logging
import time
from datetime import timedelta
from functools import cache

from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.db.models import QuerySet
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ

from returnsops.lib.wake import Alarm

logger = logging.getLogger(__name__)

CHANNEL = "tasks"
LOOK_S = 1.0  # who waits looks this often, though nothing woke it: a task whose worker died is due by time alone
AWAY_S = 0.3
PUT_IN = """
    INSERT INTO django_q_ormq (key, payload, lock)
    SELECT %s, %s, %s FROM (SELECT pg_notify(%s, %s)) AS told
    RETURNING id
"""
# The one that waits longest; what somebody else takes at this moment is passed over.
# It is looked for once: a subquery may be run again for every row, and finds the next one each time.
TAKE = """
    WITH first AS MATERIALIZED (
        SELECT id FROM django_q_ormq WHERE key = %s AND lock < %s ORDER BY lock, id LIMIT %s FOR UPDATE SKIP LOCKED
    )
    UPDATE django_q_ormq AS task SET lock = %s FROM first WHERE task.id = first.id
    RETURNING task.id, payload
"""
DONE = "DELETE FROM django_q_ormq WHERE id = %s"

Task = tuple[int, str]  # its key, and what is to be done, signed


class TaskBroker(ORM):  # type: ignore[misc]
    """One in each process. Only the process that deals tasks out ever waits."""

    ahead = timedelta(0)  # its tasks count as waiting for so much longer than they do
    _alarm: Alarm | None = None

    @staticmethod
    def get_connection(list_key: str | None = None) -> QuerySet[OrmQ]:
        """Closes nothing: who puts a task in may hold a lock by this connection, which would be gone in the middle of
        its work. Old connections are closed between tasks and requests, and by whoever else puts tasks in for long."""
        found: QuerySet[OrmQ] = OrmQ.objects.using(Conf.ORM)
        return found

    def enqueue(self, task: str) -> int:
        """Raises the errors of the database, as nothing was put in then."""
        key = self.list_key or Conf.CLUSTER_NAME
        with connection.cursor() as cursor:
            cursor.execute(PUT_IN, [key, task, timezone.now() - self.ahead, CHANNEL, key])
            return int(cursor.fetchone()[0])

    def dequeue(self) -> list[Task]:
        """Tasks to deal out; none after a while of waiting, or of a database that is away."""
        try:
            taken = self._take()
            if not taken:
                self._wait()
        except (OperationalError, InterfaceError) as error:
            logger.warning("no tasks, the database does not answer: %s", error)
            connection.close()
            time.sleep(AWAY_S)
            return []
        return taken

    def delete(self, task_id: int) -> None:
        """It is done. If that cannot be written it is dealt out once more, and finds nothing due."""
        try:
            with connection.cursor() as cursor:
                cursor.execute(DONE, [task_id])
        except (OperationalError, InterfaceError) as error:
            logger.warning("task %s stays, the database does not answer: %s", task_id, error)
            connection.close()

    def close(self) -> None:
        if self._alarm:
            self._alarm.close()
        self._alarm = None

    def _take(self) -> list[Task]:
        now = timezone.now()
        until = now + timedelta(seconds=Conf.RETRY)
        with connection.cursor() as cursor:
            cursor.execute(TAKE, [self.list_key, now, Conf.BULK, until])
            return [(task_id, payload) for task_id, payload in cursor.fetchall()]

    def _wait(self) -> None:
        """A connection is changed while there is nothing to do."""
        close_old_connections()
        self._alarm = self._alarm or Alarm(CHANNEL)
        self._alarm.wait(LOOK_S)


class QuickBroker(TaskBroker):
    """For what waits for nobody outside: it passes those that may, and none of them waits for ever."""

    ahead = timedelta(seconds=30)


@cache
def quick_broker() -> QuickBroker:
    return QuickBroker(Conf.CLUSTER_NAME)

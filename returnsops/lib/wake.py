"""Waking a process that waits: PostgreSQL's NOTIFY, and threads of the process itself.

Only for speed: who waits looks again after a while anyway, so a message that is lost costs a second.
"""

import select
import socket
from contextlib import suppress
from typing import Any

from django.db import connection
from psycopg import Connection, Notify


def notify(channel: str, payload: str = "") -> None:
    """Tell all who listen, once the transaction commits; equal messages of one transaction are told once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [channel, payload])


class Alarm:
    """Wakes its one waiting thread, by messages from the database and by `ring` from any other thread."""

    def __init__(self, *channels: str) -> None:
        self._channels = channels
        self._ear, self._mouth = socket.socketpair()
        self._ear.setblocking(False)
        self._mouth.setblocking(False)
        self._heard: set[tuple[str, str]] = set()
        self._listening_on: Connection[Any] | None = None

    def close(self) -> None:
        if self._listening_on is not None and self._listening_on is connection.connection:
            self._listening_on.remove_notify_handler(self._note)
        self._ear.close()
        self._mouth.close()

    def ring(self) -> None:
        with suppress(BlockingIOError):  # full of rings that nobody heard yet
            self._mouth.send(b"!")

    def wait(self, timeout_s: float) -> set[tuple[str, str]]:
        """Until something rings or time is up. Gives the messages heard since last time, as (channel, payload)."""
        self._listen()
        if not self._heard:
            with connection.wrap_database_errors:  # what the driver says of a lost connection, as Django says it
                self._sleep(timeout_s)
                self._read_messages()
        heard, self._heard = self._heard, set()
        return heard

    def _listen(self) -> None:
        """Once per connection: after a restart of the database there is a new one."""
        connection.ensure_connection()
        if self._listening_on is connection.connection:
            return
        with connection.cursor() as cursor:
            for channel in self._channels:
                cursor.execute(f'LISTEN "{channel}"')
        connection.connection.add_notify_handler(self._note)
        self._listening_on = connection.connection

    def _note(self, message: Notify) -> None:
        self._heard.add((message.channel, message.payload))

    def _sleep(self, timeout_s: float) -> None:
        select.select([self._ear, connection.connection], [], [], max(timeout_s, 0.0))
        with suppress(BlockingIOError):
            while self._ear.recv(4096):
                continue

    def _read_messages(self) -> None:
        """Handlers hear what comes with any query; this asks one when something came while nothing was asked."""
        readable, _, _ = select.select([connection.connection], [], [], 0)
        if readable:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")

"""A process that is killed in the middle of a statement lets go of what it held, before that would have ended."""

import os
import socket
import time

import psycopg
import pytest
from django.db import connection

from returnsops.lib.database_url import ASK_WHILE_WORKING_S

pytestmark = pytest.mark.django_db
HELD = 814_507  # an advisory lock of this test


def test_statement_of_a_killed_process_ends_and_frees_its_locks() -> None:
    params = connection.get_connection_params()
    named = {key: params[key] for key in ("host", "user", "dbname", "options")}
    killed = psycopg.connect(**named, autocommit=True)
    killed.execute("SELECT pg_advisory_lock(%s)", [HELD])
    killed.pgconn.send_query(b"SELECT pg_sleep(60)")

    with socket.socket(fileno=os.dup(killed.fileno())) as wire:
        wire.shutdown(socket.SHUT_RDWR)  # what the other end sees when a process is killed

    with psycopg.connect(**named, autocommit=True) as other:
        give_up_at = time.monotonic() + 30
        while not _take(other):
            assert time.monotonic() < give_up_at, f"the server was to ask every {ASK_WHILE_WORKING_S} s"
            time.sleep(0.2)
    killed.close()


def _take(other: psycopg.Connection[tuple[object, ...]]) -> object:
    found = other.execute("SELECT pg_try_advisory_lock(%s)", [HELD]).fetchone()
    assert found is not None
    return found[0]

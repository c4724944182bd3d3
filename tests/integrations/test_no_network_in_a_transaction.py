"""A call inside a database transaction is refused, and fails the test in which it happens."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import connection, connections, transaction

from integrations import http
from integrations.errors import NetworkInTransactionError
from tests.transaction_guard import TransactionGuard


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hello) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def call(url: str) -> int:
    with http.open_session(pool_size=1) as session:
        answer = http.send_request(
            session, system="loop", operation="say hello", method="GET", url=url, headers={}, timeout_s=5, writes=False
        )
    return answer.status


def taken(guard: TransactionGuard) -> list[str]:
    """What the guard remembers, taken from it, so that this test does not fail for it."""
    places, guard.places = guard.places, []
    return places


def test_transaction_of_the_test_itself_does_not_count(db: None, url: str) -> None:
    assert connection.in_atomic_block

    assert call(url) == 200


def test_call_inside_a_transaction_is_refused(db: None, url: str, no_call_in_a_transaction: TransactionGuard) -> None:
    with pytest.raises(NetworkInTransactionError, match="say hello"), transaction.atomic():
        call(url)

    assert len(taken(no_call_in_a_transaction)) == 1
    assert call(url) == 200


def test_call_inside_a_real_transaction_is_refused(
    transactional_db: None, url: str, no_call_in_a_transaction: TransactionGuard
) -> None:
    with pytest.raises(NetworkInTransactionError), transaction.atomic(), transaction.atomic():
        call(url)

    assert len(taken(no_call_in_a_transaction)) == 1
    assert call(url) == 200


def test_call_in_a_thread_with_a_transaction_of_its_own_is_refused(
    transactional_db: None, url: str, no_call_in_a_transaction: TransactionGuard
) -> None:
    def call_badly() -> None:
        try:
            with pytest.raises(NetworkInTransactionError), transaction.atomic():
                call(url)
        finally:
            connections.close_all()

    thread = threading.Thread(target=call_badly)
    thread.start()
    thread.join(60)

    assert len(taken(no_call_in_a_transaction)) == 1


def test_swallowed_refusal_fails_the_test_all_the_same_and_names_the_place(
    db: None, url: str, no_call_in_a_transaction: TransactionGuard
) -> None:
    try:
        with transaction.atomic():
            call(url)
    except Exception as error:
        swallowed: Exception = error

    assert isinstance(swallowed, NetworkInTransactionError)
    with pytest.raises(pytest.fail.Exception, match="test_no_network_in_a_transaction.py"):
        no_call_in_a_transaction.fail_if_any()


def test_as_shipped_every_transaction_counts(
    transactional_db: None, no_call_in_a_transaction: TransactionGuard
) -> None:
    look = no_call_in_a_transaction.shipped

    assert not look()
    with transaction.atomic():
        assert look()

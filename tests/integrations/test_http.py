"""What a failed call proves, tried on real sockets: a mock would only repeat our own belief."""

import logging
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import responses

from integrations.errors import ConfigurationError, IntegrationError, TemporaryError, UncertainError
from integrations.http import HttpAnswer, open_session, read_retry_after, send_request

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def call(url: str, *, writes: bool = True, timeout_s: float = 0.25, key: str = "k3y") -> HttpAnswer:
    return send_request(
        open_session(pool_size=1),
        system="loop",
        operation="try",
        method="POST",
        url=url,
        headers={"X-Authorization": key},
        json_body={"amount": Decimal("48.10")},
        timeout_s=timeout_s,
        writes=writes,
        secrets=(key,),
    )


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """One connection: read the request, then do whatever the test says."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        thread.join(timeout=60)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def stay_silent(connection: socket.socket) -> None:
    time.sleep(0.35)


def break_chunk(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\ntrue")


def cut_short(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ntrue")


def drip(connection: socket.socket) -> None:
    """All of it comes in the end, after more than twice the time there is."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n")
    for _ in range(6):
        time.sleep(0.1)
        try:
            connection.sendall(b" ")
        except OSError:
            return


def contradict_itself(connection: socket.socket) -> None:
    """Two gateways, each with its own length."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\ntrue")


def zip_badly(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\ntrue")


def speak_something_else(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH\r\n")


LOST = [reset, hang_up, stay_silent, break_chunk, cut_short, contradict_itself, zip_badly, speak_something_else]


@pytest.mark.parametrize("fault", LOST)
def test_lost_answer_to_a_write_is_uncertain(fault: Callable[[socket.socket], None]) -> None:
    with server(fault) as url, pytest.raises(UncertainError):
        call(url)


@pytest.mark.parametrize("fault", LOST)
def test_lost_answer_to_a_read_is_temporary(fault: Callable[[socket.socket], None]) -> None:
    with server(fault) as url, pytest.raises(TemporaryError):
        call(url, writes=False)


def test_answer_that_drips_is_given_up_in_time() -> None:
    """By the time for the whole answer; on a busy machine a single drop may be what comes too late."""
    with server(drip) as url, pytest.raises(UncertainError, match="too slowly|Read timed out"):
        call(url)


def test_refused_connection_was_never_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(TemporaryError):
        call(f"http://127.0.0.1:{port}/x")


def test_unknown_host_was_never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_nothing(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", find_nothing)

    with pytest.raises(TemporaryError):
        call("http://nowhere.invalid/x")


@pytest.mark.parametrize("url", ["acct.example.com/x", "ftp://acct.example.com/x", "http://[bad/x"])
def test_bad_address_is_configuration(url: str) -> None:
    with pytest.raises(ConfigurationError):
        call(url)


@pytest.mark.parametrize("key", ["secret\nX-Evil: 1", "sećret"])
def test_key_that_is_no_header_is_configuration_and_stays_secret(key: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        call("http://127.0.0.1:9/x", key=key)

    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_redirect_is_not_followed(wire: responses.RequestsMock) -> None:
    wire.post("https://a.example.com/x", status=302, headers={"Location": "https://b.example.com/"})

    answer = call("https://a.example.com/x")

    assert answer.is_redirect
    assert len(wire.calls) == 1


def test_session_adds_neither_cookies_nor_a_log_in_of_its_own(
    wire: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine a.example.com login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    wire.get("https://a.example.com/x", headers={"Set-Cookie": "route=1; Path=/"})
    session = open_session(pool_size=1)

    for _ in range(2):
        send_request(
            session,
            system="netsuite",
            operation="try",
            method="GET",
            url="https://a.example.com/x",
            headers={"Authorization": "Bearer token-1"},
            timeout_s=1,
            writes=False,
        )

    assert wire.calls[1].request.headers["Authorization"] == "Bearer token-1"
    assert "Cookie" not in wire.calls[1].request.headers


def test_amounts_travel_as_numbers_to_the_cent(wire: responses.RequestsMock) -> None:
    wire.post("https://a.example.com/x", body="true")

    call("https://a.example.com/x")

    assert wire.calls[0].request.body == b'{"amount":48.1}'
    assert wire.calls[0].request.headers["Content-Type"] == "application/json"


def test_amount_with_too_many_digits_is_not_sent() -> None:
    with pytest.raises(ValueError, match="too many digits"):
        send_request(
            open_session(pool_size=1),
            system="netsuite",
            operation="try",
            method="POST",
            url="https://a.example.com/x",
            headers={},
            json_body={"amount": Decimal("0.1234567890123456789")},
            timeout_s=1,
            writes=True,
        )


def test_fractions_are_read_exactly(wire: responses.RequestsMock) -> None:
    wire.post("https://a.example.com/x", body='{"a": 0.10, "b": 902000000000000001}')

    assert call("https://a.example.com/x").json() == {"a": Decimal("0.10"), "b": 902000000000000001}


@pytest.mark.parametrize(("body", "words"), [('{"a": NaN}', "NaN"), ("[" * 100_000, "nested without end")])
def test_what_is_not_json(wire: responses.RequestsMock, body: str, words: str) -> None:
    wire.post("https://a.example.com/x", body=body)

    with pytest.raises(ValueError, match=words):
        call("https://a.example.com/x").json()


def test_one_log_line_with_the_secret_struck_out(
    wire: responses.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    wire.post("https://a.example.com/k3y/x", headers={"x-loop-request-id": "abc-1"})

    with caplog.at_level(logging.INFO, logger="integrations.http"):
        call("https://a.example.com/k3y/x")

    (record,) = [record for record in caplog.records if record.name == "integrations.http"]
    assert "loop try: POST https://a.example.com/•••/x -> 200 abc-1 in" in record.getMessage()


def test_failed_body_does_not_echo_the_secret(wire: responses.RequestsMock) -> None:
    wire.post("https://a.example.com/x", status=401, body="no such key: k3y")

    assert call("https://a.example.com/x").text == "no such key: •••"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("30", 30.0),
        ("Sun, 22 Nov 2026 12:00:05 GMT", 5.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, seconds: float | None) -> None:
    assert read_retry_after(value, now=NOW) == seconds


def test_error_prints_all_it_knows_and_cuts_the_body() -> None:
    error = IntegrationError(
        system="netsuite",
        operation="create creditMemo",
        status=400,
        code="USER_ERROR",
        detail="No.",
        body="x" * 5_000,
        request_id="op-7",
        retry_after_s=3.0,
    )

    assert len(error.body) == 2_000
    assert str(error).startswith(
        "netsuite create creditMemo: status=400; code=USER_ERROR; detail=No.; "
        "request_id=op-7; retry_after_s=3.0; body=xxx"
    )

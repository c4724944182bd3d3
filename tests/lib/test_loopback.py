"""The guard that keeps tests on this machine; it is a plugin, see tests/loopback.py."""

import socket

import pytest

from tests.loopback import OutsideNetworkError, is_loopback


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", b"localhost", "", None])
def test_this_machine_is_allowed(host: object) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.com", "localhost.example.com"])
def test_others_are_not(host: str) -> None:
    assert not is_loopback(host)


def test_connecting_outside_fails_loudly() -> None:
    with socket.socket() as probe, pytest.raises(OutsideNetworkError, match=r"192\.0\.2\.1"):
        probe.connect(("192.0.2.1", 80))


def test_looking_up_a_name_outside_fails_loudly() -> None:
    with pytest.raises(OutsideNetworkError, match=r"example\.com"):
        socket.getaddrinfo("example.com", 443)

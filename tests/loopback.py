"""pytest plugin: no test reaches further than this machine, except against a real account when asked.

So none has use for a proxy either: where one is named in the environment, tests go past it, and nobody looks the
environment through for it at each of their calls.
"""

import ipaddress
import socket
from typing import Any

import pytest
import requests

from tests.live import is_live

PATCH = pytest.StashKey[pytest.MonkeyPatch]()


class OutsideNetworkError(AssertionError):
    """A test tried to leave the machine. Not an OSError, so that no code takes it for a network fault to retry."""


def pytest_configure(config: pytest.Config) -> None:
    if is_live(config):
        return
    patch = pytest.MonkeyPatch()
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        refuse_outside(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        refuse_outside(address)
        return connect_ex(self, address)

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        refuse_outside((host,))
        return look_up(host, *args, **kwargs)

    patch.setattr(socket.socket, "connect", guarded_connect)
    patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    patch.setattr(socket, "getaddrinfo", guarded_look_up)
    patch.setattr(requests.sessions, "get_environ_proxies", lambda *_, **__: {})
    config.stash[PATCH] = patch


def pytest_unconfigure(config: pytest.Config) -> None:
    if PATCH in config.stash:
        config.stash[PATCH].undo()


def refuse_outside(address: Any) -> None:
    """address: as socket.connect takes it; a path is a Unix socket."""
    if isinstance(address, tuple) and not is_loopback(address[0]):
        raise OutsideNetworkError(f"A test tried to reach {address[0]}; only this machine is allowed.")


def is_loopback(host: Any) -> bool:
    if host in (None, "", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host).is_loopback
    except ValueError:
        return False

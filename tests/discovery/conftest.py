"""Checks against a running sandbox: real HTTP, whose switches a test turns."""

from collections.abc import Iterator

import pytest
from django.core.management import call_command

from integrations import connections
from integrations.models import NetSuiteAccount, Shop
from integrations.sandbox.sandbox import Options
from integrations.sandbox.server import Served
from tests.discovery.sandbox import Sandbox


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    running = Served(Options(seed="discovery"))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def sandbox(served: Served, db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Connected: shops, accounts, secrets and policies are ours."""
    monkeypatch.setattr(connections, "_clients", {})
    sandbox = Sandbox(served.url)
    sandbox.ask("reset", {})
    call_command("connect_sandbox", url=served.url, verbosity=0)
    yield sandbox
    sandbox.close()


@pytest.fixture
def account(sandbox: Sandbox) -> NetSuiteAccount:
    return NetSuiteAccount.objects.get(account_id="7400001_SB1")


@pytest.fixture
def northwind(sandbox: Sandbox) -> Shop:
    return Shop.objects.get(code="northwind")

"""The description of the API fits the API, and its page works under the strict policy for content."""

import json
from collections.abc import Callable
from http.cookies import Morsel
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.urls import URLPattern
from playwright.sync_api import sync_playwright
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from returnsops.api.urls import urlpatterns
from returnsops.people.models import User
from tests.api.conftest import API
from tests.browser_setup import find_browser

QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
LOUD = ("error", "warning")
UNDESCRIBED = {"api-schema", "api-docs", None}


@pytest.fixture
def described(tool: APIClient) -> dict[str, Any]:
    answer = tool.get(f"{API}/schema/")
    assert answer.status_code == 200
    description: dict[str, Any] = json.loads(answer.content)
    return description


def test_description_is_made_without_a_warning(tmp_path: Path) -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yaml"))


def test_every_address_is_described(described: dict[str, Any]) -> None:
    routes = {
        f"{API}/{pattern.pattern}".replace("<int:pk>", "{id}").replace("<slug:code>", "{code}")
        for pattern in urlpatterns
        if isinstance(pattern, URLPattern) and pattern.name not in UNDESCRIBED
    }

    assert set(described["paths"]) == routes


def test_every_operation_is_explained_and_lists_its_failures(described: dict[str, Any]) -> None:
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], path
            shapes = [
                answer["content"]["application/json"]["schema"]["$ref"]
                for status, answer in operation["responses"].items()
                if status >= "400"
            ]
            assert set(shapes) == {"#/components/schemas/ErrorOut"}, path
            assert ("409" in operation["responses"]) == (method == "post"), path


def test_money_is_described_as_text(described: dict[str, Any]) -> None:
    properties = described["components"]["schemas"]["ReturnRowOut"]["properties"]

    assert properties["return_total"]["type"] == "string"
    assert properties["currency"]["type"] == "string"


def test_description_is_for_callers_only(db: None) -> None:
    assert APIClient().get(f"{API}/schema/").status_code == 401


def test_page_sends_strangers_to_the_log_in(db: None) -> None:
    answer = APIClient().get(f"{API}/docs/")

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login/")


def test_page_has_nothing_inline_and_nothing_from_elsewhere(as_person: Callable[[User], APIClient], finn: User) -> None:
    answer = as_person(finn).get(f"{API}/docs/", headers={"Accept": "text/html"})

    page = answer.content.decode()
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
    assert "<style" not in page
    assert "style=" not in page
    assert "<script>" not in page
    assert "http" not in page


@pytest.mark.browser
def test_page_works_in_a_browser_under_the_strict_policy(
    live_server: LiveServer, finn: User, described: dict[str, Any]
) -> None:
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium here; python -m tests.browser_setup installs one")
    cookie = log_in(finn)
    complaints: list[str] = []

    # Started inside the test: while it runs, this thread may not ask the database.
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=path, args=QUIET) as browser:
        page = browser.new_page()
        page.context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": live_server.url}])
        page.on("console", lambda message: complaints.append(message.text) if message.type in LOUD else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("requestfailed", lambda request: complaints.append(f"failed: {request.url}"))
        page.goto(f"{live_server.url}{API}/docs/")
        page.locator(".opblock").first.wait_for()
        operations = page.locator(".opblock").count()
        page.locator("#operations-returns-returns_list button").first.click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_role("button", name="Execute").click()
        page.locator(".live-responses-table .response-col_status", has_text="200").wait_for()

    assert operations == sum(len(methods) for methods in described["paths"].values())
    assert complaints == []


def log_in(user: User) -> Morsel[str]:
    client = APIClient()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME]

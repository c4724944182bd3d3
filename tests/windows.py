"""Chromium against Django's live server: for what a page does by itself, where no other program is needed.

Playwright's loop runs as long as a window is open, and Django refuses to touch a database beside a running loop: what a
test needs is made before, what it left is looked at afterwards.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from returnsops.people.models import User
from tests.browser_setup import find_browser

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
Cookies = list[dict[str, str]]


def browse() -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        pytest.skip("no Chromium here; python -m tests.browser_setup installs one")
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=path, args=FLAGS) as browser:
        yield browser


def log_in_as(user: User, live_server: LiveServer) -> Cookies:
    client = Client()
    client.force_login(user)
    morsel = client.cookies["sessionid"]
    return [{"name": morsel.key, "value": morsel.value, "url": live_server.url}]


@contextmanager
def open_page(live_server: LiveServer, cookies: Cookies, path: str, **look: Any) -> Iterator[Page]:
    """At the end the page may not have complained."""
    complaints: list[str] = []
    for browser in browse():
        with browser.new_context(base_url=live_server.url, **look) as window:
            window.add_cookies(cookies)  # type: ignore[arg-type]
            page = window.new_page()
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.goto(path)
            yield page
    assert complaints == []

"""Chromium against a running house. One house for all tests of this folder, one browser a module.

Playwright's loop keeps running for as long as it is started, and Django refuses to touch a database beside a running
loop: so the browser goes before other tests come.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect, sync_playwright

from returnsops.lib import postgres
from returnsops.lib.processes import Processes, find_free_port
from returnsops.management.stack import STOP_PATIENCE_S, Stack, start_stack
from tests.browser.house import PASSWORD, House
from tests.browser_setup import find_browser

HERE = Path(__file__).parent
HELD_HOUSE = pytest.StashKey[ExitStack]()
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A picture of one grey point, in place of the product photos that lie with the shop.
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c6368000000820081776fc2a50000000049454e44ae426082"
)
PHOTOS = re.compile("^https://")
LOOK_LIMIT_MS = 60_000  # reached only by a fault, or on a machine that does much else
DESK = {"width": 1440, "height": 900}
Visit = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.long)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """A house in which nobody is takes a fifteenth of a processor: it is closed after the last test that needs it, and
    not when those of other folders have ended, too.
    """
    yield
    if HELD_HOUSE in item.config.stash and (nextitem is None or HERE not in nextitem.path.parents):
        item.config.stash[HELD_HOUSE].close()


@pytest.fixture(scope="session")
def house(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with ExitStack() as held:
        pytestconfig.stash[HELD_HOUSE] = held
        yield held.enter_context(open_house(tmp_path_factory.mktemp("house")))


@contextmanager
def open_house(data_dir: Path) -> Iterator[House]:
    """With a database of its own, whatever server the other tests use."""
    stack = Stack(data_dir=data_dir, port=find_free_port(), sandbox_port=find_free_port())
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL", raising=False)
        patch.setattr(settings, "DATABASE_URL", "")
        patch.setenv("TICK_EVERY_S", "2")
        try:
            with Processes(patience_s=STOP_PATIENCE_S) as processes:
                start_stack(processes, stack=stack)
                yield House(stack)
        finally:
            postgres.erase(data_dir / "postgres")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = find_browser()
    if path is None:
        pytest.skip("There is no Chromium. Run: python -m tests.browser_setup")
    expect.set_options(timeout=LOOK_LIMIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def log_ins() -> dict[str, StorageState]:
    """Cookies of those who are logged in already."""
    return {}


@pytest.fixture
def visit(chromium: Browser, house: House, log_ins: dict[str, StorageState]) -> Iterator[Visit]:
    """visit("ada", "/inspect/") opens a window of its own for her. At the end no page may have complained."""
    windows: list[BrowserContext] = []
    complaints: list[str] = []

    def open_window(
        user: str, path: str = "/", *, width: int = DESK["width"], dark: bool = False, script: bool = True
    ) -> Page:
        window = chromium.new_context(
            base_url=house.url,
            viewport={"width": width, "height": DESK["height"]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",  # a colour on its way to another is no colour to be judged
            java_script_enabled=script,
            storage_state=log_ins.get(user),
        )
        windows.append(window)
        window.set_default_timeout(LOOK_LIMIT_MS)
        window.route(PHOTOS, lambda route: route.fulfill(body=PICTURE, content_type="image/png"))
        page = window.new_page()
        page.on("console", lambda said: complaints.append(f"{page.url}: {said.text}") if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
        if user and user not in log_ins:
            log_in(page, user)
            log_ins[user] = window.storage_state()
        page.goto(path)
        return page

    yield open_window
    for window in windows:
        window.close()
    assert complaints == []


def log_in(page: Page, user: str) -> None:
    page.goto("/login/")
    page.get_by_label("Username").fill(user)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login/" not in url)

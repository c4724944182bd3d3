"""Pausing and resuming as people do it: without scripts, by keyboard, on a phone, light and dark."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from integrations.models import Shop
from returnsops.lib import clock
from returnsops.people.models import User
from returnsops.posting.models import Pause
from tests.builders import make_due, make_posting
from tests.pages.scenes import make_planned_return, plan_anew
from tests.windows import browse, log_in_as

pytestmark = pytest.mark.browser
WORDS = "Error while accessing a resource. You cannot change the G/L impact of a transaction in a closed period."
# Colours hang on the scheme, the layout on the width.
LOOKS = [("dark", 390, 844), ("dark", 1024, 768), ("light", 1440, 900)]


@pytest.fixture
def cookies(live_server: LiveServer, shop: Shop, finn: User) -> list[dict[str, str]]:
    """Finance is logged in; a flow is paused by a person and a period stands still, each with a return behind it."""
    first, second = make_planned_return(shop), make_planned_return(shop, loop_id="110700140", lines=1)
    period = f"period:{clock.now():%Y-%m}"
    Pause.objects.create(
        account=shop.account, shop=shop, key="flow:rma@fern", code="by_person", reason="Stocktake until noon",
        opened_at=clock.now(), opened_by=finn,
    )  # fmt: skip
    Pause.objects.create(
        account=shop.account, key=period, code="period_closed", words=WORDS, opened_at=clock.now(),
        reason=f"The accounting period {period[7:]} is closed in NetSuite.", tried_at=clock.now(), tried_by=finn,
    )  # fmt: skip
    make_posting(second, make_due("receipt", covers=["unit:9"], hinges_on=(period,), serial_key="other"))
    plan_anew(first)
    return log_in_as(finn, live_server)


def test_pauses_are_readable_everywhere(live_server: LiveServer, cookies: list[dict[str, str]]) -> None:
    found: list[str] = []
    for browser in browse():
        for scheme, width, height in LOOKS:
            look: Any = {"color_scheme": scheme, "viewport": {"width": width, "height": height}}
            with browser.new_context(base_url=live_server.url, **look) as window:
                window.add_cookies(cookies)  # type: ignore[arg-type]
                page = window.new_page()
                page.goto("/connections/")
                page.get_by_text("Pause sending").click()
                found += [f"{scheme} {width}: {one}" for one in complaints(page)]

    assert found == []


def test_pause_and_resume_without_scripts(live_server: LiveServer, cookies: list[dict[str, str]], shop: Shop) -> None:
    for browser in browse():
        with browser.new_context(base_url=live_server.url, java_script_enabled=False) as window:
            window.add_cookies(cookies)  # type: ignore[arg-type]
            page = window.new_page()
            page.goto("/connections/")
            page.get_by_text("Pause sending").click()
            page.get_by_label("Where").select_option("Fern only")
            page.get_by_label("What", exact=True).select_option("Credit Memos")
            page.get_by_label("Why").fill("Prices are checked")
            page.get_by_role("button", name="Pause", exact=True).click()

            expect(page.get_by_role("heading", name="Credit Memos of Fern")).to_be_visible()
            page.goto("/returns/")
            expect(page.get_by_text("Prices are checked")).to_be_visible()

            page.goto("/connections/")
            page.get_by_role("button", name="Resume Credit Memos of Fern").click()
            expect(page.get_by_role("heading", name="Credit Memos of Fern")).to_have_count(0)

    assert Pause.objects.get(key="flow:credit@fern").ended_at is not None


def complaints(page: Page) -> list[str]:
    violations = Axe().run(page, options={"preload": False}).response["violations"]
    found = [f"{one['id']}: {node['html'][:160]}" for one in violations for node in one["nodes"]]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found + ([f"{wide} pixels too wide"] if wide else [])

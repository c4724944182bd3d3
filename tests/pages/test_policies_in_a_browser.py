"""A shop's rules as people change them: by keyboard alone, readable on a phone, light and dark."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from integrations.models import Shop
from returnsops.lib import clock
from returnsops.people.models import Role
from returnsops.returns.agreements import note_agreements
from returnsops.returns.models import PolicyVersion
from returnsops.returns.plan.draft import Agreement, Difference, Verdict
from returnsops.returns.policies import active_policy
from tests.builders import make_policy, make_return, make_user
from tests.pages.scenes import make_planned_return
from tests.windows import browse, log_in_as

pytestmark = pytest.mark.browser
LOOKS = [("dark", 390, 844), ("light", 1440, 900)]  # colours hang on the scheme, the layout on the width
TABS_MAX = 200  # from the top of a page to anything on it
PAGES = ("/policies/fern/", "/policies/fern/change/", "/policies/fern/shadow/")


@pytest.fixture
def cookies(live_server: LiveServer, shop: Shop) -> list[dict[str, str]]:
    """An administrator is logged in; a return waits, and another was judged in the shadow."""
    make_planned_return(shop)
    make_policy(shop, ownership={"rma": "write", "receipt": "shadow", "credit": "shadow"})
    gap = Difference("place", "1 × BOOT-42 at location 14", "1 × BOOT-42 at location 22")
    row = make_return(shop, loop_id="110700150")
    receipt = Agreement("receipt", Verdict.DIFFERS, "receive 1 × BOOT-42 at location 14", (gap,))
    note_agreements(
        row,
        [receipt, Agreement("credit", Verdict.NOBODY, "credit 77.76 USD")],
        policy=active_policy(row.shop),
        at=clock.now(),
    )
    return log_in_as(make_user(Role.ADMIN, shop, username="alma"), live_server)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has this text or label is reached, as somebody without a mouse would."""
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        if name in page.evaluate(NAME_OF_FOCUS):
            return
    raise AssertionError(f"{name} is not reached by Tab within {TABS_MAX} steps")


NAME_OF_FOCUS = """() => {
  const one = document.activeElement;
  const label = one.labels && one.labels.length ? one.labels[0].textContent : "";
  return `${label} ${one.textContent} ${one.getAttribute("aria-label") || ""}`;
}"""


def test_rules_are_changed_tried_and_activated_by_keyboard(
    live_server: LiveServer, cookies: list[dict[str, str]], shop: Shop
) -> None:
    for browser in browse():
        with browser.new_context(base_url=live_server.url) as window:
            window.add_cookies(cookies)  # type: ignore[arg-type]
            page = window.new_page()
            page.goto("/policies/fern/")
            tab_to(page, "Change")
            page.keyboard.press("Enter")
            expect(page.get_by_role("heading", name="Change the policy of Fern")).to_be_visible()

            tab_to(page, "Ask finance before any credit above")
            page.keyboard.type("250")
            tab_to(page, "See what changes")
            page.keyboard.press("Enter")
            expect(page.get_by_text("Finance is asked before any credit above 250.").first).to_be_visible()

            tab_to(page, "Returns of the last")
            page.keyboard.press("End")
            tab_to(page, "Try it")
            page.keyboard.press("Enter")
            expect(page.get_by_text("returns would have another plan.")).to_be_visible()

            tab_to(page, "Why")
            page.keyboard.type("More care with large credits")
            tab_to(page, "Follow these rules from now on")
            page.keyboard.press("Enter")
            expect(page.get_by_text("follows version")).to_be_visible()

    assert active_policy(shop).approval_above == 250
    assert PolicyVersion.objects.get(shop=shop, active=True).reason == "More care with large credits"


def test_shadow_is_filtered_by_keyboard(live_server: LiveServer, cookies: list[dict[str, str]]) -> None:
    for browser in browse():
        with browser.new_context(base_url=live_server.url) as window:
            window.add_cookies(cookies)  # type: ignore[arg-type]
            page = window.new_page()
            page.goto("/policies/fern/")
            tab_to(page, "How the shadow agrees")
            page.keyboard.press("Enter")
            expect(page.get_by_role("heading", name="Shadow of Fern")).to_be_visible()

            tab_to(page, "the place (1)")
            page.keyboard.press("Enter")

            expect(page.get_by_text("1 × BOOT-42 at location 22 instead of 1 × BOOT-42 at location 14")).to_be_visible()
            expect(page.get_by_text("Credit 77.76 USD")).to_have_count(0)


def test_pages_of_a_policy_are_readable_everywhere(live_server: LiveServer, cookies: list[dict[str, str]]) -> None:
    found: list[str] = []
    for browser in browse():
        for scheme, width, height in LOOKS:
            look: Any = {"color_scheme": scheme, "viewport": {"width": width, "height": height}}
            with browser.new_context(base_url=live_server.url, **look) as window:
                window.add_cookies(cookies)  # type: ignore[arg-type]
                page = window.new_page()
                for address in PAGES:
                    page.goto(address)
                    found += [f"{scheme} {width} {address}: {one}" for one in complaints(page)]

    assert found == []


def complaints(page: Page) -> list[str]:
    told = [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}"
        for one in Axe().run(page, options={"preload": False}).response["violations"]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return [*told, *(["wider than the window"] if wide else [])]

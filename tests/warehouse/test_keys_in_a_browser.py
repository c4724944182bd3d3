"""Keys and scanners as hands use them: too fast, too long, twice, and while a page is only just there."""

import re
import uuid

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from integrations.models import Shop
from returnsops.people.models import User
from returnsops.returns.models import InspectedUnit, LoopReturn
from returnsops.returns.parcels import SCAN_CHARS_MAX, record_arrival
from tests.builders import make_return
from tests.windows import Cookies, log_in_as, open_page

pytestmark = pytest.mark.browser
TRACKING = "9400100000000000000001"
LONGER_THAN_A_BURST_MS = 150


@pytest.fixture
def row(shop: Shop) -> LoopReturn:
    return make_return(shop, label_status="delivered", lines=3)


@pytest.fixture
def cookies(live_server: LiveServer, row: LoopReturn, ada: User) -> Cookies:
    return log_in_as(ada, live_server)


def parcel(row: LoopReturn) -> str:
    return f"/inspect/{row.pk}/"


def judged(row: LoopReturn) -> int:
    return InspectedUnit.objects.filter(line__loop_return=row).count()


def press_again_as_soon_as_it_is_answered(page: Page, act: str) -> None:
    """Sooner than anybody can see what the answer brought."""
    page.evaluate(f"window.addEventListener('htmx:afterSettle', () => {{ {act} }}, {{once: true}})")


def test_scan_is_whole_although_the_focus_came_in_the_middle(
    live_server: LiveServer, cookies: Cookies, row: LoopReturn
) -> None:
    with open_page(live_server, cookies, "/inspect/") as page:
        box = page.locator("[data-scan]")
        box.evaluate("box => { box.blur(); document.addEventListener('keyup', () => box.focus(), {once: true}) }")
        page.keyboard.type(TRACKING)
        page.keyboard.press("Enter")

        expect(page).to_have_url(re.compile(parcel(row)))


def test_scan_takes_the_place_of_what_was_half_typed(
    live_server: LiveServer, cookies: Cookies, row: LoopReturn
) -> None:
    with open_page(live_server, cookies, "/inspect/") as page:
        page.keyboard.type("9400")
        page.wait_for_timeout(1200)
        page.keyboard.type(TRACKING)
        page.keyboard.press("Enter")

        expect(page).to_have_url(re.compile(parcel(row)))


def test_scanner_that_pauses_loses_nothing(live_server: LiveServer, cookies: Cookies, row: LoopReturn) -> None:
    with open_page(live_server, cookies, "/inspect/") as page:
        page.keyboard.type(TRACKING[:2])
        page.wait_for_timeout(LONGER_THAN_A_BURST_MS)
        page.keyboard.type(TRACKING[2:])
        page.keyboard.press("Enter")

        expect(page).to_have_url(re.compile(parcel(row)))


def test_what_was_left_in_the_box_gives_way(live_server: LiveServer, cookies: Cookies, row: LoopReturn) -> None:
    with open_page(live_server, cookies, parcel(row)) as page:
        page.locator("[data-scan]").fill("HALF OF SOMETHING")
        page.locator("[data-scan]").blur()
        page.locator("[data-scan]").focus()
        page.keyboard.type("X")

        expect(page.locator("[data-scan]")).to_have_value("X")


def test_key_that_is_held_judges_one_unit(live_server: LiveServer, cookies: Cookies, row: LoopReturn) -> None:
    with open_page(live_server, cookies, parcel(row)) as page:
        page.keyboard.down("1")
        expect(page.get_by_text("2 of 3")).to_be_visible()
        page.wait_for_timeout(500)
        page.keyboard.down("1")  # as the keyboard repeats it
        page.wait_for_timeout(LONGER_THAN_A_BURST_MS)
        page.keyboard.up("1")

        expect(page.get_by_text("2 of 3")).to_be_visible()

    assert judged(row) == 1


def test_double_press_of_a_key_judges_one_unit(live_server: LiveServer, cookies: Cookies, row: LoopReturn) -> None:
    with open_page(live_server, cookies, parcel(row)) as page:
        press_again_as_soon_as_it_is_answered(page, "document.querySelector('[data-key=\"1\"]').click()")
        page.keyboard.press("1")
        expect(page.get_by_text("2 of 3")).to_be_visible()
        page.wait_for_load_state("networkidle")

    assert judged(row) == 1


def test_double_click_judges_one_unit(live_server: LiveServer, cookies: Cookies, row: LoopReturn) -> None:
    with open_page(live_server, cookies, parcel(row)) as page:
        page.evaluate("document.addEventListener('click', (event) => { window.first = event }, {once: true})")
        press_again_as_soon_as_it_is_answered(
            page, "document.querySelector('[data-key=\"1\"]').dispatchEvent(new MouseEvent('click', window.first))"
        )
        page.locator('[data-key="1"]').click()
        expect(page.get_by_text("2 of 3")).to_be_visible()
        page.wait_for_load_state("networkidle")

    assert judged(row) == 1


def test_next_unit_is_judged_by_another_press(live_server: LiveServer, cookies: Cookies, row: LoopReturn) -> None:
    with open_page(live_server, cookies, parcel(row)) as page:
        press_again_as_soon_as_it_is_answered(page, "document.querySelector('[data-key=\"4\"]').click()")
        page.keyboard.press("1")
        expect(page.get_by_text("3 of 3")).to_be_visible()
        page.wait_for_timeout(500)
        page.keyboard.press("4")
        expect(page.get_by_role("button", name="Finish this parcel")).to_be_visible()

    assert judged(row) == 3


def test_enter_right_after_a_key_presses_nothing_else(
    live_server: LiveServer, cookies: Cookies, row: LoopReturn
) -> None:
    with open_page(live_server, cookies, "/inspect/") as page:
        page.locator("[data-scan]").evaluate("box => box.blur()")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(parcel(row)))

        page.keyboard.press("0")
        finish = page.get_by_role("button", name="Finish this parcel")
        expect(finish).to_be_focused()
        page.keyboard.press("9")  # no key here
        page.keyboard.press("Enter")
        page.wait_for_timeout(500)
        expect(finish).to_be_visible()


def test_label_of_any_length_stays_in_its_list(live_server: LiveServer, shop: Shop, ada: User) -> None:
    record_arrival(shop, "9" * SCAN_CHARS_MAX, by=ada, client_id=uuid.uuid4())
    look = {"width": 1024, "height": 800}
    with open_page(live_server, log_in_as(ada, live_server), "/inspect/", viewport=look) as page:
        assert page.get_by_role("region", name="Unknown parcels").evaluate("e => e.scrollWidth <= e.clientWidth")

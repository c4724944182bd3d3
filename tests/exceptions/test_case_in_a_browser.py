"""A case while somebody works on it: what they write stays, and their place on the page too."""

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from exceptions.models import Case
from exceptions.views import LOOKS_AFTER_ACTION
from integrations.models import Shop
from returnsops.people.models import User
from returnsops.returns.models import LoopReturn
from tests.pages.scenes import make_case, make_planned_return
from tests.windows import Cookies, log_in_as, open_page

pytestmark = pytest.mark.browser
LONGER_THAN_TWO_LOOKS_MS = 7000
SOONER_THAN_BY_ITSELF_MS = 4000


@pytest.fixture
def case(shop: Shop) -> Case:
    return make_case(make_planned_return(shop), seen_hash="hash-1")


@pytest.fixture
def planned(shop: Shop, case: Case) -> LoopReturn:
    row = make_planned_return(shop, loop_id="110700777")
    make_case(row, "sku_unmapped", subject=f"sku:{'A-LONG-SKU-' * 12}")
    return row


@pytest.fixture
def cookies(live_server: LiveServer, case: Case, finn: User) -> Cookies:
    return log_in_as(finn, live_server)


def test_half_a_note_is_not_swept_away(live_server: LiveServer, cookies: Cookies, case: Case) -> None:
    with open_page(live_server, cookies, f"/exceptions/{case.pk}/?looks={LOOKS_AFTER_ACTION}") as page:
        looks = page.locator(f'[hx-get*="looks={LOOKS_AFTER_ACTION - 1}"]')
        page.get_by_text("Write a note").click()
        note = page.get_by_label("Note", exact=True)
        note.fill("The customer called, and")
        page.wait_for_timeout(LONGER_THAN_TWO_LOOKS_MS)
        expect(note).to_have_value("The customer called, and")

        note.fill("")
        page.get_by_text("Write a note").click()
        expect(looks).to_have_count(0)  # it looks again once nobody writes


def test_words_begun_in_one_form_outlive_the_answer_to_another(
    live_server: LiveServer, cookies: Cookies, case: Case
) -> None:
    with open_page(live_server, cookies, f"/exceptions/?case={case.pk}") as page:
        note, reason = (
            page.get_by_label("Note", exact=True),
            page.locator("#approve textarea, #approve input[type=text]"),
        )
        page.get_by_text("Write a note").click()
        note.fill("The customer called, and")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Take it").click()
        expect(page.get_by_role("button", name="Give it back")).to_be_visible()
        expect(note).to_have_value("The customer called, and")
        expect(note).to_be_visible()

        reason.first.fill("Within what we")
        page.get_by_role("button", name="Keep the note").click()
        expect(page.get_by_text("The customer called, and", exact=True)).to_be_visible()
        expect(note).to_have_value("")
        expect(reason.first).to_have_value("Within what we")


def test_message_leaves_when_somebody_goes_on_below_it(live_server: LiveServer, cookies: Cookies, case: Case) -> None:
    with open_page(live_server, cookies, f"/exceptions/?case={case.pk}") as page:
        page.keyboard.press("a")
        expect(page.locator(".toast")).to_have_count(1)
        page.mouse.move(0, 0)
        page.mouse.wheel(0, 40)
        expect(page.locator(".toast")).to_have_count(0, timeout=SOONER_THAN_BY_ITSELF_MS)


@pytest.mark.parametrize("width", [1440, 390])
def test_long_sku_hides_no_shop_in_the_queue(
    live_server: LiveServer, cookies: Cookies, shop: Shop, width: int, planned: LoopReturn
) -> None:
    with open_page(live_server, cookies, "/exceptions/", viewport={"width": width, "height": 800}) as page:
        row = page.locator("tr", has_text="SKU not found")
        box, cell = row.get_by_text(shop.name).bounding_box(), row.locator("td").first.bounding_box()
        assert box
        assert cell
        assert box["x"] + box["width"] <= cell["x"] + cell["width"]
        assert row.get_by_text(shop.name).evaluate("one => one.scrollWidth <= one.clientWidth")


def test_keys_go_on_in_the_case_that_was_taken(live_server: LiveServer, cookies: Cookies, case: Case) -> None:
    with open_page(live_server, cookies, f"/exceptions/?case={case.pk}") as page:
        page.get_by_role("button", name="Take it").focus()
        page.keyboard.press("Enter")

        give_back = page.get_by_role("button", name="Give it back")
        expect(give_back).to_be_visible()
        expect(page.locator("#detail h2").first).to_be_focused()
        page.keyboard.press("Tab")
        expect(give_back).to_be_focused()


def test_double_press_does_not_give_back_what_it_took(live_server: LiveServer, cookies: Cookies, case: Case) -> None:
    with open_page(live_server, cookies, f"/exceptions/?case={case.pk}") as page:
        again = "() => document.querySelector('[data-key=a]').click()"
        page.evaluate(f"window.addEventListener('htmx:afterSettle', {again}, {{once: true}})")
        page.keyboard.press("a")
        expect(page.get_by_role("button", name="Give it back")).to_be_visible()
        page.wait_for_load_state("networkidle")

    case.refresh_from_db()
    assert case.status == Case.Status.TAKEN


def test_press_on_a_page_from_before_a_log_in_is_explained(
    live_server: LiveServer, cookies: Cookies, case: Case
) -> None:
    with open_page(live_server, cookies, f"/exceptions/?case={case.pk}") as page:
        page.context.clear_cookies(name="csrftoken")
        page.keyboard.press("a")
        expect(page.get_by_text("Somebody has logged in since it was opened")).to_be_visible()

        page.goto(f"/exceptions/{case.pk}/")
        page.context.clear_cookies(name="csrftoken")
        page.locator('form[action$="/take/"]').evaluate("form => form.submit()")
        expect(page.get_by_role("heading", name="This page is too old")).to_be_visible()


def test_what_was_written_is_there_when_the_session_has_ended(
    live_server: LiveServer, cookies: Cookies, case: Case
) -> None:
    with open_page(live_server, cookies, f"/exceptions/?case={case.pk}") as page:
        page.get_by_text("Write a note").click()
        page.get_by_label("Note", exact=True).fill("The customer called")
        page.context.clear_cookies(name="sessionid")
        page.get_by_role("button", name="Keep the note").click()
        expect(page.get_by_text("You are logged out, and nothing was changed.")).to_be_visible()
        expect(page.get_by_label("Note", exact=True)).to_have_value("The customer called")
        expect(page.get_by_role("button", name="Keep the note")).to_be_enabled()

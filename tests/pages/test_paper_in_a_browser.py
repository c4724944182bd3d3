"""What is printed: everything that was read on the screen, and nothing to press."""

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from exceptions.models import Case
from integrations.models import Shop
from returnsops.people.models import User
from returnsops.returns.models import LoopReturn
from tests.pages.scenes import make_case, make_planned_return
from tests.windows import Cookies, log_in_as, open_page

pytestmark = pytest.mark.browser
SHOWN = "time => getComputedStyle(time, '::after').content"


@pytest.fixture
def row(shop: Shop) -> LoopReturn:
    return make_planned_return(shop)


@pytest.fixture
def case(row: LoopReturn) -> Case:
    return make_case(row, seen_hash="hash-1")


@pytest.fixture
def cookies(live_server: LiveServer, case: Case, finn: User) -> Cookies:
    return log_in_as(finn, live_server)


def test_printed_return_has_its_numbers_and_its_moments(
    live_server: LiveServer, cookies: Cookies, row: LoopReturn
) -> None:
    with open_page(live_server, cookies, f"/returns/{row.pk}/") as page:
        page.emulate_media(media="print")

        expect(page.locator(".id", has_text=row.loop_id).first).to_be_visible()
        moment = page.locator("time[data-ago]").first
        assert moment.evaluate(SHOWN) == f'"{moment.get_attribute("title")}"'
        expect(page.locator("button:visible, input:visible, .back:visible")).to_have_count(0)


def test_printed_case_has_its_document_and_no_form(live_server: LiveServer, cookies: Cookies, case: Case) -> None:
    with open_page(live_server, cookies, f"/exceptions/{case.pk}/") as page:
        page.emulate_media(media="print")

        expect(page.get_by_role("heading", name="The credit as it would be posted")).to_be_visible()
        expect(page.get_by_role("heading", name="History")).to_be_visible()
        expect(page.locator("button:visible, input:visible, textarea:visible, .back:visible")).to_have_count(0)
        expect(page.get_by_text("Write a note")).to_be_hidden()

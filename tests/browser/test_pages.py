"""Every main page, light and dark, at a desk and on a phone: readable for all, quiet, and no wider than the screen."""

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.browser.conftest import Visit, log_in
from tests.browser.house import House, wait_until

PHONE = 390
BETWEEN = (800, 900, 1024, 1180)
QUIET = {"preload": False}  # else it fetches style sheets by itself, against our Content-Security-Policy
NOT_OURS = {"exclude": [[".select2-container"]]}  # the search box that comes with Django's admin
PAGES = [
    ("", "/login/"),
    ("finn", "/"),
    ("finn", "/returns/"),
    ("finn", "return"),
    ("finn", "/exceptions/"),
    ("finn", "case"),
    ("finn", "/connections/"),
    ("finn", "loop"),
    ("finn", "netsuite"),
    ("finn", "/policies/"),
    ("finn", "/policies/northwind/"),
    ("finn", "/search/?q=NOTHING"),
    ("ada", "/"),
    ("ada", "/inspect/"),
    ("ada", "/inspect/coming/"),
    ("ada", "/inspect/?q=NOTHING"),
    ("ada", "parcel"),
    ("ada", "question"),
    ("dana", "/admin/returns/skumapping/"),
    ("dana", "mapping"),
]


@pytest.fixture(scope="module")
def addresses(house: House, chromium: Browser, log_ins: dict[str, StorageState]) -> dict[str, str]:
    """Addresses of the pages that hang on a row: a return with a case, and its parcel that can be judged."""
    made = house.make_return("unknown_sku", units=3, sku="A-SKU-NOBODY-KNOWS")
    with chromium.new_context(base_url=house.url, storage_state=log_ins.get("finn")) as window:
        page = window.new_page()
        if "finn" not in log_ins:
            log_in(page, "finn")
            log_ins["finn"] = window.storage_state()
        case = page.get_by_role("article").get_by_role("link", name="SKU not found in NetSuite")

        def has_case() -> bool:
            page.goto(f"/search/?q={made['return_id']}")
            return case.count() > 0

        wait_until(has_case, what="the case")
        path = urlsplit(page.url).path
        parcel = path.replace("returns", "inspect")
        case_path = case.get_attribute("href") or ""
        page.goto("/connections/")
        checked = [link.get_attribute("href") or "" for link in page.get_by_role("link", name="hat we know").all()]
        mapping = "/admin/returns/skumapping/add/?shop=1&sku=A-SKU-NOBODY-KNOWS"
        return {
            "return": path,
            "case": case_path,
            "parcel": parcel,
            "question": f"{parcel}?outcome=damaged",
            "mapping": mapping,
            "loop": next(href for href in checked if "/loop/" in href),
            "netsuite": next(href for href in checked if "/netsuite/" in href),
        }


@pytest.mark.parametrize(("user", "name"), PAGES)
def test_page_is_accessible_quiet_and_fits(visit: Visit, addresses: dict[str, str], user: str, name: str) -> None:
    page = visit(user, addresses.get(name, name))
    assert violations(page) == []

    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": PHONE, "height": 844})
    page.reload()
    assert violations(page) == []
    assert overflow(page) == 0


def violations(page: Page) -> list[str]:
    found = Axe().run(page, context=NOT_OURS, options=QUIET).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


def overflow(page: Page) -> int:
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


@pytest.mark.parametrize("name", ["/returns/", "/search/?q=A-SKU-NOBODY-KNOWS", "/exceptions/", "loop", "netsuite"])
def test_no_list_is_scrolled_sideways(visit: Visit, addresses: dict[str, str], name: str) -> None:
    page = visit("finn", addresses.get(name, name))
    for width in BETWEEN:
        page.set_viewport_size({"width": width, "height": 900})
        assert too_wide(page) == [], width


def test_list_beside_an_open_case_is_not_scrolled_sideways(visit: Visit, addresses: dict[str, str]) -> None:
    page = visit("finn", f"/exceptions/?case={addresses['case'].split('/')[2]}", width=1200)

    expect(page.get_by_role("complementary", name="The case")).to_be_visible()
    assert too_wide(page) == []


@pytest.mark.parametrize("width", [768, 800, 1100])
def test_rows_of_the_admin_have_most_of_a_tablet(visit: Visit, addresses: dict[str, str], width: int) -> None:
    page = visit("dana", "/admin/returns/skumapping/", width=width)

    page.get_by_role("heading", name="Filter").wait_for()
    rows, content = page.locator(".changelist-form-container"), page.locator("#content")
    assert rows.evaluate("e => e.clientWidth") > 0.8 * content.evaluate("e => e.clientWidth")
    assert overflow(page) == 0


def too_wide(page: Page) -> list[str]:
    """Tables that do not show all their columns."""
    cut: list[str] = page.evaluate(
        "[...document.querySelectorAll('.table-wrap')].filter(e => e.scrollWidth > e.clientWidth).map(e => e.innerText)"
    )
    return cut


def test_log_in_names_a_wrong_password_and_leads_back(visit: Visit) -> None:
    page = visit("", "/inspect/")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Please enter a correct username and password")).to_be_visible()

    page.get_by_label("Password").fill("returns-demo")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Inspect", exact=True)).to_be_visible()


def test_touch_targets_of_the_station_are_large(visit: Visit, house: House) -> None:
    page = visit("ada", "/inspect/", width=PHONE)
    made = house.make_return("refund")

    def is_known() -> bool:
        page.goto(f"/inspect/?q={made['tracking_number']}")
        return "?q=" not in page.url

    wait_until(is_known, what="the parcel")
    for button in page.locator("#parcel button:visible, #parcel a.btn:visible, [data-scan]").all():
        box = button.bounding_box()
        if box and not (button.get_attribute("class") or "").startswith("id-copy"):
            assert box["height"] >= 64, button.inner_html()

"""The station by keys alone: no mouse, and at each step it shows where the keys go."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.hands import find_parcel, press, scan
from tests.browser.house import House, wait_until

Made = dict[str, Any]
UNKNOWN_GOODS = "BLUE-TEAPOT"


def expect_keys_at(place: Locator) -> None:
    """The focus is there, with its ring."""
    expect(place).to_be_focused()
    assert place.evaluate("place => place.matches(':focus-visible')"), "nobody sees where the keys go"


def open_parcel(page: Page, made: Made) -> None:
    """From the station, by a scan."""
    expect_keys_at(page.locator("[data-scan]"))
    scan(page, made["tracking_number"])
    expect(page.get_by_role("heading", name=f"Order {made['order_name']}")).to_be_visible()
    expect_keys_at(page.locator("form.unit h2"))


def test_parcels_are_judged_by_keys_alone(visit: Visit, house: House) -> None:
    three, next_one = house.make_return("refund", units=3), house.make_return("refund")
    page = visit("ada")
    for made in (three, next_one):
        find_parcel(page, made)
    page.goto("/inspect/")
    unit, question = page.locator("form.unit h2"), page.get_by_role("heading", name="Damaged: what is wrong with it?")

    open_parcel(page, three)
    press(page, "1")
    expect(page.get_by_text("2 of 3")).to_be_visible()
    expect_keys_at(unit)
    press(page, "2")
    expect_keys_at(question)
    press(page, "n")
    expect_keys_at(page.get_by_label("Or in your own words"))
    page.keyboard.type("Heel torn off")
    page.keyboard.press("Enter")
    expect(page.get_by_text("3 of 3")).to_be_visible()
    expect_keys_at(unit)
    press(page, "4")
    expect(page.get_by_role("heading", name="1 sellable, 1 damaged, 1 missing")).to_be_visible()

    press(page, "j")
    expect_keys_at(page.locator("[data-list] a").first)
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 3")).to_be_visible()
    expect_keys_at(unit)
    press(page, "5")
    expect_keys_at(page.get_by_role("heading", name="On hold: what is wrong with it?"))
    press(page, "1")
    expect_keys_at(page.get_by_role("button", name="Finish this parcel"))
    page.keyboard.press("Enter")

    expect(page.get_by_text("1 damaged, 1 missing, 1 on hold. NetSuite gets")).to_be_visible()
    open_parcel(page, next_one)
    page.goto(f"/search/?q={three['return_id']}")
    expect(page.get_by_text(re.compile("^Heel torn off$"))).to_be_visible()


def test_later_and_other_goods_are_noted_by_keys_alone(visit: Visit, house: House) -> None:
    made = house.make_return("refund", units=3)
    page = visit("ada")
    find_parcel(page, made)
    page.goto("/inspect/")

    open_parcel(page, made)
    press(page, "9")
    expect(page.get_by_text(f"Noted: order {made['order_name']} is here.")).to_be_visible()

    open_parcel(page, made)
    press(page, "7")
    expect_keys_at(page.get_by_label("Scan it, or type its SKU or name"))
    page.keyboard.type(UNKNOWN_GOODS)
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 of 3")).to_be_visible()
    expect_keys_at(page.locator("form.unit h2"))
    press(page, "8")
    expect_keys_at(page.get_by_label("Scan it, or type its SKU or name"))
    page.keyboard.press("Escape")
    press(page, "b")
    expect_keys_at(page.locator("form.unit h2"))
    press(page, "f")
    expect(page.get_by_text("2 units are not judged")).to_be_visible()
    expect_keys_at(page.get_by_role("button", name="Finish this parcel"))
    press(page, "f")

    expect(page.get_by_text("1 missing. Nothing goes to NetSuite stock")).to_be_visible()
    expect_keys_at(page.locator("[data-scan]"))
    wait_until(lambda: house.books_of(made).rmas, what="the Return Authorization")

"""What people do at the screens, from their first key to NetSuite's books."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.hands import find_parcel, press, scan
from tests.browser.house import House, wait_until


def open_return(page: Page, made: dict[str, Any]) -> None:
    page.goto(f"/search/?q={made['return_id']}")
    page.wait_for_url("**/returns/*/")


def open_case(page: Page, made: dict[str, Any], *, title: str) -> None:
    """By the way people take: the page of the return, then its case of this title."""
    case = page.get_by_role("article").get_by_role("link", name=title)

    def is_there() -> bool:
        open_return(page, made)
        return case.count() > 0

    wait_until(is_there, what=f"case «{title}» of return {made['return_id']}")
    case.click()
    page.wait_for_url("**/exceptions/*/**")


def wait_until_settled(page: Page, made: dict[str, Any]) -> None:
    settled = page.locator(".page-head").get_by_text("Settled")

    def is_settled() -> bool:
        open_return(page, made)
        return settled.count() > 0

    wait_until(is_settled, what=f"return {made['return_id']} is settled")


def receipts_by_place(house: House, made: dict[str, Any]) -> dict[str, int]:
    places = {place: name for name, place in house.locations_of(made["shop"]).items()}
    found: dict[str, int] = {}
    for receipt in house.books_of(made).receipts:
        for line in receipt["lines"]:
            name = places[str(line["location"])]
            found[name] = found.get(name, 0) + line["quantity"]
    return found


def test_twins_of_one_line_go_to_two_places_and_only_after_inspection(visit: Visit, house: House) -> None:
    made = house.make_return("twin_units")
    page = visit("ada", "/inspect/")
    wait_until(lambda: house.books_of(made).rmas, what="the Return Authorization")
    assert house.books_of(made).receipts == []

    scan(page, made["tracking_number"])
    expect(page.get_by_text("1 of 2")).to_be_visible()
    press(page, "1")
    expect(page.get_by_text("2 of 2")).to_be_visible()
    press(page, "2")
    expect(page.get_by_role("heading", name="Damaged: what is wrong with it?")).to_be_visible()
    press(page, "3")
    expect(page.get_by_role("heading", name="1 sellable, 1 damaged")).to_be_visible()
    assert house.books_of(made).receipts == []
    press(page, "f")
    expect(page.get_by_text("1 sellable, 1 damaged. NetSuite gets two Item Receipts")).to_be_visible()
    expect(page.locator("[data-scan]")).to_be_focused()

    page.get_by_role("link", name="Open the return").click()
    wait_until(lambda: len(house.books_of(made).receipts) == 2, what="two Item Receipts")
    assert receipts_by_place(house, made) == {"sellable": 1, "damaged": 1}
    for receipt in house.books_of(made).receipts:
        expect(page.get_by_text(receipt["tranid"]).first).to_be_visible()


def test_same_parcel_without_javascript(visit: Visit, house: House) -> None:
    made = house.make_return("refund", units=2)
    page = visit("ada", "/inspect/", script=False)
    find_parcel(page, made)

    page.get_by_role("button", name="Refused").click()
    page.get_by_label("Or in your own words").fill("Not our label")
    page.get_by_role("button", name="Save as refused").click()
    page.get_by_role("button", name="The last one sellable").click()
    expect(page.get_by_role("heading", name="1 sellable, 1 refused")).to_be_visible()
    page.get_by_role("button", name="Finish this parcel").click()

    expect(page.get_by_text("1 sellable, 1 refused. NetSuite gets")).to_be_visible()
    wait_until(lambda: receipts_by_place(house, made) == {"sellable": 1}, what="one receipt")


def test_unknown_scan_leads_on(visit: Visit) -> None:
    page = visit("ada", "/inspect/")

    scan(page, "NOBODY-KNOWS-1")
    expect(page.get_by_text("Nothing found for NOBODY-KNOWS-1.")).to_be_visible()
    page.get_by_label("Shop", exact=True).select_option(label="Northwind Outfitters")
    page.get_by_role("button", name="Record the parcel").click()

    expect(page.locator(".list").get_by_text("NOBODY-KNOWS-1")).to_be_visible()


def test_difference_waits_for_somebody_who_did_not_correct_it(visit: Visit, house: House) -> None:
    today = account_yesterday() + timedelta(days=1)
    last_month = today.replace(day=1) - timedelta(days=1)
    house.act_in_netsuite("harbour", "close_period", date=today.isoformat())
    house.act_in_netsuite("harbour", "open_period", date=last_month.isoformat())
    made = house.make_return("differs", shop="harbour", amount="0.03")
    ada = visit("ada")
    find_parcel(ada, made)
    press(ada, "1")
    expect(ada.get_by_role("button", name="Finish this parcel")).to_be_visible()
    press(ada, "f")

    finn = visit("finn")
    open_case(finn, made, title="An accounting period is closed in NetSuite")
    finn.get_by_label("Date of the document").fill(last_month.isoformat())
    finn.get_by_label("Why this date").fill("It came in before the month ended")
    finn.get_by_role("button", name="Save date and retry").click()
    wait_until(lambda: house.books_of(made).receipts, what="an Item Receipt of last month")

    open_case(finn, made, title="Loop's refund and the Credit Memo differ")
    expect(finn.get_by_text("You corrected this return yourself; somebody else must approve it.")).to_be_visible()
    assert house.books_of(made).credits == []

    fay = visit("fay", finn.url)
    fay.get_by_label("Why it is right").fill("Tax rounding, checked")
    fay.get_by_role("button", name="Approve and go on").click()
    open_case(fay, made, title="An accounting period is closed in NetSuite")
    house.act_in_netsuite("harbour", "open_period", date=today.isoformat())
    fay.get_by_label("What was done about it").fill("The controller opened it again")
    fay.get_by_role("button", name="The cause is gone").click()
    wait_until(lambda: house.books_of(made).refunds, what="the customer refund")
    wait_until_settled(fay, made)
    (credit,) = house.books_of(made).credits
    assert Decimal("0.03") in {Decimal(line["amount"] or 0) for line in credit["lines"]}
    assert Decimal(credit["amountremaining"]) == 0


def test_unknown_sku_is_mapped_and_goes_on_by_itself(visit: Visit, house: House) -> None:
    made = house.make_return("unknown_sku", sku="OLD-NAME-7")
    dana = visit("dana")
    open_case(dana, made, title="SKU not found in NetSuite")
    assert house.books_of(made).rmas == []

    dana.get_by_role("link", name="Map this SKU").click()
    expect(dana.get_by_role("heading", name="OLD-NAME-7 in Northwind Outfitters")).to_be_visible()
    sold = house.books_of(made).sales[0]["lines"][0]["sku"]
    dana.locator(".select2-selection").click()
    dana.locator(".select2-search__field").fill(sold)
    dana.locator(".select2-results__option", has_text=sold).first.click()
    dana.get_by_label("Reason").fill("Renamed last spring")
    dana.get_by_role("button", name="Save").click()

    expect(dana.get_by_text("1 waiting return goes on by itself")).to_be_visible()
    wait_until(lambda: house.books_of(made).rmas, what="the Return Authorization")


def account_yesterday() -> date:
    """A day that has begun everywhere: documents of today are dated by the account's clock, not ours."""
    return (datetime.now(UTC) - timedelta(days=1)).date()

"""What hands do at the station: scanning, pressing a key, finding a parcel."""

from typing import Any

from playwright.sync_api import Page

from tests.browser.house import wait_until


def scan(page: Page, text: str) -> None:
    """As a scanner types: fast, and with Enter at the end."""
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def press(page: Page, key: str) -> None:
    """When the page is whole: a person is slower than its scripts, a test is not."""
    page.wait_for_load_state()
    page.keyboard.press(key)


def find_parcel(page: Page, made: dict[str, Any]) -> None:
    """Scan until it is known here: the webhook and we race."""

    def is_known() -> bool:
        page.goto(f"/inspect/?q={made['tracking_number']}")
        return "?q=" not in page.url

    wait_until(is_known, what=f"return {made['return_id']} is known")

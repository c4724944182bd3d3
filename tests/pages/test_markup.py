"""What holds for every page: nothing inline that the Content-Security-Policy forbids, one heading, a title, labels."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.test import Client, RequestFactory

from integrations.models import Shop
from returnsops.pages.gallery import gallery
from returnsops.people.models import User
from tests.pages.scenes import make_case, make_checked, make_planned_return, make_refused_posting

FORBIDDEN = {
    "an inline style": re.compile(r"<[^>]+\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "an inline script": re.compile(r"<script\b(?![^>]*\ssrc=)", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>]+\s(?:on[a-z]+|hx-on[^=\s]*)\s*=", re.IGNORECASE),
    "a script address": re.compile(r"javascript:", re.IGNORECASE),
    "an evaluated value": re.compile(r"hx-(?:vals|headers)\s*=\s*[\"']js:", re.IGNORECASE),
    "a forgotten variable": re.compile(r"{{|{%"),
}


@pytest.fixture
def addresses(shop: Shop) -> list[str]:
    """Every page, with something on it."""
    row = make_planned_return(shop)
    make_checked(shop)
    case = make_case(row)
    other = make_planned_return(shop, loop_id="110700140", lines=1)
    make_refused_posting(other)
    refused = other.case_members.get(case__code="posting_refused").case
    return [
        "/", "/returns/", f"/returns/{row.pk}/", f"/returns/{other.pk}/", "/search/?q=nothing", "/search/?q=BOOT-42",
        "/connections/", f"/connections/netsuite/{shop.account_id}/", f"/connections/loop/{shop.pk}/",
        f"/connections/netsuite/{shop.account_id}/lanes/",
        "/exceptions/", f"/exceptions/?case={case.pk}", f"/exceptions/{case.pk}/",
        f"/exceptions/{refused.pk}/", "/exceptions/?status=closed",
    ]  # fmt: skip


def test_nothing_inline_is_in_any_page(client: Client, addresses: list[str], finn: User) -> None:
    client.force_login(finn)

    texts = {address: client.get(address).text for address in addresses}
    found = [
        f"{address}: {what}: {match.group(0)[:80]}"
        for address, text in texts.items()
        for what, pattern in FORBIDDEN.items()
        if (match := pattern.search(text))
    ]

    assert found == []


def test_the_policy_of_the_browser_allows_nothing_inline(client: Client, shop: Shop, finn: User) -> None:
    client.force_login(finn)

    policy = client.get("/").headers["Content-Security-Policy"]

    assert "unsafe-inline" not in policy
    assert "unsafe-eval" not in policy


def test_each_page_has_one_heading_and_a_title(client: Client, addresses: list[str], finn: User) -> None:
    client.force_login(finn)

    for address in addresses:
        page = client.get(address).text
        assert page.count("<h1") == 1, address
        assert re.search(r"<title>[^<]{3,} · ReturnsOps</title>", page), address


def test_ids_are_given_once(client: Client, addresses: list[str], finn: User) -> None:
    client.force_login(finn)

    for address in addresses:
        ids = re.findall(r'\sid="([^"]+)"', client.get(address).text)
        assert sorted(ids) == sorted(set(ids)), address


def test_each_form_that_changes_something_carries_its_token(client: Client, addresses: list[str], finn: User) -> None:
    client.force_login(finn)

    for address in addresses:
        for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", client.get(address).text, re.DOTALL):
            assert "csrfmiddlewaretoken" in form, f"{address}: {form[:120]}"


def test_each_template_tells_its_context() -> None:
    own = [
        path
        for folder in ("pages", "exceptions")
        for path in (Path(settings.BASE_DIR) / "templates" / folder).glob("*.html")
    ]

    silent = [path.name for path in own if "Context:" not in path.read_text()[:900]]

    assert own
    assert silent == []


def test_the_gallery_shows_every_part(rf: RequestFactory, db: None) -> None:
    request = rf.get("/_gallery/")
    request.user = AnonymousUser()

    page = gallery(request).content.decode()

    assert 'class="timeline"' in page
    assert 'class="problem' in page

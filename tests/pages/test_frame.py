"""The shell: what it offers whom, and that it asks for nothing that is not shown."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from integrations import turns
from integrations.models import NetSuiteAccount, Shop, SyncCursor
from returnsops.pages.frame import WORKER_SILENT_FOR
from returnsops.people.models import Membership, Role, User
from returnsops.returns.models import LoopReturn
from tests.builders import make_due, make_policy, make_posting, make_return, make_shop, make_user
from tests.pages.scenes import make_case, make_planned_return

POSTED = {"status": "posted", "their_id": "8101", "posted_at": timezone.now()}


def test_a_stranger_is_sent_to_log_in(client: Client, shop: Shop) -> None:
    answer = client.get("/")

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/login/")


def test_the_log_in_page_works_without_a_person(client: Client, shop: Shop) -> None:
    assert client.get("/login/").status_code == 200


def test_only_who_inspects_is_offered_the_station(client: Client, ada: User, finn: User) -> None:
    client.force_login(ada)
    assert 'href="/inspect/"' in client.get("/").text

    client.force_login(finn)
    assert 'href="/inspect/"' not in client.get("/").text


def test_only_staff_is_offered_the_admin(client: Client, finn: User) -> None:
    client.force_login(finn)
    assert 'href="/admin/"' not in client.get("/connections/").text

    User.objects.filter(pk=finn.pk).update(is_staff=True)
    assert 'href="/admin/"' in client.get("/connections/").text


def test_refusal_says_whose_the_page_is(client: Client, finn: User) -> None:
    client.force_login(finn)

    answer = client.get("/inspect/")

    assert answer.status_code == 403
    assert "The inspection station is for the warehouse. Ask an administrator for that role." in answer.text


def test_open_cases_of_own_shops_are_counted(client: Client, shop: Shop, finn: User) -> None:
    make_case(make_planned_return(shop))
    other = make_shop("moss")
    make_case(make_planned_return(other, loop_id="110700124"))
    client.force_login(finn)

    page = client.get("/connections/").text

    assert 'id="nav-exceptions-count">1<' in page


@pytest.mark.parametrize("stage", ["to_inspect", "needs_person"])
def test_as_many_parcels_are_counted_as_wait_at_the_station(client: Client, shop: Shop, ada: User, stage: str) -> None:
    row = make_return(shop, label_status="delivered")
    make_return(shop, loop_id="110700125", label_status="in_transit")
    LoopReturn.objects.filter(pk=row.pk).update(stage=stage)
    client.force_login(ada)

    for address in ("/", f"/?shop={shop.code}", "/inspect/"):
        assert 'id="nav-inspect-count">1<' in client.get(address).text
    assert 'Waiting for inspection <span class="count tone-neutral">1<' in client.get("/inspect/").text


def test_somebody_with_two_shops_can_look_at_one(client: Client, shop: Shop, finn: User) -> None:
    moss = make_shop("moss")
    Membership.objects.create(user=finn, shop=moss, role=Role.FINANCE)
    client.force_login(finn)

    page = client.get("/?shop=moss").text

    assert 'href="/?shop=moss" aria-current="true"' in page
    assert 'href="/returns/?shop=moss"' in page


def test_a_stopped_connection_is_told_on_each_page(client: Client, shop: Shop, finn: User) -> None:
    NetSuiteAccount.objects.update(paused_at=timezone.now(), paused_reason="401: the certificate has ended.")
    client.force_login(finn)

    page = client.get("/returns/").text

    assert "NetSuite 1234567_SB1 is stopped." in page
    assert "the certificate has ended" in page


EXEMPT: dict[str, Any] = {
    "receipt_trigger": "loop_restock_to_sellable",
    "refund_authority": "loop_first",
    "restock_exemption": {"reason": "Sealed gift boxes.", "until": "2099-12-31", "skus": ["GIFT-*"]},
}


def test_exemption_from_inspection_is_told_on_each_page_with_its_count(client: Client, shop: Shop, finn: User) -> None:
    make_policy(shop, **EXEMPT)
    make_posting(make_return(shop), make_due("receipt", covers=["unit:387001", "exempt:387001"]), **POSTED)
    client.force_login(finn)

    page = client.get("/returns/").text

    assert "In Fern Loop restocks become sellable without inspection." in page
    assert "GIFT-*, up to 31 Dec 2099: Sealed gift boxes. 1 unit so far." in page


@pytest.mark.parametrize(
    "changes",
    [
        {"receipt_trigger": "inspection"},
        {"restock_exemption": EXEMPT["restock_exemption"] | {"until": "2026-01-31"}},
    ],
)
def test_exemption_that_lets_nothing_through_is_not_told(
    client: Client, shop: Shop, finn: User, changes: dict[str, Any]
) -> None:
    make_policy(shop, **EXEMPT | changes)
    client.force_login(finn)

    assert "without inspection" not in client.get("/returns/").text


def test_the_clock_of_a_sandbox_is_shown(client: Client, shop: Shop, finn: User) -> None:
    client.force_login(finn)
    assert "Sandbox, " in client.get("/returns/").text

    Shop.objects.update(base_url="https://api.loopreturns.com")
    assert "Sandbox, " not in client.get("/returns/").text


@pytest.mark.django_db
def test_somebody_without_a_role_sees_no_shop_and_is_told_so(client: Client) -> None:
    make_shop()
    client.force_login(make_user())

    for address in ("/", "/connections/"):
        assert "You see no shop yet" in client.get(address).text
    assert "No returns yet" in client.get("/returns/").text


def test_everybody_hears_of_a_worker_that_does_not_run(client: Client, shop: Shop, ada: User) -> None:
    client.force_login(ada)
    turns.is_turn_of("plans", timedelta(seconds=5))
    assert "The worker has not run" not in client.get("/").text

    SyncCursor.objects.update(swept_at=timezone.now() - WORKER_SILENT_FOR)

    for address in ("/", "/inspect/", "/returns/"):
        assert "The worker has not run since" in client.get(address).text, address


def test_worker_that_never_ran_is_no_news(client: Client, shop: Shop, ada: User) -> None:
    """The system is being set up; the way to start it stands where it is installed."""
    client.force_login(ada)

    assert "The worker has not run" not in client.get("/").text

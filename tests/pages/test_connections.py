"""Connections: how each is doing, what waits behind it, and letting a stopped one go on."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from integrations.models import InboundEvent, Lane, NetSuiteAccount, Shop
from integrations.netsuite.lanes import ensure_lanes
from returnsops.people.models import AuditEvent, User
from tests.builders import make_account, make_shop
from tests.pages.scenes import make_planned_return

CONNECTION_QUERIES = 10


@pytest.fixture
def finance(client: Client, finn: User) -> Client:
    client.force_login(finn)
    return client


def test_each_says_whether_it_answers(finance: Client, shop: Shop) -> None:
    Shop.objects.update(last_ok_at=timezone.now())
    since = timezone.now()
    NetSuiteAccount.objects.update(failing_since=since, next_probe_at=since, failure="No answer within 10 s.")

    text = finance.get("/connections/").text

    assert "Answering" in text
    assert "Not answering" in text
    assert "No answer within 10 s." in text


def test_what_is_owed_is_counted_and_leads_to_its_returns(finance: Client, shop: Shop) -> None:
    make_planned_return(shop)

    text = finance.get("/connections/").text

    assert 'href="/returns/?posting=pending&amp;shop=fern">1<' in text
    assert "110700123" in finance.get("/returns/?posting=pending&shop=fern").text


def test_lanes_in_use_are_counted(finance: Client, shop: Shop) -> None:
    ensure_lanes(shop.account, count=3)
    Lane.objects.filter(number=1).update(leased_by="x", leased_until=timezone.now() + timedelta(minutes=1))

    assert "1 of 3" in finance.get("/connections/").text


def test_webhooks_of_the_last_hour_are_counted(finance: Client, shop: Shop) -> None:
    now = timezone.now()
    for number, signed in enumerate((True, False)):
        verdict = "read" if signed else "bad_signature"
        InboundEvent.objects.create(
            shop=shop,
            received_at=now,
            last_received_at=now,
            raw=b"{}",
            digest=str(number),
            signed=signed,
            verdict=verdict,
        )

    text = finance.get("/connections/").text

    assert "2 in the last hour" in text
    assert "1 not signed, refused" in text


def test_finance_can_resume_what_is_stopped(finance: Client, shop: Shop, finn: User) -> None:
    NetSuiteAccount.objects.update(paused_at=timezone.now(), paused_reason="401")

    answer = finance.post(f"/connections/netsuite/{shop.account_id}/resume/", follow=True)

    assert NetSuiteAccount.objects.get().paused_at is None
    assert "is resumed" in answer.text
    event = AuditEvent.objects.get(action="resumed connection")
    assert (event.actor, event.before) == (finn, "401")


def test_the_warehouse_is_told_why_it_cannot(client: Client, shop: Shop, ada: User) -> None:
    Shop.objects.update(paused_at=timezone.now(), paused_reason="401")
    client.force_login(ada)

    assert "Your role does not include it." in client.get("/connections/").text
    answer = client.post(f"/connections/loop/{shop.pk}/resume/")

    assert answer.status_code == 302
    assert Shop.objects.get().paused_at is not None
    assert "you need the role" in client.get("/connections/").text


def test_connections_of_other_shops_are_not_seen(finance: Client, shop: Shop) -> None:
    moss = make_shop("moss", account=make_account("7654321"))

    assert "7654321" not in finance.get("/connections/").text
    assert finance.post(f"/connections/netsuite/{moss.account_id}/resume/").status_code == 404
    assert finance.post(f"/connections/loop/{moss.pk}/resume/").status_code == 404


def test_resuming_is_never_a_link(finance: Client, shop: Shop) -> None:
    assert finance.get(f"/connections/loop/{shop.pk}/resume/").status_code == 405


def test_htmx_gets_the_cards_alone(finance: Client, shop: Shop) -> None:
    part = finance.get("/connections/", headers={"HX-Request": "true"}).text

    assert "<html" not in part
    assert 'id="connections"' in part


def test_the_number_of_queries_is_bounded(finance: Client, shop: Shop) -> None:
    finance.get("/connections/")

    with assertNumQueries(CONNECTION_QUERIES):
        finance.get("/connections/")

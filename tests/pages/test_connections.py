"""Connections: how each is doing, what waits behind it, and letting a stopped one go on."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from pytest_django.asserts import assertNumQueries

from integrations.errors import ConfigurationError, TemporaryError, words_of_failure
from integrations.models import ConnectionProfile, InboundEvent, Lane, NetSuiteAccount, Shop
from integrations.netsuite.lanes import ensure_lanes
from integrations.profile import Finding, Severity
from returnsops.people.models import AuditEvent, User
from returnsops.posting.models import Pause
from returnsops.returns.models import LoopReturn
from tests.builders import make_account, make_due, make_posting, make_return, make_shop
from tests.pages.scenes import make_checked, make_planned_return
from tests.query_plans import explained, indexes_preferred

CONNECTION_QUERIES = 27


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


def test_webhooks_are_counted_from_the_end_of_an_index(finance: Client, shop: Shop) -> None:
    with indexes_preferred(), explained("integrations_inboundevent") as plans:
        finance.get("/connections/")

    assert [plan for plan in plans if "events_newest" not in plan] == []


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


# --- What a check found -----------------------------------------------------------------------------


def test_what_blocks_is_on_the_card_with_whom_to_ask(finance: Client, shop: Shop) -> None:
    make_checked(shop)

    text = finance.get("/connections/").text

    assert "The role lacks Item Receipt: Edit." in text
    assert "<b>Ask the NetSuite administrator:</b> Add it." in text
    assert "1 blocking" in text
    assert "1 to look at" in text
    assert "Log-in works." not in text


def test_a_card_shows_a_few_and_leads_to_the_rest(finance: Client, shop: Shop) -> None:
    many = [
        Finding(code=str(one), severity=Severity.WARNS, words=f"Finding {one}.", who="A", todo="B") for one in range(9)
    ]
    make_checked(shop, *many)

    text = finance.get("/connections/").text

    assert "Finding 2." in text
    assert "Finding 3." not in text
    assert f'<a href="/connections/netsuite/{shop.account_id}/">6 more, and what we know about it</a>' in text


def test_a_connection_that_was_never_checked_says_so(finance: Client, shop: Shop) -> None:
    assert "Not checked yet" in finance.get("/connections/").text
    assert "Not checked yet" in finance.get(f"/connections/loop/{shop.pk}/").text


def test_the_page_of_an_account_shows_all_that_is_known(finance: Client, shop: Shop) -> None:
    make_checked(shop)

    text = finance.get(f"/connections/netsuite/{shop.account_id}/").text

    assert text.index("Does not work") < text.index("Works, but somebody should look") < text.index("Fine")
    assert "HTTP 403 · INSUFFICIENT_PERMISSION" in text
    assert "Create-form became available." in text
    assert "external ids celigo-…" in text
    assert "holding of Fern" in text
    assert "44 questions in 21 s" in text


def test_the_page_of_a_shop_shows_its_webhooks(finance: Client, shop: Shop) -> None:
    make_checked(shop)

    text = finance.get(f"/connections/loop/{shop.pk}/").text

    assert "return.closed" in text
    assert "2026-07" in text


def test_findings_about_shops_of_others_are_left_out(finance: Client, shop: Shop) -> None:
    make_checked(
        shop,
        Finding(code="a", severity=Severity.BLOCKS, words="The holding location of Moss is inactive.", shop="Moss"),
        Finding(code="b", severity=Severity.BLOCKS, words="The holding location of Fern is inactive.", shop="Fern"),
    )

    text = finance.get(f"/connections/netsuite/{shop.account_id}/").text

    assert "of Fern is inactive" in text
    assert "Moss" not in text


def test_check_now_runs_in_the_background_and_shows_how_far_it_is(finance: Client, shop: Shop, finn: User) -> None:
    address = f"/connections/netsuite/{shop.account_id}/"

    answer = finance.post(f"{address}check/", follow=True)

    assert "is being checked" in answer.text
    assert "The check waits for its turn." in answer.text
    assert 'hx-trigger="every 2s"' in answer.text
    assert AuditEvent.objects.filter(action="asked for a check", actor=finn).exists()
    ConnectionProfile.objects.update(progress={"done": 7, "about": 50, "asking": "locations"})
    text = finance.get(address).text
    assert "Asking: locations" in text
    assert "7 of 50" in text
    again = finance.post(f"{address}check/", {"from": "page"}, follow=True)
    assert "is being checked already" in again.text


def test_the_warehouse_may_look_and_not_check(client: Client, shop: Shop, ada: User) -> None:
    make_checked(shop)
    client.force_login(ada)

    assert "Your role does not include it." in client.get(f"/connections/loop/{shop.pk}/").text
    client.post(f"/connections/loop/{shop.pk}/check/")
    assert "you need the role" in client.get("/connections/").text
    assert not ConnectionProfile.objects.exclude(asked_at=None).exists()


@pytest.mark.parametrize("path", ["", "check/"])
def test_connections_of_others_have_no_page(finance: Client, shop: Shop, path: str) -> None:
    moss = make_shop("moss", account=make_account("7654321"))
    ask = finance.post if path else finance.get

    assert ask(f"/connections/netsuite/{moss.account_id}/{path}").status_code == 404
    assert ask(f"/connections/loop/{moss.pk}/{path}").status_code == 404
    assert ask(f"/connections/elsewhere/{shop.pk}/{path}").status_code == 404


def test_checking_is_never_a_link(finance: Client, shop: Shop) -> None:
    assert finance.get(f"/connections/loop/{shop.pk}/check/").status_code == 405


def test_certificate_that_ends_soon_is_on_the_card(finance: Client, shop: Shop) -> None:
    NetSuiteAccount.objects.update(certificate_expires_at=timezone.now() + timedelta(days=10))

    assert "ends within 14 days" in finance.get("/connections/").text


def test_words_of_the_other_side_are_shown_as_text(finance: Client, shop: Shop) -> None:
    told = Finding(code="a", severity=Severity.WARNS, words="<b>x</b>", evidence="<script>alert(1)</script>")
    make_checked(shop, told)

    text = finance.get(f"/connections/loop/{shop.pk}/").text

    assert "<script>alert" not in text
    assert "&lt;b&gt;x" in text


def test_without_a_public_address_the_card_says_who_looks_after_webhooks(
    finance: Client, shop: Shop, settings: Settings
) -> None:
    settings.PUBLIC_URL = ""
    assert "PUBLIC_URL is not set here" in finance.get("/connections/").text

    settings.PUBLIC_URL = "https://returns.example.com"
    assert "Subscriptions" not in finance.get("/connections/").text

    Shop.objects.update(webhooks_problem="Loop refused to make restock.requested.")
    assert "Loop refused to make restock.requested." in finance.get("/connections/").text


def test_words_and_fields_nobody_knows_are_on_the_page_of_the_shop(finance: Client, shop: Shop) -> None:
    row = make_planned_return(shop)
    path = f"/connections/loop/{shop.pk}/"
    LoopReturn.objects.filter(pk=row.pk).update(raw={"id": 1, "outcome": "teleport", "gift_wrap": True})

    text = finance.get(path).text

    assert "outcome=teleport" in text
    assert "gift_wrap" in text

    LoopReturn.objects.filter(pk=row.pk).update(raw={"id": 1, "outcome": "refund"})
    assert "None: we know every word" in finance.get(path).text


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (str(ConfigurationError(system="loop", operation="list_returns", status=401, detail="Unauthorized.",
                                request_id="a1e3", body='{"error": 1}')), "Loop answered 401: Unauthorized."),
        (str(TemporaryError(system="netsuite", operation="query", detail="No answer within 10 s.")),
         "No answer within 10 s."),
        ("401", "401"),
    ],
)  # fmt: skip
def test_a_reason_is_told_without_what_only_the_log_needs(written: str, told: str) -> None:
    assert words_of_failure(written) == told


def test_what_is_paused_is_part_of_the_backlog(finance: Client, shop: Shop, finn: User) -> None:
    row = make_return(shop)
    make_posting(row, make_due(), status="posted", their_id="8001", posted_at=timezone.now() + timedelta(seconds=1))
    make_posting(row, make_due("receipt", covers=["unit:387002"], serial_key="b", hinges_on=("flow:receipt@fern",)))
    Pause.objects.create(
        account=shop.account, shop=shop, key="flow:receipt@fern", code="by_person", reason="Stocktake",
        opened_at=timezone.now(), opened_by=finn,
    )  # fmt: skip

    text = finance.get("/connections/").text

    assert "1 of 2" in text


def test_words_of_a_failure_end_before_ours_begin(finance: Client, shop: Shop) -> None:
    now, failure = timezone.now(), "loop get_return: status=503; detail=HTTP 503"
    Shop.objects.update(failing_since=now, next_probe_at=now, failure=failure)

    assert "Loop answered 503: HTTP 503. Nothing is lost" in finance.get("/connections/").text

"""Pausing and resuming on Connections, and the banners that tell everybody."""

from typing import Any

import pytest
from django.test import Client

from integrations.models import Shop
from returnsops.lib import clock
from returnsops.pages.pauses import BANNERS_MAX, pause_banners
from returnsops.people.models import User
from returnsops.posting.models import Pause, Posting
from returnsops.returns.models import LoopReturn
from tests.builders import make_due, make_posting, make_return, make_shop

pytestmark = pytest.mark.django_db
HINGES = ("account", "flow:rma", "period:2026-09", "shop:fern")


@pytest.fixture
def row(shop: Shop) -> LoopReturn:
    return make_return(shop)


@pytest.fixture
def waiting(row: LoopReturn) -> Posting:
    return make_posting(row, make_due(hinges_on=HINGES))


def stop(of: Shop, key: str = "period:2026-09", **columns: Any) -> Pause:
    values: dict[str, Any] = {"code": "period_closed", "reason": "The period is closed.", "opened_at": clock.now()}
    return Pause.objects.create(account=of.account, key=key, **values | columns)


def logged_in(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def test_person_pauses_one_flow_and_everybody_is_told(client: Client, shop: Shop, waiting: Posting, finn: User) -> None:
    page = logged_in(client, finn)

    answer = page.post(
        "/connections/pause/", {"where": f"shop:{shop.pk}", "flow": "everything", "reason": "Stocktake"}, follow=True
    )

    assert "Everything of Fern: paused." in answer.text
    assert Pause.objects.get().key == "shop:fern"
    for address in ("/", "/returns/", f"/returns/{waiting.loop_return_id}/", "/exceptions/"):
        assert f"{finn}: Stocktake. 1 posting waits." in page.get(address).text, address


def test_station_shows_the_banner_too(client: Client, shop: Shop, ada: User, finn: User) -> None:
    stop(shop, "account", code="by_person", opened_by=finn, reason="Stocktake")

    assert "Everything for NetSuite 1234567_SB1: paused." in logged_in(client, ada).get("/inspect/").text


def test_resuming_lets_everything_go(client: Client, shop: Shop, waiting: Posting, finn: User) -> None:
    pause = stop(shop, "shop:fern", shop=shop, code="by_person", opened_by=finn, reason="Stocktake")

    answer = logged_in(client, finn).post(f"/connections/pauses/{pause.pk}/end/", {"reason": "Counted"}, follow=True)

    assert "Everything of Fern: resumed." in answer.text
    assert Pause.objects.get().ended_because == "Counted"
    assert 'class="banner tone' not in answer.text


def test_cause_said_to_be_gone_sends_one_first(client: Client, shop: Shop, waiting: Posting, finn: User) -> None:
    pause = stop(shop)

    answer = logged_in(client, finn).post(f"/connections/pauses/{pause.pk}/end/", follow=True)

    assert f"{waiting} goes first." in answer.text
    assert f"{waiting} is being tried" in answer.text


def test_reason_is_asked_for(client: Client, shop: Shop, finn: User) -> None:
    answer = logged_in(client, finn).post(
        "/connections/pause/", {"where": f"shop:{shop.pk}", "flow": "everything", "reason": " "}
    )

    assert answer.status_code == 422
    assert "This field is required" in answer.text
    assert not Pause.objects.exists()


def test_pausing_twice_is_told_on_the_page(client: Client, shop: Shop, finn: User) -> None:
    stop(shop, "shop:fern", shop=shop, code="by_person", opened_by=finn, reason="Stocktake")

    answer = logged_in(client, finn).post(
        "/connections/pause/", {"where": f"shop:{shop.pk}", "flow": "everything", "reason": "Me too"}
    )

    assert answer.status_code == 422
    assert "is paused already" in answer.text


def test_only_places_where_one_may_pause_are_offered(client: Client, shop: Shop, finn: User, dana: User) -> None:
    make_shop("other", account=shop.account)

    page = logged_in(client, finn).get("/connections/").text
    assert "Fern only" in page
    assert "all its shops" not in page, "he has no say in the other shop"
    assert "Pause sending" not in logged_in(client, dana).get("/connections/").text


def test_who_may_not_resume_sees_why(client: Client, shop: Shop, finn: User, dana: User) -> None:
    pause = stop(shop, "shop:fern", shop=shop, code="by_person", opened_by=finn, reason="Stocktake")

    page = logged_in(client, dana)
    assert "Your role does not include it." in page.get("/connections/").text
    answer = page.post(f"/connections/pauses/{pause.pk}/end/", follow=True)
    assert "you need the role" in answer.text
    assert Pause.objects.live().exists()


def test_pause_of_another_shop_is_not_there(client: Client, shop: Shop, finn: User) -> None:
    other = make_shop("other", account=shop.account)
    pause = stop(shop, "shop:other", shop=other, code="by_person", opened_by=finn, reason="Stocktake")

    page = logged_in(client, finn)
    assert page.post(f"/connections/pauses/{pause.pk}/end/").status_code == 404
    assert "Stocktake" not in page.get("/returns/").text


def test_cause_that_nobody_waits_for_disturbs_nobody(shop: Shop, finn: User) -> None:
    stop(shop)

    assert pause_banners(finn) == []


def test_many_pauses_are_few_banners(shop: Shop, finn: User) -> None:
    for month in range(1, 8):
        stop(shop, f"flow:{month}", code="by_person", opened_by=finn, reason="Stocktake")

    banners = pause_banners(finn)

    assert len(banners) == BANNERS_MAX + 1
    assert banners[-1]["title"] == "4 more things stand still."


def test_banners_cost_two_queries_however_many(
    shop: Shop, waiting: Posting, finn: User, django_assert_num_queries: Any
) -> None:
    for month in range(1, 8):
        stop(shop, f"period:2026-0{month}")

    with django_assert_num_queries(2):
        pause_banners(finn)


def test_fragment_that_is_looked_at_again_leaves_the_forms_alone(client: Client, shop: Shop, finn: User) -> None:
    fragment = logged_in(client, finn).get("/connections/", headers={"HX-Request": "true"}).text

    assert 'id="connections"' in fragment
    assert "Pause sending" not in fragment

"""One box for any number: one hit opens it, several are listed, none says where it was looked for."""

import pytest
from django.test import Client

from integrations.models import Shop
from returnsops.people.models import User
from tests.builders import make_return, make_shop
from tests.pages.scenes import make_planned_return

USPS_ROUTED = "420902109400100000000000000001"  # routing, then the number that is printed


@pytest.fixture
def finance(client: Client, finn: User) -> Client:
    client.force_login(finn)
    return client


@pytest.mark.parametrize(
    "text",
    ["110700123", "#20418", "20418", "INV7001", "inv7001", " 9400100000000000000001\n", USPS_ROUTED,
     "loop-fern-110700123-rma-1", "BOOT-42"],
)  # fmt: skip
def test_one_hit_opens_the_return(finance: Client, shop: Shop, text: str) -> None:
    row = make_planned_return(shop)
    if text.startswith("loop-"):
        row.records.update(external_id=text)

    answer = finance.get("/search/", {"q": text})

    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/returns/{row.pk}/"


def test_several_are_listed(finance: Client, shop: Shop) -> None:
    make_planned_return(shop)
    make_return(shop, loop_id="110700124")

    text = finance.get("/search/?q=%2320418").text

    assert "2 returns for «#20418»" in text
    assert "110700124" in text


def test_nothing_says_what_was_tried_and_the_way_on(finance: Client, shop: Shop) -> None:
    text = finance.get("/search/?q=XYZ").text

    assert "Nothing found for «XYZ»" in text
    assert "tracking number" in text
    assert 'href="/returns/"' in text
    assert 'href="/inspect/"' not in text


def test_the_warehouse_may_record_what_nobody_knows(client: Client, shop: Shop, ada: User) -> None:
    client.force_login(ada)

    assert 'href="/inspect/"' in client.get("/search/?q=XYZ").text


def test_an_empty_question_asks_for_one(finance: Client, shop: Shop) -> None:
    assert "Scan or type any number" in finance.get("/search/").text


def test_other_shops_are_not_found(finance: Client, shop: Shop) -> None:
    make_return(make_shop("moss"))

    assert "Nothing found" in finance.get("/search/?q=110700123").text


def test_what_was_typed_is_never_markup(finance: Client, shop: Shop) -> None:
    assert "<script>alert" not in finance.get("/search/", {"q": "<script>alert(1)</script>"}).text

"""The list of returns: filters in the address, pages that neither skip nor repeat, a fragment for HTMX."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client
from pytest_django.asserts import assertNumQueries

from integrations.models import Shop
from returnsops.people.models import Membership, Role, User
from returnsops.posting.models import Posting
from returnsops.returns.models import LoopReturn
from tests.builders import make_return, make_shop
from tests.pages.scenes import make_planned_return
from tests.query_plans import explained, indexes_preferred

LIST_QUERIES = 9
HTMX = {"HX-Request": "true"}


@pytest.fixture
def finance(client: Client, finn: User) -> Client:
    client.force_login(finn)
    return client


def listed(client: Client, address: str) -> list[str]:
    return re.findall(r'class="row-link" href="/returns/\d+/">(\d+)<', client.get(address).text)


def test_a_row_says_what_the_return_waits_for(finance: Client, shop: Shop) -> None:
    row = make_planned_return(shop)

    text = finance.get("/returns/").text

    assert f'href="/returns/{row.pk}/"' in text
    assert "on its way to NetSuite" in text
    assert "155.52" in text
    assert "#20418" in text


def test_thousands_are_set_apart(finance: Client, shop: Shop) -> None:
    row = make_return(shop)
    values = {field.attname: getattr(row, field.attname) for field in LoopReturn._meta.concrete_fields} | {"id": None}
    LoopReturn.objects.bulk_create(LoopReturn(**values | {"loop_id": f"copy-{number}"}) for number in range(1_000))

    assert "1,001 to 1,001 of 1,001" in finance.get("/returns/?page=41").text
    assert ">1,001<" in render_to_string("components/count.html", {"count": 1_001})


def test_first_page_is_read_from_the_end_of_an_index(finance: Client, shop: Shop) -> None:
    make_planned_return(shop)

    with indexes_preferred(), explained("returns_loopreturn") as plans:
        finance.get("/returns/")

    assert any("returns_newest" in plan and "Sort" not in plan for plan in plans)


def test_no_personal_data_is_in_the_list(finance: Client, shop: Shop) -> None:
    make_planned_return(shop)

    assert "pat@example.com" not in finance.get("/returns/").text


def test_other_shops_are_not_listed(finance: Client, shop: Shop) -> None:
    make_return(make_shop("moss"))

    assert listed(finance, "/returns/") == []


@pytest.mark.parametrize(
    "query",
    ["q=110700123", "q=%2320418", "q=20418", "q=BOOT-42", "q=9400100000000000000001", "q=INV7001", "stage=on_its_way",
     "missing=rma", "state=open", "created_from=2026-11-16&created_until=2026-11-16", "posting=pending", "shop=fern"],
)  # fmt: skip
def test_each_filter_finds_it(finance: Client, shop: Shop, query: str) -> None:
    make_planned_return(shop)

    assert listed(finance, f"/returns/?{query}") == ["110700123"]


@pytest.mark.parametrize(
    "query",
    ["q=nothing", "stage=settled", "missing=credit", "state=closed", "created_from=2026-11-17", "posting=rejected"],
)
def test_each_filter_leaves_it_out(finance: Client, shop: Shop, query: str) -> None:
    make_planned_return(shop)

    answer = finance.get(f"/returns/?{query}")

    assert "No return fits" in answer.text
    assert 'href="/returns/"' in answer.text


def test_a_filter_that_is_set_can_be_taken_away_alone(finance: Client, shop: Shop) -> None:
    make_planned_return(shop)

    text = finance.get("/returns/?stage=on_its_way&state=open").text

    assert 'href="/returns/?state=open" title="Remove this filter"' in text
    assert 'href="/returns/?stage=on_its_way" title="Remove this filter"' in text


def test_an_empty_shop_says_when_something_will_appear(finance: Client, shop: Shop) -> None:
    assert "No returns yet" in finance.get("/returns/").text


def test_htmx_gets_the_rows_alone(finance: Client, shop: Shop) -> None:
    make_planned_return(shop)

    whole = finance.get("/returns/").text
    part = finance.get("/returns/", headers=HTMX).text
    boosted = finance.get("/returns/", headers={**HTMX, "HX-Boosted": "true"}).text

    assert "<html" in whole
    assert "<html" not in part
    assert 'id="list"' in part
    assert "<html" in boosted


def test_the_same_address_is_not_cached_for_both(finance: Client, shop: Shop) -> None:
    assert "HX-Request" in finance.get("/returns/").headers["Vary"]


def test_pages_neither_skip_nor_repeat(finance: Client, shop: Shop) -> None:
    for number in range(30):
        make_return(shop, loop_id=str(110700200 + number))
    LoopReturn.objects.update(created_at=LoopReturn.objects.latest("pk").created_at)

    seen = listed(finance, "/returns/") + listed(finance, "/returns/?page=2")

    assert len(seen) == len(set(seen)) == 30


def test_a_page_there_is_not_shows_the_last_one(finance: Client, shop: Shop) -> None:
    make_planned_return(shop)

    assert listed(finance, "/returns/?page=99") == ["110700123"]
    assert listed(finance, "/returns/?page=nonsense") == ["110700123"]


def test_it_can_be_ordered_by_value(finance: Client, shop: Shop) -> None:
    make_return(shop, loop_id="110700201", return_total="10.00")
    make_return(shop, loop_id="110700202", return_total="90.00")

    assert listed(finance, "/returns/?sort=-return_total") == ["110700202", "110700201"]
    assert listed(finance, "/returns/?sort=return_total") == ["110700201", "110700202"]


def test_a_settled_posting_does_not_count_as_owed(finance: Client, shop: Shop) -> None:
    make_planned_return(shop)
    Posting.objects.update(status=Posting.Status.VOIDED)

    assert listed(finance, "/returns/?posting=pending") == []


def test_the_number_of_queries_does_not_grow(finance: Client, shop: Shop, finn: User) -> None:
    Membership.objects.create(user=finn, shop=make_shop("moss"), role=Role.FINANCE)
    for number in range(6):
        make_planned_return(shop, loop_id=f"11070013{number}", lines=1)
    finance.get("/returns/")

    with assertNumQueries(LIST_QUERIES):
        finance.get("/returns/")

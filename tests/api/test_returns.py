"""Reading returns and units."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from integrations.models import NetSuiteAccount, Shop
from returnsops.people.models import User
from returnsops.returns.models import LoopReturn
from returnsops.tasks import look_at_return
from tests.api.conftest import API, make_member
from tests.builders import (
    make_inspection,
    make_netsuite,
    make_posting,
    make_record,
    make_return,
    make_rma,
    make_sale,
    make_unit,
)

LIST = f"{API}/returns/"
# The key with its user; the rows; then one for each kind of thing beside them.
QUERIES_LIST, QUERIES_DETAIL, QUERIES_UNITS = 2, 10, 3


def ids(client: APIClient, address: str) -> list[int]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return [one["id"] for one in answer.json()["results"]]


@pytest.fixture
def rich_row(row: LoopReturn, ada: User) -> LoopReturn:
    """A return with everything a return can have."""
    sale = make_sale([make_unit(1), make_unit(2)])
    make_record(row, sale)
    make_record(row, make_rma(sale))
    make_inspection(row, ada, "sellable")
    look_at_return(row.pk)
    make_posting(row)
    make_member(row, amount="0.03")
    row.refresh_from_db()
    return row


def test_return_tells_where_it_stands(tool: APIClient, rich_row: LoopReturn) -> None:
    told = tool.get(f"{LIST}{rich_row.pk}/").json()

    assert told["shop"] == "fern"
    assert (told["return_total"], told["currency"]) == ("155.52", "USD")
    assert [step["code"] for step in told["steps"]][:2] == ["request", "sale"]
    assert told["units"][0]["inspection"]["outcome"] == "sellable"
    assert told["units"][0]["inspection"]["inspector"]["username"] == "ada"
    assert told["units"][1]["inspection"] is None
    assert {one["record_type"] for one in told["counterparts"]} == {"invoice", "returnAuthorization"}
    assert told["postings"][-1]["external_id"].startswith("loop-fern-110700123-")
    assert told["open_cases"][-1]["amount"] == "0.03"


def test_counterpart_carries_its_total_and_page(tool: APIClient, rich_row: LoopReturn) -> None:
    NetSuiteAccount.objects.update(base_url="https://1234567-sb1.suitetalk.api.netsuite.com")

    Shop.objects.update(base_url="https://api.loopreturns.com")

    told = tool.get(f"{LIST}{rich_row.pk}/").json()

    invoice = told["counterparts"][0]
    assert told["link"] == "https://admin.loopreturns.com/returns/110700123"
    assert (invoice["tran_id"], invoice["total"], invoice["currency"]) == ("INV7001", "155.52", "USD")
    assert invoice["link"] == (
        "https://1234567-sb1.app.netsuite.com/app/accounting/transactions/transaction.nl?id=7001"
    )


def test_sandbox_records_have_no_page(tool: APIClient, rich_row: LoopReturn) -> None:
    assert tool.get(f"{LIST}{rich_row.pk}/").json()["counterparts"][0]["link"] is None


def test_case_that_the_return_has_left_is_not_open(tool: APIClient, row: LoopReturn) -> None:
    member = make_member(row)
    member.left_at = datetime.now(UTC)
    member.save()

    assert tool.get(f"{LIST}{row.pk}/").json()["open_cases"] == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("shop=fern", True),
        ("stage=new", True),
        ("stage=settled", False),
        ("state=open", True),
        ("state=closed", False),
        ("loop_id=110700123", True),
        ("loop_id=1", False),
        ("order=20418", True),
        ("order=%2320418", True),
        ("order=5873120045678", True),
        ("order=2041", False),
        ("sku=BOOT-42", True),
        ("sku=BOOT", False),
        ("tracking=9400100000000000000001", True),
        ("tracking=9400", False),
        ("settled=false", True),
        ("settled=true", False),
        ("created_from=2026-11-16", True),
        ("created_from=2026-11-17T00:00:00Z", False),
        ("created_to=2026-11-17", True),
        ("created_to=2026-11-16T09:30:00Z", False),
        ("q=110700123", True),
        ("q=20418", True),
        ("q=9400100000000000000001", True),
        ("q=387001", True),
        ("q=BOOT-42", True),
        ("q=inv7001", True),
        ("q=7001", True),
        ("q=loop-fern-110700123-rma-1", True),
        ("q=nothing%20like%20it", False),
        ("q=", True),
        ("stage=new&sku=BOOT-42&q=20418", True),
    ],
)
def test_filter(tool: APIClient, row: LoopReturn, query: str, found: bool) -> None:
    sale = make_sale([make_unit(1), make_unit(2)])
    make_record(row, sale)
    make_record(row, make_rma(sale))

    assert ids(tool, f"{LIST}?{query}") == ([row.pk] if found else [])


def test_exchange_order_is_an_identifier(tool: APIClient, row: LoopReturn) -> None:
    row.exchange_items.create(exchange_id="5001", total=1, exchange_order_name="#EXC-20418")

    assert ids(tool, f"{LIST}?q=EXC-20418") == [row.pk]


def test_identifier_of_another_shop_finds_nothing(tool: APIClient, foreign_row: LoopReturn) -> None:
    assert ids(tool, f"{LIST}?q={foreign_row.loop_id}") == []


@pytest.mark.parametrize("query", ["shop=moss", "stage=soon", "state=lost", "created_from=yesterday", "stauts=open"])
def test_filter_that_makes_no_sense_is_refused(tool: APIClient, other_shop: Shop, query: str) -> None:
    answer = tool.get(f"{LIST}?{query}")

    name = query.split("=")[0]
    assert answer.status_code == 400
    assert list(answer.json()["extra"]["fields"]) == [name]
    assert answer.json()["message"].startswith(f"{name}: ")


def test_null_character_in_a_filter_is_refused(tool: APIClient) -> None:
    assert tool.get(f"{LIST}?q=%00").status_code == 400


@pytest.mark.parametrize("key", ["0", "99999999", "9" * 30])
def test_return_that_is_not_there(tool: APIClient, key: str) -> None:
    assert tool.get(f"{LIST}{key}/").status_code == 404


def test_pages_hold_every_row_once_while_rows_arrive(tool: APIClient, shop: Shop) -> None:
    rows = [make_return(shop, loop_id=str(100 + number), lines=1).pk for number in range(7)]

    seen, address = [], f"{LIST}?page_size=3"
    while address:
        page = tool.get(address).json()
        seen += [one["id"] for one in page["results"]]
        address = page["next"]
        make_return(shop, loop_id=str(500 + len(seen)), lines=1)

    assert seen == rows[::-1]


def test_next_page_keeps_the_filters(tool: APIClient, shop: Shop) -> None:
    for number in range(2):
        make_return(shop, loop_id=str(100 + number), lines=1)

    assert "stage=new" in tool.get(f"{LIST}?stage=new&page_size=1").json()["next"]


@pytest.mark.parametrize("query", ["page_size=0", "page_size=251", "page_size=x", "page_size=-1", "after=x", "after=٣"])
def test_page_out_of_bounds_is_refused(tool: APIClient, query: str) -> None:
    assert tool.get(f"{LIST}?{query}").status_code == 400


def test_page_has_fifty_rows_if_nobody_says_otherwise(tool: APIClient, shop: Shop) -> None:
    now = datetime.now(UTC)
    columns: dict[str, Any] = {"state": "open", "currency": "USD", "return_total": 1, "raw": {}}
    LoopReturn.objects.bulk_create(
        LoopReturn(shop=shop, loop_id=str(number), created_at=now, updated_at=now, fetched_at=now, **columns)
        for number in range(51)
    )

    assert len(ids(tool, LIST)) == 50


def test_list_costs_the_same_for_one_and_for_many(
    tool: APIClient, shop: Shop, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tool.get(LIST)  # notes the use of the key
    for number in range(5):
        make_return(shop, loop_id=str(100 + number))
        with django_assert_num_queries(QUERIES_LIST):
            tool.get(LIST)


def test_detail_costs_the_same_for_little_and_for_much(
    tool: APIClient, rich_row: LoopReturn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tool.get(LIST)
    for number in range(2):
        make_record(rich_row, make_netsuite("creditMemo", str(8200 + number)))
        make_member(rich_row, "settled_differently", subject=f"return:{number}", amount="1.00")
        with django_assert_num_queries(QUERIES_DETAIL):
            tool.get(f"{LIST}{rich_row.pk}/")


def test_units_of_one_return(tool: APIClient, rich_row: LoopReturn, foreign_row: LoopReturn) -> None:
    units = tool.get(f"{API}/units/?return={rich_row.pk}").json()["results"]

    assert [unit["line_item_id"] for unit in units] == ["387002", "387001"]
    assert {unit["return"] for unit in units} == {rich_row.pk}
    assert (units[0]["price"], units[0]["currency"]) == ("80.00", "USD")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"387001", "387002"}),
        ("shop=fern", {"387001", "387002"}),
        ("sku=BOOT-42", {"387001", "387002"}),
        ("sku=SHOE", set()),
        ("outcome=sellable", {"387001"}),
        ("outcome=damaged", set()),
        ("inspected=true", {"387001"}),
        ("inspected=false", {"387002"}),
    ],
)
def test_filter_of_units(
    tool: APIClient, rich_row: LoopReturn, foreign_row: LoopReturn, query: str, found: set[str]
) -> None:
    units = tool.get(f"{API}/units/?{query}").json()["results"]

    assert {unit["line_item_id"] for unit in units} == found


@pytest.mark.parametrize("query", ["return=x", "return=1.5", "return=0", f"return={10**30}", "outcome=lost"])
def test_filter_of_units_that_makes_no_sense(tool: APIClient, query: str) -> None:
    assert tool.get(f"{API}/units/?{query}").status_code == 400


def test_units_cost_the_same_for_few_and_for_many(
    tool: APIClient, shop: Shop, ada: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tool.get(LIST)
    for number in range(3):
        make_inspection(make_return(shop, loop_id=str(100 + number)), ada, "sellable", "damaged")
        with django_assert_num_queries(QUERIES_UNITS):
            tool.get(f"{API}/units/")


def test_person_without_a_shop_sees_nothing(as_person: Callable[[User], APIClient], row: LoopReturn) -> None:
    client = as_person(User.objects.create_user("nobody"))

    assert ids(client, LIST) == []
    assert client.get(f"{LIST}{row.pk}/").status_code == 404

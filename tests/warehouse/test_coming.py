"""The inbound list: parcels that the carriers have (B05, B6)."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from integrations.models import Shop
from returnsops.people.models import Role, User
from returnsops.returns.models import LoopReturn
from returnsops.returns.parcels import record_arrival
from returnsops.warehouse.coming import PAGE_SIZE, parcels_coming
from tests.builders import CREATED, make_record, make_rma, make_sale, make_shop, make_unit, make_user
from tests.pages.scenes import make_planned_return
from tests.query_plans import explained, indexes_preferred

QUERIES_MAX = 12


@pytest.fixture
def station(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


def read(client: Client, **query: Any) -> str:
    answer = client.get(reverse("inspect-coming"), query)
    assert answer.status_code == 200
    return answer.text


def test_parcel_is_told_with_contents_carrier_and_authorization(station: Client, shop: Shop) -> None:
    row = make_planned_return(shop, carrier="USPS", label_status="out_for_delivery")
    make_record(row, replace(make_rma(make_sale([make_unit(1)])), tran_id="RMA8001", status_label="Pending Receipt"))

    page = read(station)

    assert "Order #20418" in page
    assert "2 × BOOT-42" in page
    assert "USPS · out for delivery" in page
    assert 'data-copy="9400100000000000000001"' in page
    assert "RMA8001" in page
    assert "Pending Receipt" in page


def test_parcel_says_by_when_it_should_be_here(station: Client, shop: Shop) -> None:
    make_planned_return(shop)

    assert f"here by {CREATED + timedelta(days=30):%-d %b}" in read(station)


def test_longest_awaited_comes_first(station: Client, shop: Shop) -> None:
    for day, loop_id in ((2, "110700202"), (9, "110700209"), (5, "110700205")):
        make_planned_return(shop, loop_id=loop_id, created_at=f"2026-11-0{day} 10:00:00")

    page = read(station)

    places = [page.index(f"Order #30{number}") for number in (202, 205, 209)]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "changes", [{"label_status": "delivered"}, {"label_status": "pre_transit"}, {"state": "cancelled"}]
)
def test_what_is_here_or_does_not_move_is_left_out(station: Client, shop: Shop, changes: dict[str, Any]) -> None:
    make_planned_return(shop, **changes)

    assert "Order #20418" not in read(station)


def test_parcel_that_was_scanned_at_the_dock_is_left_out(station: Client, shop: Shop, ada: User) -> None:
    row = make_planned_return(shop)
    record_arrival(shop, "9400100000000000000001", by=ada, client_id=uuid.uuid4(), loop_return=row)

    assert "Order #20418" not in read(station)


def test_parcel_comes_whatever_else_is_asked_about_it(station: Client, shop: Shop) -> None:
    make_planned_return(shop)
    LoopReturn.objects.update(stage=LoopReturn.Stage.NEEDS_PERSON)

    page = read(station)

    assert "Order #20418" in page
    assert "No Return Authorization yet" in page


def test_station_leads_there(station: Client, shop: Shop) -> None:
    assert reverse("inspect-coming") in station.get(reverse("inspect")).text


def test_list_is_closed_to_other_roles_and_shops(client: Client, finn: User, shop: Shop) -> None:
    make_planned_return(shop)
    client.force_login(finn)
    assert client.get(reverse("inspect-coming")).status_code == 403

    client.force_login(make_user(Role.WAREHOUSE, make_shop("moss"), username="mo"))
    assert "#20418" not in read(client)


def test_pages_hold_every_parcel_once_for_the_same_queries(
    station: Client, shop: Shop, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(PAGE_SIZE + 1):
        make_planned_return(shop, loop_id=str(110700200 + number), lines=1)

    with django_assert_max_num_queries(QUERIES_MAX):
        first = read(station)
    second = read(station, page=2)

    assert first.count("Order #") == PAGE_SIZE
    assert second.count("Order #") == 1
    assert f"1 to {PAGE_SIZE} of {PAGE_SIZE + 1}" in first


def test_list_is_read_by_an_index(shop: Shop, ada: User) -> None:
    with indexes_preferred(), explained("returns_loopreturn") as plans:
        list(parcels_coming(ada))

    assert plans
    assert all("Seq Scan on returns_loopreturn" not in plan for plan in plans)

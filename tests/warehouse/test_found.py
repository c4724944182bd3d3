"""Goods that are not on the return, noted at the station."""

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import Shop
from returnsops.people.models import User
from returnsops.returns.models import FoundGoods, InspectedUnit, LoopReturn
from tests.builders import FIRST_UNIT, make_inspection, make_item, make_return

UNIT = str(FIRST_UNIT)


@pytest.fixture
def row(shop: Shop) -> LoopReturn:
    return make_return(shop, label_status="delivered")


@pytest.fixture
def station(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


def note(client: Client, row: LoopReturn, sku: str = "SOCKS", **fields: Any) -> str:
    sent = {"sku": sku, "count": 1, "client_id": uuid.uuid4()} | fields
    answer = client.post(reverse("inspect-found", args=[row.pk]), sent, follow=True)
    return answer.content.decode()


def ask(client: Client, row: LoopReturn, **query: str) -> str:
    return client.get(reverse("inspect-parcel", args=[row.pk]), query).content.decode()


def test_what_lies_beside_the_units_is_listed_and_can_be_taken_back(station: Client, row: LoopReturn) -> None:
    page = note(station, row, count=2)
    assert "2 × SOCKS noted." in page
    assert "beside the units" in page

    found = FoundGoods.objects.get()
    back = station.post(reverse("inspect-found-back", args=[row.pk, found.pk]), follow=True).content.decode()

    assert "2 × SOCKS is taken back." in back
    assert "beside the units" not in back


def test_wrong_item_makes_the_unit_missing(station: Client, row: LoopReturn) -> None:
    assert "What lies in its place?" in ask(station, row, found="1", unit=UNIT)

    page = note(station, row, unit=UNIT)

    assert "in place of Boot" in page
    assert list(InspectedUnit.objects.values_list("line__line_item_id", "outcome")) == [(UNIT, "missing")]


def test_text_that_may_mean_several_items_is_asked_about(station: Client, row: LoopReturn, shop: Shop) -> None:
    make_item("SOCKS-M", "504", account=shop.account)
    make_item("SOCKS-L", "505", account=shop.account)

    page = note(station, row, "sock")
    assert "«sock» may be one of these:" in page
    assert not FoundGoods.objects.exists()

    note(station, row, "SOCKS-L")
    note(station, row, "sock", as_typed="on")
    assert list(FoundGoods.objects.values_list("sku", flat=True)) == ["SOCKS-L", "sock"]


def test_nonsense_is_refused_in_words(station: Client, row: LoopReturn) -> None:
    assert "Say what lay there and how many." in note(station, row, count=0)
    assert "Unit 999 is not part of" in note(station, row, unit="999")
    assert not FoundGoods.objects.exists()


def test_found_goods_alone_can_be_finished(station: Client, row: LoopReturn) -> None:
    assert "Finish, 2 still expected" in note(station, row)
    assert "Found: 1 × SOCKS" in ask(station, row, summary="1")

    station.post(reverse("inspect-finish", args=[row.pk]))

    assert FoundGoods.objects.get().inspection.finished_at is not None
    assert "Take back" not in ask(station, row)


def test_unit_on_hold_of_an_ended_return_offers_nothing(station: Client, row: LoopReturn, ada: User) -> None:
    make_inspection(row, ada, "hold", "hold")
    assert "Moved to sellable stock." in ask(station, row)

    LoopReturn.objects.update(stage="ended")

    assert "moved by hand in NetSuite" in ask(station, row)
    assert "20418" not in station.get(reverse("inspect")).content.decode()


def test_nothing_is_noted_for_an_inspected_parcel(station: Client, row: LoopReturn, ada: User) -> None:
    make_inspection(row, ada, "sellable", "sellable")

    assert "Inspected already" in note(station, row)
    assert "Something else is in it" not in ask(station, row)


def test_colleague_does_not_take_it_back(
    station: Client, row: LoopReturn, client: Client, finn: User, shop: Shop
) -> None:
    note(station, row)
    client.force_login(finn)

    answer = client.post(reverse("inspect-found-back", args=[row.pk, FoundGoods.objects.get().pk]))

    assert answer.status_code == 403

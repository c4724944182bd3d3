"""Items in the admin: looked at, and of kits that NetSuite tells nothing of, said what they are made of."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.models import Shop
from integrations.profile import Place
from returnsops.lib import clock
from returnsops.people.models import AuditEvent, Role, User
from returnsops.returns.models import Item, ItemStock, KitMember, LoopReturn
from tests.builders import make_account, make_item, make_mapping, make_return, make_shop
from tests.pages.scenes import make_checked


@pytest.fixture
def kit(shop: Shop) -> Item:
    item = make_item(account=shop.account)
    Item.objects.filter(pk=item.pk).update(item_type="Kit")
    item.refresh_from_db()
    return item


def say(client: Client, kit: Item, **columns: Any) -> Any:
    sent = {"members-TOTAL_FORMS": 1, "members-INITIAL_FORMS": 0, "members-0-kit": kit.pk}
    sent |= {f"members-0-{name}": value for name, value in columns.items()}
    return client.post(reverse("admin:returns_item_change", args=[kit.pk]), sent, follow=True)


def test_person_says_what_a_kit_is_made_of(data_person: Client, shop: Shop, kit: Item) -> None:
    make_mapping(shop, item=kit)
    row = make_return(shop)
    LoopReturn.objects.update(look_again_at=None)

    say(data_person, kit, item=make_item("CUP", "502", account=shop.account).pk, quantity=2)

    assert [str(one) for one in kit.members.all()] == ["2 × CUP"]
    row.refresh_from_db()
    assert row.look_again_at is not None
    event = AuditEvent.objects.get(action="said what a kit is made of")
    assert event.after == {"members": {"502": 2}}


def test_what_netsuite_told_is_looked_at_only(data_person: Client, kit: Item) -> None:
    Item.objects.update(members_told=True)
    KitMember.objects.create(kit=kit, item=make_item("CUP", "502", account=kit.account))

    page = data_person.get(reverse("admin:returns_item_change", args=[kit.pk])).content.decode()
    answer = say(data_person, kit, item=kit.pk, quantity=9)

    assert "CUP" in page
    assert answer.status_code == 403
    assert [str(one) for one in kit.members.all()] == ["1 × CUP"]


def test_kit_is_made_of_plain_items_of_its_own_account(data_person: Client, shop: Shop, kit: Item) -> None:
    page = say(data_person, kit, item=kit.pk, quantity=1).content.decode()

    assert "is a kit itself" in page
    assert not KitMember.objects.exists()


def test_item_that_is_no_kit_has_no_members_to_say(data_person: Client, shop: Shop) -> None:
    plain = make_item(account=shop.account)

    page = data_person.get(reverse("admin:returns_item_change", args=[plain.pk]))

    assert page.status_code == 200
    assert "members-TOTAL_FORMS" not in page.content.decode()


def test_stock_is_shown_with_the_name_of_its_location_in_one_query_for_all(data_person: Client, shop: Shop) -> None:
    item = make_item("BOOT-43", "502", account=shop.account)
    places = {str(number): Place(id=str(number), name=f"Shelf {number}") for number in range(10, 20)}
    make_checked(shop, locations=places)
    ItemStock.objects.bulk_create(
        ItemStock(item=item, location=one, available=3, read_at=clock.now()) for one in ("", *places)
    )

    with CaptureQueriesContext(connection) as asked:
        page = data_person.get(reverse("admin:returns_item_change", args=[item.pk])).text

    assert "Shelf 14 (location 14)" in page
    assert "all locations together" in page
    assert sum("integrations_connectionprofile" in one["sql"] for one in asked.captured_queries) == 1


def test_right_in_one_account_tells_nothing_of_kits_in_another(data_person: Client, dana: User, shop: Shop) -> None:
    moss = make_shop("moss", account=make_account("7654321"))
    dana.memberships.create(shop=moss, role=Role.CARE)
    kit = make_item("SET", "601", account=moss.account)
    Item.objects.filter(pk=kit.pk).update(item_type="Kit")

    say(data_person, kit, item=make_item("CUP", "502", account=moss.account).pk, quantity=2)

    assert not kit.members.exists()

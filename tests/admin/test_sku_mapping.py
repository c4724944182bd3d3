"""Mapping a SKU in the admin: the one page with which data people let returns go on."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from integrations.errors import TemporaryError
from integrations.models import Shop
from integrations.netsuite.records import ItemRecord
from returnsops.people.models import AuditEvent, User
from returnsops.returns.models import Item, LoopReturn, SkuMapping
from tests.builders import NOW, details_payload, make_account, make_item, make_mapping, make_return, make_shop

LIST = "admin:returns_skumapping_changelist"
ADD = "admin:returns_skumapping_add"


@pytest.fixture
def blocked(shop: Shop) -> LoopReturn:
    """Two units of a SKU that NetSuite was asked for and does not know."""
    row = make_return(shop)
    LoopReturn.objects.filter(pk=row.pk).update(records_fetched_at=NOW, look_again_at=None)
    return row


def save(client: Client, shop: Shop, item: Item, sku: str = "BOOT-42", **fields: Any) -> Any:
    sent = {"shop": shop.pk, "sku": sku, "item": item.pk, "reason": "Same boot"} | fields
    return client.post(reverse(ADD), sent, follow=True)


def test_list_says_what_is_blocked_now(data_person: Client, blocked: LoopReturn) -> None:
    page = data_person.get(reverse(LIST)).content.decode()

    assert "Blocked now: 1 SKU" in page
    assert "155.52 USD" in page
    assert f"{reverse(ADD)}?shop={blocked.shop_id}&amp;sku=BOOT-42" in page


def test_list_says_when_nothing_is_blocked(data_person: Client, blocked: LoopReturn) -> None:
    make_mapping(blocked.shop)

    assert "Nothing is blocked" in data_person.get(reverse(LIST)).content.decode()


def test_settled_and_unread_returns_block_nothing(data_person: Client, blocked: LoopReturn) -> None:
    LoopReturn.objects.update(stage=LoopReturn.Stage.SETTLED)
    assert "Nothing is blocked" in data_person.get(reverse(LIST)).content.decode()

    LoopReturn.objects.update(stage=LoopReturn.Stage.NEW, records_fetched_at=None)
    assert "Nothing is blocked" in data_person.get(reverse(LIST)).content.decode()


def test_replacement_without_item_is_blocked_too(data_person: Client, shop: Shop) -> None:
    make_mapping(shop)
    exchange = {"exchange_id": 9, "sku": "BOOT-99", "title": "Boot / 99", "price": "80.00", "total": "86.40"}
    make_return(shop, raw=details_payload(exchanges=[exchange]))
    LoopReturn.objects.update(records_fetched_at=NOW)

    page = data_person.get(reverse(LIST)).content.decode()

    assert "Map it" in page
    assert "86.40 USD" in page


def test_add_page_takes_shop_and_sku_and_shows_what_waits(data_person: Client, blocked: LoopReturn) -> None:
    page = data_person.get(reverse(ADD), {"shop": str(blocked.shop_id), "sku": "BOOT-42"}).content.decode()

    assert 'value="BOOT-42"' in page
    assert "1 open return with 2 units, worth 155.52 USD, holds it." in page
    assert f"/returns/{blocked.pk}/" in page
    assert f"/admin/autocomplete/?shop={blocked.shop_id}" in page


def test_saving_maps_audits_and_lets_the_return_go_on(data_person: Client, blocked: LoopReturn, dana: User) -> None:
    page = save(data_person, blocked.shop, make_item(account=blocked.shop.account)).content.decode()

    mapping = SkuMapping.objects.get()
    assert (mapping.kind, mapping.made_by, mapping.reason) == ("manual", dana, "Same boot")
    blocked.refresh_from_db()
    assert blocked.look_again_at is not None
    assert AuditEvent.objects.get(action="mapped SKU").reason == "Same boot"
    assert "1 waiting return goes on by itself" in page


def test_reason_is_required(data_person: Client, blocked: LoopReturn) -> None:
    page = save(data_person, blocked.shop, make_item(account=blocked.shop.account), reason=" ").content.decode()

    assert "This field is required" in page
    assert not SkuMapping.objects.exists()


def test_new_mapping_supersedes_and_history_stays(data_person: Client, shop: Shop) -> None:
    former = make_mapping(shop)
    other = make_item("BOOT-42-EU", "502", account=shop.account)
    address = reverse("admin:returns_skumapping_change", args=[former.pk])

    data_person.post(address, {"item": other.pk, "reason": "Renamed"})

    former.refresh_from_db()
    assert not former.active
    assert SkuMapping.objects.get(active=True).item == other
    history = data_person.get(address).content.decode()
    assert 'name="item"' not in history


def test_add_page_replaces_a_mapping_that_is_there_and_says_so(data_person: Client, shop: Shop) -> None:
    make_mapping(shop)
    other = make_item("BOOT-42-EU", "502", account=shop.account)

    page = data_person.get(reverse(ADD), {"shop": str(shop.pk), "sku": "BOOT-42"}).content.decode()
    assert "saving puts another item in its place" in page

    save(data_person, shop, other)
    assert SkuMapping.objects.get(active=True).item == other


def test_items_that_cannot_be_meant_are_refused(data_person: Client, shop: Shop) -> None:
    foreign = make_item("BOOT-42", "901", account=make_account("7654321"))
    inactive = make_item("BOOT-42-OLD", "503", account=shop.account)
    Item.objects.filter(pk=inactive.pk).update(is_inactive=True)
    mapped = make_mapping(shop).item

    for item, words in ((foreign, "is an item of"), (inactive, "is inactive"), (mapped, "means this item already")):
        assert words in save(data_person, shop, item).content.decode()
    assert SkuMapping.objects.count() == 1


def test_autocomplete_offers_active_items_of_the_shops_account(data_person: Client, shop: Shop) -> None:
    make_item("BOOT-42", "501", account=shop.account)
    other = make_shop("moss", account=make_account("7654321"))
    make_item("BOOT-42", "901", account=other.account)
    query = {
        "app_label": "returns",
        "model_name": "skumapping",
        "field_name": "item",
        "term": "boot",
        "shop": str(shop.pk),
    }

    found = data_person.get(reverse("admin:autocomplete"), query).json()["results"]

    assert [row["text"] for row in found] == ["BOOT-42 BOOT-42 in NetSuite"]


def test_look_up_fetches_the_item_and_comes_back_with_it(
    data_person: Client, blocked: LoopReturn, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, [item_record("HIKER-7")])

    back = look_up(data_person, blocked.shop, "HIKER-7")

    item = Item.objects.get(sku="HIKER-7")
    assert f"item={item.pk}" in back.url
    assert "reason=Same+boot" in back.url
    assert "HIKER-7" in data_person.get(back.url).content.decode()


def test_look_up_says_what_went_wrong(data_person: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def said(name: str, shop_pk: Any = shop.pk) -> str:
        back = look_up(data_person, shop, name, shop_pk=shop_pk)
        return str(data_person.get(back.url).content.decode())

    answer_with(monkeypatch, [])
    assert "has no item named exactly «HIKER-7»" in said("HIKER-7")
    assert "Type the item" in said(" ")
    assert "Choose the shop first" in said("HIKER-7", shop_pk="")
    answer_with(monkeypatch, [item_record("HIKER-7", is_inactive=True)])
    assert "is inactive in NetSuite" in said("HIKER-7")
    answer_with(monkeypatch, TemporaryError(system="netsuite", operation="find items", detail="no answer in 10 s"))
    assert "NetSuite could not be asked: no answer in 10 s" in said("HIKER-7")


def test_only_data_people_map_and_only_their_shops(client: Client, data_person: Client, shop: Shop, finn: User) -> None:
    other = make_shop("moss", account=shop.account)
    page = save(data_person, other, make_item(account=shop.account)).content.decode()
    assert "Select a valid choice" in page
    assert look_up(data_person, other, "X").status_code == 404

    User.objects.filter(pk=finn.pk).update(is_staff=True)
    client.force_login(User.objects.get(pk=finn.pk))
    assert client.get(reverse(LIST)).status_code == 403
    assert client.get(reverse(ADD)).status_code == 403
    assert not SkuMapping.objects.exists()


def test_queries_do_not_grow_with_blocked_skus(
    data_person: Client, shop: Shop, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    counts = []
    for number in range(4):
        payload = details_payload(loop_id=str(110700200 + number), lines=1)
        payload["line_items"][0] |= {"line_item_id": 400 + number, "sku": f"BOOT-{number}"}
        make_return(shop, raw=payload)
        LoopReturn.objects.update(records_fetched_at=NOW)
        with django_assert_max_num_queries(20) as queries:
            data_person.get(reverse(LIST))
        counts.append(len(queries))

    assert counts[0] == counts[-1]


def test_address_of_no_mapping_is_answered(data_person: Client) -> None:
    assert data_person.get("/admin/returns/skumapping/widgets.css/change/").status_code == 302


def look_up(client: Client, shop: Shop, name: str, *, shop_pk: Any = None) -> Any:
    sent = {"shop": shop.pk if shop_pk is None else shop_pk, "sku": "BOOT-42", "reason": "Same boot", "look_up": name}
    return client.post(reverse("admin:returns_skumapping_look_up"), sent)


def answer_with(monkeypatch: pytest.MonkeyPatch, answer: list[ItemRecord] | Exception) -> None:
    """NetSuite's answer to a search for items."""

    class Answering:
        def find_items(self, names: list[str], *, field: str) -> list[ItemRecord]:
            if isinstance(answer, Exception):
                raise answer
            return answer

    monkeypatch.setattr("returnsops.returns.admin.netsuite_client", lambda account, *, read_timeout_s: Answering())


def item_record(sku: str, **changes: Any) -> ItemRecord:
    values: dict[str, Any] = {
        "internal_id": "777", "sku": sku, "display_name": f"{sku} in NetSuite", "upc": None, "item_type": "InvtPart",
        "is_inactive": False,
    }  # fmt: skip
    return ItemRecord(**values | changes)

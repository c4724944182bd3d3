"""What a shop's SKU means in NetSuite."""

from typing import Any

import pytest

from integrations.models import Shop
from integrations.netsuite.records import ItemRecord
from returnsops.people.models import AuditEvent, User
from returnsops.returns import sku_mapping
from returnsops.returns.models import Item, LoopReturn, SkuMapping
from tests.builders import make_item, make_mapping, make_return, make_shop

pytestmark = pytest.mark.django_db


def found(sku: str, internal_id: str, **changes: Any) -> ItemRecord:
    values: dict[str, Any] = {"display_name": None, "upc": None, "item_type": "InvtPart", "is_inactive": False}
    return ItemRecord(internal_id=internal_id, sku=sku, **values | changes)


class Catalogue:
    """NetSuite as far as items go; notes what it was asked."""

    def __init__(self, *items: ItemRecord) -> None:
        self.items = items
        self.asked: list[list[str]] = []

    def find_items(self, skus: list[str]) -> list[ItemRecord]:
        self.asked.append(list(skus))
        return [item for item in self.items if (item.found_by or item.sku) in skus]


def ask(monkeypatch: pytest.MonkeyPatch, shop: Shop, skus: set[str], *items: ItemRecord) -> Catalogue:
    catalogue = Catalogue(*items)
    monkeypatch.setattr(sku_mapping, "netsuite_client", lambda account: catalogue)
    sku_mapping.look_up_items(shop, skus)
    return catalogue


def meanings(shop: Shop, *skus: str) -> dict[str, str]:
    return {sku: one.item_id for sku, one in sku_mapping.meanings_of(shop, skus).items()}


def test_exact_text_is_taken_over_by_itself(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(monkeypatch, shop, {"BOOT-42", "SOCK"}, found("BOOT-42", "501"))

    assert meanings(shop, "BOOT-42", "SOCK") == {"BOOT-42": "501"}
    assert SkuMapping.objects.get().kind == "exact"


def test_inactive_item_is_known_but_not_taken(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(monkeypatch, shop, {"BOOT-42"}, found("BOOT-42", "501", is_inactive=True))

    assert Item.objects.get().is_inactive
    assert meanings(shop, "BOOT-42") == {}


def test_sku_is_looked_for_where_the_account_keeps_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(monkeypatch, shop, {"4006381333931"}, found("BOOT-42", "501", found_by="4006381333931"))

    assert meanings(shop, "4006381333931", "BOOT-42") == {"4006381333931": "501"}


def test_two_items_with_one_sku_are_left_to_a_person(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    twins = [found(f"BOOT-{number}", str(number), found_by="4006381333931") for number in (501, 502)]

    ask(monkeypatch, shop, {"4006381333931"}, *twins)

    assert Item.objects.count() == 2
    assert meanings(shop, "4006381333931") == {}


def test_inactive_twin_does_not_count(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    active = found("BOOT-501", "501", found_by="4006381333931")
    inactive = found("BOOT-502", "502", found_by="4006381333931", is_inactive=True)

    ask(monkeypatch, shop, {"4006381333931"}, active, inactive)

    assert meanings(shop, "4006381333931") == {"4006381333931": "501"}


def test_mapped_sku_is_not_asked_for_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    make_mapping(shop, "BOOT-42")

    assert ask(monkeypatch, shop, {"BOOT-42"}).asked == []


def test_choice_of_a_person_is_not_overwritten(shop: Shop, dana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    sku_mapping.map_sku(shop, "BOOT-42", make_item("OTHER", "777"), by=dana, reason="Renamed")

    ask(monkeypatch, shop, {"BOOT-42", "SOCK"}, found("BOOT-42", "501"))

    assert meanings(shop, "BOOT-42") == {"BOOT-42": "777"}


def test_mapping_lets_everything_it_blocked_go_on(shop: Shop, dana: User) -> None:
    row = make_return(shop)
    LoopReturn.objects.update(look_again_at=None)

    sku_mapping.map_sku(shop, "BOOT-42", make_item(), by=dana, reason="New item")

    row.refresh_from_db()
    assert row.look_again_at is not None
    assert AuditEvent.objects.filter(action="mapped SKU", actor=dana, reason="New item").count() == 1


def test_former_mapping_stays_as_history(shop: Shop, dana: User) -> None:
    for internal_id in ("501", "502"):
        sku_mapping.map_sku(shop, "BOOT-42", make_item(f"I{internal_id}", internal_id), by=dana, reason="why")

    assert meanings(shop, "BOOT-42") == {"BOOT-42": "502"}
    assert SkuMapping.objects.filter(active=False).count() == 1


def test_mapping_of_one_shop_says_nothing_in_another(shop: Shop) -> None:
    make_mapping(shop)

    assert meanings(make_shop("moss"), "BOOT-42") == {}


def test_replacement_waits_for_its_sku_as_well(shop: Shop) -> None:
    row = make_return(shop, exchanges=[{"exchange_id": 1, "sku": "BOOT-43", "total": "77.76"}])

    assert sku_mapping.returns_waiting_for(shop, "BOOT-43") == [row.pk]


def test_settled_return_waits_for_nothing(shop: Shop) -> None:
    make_return(shop)
    LoopReturn.objects.update(stage="settled")

    assert sku_mapping.returns_waiting_for(shop, "BOOT-42") == []

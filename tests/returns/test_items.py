"""Items as mirrored, and what kits are made of: read from NetSuite, or said by a person."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations.errors import RejectedError
from integrations.models import Shop
from integrations.netsuite.records import ItemRecord, KitMemberRecord
from returnsops.posting.facts import load_facts
from returnsops.returns import items, sku_mapping
from returnsops.returns.facts import KitFacts, MemberFacts
from returnsops.returns.models import Item, KitMember, LoopReturn, SkuMapping
from tests.builders import make_item, make_mapping, make_return

pytestmark = pytest.mark.django_db


def record(sku: str, internal_id: str, item_type: str = "InvtPart") -> ItemRecord:
    return ItemRecord(
        internal_id=internal_id, sku=sku, display_name=None, upc=None, item_type=item_type, is_inactive=False
    )


class Books:
    """NetSuite as far as items go. members: by kit how many of each item; None: the role may not read them."""

    def __init__(self, members: dict[str, dict[str, str]] | None, *records: ItemRecord) -> None:
        self.members, self.records = members, records

    def find_items(self, values: list[str], *, field: str = "") -> list[ItemRecord]:
        return [one for one in self.records if (one.internal_id if field == "id" else one.sku) in values]

    def find_members(self, kit_ids: list[str]) -> list[KitMemberRecord] | None:
        if self.members is None:
            return None
        return [
            KitMemberRecord(kit_id=kit, item_id=item, quantity=Decimal(count))
            for kit in kit_ids
            for item, count in self.members.get(kit, {}).items()
        ]


BOX, CUP, TEA = record("BOX", "501", "Kit"), record("CUP", "502"), record("TEA", "503", "Service")


def read(monkeypatch: pytest.MonkeyPatch, shop: Shop, members: dict[str, dict[str, str]] | None) -> Books:
    books = Books(members, BOX, CUP, TEA)
    for module in (items, sku_mapping):
        monkeypatch.setattr(module, "netsuite_client", lambda account: books)
    sku_mapping.look_up_items(shop, {"BOX"})
    return books


def test_too_long_names_are_cut_and_keep_no_item_out(shop: Shop) -> None:
    wordy = replace(CUP, display_name="x" * 400, upc="4" * 61)

    items.apply_items(shop.account, [wordy, TEA])

    cup = Item.objects.get(sku="CUP")
    assert (cup.display_name, cup.upc) == ("x" * 300, ""), "half a number is another number"
    assert Item.objects.filter(sku="TEA").exists()


@pytest.mark.parametrize("too_long", [{"sku": "S" * 121}, {"item_type": "t" * 31}, {"internal_id": "9" * 21}])
def test_item_whose_own_marks_do_not_fit_is_left_out_alone(
    shop: Shop, caplog: pytest.LogCaptureFixture, too_long: dict[str, Any]
) -> None:
    items.apply_items(shop.account, [replace(CUP, **too_long), TEA])

    assert list(Item.objects.values_list("sku", flat=True)) == ["TEA"]
    assert "cannot be kept" in caplog.text


def test_sku_is_not_mapped_to_an_item_that_was_left_out(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Books({}, replace(CUP, sku="S" * 121, found_by="CUP"), TEA)
    monkeypatch.setattr(client, "find_items", lambda values: list(client.records))
    monkeypatch.setattr(sku_mapping, "netsuite_client", lambda account: client)

    assert sku_mapping.look_up_items(shop, {"CUP", "TEA"}) == {"TEA"}
    assert list(SkuMapping.objects.values_list("sku", flat=True)) == ["TEA"]


def test_category_of_an_item_is_a_fact_and_another_one_is_news(shop: Shop) -> None:
    row = make_return(shop, lines=1)
    items.apply_items(shop.account, [CUP])
    cup = Item.objects.get(sku="CUP")
    SkuMapping.objects.create(shop=shop, sku=row.lines.get().sku, item=cup, kind=SkuMapping.Kind.EXACT, reason="same")
    assert [one.category for one in load_facts(row).units] == [None]
    LoopReturn.objects.update(look_again_at=None)

    items.apply_items(shop.account, [replace(CUP, category="Home : Kitchen")])

    assert [one.category for one in load_facts(row).units] == ["Home : Kitchen"]
    assert LoopReturn.objects.exclude(look_again_at=None).exists()


def kits_of(row: LoopReturn) -> tuple[KitFacts, ...]:
    return load_facts(row).kits


def test_kit_that_is_seen_first_is_known_with_its_members(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    read(monkeypatch, shop, {"501": {"502": "2.0", "503": "1"}})

    assert [str(one) for one in KitMember.objects.all()] == ["2 × CUP", "1 × TEA"]
    assert Item.objects.get(sku="BOX").members_told


def test_kit_with_an_item_that_nobody_shows_us_is_not_told_and_holds_up_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    read(monkeypatch, shop, {"501": {"502": "2", "999": "1"}})

    assert SkuMapping.objects.filter(shop=shop, sku="BOX").exists()
    assert not KitMember.objects.exists()
    assert not Item.objects.get(sku="BOX").members_told
    assert "kits 501" in caplog.text


def test_members_of_a_returned_kit_are_a_fact(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    read(monkeypatch, shop, {"501": {"502": "2", "503": "1"}})
    row = make_return(shop)
    row.lines.update(sku="BOX")

    cup, tea = MemberFacts("502", "CUP", 2), MemberFacts("503", "TEA", 1, keeps_stock=False)
    assert kits_of(row) == (KitFacts("501", "BOX", (cup, tea)),)


@pytest.mark.parametrize(("sku", "keeps_stock"), [("BOX", True), ("CUP", True), ("TEA", False)])
def test_what_lies_nowhere_is_a_fact(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, sku: str, *, keeps_stock: bool
) -> None:
    read(monkeypatch, shop, {"501": {"502": "2", "503": "1"}})
    row = make_return(shop)
    row.lines.update(sku="SOLD")
    item = Item.objects.get(sku=sku)
    SkuMapping.objects.create(shop=shop, sku="SOLD", item=item, kind=SkuMapping.Kind.EXACT, reason="same")

    assert {one.keeps_stock for one in load_facts(row).units} == {keeps_stock}


def test_kit_that_nobody_told_of_is_a_fact_without_members(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    read(monkeypatch, shop, None)
    row = make_return(shop)
    row.lines.update(sku="BOX")

    assert kits_of(row) == (KitFacts("501", "BOX"),)
    assert not Item.objects.get(sku="BOX").members_told


def test_plain_goods_ask_for_no_kits(shop: Shop) -> None:
    make_mapping(shop)

    assert kits_of(make_return(shop)) == ()


def test_kit_that_holds_a_part_of_something_is_left_to_a_person(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    read(monkeypatch, shop, {"501": {"502": "0.5"}})

    assert not KitMember.objects.exists()
    assert not Item.objects.get(sku="BOX").members_told


def test_kit_that_holds_a_kit_is_left_to_a_person(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    books = Books({"501": {"502": "1", "504": "1"}, "504": {"502": "3"}}, BOX, CUP, record("TEASET", "504", "Kit"))
    monkeypatch.setattr(sku_mapping, "netsuite_client", lambda account: books)

    sku_mapping.look_up_items(shop, {"BOX"})

    assert not KitMember.objects.exists()
    assert not Item.objects.get(sku="BOX").members_told


def test_kit_that_came_to_hold_a_kit_is_no_longer_taken_for_what_it_was(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = read(monkeypatch, shop, {"501": {"502": "1"}})
    Item.objects.update(members_asked_at=None)
    books.members, books.records = {"501": {"502": "1", "504": "1"}}, (BOX, CUP, record("TEASET", "504", "Kit"))

    items.read_members_again(shop.account)

    assert not KitMember.objects.exists()
    assert not Item.objects.get(sku="BOX").members_told


def test_kit_that_is_stored_with_a_kit_in_it_is_a_fact_without_members(shop: Shop) -> None:
    box, inner = make_item("BOX", "501"), make_item("TEASET", "504")
    Item.objects.update(item_type=Item.KIT)
    for item in (make_item("CUP", "502"), inner):
        KitMember.objects.create(kit=box, item=item, quantity=1)
    make_mapping(shop, sku="BOX", item=box)
    row = make_return(shop)
    row.lines.update(sku="BOX")

    assert kits_of(row) == (KitFacts("501", "BOX"),)


def test_what_a_person_said_stays_where_netsuite_tells_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    read(monkeypatch, shop, None)
    KitMember.objects.create(kit=Item.objects.get(sku="BOX"), item=make_item("CUP", "502"), quantity=3)
    Item.objects.update(members_asked_at=None)

    assert items.read_members_again(shop.account) == 1

    assert [str(one) for one in KitMember.objects.all()] == ["3 × CUP"]


def test_members_are_asked_for_again_after_a_day_and_news_asks_for_a_plan(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = read(monkeypatch, shop, {"501": {"502": "1"}})
    row = make_return(shop)
    row.lines.update(sku="BOX")
    LoopReturn.objects.update(look_again_at=None)
    books.members = {"501": {"502": "4"}}
    assert items.read_members_again(shop.account) == 0

    asked = Item.objects.get(sku="BOX").members_asked_at
    assert asked is not None
    Item.objects.update(members_asked_at=asked - timedelta(days=2))

    assert items.read_members_again(shop.account) == 1
    assert [str(one) for one in KitMember.objects.all()] == ["4 × CUP"]
    assert LoopReturn.objects.get().look_again_at is not None


def test_refusal_of_the_members_keeps_nothing_else_back(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Books, kit_ids: list[str]) -> Any:
        raise RejectedError(system="netsuite", operation="query", detail="Unknown identifier 'quantity'")

    monkeypatch.setattr(Books, "find_members", refuse)
    read(monkeypatch, shop, {})

    assert sku_mapping.meanings_of(shop, ["BOX"])["BOX"].is_kit

"""Items that we know are read again: once a day, and at each turn while an exchange order waits for one."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import Shop
from integrations.netsuite.records import ItemRecord
from integrations.netsuite.suiteql import unreadable_row
from returnsops.lib import clock
from returnsops.posting.facts import load_facts
from returnsops.returns import background, item_sweep
from returnsops.returns.items import apply_items
from returnsops.returns.models import Item, KitMember, LoopReturn
from tests.builders import exchange_payload, make_item, make_mapping, make_policy, make_return, make_shop

pytestmark = pytest.mark.django_db


def record(sku: str, internal_id: str, **changes: Any) -> ItemRecord:
    values: dict[str, Any] = {"display_name": None, "upc": None, "item_type": "InvtPart", "is_inactive": False}
    return ItemRecord(internal_id=internal_id, sku=sku, **values | changes)


class Catalogue:
    """NetSuite as far as items go; notes what it was asked."""

    def __init__(self, *records: ItemRecord) -> None:
        self.records = records
        self.asked: list[list[str]] = []

    def find_items(self, values: Collection[str], *, field: str = "") -> list[ItemRecord]:
        assert field == "id"
        self.asked.append(sorted(values))
        return [one for one in self.records if one.internal_id in values]


@pytest.fixture
def catalogue(monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    shown = Catalogue(record("BOOT-43", "502"))
    monkeypatch.setattr(item_sweep, "netsuite_client", lambda account: shown)
    return shown


def known(shop: Shop, sku: str = "BOOT-43", internal_id: str = "502", *, days_ago: float = 2, **columns: Any) -> Item:
    """A mapped item, as it was when it was asked for so long ago."""
    item = make_item(sku, internal_id, account=shop.account)
    asked_at = timezone.now() - timedelta(days=days_ago)
    Item.objects.filter(pk=item.pk).update(**{"item_type": "InvtPart", "asked_at": asked_at} | columns)
    make_mapping(shop, sku, item)
    return Item.objects.get(pk=item.pk)


def planned_exchange(shop: Shop, **changes: Any) -> LoopReturn:
    """A return that waits for nothing but news."""
    make_policy(shop, exchange_order="create")
    row = make_return(shop, exchanges=[exchange_payload(**changes)])
    LoopReturn.objects.update(look_again_at=None)
    return row


def is_due(row: LoopReturn) -> bool:
    return LoopReturn.objects.filter(pk=row.pk, look_again_at__lte=clock.now()).exists()


def test_item_that_was_put_out_of_use_is_known_after_a_day_and_asks_for_a_plan(
    shop: Shop, catalogue: Catalogue
) -> None:
    known(shop)
    row = planned_exchange(shop)
    catalogue.records = (record("BOOT-43", "502", is_inactive=True),)

    assert item_sweep.sweep_items(shop.account) == 1

    assert load_facts(row).exchanges[0].item_inactive
    assert is_due(row)


def test_unchanged_item_asks_for_no_plan_and_not_again(shop: Shop, catalogue: Catalogue) -> None:
    known(shop)
    row = planned_exchange(shop)

    assert [item_sweep.sweep_items(shop.account) for _ in range(2)] == [1, 0]

    assert not is_due(row)


def test_item_out_of_use_that_an_exchange_waits_for_is_asked_for_each_time(shop: Shop, catalogue: Catalogue) -> None:
    known(shop, days_ago=0, is_inactive=True)
    row = planned_exchange(shop)
    catalogue.records = (record("BOOT-43", "502", is_inactive=True),)
    item_sweep.sweep_items(shop.account)
    assert not is_due(row)

    catalogue.records = (record("BOOT-43", "502"),)
    item_sweep.sweep_items(shop.account)

    assert catalogue.asked == [["502"], ["502"]]
    assert not load_facts(row).exchanges[0].item_inactive
    assert is_due(row)
    assert item_sweep.sweep_items(shop.account) == 0


def test_item_out_of_use_that_nothing_waits_for_has_its_day(shop: Shop, catalogue: Catalogue) -> None:
    known(shop, days_ago=0, is_inactive=True)
    planned_exchange(shop)
    make_policy(shop, exchange_order="expect")
    assert item_sweep.sweep_items(shop.account) == 0

    make_policy(shop, exchange_order="create")
    LoopReturn.objects.update(stage=LoopReturn.Stage.ENDED)
    assert item_sweep.sweep_items(shop.account) == 0


def test_sku_of_the_same_name_in_another_shop_waits_for_an_item_of_its_own(shop: Shop, catalogue: Catalogue) -> None:
    known(shop, days_ago=0, is_inactive=True)
    other = make_shop("tern", account=shop.account)
    make_mapping(other, "BOOT-43", make_item("OTHER-43", "503", account=shop.account))
    planned_exchange(other)

    assert item_sweep.sweep_items(shop.account) == 0


def test_what_netsuite_does_not_show_stays_as_it_was_and_keeps_no_other_from_being_read(
    shop: Shop, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(item_sweep, "AT_ONCE_MAX", 1)
    hidden, shown = known(shop, "GONE-1", "509", days_ago=3), known(shop)
    catalogue.records = (record("BOOT-43-NEW", "502"),)

    for _ in range(3):
        item_sweep.sweep_items(shop.account)

    assert catalogue.asked == [["509"], ["502"]]
    before = hidden.sku, hidden.fetched_at
    hidden.refresh_from_db()
    shown.refresh_from_db()
    assert (hidden.sku, hidden.fetched_at) == before
    assert shown.sku == "BOOT-43-NEW"
    assert "items 509" in caplog.text


@pytest.mark.parametrize(
    ("change", "is_news"),
    [
        ({}, False),
        ({"display_name": "Boot, red"}, False),
        ({"sku": "BOOT-44"}, True),
        ({"item_type": "Service"}, True),
        ({"is_inactive": True}, True),
    ],
)
def test_only_what_a_plan_reads_asks_for_one(shop: Shop, change: dict[str, Any], is_news: bool) -> None:
    known(shop)
    row = planned_exchange(shop)

    apply_items(shop.account, [record(**{"sku": "BOOT-43", "internal_id": "502"} | change)])

    assert is_due(row) == is_news


def test_change_of_a_member_concerns_returns_of_its_kit(shop: Shop) -> None:
    kit = known(shop, "BOX", "501", item_type=Item.KIT)
    cup = known(shop, "CUP", "502")
    KitMember.objects.create(kit=kit, item=cup)
    row, other = make_return(shop), make_return(shop, loop_id="2")
    row.lines.update(sku="BOX")
    LoopReturn.objects.update(look_again_at=None)

    apply_items(shop.account, [record("CUP", "502", item_type="Service")])

    assert (is_due(row), is_due(other)) == (True, False)


def test_many_changes_cost_no_more_queries_than_one(shop: Shop) -> None:
    planned_exchange(shop)
    for number in range(20):
        known(shop, f"BOOT-{number}", str(600 + number))
    queries = []
    for count in (1, 19):
        told = [record(f"BOOT-{number}", str(600 + number), is_inactive=True) for number in range(20 - count, 20)]
        with CaptureQueriesContext(connection) as asked:
            apply_items(shop.account, told)
        queries.append(len(asked))
        Item.objects.update(is_inactive=False)

    assert queries[0] == queries[1] <= 14


def test_items_are_swept_in_the_background(shop: Shop, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    known(shop)
    only_items = [job for job in background._jobs() if job.name == f"items:{shop.account.account_id}"]
    monkeypatch.setattr(background, "_jobs", lambda: only_items)

    background.work_in_background(show_life=lambda: None)

    assert catalogue.asked == [["502"]]


def test_item_that_cannot_be_read_keeps_no_other_from_being_read(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with records: one that cannot be read is put aside, and the others go on."""

    class OneIsBroken(Catalogue):
        def find_items(self, values: Collection[str], *, field: str = "") -> list[ItemRecord]:
            if "501" in values:
                raise unreadable_row("no itemid in row {'id': '501'}")
            return super().find_items(values, field=field)

    shown = OneIsBroken(record("BOOT-43", "502", is_inactive=True))
    monkeypatch.setattr(item_sweep, "netsuite_client", lambda account: shown)
    known(shop, "SOCKS", "501")
    known(shop)

    item_sweep.sweep_items(shop.account)

    assert Item.objects.get(internal_id="502").is_inactive

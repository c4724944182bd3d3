"""How many of a replacement NetSuite can sell: read while an exchange waits for it, and only then."""

import threading
from collections.abc import Collection
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from integrations.errors import RejectedError
from integrations.models import Shop
from returnsops.lib import clock
from returnsops.posting.facts import load_facts
from returnsops.posting.models import Posting
from returnsops.returns import stock
from returnsops.returns.models import Item, ItemStock, LoopReturn, NetSuiteRecord
from returnsops.returns.plan.ordering import WAITS_FOR_STOCK
from returnsops.returns.progress import mirror_problems
from tests.builders import (
    exchange_payload,
    make_due,
    make_item,
    make_mapping,
    make_netsuite,
    make_policy,
    make_posting,
    make_record,
    make_return,
    make_shop,
)

pytestmark = pytest.mark.django_db
CHECKED = {"exchange_order": "create", "exchange_stock": "checked"}


class Shelf:
    """NetSuite as far as its stock goes; notes what it was asked."""

    def __init__(self, **available: int) -> None:
        self.available = {name.removeprefix("item_"): count for name, count in available.items()}
        self.asked: list[list[str]] = []
        self.refusal: RejectedError | None = None

    def find_available(self, item_ids: Collection[str], *, location: str = "") -> dict[str, int]:
        self.asked.append([*item_ids, *filter(None, [location])])
        if self.refusal:
            raise self.refusal
        return {one: self.available.get(one, 0) for one in item_ids}


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    shelf = Shelf(item_502=3)
    monkeypatch.setattr(stock, "netsuite_client", lambda account: shelf)
    return shelf


def waiting(shop: Shop, *, loop_id: str = "110700123", **changes: Any) -> LoopReturn:
    make_policy(shop, **CHECKED)
    item = Item.objects.filter(internal_id="502").first()
    if item is None:
        make_mapping(shop, "BOOT-43", make_item("BOOT-43", "502", account=shop.account))
    return make_return(shop, loop_id=loop_id, exchanges=[exchange_payload(**changes)])


def available(row: LoopReturn) -> int | None:
    return load_facts(row).exchanges[0].available


def is_due(row: LoopReturn) -> bool:
    return LoopReturn.objects.filter(pk=row.pk, look_again_at__lte=clock.now()).exists()


def test_stock_of_what_waits_becomes_a_fact_and_asks_for_a_plan(shop: Shop, shelf: Shelf) -> None:
    row = waiting(shop)
    LoopReturn.objects.update(look_again_at=None)
    assert available(row) is None

    assert stock.read_stock(shop.account) == 1

    assert available(row) == 3
    assert is_due(row)


def test_unchanged_stock_asks_for_no_plan(shop: Shop, shelf: Shelf) -> None:
    row = waiting(shop)
    stock.read_stock(shop.account)
    LoopReturn.objects.update(look_again_at=None)

    stock.read_stock(shop.account)

    assert not is_due(row)
    assert shelf.asked == [["502"], ["502"]]


def test_nothing_is_asked_where_nothing_waits(shop: Shop, shelf: Shelf) -> None:
    waiting(shop, exchange_order_id=None, exchange_order_name=None)  # Loop has not ordered it yet
    LoopReturn.objects.update(stage=LoopReturn.Stage.SETTLED)
    waiting(shop, loop_id="2", exchange_order_id=None, exchange_order_name=None)

    assert stock.read_stock(shop.account) == 0
    assert shelf.asked == []


def test_nothing_is_asked_where_the_policy_ignores_the_stock(shop: Shop, shelf: Shelf) -> None:
    row = waiting(shop)
    make_policy(shop, exchange_order="create")

    assert stock.read_stock(shop.account) == 0
    assert available(row) is None


def test_figure_of_long_ago_is_not_relied_on(shop: Shop, shelf: Shelf) -> None:
    row = waiting(shop)
    stock.read_stock(shop.account)

    ItemStock.objects.update(read_at=clock.now() - stock.FRESH_FOR - timedelta(seconds=1))

    assert available(row) is None


def test_what_another_order_of_ours_is_about_to_take_is_not_there(shop: Shop, shelf: Shelf) -> None:
    row, other = waiting(shop), waiting(shop, loop_id="2", exchange_id="9")
    stock.read_stock(shop.account)
    body = {"item": {"items": [{"item": {"id": "502"}, "quantity": 1}, {"item": {"id": "904"}, "quantity": 1}]}}
    request = {"operation": "create", "target_type": "salesOrder", "body": body}
    make_posting(other, make_due("exchange_order", covers=("exchange:9",), request=request))

    assert available(row) == 2
    assert available(other) == 3  # its own takes nothing from it

    Posting.objects.update(status="voided")
    assert available(row) == 3


def test_stock_is_counted_where_exchanges_ship_from(shop: Shop, shelf: Shelf) -> None:
    row = waiting(shop)
    make_policy(shop, **CHECKED, exchange_location="14")
    stock.read_stock(shop.account)

    assert shelf.asked == [["502", "14"]]
    assert available(row) == 3

    make_policy(shop, **CHECKED, exchange_location="15")
    assert available(row) is None  # what lies at another location tells nothing of this one


def test_two_shops_of_an_account_ask_for_a_location_each(shop: Shop, shelf: Shelf) -> None:
    other = make_shop("tern", account=shop.account)
    waiting(shop)
    make_mapping(other, "BOOT-43", Item.objects.get(internal_id="502"))
    make_return(other, loop_id="2", exchanges=[exchange_payload(exchange_id="9")])
    make_policy(shop, **CHECKED, exchange_location="14")
    make_policy(other, **CHECKED)

    assert stock.read_stock(shop.account) == 2
    assert sorted(shelf.asked) == [["502"], ["502", "14"]]


@pytest.mark.parametrize(("place", "left"), [("14", 2), ("15", 3), (None, 2)])
def test_order_of_ours_takes_from_the_location_it_names(shop: Shop, shelf: Shelf, place: str | None, left: int) -> None:
    row, other = waiting(shop), waiting(shop, loop_id="2", exchange_id="9")
    make_policy(shop, **CHECKED, exchange_location="14")
    stock.read_stock(shop.account)
    order = make_order(other)
    if place:
        order.request["body"]["location"] = {"id": place}
        Posting.objects.filter(pk=order.pk).update(request=order.request)

    assert available(row) == left


def make_order(row: LoopReturn, **changes: Any) -> Posting:
    """An exchange order of ours that takes one Boot."""
    body = {"item": {"items": [{"item": {"id": "502"}, "quantity": 1}]}}
    request = {"operation": "create", "target_type": "salesOrder", "body": body}
    posting = make_posting(row, make_due("exchange_order", covers=("exchange:9",), request=request))
    Posting.objects.filter(pk=posting.pk).update(**changes)
    return posting


def make_plan_wait(row: LoopReturn) -> None:
    step = {"code": "exchange", "state": "blocked", "detail": WAITS_FOR_STOCK}
    LoopReturn.objects.update(look_again_at=None)
    LoopReturn.objects.filter(pk=row.pk).update(plan={"steps": [step]})


@pytest.mark.parametrize("end", [{"status": "voided"}, {"status": "posted", "their_id": "77"}])
def test_what_our_own_order_was_to_take_is_looked_at_again(shop: Shop, shelf: Shelf, end: dict[str, Any]) -> None:
    """It was withdrawn, or NetSuite never committed it: no figure changes, and all the same it can be sold."""
    shelf.available = {"502": 1}
    row, other = waiting(shop), waiting(shop, loop_id="2", exchange_id="9")
    stock.read_stock(shop.account)
    posting = make_order(other)
    assert available(row) == 0
    make_plan_wait(row)

    at = {"posted_at": clock.now()} if end["status"] == "posted" else {}
    Posting.objects.filter(pk=posting.pk).update(**end, **at)
    stock.read_stock(shop.account)

    assert (available(row), is_due(row), is_due(other)) == (1, True, False)


def test_nothing_is_planned_while_netsuite_has_too_few(shop: Shop, shelf: Shelf) -> None:
    shelf.available = {"502": 0}
    row = waiting(shop)
    stock.read_stock(shop.account)
    make_plan_wait(row)

    stock.read_stock(shop.account)

    assert not is_due(row)


def test_order_posted_while_netsuite_counts_is_taken_off(
    shop: Shop, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.available = {"502": 1}
    row, other = waiting(shop), waiting(shop, loop_id="2", exchange_id="9")
    count = shelf.find_available

    def count_and_post(item_ids: Collection[str], *, location: str = "") -> dict[str, int]:
        counted = count(item_ids, location=location)
        make_order(other, status="posted", their_id="77", posted_at=clock.now())
        return counted

    monkeypatch.setattr(shelf, "find_available", count_and_post)
    stock.read_stock(shop.account)

    assert available(row) == 0


def test_order_that_was_deleted_is_waited_for_again(shop: Shop, shelf: Shelf) -> None:
    row = waiting(shop)
    record = make_record(row, make_netsuite("salesOrder", "9001", other_ref_num="#EXC-1", external_id=""))
    assert stock.read_stock(shop.account) == 0

    NetSuiteRecord.objects.filter(pk=record.pk).update(gone_at=clock.now())

    assert stock.read_stock(shop.account) == 1
    assert available(row) == 3


def test_item_without_stock_of_its_own_is_told_as_such(shop: Shop, shelf: Shelf) -> None:
    row = waiting(shop)
    Item.objects.update(item_type="Kit")

    assert not load_facts(row).exchanges[0].keeps_stock


def test_refused_stock_is_a_problem_until_it_is_told(shop: Shop, shelf: Shelf) -> None:
    waiting(shop)
    shelf.refusal = RejectedError(system="netsuite", operation="query", detail="Record 'x' was not found.")
    stock.read_stock(shop.account)

    (problem,) = mirror_problems(shop.account)
    assert (problem.code, "was not found" in problem.words) == ("stock_unseen", True)

    shelf.refusal = None
    stock.read_stock(shop.account)
    assert mirror_problems(shop.account) == []


def test_refused_stock_is_no_problem_once_nothing_waits(shop: Shop, shelf: Shelf) -> None:
    waiting(shop)
    shelf.refusal = RejectedError(system="netsuite", operation="query", detail="Record 'x' was not found.")
    stock.read_stock(shop.account)
    make_policy(shop, exchange_order="create")

    assert stock.read_stock(shop.account) == 0
    assert mirror_problems(shop.account) == []


@pytest.mark.django_db(transaction=True)
def test_two_plans_at_once_never_count_on_the_last_piece_both(shop: Shop, shelf: Shelf) -> None:
    shelf.available["502"] = 1
    first, second = waiting(shop), waiting(shop, loop_id="2", exchange_id="9")
    stock.read_stock(shop.account)
    seen: list[int | None] = []

    def plan_the_second() -> None:
        with closing(connection), transaction.atomic():
            seen.append(load_facts(second, claims_stock=True).exchanges[0].available)

    other = threading.Thread(target=plan_the_second)
    with transaction.atomic():
        assert load_facts(first, claims_stock=True).exchanges[0].available == 1
        other.start()
        other.join(timeout=0.5)
        assert (other.is_alive(), seen) == (True, [])
        make_order(first)
    other.join(timeout=10)

    assert seen == [0]

"""Goods in a parcel that are not on its return: noted at the bench, a fact once the inspection is finished."""

import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from integrations.models import Shop
from returnsops.people.models import AuditEvent, User
from returnsops.posting.facts import load_facts
from returnsops.returns.errors import AlreadyInspectedError, NotPossibleError
from returnsops.returns.found import FoundThing, find_meanings, note_found, take_back
from returnsops.returns.inspection import UnitOutcome, finish_inspection, judge_units
from returnsops.returns.models import FoundGoods, InspectedUnit, Item, LoopReturn
from returnsops.returns.plan import plan_return
from tests.builders import make_inspection, make_item, make_mapping, make_return
from tests.other_side import codes_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(shop: Shop) -> LoopReturn:
    return make_return(shop)


def thing(sku: str = "SOCKS", **changes: Any) -> FoundThing:
    values: dict[str, Any] = {"sku": sku, "count": 2, "client_id": uuid.uuid4()}
    return FoundThing(**values | changes)


def standing(row: LoopReturn) -> dict[str, str]:
    found = InspectedUnit.objects.filter(line__loop_return=row, superseded_at=None)
    return dict(found.values_list("line__line_item_id", "outcome"))


def test_found_goods_count_once_the_inspection_is_finished(row: LoopReturn, ada: User) -> None:
    found = note_found(row, thing(), by=ada)
    assert load_facts(row).found == ()

    finish_inspection(found.inspection, by=ada)

    (told,) = load_facts(row).found
    assert (told.found, told.sku, told.count, told.in_place_of) == (str(found.pk), "SOCKS", 2, "")
    assert codes_of(plan_return(load_facts(row))) == ["undeclared_item"]


def test_found_goods_are_mapped_as_units_are(row: LoopReturn, shop: Shop, ada: User) -> None:
    make_mapping(shop, "SOCKS", make_item("SOCKS", "504", account=shop.account))
    finish_inspection(note_found(row, thing(), by=ada).inspection, by=ada)

    assert [one.item_id for one in load_facts(row).found] == ["504"]


def test_unit_is_missing_where_another_item_lies(row: LoopReturn, ada: User) -> None:
    note_found(row, thing(in_place_of="387001"), by=ada)

    assert standing(row) == {"387001": "missing"}
    assert FoundGoods.objects.get().in_place_of == row.lines.get(line_item_id="387001")


def test_judging_the_unit_after_all_takes_the_wrong_item_back(row: LoopReturn, ada: User) -> None:
    found = note_found(row, thing(in_place_of="387001"), by=ada)

    judge_units(row, [UnitOutcome("387001", "sellable", uuid.uuid4())], by=ada)
    finish_inspection(found.inspection, by=ada)

    assert (standing(row), load_facts(row).found) == ({"387001": "sellable"}, ())


def test_wrong_item_stays_found_when_the_right_one_comes_later(row: LoopReturn, ada: User) -> None:
    found = note_found(row, thing(in_place_of="387001"), by=ada)
    finish_inspection(found.inspection, by=ada)

    make_inspection(row, ada, "sellable")

    assert [one.in_place_of for one in load_facts(row).found] == ["387001"]


def test_unit_that_somebody_judged_cannot_be_replaced(row: LoopReturn, ada: User, finn: User) -> None:
    make_inspection(row, ada, "sellable")

    with pytest.raises(AlreadyInspectedError, match="already judged"):
        note_found(row, thing(in_place_of="387001"), by=ada)


def test_resend_is_the_same_row(row: LoopReturn, ada: User) -> None:
    sent = thing()

    assert note_found(row, sent, by=ada) == note_found(row, sent, by=ada)


def test_taken_back_before_finishing_is_no_fact(row: LoopReturn, ada: User) -> None:
    found = note_found(row, thing(), by=ada)
    make_inspection(row, ada, "sellable", "sellable")
    assert len(load_facts(row).found) == 1

    with pytest.raises(NotPossibleError, match="finished"):
        take_back(found, by=ada)
    again = note_found(row, thing("CAP"), by=ada)
    take_back(again, by=ada)

    assert FoundGoods.objects.get(pk=again.pk).withdrawn_at is not None
    assert AuditEvent.objects.filter(action="took back found goods", before={"found": "2 × CAP"}).count() == 1


@pytest.mark.parametrize("changes", [{"sku": "CAP"}, {"count": 3}, {"in_place_of": "387001"}])
def test_other_content_under_the_same_id_is_refused(row: LoopReturn, ada: User, changes: dict[str, Any]) -> None:
    sent = thing()
    note_found(row, sent, by=ada)

    with pytest.raises(NotPossibleError, match="new id"):
        note_found(row, replace(sent, **changes), by=ada)


def test_id_of_another_return_is_refused(row: LoopReturn, shop: Shop, ada: User) -> None:
    sent = thing()
    note_found(row, sent, by=ada)

    with pytest.raises(NotPossibleError, match="new id"):
        note_found(make_return(shop, loop_id="2"), sent, by=ada)


def test_resend_of_what_was_taken_back_says_so(row: LoopReturn, ada: User) -> None:
    sent = thing()
    take_back(note_found(row, sent, by=ada), by=ada)

    with pytest.raises(NotPossibleError, match="taken back"):
        note_found(row, sent, by=ada)


def test_unit_is_unjudged_again_when_the_wrong_item_is_taken_back(row: LoopReturn, ada: User) -> None:
    take_back(note_found(row, thing(in_place_of="387001"), by=ada), by=ada)
    assert standing(row) == {}

    again = note_found(row, thing("CAP", in_place_of="387001"), by=ada)
    finish_inspection(again.inspection, by=ada)
    assert (standing(row), [one.sku for one in load_facts(row).found]) == ({"387001": "missing"}, ["CAP"])


def test_two_wrong_items_in_place_of_one_unit_are_both_kept(row: LoopReturn, ada: User) -> None:
    first, second = (note_found(row, thing(sku, in_place_of="387001"), by=ada) for sku in ("SOCKS", "CAP"))
    take_back(first, by=ada)
    assert standing(row) == {"387001": "missing"}
    third = note_found(row, thing("HAT", in_place_of="387001"), by=ada)

    finish_inspection(third.inspection, by=ada)

    assert (standing(row), [one.sku for one in load_facts(row).found]) == ({"387001": "missing"}, ["CAP", "HAT"])
    assert second.in_place_of == third.in_place_of


def test_unit_judged_after_all_stays_judged_when_the_note_is_taken_back(row: LoopReturn, ada: User) -> None:
    found = note_found(row, thing(in_place_of="387001"), by=ada)
    judge_units(row, [UnitOutcome("387001", "sellable", uuid.uuid4())], by=ada)

    take_back(found, by=ada)

    assert standing(row) == {"387001": "sellable"}


@pytest.mark.parametrize("changes", [{"sku": "\x00 "}, {"count": 0}, {"count": 100}])
def test_nothing_and_far_too_many_are_refused(row: LoopReturn, ada: User, changes: dict[str, Any]) -> None:
    with pytest.raises(NotPossibleError, match="Say what lay there"):
        note_found(row, thing(**changes), by=ada)


def test_nothing_is_found_in_a_parcel_of_an_ended_return(shop: Shop, ada: User) -> None:
    with pytest.raises(NotPossibleError, match="cancelled in Loop"):
        note_found(make_return(shop, state="cancelled"), thing(), by=ada)


def test_only_the_warehouse_finds(row: LoopReturn, finn: User) -> None:
    with pytest.raises(PermissionDenied):
        note_found(row, thing(), by=finn)


def test_scan_means_one_item_and_letters_those_that_begin_so(row: LoopReturn, shop: Shop) -> None:
    socks = make_item("SOCKS", "504", account=shop.account)
    make_item("SOCKS-XL", "505", account=shop.account)
    Item.objects.filter(pk=socks.pk).update(upc="4006381333931")

    assert [one.sku for one in find_meanings(row, "4006381333931")] == ["SOCKS"]
    assert [one.sku for one in find_meanings(row, "socks")] == ["SOCKS"]
    assert [one.sku for one in find_meanings(row, "sock")] == ["SOCKS", "SOCKS-XL"]
    assert find_meanings(row, "hat") == find_meanings(row, " ") == []

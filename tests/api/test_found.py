"""Goods that are on no return, noted by another system: by the rules of the station."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from integrations.models import Shop
from returnsops.people.models import Role, User
from returnsops.posting.facts import load_facts
from returnsops.returns.found import FoundThing, note_found
from returnsops.returns.models import FoundGoods, InspectedUnit, Inspection, Item, LoopReturn
from tests.api.conftest import API, client_of_tool
from tests.builders import make_inspection, make_item, make_user

FIRST, SECOND = "387001", "387002"


def thing(sku: str = "SOCKS", **values: Any) -> dict[str, Any]:
    return {"sku": sku, "count": 2, "client_id": str(uuid.uuid4())} | values


def unit(line_item_id: str = SECOND, outcome: str = "sellable") -> dict[str, Any]:
    return {"line_item_id": line_item_id, "outcome": outcome, "client_id": str(uuid.uuid4())}


def record(client: APIClient, row: LoopReturn, *things: dict[str, Any], units: list[Any] | None = None) -> Any:
    sent = {"found": list(things)} | ({"units": units} if units else {})
    return client.post(f"{API}/returns/{row.pk}/inspections/", sent)


def test_found_goods_are_noted_and_count(tool: APIClient, row: LoopReturn) -> None:
    told = record(tool, row, thing(note="red", in_place_of=FIRST), units=[unit()]).json()

    assert [(one["sku"], one["count"], one["note"], one["in_place_of"]) for one in told["found"]] == [
        ("SOCKS", 2, "red", FIRST)
    ]
    assert {one["line_item_id"]: one["outcome"] for one in told["units"]} == {FIRST: "missing", SECOND: "sellable"}
    assert [one.in_place_of for one in load_facts(row).found] == [FIRST]
    assert [one["sku"] for one in tool.get(f"{API}/returns/{row.pk}/").json()["found"]] == ["SOCKS"]


def test_resend_changes_nothing(tool: APIClient, row: LoopReturn) -> None:
    sent, judged = thing(in_place_of=FIRST), unit()

    first, second = (record(tool, row, sent, units=[judged]) for _ in range(2))

    assert (second.status_code, second.json()) == (200, first.json())
    assert (Inspection.objects.count(), FoundGoods.objects.count(), InspectedUnit.objects.count()) == (1, 1, 2)


def test_found_goods_beside_units_that_were_sent_before_are_refused_as_a_whole(
    tool: APIClient, row: LoopReturn
) -> None:
    judged = unit()
    record(tool, row, units=[judged])

    answer = record(tool, row, thing(), units=[judged])

    assert (answer.status_code, answer.json()["code"]) == (409, "client_id_reused")
    assert (Inspection.objects.count(), FoundGoods.objects.count()) == (1, 0)


def test_resend_with_a_new_unit_shows_that_unit(tool: APIClient, row: LoopReturn) -> None:
    sent, judged = thing(), unit()
    record(tool, row, sent)

    told = record(tool, row, sent, units=[judged])

    assert [one["line_item_id"] for one in told.json()["units"]] == [SECOND]
    assert FoundGoods.objects.count() == 1


def test_text_that_may_mean_several_items_is_asked_about(tool: APIClient, row: LoopReturn, shop: Shop) -> None:
    for number, sku in enumerate(["SOCKS-S", "SOCKS-M"]):
        make_item(sku, str(600 + number), account=shop.account)

    answer = record(tool, row, thing("SOCKS"))

    assert answer.status_code == 409
    assert "SOCKS-M, SOCKS-S" in answer.json()["message"]
    assert not FoundGoods.objects.exists()
    assert record(tool, row, thing("SOCKS", as_read=True)).status_code == 200


def test_barcode_is_named_as_netsuite_does(tool: APIClient, row: LoopReturn, shop: Shop) -> None:
    make_item("SOCKS", "600", account=shop.account)
    Item.objects.update(upc="4006381333931")

    assert [one["sku"] for one in record(tool, row, thing("4006381333931")).json()["found"]] == ["SOCKS"]


@pytest.mark.parametrize(
    ("judged", "held"), [(unit(FIRST), False), (unit(SECOND), True)], ids=["judged twice", "on hold"]
)
def test_what_contradicts_itself_is_refused(
    tool: APIClient, row: LoopReturn, ada: User, judged: dict[str, Any], held: bool
) -> None:
    if held:
        make_inspection(row, ada, "sellable", "hold")
    before = InspectedUnit.objects.count()

    answer = record(tool, row, thing(in_place_of=FIRST), units=[judged])

    assert answer.status_code == 409
    assert (FoundGoods.objects.count(), InspectedUnit.objects.count()) == (0, before)


def test_other_content_or_half_a_resend_is_refused(tool: APIClient, row: LoopReturn) -> None:
    sent = thing()
    record(tool, row, sent)

    assert record(tool, row, sent | {"count": 3}).status_code == 409
    assert record(tool, row, sent, thing("CAP")).status_code == 409
    assert FoundGoods.objects.count() == 1


def test_nothing_at_all_is_refused(tool: APIClient, row: LoopReturn) -> None:
    assert tool.post(f"{API}/returns/{row.pk}/inspections/", {}).status_code == 400
    assert record(tool, row, thing(count=0)).status_code == 400


def test_only_who_noted_it_or_finance_takes_it_back(
    row: LoopReturn, shop: Shop, ada: User, as_person: Callable[[User], APIClient]
) -> None:
    found = note_found(row, FoundThing("SOCKS", 1, uuid.uuid4()), by=ada)
    address = f"{API}/found/{found.pk}/take-back/"
    colleague = make_user(Role.WAREHOUSE, shop, username="abe")

    assert as_person(colleague).post(address).status_code == 403
    answer = client_of_tool(shop, role=Role.FINANCE, name="desk").post(address)

    assert answer.status_code == 200
    assert answer.json()["withdrawn_at"]


def test_what_is_finished_is_not_taken_back(tool: APIClient, row: LoopReturn) -> None:
    (found,) = record(tool, row, thing()).json()["found"]

    answer = tool.post(f"{API}/found/{found['id']}/take-back/")

    assert answer.status_code == 409
    assert "finance" in answer.json()["message"]


def test_other_shops_find_nothing(tool: APIClient, foreign_row: LoopReturn) -> None:
    assert record(tool, foreign_row, thing()).status_code == 404

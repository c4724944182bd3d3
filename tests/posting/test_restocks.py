"""What Loop says it put back into the shop's stock: by the unit's place, or by a webhook."""

import json
from typing import Any

import pytest
from django.utils import timezone

from integrations.inbox import receive
from integrations.loop.signature import sign_body
from integrations.models import InboundEvent, Shop
from returnsops.posting.facts import load_facts
from returnsops.returns.hints import heed_first_hints
from returnsops.returns.models import LoopReturn
from tests.builders import CREATED, make_return, unit_payload
from tests.integrations.test_inbox import SECRET, hooked
from tests.returns.test_hints import fetched

__all__ = ["fetched", "hooked"]

pytestmark = pytest.mark.django_db
ITEM: dict[str, Any] = {"location_id": 65012345678, "variant_id": 45123450001, "available_adjustment": 1}


def returned(shop: Shop, *units: dict[str, Any]) -> LoopReturn:
    rows = [unit_payload(387001 + number, **unit) for number, unit in enumerate(units)]
    return make_return(shop, line_items=rows)


def restocked(row: LoopReturn) -> list[bool]:
    return [unit.restocked_at is not None for unit in load_facts(row).units]


def told(shop: Shop, row: LoopReturn, items: Any) -> int:
    body = json.dumps({"topic": "restock", "trigger": "", "id": row.loop_id, "restock_items": items}).encode()
    pk = receive(shop.code, body, sign_body(SECRET, body)).event_pk
    assert pk is not None
    heed_first_hints([pk], for_s=60.0)
    return pk


def test_place_in_the_shop_on_a_unit_says_that_it_was_restocked(shop: Shop) -> None:
    row = returned(shop, {"provider_restock_location_id": 65012345678}, {})

    assert restocked(row) == [True, False]
    assert load_facts(row).units[0].restocked_at == CREATED


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([ITEM], [True, False, False]),
        ([ITEM | {"available_adjustment": 2}], [True, True, False]),
        ({"14440012345678": {name: str(value) for name, value in ITEM.items()}}, [True, False, False]),
        ([ITEM | {"variant_id": 9}], [False, False, False]),
        ([ITEM | {"variant_id": None}], [False, False, False]),
        ([], [False, False, False]),
    ],
)
def test_webhook_names_variants_and_how_many(
    hooked: Shop, fetched: list[str], items: Any, expected: list[bool]
) -> None:
    Shop.objects.update(more_webhooks="restock")
    row = returned(hooked, {"variant_id": 45123450001}, {"variant_id": 45123450001}, {"variant_id": 45123450002})

    told(hooked, row, items)

    row.shop.refresh_from_db()
    assert restocked(row) == expected


def test_several_webhooks_add_up_and_one_sent_twice_does_not(hooked: Shop, fetched: list[str]) -> None:
    Shop.objects.update(more_webhooks="restock")
    row = returned(hooked, *[{"variant_id": 45123450001}] * 3)
    row.shop.refresh_from_db()

    told(hooked, row, [ITEM])
    told(hooked, row, [ITEM])
    assert restocked(row) == [True, False, False]

    told(hooked, row, [ITEM | {"location_id": 65012345679}])
    assert restocked(row) == [True, True, False]


def test_webhook_that_names_restocked_goods_asks_for_a_plan(hooked: Shop, fetched: list[str]) -> None:
    row, other = returned(hooked, {}), make_return(hooked, loop_id="110700124")
    LoopReturn.objects.update(look_again_at=None)

    told(hooked, row, [ITEM])

    row.refresh_from_db()
    other.refresh_from_db()
    assert (row.look_again_at is None, other.look_again_at is None) == (False, True)


def test_webhook_of_another_topic_tells_of_no_restock(hooked: Shop) -> None:
    Shop.objects.update(more_webhooks="restock")
    row = returned(hooked, {"variant_id": 45123450001})
    body = json.dumps({"topic": "return", "id": row.loop_id, "restock_items": [ITEM]}).encode()
    InboundEvent.objects.create(
        shop=hooked, raw=body, digest="d", signed=True, verdict="read", topic="return", loop_return_id=row.loop_id,
        received_at=timezone.now(), last_received_at=timezone.now(),
    )  # fmt: skip

    assert restocked(row) == [False]

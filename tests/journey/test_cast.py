"""Kinds of returns that the long rehearsals deal: settled, and every cent of Loop's stands in NetSuite's books."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from returnsops.management.rehearsal.books import Known, check_books
from returnsops.returns.models import LoopReturn
from tests.journey.stage import Stage

pytestmark = pytest.mark.journey

KINDS: dict[str, dict[str, Any]] = {
    "upsell": {},
    "shop_now": {},
    "store_credit": {"bonus": "10.00"},
    "instant_exchange": {"at": "delivered"},
    "out_of_stock": {"restocked_after": 0.1},
    "multi_currency": {},
    "gift_return": {},
    "warranty": {},
}


@pytest.mark.parametrize("details_currency", ["shop", "presentment"])
def test_every_cent_of_the_cast_is_explained(stage: Stage, details_currency: str) -> None:
    stage.ask("settings", {"loop": {"details_currency": details_currency}})
    made = {kind: stage.make(kind, **params) for kind, params in KINDS.items()}
    made["shop_now for money"] = stage.make("shop_now", left_over="refund")

    for one in made.values():
        stage.judge(one, *["sellable"] * one.lines.count())
    stage.run()

    assert {kind: stage_of(one) for kind, one in made.items()} == dict.fromkeys(made, "settled")
    passed = {one.loop_id: Counter(one.lines.values_list("sku", flat=True)) for one in made.values()}
    verdict = check_books(stage.ask("dump", method="GET"), Known(passed, {}))
    assert verdict.promises_kept(), verdict.findings


def test_bonus_of_a_gift_card_is_no_part_of_the_credit(stage: Stage) -> None:
    one = stage.make("store_credit", bonus="10.00")
    stage.judge(one, "sellable")
    stage.run()

    (theirs,) = stage.ask("dump", method="GET")["loop"]["northwind"]["returns"]
    (credit,) = stage.books(one).credits
    assert Decimal(theirs["gift_card_issued"]) - Decimal(credit["total"]) == Decimal("10.00")


def stage_of(one: LoopReturn) -> str:
    one.refresh_from_db()
    return one.stage

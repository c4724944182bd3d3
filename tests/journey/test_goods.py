"""Goods on their way through stock, against what the sandbox's books hold: holds, transfers, restocks."""

import uuid
from collections import Counter
from typing import Any

import pytest

from returnsops.posting.models import Posting
from returnsops.returns.mirror import hint_records
from returnsops.returns.models import LoopReturn, PolicyVersion
from returnsops.returns.parcels import record_arrival
from returnsops.returns.policies import activate_policy
from tests.journey.stage import Stage, places
from tests.journey.test_journey import locations_of, stage_of

pytestmark = pytest.mark.journey
HOLD_FIRST = {"receipt_shape": "hold_then_transfer"}


def follow(stage: Stage, loop_return: LoopReturn, **changes: Any) -> dict[str, str]:
    """From now on the shop follows these rules too. Gives its places by name."""
    rules = PolicyVersion.objects.get(shop=loop_return.shop, active=True).rules
    activate_policy(loop_return.shop, rules | changes, by=None, reason="for a test")
    stage.run()
    return locations_of(loop_return)


def stock_moved(stage: Stage, loop_return: LoopReturn) -> dict[str, int]:
    """What the documents of this return changed, by place, as NetSuite's own ledger says."""
    dump = stage.ask("dump", method="GET")["netsuite"][loop_return.shop.account.account_id]
    ours = set(Posting.objects.filter(loop_return=loop_return).values_list("their_id", flat=True))
    moved: Counter[str] = Counter()
    for row in dump["ledger"]:
        if str(row["transaction"]) in ours:
            moved[str(row["location"])] += row["quantity"]
    return {place: units for place, units in moved.items() if units}


def scan(stage: Stage, loop_return: LoopReturn) -> None:
    record_arrival(loop_return.shop, "1Z", by=stage.person("ada"), client_id=uuid.uuid4(), loop_return=loop_return)
    stage.run()


def kinds_posted(loop_return: LoopReturn) -> Counter[str]:
    posted = Posting.objects.filter(loop_return=loop_return, status=Posting.Status.POSTED)
    return Counter(posted.values_list("kind", flat=True))


def test_units_received_on_hold_are_moved_to_where_their_judgement_sends_them(stage: Stage) -> None:
    twin = stage.make("twin_units")
    where = follow(stage, twin, **HOLD_FIRST)

    stage.judge(twin, "sellable", "damaged")
    stage.run()

    assert places(stage.books(twin).receipts) == [(where["holding"], 2)]
    assert stock_moved(stage, twin) == {where["sellable"]: 1, where["damaged"]: 1}
    assert kinds_posted(twin)["transfer"] == 2
    assert stage_of(twin) == "settled"
    assert stage.cases(twin) == []


def test_parcel_is_received_on_hold_when_it_is_scanned_and_moved_once_judged(stage: Stage) -> None:
    plain = stage.make("refund", units=2)
    where = follow(stage, plain, receipt_trigger="arrival_to_hold", **HOLD_FIRST)

    scan(stage, plain)
    assert stock_moved(stage, plain) == {where["holding"]: 2}
    assert (stage_of(plain), kinds_posted(plain)["credit"]) == ("to_inspect", 0)

    stage.judge(plain, "sellable", "sellable")
    stage.run()
    assert stock_moved(stage, plain) == {where["sellable"]: 2}
    assert stage_of(plain) == "settled"


def test_unit_received_at_arrival_and_then_refused_is_a_case_until_the_receipt_is_corrected(stage: Stage) -> None:
    twin = stage.make("twin_units")
    where = follow(stage, twin, receipt_trigger="arrival_to_hold", **HOLD_FIRST)
    scan(stage, twin)

    stage.judge(twin, "sellable", "missing")
    stage.run()
    assert stage.cases(twin) == ["received_unaccepted"]

    (receipt,) = stage.books(twin).receipts
    correct_receipt(stage, twin, receipt)
    hint_records([twin.pk])
    stage.run()
    assert stage.cases(twin) == []
    assert stock_moved(stage, twin) == {where["sellable"]: 1}
    assert stage_of(twin) == "settled"


def correct_receipt(stage: Stage, loop_return: LoopReturn, receipt: dict[str, Any]) -> None:
    """A person takes the second unit off the receipt in NetSuite."""
    (line,) = receipt["lines"]
    body = {"item": {"items": [{"line": line["line"], "quantity": 1}]}}
    account = loop_return.shop.account.account_id
    stage.ask("netsuite/act", {"account": account, "action": "edit", "record": receipt["id"], "body": body})


@pytest.mark.parametrize(
    ("rules", "place"),
    [
        ({}, None),
        ({"receipt_trigger": "loop_restock_to_hold"} | HOLD_FIRST, "holding"),
        ({"receipt_trigger": "loop_restock_to_sellable"}, "sellable"),
    ],
)
def test_loop_restock_causes_a_receipt_only_by_policy(stage: Stage, rules: dict[str, str], place: str | None) -> None:
    stage.ask("settings", {"loop": {"restock": "automatic"}})
    early = stage.make("settled_early", parcel="in_transit")

    exemption = {"reason": "sealed goods", "until": "2099-12-31", "skus": [early.lines.get().sku]}
    where = follow(stage, early, refund_authority="loop_first", restock_exemption=exemption, **rules)

    assert stock_moved(stage, early) == ({where[place]: 1} if place else {})


def test_unit_on_hold_is_released_or_written_off_long_after_the_return_was_settled(stage: Stage) -> None:
    twin = stage.make("twin_units")
    where = locations_of(twin)

    stage.judge(twin, "hold", "hold")
    stage.run()
    assert stock_moved(stage, twin) == {where["holding"]: 2}
    assert stage_of(twin) == "settled"

    stage.judge(twin, "sellable", "scrapped")
    stage.run()
    assert stock_moved(stage, twin) == {where["sellable"]: 1}
    assert kinds_posted(twin) == {
        "rma": 1, "receipt": 1, "credit": 1, "loop_process": 1, "customer_refund": 1, "transfer": 1, "adjustment": 1,
    }  # fmt: skip
    assert stage_of(twin) == "settled"
    assert stage.cases(twin) == []

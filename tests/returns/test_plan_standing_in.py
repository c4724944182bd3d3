"""Which record of another system stands in for what it makes of this return, and which is none of it (C09)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from returnsops.returns.facts import OverrideFacts, RecordFacts, ReturnFacts, SiblingFacts
from returnsops.returns.plan.standing_in import let_others_stand_in
from returnsops.returns.policy import RECORD_KINDS
from tests.builders import make_exchange, make_facts, make_line, make_loop, make_netsuite, make_sale, make_unit, policy

BOOT = make_unit(1, "sellable")
CAP = make_unit(2, provider_line="2", sku="CAP-7", item_id="502")  # on line 6 of the bill, and not sent back
SIBLING = SiblingFacts("110700999", is_earlier=True, units=("2",))
NOTED = OverrideFacts("acknowledge", "foreign_record record:8001", "seen", 1)


def facts_with(*records: RecordFacts, observes: str, is_cash_sale: bool = False, **changes: Any) -> ReturnFacts:
    sale = make_sale((BOOT, CAP), "cashSale" if is_cash_sale else "invoice")
    rules = policy(ownership=dict.fromkeys(RECORD_KINDS, "write") | {observes: "observe"})
    return make_facts(units=(BOOT,), records=(sale, *records), policy=rules, **changes)


def authorization(*, line: dict[str, Any] | None = None, **changes: Any) -> RecordFacts:
    lines = (make_line("1", **{"order_line": "3"} | (line or {})),)
    return make_netsuite("returnAuthorization", "8001", **{"created_from_id": "7001", "lines": lines} | changes)


@pytest.mark.parametrize(
    ("record", "stands"),
    [
        (authorization(), True),
        (authorization(ours=True), False),
        (authorization(status="C"), False),
        (authorization(created_from_id="7999"), False),
        (authorization(created_from_id="7999", other_ref_num="110700123"), True),
        (authorization(line={"order_line": "6", "item_id": "502"}), False),
        (authorization(line={"order_line": ""}), True),
        (authorization(line={"order_line": "", "item_id": "599"}), False),
        (authorization(line={"is_closed": True}), False),
        (authorization(line={"quantity": 2}), True),
    ],
)
def test_authorization_of_the_same_lines_stands_in(record: RecordFacts, stands: bool) -> None:
    rma = let_others_stand_in(facts_with(record, observes="rma")).posted("rma")

    assert (rma.their_id if rma else None) == ("8001" if stands else None)


@pytest.mark.parametrize(
    ("record", "said", "stands"),
    [
        (authorization(), (), True),
        (authorization(), (NOTED,), False),
        (authorization(other_ref_num="110700999"), (), False),
        (authorization(line={"quantity": 2}), (), False),  # of which of both nobody can tell
    ],
)
def test_authorization_beside_another_return_of_the_order(
    record: RecordFacts, said: tuple[OverrideFacts, ...], stands: bool
) -> None:
    facts = facts_with(record, observes="rma", siblings=(SIBLING,), overrides=said)

    assert (let_others_stand_in(facts).posted("rma") is not None) is stands


@pytest.mark.parametrize(
    ("record", "stands"),
    [
        (authorization(other_ref_num="110700999"), False),
        (authorization(), True),
        (authorization(line={"quantity": 2}), True),
    ],
)
def test_authorization_beside_a_return_of_the_order_that_has_ended(record: RecordFacts, *, stands: bool) -> None:
    """It claims nothing but what names it."""
    facts = facts_with(record, observes="rma", siblings=(replace(SIBLING, units=()),))

    assert (let_others_stand_in(facts).posted("rma") is not None) is stands


@pytest.mark.parametrize("is_cash_sale", [False, True])
@pytest.mark.parametrize(
    ("changes", "is_alone", "stands"),
    [
        ({}, True, True),
        ({"total": "1.00"}, True, True),  # that it differs is told
        ({"ours": True}, True, False),
        ({"status": "V"}, True, False),
        ({"created_from_id": "7999"}, True, False),
        ({}, False, True),
        ({"total": "1.00"}, False, False),
        ({"other_ref_num": "110700999"}, False, False),
        ({"total": "1.00", "other_ref_num": "110700123"}, False, True),
    ],
)
def test_credit_of_the_sale_stands_in(
    is_cash_sale: bool, changes: dict[str, Any], is_alone: bool, stands: bool
) -> None:
    values = {"created_from_id": "7001", "total": "77.76"} | changes
    record = make_netsuite(
        "cashRefund" if is_cash_sale else "creditMemo", "8201", **values | {"total": Decimal(values["total"])}
    )
    observes, kind = ("refund", "cash_refund") if is_cash_sale else ("credit", "credit")
    siblings = () if is_alone else (SIBLING,)

    facts = facts_with(record, observes=observes, is_cash_sale=is_cash_sale, siblings=siblings)

    assert (let_others_stand_in(facts).posted(kind) is not None) is stands


def test_units_the_other_system_received_are_those_judged_here_first() -> None:
    """Of three units of one line two were received: the accepted one, and one that nobody judged; never the refused."""
    units = (make_unit(1), make_unit(2, "refused"), make_unit(3, "sellable"))
    rma = authorization(line={"quantity": 3, "received": 2})
    ours = make_netsuite("itemReceipt", "8101", created_from_id="8001", ours=True)
    theirs = make_netsuite("itemReceipt", "8102", created_from_id="8001")
    rules = policy(ownership=dict.fromkeys(RECORD_KINDS, "write") | {"rma": "observe", "receipt": "observe"})

    facts = make_facts(units=units, records=(make_sale(units), rma, ours, theirs), policy=rules)
    found = let_others_stand_in(facts)

    assert [unit.outcome for unit in found.units] == ["received", "refused", "sellable"]
    assert [(one.their_id, sorted(one.covers)) for one in found.postings if one.kind == "receipt"] == [
        ("8102", ["unit:387001", "unit:387003"])
    ]
    unread = let_others_stand_in(replace(facts, records_read=False))
    assert unread.postings == ()


@pytest.mark.parametrize(
    ("is_open", "store_credit", "rule", "exchanged", "is_applied"),
    [
        ("0", "0", "value_in_value_out", True, True),
        ("10.00", "10.00", "value_in_value_out", True, True),
        ("10.01", "10.00", "value_in_value_out", True, False),
        ("0", "0", "zero_credit", True, False),
        ("0", "0", "value_in_value_out", False, False),
    ],
)
def test_credit_is_applied_to_the_exchange_once_no_more_is_open_than_store_credit(
    is_open: str, store_credit: str, rule: str, exchanged: bool, is_applied: bool
) -> None:
    ownership = dict.fromkeys(RECORD_KINDS, "write") | {"credit": "observe"}
    loop = make_loop((BOOT,), exchange_credit=str(Decimal("77.76") - Decimal(store_credit)), gift_card=store_credit)
    memo = make_netsuite(
        "creditMemo", "8201", created_from_id="7001", total=Decimal("77.76"), amount_remaining=Decimal(is_open)
    )
    facts = make_facts(
        units=(BOOT,), records=(make_sale((BOOT,)), memo), loop=replace(loop, refund=Decimal(0)),
        exchanges=(make_exchange(),) if exchanged else (),
        policy=policy(ownership=ownership, exchange_settlement=rule),
    )  # fmt: skip

    found = let_others_stand_in(facts)

    assert found.posted("credit") is not None
    assert (found.posted("credit_apply") is not None) is is_applied

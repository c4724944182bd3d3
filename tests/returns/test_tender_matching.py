"""A refund that somebody else made: whose it is, and which payment of the return it may stand for (requirement E3)."""

from decimal import Decimal
from typing import Any

import pytest

from returnsops.returns.facts import OverrideFacts, RecordFacts
from returnsops.returns.plan.tender_matching import Part, candidates_for, refunds_by_others, refunds_noted
from tests.builders import make_facts, make_netsuite, make_posted

CARD, GIFT_CARD = Part("217", Decimal("67.76")), Part("218", Decimal("10.00"))
HALVES = [Part("217", Decimal("40.00")), Part("217", Decimal("27.76"))]
MEMO = "8201"


@pytest.mark.parametrize(
    ("account", "amount", "payments", "found"),
    [
        ("217", "67.76", [CARD, GIFT_CARD], [CARD]),
        ("217", "20.00", [CARD, GIFT_CARD], [CARD]),
        ("217", "10.00", [CARD, GIFT_CARD], [CARD, GIFT_CARD]),  # the account speaks for one, the amount for the other
        ("217", "90.00", [CARD, GIFT_CARD], [CARD, GIFT_CARD]),  # more than was paid there
        ("217", "67.76", [*HALVES, GIFT_CARD], HALVES),
        ("", "10.00", [CARD, GIFT_CARD], [GIFT_CARD]),
        ("999", "10.00", [CARD, GIFT_CARD], [GIFT_CARD]),
        ("999", "5.00", [CARD, GIFT_CARD], [CARD, GIFT_CARD]),
    ],
)
def test_payments_a_refund_may_stand_for(account: str, amount: str, payments: list[Part], found: list[Part]) -> None:
    assert candidates_for(Part(account, Decimal(amount)), payments) == found


def refund(internal_id: str, *, pays: str = MEMO, **changes: Any) -> RecordFacts:
    rows = ((pays, Decimal("10.00")),)
    return make_netsuite("customerRefund", internal_id, account_id="218", pays=rows, **changes)


def test_refund_by_others_is_none_of_ours_and_stands_on_this_credit() -> None:
    """9302 is ours after a lost answer; 9303 was adopted."""
    others = (refund("9302", ours=True), refund("9303"), refund("9304", status="V"), refund("9305", pays="9203"))
    noted = OverrideFacts("acknowledge", "foreign_record record:9306", "seen", 1)
    facts = make_facts(
        records=(refund("9301"), *others, refund("9306")),
        postings=(make_posted("customer_refund", "9303"),),
        overrides=(noted,),
    )

    assert [record.internal_id for record, _ in refunds_by_others(facts, MEMO)] == ["9301"]
    assert refunds_noted(facts, MEMO) == [GIFT_CARD]

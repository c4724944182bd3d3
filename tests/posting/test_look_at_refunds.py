"""Of several payments of one return, which one a refund by somebody else is taken for (requirement E3)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from integrations.models import Shop
from integrations.netsuite.records import ApplyRow
from returnsops.people.models import User
from returnsops.posting.look import Found, Sought, look_first
from returnsops.posting.sought import seek
from returnsops.returns.decisions import add_override
from returnsops.returns.models import Override
from tests.builders import make_due, make_posting, make_return
from tests.posting.conftest import FakeNetSuite, make_netsuite_record

MEMO, CARD, GIFT_CARD, UNKNOWN, ELSEWHERE = "8201", "217", "218", "", "999"
Payment = tuple[str, str]  # account and amount


def sought(number: int, payments: list[Payment], **more: Any) -> Sought:
    (account, amount), *others = payments[number:] + payments[:number]
    row = {"doc": {"id": MEMO}, "line": 1, "apply": True, "amount": amount}
    request: dict[str, Any] = {
        "operation": "create",
        "target_type": "customerRefund",
        "body": {"customer": {"id": "8801"}, "account": {"id": account}, "apply": {"items": [row]}},
        "beside": [{"account": one, "amount": paid} for one, paid in others],
    }
    return Sought(f"loop-fern-1-customer-refund-{number}", "customer_refund", request, **more)


def look(payments: list[Payment], refund: Payment, *, memo: str = MEMO, **more: Any) -> list[Found | None]:
    """What is found in the place of each of the payments, where somebody else made this refund."""
    account, amount = refund
    netsuite = FakeNetSuite()
    made = make_netsuite_record("customerRefund", "9301", {"externalId": ""}, None)
    paid = ApplyRow(doc_id=memo, line=1, amount=Decimal(amount), apply=True)
    raw = {"account": {"id": account}} if account else {}
    netsuite.records["9301"] = replace(made, external_id=None, applies=(paid,), raw=raw)
    wanted = [sought(number, payments, **more) for number in range(len(payments))]
    found = look_first(netsuite, wanted).found  # type: ignore[arg-type]
    return [found.get(one.external_id) for one in wanted]


def told(found: Found | None) -> str:
    if found is None:
        return "post"
    return "adopt" if found.is_same else "which" if found.is_shared else "differs"


SPLIT = [(CARD, "67.76"), (GIFT_CARD, "10.00")]
HALVES = [(CARD, "38.88"), (GIFT_CARD, "38.88")]
ONE_ACCOUNT = [(CARD, "67.76"), (CARD, "10.00")]
TWINS = [(CARD, "38.88"), (CARD, "38.88")]


@pytest.mark.parametrize(
    ("payments", "refund", "outcome"),
    [
        (SPLIT, (GIFT_CARD, "10.00"), ["post", "adopt"]),
        (SPLIT, (CARD, "67.76"), ["adopt", "post"]),
        (SPLIT, (GIFT_CARD, "4.00"), ["post", "differs"]),
        (SPLIT, (UNKNOWN, "10.00"), ["post", "adopt"]),
        (SPLIT, (ELSEWHERE, "10.00"), ["post", "differs"]),
        (SPLIT, (UNKNOWN, "33.00"), ["which", "which"]),
        (SPLIT, (CARD, "10.00"), ["which", "which"]),  # the account says one, the amount the other
        (SPLIT, (GIFT_CARD, "77.76"), ["which", "which"]),  # both parts at once, on one account
        (HALVES, (GIFT_CARD, "38.88"), ["post", "adopt"]),
        (HALVES, (UNKNOWN, "38.88"), ["which", "which"]),
        (ONE_ACCOUNT, (CARD, "10.00"), ["post", "adopt"]),
        (ONE_ACCOUNT, (CARD, "20.00"), ["which", "which"]),
        (TWINS, (CARD, "38.88"), ["which", "which"]),
        ([(CARD, "77.76")], (ELSEWHERE, "20.00"), ["differs"]),
        ([(CARD, "77.76")], (UNKNOWN, "77.76"), ["adopt"]),
    ],
)
def test_refund_by_others_is_told_apart_by_account_and_amount(
    payments: list[Payment], refund: Payment, outcome: list[str]
) -> None:
    assert [told(one) for one in look(payments, refund)] == outcome


def test_refund_of_another_credit_is_nobodys() -> None:
    assert look(SPLIT, (GIFT_CARD, "10.00"), memo="8299") == [None, None]


def test_it_is_told_which_other_payment_it_may_be() -> None:
    found, _ = look(SPLIT, (CARD, "10.00"))

    assert found is not None
    assert found.differences == (
        "it pays 10.00 of 8201, 67.76 was sent",
        "it may as well be the payment of 10.00 on account 218",
    )


def test_payment_that_a_person_told_apart_is_posted_beside_it() -> None:
    assert look(SPLIT, (CARD, "10.00"), is_told_apart=True) == [None, None]


@pytest.mark.django_db
def test_word_of_a_person_tells_one_posting_apart_and_no_other(shop: Shop, finn: User) -> None:
    row = make_return(shop)
    card, gift_card = (
        make_posting(row, make_due("customer_refund", covers=[f"part:{number}"], request=sought(number, SPLIT).request))
        for number in range(2)
    )
    subject = f"foreign_record posting:{card.external_id}"
    add_override(row, kind=Override.Kind.ACKNOWLEDGE, subject=subject, value="seen", reason="By gift card.", by=finn)

    assert [one.is_told_apart for one in seek([card, gift_card])] == [True, False]

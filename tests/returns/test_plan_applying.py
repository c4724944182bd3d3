"""Value in, value out: the credit and the invoices of the exchange, and what somebody did with it by hand (C04)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from returnsops.returns.facts import RecordFacts, ReturnFacts
from returnsops.returns.plan import StepState, plan_return
from tests.builders import (
    make_exchange,
    make_facts,
    make_loop,
    make_netsuite,
    make_unit,
    policy,
    with_credit,
    with_receipts,
    with_rma,
    with_settlement,
)
from tests.other_side import codes_of, step_of

VALUE = Decimal("77.76")


def swapped(*records: RecordFacts, is_open: str = "77.76", gift_card: str = "0", order: str = "B") -> ReturnFacts:
    """One unit was swapped for another at its full value; beside it a second one as store credit, if told. The credit
    is booked, and Loop has settled. order: state of the exchange order; G: all of it is billed."""
    nothing = {"refund": "0", "refund_item": "0", "refund_tax": "0"}
    units = tuple(make_unit(number, "sellable", **nothing) for number in ((1, 2) if Decimal(gift_card) else (1,)))
    loop = make_loop(units, outcome="exchange", exchange_credit="77.76", gift_card=gift_card, refund="0", fee="0")
    facts = make_facts(
        units=units,
        loop=loop,
        exchanges=(make_exchange(order_id="61001", order_name="#EXC-20418"),),
        policy=policy(exchange_settlement="value_in_value_out"),
    )
    total = str(VALUE + Decimal(gift_card))
    facts = with_settlement(with_credit(with_receipts(with_rma(facts)), total=total, remaining=is_open))
    exchange = make_netsuite("salesOrder", "6101", external_id="61001", status=order, total=VALUE)
    return replace(facts, records=(*facts.records, exchange, *records))


def invoice(number: int, is_open: str, **changes: object) -> RecordFacts:
    made = make_netsuite("invoice", str(9200 + number), created_from_id="6101", amount_remaining=Decimal(is_open))
    return replace(made, **changes)  # type: ignore[arg-type]


def refund(pays: str, **changes: object) -> RecordFacts:
    made = make_netsuite("customerRefund", "9301", pays=((pays, VALUE),) if pays else ())
    return replace(made, **changes)  # type: ignore[arg-type]


def applied(facts: ReturnFacts) -> list[tuple[str, str]]:
    bodies = [due.request["body"] for due in plan_return(facts).postings if due.kind == "credit_apply"]
    return [(row["doc"]["id"], row["amount"]) for body in bodies for row in body["apply"]["items"]]


@pytest.mark.parametrize(
    ("invoices", "order", "rows"),
    [
        ((invoice(1, "50.00"), invoice(2, "50.00")), "B", [("9201", "50.00"), ("9202", "27.76")]),
        ((invoice(1, "77.76"), invoice(2, "50.00")), "B", [("9201", "77.76")]),
        ((invoice(1, "50.00"),), "B", []),
        ((invoice(1, "50.00"),), "G", [("9201", "50.00")]),
        ((invoice(1, "77.76", status="V"),), "G", []),
    ],
)
def test_credit_is_shared_out_once_among_the_invoices_of_the_exchange(
    invoices: tuple[RecordFacts, ...], order: str, rows: list[tuple[str, str]]
) -> None:
    assert applied(swapped(*invoices, order=order)) == rows


@pytest.mark.parametrize(
    ("facts", "is_used"),
    [
        (swapped(invoice(1, "0"), is_open="0"), True),
        (swapped(invoice(1, "0"), is_open="20.00"), False),
        (swapped(invoice(1, "0"), is_open="0", gift_card="20.00"), True),
        (swapped(invoice(1, "0"), is_open="20.00", gift_card="20.00"), False),
        (swapped(invoice(1, "0"), refund("8201"), is_open="0"), False),
        (swapped(invoice(1, "0"), refund("8201", status="V"), is_open="0"), True),
        (swapped(invoice(1, "0"), refund("9999"), is_open="0"), True),
        (swapped(invoice(1, "0"), refund(""), is_open="0"), False),  # of which credit nobody tells
    ],
    ids=["all", "less", "store credit too", "store credit open", "refunded", "voided", "another's", "untold"],
)
def test_credit_that_went_into_other_documents_by_hand_is_settled(facts: ReturnFacts, is_used: bool) -> None:
    plan = plan_return(facts)

    assert ("exchange_value_open" not in codes_of(plan)) is is_used
    assert (step_of(plan, "apply").state == StepState.DONE) is is_used

"""What is booked of Loop's payments: beside what others refunded, within what was credited, on which account."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from returnsops.lib.money import add_up
from returnsops.returns.facts import OverrideFacts, RefundFacts, ReturnFacts
from returnsops.returns.plan import StepState, plan_return
from returnsops.returns.policy import RECORD_KINDS
from tests.builders import (
    WRITES_ALL,
    make_facts,
    make_netsuite,
    make_sale,
    make_unit,
    policy,
    with_credit,
    with_receipts,
    with_rma,
    with_settlement,
)
from tests.other_side import carry_out_one, codes_of, due_of, kinds_of, step_of

CARD, GIFT_CARD, PAYPAL, CLEARING = "217", "218", "217", "219"
TENDERS = WRITES_ALL["tenders"] | {"paypal": {"account_id": PAYPAL}, "several": {"account_id": CLEARING}}
ACCOUNTS = {name: tender["account_id"] for name, tender in TENDERS.items()}


def received(**changes: object) -> ReturnFacts:
    unit = make_unit(1, "sellable")
    return with_receipts(with_rma(make_facts(units=(unit,), policy=policy(tenders=TENDERS), **changes)))


def paid(facts: ReturnFacts, **by_gateway: str) -> ReturnFacts:
    """Loop settled, and paid these amounts."""
    refunds = tuple(RefundFacts(gateway, Decimal(amount)) for gateway, amount in by_gateway.items())
    return with_settlement(facts, refund=add_up(one.amount for one in refunds), refunds=refunds)


def noting(facts: ReturnFacts, *subjects: str) -> ReturnFacts:
    noted = tuple(OverrideFacts("acknowledge", subject, "seen", 1) for subject in subjects)
    return replace(facts, overrides=(*facts.overrides, *noted))


def refunds_due(facts: ReturnFacts) -> list[tuple[str, str]]:
    """Account and amount of each Customer Refund that the plan wants."""
    bodies = [due.request["body"] for due in plan_return(facts).postings if due.kind == "customer_refund"]
    return [(body["account"]["id"], body["apply"]["items"][0]["amount"]) for body in bodies]


SPLIT = {"shopify_payments": "67.76", "gift_card": "10.00"}


@pytest.mark.parametrize(
    ("payments", "noted", "due"),
    [
        (SPLIT, [(CARD, "20.00")], [(CARD, "47.76"), (GIFT_CARD, "10.00")]),
        (SPLIT, [(CARD, "20.00"), (CARD, "20.00")], [(CARD, "27.76"), (GIFT_CARD, "10.00")]),
        # All of a payment, and a person said that ours is booked beside it.
        (SPLIT, [(CARD, "67.76")], [(CARD, "67.76"), (GIFT_CARD, "10.00")]),
        # Of which of both it is a part nobody can tell.
        ({"shopify_payments": "47.76", "paypal": "30.00"}, [(CARD, "20.00")], [(CARD, "47.76"), (PAYPAL, "30.00")]),
        # Loop paid 10.00 less than the goods are worth, so there is room for a second refund by hand.
        ({"shopify_payments": "67.76"}, [(CARD, "5.00")], [(CARD, "67.76")]),
        ({"shopify_payments": "67.76"}, [(CARD, "10.00")], [(CARD, "67.76")]),
        ({"shopify_payments": "67.76"}, [(CARD, "15.00")], [(CARD, "62.76")]),
        ({"shopify_payments": "67.76"}, [(CARD, "10.00"), (CARD, "10.00")], [(CARD, "57.76")]),
        # 10.00 more than was credited, which is set right by hand: the largest payments are booked.
        ({"shopify_payments": "47.76", "gift_card": "40.00"}, [], [(CARD, "47.76"), (GIFT_CARD, "30.00")]),
        ({"shopify_payments": "77.26", "gift_card": "0.50"}, [], [(CARD, "77.26"), (GIFT_CARD, "0.50")]),
    ],
)
def test_payment_is_booked_less_what_others_refunded_of_it_and_within_the_credit(
    payments: dict[str, str], noted: list[tuple[str, str]], due: list[tuple[str, str]]
) -> None:
    facts = paid(with_credit(received(), total="77.76"), **payments)
    theirs = [
        make_netsuite("customerRefund", str(9301 + nth), account_id=account, pays=(("8201", Decimal(amount)),))
        for nth, (account, amount) in enumerate(noted)
    ]
    facts = noting(
        replace(facts, records=(*facts.records, *theirs)),
        *(f"foreign_record record:{one.internal_id}" for one in theirs),
        f"loop_paid_less return:{facts.loop.loop_id}:10",
        f"loop_paid_more return:{facts.loop.loop_id}:10",
    )

    assert refunds_due(facts) == due


@pytest.mark.parametrize(
    ("is_open", "found"),
    [("0", []), ("50.00", ["record_differs"]), ("60.00", [])],
)
def test_refund_that_no_longer_fits_is_a_case_but_what_took_all_is_looked_for(is_open: str, found: list[str]) -> None:
    facts = paid(with_credit(received(), total="77.76", remaining=is_open), shopify_payments="60.00", gift_card="17.76")

    plan = plan_return(facts)

    assert codes_of(plan) == found
    assert len(refunds_due(facts)) == (0 if found else 2)


def test_refund_tells_the_look_of_the_others_that_are_still_to_be_told_apart() -> None:
    """Ours of the card is over there; one of somebody else that was adopted for it is nothing to mix up any more."""
    facts = paid(with_credit(received(), total="77.76"), **SPLIT)
    card = next(due for due in plan_return(facts).postings if due.request["body"]["account"]["id"] == CARD)
    first = carry_out_one(facts, card)
    adopted = replace(first, records=tuple(replace(one, ours=False) for one in first.records))

    assert due_of(plan_return(first), "customer_refund").request["beside"] == [{"account": CARD, "amount": "67.76"}]
    assert "beside" not in due_of(plan_return(adopted), "customer_refund").request


@pytest.mark.parametrize("of_others", ["77.75", "82.76"])
def test_credit_of_others_that_is_not_what_loop_paid_is_asked_about_before_it_is_refunded(of_others: str) -> None:
    """Cents inside the tolerance as well: where ReturnsOps credits they get a line of their own."""
    rules = policy(tenders=TENDERS, ownership=dict.fromkeys(RECORD_KINDS, "write") | {"credit": "observe"})
    facts = paid(replace(received(), policy=rules), shopify_payments="77.76")
    memo = make_netsuite(
        "creditMemo", "8201", created_from_id="8001", total=Decimal(of_others), amount_remaining=Decimal(of_others)
    )
    facts = noting(replace(facts, records=(*facts.records, memo)), "credit_differs record:8201:5")

    plan = plan_return(facts)
    after = plan_return(noting(facts, f"settled_differently {plan.problems[0].subject}"))

    assert (codes_of(plan), kinds_of(plan)) == (["settled_differently"], [])
    assert step_of(plan, "refund").state == StepState.BLOCKED
    assert kinds_of(after) == ["customer_refund"]


@pytest.mark.parametrize(
    ("payments", "account", "option"),
    [({"shopify_payments": "77.76"}, CARD, {"id": "9"}), (SPLIT, CLEARING, None)],
)
def test_cash_refund_only_records_what_the_shop_paid_on_one_account(
    payments: dict[str, str], account: str, option: dict[str, str] | None
) -> None:
    facts = paid(received(records=(make_sale((make_unit(1),), "cashSale"),)), **payments)

    plan = plan_return(facts)

    body = due_of(plan, "cash_refund").request["body"]
    assert (body["handlingMode"], body["account"]) == ({"id": "SAVE_ONLY"}, {"id": account})
    assert body.get("paymentOption") == option
    assert (step_of(plan, "refund").state, plan.stage) == (StepState.DUE, "posting")


def test_payment_of_nothing_in_another_currency_is_no_hindrance() -> None:
    facts = paid(with_credit(received(), total="77.76"), shopify_payments="77.76")
    nothing = RefundFacts("gift_card", Decimal(0), "EUR")
    facts = replace(facts, loop=replace(facts.loop, refunds=(*facts.loop.refunds, nothing)))

    assert refunds_due(facts) == [(CARD, "77.76")]


def test_refund_that_was_given_up_leaves_the_step_to_those_that_stand() -> None:
    facts = paid(with_credit(received(), total="77.76"), **SPLIT)
    for due in plan_return(facts).postings:
        facts = carry_out_one(facts, due)
    first, second = [one for one in facts.postings if one.kind == "customer_refund"]

    def without(*gone: str) -> ReturnFacts:
        records = tuple(replace(one, gone=one.internal_id in gone) for one in facts.records)
        noted = [f"record_gone posting:{one.external_id}" for one in (first, second) if one.their_id in gone]
        return noting(replace(facts, records=records), *noted)

    one_left, none_left = without(first.their_id), without(first.their_id, second.their_id)

    assert step_of(plan_return(one_left), "refund").state == StepState.DONE
    assert step_of(plan_return(none_left), "refund").state == StepState.NOT_NEEDED


def listing(**by_gateway: str) -> ReturnFacts:
    """Loop says that it refunded 77.76, a day ago, and lists these payments."""
    facts = with_credit(received(), total="77.76")
    refunds = tuple(RefundFacts(gateway, Decimal(amount)) for gateway, amount in by_gateway.items())
    facts = with_settlement(facts, refund=Decimal("77.76"), refunds=refunds)
    return replace(facts, now=facts.now + timedelta(days=1))


def test_payments_that_never_add_up_are_booked_as_listed_once_noted() -> None:
    """What Loop does not list is that person's to book."""
    facts = listing(shopify_payments="70.00")
    assert (codes_of(plan_return(facts)), refunds_due(facts)) == (["settled_differently"], [])

    assert refunds_due(noting(facts, "settled_differently return:110700123:payments")) == [(CARD, "70.00")]


def test_payment_of_nothing_needs_no_account() -> None:
    assert refunds_due(listing(shopify_payments="77.76", manual="0.00")) == [(CARD, "77.76")]

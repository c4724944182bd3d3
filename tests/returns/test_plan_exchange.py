"""Exchanges: the order is found or created, and the credit comes to nothing under a Loop discount."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from returnsops.returns.facts import ReturnFacts
from returnsops.returns.plan import StepState, plan_return
from returnsops.returns.plan.promise import promise_of
from tests.builders import (
    NOW,
    make_exchange,
    make_facts,
    make_loop,
    make_netsuite,
    make_unit,
    policy,
    settled,
    with_receipts,
    with_rma,
)
from tests.other_side import codes_of, due_of, kinds_of, rows_of, run_to_end, step_of, total_of

NO_REFUND = {"refund": "0", "refund_item": "0", "refund_tax": "0"}
NAMED = make_exchange(order_id="61001", order_name="#EXC-20418")


def even_exchange(*outcomes: str, **changes: Any) -> ReturnFacts:
    """Each unit is swapped for another of the same worth."""
    units = tuple(make_unit(number, outcome, **NO_REFUND) for number, outcome in enumerate(outcomes, start=1))
    worth = str(sum((unit.worth + unit.tax for unit in units), Decimal(0)))
    loop = make_loop(units, outcome="exchange", exchange_credit=worth, refund="0", fee="0")
    return make_facts(**{"units": units, "loop": loop, "exchanges": (make_exchange(),)} | changes)


def received(facts: ReturnFacts) -> ReturnFacts:
    return with_receipts(with_rma(facts))


def with_order(facts: ReturnFacts) -> ReturnFacts:
    order = make_netsuite("salesOrder", "6101", external_id="61001", tran_id="SO6101")
    return replace(facts, exchanges=(NAMED,), records=(*facts.records, order))


def test_credit_of_an_even_exchange_comes_to_nothing() -> None:
    facts = received(even_exchange("sellable"))

    due = due_of(plan_return(facts), "credit")

    assert rows_of(due)[1:] == [{"item": {"id": "904"}, "quantity": 1, "rate": "-77.76", "amount": "-77.76"}]
    assert total_of(facts, due) == 0


def test_exchange_goes_to_the_end_without_a_refund() -> None:
    facts = with_order(even_exchange("sellable"))

    facts, plan = run_to_end(facts)

    assert [one.kind for one in facts.postings] == ["rma", "receipt", "credit", "loop_process"]
    assert plan.stage == "settled"
    assert step_of(plan, "exchange").records == ("6101",)


def test_exchange_with_a_remainder_refunds_the_remainder() -> None:
    units = (make_unit(1, "sellable", refund="17.76", refund_item="16.44", refund_tax="1.32"),)
    loop = make_loop(units, outcome="exchange+refund", exchange_credit="60.00", refund="17.76", fee="0")

    facts, plan = run_to_end(with_order(make_facts(units=units, loop=loop, exchanges=(make_exchange(),))))

    (refund,) = facts.records_of("customerRefund")
    assert refund.total == Decimal("17.76")
    assert plan.stage == "settled"


def test_value_of_an_exchange_stays_open_where_value_goes_in_and_out() -> None:
    facts = with_order(even_exchange("sellable", policy=policy(exchange_settlement="value_in_value_out")))

    facts, plan = run_to_end(facts)

    assert facts.records_of("creditMemo")[0].amount_remaining == Decimal("77.76")
    assert plan.stage == "settled"


def test_exchange_order_is_awaited_by_its_name_never_by_its_total() -> None:
    facts = received(even_exchange("sellable", exchanges=(NAMED,)))
    facts = replace(facts, loop=settled(facts.loop, settled_at=NOW))
    same_total = make_netsuite("salesOrder", "6102", total=Decimal("77.76"))
    facts = replace(facts, records=(*facts.records, same_total))

    step = step_of(plan_return(facts), "exchange")

    assert (step.state, step.detail) == (StepState.WAITING, "waits for #EXC-20418 to arrive in NetSuite")


def test_exchange_order_that_does_not_come_is_a_problem_after_an_hour() -> None:
    facts = received(even_exchange("sellable", exchanges=(NAMED,)))
    facts = replace(facts, loop=settled(facts.loop, settled_at=NOW), policy=policy(refund_authority="loop_first"))

    early, late = plan_return(facts), plan_return(replace(facts, now=NOW + timedelta(hours=1)))

    assert (codes_of(early), early.look_again_at) == ([], NOW + timedelta(hours=1))
    assert codes_of(late) == ["exchange_order_missing"]


def test_orphaned_exchange_order_is_noticed_before_the_parcel_is_inspected() -> None:
    facts = with_rma(even_exchange("", exchanges=(NAMED,), policy=policy(refund_authority="loop_first")))
    facts = replace(facts, loop=settled(facts.loop, settled_at=NOW - timedelta(hours=2)))

    assert codes_of(plan_return(facts)) == ["exchange_order_missing"]


def test_exchange_order_is_created_where_the_policy_says_so() -> None:
    facts = received(even_exchange("sellable", exchanges=(NAMED,), policy=policy(exchange_order="create")))

    due = due_of(plan_return(facts), "exchange_order")

    assert rows_of(due) == [
        {"item": {"id": "502"}, "quantity": 1, "rate": "77.76", "amount": "77.76"},
        {"item": {"id": "904"}, "quantity": 1, "rate": "-77.76", "amount": "-77.76"},
    ]
    assert due.request["body"]["otherRefNum"] == "#EXC-20418"


def test_created_exchange_order_is_found_again_and_not_made_twice() -> None:
    facts, plan = run_to_end(even_exchange("sellable", exchanges=(NAMED,), policy=policy(exchange_order="create")))

    assert [one.kind for one in facts.postings].count("exchange_order") == 1
    assert plan.stage == "settled"


def test_existing_exchange_order_is_taken_instead_of_creating_one() -> None:
    facts = received(with_order(even_exchange("sellable", policy=policy(exchange_order="create"))))

    assert "exchange_order" not in kinds_of(plan_return(facts))


def test_created_exchange_order_waits_for_a_mapping() -> None:
    unmapped = replace(NAMED, item_id="")
    facts = received(even_exchange("sellable", exchanges=(unmapped,), policy=policy(exchange_order="create")))

    assert codes_of(plan_return(facts)) == ["sku_unmapped"]


def test_refused_unit_of_an_exchange_is_settled_by_a_person_in_loop() -> None:
    plan = plan_return(received(even_exchange("sellable", "refused")))

    assert (codes_of(plan), kinds_of(plan)) == (["refused_exchange_unit"], [])
    assert step_of(plan, "settle").detail == "a person settles it in Loop"


def test_postings_say_what_the_customer_waits_for() -> None:
    exchange, refund = received(even_exchange("sellable")), received(make_facts(units=(make_unit(1, "sellable"),)))
    paid = replace(refund, loop=replace(refund.loop, settled_at=NOW))

    assert due_of(plan_return(exchange), "credit").promise == "exchange"
    assert due_of(plan_return(refund), "credit").promise == "refund"
    assert promise_of(paid) == "restock"

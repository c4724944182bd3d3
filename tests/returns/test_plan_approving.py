"""What a second person sees before they approve a credit, and when they are asked (promise 4, E6, E7)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from returnsops.returns.facts import ApprovalFacts, ReturnFacts
from returnsops.returns.plan import plan_return
from returnsops.returns.plan.comparing import describe_credit
from returnsops.returns.plan.money import Credit, CreditLine
from tests.builders import make_facts, make_loop, make_sale, make_unit, policy, settled, with_receipts, with_rma
from tests.other_side import codes_of, run_to_end


def test_proposed_credit_is_told_row_by_row() -> None:
    credit = Credit(
        lines=(CreditLine("3", "501", 2, Decimal("144.00"), Decimal("11.52"), own_rate=True),),
        kept_goods=Decimal("10.00"),
        kept_tax=Decimal("0.80"),
        fee=Decimal("5.00"),
        shipping=Decimal("4.00"),
        shipping_tax=Decimal("0.30"),
        duties=Decimal(0),
        exchange_discount=Decimal(0),
        paid_otherwise=(("store_credit", Decimal("20.00")),),
        differences=(("tax", Decimal("0.02")), ("overpaid", Decimal("3.00"))),
        total=Decimal("148.64"),
    )

    assert describe_credit(make_facts(), credit) == (
        ("2 × item 501", "144.00 USD"),
        ("Tax, computed by NetSuite", "11.52 USD"),
        ("Goods the customer keeps", "10.00 USD"),
        ("Tax of the goods the customer keeps", "0.80 USD"),
        ("Fee kept", "-5.00 USD"),
        ("Shipping given back", "4.00 USD"),
        ("Tax of the shipping", "0.30 USD"),
        ("Given as store credit", "-20.00 USD"),
        ("Difference line: tax", "0.02 USD"),
        ("Difference line: paid beyond the goods", "3.00 USD"),
        ("Total", "148.64 USD"),
    )


def test_credit_of_nothing_is_told_by_its_total() -> None:
    nothing = Credit(
        (), kept_goods=Decimal(0), kept_tax=Decimal(0), fee=Decimal(0), shipping=Decimal(0), shipping_tax=Decimal(0),
        duties=Decimal(0), exchange_discount=Decimal(0), paid_otherwise=(), differences=(), total=Decimal(0),
    )  # fmt: skip

    assert describe_credit(make_facts(), nothing) == (("Total", "0.00 USD"),)


def approved_under(limit: str | None) -> ReturnFacts:
    """Loop pays 3 cents less tax than NetSuite computes; a second person said yes to what they were shown."""
    unit = make_unit(1, "sellable", tax="5.73", refund="77.73", refund_tax="5.73")
    facts = with_receipts(with_rma(make_facts(units=(unit,), records=(make_sale((make_unit(1),)),))))
    facts = replace(facts, policy=policy(approval_above=limit))
    (problem,) = plan_return(facts).problems
    return replace(facts, approvals=(ApprovalFacts("credit", problem.seen_hash),))


@pytest.mark.parametrize(
    ("before", "after", "asked"),
    [(None, "50", True), ("100", "50", True), ("50", "60", False), ("50", None, False), ("50", "100", False)],
)
def test_yes_to_a_difference_is_none_to_a_credit_above_a_later_limit(
    before: str | None, after: str | None, *, asked: bool
) -> None:
    """Whoever said yes to 3 cents may not be one who can approve all of it. The other way round nothing is left."""
    plan = plan_return(replace(approved_under(before), policy=policy(approval_above=after)))

    assert [(one.code, one.amount) for one in plan.problems] == (
        [("amount_differs", Decimal("77.73"))] if asked else []
    )


@pytest.mark.parametrize(("limit", "found"), [("77.76", []), ("77.75", ["approval_needed"])])
def test_credit_up_to_the_limit_needs_nobody(limit: str, found: list[str]) -> None:
    facts = make_facts(units=(make_unit(1, "sellable"),), policy=policy(approval_above=limit))

    assert codes_of(plan_return(with_receipts(with_rma(facts)))) == found


def test_all_that_kept_goods_are_worth_is_asked_for_whatever_fee_is_taken_from_it() -> None:
    """Else somebody with a small limit of their own might say yes to it."""
    units = (make_unit(1, is_kept=True, refund="47.76"),)
    loop = settled(make_loop(units))
    rules = policy(kept_items="line_outcome", refund_authority="loop_first")

    _, plan = run_to_end(make_facts(units=units, loop=loop, policy=rules))

    (problem,) = [one for one in plan.problems if one.seen_hash]
    assert "77.76 USD are credited" in problem.cause
    assert problem.amount == Decimal("77.76")


def test_surplus_is_told_beside_what_the_units_are_worth() -> None:
    facts = with_receipts(with_rma(make_facts(units=(make_unit(1, "sellable"),))))
    facts = replace(facts, loop=settled(replace(facts.loop, refund=Decimal("87.76"))))

    problem = next(one for one in plan_return(facts).problems if one.code == "loop_paid_more")

    assert (problem.expected, problem.found) == ("Worth of the accepted units 77.76 USD", "Paid by Loop 87.76 USD")
    assert problem.amount == Decimal("10.00")

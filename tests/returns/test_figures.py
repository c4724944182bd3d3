"""Loop's own figures: what they come to, and the cause of every cent they leave open (promise 4)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from returnsops.returns.facts import ReturnFacts, UnitFacts
from returnsops.returns.plan.figures import bonus_credit, find_untold_amounts, left_open, read_figures
from tests.builders import make_facts, make_loop, make_unit, policy

PAID_OTHERWISE = {"refund": "0", "refund_item": "0", "refund_tax": "0"}


def facts_of(*units: UnitFacts, rules: dict[str, str] | None = None, **loop: object) -> ReturnFacts:
    """Judged and not settled. loop: what Loop's header shows, where it is not the sum of the units; amounts as text."""
    amounts = {name: Decimal(value) if isinstance(value, str) else value for name, value in loop.items()}
    return make_facts(units=units, loop=make_loop(units, **amounts), policy=policy(**rules or {}))


def causes_of(facts: ReturnFacts) -> dict[str, str]:
    return {cause: str(amount) for cause, amount in read_figures(facts).causes}


@pytest.mark.parametrize(
    ("refund", "causes"),
    [
        ("155.56", {"rounding": "0.04"}),
        ("155.48", {"rounding": "-0.04"}),
        ("155.57", {"overpaid": "0.05"}),
        ("155.47", {"underpaid": "-0.05"}),
    ],
)
def test_only_a_cent_for_item_and_tax_of_each_unit_is_rounding(refund: str, causes: dict[str, str]) -> None:
    facts = facts_of(make_unit(1, "sellable"), make_unit(2, "sellable"), refund=refund)

    assert causes_of(facts) == causes
    assert read_figures(facts).total == Decimal(refund)


@pytest.mark.parametrize(
    ("in_line", "in_header", "refund", "causes"),
    [
        ("10.00", "10.00", "87.76", {}),
        ("4.00", "10.00", "81.76", {"shipping": "-6.00"}),
        ("10.00", "0", "78.76", {"overpaid": "1.00"}),  # it would leave more open than it explains
    ],
)
def test_shipping_is_the_cause_where_lines_and_header_differ_by_it(
    in_line: str, in_header: str, refund: str, causes: dict[str, str]
) -> None:
    unit = make_unit(1, "sellable", refund=Decimal("77.76") + Decimal(in_line))

    assert causes_of(facts_of(unit, fee="0", refund=refund, refund_shipping=in_header)) == causes


def test_fee_is_the_cause_where_the_header_alone_shows_it_beside_a_kept_unit_too() -> None:
    """Shipping is in line and header. A kept unit is judged by nobody, and is no refused one."""
    units = (make_unit(1, "sellable", refund="87.76"), make_unit(2, is_kept=True))

    assert causes_of(facts_of(*units, fee="5.00", refund="160.52", refund_shipping="10.00")) == {"fee": "-5.00"}


def test_what_is_paid_otherwise_is_no_fee_of_its_line() -> None:
    facts = facts_of(make_unit(1, "sellable", **PAID_OTHERWISE), fee="0", refund="0", gift_card="20.00")

    assert causes_of(facts) == {"underpaid": "-57.76"}


def test_fee_and_shipping_of_refused_units_fall_away() -> None:
    """Of each unit 2.00 is kept, and 5.00 of shipping is given back on top."""
    units = (make_unit(1, "sellable", refund="80.76"), make_unit(2, "refused", refund="80.76"))
    rules = {"credit_lines": "gross_with_fee_line"}

    figures = read_figures(facts_of(*units, rules=rules, fee="4.00", refund_shipping="10.00"))

    assert (figures.fee, figures.shipping, figures.causes) == (Decimal("2.00"), Decimal("5.00"), ())
    assert figures.total == Decimal("80.76")


@pytest.mark.parametrize(
    ("accepted", "refused", "loop"),
    [
        ({}, PAID_OTHERWISE, {"gift_card": "77.76"}),
        (PAID_OTHERWISE, {}, {"gift_card": "77.76"}),
        (PAID_OTHERWISE, {}, {"exchange_credit": "77.76"}),
    ],
    ids=["store credit of the refused one", "store credit of the accepted one", "exchange of the accepted one"],
)
def test_what_the_refused_unit_was_paid_with_falls_away(
    accepted: dict[str, str], refused: dict[str, str], loop: dict[str, str]
) -> None:
    units = (make_unit(1, "sellable", **accepted), make_unit(2, "refused", **refused))
    facts = facts_of(*units, rules={"exchange_settlement": "value_in_value_out"}, fee="0", refund="77.76", **loop)

    assert read_figures(facts).total == Decimal("77.76")


def test_refused_unit_leaves_no_store_credit_open() -> None:
    units = (make_unit(1, "sellable"), make_unit(2, "refused", **PAID_OTHERWISE))

    assert left_open(facts_of(*units, fee="0", refund="77.76", gift_card="77.76")) == 0


def test_bonus_is_what_fee_and_shipping_do_not_explain() -> None:
    """One unit as money, less a fee of 2.00 and with shipping of 5.00; the other as store credit with 10.00 on top."""
    units = (make_unit(1, "sellable", refund="80.76"), make_unit(2, "sellable", **PAID_OTHERWISE))

    facts = facts_of(*units, fee="2.00", refund="80.76", refund_shipping="5.00", gift_card="87.76")

    assert bonus_credit(facts) == Decimal("10.00")


@pytest.mark.parametrize("untold", ["refund_item", "refund_tax"])
def test_refund_that_loop_splits_by_half_is_untold_and_never_taken_for_zero(untold: str) -> None:
    nothing: dict[str, Any] = {untold: None}
    unit = replace(make_unit(1, "sellable"), **nothing)
    facts = facts_of(unit)

    assert find_untold_amounts(facts) == (f"{untold} of unit 387001",)
    assert (read_figures(facts).goods, read_figures(facts).tax) == (unit.worth, unit.tax)

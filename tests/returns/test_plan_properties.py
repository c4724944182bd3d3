"""Sums and promises that hold for any return, whatever its units, outcomes and amounts."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from returnsops.lib.money import add_up
from returnsops.returns.facts import ApprovalFacts, ReturnFacts, UnitFacts
from returnsops.returns.plan import Plan, plan_return
from tests.builders import (
    DAMAGED,
    SELLABLE,
    make_exchange,
    make_facts,
    make_loop,
    make_sale,
    make_unit,
    policy,
    settled,
    with_receipts,
    with_rma,
)
from tests.other_side import carry_out, carry_out_one, due_of, rows_of, total_of

ROUNDS_MAX = 12
STATES = ["open", "review", "closed", "cancelled", "expired", "unknown"]
cents = st.integers(min_value=0, max_value=20_000).map(lambda number: Decimal(number) / 100)
odd_amounts = st.decimals(min_value=-100, max_value=1000, places=3) | st.sampled_from(
    [Decimal(0), Decimal("0.001"), Decimal("1E+2"), Decimal("99999999.999")]
)
outcomes = st.sampled_from(["sellable", "damaged", "hold", "scrapped", "refused", "missing"])
maybe_outcomes = st.sampled_from(["", "sellable", "damaged", "hold", "scrapped", "refused", "missing"])


@st.composite
def priced_units(draw: st.DrawFn, judged: Any = outcomes, amounts: Any = cents) -> tuple[UnitFacts, ...]:
    """One to five units of up to three order lines; Loop keeps a fee of some of them."""
    units = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        item, tax, fee = draw(amounts), draw(amounts), draw(st.sampled_from([Decimal(0), Decimal("1.50")]))
        fee = min(fee, item)
        line = draw(st.integers(1, 3))
        units.append(
            make_unit(
                number,
                draw(judged),
                provider_line=str(line),
                sku=f"SKU-{line}",
                item_id=str(500 + line),
                price=item,
                discount="0",
                tax=tax,
                refund=item + tax - fee,
                refund_item=item - fee,
                refund_tax=tax,
            )
        )
    return tuple(units)


@st.composite
def any_facts(draw: st.DrawFn, amounts: Any = cents, judged: Any = outcomes) -> ReturnFacts:
    units = draw(priced_units(judged=judged, amounts=amounts))
    sold = units if draw(st.booleans()) else draw(_sold_at_other_prices(units))
    record_type = draw(st.sampled_from(["invoice", "cashSale"]))
    rules = policy(credit_lines=draw(st.sampled_from(["net", "gross_with_fee_line"])))
    return make_facts(units=units, records=(make_sale(sold, record_type),), policy=rules)


@st.composite
def _sold_at_other_prices(draw: st.DrawFn, units: tuple[UnitFacts, ...]) -> tuple[UnitFacts, ...]:
    """NetSuite's figures are some cents beside Loop's."""
    shift = st.integers(-5, 5).map(lambda number: Decimal(number) / 100)
    return tuple(replace(unit, price=unit.price + draw(shift), tax=unit.tax + draw(shift)) for unit in units)


def with_approval(facts: ReturnFacts, plan: Plan) -> ReturnFacts:
    seen = tuple(ApprovalFacts("credit", one.seen_hash) for one in plan.problems if one.seen_hash)
    return replace(facts, approvals=(*facts.approvals, *seen))


def journey(facts: ReturnFacts) -> list[tuple[ReturnFacts, Plan]]:
    """Every pair of facts and plan on the way to the end; whatever needs approval gets it."""
    seen = []
    for _ in range(ROUNDS_MAX):
        plan = plan_return(facts)
        seen.append((facts, plan))
        approved = with_approval(facts, plan)
        if not plan.postings and approved == facts:
            return seen
        facts = carry_out(facts, plan) if plan.postings else approved
    raise AssertionError(f"no end: {[due.kind for due in plan.postings]}")


def taken_covers(facts: ReturnFacts) -> Counter[tuple[str, str]]:
    return Counter((one.kind, cover) for one in facts.postings if one.is_taken for cover in one.covers)


@given(any_facts())
def test_every_accepted_unit_has_exactly_one_receipt(facts: ReturnFacts) -> None:
    for here, plan in journey(facts):
        if "rma" not in {one.kind for one in here.postings}:
            continue
        covers = taken_covers(here) + Counter((due.kind, cover) for due in plan.postings for cover in due.covers)
        assert {unit: covers["receipt", unit.cover] for unit in here.accepted_units} == dict.fromkeys(
            here.accepted_units, 1
        )


@given(any_facts())
def test_nothing_is_due_that_is_covered_already(facts: ReturnFacts) -> None:
    for here, plan in journey(facts):
        covered = taken_covers(here)
        assert not [due for due in plan.postings for cover in due.covers if covered[due.kind, cover]]


@given(any_facts())
def test_no_two_postings_of_one_plan_cover_the_same(facts: ReturnFacts) -> None:
    for _, plan in journey(facts):
        covers = Counter((due.kind, cover) for due in plan.postings for cover in due.covers)
        assert all(count == 1 for count in covers.values())


@given(any_facts())
def test_sellable_place_only_for_units_judged_sellable(facts: ReturnFacts) -> None:
    for here, plan in journey(facts):
        outcome_of = {unit.cover: unit.outcome for unit in here.units}
        for due in plan.postings:
            places = {
                row.get("location", {}).get("id")
                for row in due.request.get("body", {}).get("item", {}).get("items", [])
            }
            judged = {outcome_of[cover] for cover in due.covers if cover in outcome_of}
            assert SELLABLE not in places or (due.kind == "receipt" and judged == {"sellable"})
            assert DAMAGED not in places or (due.kind == "receipt" and judged == {"damaged"})


@given(any_facts())
def test_credit_comes_to_what_loop_pays_to_the_cent(facts: ReturnFacts) -> None:
    for here, plan in journey(facts):
        for due in plan.postings:
            if due.kind in ("credit", "cash_refund"):
                owed = add_up(unit.refund for unit in here.accepted_units)
                assert total_of(here, due) == owed


@given(any_facts())
def test_every_cent_between_both_figures_is_on_a_row_with_a_cause(facts: ReturnFacts) -> None:
    named = set(facts.policy.items.values())
    for _, plan in journey(facts):
        for due in plan.postings:
            if due.kind in ("credit", "cash_refund"):
                assert all("orderLine" in row or row["item"]["id"] in named for row in rows_of(due))


@given(any_facts())
def test_every_return_comes_to_its_end(facts: ReturnFacts) -> None:
    _, plan = journey(facts)[-1]

    assert plan.stage in ("settled", "ended")
    assert plan.problems == ()


@given(any_facts(judged=maybe_outcomes), st.randoms(use_true_random=False))
def test_order_of_the_facts_does_not_matter(facts: ReturnFacts, chance: Any) -> None:
    for here, plan in journey(facts):
        mixed: dict[str, Any] = {
            name: tuple(chance.sample(getattr(here, name), len(getattr(here, name))))
            for name in ("units", "records", "postings", "approvals", "exchanges", "overrides")
        }
        assert plan_return(replace(here, **mixed)).hash() == plan.hash()


@given(any_facts(judged=maybe_outcomes), st.integers(0, 10_000))
def test_time_alone_changes_a_plan_only_when_a_deadline_passes(facts: ReturnFacts, minutes: int) -> None:
    for here, plan in journey(facts):
        later = replace(here, now=here.now + timedelta(minutes=minutes))
        if plan.look_again_at is None or later.now < plan.look_again_at:
            assert plan_return(later).hash() == plan.hash()


@given(
    any_facts(amounts=odd_amounts, judged=maybe_outcomes),
    st.sampled_from(STATES),
    st.sampled_from(["USD", "JPY", "KWD", ""]),
    st.tuples(odd_amounts, odd_amounts, odd_amounts),
    st.booleans(),
    st.booleans(),
)
def test_no_amounts_make_a_plan_fail(
    facts: ReturnFacts, state: str, currency: str, figures: tuple[Decimal, Decimal, Decimal], done: bool, swaps: bool
) -> None:
    refund, gift_card, exchange_credit = figures
    loop = replace(facts.loop, state=state, refund=refund, gift_card=gift_card, exchange_credit=exchange_credit)
    facts = replace(
        facts,
        currency=currency,
        loop=settled(loop, state=state) if done else loop,
        exchanges=(make_exchange(),) if swaps else (),
    )

    plan_return(facts).hash()
    received = with_receipts(with_rma(facts))
    plan = plan_return(received)
    plan_return(with_approval(received, plan)).hash()


@given(any_facts(), st.data())
def test_carrying_out_one_posting_at_a_time_ends_the_same(facts: ReturnFacts, data: st.DataObject) -> None:
    whole = journey(facts)[-1][0]

    for _ in range(5 * ROUNDS_MAX):
        plan = plan_return(facts)
        approved = with_approval(facts, plan)
        if not plan.postings and approved == facts:
            break
        facts = carry_out_one(facts, data.draw(st.sampled_from(plan.postings))) if plan.postings else approved

    assert Counter(one.kind for one in facts.postings) == Counter(one.kind for one in whole.postings)
    assert plan_return(facts).stage == plan_return(whole).stage


def test_three_pieces_of_ten_dollars_are_credited_without_a_stray_cent() -> None:
    units = tuple(make_unit(number, "sellable", price=price, discount="0", tax="0", refund=price, refund_item=price,
                            refund_tax="0") for number, price in ((1, "3.33"), (2, "3.33"), (3, "3.34")))  # fmt: skip
    facts = with_receipts(with_rma(make_facts(units=units, loop=make_loop(units))))

    assert total_of(facts, due_of(plan_return(facts), "credit")) == Decimal("10.00")

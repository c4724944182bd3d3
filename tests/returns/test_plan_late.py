"""Units that turn up after the money was settled without them, or after it was paid for goods the customer keeps."""

from dataclasses import replace

from returnsops.returns.facts import ApprovalFacts, OverrideFacts, ReturnFacts
from returnsops.returns.plan import plan_return
from tests.builders import make_facts, make_loop, make_unit, policy, settled
from tests.other_side import codes_of, kinds_of, run_to_end


def kept_and_paid() -> ReturnFacts:
    """The first unit is kept and the second came; both are credited and refunded."""
    units = (make_unit(1, is_kept=True), make_unit(2, "sellable"))
    rules = policy(kept_items="line_outcome", refund_authority="loop_first")
    facts, plan = run_to_end(make_facts(units=units, loop=settled(make_loop(units)), policy=rules))
    seen = tuple(ApprovalFacts("credit", one.seen_hash) for one in plan.problems if one.seen_hash)
    facts, plan = run_to_end(replace(facts, approvals=seen))
    assert plan.stage == "settled"
    return facts


def judged(facts: ReturnFacts, outcome: str) -> ReturnFacts:
    first, *others = facts.units
    return replace(facts, units=(replace(first, outcome=outcome, inspected_at=facts.now), *others))


def test_kept_unit_that_came_is_told_and_never_received_or_credited_again() -> None:
    plan = plan_return(judged(kept_and_paid(), "sellable"))

    assert (codes_of(plan), kinds_of(plan), plan.stage) == (["kept_unit_came"], [], "settled")
    assert (
        plan.problems[0].cause == "Boot / 42 was paid for as kept by the customer, and came back after all: sellable."
    )


def test_kept_unit_that_came_and_is_sent_back_concerns_nobody() -> None:
    plan = plan_return(judged(kept_and_paid(), "refused"))

    assert (codes_of(plan), kinds_of(plan), plan.stage) == ([], [], "settled")


def test_kept_unit_that_came_before_it_was_credited_is_received() -> None:
    units = (make_unit(1, "sellable", is_kept=True),)
    rules = policy(kept_items="line_outcome", refund_authority="loop_first")

    facts, plan = run_to_end(make_facts(units=units, loop=settled(make_loop(units)), policy=rules))

    assert facts.posted_covers("receipt") == {units[0].cover}
    assert (codes_of(plan), plan.stage) == ([], "settled")


def test_unit_found_after_the_customer_paid_all_of_it_back_is_late() -> None:
    facts = paid_for_nothing(noted="77.76")

    plan = plan_return(judged(facts, "sellable"))

    assert (codes_of(plan), kinds_of(plan)) == (["late_unit"], [])


def test_unit_found_before_anybody_spoke_to_the_customer_is_received() -> None:
    facts = paid_for_nothing(noted="70.00")

    plan = plan_return(judged(facts, "sellable"))

    assert (codes_of(plan), kinds_of(plan)) == ([], ["receipt"])


def paid_for_nothing(*, noted: str) -> ReturnFacts:
    """Loop paid 77.76 USD for a unit that is missing; a person noted that they get so much back."""
    units = (make_unit(1, "missing"),)
    note = OverrideFacts("acknowledge", f"loop_paid_more return:110700123:{noted}", "seen", 1)
    rules = policy(refund_authority="loop_first")
    facts = make_facts(units=units, loop=settled(make_loop(units)), policy=rules, overrides=(note,))
    return run_to_end(facts)[0]

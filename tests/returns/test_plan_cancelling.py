"""What a person cancelled stays unsent by whichever kind of document the same decision would go out (I5)."""

from dataclasses import replace

import pytest

from returnsops.returns.facts import OverrideFacts
from returnsops.returns.plan import plan_return
from tests.builders import make_facts, make_posted, make_sale, make_unit, with_credit, with_receipts, with_rma
from tests.other_side import codes_of, kinds_of
from tests.scenarios.given import begin
from tests.scenarios.moments import pass_moment

CREDIT, SETTLEMENT = ["unit:387001"], ["part:settlement:110700123"]


@pytest.mark.parametrize(
    ("cancelled", "covers", "kind", "held"),
    [
        ("loop_process", SETTLEMENT, "loop_process", True),
        ("loop_remove", SETTLEMENT, "loop_process", True),  # a unit that was refused is accepted by now
        ("loop_note", SETTLEMENT, "loop_process", False),
        ("credit", CREDIT, "credit", True),
        ("cash_refund", CREDIT, "credit", True),
        ("receipt", CREDIT, "credit", False),  # of the same unit, and another decision
        ("credit", ["unit:387009"], "credit", False),
    ],
)
def test_one_decision_is_cancelled_once(cancelled: str, covers: list[str], kind: str, held: bool) -> None:
    units = (make_unit(1, "sellable"),)
    facts = with_receipts(with_rma(make_facts(units=units, records=(make_sale(units),))))
    facts = facts if kind == "credit" else with_credit(facts, total="77.76")
    posting = make_posted(cancelled, "", covers, status="voided", number=9, external_id="loop-fern-110700123-x-9")
    said = OverrideFacts("cancel", posting.external_id, "by hand", 1)

    plan = plan_return(replace(facts, postings=(*facts.postings, posting), overrides=(said,)))

    assert (kinds_of(plan), codes_of(plan)) == (([], ["posting_cancelled"]) if held else ([kind], []))


def test_what_waits_on_hold_for_its_category_is_told_when_the_return_ends() -> None:
    rules = {"place_rules": [{"outcome": "sellable", "category": "hosiery", "place": "35"}]}
    facts = begin({"policy": rules, "units": [{"sku": "SOCKS", "category_untold": True}]})
    received, _, _ = pass_moment(facts, {"judged": {"1": "sellable"}, "loop_answers": "nothing"})

    plan = plan_return(replace(received, loop=replace(received.loop, state="cancelled")))

    (problem,) = [one for one in plan.problems if one.code == "ended_after_receipt"]
    assert "on hold in NetSuite, to be moved by hand: 1 unit" in problem.cause

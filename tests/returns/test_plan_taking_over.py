"""A return that another system ended before ReturnsOps was to write: left to it if all of it adds up (C09)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from returnsops.returns.facts import RecordFacts, ReturnFacts, SiblingFacts
from returnsops.returns.plan import plan_return
from tests.builders import (
    make_facts,
    make_line,
    make_loop,
    make_netsuite,
    make_posted,
    make_sale,
    make_unit,
    settled,
)
from tests.other_side import kinds_of

UNITS = (make_unit(1),)
PAID = Decimal("77.76")


def ended(*, sold: int = 1, **changes: Any) -> ReturnFacts:
    """Authorised, received, credited and refunded by another system, and settled and closed in Loop."""
    sale = make_sale(tuple(make_unit(number) for number in range(1, sold + 1)))
    records = (sale, authorization(), credit(), refund())
    return make_facts(**{"units": UNITS, "loop": settled(make_loop(UNITS)), "records": records} | changes)


def authorization(**changes: Any) -> RecordFacts:
    lines = (make_line("1", order_line="3", received=1, location_id="99"),)
    values = {"created_from_id": "7001", "status": "G", "lines": lines}
    return make_netsuite("returnAuthorization", "9101", **values | changes)


def credit(**changes: Any) -> RecordFacts:
    return make_netsuite("creditMemo", "9103", **{"created_from_id": "9101", "total": PAID} | changes)


def refund() -> RecordFacts:
    return make_netsuite("customerRefund", "9104", total=PAID, account_id="217", pays=(("9103", PAID),))


def changed(facts: ReturnFacts, record: RecordFacts) -> ReturnFacts:
    others = [one for one in facts.records if one.internal_id != record.internal_id]
    return replace(facts, records=(*others, record))


def test_what_another_system_ended_is_settled_and_nothing_is_posted() -> None:
    plan = plan_return(ended())

    assert (plan.stage, plan.postings, plan.problems) == ("settled", (), ())


def test_authorization_that_names_the_return_is_its_own_whatever_else_was_sold() -> None:
    facts = changed(ended(sold=2), authorization(other_ref_num="110700123"))

    assert plan_return(facts).stage == "settled"


TWIN = SiblingFacts("110700999", is_earlier=True, units=("14440012345678",))
OF_TWIN = replace(authorization(), internal_id="9105")


def beside(facts: ReturnFacts, record: RecordFacts, *siblings: SiblingFacts) -> ReturnFacts:
    return replace(facts, records=(*facts.records, record), siblings=siblings)


@pytest.mark.parametrize(
    "facts",
    [
        ended(sold=2),
        ended(sold=3, siblings=(replace(TWIN, units=("14440012345678",) * 2),)),
        ended(sold=2, siblings=(replace(TWIN, units=()),)),  # it was cancelled
        beside(ended(sold=2), replace(OF_TWIN, internal_id="9100"), TWIN),
        beside(ended(sold=2), replace(OF_TWIN, other_ref_num="110700999"), replace(TWIN, units=())),
    ],
    ids=["one of two sold", "of another count", "beside an ended return", "one for each", "names an ended return"],
)
def test_authorization_of_its_units_is_its_own_where_each_return_of_the_order_has_one(facts: ReturnFacts) -> None:
    """The earlier return has the earlier of two alike."""
    plan = plan_return(facts)

    assert (plan.stage, plan.postings, plan.problems) == ("settled", (), ())


@pytest.mark.parametrize(
    "facts",
    [
        ended(sold=2, siblings=(TWIN,)),  # one of both has none
        beside(ended(sold=2), OF_TWIN),  # one of both is of nobody we know
        changed(ended(), authorization(status="F")),
        changed(ended(), authorization(created_from_id="7999")),
        changed(ended(), credit(created_from_id="7001")),
        changed(ended(), credit(total=Decimal("70.00"))),
        changed(ended(), credit(amount_remaining=PAID)),
        ended(loop=make_loop(UNITS)),
    ],
    ids=[
        "twin",
        "nobody's",
        "not credited",
        "another sale",
        "another credit",
        "another amount",
        "still open",
        "not settled",
    ],
)
def test_what_may_be_of_another_or_does_not_add_up_is_planned_as_ever(facts: ReturnFacts) -> None:
    assert kinds_of(plan_return(facts)) == ["rma"]


def test_return_that_returnsops_began_is_never_left_to_others() -> None:
    facts = ended(postings=(make_posted("rma", "8001", [UNITS[0].cover]),))

    assert plan_return(facts).stage != "settled"


def test_case_of_an_authorization_of_more_units_says_what_to_look_at_and_how_it_ends() -> None:
    more = authorization(lines=(make_line("1", order_line="3", quantity=2, received=2),))
    facts = changed(ended(sold=2), more)

    (problem,) = [one for one in plan_return(facts).problems if one.code == "foreign_record"]

    assert "It holds 2 × BOOT-42 and was refunded by CRE9103 of 77.76 USD." in problem.cause
    assert "enter 110700123 as its PO number" in problem.cause
    assert plan_return(changed(facts, replace(more, other_ref_num="110700123"))).stage == "settled"

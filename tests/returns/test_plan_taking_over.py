"""A return that another system ended before ReturnsOps was to write: left to it if all of it adds up (C09)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from returnsops.returns.facts import RecordFacts, ReturnFacts
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


@pytest.mark.parametrize(
    "facts",
    [
        ended(sold=2),  # it may as well be of another return of the order
        changed(ended(), authorization(status="F")),
        changed(ended(), authorization(created_from_id="7999")),
        changed(ended(), credit(created_from_id="7001")),
        changed(ended(), credit(total=Decimal("70.00"))),
        changed(ended(), credit(amount_remaining=PAID)),
        ended(loop=make_loop(UNITS)),
    ],
    ids=["units", "not credited", "another sale", "another credit", "another amount", "still open", "not settled"],
)
def test_what_may_be_of_another_or_does_not_add_up_is_planned_as_ever(facts: ReturnFacts) -> None:
    assert kinds_of(plan_return(facts)) == ["rma"]


def test_return_that_returnsops_began_is_never_left_to_others() -> None:
    facts = ended(postings=(make_posted("rma", "8001", [UNITS[0].cover]),))

    assert plan_return(facts).stage != "settled"

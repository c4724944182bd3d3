"""What of an authorization never came is taken off it, once its receipts are known (netsuite.md §4.5)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from returnsops.returns.facts import ClaimFacts, OverrideFacts, ReturnFacts
from returnsops.returns.plan import plan_return
from returnsops.returns.policy import Ownership
from tests.builders import (
    NOW,
    make_facts,
    make_loop,
    make_posted,
    make_rma,
    make_unit,
    with_credit,
    with_receipts,
    with_rma,
)
from tests.other_side import kinds_of


@pytest.mark.parametrize(
    ("kind", "changes", "closes"),
    [
        ("receipt", {"read_back": True}, True),
        ("receipt", {"read_back": False}, False),
        ("receipt", {"status": "uncertain"}, False),
        ("receipt", {"status": "rejected", "read_back": False}, True),
        ("receipt", {"external_id": "", "read_back": False}, True),  # of another system: read, or it were not here
        ("transfer", {"read_back": False}, True),
    ],
)
def test_units_that_did_not_come_are_taken_off_once_every_receipt_is_read(
    kind: str, changes: dict[str, Any], closes: bool
) -> None:
    """Beside the receipt of the unit that came and was read back."""
    units = (make_unit(1, "sellable"), make_unit(2, "refused", provider_line="2"))
    facts = with_credit(with_receipts(with_rma(make_facts(units=units))), total="77.76")
    other = make_posted(kind, "8109", ["unit:387009"], number=2, **changes)

    plan = plan_return(replace(facts, postings=(*facts.postings, other)))

    assert ("rma_close" in kinds_of(plan)) is closes


# --- An authorization that others made in the place of ours -------------------------------------------

THEIRS: dict[str, Any] = {"internal_id": "8099", "external_id": "", "ours": False}


def cancelled_beside(**changes: Any) -> ReturnFacts:
    """Cancelled a week ago, before we made an authorization, and somebody else had. changes: of theirs."""
    units = (make_unit(1),)
    loop = make_loop(units, state="cancelled", updated_at=NOW - timedelta(days=7))
    facts = make_facts(units=units, loop=loop)
    (sale,) = facts.records
    theirs = make_rma(sale, **THEIRS | changes)
    return replace(facts, records=(sale, theirs))


def left_open(facts: ReturnFacts) -> list[str]:
    return [problem.subject for problem in plan_return(facts).problems if problem.code == "rma_left_open"]


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ({}, True),
        ({"status": "E"}, True),  # received by them, and not credited
        ({"status": "C"}, False),
        ({"status": "G"}, False),
        ({"status": "H"}, False),
        ({"ours": True}, False),
        ({"created_from_id": "7999"}, False),  # of another sale
        ({"created_from_id": "7999", "other_ref_num": "110700123"}, True),  # which says whose it is
        ({"created_from_id": "7999", "external_id": "110700123"}, True),
    ],
)
def test_return_that_ended_asks_for_the_end_of_what_others_authorised(changes: dict[str, Any], is_told: bool) -> None:
    assert left_open(cancelled_beside(**changes)) == (["record:8099"] if is_told else [])


@pytest.mark.parametrize("changes", [{"item_id": "509"}, {"is_closed": True}, {"quantity": 0}])
def test_lines_of_other_items_or_closed_ones_are_not_of_this_return(changes: dict[str, Any]) -> None:
    facts = cancelled_beside()
    lines = tuple(replace(line, **changes) for line in facts.records[1].lines)

    assert left_open(cancelled_beside(lines=lines)) == []


def test_authorization_that_a_sibling_adopted_is_the_sibling_s() -> None:
    facts = cancelled_beside()
    (line,) = facts.records[1].lines

    assert left_open(replace(facts, claims=(ClaimFacts("7001", line.order_line, 1),))) == []


def test_each_of_several_is_told_until_it_is_noted() -> None:
    facts = cancelled_beside()
    second = replace(facts.records[1], internal_id="8098", tran_id="RET8098")
    facts = replace(facts, records=(*facts.records, second))
    assert left_open(facts) == ["record:8098", "record:8099"]

    noted = OverrideFacts("acknowledge", "foreign_record record:8099", "It is of another return.", 1)
    assert left_open(replace(facts, overrides=(noted,))) == ["record:8098"]


def test_where_others_authorise_by_policy_theirs_is_the_one_that_is_read() -> None:
    facts = cancelled_beside()
    observed = replace(facts.policy, ownership={**facts.policy.ownership, "rma": Ownership.OBSERVE})

    assert left_open(replace(facts, policy=observed)) == ["record:8099"]

"""What of an authorization never came is taken off it, once its receipts are known (netsuite.md §4.5)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from returnsops.returns.facts import ClaimFacts, OverrideFacts, ReturnFacts
from returnsops.returns.plan import plan_return
from returnsops.returns.plan.closing import expect_end_of_credit
from returnsops.returns.plan.draft import Draft
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
from tests.other_side import kinds_of, run_to_end


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


# --- What a credit of ours has open at the end ---------------------------------------------------------


def ended_with(*overrides: OverrideFacts, is_open: str, **changes: Any) -> ReturnFacts:
    """Credited, refunded with 77.76, and the refund deleted for good; then the return ended, a week ago."""
    facts, _ = run_to_end(make_facts(units=(make_unit(1, "sellable"),)))
    left: dict[str, dict[str, Any]] = {
        "creditMemo": {"amount_remaining": Decimal(is_open)},
        "customerRefund": {"gone": True},
    }
    records = tuple(replace(one, **left.get(one.record_type, {})) for one in facts.records)
    postings = tuple(replace(one, **changes) if one.kind == "credit" else one for one in facts.postings)
    facts = replace(facts, records=records, postings=postings, overrides=overrides)
    return replace(facts, loop=replace(facts.loop, updated_at=NOW - timedelta(days=7)))


GIVEN_UP = OverrideFacts("acknowledge", "record_gone posting:loop-fern-110700123-customer-refund-1", "seen", 1)


def noted_open(amount: str) -> OverrideFacts:
    return OverrideFacts("acknowledge", f"record_differs record:8201:open:{amount}", "seen", 1)


@pytest.mark.parametrize(
    ("facts", "may_be_open", "asked"),
    [
        (ended_with(is_open="77.76"), "0", Decimal("77.76")),
        (ended_with(is_open="77.76"), "70.00", Decimal("7.76")),
        (ended_with(is_open="77.76"), "77.76", None),
        (ended_with(GIVEN_UP, is_open="77.76"), "0", None),
        (ended_with(GIVEN_UP, is_open="80.00"), "0", Decimal("2.24")),
        (ended_with(noted_open("77.76"), is_open="77.76"), "0", None),
        (ended_with(noted_open("77.76"), is_open="50.00"), "0", None),
        (ended_with(noted_open("70"), is_open="77.76"), "0", Decimal("77.76")),
        (ended_with(is_open="77.76", external_id=""), "0", None),  # of another system
    ],
    ids=[
        "all",
        "store credit",
        "no more",
        "given up",
        "beyond that",
        "noted",
        "less than noted",
        "more than noted",
        "theirs",
    ],
)
def test_ended_return_asks_for_what_its_credit_has_open_beyond_what_it_may(
    facts: ReturnFacts, may_be_open: str, asked: Decimal | None
) -> None:
    draft = Draft(facts)

    is_used = expect_end_of_credit(draft, may_be_open=Decimal(may_be_open), why="it was cancelled")

    assert (is_used, [one.amount for one in draft.problems]) == (asked is None, [] if asked is None else [asked])


@pytest.mark.parametrize("is_removed", [True, False])
def test_note_on_goods_taken_out_explains_an_open_authorization_only_while_they_are_out(*, is_removed: bool) -> None:
    """Put back in Loop, they are to be credited like any other."""
    facts, _ = run_to_end(make_facts(units=(make_unit(1, "sellable"), make_unit(2, "sellable", provider_line="2"))))
    records = tuple(
        replace(one, status="F") if one.record_type == "returnAuthorization" else one for one in facts.records
    )
    units = (facts.units[0], replace(facts.units[1], removed=is_removed))
    noted = OverrideFacts("acknowledge", f"removed_after_receipt unit:{units[1].unit}", "seen", 1)
    late = facts.now + timedelta(days=7)

    plan = plan_return(replace(facts, records=records, units=units, overrides=(noted,), now=late))

    assert any(one.subject.endswith(":rma") for one in plan.problems) is not is_removed

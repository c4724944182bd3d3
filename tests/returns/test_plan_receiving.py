"""Authorization, inspection and receipts: nothing sellable uninspected, every open row listed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from returnsops.returns.facts import ClaimFacts, OverrideFacts, RecordFacts, ReturnFacts
from returnsops.returns.plan import StepState, plan_return
from returnsops.returns.policy_reading import parse_stored
from tests.builders import (
    CREATED,
    DAMAGED,
    HOLDING,
    NOW,
    SELLABLE,
    WRITES_ALL,
    make_facts,
    make_loop,
    make_posted,
    make_unit,
    policy,
    with_receipts,
    with_rma,
)
from tests.other_side import carry_out, codes_of, due_of, kinds_of, rows_of, step_of


def inspected(*outcomes: str, **changes: object) -> ReturnFacts:
    units = tuple(make_unit(number, outcome) for number, outcome in enumerate(outcomes, start=1))
    return with_rma(make_facts(units=units, **changes))


def test_authorization_holds_only_the_returned_units_at_the_holding_location() -> None:
    sold = (make_unit(1), make_unit(2), make_unit(3))
    facts = make_facts(units=sold[:1], records=make_facts(units=sold).records)

    due = due_of(plan_return(facts), "rma")

    assert due.request["replace"] == ["item"]
    assert rows_of(due) == [{"orderLine": 3, "item": {"id": "501"}, "quantity": 1, "location": {"id": HOLDING}}]
    assert due.covers == {"unit:387001"}


def test_authorization_of_older_rules_without_a_holding_location_leaves_the_place_to_the_sale() -> None:
    """New rules must name one; these are followed all the same."""
    others = WRITES_ALL["ownership"] | {"receipt": "observe"}
    older = parse_stored(WRITES_ALL | {"ownership": others, "locations": {}})

    due = due_of(plan_return(make_facts(policy=older)), "rma")

    assert "location" not in due.request["body"]
    assert [row.keys() for row in rows_of(due)] == [{"orderLine", "item", "quantity"}]


def test_authorization_says_which_return_it_is_for() -> None:
    body = due_of(plan_return(make_facts()), "rma").request["body"]

    assert body["otherRefNum"] == "110700123"
    assert body["memo"] == "Loop 110700123 order #20418"
    assert body["orderStatus"] == {"id": "B"}


def test_authorization_on_its_way_is_not_wanted_twice() -> None:
    sending = make_posted("rma", "", ["unit:387001", "unit:387002"], status="sending", posted_at=None)

    plan = plan_return(make_facts(postings=(sending,)))

    assert kinds_of(plan) == []
    assert step_of(plan, "rma").state == StepState.DUE


@pytest.mark.parametrize("status", ["uncertain", "sending"])
def test_own_authorization_already_mirrored_takes_no_units_from_itself(status: str) -> None:
    facts = with_rma(make_facts())
    lost = replace(facts.postings[0], status=status, their_id="", posted_at=None)

    plan = plan_return(replace(facts, postings=(lost,)))

    assert codes_of(plan) == []
    assert kinds_of(plan) == []


def test_review_holds_the_authorization() -> None:
    loop = make_loop((make_unit(1), make_unit(2)), state="review")

    plan = plan_return(make_facts(loop=loop))

    assert kinds_of(plan) == []
    assert step_of(plan, "rma").detail == "Loop holds this return for review"


@pytest.mark.parametrize(("label", "expected"), [("pre_transit", []), ("in_transit", ["rma"]), ("delivered", ["rma"])])
def test_authorization_may_wait_for_the_first_scan(label: str, expected: list[str]) -> None:
    units = (make_unit(1),)
    facts = make_facts(units=units, loop=make_loop(units, label_status=label), policy=policy(rma_trigger="in_transit"))

    assert kinds_of(plan_return(facts)) == expected


def test_nothing_is_posted_where_another_system_writes() -> None:
    plan = plan_return(make_facts(policy=policy(ownership={})))

    assert kinds_of(plan) == []
    assert step_of(plan, "rma").detail == "another system has not made it"
    assert codes_of(plan) == ["rma_missing"]


def test_receipt_that_another_system_writes_is_expected_not_promised() -> None:
    plan = plan_return(inspected("sellable", policy=policy(ownership={"rma": "write"})))

    assert kinds_of(plan) == []
    assert (step_of(plan, "receipt").state, step_of(plan, "receipt").detail) == (
        StepState.WAITING,
        "another system should make it",
    )


def stranger(facts: ReturnFacts, *, quantity: int = 0) -> RecordFacts:
    """Another system's Return Authorization on the lines of ours; quantity: other than ours."""
    rma = with_rma(facts).records[-1]
    lines = tuple(replace(line, quantity=quantity or line.quantity) for line in rma.lines)
    return replace(rma, internal_id="8099", tran_id="RMA99", external_id="", ours=False, lines=lines)


def test_foreign_authorization_of_other_units_of_the_same_lines_is_a_problem() -> None:
    facts = make_facts()

    plan = plan_return(replace(facts, records=(*facts.records, stranger(facts, quantity=3))))

    assert codes_of(plan) == ["foreign_record"]
    assert kinds_of(plan) == []


def test_foreign_authorization_of_the_same_units_is_left_to_the_look_before_the_post() -> None:
    facts = make_facts()

    plan = plan_return(replace(facts, records=(*facts.records, stranger(facts))))

    assert (codes_of(plan), kinds_of(plan)) == ([], ["rma"])


def test_foreign_authorization_that_a_sibling_adopted_is_none_of_ours() -> None:
    facts = make_facts()
    theirs = stranger(facts, quantity=3)
    claims = tuple(ClaimFacts("7001", line.order_line, 3) for line in theirs.lines)
    (sale,) = facts.records
    larger = replace(sale, lines=tuple(replace(line, quantity=9) for line in sale.lines))

    plan = plan_return(replace(facts, records=(larger, theirs), claims=claims))

    assert (codes_of(plan), kinds_of(plan)) == ([], ["rma"])


def test_noting_a_foreign_authorization_does_not_make_a_second_one() -> None:
    facts = make_facts()
    foreign = stranger(facts)
    seen = OverrideFacts("acknowledge", "foreign_record record:8099", "seen", 1)

    plan = plan_return(replace(facts, records=(*facts.records, foreign), overrides=(seen,)))

    assert kinds_of(plan) == []
    assert codes_of(plan) == ["unit_not_on_order", "unit_not_on_order"]


def test_nothing_is_received_before_inspection() -> None:
    plan = plan_return(inspected("", ""))

    assert kinds_of(plan) == []
    assert step_of(plan, "inspection").detail == "waits for inspection of 2 units"
    assert step_of(plan, "receipt").state == StepState.WAITING


def test_twin_units_of_one_line_go_to_two_places_by_two_receipts() -> None:
    plan = plan_return(inspected("sellable", "damaged"))

    receipts = [due for due in plan.postings if due.kind == "receipt"]
    assert [(due.covers, rows_of(due)) for due in receipts] == [
        (
            frozenset({"unit:387001"}),
            [{"orderLine": 1, "itemReceive": True, "quantity": 1, "location": {"id": SELLABLE}}],
        ),
        (
            frozenset({"unit:387002"}),
            [{"orderLine": 1, "itemReceive": True, "quantity": 1, "location": {"id": DAMAGED}}],
        ),
    ]


def test_receipt_lists_every_open_row_and_says_no_to_the_others() -> None:
    units = (make_unit(1, "sellable"), make_unit(2, provider_line="2", sku="SOCK", item_id="502"))

    plan = plan_return(with_rma(make_facts(units=units)))

    assert rows_of(due_of(plan, "receipt")) == [
        {"orderLine": 1, "itemReceive": True, "quantity": 1, "location": {"id": SELLABLE}},
        {"orderLine": 2, "itemReceive": False},
    ]


def test_second_receipt_leaves_out_rows_that_are_full() -> None:
    first = (make_unit(1, "sellable"), make_unit(2, provider_line="2", sku="SOCK", item_id="502"))
    facts = with_rma(make_facts(units=first))
    facts = carry_out(facts, plan_return(facts))

    later = replace(facts, units=(facts.units[0], replace(facts.units[1], outcome="damaged", inspected_at=NOW)))

    assert [row["orderLine"] for row in rows_of(due_of(plan_return(later), "receipt"))] == [2]


def test_received_units_are_not_received_again() -> None:
    plan = plan_return(with_receipts(inspected("sellable", "damaged")))

    assert "receipt" not in kinds_of(plan)
    assert step_of(plan, "receipt").state == StepState.DONE


def test_accepted_unit_without_a_place_of_its_own_goes_to_hold() -> None:
    facts = replace(inspected("sellable"), policy=policy(locations={"holding": HOLDING}))

    (row,) = rows_of(due_of(plan_return(facts), "receipt"))

    assert row["location"] == {"id": HOLDING}


def test_receipt_is_dated_where_the_books_are() -> None:
    late_evening = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
    units = (make_unit(1, "sellable", inspected_at=late_evening),)

    plan = plan_return(with_rma(make_facts(units=units)))

    assert due_of(plan, "receipt").request["body"]["tranDate"] == "2026-11-19"


def test_corrected_date_is_sent_instead() -> None:
    corrected = OverrideFacts("tran_date", "receipt", "2026-12-01", 1)

    plan = plan_return(replace(inspected("sellable"), overrides=(corrected,)))

    assert due_of(plan, "receipt").request["body"]["tranDate"] == "2026-12-01"


def test_corrected_date_says_nothing_of_goods_that_came_since() -> None:
    """One unit was refused for a closed month and dated 3 November; the other came on the 19th."""
    said = OverrideFacts("tran_date", "receipt", "2026-11-03", 1, datetime(2026, 11, 4, tzinfo=UTC))
    units = (make_unit(1, "sellable", inspected_at=datetime(2026, 10, 31, 12, tzinfo=UTC)), make_unit(2))
    facts = replace(with_rma(make_facts(units=units)), overrides=(said,))
    first = due_of(plan_return(facts), "receipt")
    posted = replace(make_posted("receipt", "8101", [units[0].cover]), request=first.request)

    later = replace(units[1], outcome="sellable", inspected_at=datetime(2026, 11, 19, 12, tzinfo=UTC))
    facts = replace(facts, units=(units[0], later), postings=(*facts.postings, posted))

    assert first.request["body"]["tranDate"] == "2026-11-03"
    assert due_of(plan_return(facts), "receipt").request["body"]["tranDate"] == "2026-11-19"


def test_authorization_that_lost_a_line_is_a_problem() -> None:
    facts = inspected("sellable", "damaged")
    rma = replace(facts.records[-1], lines=())

    plan = plan_return(replace(facts, records=(*facts.records[:-1], rma)))

    assert codes_of(plan) == ["unit_not_authorized"]
    assert kinds_of(plan) == []


def test_deleted_authorization_is_a_problem_and_not_made_again() -> None:
    facts = inspected("", "")
    gone = replace(facts.records[-1], gone=True)

    plan = plan_return(replace(facts, records=(*facts.records[:-1], gone)))

    assert codes_of(plan) == ["record_gone"]
    assert kinds_of(plan) == []


def test_uninspected_parcel_is_late_three_days_after_delivery() -> None:
    delivered_at = NOW - timedelta(days=2)
    units = (make_unit(1),)
    facts = with_rma(make_facts(units=units, loop=make_loop(units, delivered_at=delivered_at)))

    early, late = plan_return(facts), plan_return(replace(facts, now=delivered_at + timedelta(days=3)))

    assert (codes_of(early), early.look_again_at) == ([], delivered_at + timedelta(days=3))
    assert (codes_of(late), late.look_again_at) == (["inspection_overdue"], None)
    assert step_of(late, "inspection").state == StepState.BLOCKED


def test_plan_asks_to_be_made_again_when_the_authorization_is_late() -> None:
    plan = plan_return(make_facts(now=CREATED + timedelta(minutes=1)))

    assert plan.look_again_at == CREATED + timedelta(minutes=5)


def test_return_whose_units_were_all_taken_out_gets_no_authorization() -> None:
    facts = make_facts()
    removed = tuple(replace(unit, removed=True) for unit in facts.units)

    assert kinds_of(plan_return(replace(facts, units=removed))) == []

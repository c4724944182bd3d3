"""Places that are told apart by inventory status: every document names it, and what nobody can change is told (D11)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from returnsops.returns.facts import FoundFacts, KitFacts, MemberFacts, OverrideFacts, ReturnFacts
from returnsops.returns.plan import plan_return
from tests.builders import CREATED
from tests.builders import policy as build_policy
from tests.other_side import codes_of, due_of, rows_of, step_of
from tests.scenarios.given import begin
from tests.scenarios.moments import pass_moment

ONE_PLACE = {"locations": {"holding": "14/2", "sellable": "14/1", "damaged": "14/3"}}
ON_HOLD = {
    "locations": {"holding": "31/2", "sellable": "14/1", "damaged": "14/3"},
    "receipt_trigger": "arrival_to_hold",
    "receipt_shape": "hold_then_transfer",
}


def live(rules: dict[str, Any], *moments: dict[str, Any]) -> ReturnFacts:
    facts = begin({"policy": rules, "units": [{}]})
    for moment in moments:
        facts, _, _ = pass_moment(replace(facts, now=facts.now + timedelta(days=1)), moment)
    return facts


def judge(facts: ReturnFacts, outcome: str, *, inspection: int = 2) -> ReturnFacts:
    """A day later, anew."""
    now = facts.now + timedelta(days=1)
    units = tuple(replace(one, outcome=outcome, inspected_at=now, inspection_id=inspection) for one in facts.units)
    return replace(facts, now=now, units=units)


def moved_rows(facts: ReturnFacts, kind: str) -> list[dict[str, Any]]:
    """Of the only posting of this kind that is due."""
    rows: list[dict[str, Any]] = due_of(plan_return(facts), kind).request["body"]["inventory"]["items"]
    return rows


def assigned(row: Mapping[str, Any]) -> Any:
    return row["inventoryDetail"]["inventoryAssignment"]["items"]


def test_a_receipt_names_the_status_of_the_place_beside_the_location() -> None:
    facts = live(ONE_PLACE, {"judged": {"1": "damaged"}})

    receipt = next(one for one in facts.postings if one.kind == "receipt")
    (row,) = receipt.body["item"]["items"]
    assert row["location"] == {"id": "14"}
    assert assigned(row) == [{"inventoryStatus": {"id": "3"}, "quantity": 1}]


def test_an_authorization_names_the_location_alone() -> None:
    (row,) = rows_of(due_of(plan_return(begin({"policy": ONE_PLACE, "units": [{}]})), "rma"))

    assert row["location"] == {"id": "14"}
    assert "inventoryDetail" not in row


def test_without_statuses_nothing_is_said_of_them() -> None:
    facts = live({}, {"judged": {"1": "damaged"}})

    (row,) = next(one for one in facts.postings if one.kind == "receipt").body["item"]["items"]
    assert "inventoryDetail" not in row


def test_a_transfer_takes_the_units_from_one_status_into_another() -> None:
    facts = live(ON_HOLD, {"scanned": True})

    (row,) = moved_rows(judge(facts, "sellable"), "transfer")

    assert assigned(row) == [{"inventoryStatus": {"id": "2"}, "toInventoryStatus": {"id": "1"}, "quantity": 1}]


def test_a_write_off_takes_the_units_out_of_their_status() -> None:
    facts = live(ON_HOLD, {"scanned": True})

    (row,) = moved_rows(judge(facts, "scrapped"), "adjustment")

    assert assigned(row) == [{"inventoryStatus": {"id": "2"}, "quantity": -1}]


def test_found_goods_are_taken_in_in_the_status_of_hold() -> None:
    facts = begin({"policy": ON_HOLD | {"found_account": "219"}, "units": [{}]})
    said = OverrideFacts("found", "found:7", "take_in", 1)
    facts = replace(facts, found=(FoundFacts("7", "SOCKS", "504", 2, CREATED),), overrides=(said,))

    (row,) = moved_rows(facts, "take_in")

    assert row["location"] == {"id": "31"}
    assert assigned(row) == [{"inventoryStatus": {"id": "2"}, "quantity": 2}]


def test_a_change_of_status_at_one_location_is_asked_of_a_person() -> None:
    facts = judge(live(ONE_PLACE, {"judged": {"1": "damaged"}}), "sellable")

    plan = plan_return(facts)

    (problem,) = [one for one in plan.problems if one.code == "status_to_change"]
    assert problem.cause == (
        "BOOT-42 lies at location 14 in status 3, and was judged sellable: it belongs there in status 1."
    )
    assert "transfer" not in {one.kind for one in plan.postings}
    assert step_of(plan, "shelve").detail == "an inventory status is changed by hand"


def test_what_was_noted_of_one_judgement_says_nothing_of_the_next() -> None:
    """Or a unit that was taken out of sellable stock once could lie there again, and nobody would be told."""
    facts = judge(live(ONE_PLACE, {"judged": {"1": "sellable"}}), "damaged")
    (problem,) = [one for one in plan_return(facts).problems if one.code == "status_to_change"]
    noted = OverrideFacts("acknowledge", f"status_to_change {problem.subject}", "done", 1)

    done = replace(facts, overrides=(noted,))

    assert "status_to_change" not in codes_of(plan_return(done))
    assert "status_to_change" in codes_of(plan_return(judge(done, "hold", inspection=3)))


def note_change(facts: ReturnFacts) -> ReturnFacts:
    """Finance makes the Inventory Status Change a day later, and notes it."""
    (problem,) = [one for one in plan_return(facts).problems if one.code == "status_to_change"]
    now = facts.now + timedelta(days=1)
    said = OverrideFacts("acknowledge", f"status_to_change {problem.subject}", "done", 1, now)
    return replace(facts, now=now, overrides=(*facts.overrides, said))


def test_a_unit_lies_in_the_status_that_a_person_noted_and_not_where_our_documents_left_it() -> None:
    facts = note_change(judge(live(ONE_PLACE, {"judged": {"1": "damaged"}}), "sellable"))

    (problem,) = [one for one in plan_return(judge(facts, "damaged", inspection=3)).problems if "status" in one.code]

    assert problem.cause == (
        "BOOT-42 lies at location 14 in status 1, and was judged damaged: it belongs there in status 3."
    )


def test_a_unit_is_written_off_out_of_the_status_that_a_person_noted_last() -> None:
    facts = note_change(judge(live(ONE_PLACE, {"judged": {"1": "damaged"}}), "hold"))
    facts = note_change(judge(facts, "sellable", inspection=3))

    (row,) = due_of(plan_return(judge(facts, "scrapped", inspection=4)), "adjustment").request["body"]["inventory"][
        "items"
    ]

    assert assigned(row) == [{"inventoryStatus": {"id": "1"}, "quantity": -1}]


def test_other_places_in_the_rules_move_nothing_that_a_person_brought_to_its_place() -> None:
    facts = note_change(judge(live(ONE_PLACE, {"judged": {"1": "damaged"}}), "sellable"))
    locations = replace(facts.policy.locations, sellable="15/1")

    plan = plan_return(replace(facts, policy=replace(facts.policy, locations=locations)))

    assert "transfer" not in {one.kind for one in plan.postings}


def test_a_document_after_the_note_says_where_a_unit_lies() -> None:
    facts = note_change(judge(live(ONE_PLACE, {"judged": {"1": "damaged"}}), "sellable"))
    later = facts.now + timedelta(days=1)
    postings = tuple(replace(one, posted_at=later) if one.kind == "receipt" else one for one in facts.postings)
    facts = replace(facts, now=later, postings=postings)

    (row,) = moved_rows(judge(facts, "scrapped", inspection=3), "adjustment")

    assert assigned(row) == [{"inventoryStatus": {"id": "3"}, "quantity": -1}]


@pytest.mark.parametrize("holding", ["41/2", "31/4"])
def test_what_lies_on_hold_goes_on_though_the_holding_place_changed_meanwhile(holding: str) -> None:
    facts = live(ON_HOLD, {"scanned": True})
    judged_before = judge(facts, "sellable")
    units = tuple(replace(one, inspected_at=facts.now - timedelta(days=2)) for one in judged_before.units)
    locations = replace(facts.policy.locations, holding=holding)

    changed = replace(judged_before, units=units, policy=replace(facts.policy, locations=locations))

    (row,) = moved_rows(changed, "transfer")
    assert assigned(row) == [{"inventoryStatus": {"id": "2"}, "toInventoryStatus": {"id": "1"}, "quantity": 1}]


def test_other_places_in_the_rules_move_nothing_that_was_received_in_its_own_status() -> None:
    facts = live(ONE_PLACE, {"judged": {"1": "damaged"}})
    locations = replace(facts.policy.locations, damaged="33/3")

    plan = plan_return(replace(facts, policy=replace(facts.policy, locations=locations)))

    assert "transfer" not in {one.kind for one in plan.postings}


@pytest.mark.parametrize("place", ["14", "14/1"])
def test_what_netsuite_shows_in_a_sellable_status_was_to_be_judged_so(place: str) -> None:
    """A person changed the receipt there; one without a status has the default, which is sellable."""
    facts = live(ONE_PLACE, {"judged": {"1": "damaged"}})
    records = tuple(
        replace(one, lines=tuple(replace(line, location_id=place) for line in one.lines))
        if one.record_type == "itemReceipt"
        else one
        for one in facts.records
    )

    assert "status_to_change" in codes_of(plan_return(replace(facts, records=records)))


WITHOUT = {"locations": {"holding": "31", "sellable": "14", "damaged": "33"}}


def with_places_as_sent(facts: ReturnFacts, rules: dict[str, Any]) -> ReturnFacts:
    """The receipts show no place, and the rules are others by now."""
    records = tuple(
        replace(one, lines=tuple(replace(line, location_id="") for line in one.lines))
        if one.record_type == "itemReceipt"
        else one
        for one in facts.records
    )
    return replace(facts, policy=build_policy(**rules), records=records)


def test_what_was_sent_on_hold_in_a_status_goes_on_once_the_rules_name_none() -> None:
    facts = with_places_as_sent(live(ON_HOLD, {"scanned": True}), ON_HOLD | WITHOUT)
    before = facts.now - timedelta(hours=1)
    judged = tuple(replace(one, outcome="sellable", inspected_at=before, inspection_id=1) for one in facts.units)

    body = due_of(plan_return(replace(facts, units=judged)), "transfer").request["body"]

    assert (body["location"], body["transferLocation"]) == ({"id": "31"}, {"id": "14"})


def test_what_was_moved_in_a_status_lies_at_its_place_once_the_rules_name_none() -> None:
    moved = live(ON_HOLD, {"scanned": True}, {"judged": {"1": "sellable"}})
    facts = with_places_as_sent(judge(moved, "sellable"), ON_HOLD | WITHOUT)

    plan = plan_return(facts)

    assert "status_to_change" not in codes_of(plan)
    assert step_of(plan, "shelve").detail == "every unit lies where it belongs"


def of_a_kit(facts: ReturnFacts) -> ReturnFacts:
    return replace(facts, kits=(KitFacts("501", "BOOT-42", (MemberFacts("504", "SOCKS", 2),)),))


def test_a_kit_is_left_to_a_person_and_the_other_units_are_received() -> None:
    given = {"policy": ONE_PLACE, "units": [{}, {"sku": "SHIRT-M"}]}
    facts, _, _ = pass_moment(of_a_kit(begin(given)), {"judged": {"1": "damaged", "2": "sellable"}})

    (receipt,) = [one for one in facts.postings if one.kind == "receipt"]
    assert [row["itemReceive"] for row in receipt.body["item"]["items"]] == [False, True]
    (problem,) = [one for one in plan_return(facts).problems if one.code == "kit_to_receive"]
    assert problem.cause.endswith("it belongs at location 14 in status 3.")
    assert step_of(plan_return(facts), "receipt").detail == "a kit is received by hand"


def test_a_kit_is_received_as_before_where_the_rules_name_no_status() -> None:
    facts, _, _ = pass_moment(of_a_kit(begin({"units": [{}]})), {"judged": {"1": "damaged"}})

    assert [one.kind for one in facts.postings].count("receipt") == 1


def test_a_kit_that_a_person_noted_and_that_is_not_received_is_not_paid_for() -> None:
    facts, _, _ = pass_moment(of_a_kit(begin({"policy": ONE_PLACE, "units": [{}]})), {"judged": {"1": "damaged"}})
    (problem,) = [one for one in plan_return(facts).problems if one.code == "kit_to_receive"]
    noted = OverrideFacts("acknowledge", f"kit_to_receive {problem.subject}", "done", 1, facts.now)

    plan = plan_return(replace(facts, overrides=(noted,)))

    assert "receipt_changed" in {one.code for one in plan.problems}
    assert not plan.postings


def test_what_keeps_no_stock_is_received_without_a_status_and_never_moved() -> None:
    facts = begin({"policy": ONE_PLACE, "units": [{}]})
    service = replace(facts, units=tuple(replace(one, keeps_stock=False) for one in facts.units))
    facts, _, _ = pass_moment(service, {"judged": {"1": "damaged"}})

    (row,) = next(one for one in facts.postings if one.kind == "receipt").body["item"]["items"]
    assert "inventoryDetail" not in row
    assert "status_to_change" not in codes_of(plan_return(judge(facts, "sellable")))

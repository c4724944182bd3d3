"""Where received units lie and belong, when a judgement or a rule comes across what was received already."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from returnsops.returns.facts import KitFacts, MemberFacts, OverrideFacts, ReturnFacts
from returnsops.returns.plan import plan_return
from tests.other_side import codes_of, kinds_of
from tests.scenarios.given import begin
from tests.scenarios.moments import pass_moment

EXEMPT = {
    "receipt_trigger": "loop_restock_to_sellable",
    "refund_authority": "loop_first",
    "restock_exemption": {"reason": "sealed", "until": "2026-12-30", "skus": ["BOOT*"]},
}
ON_HOLD = {"receipt_trigger": "arrival_to_hold", "receipt_shape": "hold_then_transfer"}


def live(rules: dict[str, Any], *moments: dict[str, Any]) -> ReturnFacts:
    facts = begin({"policy": rules, "units": [{}]})
    for moment in moments:
        facts, _, _ = pass_moment(replace(facts, now=facts.now + timedelta(days=1)), moment)
    return facts


def transfers(facts: ReturnFacts) -> list[tuple[str, str]]:
    bodies = [one.request["body"] for one in plan_return(facts).postings if one.kind == "transfer"]
    return [(body["location"]["id"], body["transferLocation"]["id"]) for body in bodies]


def test_a_judgement_of_before_the_exempt_receipt_takes_the_unit_out_of_sellable_stock() -> None:
    facts = live(EXEMPT, {"loop_settles": {}, "restocked": ["1"]})
    received_at = max(one.posted_at for one in facts.postings if one.posted_at)
    early = received_at - timedelta(hours=1)
    facts = replace(facts, units=tuple(replace(one, outcome="damaged", inspected_at=early) for one in facts.units))

    places = facts.policy.locations
    assert transfers(facts) == [(places.sellable, places.damaged)]


def test_an_exempt_unit_stays_received_when_loop_no_longer_tells_of_the_restock() -> None:
    facts = live(EXEMPT, {"loop_settles": {}, "restocked": ["1"]})
    before = plan_return(facts)

    after = plan_return(replace(facts, units=tuple(replace(unit, restocked_at=None) for unit in facts.units)))

    assert (after.stage, after.postings) == (before.stage, before.postings)


def test_what_lies_at_the_holding_location_of_before_goes_to_its_place_too() -> None:
    facts = live(ON_HOLD, {"scanned": True}, {"judged": {"1": "sellable"}, "netsuite_answers": "nothing"})
    places = facts.policy.locations
    assert transfers(facts) == [(places.holding, places.sellable)]

    moved = replace(facts, policy=replace(facts.policy, locations=replace(places, holding="99")))

    assert transfers(moved) == [(places.holding, places.sellable)]


def test_what_was_put_to_its_place_stays_there_when_other_places_are_chosen() -> None:
    facts = live({}, {"judged": {"1": "sellable"}})
    places = facts.policy.locations

    assert transfers(replace(facts, policy=replace(facts.policy, locations=replace(places, sellable="98")))) == []


def test_nothing_is_moved_of_a_kit_of_services_alone() -> None:
    facts = live(ON_HOLD, {"scanned": True})
    service = MemberFacts("590", "ENGRAVING", 1, keeps_stock=False)
    judged = tuple(replace(one, outcome="sellable", inspected_at=facts.now) for one in facts.units)

    plan = plan_return(replace(facts, units=judged, kits=(KitFacts("501", "BOOT-42", (service,)),)))

    assert "kit_to_move" not in codes_of(plan)
    assert "transfer" not in kinds_of(plan)


def test_no_line_is_closed_before_the_receipt_on_it_was_read_back() -> None:
    facts = live(ON_HOLD | {"refund_authority": "loop_first"}, {"scanned": True}, {"loop_settles": {}})
    units = tuple(replace(one, outcome="refused", inspected_at=facts.now) for one in facts.units)
    unread = tuple(replace(one, read_back=one.kind != "receipt") for one in facts.postings)
    rma = next(one for one in facts.records if one.record_type == "returnAuthorization")
    stale = replace(rma, lines=tuple(replace(line, received=0) for line in rma.lines))
    records = tuple(stale if one is rma else one for one in facts.records)
    recovered = OverrideFacts("acknowledge", "loop_paid_more return:110700123:77.76", "seen", 1)

    plan = plan_return(replace(facts, units=units, postings=unread, records=records, overrides=(recovered,)))

    assert not [one for one in plan.postings if one.kind == "rma_close"]
    assert {step.detail for step in plan.steps if step.code == "close_rma"} == {
        "waits until the receipts are read back"
    }


# --- What moves a unit on, and what does not ------------------------------------------------------------


def held(judged: str) -> ReturnFacts:
    """Received on hold and judged; what that calls for has not been done."""
    return live(ON_HOLD, {"scanned": True}, {"judged": {"1": judged}, "netsuite_answers": "nothing"})


def judged_anew(facts: ReturnFacts, outcome: str) -> ReturnFacts:
    later = facts.now + timedelta(days=1)
    units = tuple(replace(one, outcome=outcome, inspected_at=later) for one in facts.units)
    return replace(facts, units=units, now=later)


def with_places(facts: ReturnFacts, **places: str) -> ReturnFacts:
    return replace(facts, policy=replace(facts.policy, locations=replace(facts.policy.locations, **places)))


def authorised_at(facts: ReturnFacts, place: str) -> ReturnFacts:
    """The lines of the authorization name another location by now."""
    records = tuple(
        replace(one, lines=tuple(replace(line, location_id=place) for line in one.lines))
        if one.record_type == "returnAuthorization"
        else one
        for one in facts.records
    )
    return replace(facts, records=records)


def test_what_lies_at_the_holding_location_goes_on_whatever_the_authorization_names() -> None:
    """And whenever it was judged."""
    facts = authorised_at(held("sellable"), "77")
    received_at = max(one.posted_at for one in facts.postings if one.posted_at)
    units = tuple(replace(one, inspected_at=received_at - timedelta(hours=1)) for one in facts.units)
    places = facts.policy.locations

    assert transfers(replace(facts, units=units)) == [(places.holding, places.sellable)]


def test_what_is_judged_anew_goes_on_from_where_it_was_put() -> None:
    facts = live({}, {"judged": {"1": "damaged"}})
    places = facts.policy.locations

    assert transfers(judged_anew(facts, "sellable")) == [(places.damaged, places.sellable)]


def test_what_was_written_off_is_moved_no_more() -> None:
    facts = live(ON_HOLD, {"scanned": True}, {"judged": {"1": "scrapped"}})
    assert "adjustment" in {one.kind for one in facts.postings}

    assert transfers(judged_anew(facts, "sellable")) == []


def test_what_is_to_stay_on_hold_stays_where_it_is_when_another_place_is_chosen() -> None:
    facts = live({}, {"judged": {"1": "hold"}})

    assert transfers(with_places(facts, holding="99")) == []


def test_what_was_moved_once_is_not_on_hold_where_the_authorization_names_that_place() -> None:
    facts = live(ON_HOLD, {"scanned": True}, {"judged": {"1": "damaged"}})
    damaged = facts.policy.locations.damaged

    assert transfers(with_places(authorised_at(facts, damaged), damaged="97")) == []


def test_place_that_another_system_authorised_at_is_no_holding_location() -> None:
    facts = live({}, {"judged": {"1": "sellable"}})
    facts = authorised_at(facts, facts.policy.locations.sellable)
    theirs = tuple(replace(one, external_id="") if one.kind == "rma" else one for one in facts.postings)

    assert transfers(with_places(replace(facts, postings=theirs), sellable="98")) == []


def test_units_that_go_together_are_moved_on_the_day_of_the_last_judgement() -> None:
    facts = begin({"policy": ON_HOLD, "units": [{"count": 2}]})
    facts, _, _ = pass_moment(replace(facts, now=facts.now + timedelta(days=1)), {"scanned": True})
    first, second = (replace(one, outcome="sellable") for one in facts.units)
    later = facts.now + timedelta(days=2)
    units = (replace(first, inspected_at=later), replace(second, inspected_at=facts.now))

    plan = plan_return(replace(facts, units=units, now=later))

    (moved,) = [one for one in plan.postings if one.kind == "transfer"]
    assert moved.request["body"]["tranDate"] == facts.date_of(later).isoformat()


def test_unit_that_never_came_is_no_reason_why_a_refused_one_lies_on_hold() -> None:
    facts = begin({"policy": ON_HOLD, "units": [{"count": 2}]})
    facts, _, _ = pass_moment(replace(facts, now=facts.now + timedelta(days=1)), {"scanned": True})
    refused, missing = facts.units
    postings = tuple(
        replace(one, covers=frozenset({refused.cover})) if one.kind == "receipt" else one for one in facts.postings
    )
    records = tuple(replace(one, lines=tuple(replace(line, received=1) for line in one.lines)) for one in facts.records)
    judged = (replace(refused, outcome="refused"), replace(missing, outcome="missing"))
    units = tuple(replace(one, inspected_at=facts.now) for one in judged)

    plan = plan_return(replace(facts, postings=postings, records=records, units=units))

    assert "received_unaccepted" in codes_of(plan)

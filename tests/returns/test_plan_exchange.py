"""Exchanges: the order is found or created, and the credit comes to nothing under a Loop discount."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from returnsops.lib.money import ZERO
from returnsops.returns.facts import OverrideFacts, RecordFacts, ReturnFacts, UnitFacts
from returnsops.returns.plan import StepState, plan_return
from returnsops.returns.plan.exchanging import exchange_moment
from returnsops.returns.plan.flagging import NOTE_CHARS_MAX
from returnsops.returns.plan.promise import promise_of
from tests.builders import (
    CREATED,
    NOW,
    make_exchange,
    make_facts,
    make_line,
    make_loop,
    make_netsuite,
    make_unit,
    policy,
    settled,
    with_receipts,
    with_rma,
)
from tests.other_side import codes_of, due_of, kinds_of, rows_of, run_to_end, step_of, total_of

NO_REFUND = {"refund": "0", "refund_item": "0", "refund_tax": "0"}
NAMED = make_exchange(order_id="61001", order_name="#EXC-20418")


def even_exchange(*outcomes: str, **changes: Any) -> ReturnFacts:
    """Each unit is swapped for another of the same worth."""
    units = tuple(make_unit(number, outcome, **NO_REFUND) for number, outcome in enumerate(outcomes, start=1))
    worth = str(sum((unit.worth + unit.tax for unit in units), Decimal(0)))
    loop = make_loop(units, outcome="exchange", exchange_credit=worth, refund="0", fee="0")
    return make_facts(**{"units": units, "loop": loop, "exchanges": (make_exchange(),)} | changes)


def received(facts: ReturnFacts) -> ReturnFacts:
    return with_receipts(with_rma(facts))


def with_order(facts: ReturnFacts) -> ReturnFacts:
    """The order that Loop will name when it settles; under the Loop discount it comes to nothing."""
    order = make_netsuite("salesOrder", "6101", external_id="61001", tran_id="SO6101")
    return replace(facts, records=(*facts.records, order))


def test_exchange_goes_by_what_its_credit_shows_in_netsuite_and_not_by_later_rules() -> None:
    """Credited under a discount that nobody gave: a person takes the row off the credit, and corrects the policy."""
    facts, _ = run_to_end(received(even_exchange("sellable")))
    (memo,) = facts.records_of("creditMemo")
    corrected = replace(memo, total=Decimal("77.76"), amount_remaining=Decimal("77.76"), lines=(make_line(),))
    order = make_netsuite("salesOrder", "6101", external_id="61001", tran_id="SO6101", total=Decimal("77.76"))
    value = policy(exchange_settlement="value_in_value_out")

    before = plan_return(replace(facts, records=(*facts.records, order), policy=value))
    records = (*(one for one in facts.records if one is not memo), corrected, order)
    after = plan_return(replace(facts, records=records, policy=value))

    assert [one.cause for one in before.problems] == [
        "Exchange order SO6101 comes to 77.76 USD; with the Loop discount on, by which the return is credited, it "
        "would be 0.00 USD."
    ]
    assert codes_of(after) == []
    assert step_of(after, "apply").state == StepState.WAITING


def test_credit_of_an_even_exchange_comes_to_nothing() -> None:
    facts = received(even_exchange("sellable"))

    due = due_of(plan_return(facts), "credit")

    assert rows_of(due)[1:] == [{"item": {"id": "904"}, "quantity": 1, "rate": "-77.76", "amount": "-77.76"}]
    assert total_of(facts, due) == 0


def test_field_of_netsuites_own_in_stored_rules_is_a_problem_and_never_written() -> None:
    stored = replace(policy(), exchange_link_field="otherRefNum")
    facts = with_order(received(even_exchange("sellable", policy=stored)))

    done, plan = run_to_end(facts)

    assert "mapping_missing" in codes_of(plan)
    assert step_of(plan, "exchange").state == StepState.BLOCKED
    assert {"loop_process", "credit"} <= {one.kind for one in done.postings}
    assert "exchange_link" not in {one.kind for one in done.postings}


def test_exchange_goes_to_the_end_without_a_refund() -> None:
    facts = with_order(even_exchange("sellable"))

    facts, plan = run_to_end(facts)

    assert [one.kind for one in facts.postings] == ["rma", "receipt", "credit", "loop_process"]
    assert plan.stage == "settled"
    assert step_of(plan, "exchange").records == ("6101",)


def test_exchange_with_a_remainder_refunds_the_remainder() -> None:
    units = (make_unit(1, "sellable", refund="17.76", refund_item="16.44", refund_tax="1.32"),)
    loop = make_loop(units, outcome="exchange+refund", exchange_credit="60.00", refund="17.76", fee="0")

    facts, plan = run_to_end(with_order(make_facts(units=units, loop=loop, exchanges=(make_exchange(),))))

    (refund,) = facts.records_of("customerRefund")
    assert refund.total == Decimal("17.76")
    assert plan.stage == "settled"


VALUE = {"exchange_settlement": "value_in_value_out"}


def with_order_of_full_value(facts: ReturnFacts, *others: RecordFacts) -> ReturnFacts:
    order = make_netsuite("salesOrder", "6101", external_id="61001", tran_id="SO6101", total=Decimal("77.76"))
    return replace(facts, records=(*facts.records, order, *others))


def make_bill(record_type: str = "invoice", open_amount: str = "77.76") -> RecordFacts:
    values = {"total": Decimal("77.76"), "amount_remaining": Decimal(open_amount), "created_from_id": "6101"}
    return make_netsuite(record_type, "6201", **values)


def test_credit_of_an_exchange_waits_for_its_invoice() -> None:
    facts = with_order_of_full_value(even_exchange("sellable", policy=policy(**VALUE)))

    facts, plan = run_to_end(facts)

    assert facts.records_of("creditMemo")[0].amount_remaining == Decimal("77.76")
    assert step_of(plan, "apply").state == StepState.WAITING
    assert (plan.stage, codes_of(plan)) == ("waiting", [])


def test_credit_of_an_exchange_is_applied_to_its_invoice() -> None:
    facts = with_order_of_full_value(even_exchange("sellable", policy=policy(**VALUE)), make_bill())

    facts, plan = run_to_end(facts)

    (applied,) = [one for one in facts.postings if one.kind == "credit_apply"]
    assert applied.request["body"] == {
        "autoApply": False,
        "apply": {"items": [{"doc": {"id": "6201"}, "line": 0, "apply": True, "amount": "77.76"}]},
    }
    assert facts.records_of("creditMemo")[0].amount_remaining == 0
    assert plan.stage == "settled"


def test_credit_is_not_applied_where_nothing_is_open() -> None:
    for bill in (make_bill("cashSale"), make_bill(open_amount="0")):
        facts = with_order_of_full_value(even_exchange("sellable", policy=policy(**VALUE)), bill)

        facts, plan = run_to_end(facts)

        assert codes_of(plan) == ["exchange_value_open"]
        assert "credit_apply" not in [one.kind for one in facts.postings]


def test_credit_that_paid_its_invoice_by_hand_is_used() -> None:
    facts = with_order_of_full_value(even_exchange("sellable", policy=policy(**VALUE)))
    facts, _ = run_to_end(facts)
    used = [replace(one, amount_remaining=ZERO) if one.record_type == "creditMemo" else one for one in facts.records]

    plans = [plan_return(replace(facts, records=(*used, bill))) for bill in (make_bill(open_amount="0"), make_bill())]

    assert [plan.stage for plan in plans] == ["settled", "needs_person"]
    assert not any(plan.postings for plan in plans)
    assert codes_of(plans[1]) == ["exchange_value_open"]


def test_credit_left_open_by_a_person_ends_the_return() -> None:
    facts = with_order_of_full_value(even_exchange("sellable", policy=policy(**VALUE)), make_bill("cashSale"))
    facts, plan = run_to_end(facts)
    (problem,) = plan.problems
    noted = OverrideFacts("acknowledge", f"{problem.code} {problem.subject}", "seen", 1)

    plan = plan_return(replace(facts, overrides=(noted,)))

    assert (plan.stage, codes_of(plan)) == ("settled", [])


def test_order_with_a_discount_contradicts_full_value_before_anything_is_credited() -> None:
    facts = received(with_order(even_exchange("sellable", exchanges=(NAMED,), policy=policy(**VALUE))))

    plan = plan_return(facts)

    assert (codes_of(plan), kinds_of(plan)) == (["exchange_order_contradicts"], [])


def test_instant_exchange_is_credited_only_after_loop_settled() -> None:
    facts = received(with_order(even_exchange("sellable", exchanges=(NAMED,))))
    before, after = plan_return(facts), plan_return(replace(facts, loop=settled(facts.loop)))

    assert (kinds_of(before), step_of(before, "settle").detail) == ([], "Loop settles by its own rules")
    assert kinds_of(after) == ["credit"]


def test_instant_exchange_that_loop_settled_is_no_surprise() -> None:
    facts = received(with_order(even_exchange("sellable", exchanges=(NAMED,))))
    loop = replace(settled(facts.loop), before_inspection=True)

    assert codes_of(plan_return(replace(facts, loop=loop))) == []


def test_loop_is_given_three_days_to_settle_by_its_own_rules() -> None:
    facts = received(make_facts(units=(make_unit(1, "sellable"),), policy=policy(refund_authority="loop_first")))

    early, late = plan_return(facts), plan_return(replace(facts, now=NOW + timedelta(days=3)))

    assert (codes_of(early), codes_of(late)) == ([], ["loop_did_not_settle"])


@pytest.mark.parametrize(
    ("timing", "moment"),
    [
        ("from_loop", None),
        ("on_confirmation", CREATED),
        ("on_carrier_scan", CREATED + timedelta(days=1)),
        ("on_receipt", NOW - timedelta(hours=1)),
    ],
)
def test_clock_of_the_exchange_order_starts_by_policy(timing: str, moment: datetime | None) -> None:
    facts = even_exchange("sellable", policy=policy(exchange_timing=timing))
    loop = replace(facts.loop, scanned_at=CREATED + timedelta(days=1))

    assert exchange_moment(replace(facts, loop=loop)) == moment


def test_settled_exchange_without_an_order_is_missed_after_an_hour() -> None:
    facts = received(even_exchange("sellable"))
    facts = replace(facts, loop=settled(facts.loop, settled_at=NOW), policy=policy(refund_authority="loop_first"))

    early, late = plan_return(facts), plan_return(replace(facts, now=NOW + timedelta(hours=1)))

    assert (codes_of(early), codes_of(late)) == ([], ["exchange_order_missing"])


def test_every_order_of_an_exchange_is_awaited() -> None:
    second = make_exchange(2, order_id="61002", order_name="#EXC-20418-2")
    facts = received(with_order(even_exchange("sellable", exchanges=(NAMED, second))))
    facts = replace(facts, loop=settled(facts.loop, settled_at=NOW))

    assert step_of(plan_return(facts), "exchange").detail == "waits for #EXC-20418-2 to arrive in NetSuite"


def test_native_exchange_has_no_order_of_its_own() -> None:
    on_original = make_exchange(order_id="5873120045678", order_name="#20418")

    told, ruled = even_exchange("", exchanges=(on_original,)), even_exchange("", policy=policy(exchange_form="native"))
    original = make_netsuite("salesOrder", "7000", external_id="5873120045678", other_ref_num="20418")
    told = replace(told, records=(replace(told.records[0], created_from_id="7000"), original))

    for facts in (told, ruled):
        assert step_of(plan_return(facts), "sale").state == StepState.DONE
        assert step_of(plan_return(facts), "exchange").state == StepState.NOT_NEEDED


def test_inactive_item_or_missing_customer_keeps_the_order_from_being_made() -> None:
    creates, inactive = policy(exchange_order="create"), replace(NAMED, item_inactive=True)
    facts = even_exchange("", exchanges=(inactive,), policy=creates)
    (sale,) = facts.records
    nobody = replace(facts, exchanges=(NAMED,), records=(replace(sale, entity_id=""),))

    assert codes_of(plan_return(facts)) == ["item_inactive"]
    assert codes_of(plan_return(nobody)) == ["customer_missing"]


def test_order_is_created_at_full_value_where_value_goes_in_and_out() -> None:
    facts = even_exchange("", exchanges=(NAMED,), policy=policy(exchange_order="create", **VALUE))

    assert [row["amount"] for row in rows_of(due_of(plan_return(facts), "exchange_order"))] == ["77.76"]


def test_exchange_order_is_awaited_by_its_name_never_by_its_total() -> None:
    facts = received(even_exchange("sellable", exchanges=(NAMED,)))
    facts = replace(facts, loop=settled(facts.loop, settled_at=NOW))
    same_total = make_netsuite("salesOrder", "6102", total=Decimal("77.76"))
    facts = replace(facts, records=(*facts.records, same_total))

    step = step_of(plan_return(facts), "exchange")

    assert (step.state, step.detail) == (StepState.WAITING, "waits for #EXC-20418 to arrive in NetSuite")


def test_exchange_order_that_does_not_come_is_a_problem_after_an_hour() -> None:
    facts = received(even_exchange("sellable", exchanges=(NAMED,)))
    facts = replace(facts, loop=settled(facts.loop, settled_at=NOW), policy=policy(refund_authority="loop_first"))

    early, late = plan_return(facts), plan_return(replace(facts, now=NOW + timedelta(hours=1)))

    assert (codes_of(early), early.look_again_at) == ([], NOW + timedelta(hours=1))
    assert codes_of(late) == ["exchange_order_missing"]


def test_orphaned_exchange_order_is_noticed_before_the_parcel_is_inspected() -> None:
    facts = with_rma(even_exchange("", exchanges=(NAMED,), policy=policy(refund_authority="loop_first")))
    facts = replace(facts, loop=settled(facts.loop, settled_at=NOW - timedelta(hours=2)))

    assert codes_of(plan_return(facts)) == ["exchange_order_missing"]


def test_exchange_order_is_created_where_the_policy_says_so() -> None:
    facts = received(even_exchange("sellable", exchanges=(NAMED,), policy=policy(exchange_order="create")))

    due = due_of(plan_return(facts), "exchange_order")

    assert rows_of(due) == [
        {"item": {"id": "502"}, "quantity": 1, "rate": "77.76", "amount": "77.76"},
        {"item": {"id": "904"}, "quantity": 1, "rate": "-77.76", "amount": "-77.76"},
    ]
    assert due.request["body"]["otherRefNum"] == "#EXC-20418"


def test_created_exchange_order_is_found_again_and_not_made_twice() -> None:
    facts, plan = run_to_end(even_exchange("sellable", policy=policy(exchange_order="create")))

    assert [one.kind for one in facts.postings].count("exchange_order") == 1
    assert plan.stage == "settled"


def test_existing_exchange_order_is_taken_instead_of_creating_one() -> None:
    facts = received(with_order(even_exchange("sellable", policy=policy(exchange_order="create"))))

    assert "exchange_order" not in kinds_of(plan_return(facts))


def test_created_exchange_order_waits_for_a_mapping() -> None:
    unmapped = replace(NAMED, item_id="")
    facts = received(even_exchange("sellable", exchanges=(unmapped,), policy=policy(exchange_order="create")))

    assert codes_of(plan_return(facts)) == ["sku_unmapped"]


def test_refused_unit_of_an_exchange_is_settled_by_a_person_in_loop() -> None:
    plan = plan_return(received(even_exchange("sellable", "refused")))

    assert (codes_of(plan), kinds_of(plan)) == (["refused_exchange_unit"], ["loop_note"])
    assert step_of(plan, "settle").detail == "a person settles it in Loop; a note and a flag go there"


def test_refused_unit_of_an_exchange_is_noted_and_flagged_once() -> None:
    facts, plan = run_to_end(received(even_exchange("sellable", "refused")))
    reopened = replace(facts, loop=replace(facts.loop, state="open"))

    assert [one.kind for one in facts.postings] == ["rma", "receipt", "loop_note", "loop_flag"]
    assert (facts.loop.state, codes_of(plan)) == ("review", ["refused_exchange_unit"])
    assert kinds_of(plan_return(reopened)) == []


def note_before_the_flag(*units: UnitFacts) -> str:
    facts = received(even_exchange("sellable", "refused"))
    (due,) = plan_return(replace(facts, units=(facts.units[0], *units))).postings
    return str(due.request["content"])


def test_note_before_the_flag_holds_the_inspectors_words() -> None:
    content = note_before_the_flag(make_unit(2, "refused", note="Heel torn off.\nWorn outdoors"))

    assert content.endswith("Not accepted by the warehouse: BOOT-42 (refused). BOOT-42: Heel torn off. Worn outdoors")


@pytest.mark.parametrize("note", ["Heel torn off " * 40, "Heel-torn-off-" * 40])
def test_note_before_the_flag_is_cut_at_a_word_and_still_asks(note: str) -> None:
    content = note_before_the_flag(make_unit(2, "refused", note=note))

    assert content.startswith("Loop cannot remove exchange lines: please edit and settle by hand.")
    assert len(content) <= NOTE_CHARS_MAX
    assert content.removesuffix("…").split()[-1] in ("Heel", "torn", "off", "BOOT-42:")


def test_refused_unit_beside_an_exchange_is_removed_if_only_it_was_to_be_refunded() -> None:
    swapped, refunded = make_unit(1, "sellable", **NO_REFUND), make_unit(2, "refused")
    loop = make_loop((swapped, refunded), outcome="exchange+refund", exchange_credit="77.76", fee="0")
    facts = with_order(make_facts(units=(swapped, refunded), loop=loop, exchanges=(make_exchange(),)))

    facts, plan = run_to_end(facts)

    assert [one.kind for one in facts.postings] == ["rma", "receipt", "credit", "loop_remove", "rma_close"]
    assert plan.stage == "settled"


def test_postings_say_what_the_customer_waits_for() -> None:
    exchange, refund = received(even_exchange("sellable")), received(make_facts(units=(make_unit(1, "sellable"),)))
    paid = replace(refund, loop=replace(refund.loop, settled_at=NOW))

    assert due_of(plan_return(exchange), "credit").promise == "exchange"
    assert due_of(plan_return(refund), "credit").promise == "refund"
    assert promise_of(paid) == "restock"


@pytest.mark.parametrize(
    ("outcome", "arrived", "noted", "told"),
    [
        ("", False, "", "nothing came back"),
        ("missing", True, "", "nothing came back"),
        ("refused", True, "", "what came back is Boot / 42 (refused)"),
        ("sellable", True, "ended_after_receipt", "what came back is Boot / 42 (sellable)"),
        ("", True, "parcel_of_ended_return", "its parcel came unjudged"),
    ],
)
def test_ended_exchange_says_what_came_back(outcome: str, *, arrived: bool, noted: str, told: str) -> None:
    facts = with_order(even_exchange(outcome, exchanges=(NAMED,), arrived_at=NOW if arrived else None))
    note = OverrideFacts("acknowledge", f"{noted} return:{facts.loop.loop_id}", "seen", 1)
    facts = replace(facts, loop=replace(facts.loop, state="cancelled"), overrides=(note,))

    (problem,) = [one for one in plan_return(facts).problems if one.code == "exchange_not_returned"]

    assert problem.cause == f"Exchange order SO6101 was made; the return is cancelled and {told}."

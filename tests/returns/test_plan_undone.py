"""What a person undid stays undone until they say otherwise; what stands in the place of ours needs their word."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from returnsops.returns.facts import OverrideFacts, PostingFacts, RefundFacts, ReturnFacts
from returnsops.returns.plan import StepState, plan_return
from returnsops.returns.plan.undone import UNDONE, came_back, replaced_by
from tests.builders import (
    make_exchange,
    make_facts,
    make_line,
    make_loop,
    make_netsuite,
    make_posted,
    make_rma,
    make_sale,
    make_unit,
    policy,
    settled,
    with_rma,
)
from tests.other_side import codes_of, due_of, kinds_of, run_to_end, step_of

OURS = "loop-fern-110700123-rma-1"


def authorized(**rma: Any) -> ReturnFacts:
    units = (make_unit(1),)
    return with_rma(make_facts(units=units), **rma)


def deleted() -> ReturnFacts:
    return authorized(gone=True)


def said(facts: ReturnFacts, kind: str, subject: str, value: str) -> ReturnFacts:
    return replace(facts, overrides=(*facts.overrides, OverrideFacts(kind, subject, value, 1)))


def refused(family: str, **refusal: Any) -> ReturnFacts:
    """The authorization was looked for, and something else was found in its place."""
    units = (make_unit(1),)
    facts = make_facts(units=units)
    given = {"family": family, "record": "8009", "detail": "It differs.", "wanted": "line 3: 1", "differences": ["x"]}
    posting = make_posted("rma", "", [units[0].cover], status="rejected", refusal=given | refusal, posted_at=None)
    return replace(facts, postings=(posting,))


def test_deleted_record_blocks_its_step_and_is_not_posted_again() -> None:
    plan = plan_return(deleted())

    assert (codes_of(plan), kinds_of(plan)) == (["record_gone"], [])
    assert step_of(plan, "rma").state == StepState.BLOCKED


def test_noted_deletion_stays_as_it_is() -> None:
    plan = plan_return(said(deleted(), "acknowledge", f"record_gone posting:{OURS}", "seen"))

    assert (codes_of(plan), kinds_of(plan)) == ([], [])
    assert "deleted" in step_of(plan, "rma").detail


def test_deleted_record_is_posted_again_once_a_person_says_so() -> None:
    plan = plan_return(said(deleted(), "post_again", OURS, "8001"))

    assert (codes_of(plan), kinds_of(plan)) == ([], ["rma"])
    assert due_of(plan, "rma").replaces == (OURS,)


def test_word_about_a_record_that_stands_again_posts_nothing() -> None:
    plan = plan_return(said(authorized(), "post_again", OURS, "8001"))

    assert "rma" not in kinds_of(plan)


def test_word_about_another_record_posts_nothing() -> None:
    plan = plan_return(said(deleted(), "post_again", OURS, "7777"))

    assert (codes_of(plan), kinds_of(plan)) == (["record_gone"], [])


def test_record_that_is_there_again_beside_its_successor_is_told() -> None:
    facts = said(authorized(), "post_again", OURS, "8001")
    successor = make_posted("rma", "8002", facts.postings[0].covers, number=2, external_id=OURS[:-1] + "2")
    both = replace(facts, postings=(*facts.postings, successor))

    assert "record_differs" in codes_of(plan_return(both))


@pytest.mark.parametrize(
    ("first", "second", "is_double"),
    [
        ({}, {}, True),
        ({}, {"status": "sending"}, True),
        ({}, {"status": "pending"}, False),
        ({}, {"status": "voided"}, False),
        ({}, {"covers": frozenset({"unit:387009"})}, False),
        ({}, {"kind": "receipt"}, False),
        ({}, {"number": 0}, False),  # it came before
        ({"status": "rejected"}, {}, False),
    ],
)
def test_only_what_came_in_the_place_of_a_record_doubles_it(
    first: dict[str, Any], second: dict[str, Any], *, is_double: bool
) -> None:
    facts = said(authorized(), "post_again", OURS, "8001")
    posting = replace(facts.postings[0], **first)
    successor = make_posted("rma", "8002", posting.covers, number=2, external_id=OURS[:-1] + "2")

    found = came_back(replace(facts, postings=(posting, replace(successor, **second))), posting)

    assert (found is not None) is is_double


@pytest.mark.parametrize(
    ("changes", "covers", "replaces"),
    [
        ({}, {"unit:387001"}, (OURS,)),
        ({}, {"unit:387001", "unit:387002"}, (OURS,)),
        ({}, {"unit:387002"}, ()),
        ({"kind": "receipt"}, {"unit:387001"}, ()),
        ({"status": "posted"}, {"unit:387001"}, ()),
        ({"status": "voided"}, {"unit:387001"}, ()),
    ],
)
def test_only_what_was_undone_of_the_same_units_is_replaced(
    changes: dict[str, Any], covers: set[str], replaces: tuple[str, ...]
) -> None:
    facts = authorized()
    undone = replace(facts.postings[0], **{"status": UNDONE} | changes)

    assert replaced_by(replace(facts, postings=(undone,)), "rma", frozenset(covers)) == replaces


def test_stranger_in_its_place_is_told_with_both_contents() -> None:
    plan = plan_return(refused("foreign_record"))

    (problem,) = plan.problems
    assert (problem.code, problem.subject, problem.posting) == ("foreign_record", "record:8009", OURS)
    assert (problem.expected, problem.found, problem.detail) == ("line 3: 1", "It differs.", (("Differs", "x"),))
    assert kinds_of(plan) == ["rma"]  # it stays wanted, refused until a person speaks


def test_our_id_on_other_content_is_told_even_when_it_is_wanted_no_more() -> None:
    facts = refused("other_content")
    ended = replace(facts, loop=replace(facts.loop, state="cancelled"))

    assert codes_of(plan_return(facts)) == ["other_content"]
    assert codes_of(plan_return(ended)) == ["other_content"]


def test_chosen_record_is_part_of_what_is_wanted() -> None:
    facts = refused("foreign_record")

    before, after = plan_return(facts), plan_return(said(facts, "adopt", OURS, "8009"))

    assert "adopt" not in due_of(before, "rma").request
    assert due_of(after, "rma").request["adopt"] == "8009"
    assert due_of(before, "rma").content_hash != due_of(after, "rma").content_hash


def test_choice_is_about_one_posting_only() -> None:
    facts = refused("foreign_record")
    other = replace(facts.postings[0], external_id="loop-fern-1-rma-1", covers=frozenset({"unit:9"}))

    plan = plan_return(said(replace(facts, postings=(*facts.postings, other)), "adopt", other.external_id, "8009"))

    assert "adopt" not in due_of(plan, "rma").request


def test_chosen_authorization_of_somebody_else_is_gone_on_with() -> None:
    units = (make_unit(1),)
    sale = make_sale(units)
    facts = make_facts(units=units, records=(sale, make_rma(sale, ours=False, external_id="celigo-7")))
    adopted: PostingFacts = make_posted("rma", "8001", [units[0].cover])

    plan = plan_return(replace(facts, postings=(adopted,)))

    assert codes_of(plan) == []
    assert step_of(plan, "rma").state == StepState.DONE


# --- Of two receipts or orders, one ------------------------------------------------------------------

OTHER = {"provider_line": "14440012345679", "sku": "BOOT-43", "item_id": "502"}


def one_receipt_deleted(second: str, *, received: tuple[int, ...], other: dict[str, str] = OTHER) -> ReturnFacts:
    """Two units, each with a receipt; the first one's is deleted, and noted. received: per line, by NetSuite."""
    units = (make_unit(1, "sellable"), make_unit(2, second, **other))
    facts = with_rma(make_facts(units=units, policy=policy(refund_authority="loop_first")), status="D")
    facts = replace(facts, loop=settled(facts.loop))
    rma = facts.records[-1]
    lines = tuple(replace(line, received=count) for line, count in zip(rma.lines, received, strict=False))
    receipts = [make_posted("receipt", f"810{n}", [units[n - 1].cover], number=n) for n in (1, 2)]
    receipts = [replace(one, external_id=f"loop-fern-110700123-receipt-{one.number}") for one in receipts]
    stood = [make_line("1", order_line=lines[0].line), make_line("1", order_line=lines[-1].line)]
    records = [make_netsuite("itemReceipt", f"810{n}", gone=n == 1, lines=(stood[n - 1],)) for n in (1, 2)]
    facts = replace(
        facts,
        records=(*facts.records[:-1], replace(rma, lines=lines), *records),
        postings=(*facts.postings, *receipts),
    )
    facts = said(facts, "acknowledge", f"record_gone posting:{receipts[0].external_id}", "seen")
    return said(facts, "acknowledge", f"received_unaccepted return:{facts.loop.loop_id}", "seen")


def credits_wanted(facts: ReturnFacts) -> tuple[list[str], bool]:
    """What is posted or waits for an approval to be, and whether the credit was left to a person."""
    plan = plan_return(facts)
    left = [one for one in plan.steps if one.code == "credit" and "left to a person" in one.detail]
    asked = [one.code for one in plan.problems if one.seen_hash]
    return [*(kind for kind in kinds_of(plan) if kind == "credit"), *asked], bool(left)


def test_receipt_of_a_refused_unit_makes_up_for_no_deleted_one() -> None:
    """On another line, and on the same one."""
    on_two_lines = one_receipt_deleted("refused", received=(0, 1))
    on_one_line = one_receipt_deleted("refused", received=(1,), other={})

    assert credits_wanted(on_two_lines) == ([], True)
    assert credits_wanted(on_one_line) == ([], True)


def test_goods_that_a_person_received_in_the_place_of_a_deleted_receipt_are_credited() -> None:
    facts = one_receipt_deleted("sellable", received=(1, 1))

    assert credits_wanted(facts) == (["credit"], False)


def test_deleted_receipt_of_a_refused_unit_leaves_the_other_unit_to_be_credited() -> None:
    facts = one_receipt_deleted("sellable", received=(0, 1))
    refused_first = replace(facts, units=(replace(facts.units[0], outcome="refused"), facts.units[1]))

    assert not credits_wanted(refused_first)[1]


def one_order_deleted(**second: Any) -> ReturnFacts:
    """Two replacements; the order of the first was made, deleted, and noted. second: of the other one."""
    units = (make_unit(1, "sellable", refund="0"), make_unit(2, "sellable", refund="0"))
    loop = make_loop(units, outcome="exchange", exchange_credit="155.52", refund="0", fee="0")
    first = make_exchange(1, order_id="5551", order_name="#EXC-1")
    other = make_exchange(2, out_of_stock=True)
    made = policy(exchange_order="create")
    facts, _ = run_to_end(make_facts(units=units, loop=loop, exchanges=(first,), policy=made))
    order = next(one for one in facts.postings if one.kind == "exchange_order")
    records = tuple(replace(one, gone=one.gone or one.internal_id == order.their_id) for one in facts.records)
    facts = replace(facts, records=records, exchanges=(first, replace(other, **second)))
    return said(facts, "acknowledge", f"record_gone posting:{order.external_id}", "seen")


def test_other_replacement_is_not_forgotten_with_a_deleted_order() -> None:
    plan = plan_return(one_order_deleted())

    assert codes_of(plan) == ["exchange_out_of_stock"]
    assert (step_of(plan, "exchange").state, plan.stage) == (StepState.BLOCKED, "needs_person")


def test_other_replacement_is_ordered_beside_a_deleted_order() -> None:
    facts = one_order_deleted(out_of_stock=False, order_id="5552", order_name="#EXC-2")

    due = due_of(plan_return(facts), "exchange_order")
    after, plan = run_to_end(facts)

    assert due.covers == {facts.exchanges[1].cover}
    assert [one.covers for one in after.postings if one.kind == "exchange_order"][1:] == [due.covers]
    assert (step_of(plan, "exchange").state, codes_of(plan)) == (StepState.DONE, [])


# --- A refund -----------------------------------------------------------------------------------------


def one_refund_deleted(*, is_open: str) -> ReturnFacts:
    """Paid by card and by gift card; the refund of the card's 57.76 was deleted. is_open: of the credit since then."""
    parts = (RefundFacts("shopify_payments", Decimal("57.76")), RefundFacts("gift_card", Decimal("20.00")))
    units = (make_unit(1, "sellable"),)
    facts, plan = run_to_end(make_facts(units=units, loop=make_loop(units, refunds=parts)))
    assert plan.stage == "settled"
    gone = next(one for one in facts.postings if one.kind == "customer_refund" and one.applied == parts[0].amount)
    records = [replace(one, gone=one.internal_id == gone.their_id) for one in facts.records]
    records = [
        replace(one, amount_remaining=Decimal(is_open)) if one.record_type == "creditMemo" else one for one in records
    ]
    late = facts.now + timedelta(days=1)
    return replace(facts, records=tuple(records), now=late)


def refund_note(facts: ReturnFacts) -> ReturnFacts:
    (problem,) = plan_return(facts).problems
    return said(facts, "acknowledge", f"record_gone {problem.subject}", "seen")


def test_deleted_refund_is_one_case() -> None:
    plan = plan_return(one_refund_deleted(is_open="57.76"))

    assert (codes_of(plan), plan.stage) == (["record_gone"], "needs_person")
    assert step_of(plan, "refund").state == StepState.BLOCKED


@pytest.mark.parametrize("is_open", ["57.76", "30.00", "0.00"])
def test_noted_deletion_of_a_refund_covers_what_is_open_until_it_is_booked_by_hand(is_open: str) -> None:
    plan = plan_return(refund_note(one_refund_deleted(is_open=is_open)))

    assert (codes_of(plan), plan.stage) == ([], "settled")
    assert step_of(plan, "refund").detail.endswith("; 57.76 USD deleted in NetSuite, as a person noted")
    assert "Customer Refund deleted" in step_of(plan, "proof").detail


def test_noted_deletion_of_a_refund_covers_no_more_than_its_amount() -> None:
    plan = plan_return(refund_note(one_refund_deleted(is_open="57.77")))

    assert codes_of(plan) == ["record_differs"]


def test_deleted_refund_that_is_wanted_again_is_posted_again() -> None:
    facts = one_refund_deleted(is_open="57.76")
    (problem,) = plan_return(facts).problems
    record = next(one.their_id for one in facts.postings if one.external_id == problem.posting)

    after, plan = run_to_end(said(facts, "post_again", problem.posting, record))

    assert (codes_of(plan), plan.stage) == ([], "settled")
    assert after.postings[-1].applied == Decimal("57.76")


# --- Until the other side is done --------------------------------------------------------------------


def test_judged_return_without_its_authorization_ends_only_once_loop_settled() -> None:
    judged = with_rma(make_facts(units=(make_unit(1, "sellable"),)), gone=True)
    noted = said(judged, "acknowledge", f"record_gone posting:{OURS}", "seen")

    early, late = plan_return(noted), plan_return(replace(noted, now=noted.now + timedelta(days=400)))
    paid = plan_return(replace(noted, loop=settled(noted.loop)))

    assert (early.stage, kinds_of(early), codes_of(early)) == ("waiting", [], [])
    assert early.look_again_at is not None
    assert (late.stage, codes_of(late)) == ("needs_person", ["loop_did_not_settle"])
    assert (paid.stage, codes_of(paid), kinds_of(paid)) == ("ended", [], [])


def on_hold(*deleted: int) -> ReturnFacts:
    """Two units received on hold, each by a receipt of its own; these are deleted and noted."""
    units = (make_unit(1), make_unit(2))
    facts = with_rma(make_facts(units=units), status="D")
    receipts = [make_posted("receipt", f"810{n}", [units[n - 1].cover], number=n, external_id=f"r-{n}") for n in (1, 2)]
    records = [make_netsuite("itemReceipt", f"810{n}", gone=n in deleted) for n in (1, 2)]
    facts = replace(facts, records=(*facts.records, *records), postings=(*facts.postings, *receipts))
    for number in deleted:
        facts = said(facts, "acknowledge", f"record_gone posting:r-{number}", "seen")
    return facts


@pytest.mark.parametrize(
    ("deleted", "state", "words"),
    [
        ((1, 2), StepState.NOT_NEEDED, "deleted in NetSuite, as a person noted"),
        (
            (1,),
            StepState.WAITING,
            "1 unit received on hold, waits for inspection; 1 unit deleted in NetSuite, as a person noted",
        ),
        ((), StepState.WAITING, "2 units received on hold, waits for inspection"),
    ],
)
def test_unit_whose_receipt_was_deleted_is_not_told_as_on_hold(
    deleted: tuple[int, ...], state: StepState, words: str
) -> None:
    step = step_of(plan_return(on_hold(*deleted)), "receipt")

    assert (step.state, step.detail) == (state, words)


def test_deleted_receipt_is_told_beside_the_one_that_stands() -> None:
    step = step_of(plan_return(one_receipt_deleted("sellable", received=(0, 1))), "receipt")

    assert step.detail == "1 unit received; 1 unit deleted in NetSuite, as a person noted"

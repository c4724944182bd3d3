"""What a person undid stays undone until they say otherwise; what stands in the place of ours needs their word."""

from dataclasses import replace
from typing import Any

from returnsops.returns.facts import OverrideFacts, PostingFacts, ReturnFacts
from returnsops.returns.plan import StepState, plan_return
from tests.builders import make_facts, make_posted, make_rma, make_sale, make_unit, with_rma
from tests.other_side import codes_of, due_of, kinds_of, step_of

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

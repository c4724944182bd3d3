"""What becomes of goods that are on no return, where NetSuite does not take them into stock."""

from dataclasses import replace

import pytest

from returnsops.lib import clock
from returnsops.returns.facts import FoundFacts, KitFacts, MemberFacts, OverrideFacts, PostingFacts, ReturnFacts
from returnsops.returns.plan import plan_return
from tests.builders import make_facts, make_posted, make_unit, policy
from tests.other_side import codes_of, kinds_of, step_of

PERSON = 1


def taken_in(*postings: PostingFacts, in_place_of: str = "", said: str = "take_in") -> ReturnFacts:
    """A person said what becomes of the socks that lay there."""
    found = FoundFacts("7", "SOCKS", "504", 1, clock.now(), in_place_of)
    return replace(
        make_facts(units=(make_unit(1, "sellable"), make_unit(2, "missing")), policy=policy(found_account="650")),
        found=(found,),
        overrides=(OverrideFacts("found", "found:7", said, PERSON),),
        postings=postings,
    )


def refused() -> PostingFacts:
    refusal: dict[str, object] = {"family": "invalid_field", "detail": "A kit cannot be adjusted."}
    return replace(make_posted("take_in", "", {"found:7"}), status="rejected", refusal=refusal)


@pytest.mark.parametrize(("in_place_of", "code"), [("", "undeclared_item"), (make_unit(2).unit, "wrong_item")])
def test_refused_goods_are_asked_about_again(in_place_of: str, code: str) -> None:
    facts = taken_in(refused(), in_place_of=in_place_of)

    (problem,) = [one for one in plan_return(facts).problems if one.code == code]

    assert problem.subject == "found:7"
    assert "say anew" in problem.cause
    assert "posting_refused" in codes_of(plan_return(facts))


def test_another_word_ends_what_was_refused() -> None:
    plan = plan_return(taken_in(refused(), said="leave"))

    assert "take_in" not in kinds_of(plan)
    assert not {"undeclared_item", "posting_refused"} & set(codes_of(plan))


def test_goods_on_their_way_are_not_asked_about() -> None:
    plan = plan_return(taken_in(replace(refused(), status="pending", refusal=None)))

    assert "undeclared_item" not in codes_of(plan)


def test_kit_of_services_alone_is_not_said_to_be_unknown() -> None:
    service = MemberFacts("590", "ENGRAVING", 1, keeps_stock=False)
    facts = replace(taken_in(), kits=(KitFacts("504", "SOCKS", (service,)),))

    plan = plan_return(facts)

    (problem,) = [one for one in plan.problems if one.code == "undeclared_item"]
    assert "nobody told us" not in problem.cause
    assert "It is a kit of 1 × ENGRAVING, of which NetSuite keeps nothing in stock" in problem.cause
    assert "take_in" not in kinds_of(plan)
    assert step_of(plan, "found").detail == "NetSuite keeps nothing of it in stock"

"""A return as it was before each of its documents: the same rules want the same of it once more (Z7)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from returnsops.posting.rewinding import MILESTONES, rewind
from returnsops.posting.what_if import compare_rules
from returnsops.returns.facts import ReturnFacts
from returnsops.returns.plan import plan_return
from tests.builders import make_facts, make_unit, policy, with_rma
from tests.other_side import run_to_end
from tests.scenarios.book import read_book

AT_ONCE = timedelta(minutes=1)  # what a milestone posts in one go; a second parcel is received later
KNOWN_MIN = 0.95  # the rest was changed since: judged again, edited in Loop, decided under other rules


def settled_refund() -> ReturnFacts:
    """Authorised at once; three days later the parcel came, was judged and paid."""
    asked, _ = run_to_end(make_facts())
    now = asked.now + timedelta(days=3)
    units = [make_unit(1, "sellable", inspected_at=now), make_unit(2, "damaged", inspected_at=now)]
    loop = replace(asked.loop, label_status="delivered", scanned_at=now, delivered_at=now)
    facts, plan = run_to_end(replace(asked, now=now, units=tuple(units), loop=loop))
    assert plan.stage == "settled"
    return facts


def under(facts: ReturnFacts, **rules: object) -> ReturnFacts:
    return replace(facts, policy=policy(**rules))


def test_the_same_rules_want_what_was_posted_once_more() -> None:
    alike = []
    for story in read_book():
        *_, (facts, _) = story.play()
        if plan_return(facts).stage == "settled":
            alike += [wanted_at(before, became) == posted_at(facts, became) for became, before in rewind(facts)]

    assert len(alike) > 500
    assert sum(alike) / len(alike) >= KNOWN_MIN


def posted_at(facts: ReturnFacts, became: str) -> list[str]:
    posted = [one for one in facts.postings if one.kind in MILESTONES[became] and one.posted_at]
    first = min(one.posted_at for one in posted if one.posted_at)
    return sorted(str(one.request) for one in posted if one.posted_at and one.posted_at - first < AT_ONCE)


def wanted_at(before: ReturnFacts, became: str) -> list[str]:
    return sorted(str(due.request) for due in plan_return(before).postings if due.kind in MILESTONES[became])


def test_return_that_is_settled_tells_at_which_document_other_rules_had_asked() -> None:
    facts = settled_refund()

    words = compare_rules(facts, under(facts, approval_above="50"))

    assert set(words) == {
        "Before it was received: A case: A credit of 155.52 USD is above 50.00 USD.",
        "Before it was credited: The Credit Memo would not be sent.",
    }


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"rma_trigger": "in_transit"}, "Before it was authorised: The Return Authorization would not be sent."),
        (
            {"receipt_shape": "hold_then_transfer"},
            "Before it was received: The Item Receipt would have other content.",
        ),
        (
            {"tenders": {"shopify_payments": {"account_id": "299"}}},
            "Before it was refunded: The Customer Refund would have other content.",
        ),
    ],
)
def test_each_rule_is_told_at_the_document_that_it_decides_over(rules: dict[str, object], words: str) -> None:
    facts = settled_refund()

    assert words in compare_rules(facts, under(facts, **rules))


def test_same_rules_change_nothing_of_a_settled_return() -> None:
    facts = settled_refund()

    assert compare_rules(facts, facts) == ()


@pytest.mark.parametrize("state", ["cancelled", "expired", "review", "closed"])
def test_return_that_ended_or_is_held_is_not_rewound(state: str) -> None:
    facts = with_rma(make_facts())

    assert list(rewind(replace(facts, loop=replace(facts.loop, state=state)))) == []


def test_what_is_not_posted_is_no_milestone() -> None:
    assert [became for became, _ in rewind(with_rma(make_facts()))] == ["authorised"]

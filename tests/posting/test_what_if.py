"""What if the shop followed other rules: seen before they hold, and nothing written."""

from dataclasses import replace

import pytest

from integrations.models import Shop
from returnsops.posting import what_if
from returnsops.posting.models import Posting
from returnsops.posting.what_if import compare_plans, replay
from returnsops.returns.models import LoopReturn
from returnsops.returns.plan import plan_return
from tests.builders import (
    NOW,
    make_facts,
    make_mapping,
    make_record,
    make_return,
    make_sale,
    make_unit,
    policy,
    with_receipts,
    with_rma,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(row: LoopReturn, shop: Shop) -> LoopReturn:
    """In NetSuite, mapped, not posted yet."""
    make_mapping(shop)
    make_record(row, make_sale((make_unit(1), make_unit(2))))
    return row


def test_return_whose_document_would_not_be_sent_is_named(known: LoopReturn, shop: Shop) -> None:
    step = replay(shop, policy(ownership={"rma": "observe"}), days=36500)

    (found,) = step.differences
    assert found.loop_return == known
    sent, case = found.words
    assert sent == "The Return Authorization would not be sent."
    assert case.startswith("A case: No Return Authorization of 2 × BOOT-42 for return 110700123 in NetSuite")
    assert (step.looked, step.total, step.next_pk) == (1, 1, None)


def test_other_content_of_a_document_is_a_difference(known: LoopReturn, shop: Shop) -> None:
    (found,) = replay(shop, policy(locations={"holding": "99"}), days=36500).differences

    assert found.words == ("The Return Authorization would have other content.",)


def test_new_case_and_other_waits_are_told() -> None:
    facts = with_receipts(with_rma(make_facts(units=(make_unit(1, "sellable"),))))
    former = plan_return(facts)

    asks = compare_plans(former, plan_return(replace(facts, policy=policy(approval_above="1"))))
    waits = compare_plans(plan_return(with_rma(make_facts())), plan_return(with_rma(make_facts(arrived_at=NOW))))

    assert asks == (
        "The Credit Memo would not be sent.",
        "A case: A credit of 77.76 USD is above 1.00 USD.",
    )
    assert waits == ("Parcel arrives: scanned at the dock",)
    assert compare_plans(former, former) == ()


def test_same_rules_change_nothing_and_nothing_is_written(known: LoopReturn, shop: Shop) -> None:
    assert replay(shop, policy(), days=36500).differences == ()
    assert not Posting.objects.exists()
    known.refresh_from_db()
    assert known.planned_at is None


def test_older_returns_are_left_out(known: LoopReturn, shop: Shop) -> None:
    assert replay(shop, policy(ownership={}), days=1).total == 0


def test_long_trials_go_on_where_a_step_ended(known: LoopReturn, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        make_return(shop, loop_id=f"11070020{number}")
    monkeypatch.setattr(what_if, "LOOK_MAX", 2)
    draft, seen, below = policy(ownership={}), 0, None

    for _ in range(3):
        step = replay(shop, draft, days=36500, below_pk=below)
        seen, below = seen + step.looked, step.next_pk

    assert (seen, below) == (5, None)


def test_trial_ends_with_the_newest_returns_and_tells_how_many_there_are(
    known: LoopReturn, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(what_if, "RETURNS_MAX", 2)
    for number in range(3):
        make_return(shop, loop_id=str(number))

    step = replay(shop, policy(locations={"holding": "99"}), days=36500, looked_before=1)

    assert (step.looked, step.next_pk, step.total, step.to_look_at) == (1, None, 4, 2)

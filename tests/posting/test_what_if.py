"""What if the shop followed other rules: seen before they hold, and nothing written."""

from dataclasses import fields, replace
from typing import Any, ClassVar

import pytest
from pytest_django import DjangoAssertNumQueries

from integrations.models import Shop
from integrations.profile import Place
from returnsops.lib import clock
from returnsops.posting import what_if
from returnsops.posting.facts import READ_BY, facts_under, load_facts
from returnsops.posting.models import Posting
from returnsops.posting.what_if import compare_plans, replay
from returnsops.returns.models import ItemStock, LoopReturn
from returnsops.returns.plan import plan_return
from returnsops.returns.policy import Policy
from tests.builders import (
    NOW,
    exchange_payload,
    make_facts,
    make_item,
    make_mapping,
    make_policy,
    make_record,
    make_return,
    make_sale,
    make_unit,
    policy,
    unit_payload,
    with_receipts,
    with_rma,
)
from tests.pages.scenes import make_checked

pytestmark = pytest.mark.django_db
SETTINGS = frozenset(one.name for one in fields(Policy))


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


def test_case_that_would_come_names_its_location(known: LoopReturn, shop: Shop) -> None:
    boot = make_item("BOOT-43", "502", account=shop.account)
    make_mapping(shop, "BOOT-43", boot)
    ItemStock.objects.create(item=boot, location="14", available=0, read_at=clock.now())
    make_return(shop, exchanges=[exchange_payload()], outcome="exchange")
    make_checked(shop, locations={"14": Place(id="14", name="Main Street")})

    checked = {"exchange_order": "create", "exchange_stock": "checked", "exchange_location": "14"}
    (found,) = replay(shop, policy(**checked), days=36500).differences

    assert any("to sell at Main Street (location 14)" in words for words in found.words)


def test_same_rules_change_nothing_and_nothing_is_written(known: LoopReturn, shop: Shop) -> None:
    assert replay(shop, policy(), days=36500).differences == ()
    assert not Posting.objects.exists()
    known.refresh_from_db()
    assert known.planned_at is None


def test_facts_that_are_read_otherwise_under_the_draft_are_read_again(known: LoopReturn, shop: Shop) -> None:
    """Loop's prices hold the tax under the draft: the units are worth less than under the shop's own rules."""
    draft, facts = policy(prices_include_tax=True), load_facts(known)

    later = facts_under(known, draft, known=facts)

    assert later.units == load_facts(known, policy=draft).units
    assert [one.worth for one in later.units] != [one.worth for one in facts.units]
    assert later.now == facts.now


def test_facts_are_read_once_where_the_draft_changes_only_the_plan(
    known: LoopReturn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    facts, draft = load_facts(known), policy(approval_above="1")

    with django_assert_num_queries(0):
        assert facts_under(known, draft, known=facts) == replace(facts, policy=draft)


def test_replay_follows_the_draft_in_what_is_kept(shop: Shop) -> None:
    make_policy(shop)
    make_mapping(shop)
    row = make_return(shop, line_items=[unit_payload(outcome="keep_item")], state="closed", was_processed=True)
    make_record(row, make_sale((make_unit(1),)))

    (found,) = replay(shop, policy(kept_items="line_outcome"), days=36500).differences

    assert "The Return Authorization would not be sent." in found.words


class WatchedPolicy(Policy):
    """Notes which settings are asked for."""

    asked: ClassVar[set[str]] = set()

    def __getattribute__(self, name: str) -> object:
        if name in SETTINGS:
            WatchedPolicy.asked.add(name)
        return super().__getattribute__(name)


@pytest.mark.parametrize("changes", [{}, {"kept_items": "no_label"}, {"rma_trigger": "approved", "ownership": {}}])
def test_every_setting_that_the_loader_asks_for_is_known(
    known: LoopReturn, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    rules = policy(**changes)
    watched = WatchedPolicy(**{name: getattr(rules, name) for name in SETTINGS})
    monkeypatch.setattr(WatchedPolicy, "asked", set())

    load_facts(known, policy=watched)

    places = {"locations", "place_rules"}  # behind «names_statuses»
    assert WatchedPolicy.asked - places == set(READ_BY) & SETTINGS
    assert WatchedPolicy.asked >= places


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

"""Every row of loop.md §8, and every scenario that the simulators know, beside the stories that play it.

Only those that play through the whole stack count. A row is reached under each rule that decides over its documents:
how the order was billed, who goes first, who writes, how an exchange is settled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest

from returnsops.returns.facts import ReturnFacts
from returnsops.returns.plan import plan_return
from returnsops.returns.plan.authorization import MOVING
from returnsops.returns.plan.figures import bonus_credit
from returnsops.returns.policy import (
    ExchangeForm,
    ExchangeOrder,
    ExchangeSettlement,
    KeptItems,
    Ownership,
    ReceiptTrigger,
    RefundAuthority,
    RmaTrigger,
)
from tests.scenarios.book import read_book


@dataclass(frozen=True)
class Moment:
    """The facts at the end of one moment of a story that plays through the whole stack."""

    story: str
    facts: ReturnFacts

    @property
    def bill(self) -> str:
        return next((one.record_type for one in self.facts.records if one.record_type in ("invoice", "cashSale")), "")


@cache
def played() -> tuple[Moment, ...]:
    return tuple(Moment(story.name, facts) for story in read_book() if not story.only_plan for facts, _ in story.play())


# --- loop.md §8 -----------------------------------------------------------------------------------

Sign = Callable[[Moment], bool]


def is_open(moment: Moment, *labels: str) -> bool:
    return moment.facts.loop.state == "open" and moment.facts.loop.label_status in labels


def is_settled_as(moment: Moment, *outcomes: str) -> bool:
    loop = moment.facts.loop
    return loop.state == "closed" and loop.settled_at is not None and loop.outcome in outcomes


SITUATIONS: dict[str, Sign] = {
    "open, no label": lambda one: is_open(one, ""),
    "open, in transit": lambda one: is_open(one, "in_transit", "out_for_delivery"),
    "open, delivered": lambda one: is_open(one, "delivered"),
    "review": lambda one: one.facts.loop.state == "review",
    "review, shipped": lambda one: SITUATIONS["review"](one) and one.facts.loop.label_status in MOVING,
    "settled, refund": lambda one: is_settled_as(one, "refund"),
    "settled, credit": lambda one: is_settled_as(one, "credit"),
    "settled, exchange": lambda one: is_settled_as(one, "exchange", "upsell"),
    "settled, exchange and refund": lambda one: is_settled_as(one, "exchange+refund"),
    "settled, exchange and credit": lambda one: is_settled_as(one, "exchange+credit"),
    "closed, not processed": lambda one: one.facts.loop.state == "closed" and one.facts.loop.settled_at is None,
    "cancelled": lambda one: one.facts.loop.state == "cancelled",
    "expired": lambda one: one.facts.loop.state == "expired",
    "instant": lambda one: one.facts.is_instant,
    "keep item": lambda one: bool(one.facts.kept_units),
}


def chosen(setting: str, value: str) -> Sign:
    return lambda one: str(getattr(one.facts.policy, setting)) == value


RULES: dict[str, Sign] = {
    "invoice": lambda one: one.bill == "invoice",
    "cash sale": lambda one: one.bill == "cashSale",
    "netsuite first": lambda one: one.facts.policy.refund_authority == RefundAuthority.NETSUITE_FIRST,
    "loop first": lambda one: one.facts.policy.refund_authority == RefundAuthority.LOOP_FIRST,
    "written by others": lambda one: set(one.facts.policy.ownership.values()) == {Ownership.OBSERVE},
    "zero credit": lambda one: one.facts.policy.exchange_settlement == ExchangeSettlement.ZERO_CREDIT,
    "value in, value out": lambda one: one.facts.policy.exchange_settlement == ExchangeSettlement.VALUE_IN_VALUE_OUT,
    **{f"authorised once {word}": chosen("rma_trigger", word) for word in RmaTrigger},
    **{f"received by {word}": chosen("receipt_trigger", word) for word in ReceiptTrigger},
    **{f"exchange on {word}": chosen("exchange_form", word) for word in ExchangeForm},
    **{f"exchange order: {word}": chosen("exchange_order", word) for word in ExchangeOrder},
    **{f"kept by {word}": chosen("kept_items", word) for word in KeptItems},
}
BILLED, FIRST, OTHERS = ("invoice", "cash sale"), ("netsuite first", "loop first"), ("written by others",)
SETTLED_BY = ("zero credit", "value in, value out")
AUTHORISED = tuple(f"authorised once {word}" for word in RmaTrigger)
RECEIVED_BY = tuple(f"received by {word}" for word in ReceiptTrigger)
FORMS = tuple(f"exchange on {word}" for word in ExchangeForm)
ORDERED = tuple(f"exchange order: {word}" for word in ExchangeOrder)
KEPT_BY = tuple(f"kept by {word}" for word in KeptItems)
ON_HOLD = "received by arrival_to_hold"
ON_ARRIVAL = tuple(rule for rule in RECEIVED_BY if "to_sellable" not in rule)
# Before a settlement nothing is credited, however the order was billed and whoever goes first.
REACHED = [
    *(("open, no label", rule) for rule in (*BILLED, *FIRST, *OTHERS)),
    *(("open, no label", rule) for rule in AUTHORISED),
    *(("open, in transit", rule) for rule in ("invoice", *AUTHORISED)),
    *(("open, delivered", rule) for rule in ("invoice", *OTHERS, *ON_ARRIVAL)),
    *(("review, shipped", rule) for rule in ("invoice", *AUTHORISED)),
    *(("review", rule) for rule in ("invoice", *OTHERS, *SETTLED_BY)),
    *(("settled, refund", rule) for rule in (*BILLED, *FIRST, *OTHERS)),
    *(("settled, credit", rule) for rule in (*BILLED, *FIRST)),
    *(("settled, refund", rule) for rule in RECEIVED_BY),
    *(("settled, exchange", rule) for rule in (*BILLED, *FIRST, *OTHERS, *SETTLED_BY, *FORMS, *ORDERED)),
    *(("settled, exchange and refund", rule) for rule in (*BILLED, *FIRST, *SETTLED_BY)),
    *(("settled, exchange and credit", rule) for rule in (*BILLED, *SETTLED_BY)),
    *(("closed, not processed", rule) for rule in (*BILLED, *FIRST, ON_HOLD)),
    *(("cancelled", rule) for rule in ("invoice", *FIRST, *OTHERS, ON_HOLD)),
    *(("expired", rule) for rule in ("invoice", *OTHERS, ON_HOLD)),
    *(("instant", rule) for rule in (*BILLED, *SETTLED_BY, *ORDERED)),
    *(("keep item", rule) for rule in (*BILLED, *FIRST, *OTHERS, *KEPT_BY)),
]


@pytest.mark.parametrize(("situation", "rule"), REACHED)
def test_every_row_of_the_matrix_is_played_under_each_rule_that_decides_over_it(situation: str, rule: str) -> None:
    assert any(SITUATIONS[situation](one) and RULES[rule](one) for one in played())


@pytest.mark.parametrize("outcome", ["refund", "credit", "exchange"])
def test_goods_that_are_kept_are_paid_for_in_every_way(outcome: str) -> None:
    assert any(is_settled_as(one, outcome) and one.facts.is_kept for one in played())


def test_nothing_is_paid_back_before_loop_settled() -> None:
    """Rows «open», «closed, not processed» and «expired»: no refund; those that others wrote by hand are cases."""
    early = [one for one in played() if one.facts.loop.settled_at is None and one.facts.posted("refund")]

    assert [one.story for one in early] == []


def test_store_credit_alone_is_no_refund() -> None:
    """Row «settled, credit»: a Customer Refund of ours for it would be money twice."""
    wrong = [one.story for one in played() if is_settled_as(one, "credit") and one.facts.posted("refund")]

    assert wrong == []


# --- The scenarios of the simulators' contract ------------------------------------------------------
# A gift return and a warranty are no facts of their own: tests/journey/test_cast.py plays both.

SCENARIOS: dict[str, Sign] = {
    "refund with fee": lambda one: is_settled_as(one, "refund") and one.facts.loop.fee > 0,
    "two twin units": lambda one: is_settled_as(one, "refund") and has_twins(one.facts),
    "even exchange": lambda one: is_settled_as(one, "exchange") and not one.facts.loop.upsell,
    "upsell": lambda one: is_settled_as(one, "upsell") and one.facts.loop.upsell > 0,
    "exchange and refund": lambda one: is_settled_as(one, "exchange+refund"),
    "credit with bonus": lambda one: is_settled_as(one, "credit") and bonus_credit(one.facts) > 0,
    "keep item": lambda one: one.facts.is_kept,
    "instant exchange never shipped": lambda one: one.facts.is_instant and one.facts.loop.state == "expired",
    "out of stock in part": lambda one: any(two.out_of_stock for two in one.facts.exchanges),
    "closed without processing": SITUATIONS["closed, not processed"],
    "cancelled after its authorization": lambda one: (
        SITUATIONS["cancelled"](one) and one.facts.posted("rma") is not None
    ),
    "expired, then delivered": lambda one: SITUATIONS["expired"](one) and one.facts.is_here,
    "two returns on one order": lambda one: bool(one.facts.siblings or one.facts.claims),
    "return of an exchange order": lambda one: one.facts.loop.order_name.lstrip("#").startswith("EXC-"),
    "several parcels": lambda one: one.facts.loop.parcels > 1,
    "several currencies": lambda one: any(
        two.currency not in ("", one.facts.currency) for two in one.facts.loop.refunds
    ),
    "part of a bundle": lambda one: "kit_part_returned" in {two.code for two in plan_return(one.facts).problems},
    "line taken out": lambda one: any(unit.removed for unit in one.facts.units),
}


def has_twins(facts: ReturnFacts) -> bool:
    """Two units of one line, whose tax Loop tells one by one."""
    lines = [unit.provider_line for unit in facts.units if unit.tax]
    return len(set(lines)) < len(lines)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_scenario_of_the_simulators_contract_is_played(scenario: str) -> None:
    assert any(SCENARIOS[scenario](one) for one in played())


def test_a_return_that_was_flagged_and_opened_again_is_played_to_its_settlement() -> None:
    states: dict[str, list[str]] = {}
    for one in played():
        told = states.setdefault(one.story, [])
        told += [one.facts.loop.state] if told[-1:] != [one.facts.loop.state] else []

    assert any(" ".join(told).endswith("review open closed") for told in states.values())

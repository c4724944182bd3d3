"""What Loop restocked makes a unit sellable uninspected only by a live exemption that names it (promise 3, C01)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from returnsops.returns.facts import ReturnFacts
from returnsops.returns.plan import plan_return
from returnsops.returns.plan.restocking import accept_exempt
from returnsops.returns.policy import RECORD_KINDS
from tests.builders import NOW, SELLABLE, make_facts, make_posted, make_unit, policy, with_rma
from tests.other_side import due_of, rows_of

EXEMPT = {
    "receipt_trigger": "loop_restock_to_sellable",
    "refund_authority": "loop_first",
    "restock_exemption": {"reason": "sealed", "until": "2026-11-20", "skus": ["BOOT*"]},
}
RESTOCKED = NOW - timedelta(hours=2)
BY_OTHERS = {"ownership": dict.fromkeys(RECORD_KINDS, "write") | {"receipt": "observe"}}


def restocked(rules: dict[str, Any] | None = None, **unit: Any) -> ReturnFacts:
    """Loop put the first of two units back on sale."""
    units = (make_unit(1, **{"restocked_at": RESTOCKED} | unit), make_unit(2))
    return make_facts(units=units, policy=policy(**EXEMPT | (rules or {})))


def exempt_units(facts: ReturnFacts) -> list[str]:
    return [unit.unit for unit in accept_exempt(facts).units if unit.is_exempt and unit.outcome == "sellable"]


def test_restocked_unit_that_is_named_is_sellable() -> None:
    assert exempt_units(restocked()) == ["387001"]


@pytest.mark.parametrize(
    "rules",
    [
        {"receipt_trigger": "inspection"},
        {"receipt_trigger": "loop_restock_to_hold", "receipt_shape": "hold_then_transfer"},
        BY_OTHERS,
        {"restock_exemption": EXEMPT["restock_exemption"] | {"until": "2026-11-19"}},  # type: ignore[operator]
        {"restock_exemption": EXEMPT["restock_exemption"] | {"skus": ["SOCKS"]}},  # type: ignore[operator]
    ],
)
def test_no_other_rule_makes_it_sellable(rules: dict[str, Any]) -> None:
    assert exempt_units(restocked(rules)) == []


@pytest.mark.parametrize("unit", [{"removed": True}, {"is_kept": True}, {"restocked_at": None}, {"outcome": "damaged"}])
def test_no_other_unit_is_sellable(unit: dict[str, Any]) -> None:
    assert exempt_units(restocked(**unit)) == []


def test_what_was_received_so_stays_so_from_when_it_was_received() -> None:
    """The exemption has ended, and Loop tells no more of the restock."""
    facts = restocked({"receipt_trigger": "inspection"}, restocked_at=None)
    own = make_posted("receipt", "8102", ["unit:387001", "exempt:387001"], posted_at=NOW - timedelta(hours=1))
    others = (
        make_posted("receipt", "8101", ["unit:387002"], posted_at=NOW - timedelta(days=9)),
        make_posted("receipt", "", ["exempt:387001"], status="rejected", posted_at=NOW - timedelta(days=8)),
    )

    posted = accept_exempt(replace(facts, postings=(*others, own)))
    lost = accept_exempt(replace(facts, postings=(*others, replace(own, status="uncertain", posted_at=None))))

    assert [unit.inspected_at for unit in posted.units] == [own.posted_at, None]
    assert [unit.inspected_at for unit in lost.units] == [facts.loop.updated_at, None]


def test_exempt_unit_goes_to_its_place_at_once_whatever_goes_on_hold_first() -> None:
    plan = plan_return(with_rma(restocked({"receipt_shape": "hold_then_transfer"})))

    assert {row["location"]["id"] for row in rows_of(due_of(plan, "receipt")) if row["itemReceive"]} == {SELLABLE}


def test_plan_is_made_again_when_the_exemption_ends() -> None:
    """At the account's midnight; another unit that Loop restocked was judged, so nothing of it hangs on that."""
    judged = replace(make_unit(2, "damaged"), restocked_at=RESTOCKED)
    facts = restocked()

    plan = plan_return(with_rma(replace(facts, units=(facts.units[0], judged))))

    assert plan.look_again_at == datetime(2026, 11, 21, 8, tzinfo=UTC)

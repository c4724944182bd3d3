"""What was true when: only changes are written, and any moment can be put together again."""

from dataclasses import replace

import pytest

from integrations.models import Shop
from returnsops.returns.facts import OverrideFacts
from returnsops.returns.history import facts_as_of, flatten_facts, note_fact_change
from returnsops.returns.models import FactChange, LoopReturn
from tests.builders import NOW, make_facts, make_return, make_unit, policy, with_rma

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(shop: Shop) -> LoopReturn:
    return make_return(shop)


def changes() -> list[dict[str, list[object]]]:
    return list(FactChange.objects.order_by("id").values_list("changed", flat=True))


def test_unchanged_facts_write_nothing(row: LoopReturn) -> None:
    note_fact_change(row, make_facts())

    assert note_fact_change(row, replace(make_facts(), now=NOW.replace(hour=13))) == {}
    assert FactChange.objects.count() == 1


def test_change_holds_before_and_after(row: LoopReturn) -> None:
    facts = make_facts(units=(make_unit(1),))
    note_fact_change(row, facts)

    changed = note_fact_change(row, replace(facts, loop=replace(facts.loop, state="closed")))

    assert changed == {"loop.state": ["open", "closed"]}


def test_order_of_loading_is_no_change(row: LoopReturn) -> None:
    facts = make_facts()
    note_fact_change(row, facts)

    assert note_fact_change(row, replace(facts, units=facts.units[::-1])) == {}


def test_facts_of_any_moment_can_be_put_together(row: LoopReturn) -> None:
    first = make_facts(units=(make_unit(1),))
    second = with_rma(replace(first, units=(make_unit(1, "sellable"),)))
    third = replace(second, postings=())
    for facts in (first, second, third):
        note_fact_change(row, facts)

    for number, facts in enumerate((first, second, third), start=1):
        assert facts_as_of(changes()[:number]) == flatten_facts(facts)


def test_two_overrides_of_one_subject_stay_apart(row: LoopReturn) -> None:
    date, line = OverrideFacts("tran_date", "387001", "2026-11-01", 1), OverrideFacts("order_line", "387001", "3", 1)

    flat = flatten_facts(make_facts(overrides=(date, line)))

    assert {"2026-11-01", "3"} <= {value for value in flat.values() if isinstance(value, str)}


def test_new_policy_is_no_change_of_the_return(row: LoopReturn) -> None:
    note_fact_change(row, make_facts())

    assert note_fact_change(row, make_facts(policy=policy(approval_above="100"))) == {}
    assert FactChange.objects.count() == 1
